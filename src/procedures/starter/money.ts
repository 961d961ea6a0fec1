// Rounding and sharing amounts so that nothing is lost.

import { defineProcedure } from '../define-procedure.ts'

export const ROUND = defineProcedure({
  name: 'finance/round',
  doc: 'A decimal of so many places: half to even, as banks do, or half-up, up, down, floor, ceiling.',
  parameters: { amount: 'bigdec', places: 'long', 'mode?': 'string' },
  returns: 'bigdec',
  source: `(amount: Decimal, places: number, mode: string = 'half-even'): Decimal => amount.round(places, mode)`,
})

export const TO_CENTS = defineProcedure({
  name: 'finance/to-cents',
  doc: 'An amount as whole cents, half to even.',
  parameters: { amount: 'bigdec' },
  returns: 'long',
  source: `(amount: Decimal): bigint => amount.times(100).round(0).digits`,
})

export const ALLOCATE = defineProcedure({
  name: 'finance/allocate',
  doc: 'Cents shared by weights, to the last cent: what rounding leaves goes to the largest remainders, the first of equals.',
  parameters: { cents: 'long', weights: 'any' },
  returns: 'any',
  source: `(cents: number | bigint, weights: (number | bigint)[]): bigint[] => {
  const whole = weights.map((weight) => BigInt(weight))
  const total = whole.reduce((sum, weight) => sum + weight, 0n)
  if (total <= 0n || whole.some((weight) => weight < 0n)) throw new RangeError('weights are whole numbers, and one is above 0')
  const amount = BigInt(cents)
  const size = amount < 0n ? -amount : amount
  const shares = whole.map((weight) => (size * weight) / total)
  const rests = whole.map((weight, index) => ({ index, rest: (size * weight) % total }))
  rests.sort((x, y) => (x.rest === y.rest ? x.index - y.index : x.rest > y.rest ? -1 : 1))
  let left = size - shares.reduce((sum, share) => sum + share, 0n)
  for (const { index } of rests) {
    if (left-- <= 0n) break
    shares[index]! += 1n
  }
  return shares.map((share) => (amount < 0n ? -share : share))
}`,
})

export const WEIGHTED_AVERAGE = defineProcedure({
  name: 'finance/weighted-average',
  kind: 'aggregate',
  doc: 'The mean of pairs of a value and its weight: bind them with (tuple ?value ?weight).',
  parameters: { pairs: 'any' },
  returns: 'double',
  source: `(pairs: [unknown, unknown][]): number | null => {
  let sum = decimal(0)
  let weights = decimal(0)
  for (const [value, weight] of pairs) {
    sum = sum.plus(decimal(value).times(weight))
    weights = weights.plus(weight)
  }
  return weights.equals(0) ? null : sum.dividedBy(weights, 20).toNumber()
}`,
})

export const PERCENTILE = defineProcedure({
  name: 'finance/percentile',
  kind: 'aggregate',
  doc: 'The value below which such a part of all lies, between two of them by their distance: 0.5 is the median.',
  parameters: { part: 'double', values: 'any' },
  returns: 'double',
  source: `(part: number, values: unknown[]): number => {
  if (!(part >= 0 && part <= 1)) throw new RangeError('the part is between 0 and 1')
  const numbers = values.map((value) => Number(String(value)))
  const place = part * (numbers.length - 1)
  const low = numbers[Math.floor(place)]!
  const high = numbers[Math.ceil(place)]!
  return low + (high - low) * (place - Math.floor(place))
}`,
})
