// Columns of an index, and values that come one by one, as the numbers that tables hold: themselves, or their places in
// a list of values.

import { assert } from '../../base/assert.ts'
import { type Check, inBatches } from '../../base/batches.ts'
import { TX_BASE, type ValueType } from '../../fact/attribute.ts'
import { type Edn, numberType, toDouble } from '../../fact/value.ts'
import { type ColumnData, rowCountOf } from '../../segment/column.ts'
import { valueAt } from '../../segment/value-column.ts'
import {
  CollectedDomain,
  type Domain,
  HashedTextDomain,
  NumberDomain,
  type NumberTypes,
  SortedTextDomain,
} from './domain.ts'
import { sharedFloats } from './shared-memory.ts'

export function valueNumbers(
  type: ValueType,
  column: ColumnData,
  check: Check,
): { values: Float64Array; domain: Domain } {
  switch (column.kind) {
    case 'integer':
    case 'double':
    case 'float':
    case 'boolean':
      // `integer` also holds references and instants; their domain says what the numbers are.
      return { values: numbersOf(column, check), domain: new NumberDomain(type as NumberTypes) }
    case 'dictionary':
      if (!hasTextForm(type)) break
      return {
        values: widened(column.codes),
        domain: new SortedTextDomain(type, column.dictionary),
      }
    case 'text': {
      if (!hasTextForm(type)) break
      const { domain, codes } = HashedTextDomain.of(type, column, check)
      return { values: codes, domain }
    }
    case 'long': {
      // Runs of several attributes share a file: one long beyond 2^53 widens the references beside it as well.
      const numbers = safeNumbers(column.data)
      if (numbers !== undefined) return { values: numbers, domain: new NumberDomain(type as NumberTypes) }
    }
  }
  const domain = new CollectedDomain()
  const values = sharedFloats(rowCountOf(column))
  for (const [first, limit] of inBatches(values.length, check)) {
    for (let row = first; row < limit; row++) values[row] = domain.collect(valueAt(type, column, row))
  }
  return { values, domain }
}

/** The whole numbers as doubles; undefined where one is beyond 2^53. */
function safeNumbers(longs: BigInt64Array): Float64Array | undefined {
  const numbers = Float64Array.from(longs, Number)
  return numbers.every(Number.isSafeInteger) ? numbers : undefined
}

/** Types of which equal values have equal texts: 1.50M is 1.5M, and a tuple may hold such. */
function hasTextForm(type: ValueType): boolean {
  return type === 'string' || type === 'keyword' || type === 'symbol' || type === 'uuid' || type === 'uri'
}

export function numbersOf(column: ColumnData, check: Check): Float64Array {
  switch (column.kind) {
    case 'integer': {
      const { data, base } = column
      const numbers = sharedFloats(data.length)
      for (const [first, limit] of inBatches(data.length, check))
        for (let row = first; row < limit; row++) numbers[row] = data[row]! + base
      return numbers
    }
    case 'double':
      return column.data
    case 'float':
    case 'boolean':
      return widened(column.data)
    default:
      assert(false, 'ids and times are whole numbers')
  }
}

function widened(numbers: Float32Array | Uint8Array | Uint16Array | Uint32Array): Float64Array {
  const wide = sharedFloats(numbers.length)
  wide.set(numbers)
  return wide
}

export function numbersBy<Item>(
  items: ArrayLike<Item>,
  numberOf: (item: Item) => number,
  check: Check,
): Float64Array {
  const numbers = sharedFloats(items.length)
  for (const [first, limit] of inBatches(items.length, check))
    for (let i = first; i < limit; i++) numbers[i] = numberOf(items[i]!)
  return numbers
}

export function withTxBase(ts: Float64Array, check: Check): Float64Array {
  const txs = sharedFloats(ts.length)
  for (const [first, limit] of inBatches(ts.length, check))
    for (let row = first; row < limit; row++) txs[row] = TX_BASE + ts[row]!
  return txs
}

export type Collected = { readonly domain: Domain; readonly numberOf: (value: Edn) => number }

/** A long beyond 2^53 came where none was thought of: the question is asked anew, and all longs are collected. */
export class LargeLong extends Error {}

/** A domain for values of a type that come one by one; `hasLargeLongs` where some are beyond 2^53. */
export function collectedNumbers(
  type: ValueType,
  { hasLargeLongs }: { readonly hasLargeLongs: boolean },
): Collected {
  const isNumber = type in NUMBER_TYPES && !(type === 'long' && hasLargeLongs)
  if (isNumber) {
    const domain = new NumberDomain(type as NumberTypes)
    return {
      domain,
      numberOf: (value) => {
        if (typeof value === 'bigint') throw new LargeLong()
        return numberType(value) === undefined ? domain.encode(value) : toDouble(value)
      },
    }
  }
  const domain = new CollectedDomain()
  return { domain, numberOf: (value) => domain.collect(value) }
}

const NUMBER_TYPES: Readonly<Partial<Record<ValueType, true>>> = {
  long: true,
  double: true,
  float: true,
  ref: true,
  instant: true,
  boolean: true,
}
