// Interest in decimals: exact where it can be, and else rounded to 34 digits on the way and to cents at the end.

import { defineProcedure } from '../define-procedure.ts'

export const SIMPLE_INTEREST = defineProcedure({
  name: 'finance/simple-interest',
  doc: 'Interest on a principal by a yearly rate over days, a year having 365 days unless it is said; in cents, half to even.',
  parameters: { principal: 'bigdec', rate: 'bigdec', days: 'long', 'yearDays?': 'long' },
  returns: 'bigdec',
  source: `(principal: Decimal, rate: Decimal, days: number, yearDays: number = 365): Decimal =>
  principal.times(rate).times(days).dividedBy(yearDays, 2)`,
})

export const COMPOUND = defineProcedure({
  name: 'finance/compound',
  doc: 'What a principal has grown to after so many periods at a rate for each; in cents, half to even.',
  parameters: { principal: 'bigdec', rate: 'bigdec', periods: 'long' },
  returns: 'bigdec',
  source: `(principal: Decimal, rate: Decimal, periods: number): Decimal => {
  let value = principal
  for (let period = 0; period < periods; period++) value = value.times(rate.plus(1)).round(34)
  return value.round(2)
}`,
})

export const EFFECTIVE_RATE = defineProcedure({
  name: 'finance/effective-rate',
  doc: 'What a yearly rate comes to that is added to the principal so many times a year; to 12 places, half to even.',
  parameters: { rate: 'bigdec', times: 'long' },
  returns: 'bigdec',
  source: `(rate: Decimal, times: number): Decimal => {
  const part = rate.dividedBy(times, 34).plus(1)
  let growth = decimal(1)
  for (let time = 0; time < times; time++) growth = growth.times(part).round(34)
  return growth.minus(1).round(12)
}`,
})

export const ANNUITY_PAYMENT = defineProcedure({
  name: 'finance/annuity-payment',
  doc: 'The equal payment at the end of each period that pays a loan back; in cents, half to even.',
  parameters: { principal: 'bigdec', rate: 'bigdec', periods: 'long' },
  returns: 'bigdec',
  source: `(principal: Decimal, rate: Decimal, periods: number): Decimal => {
  if (periods < 1) throw new RangeError('there is at least one period')
  if (rate.equals(0)) return principal.dividedBy(periods, 2)
  let growth = decimal(1)
  for (let period = 0; period < periods; period++) growth = growth.times(rate.plus(1)).round(34)
  return principal.times(rate).times(growth).dividedBy(growth.minus(1), 2)
}`,
})

export const ANNUITY_SCHEDULE = defineProcedure({
  name: 'finance/annuity-schedule',
  doc: 'Each period of a loan: its number, payment, interest and what is still owed. The last payment is what is left.',
  parameters: { principal: 'bigdec', rate: 'bigdec', periods: 'long', payment: 'bigdec' },
  returns: 'any',
  source: `(principal: Decimal, rate: Decimal, periods: number, payment: Decimal): unknown[] => {
  const rows: unknown[] = []
  let owed = principal
  for (let period = 1; period <= periods; period++) {
    const interest = owed.times(rate).round(2)
    const full = owed.plus(interest)
    const paid = period === periods || full.comparedTo(payment) < 0 ? full : payment
    owed = full.minus(paid)
    rows.push([period, paid, interest, owed])
  }
  return rows
}`,
})
