// The bounds of a pattern's value as numbers of the attribute's table, for each incoming row. Where numbers stand in the
// order of their values a range of values is a range of numbers, both ends included; elsewhere values are compared.

import { compareValues, type Edn } from '../../fact/value.ts'
import type { Comparison } from '../../plan/comparison.ts'
import { isNotANumber } from '../arithmetic.ts'
import { nextDown, nextUp } from './comparison.ts'
import { type Domain, NumberDomain, SortedTextDomain } from './domain.ts'
import type { Chunk } from './operator.ts'
import { decodedPlace, type RangeBinding } from './pattern-shape.ts'
import { isOrdered } from './row-order.ts'

/** What a number must be for its value to lie within the bounds. */
export type NumberRange = { readonly low: number; readonly high: number }

const NOTHING: NumberRange = { low: Infinity, high: -Infinity }

/** The range that an incoming row asks for; undefined where numbers do not tell. */
export function numberRange(
  { low, high }: RangeBinding,
  domain: Domain,
  chunk: Chunk,
  row: number,
): NumberRange | undefined {
  if (!isOrdered(domain)) return undefined
  const lowest = low === undefined ? -Infinity : boundNumber(domain, decodedPlace(low.place, chunk, row)!)
  const highest = high === undefined ? Infinity : boundNumber(domain, decodedPlace(high.place, chunk, row)!)
  if (lowest === undefined || highest === undefined) return undefined
  if (Number.isNaN(lowest) || Number.isNaN(highest)) return NOTHING
  return {
    low: low?.isIncluded === false ? nextUp(lowest) : lowest,
    high: high?.isIncluded === false ? nextDown(highest) : highest,
  }
}

/** A value's place among the numbers of a domain: its number, or one between those of its neighbours. */
function boundNumber(domain: Domain, value: Edn): number | undefined {
  if (isNotANumber(value)) return NaN
  if (domain instanceof SortedTextDomain) return domain.placeOf(value)
  const number = domain.encode(value)
  return domain instanceof NumberDomain && Number.isNaN(number) ? undefined : number
}

/** The range of the values that compare so with a constant; undefined where numbers do not tell, or it is none. */
export function comparedRange(
  comparison: Comparison,
  constant: Edn,
  domain: Domain,
): NumberRange | undefined {
  const number = isOrdered(domain) ? boundNumber(domain, constant) : undefined
  if (number === undefined || comparison === '!=') return undefined
  const unbounded = { low: -Infinity, high: Infinity }
  switch (comparison) {
    case '<':
      return { ...unbounded, high: nextDown(number) }
    case '<=':
      return { ...unbounded, high: number }
    case '>':
      return { ...unbounded, low: nextUp(number) }
    case '>=':
      return { ...unbounded, low: number }
    case '=':
      return { low: number, high: number }
  }
}

/** Tells whether a value lies within the bounds of an incoming row, where numbers do not tell. */
export function valueTest({ low, high }: RangeBinding, chunk: Chunk, row: number): (value: Edn) => boolean {
  const lowest = low && decodedPlace(low.place, chunk, row)!
  const highest = high && decodedPlace(high.place, chunk, row)!
  if ([lowest, highest].some((bound) => bound !== undefined && isNotANumber(bound))) return () => false
  return (value) => {
    const isAbove = lowest === undefined || isWithin(compareValues(value, lowest), low!.isIncluded)
    return isAbove && (highest === undefined || isWithin(compareValues(highest, value), high!.isIncluded))
  }
}

function isWithin(difference: number, isIncluded: boolean): boolean {
  return difference > 0 || (isIncluded && difference === 0)
}
