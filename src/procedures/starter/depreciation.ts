// What a thing is worth in the books after some years.

import { defineProcedure } from '../define-procedure.ts'

export const STRAIGHT_LINE = defineProcedure({
  name: 'finance/straight-line-value',
  doc: 'The value after some years of losing the same each year, down to what remains; in cents, half to even.',
  parameters: { cost: 'bigdec', remains: 'bigdec', years: 'long', passed: 'long' },
  returns: 'bigdec',
  source: `(cost: Decimal, remains: Decimal, years: number, passed: number): Decimal => {
  if (passed <= 0) return cost
  if (passed >= years) return remains
  return cost.minus(cost.minus(remains).times(passed).dividedBy(years, 2))
}`,
})

export const DECLINING = defineProcedure({
  name: 'finance/declining-value',
  doc: 'The value after some years of losing the same part of what is left each year; each year in cents, half to even.',
  parameters: { cost: 'bigdec', rate: 'bigdec', passed: 'long' },
  returns: 'bigdec',
  source: `(cost: Decimal, rate: Decimal, passed: number): Decimal => {
  let value = cost
  for (let year = 0; year < passed; year++) value = value.minus(value.times(rate).round(2))
  return value
}`,
})
