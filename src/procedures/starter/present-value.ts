// What payments of other times are worth. Flows are pairs, bound with (tuple ?when ?amount).

import { defineProcedure } from '../define-procedure.ts'

// Where a falling function meets zero: bisection, which always ends, at the same double on every machine.
const ROOT = `  const root = (value: (rate: number) => number): number => {
    let low = -0.999999
    let high = 1
    while (value(low) * value(high) > 0) {
      high *= 2
      if (high > 1e6) throw new RangeError('no rate makes these flows worth nothing')
    }
    const sign = Math.sign(value(low))
    for (let step = 0; step < 200; step++) {
      const middle = (low + high) / 2
      if (Math.sign(value(middle)) === sign) low = middle
      else high = middle
    }
    return (low + high) / 2
  }`

// Years of 365 days from the first flow, as spreadsheets count them.
const DATED = `  const flows = pairs.map(([when, amount]) => ({ ms: when.getTime(), amount: Number(String(amount)) }))
  const firstMs = Math.min(...flows.map(({ ms }) => ms))
  const worth = (rate: number): number =>
    flows.reduce((sum, { ms, amount }) => sum + amount / (1 + rate) ** ((ms - firstMs) / (365 * 86_400_000)), 0)`

const PERIODS = `  const worth = (rate: number): number =>
    pairs.reduce((sum, [period, amount]) => sum + Number(String(amount)) / (1 + rate) ** Number(period), 0)`

export const NPV = defineProcedure({
  name: 'finance/npv',
  kind: 'aggregate',
  doc: 'The value at period 0, by a rate for each period, of pairs of a period and an amount.',
  parameters: { rate: 'double', pairs: 'any' },
  returns: 'double',
  source: `(rate: number, pairs: [number, unknown][]): number => {\n${PERIODS}\n  return worth(rate)\n}`,
})

export const IRR = defineProcedure({
  name: 'finance/irr',
  kind: 'aggregate',
  doc: 'The rate for each period at which pairs of a period and an amount are worth nothing.',
  parameters: { pairs: 'any' },
  returns: 'double',
  source: `(pairs: [number, unknown][]): number => {\n${PERIODS}\n${ROOT}\n  return root(worth)\n}`,
})

export const XNPV = defineProcedure({
  name: 'finance/xnpv',
  kind: 'aggregate',
  doc: 'The value at the first of them, by a yearly rate, of pairs of a day and an amount; a year has 365 days.',
  parameters: { rate: 'double', pairs: 'any' },
  returns: 'double',
  source: `(rate: number, pairs: [Date, unknown][]): number => {\n${DATED}\n  return worth(rate)\n}`,
})

export const XIRR = defineProcedure({
  name: 'finance/xirr',
  kind: 'aggregate',
  doc: 'The yearly rate at which pairs of a day and an amount are worth nothing; a year has 365 days.',
  parameters: { pairs: 'any' },
  returns: 'double',
  source: `(pairs: [Date, unknown][]): number => {\n${DATED}\n${ROOT}\n  return root(worth)\n}`,
})
