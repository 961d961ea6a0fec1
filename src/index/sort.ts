// Orders of rows: permutations by whole numbers (radix), by values of any type, and by entity with ties settled
// by value. Everything an index writes is sorted here; runs are merged by sorting their rows together, because a
// radix pass over a million rows costs less than reading them.

import { unreachable } from '../base/assert.ts'
import { type Check, inBatches, NEVER_ENDS } from '../base/batches.ts'
import type { ValueType } from '../fact/attribute.ts'
import { compareValues } from '../fact/value.ts'
import { type ColumnData, type DictionaryColumn, rowCountOf, type TextColumn } from '../segment/column.ts'
import { bytesAt, compareBytes } from '../segment/text.ts'
import { isByteOrdered, valueAt } from '../segment/value-column.ts'

/** A comparison of two rows of one column. */
export type RowComparison = (x: number, y: number) => number

/** Rows in the order of `numbers`; equal ones stay as they stand in `rows`, or in their own order. */
export function sortByNumbers(
  column: ColumnData,
  rows = identity(rowCountOf(column)),
  check: Check = NEVER_ENDS,
): Uint32Array {
  if (column.kind !== 'integer') {
    const compare = rowComparison('long', column)
    return rows.slice().sort(checking((x, y) => compare(x, y), check))
  }
  const { data, base } = column
  let isSorted = true
  for (let i = 1; i < rows.length && isSorted; i++) isSorted = data[rows[i - 1]!]! <= data[rows[i]!]!
  if (isSorted) return rows
  const low = new Uint32Array(data.length)
  let isHighNeeded = false
  const high = new Uint32Array(data.length)
  const least = leastHigh(data, base)
  for (const [first, limit] of inBatches(data.length, check)) {
    for (let row = first; row < limit; row++) {
      const number = data[row]! + base
      const above = Math.floor(number / 2 ** 32)
      low[row] = number - above * 2 ** 32
      high[row] = above - least
      if (above !== least) isHighNeeded = true
    }
  }
  const byLow = radixSort(low, rows, check)
  return isHighNeeded ? radixSort(high, byLow, check) : byLow
}

/** Rows of an attribute by entity, then value, then `added` where it is given. */
export function sortByEntity(
  type: ValueType,
  entities: ColumnData,
  values: ColumnData,
  added: ColumnData | undefined,
  check: Check = NEVER_ENDS,
): Uint32Array {
  const rows = sortByNumbers(entities, undefined, check).slice()
  const sameEntity = rowComparison('long', entities)
  const byValue = rowComparison(type, values)
  const byAdded = added === undefined ? undefined : rowComparison('long', added)
  sortTies(
    rows,
    sameEntity,
    checking((x, y) => byValue(x, y) || (byAdded?.(x, y) ?? 0), check),
    check,
  )
  return rows
}

/** Rows by value; equal values keep the order of rows. */
export function sortByValue(type: ValueType, column: ColumnData): Uint32Array {
  switch (column.kind) {
    case 'integer':
      return sortByNumbers(column)
    case 'boolean':
      return radixSort(Uint32Array.from(column.data), identity(column.data.length))
    case 'double':
    case 'float':
      return sortByDoubles(column.data)
    case 'long': {
      return identity(column.data.length).sort(withRows(rowComparison(type, column)))
    }
    case 'dictionary':
      return radixSort(ranksOf(type, column), identity(column.codes.length))
    case 'text':
      return isByteOrdered(type) ? sortByText(column) : sortByDecoded(type, column)
    default:
      return unreachable(column)
  }
}

/** Compares rows of a column by the order of values of its type. */
export function rowComparison(type: ValueType, column: ColumnData): RowComparison {
  switch (column.kind) {
    case 'integer':
    case 'double':
    case 'float':
    case 'boolean': {
      const data: ArrayLike<number> = column.data
      return (x, y) => data[x]! - data[y]!
    }
    case 'long': {
      const { data } = column
      return (x, y) => (data[x]! < data[y]! ? -1 : data[x]! > data[y]! ? 1 : 0)
    }
    default:
      if (isByteOrdered(type)) return (x, y) => compareBytes(bytesAt(column, x), bytesAt(column, y))
      return (x, y) => compareValues(valueAt(type, column, x), valueAt(type, column, y))
  }
}

export function identity(count: number): Uint32Array {
  const rows = new Uint32Array(count)
  for (let row = 0; row < count; row++) rows[row] = row
  return rows
}

/** Sorts each stretch of rows that `same` calls equal by `compare`. */
function sortTies(
  rows: Uint32Array,
  same: RowComparison,
  compare: RowComparison,
  check: Check = NEVER_ENDS,
): void {
  let first = 0
  for (const [from, limit] of inBatches(rows.length, check)) {
    for (let at = from + 1; at <= limit; at++) {
      if (at < rows.length && same(rows[first]!, rows[at]!) === 0) continue
      if (at - first > 1) rows.subarray(first, at).sort(compare)
      first = at
    }
  }
}

/** Comparisons between two checks: some milliseconds of those that decode. */
const COMPARED_COUNT = 4_096

/** The same comparison, which looks up now and then whether the sort is still wanted. */
function checking(compare: RowComparison, check: Check): RowComparison {
  if (check === NEVER_ENDS) return compare
  let count = 0
  return (x, y) => {
    if (++count % COMPARED_COUNT === 0) check()
    return compare(x, y)
  }
}

const DIGIT_BITS = 11
const DIGIT_MASK = (1 << DIGIT_BITS) - 1

/** Stable order of rows by 32-bit keys, 11 bits a pass; passes in which all agree are skipped. */
function radixSort(keys: Uint32Array, rows: Uint32Array, check: Check = NEVER_ENDS): Uint32Array {
  let from: Uint32Array = rows
  let to: Uint32Array = new Uint32Array(rows.length)
  const counts = new Uint32Array(DIGIT_MASK + 1)
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    counts.fill(0)
    check()
    for (let i = 0; i < from.length; i++) counts[(keys[from[i]!]! >>> shift) & DIGIT_MASK]!++
    if (from.length > 0 && counts[(keys[from[0]!]! >>> shift) & DIGIT_MASK] === from.length) continue
    let at = 0
    for (let digit = 0; digit <= DIGIT_MASK; digit++) {
      const count = counts[digit]!
      counts[digit] = at
      at += count
    }
    for (const [first, limit] of inBatches(from.length, check)) {
      for (let i = first; i < limit; i++) {
        const row = from[i]!
        const digit = (keys[row]! >>> shift) & DIGIT_MASK
        to[counts[digit]!] = row
        counts[digit]!++
      }
    }
    const free = from === rows ? new Uint32Array(rows.length) : from
    from = to
    to = free
  }
  return from
}

function leastHigh(data: Int32Array | Float64Array, base: number): number {
  let least = Infinity
  for (let row = 0; row < data.length; row++) if (data[row]! < least) least = data[row]!
  return Math.floor((least + base) / 2 ** 32)
}

/** Doubles by their bits: turned so that unsigned order is numeric order. */
function sortByDoubles(data: Float64Array | Float32Array): Uint32Array {
  const words = new Uint32Array(Float64Array.from(data).buffer)
  const low = new Uint32Array(data.length)
  const high = new Uint32Array(data.length)
  for (let row = 0; row < data.length; row++) {
    const above = words[row * 2 + 1]!
    const isNegative = above >= 2 ** 31
    low[row] = isNegative ? ~words[row * 2]! : words[row * 2]!
    high[row] = isNegative ? ~above : above | 0x80000000
  }
  return radixSort(high, radixSort(low, identity(data.length)))
}

/** Runs that share a file share a dictionary, which holds texts of other types too: only what rows have is decoded. */
function ranksOf(type: ValueType, { codes, dictionary }: DictionaryColumn): Uint32Array {
  if (isByteOrdered(type)) return Uint32Array.from(codes)
  const compare = rowComparison(type, dictionary)
  const ranks = new Uint32Array(dictionary.offsets.length - 1)
  Uint32Array.from(new Set(codes))
    .sort(compare)
    .forEach((code, rank) => (ranks[code] = rank))
  return Uint32Array.from(codes, (code) => ranks[code]!)
}

/** Text by eight bytes behind what all have in common, then in full where those agree. */
function sortByText(column: TextColumn): Uint32Array {
  const { offsets, bytes } = column
  const rowCount = offsets.length - 1
  const skipped = commonPrefixBytes(column)
  const low = new Uint32Array(rowCount)
  const high = new Uint32Array(rowCount)
  const word = (at: number, end: number): number => {
    let key = 0
    for (let i = at; i < at + 4; i++) key = key * 256 + (i < end ? bytes[i]! : 0)
    return key
  }
  for (let row = 0; row < rowCount; row++) {
    const start = offsets[row]! + skipped
    high[row] = word(start, offsets[row + 1]!)
    low[row] = word(start + 4, offsets[row + 1]!)
  }
  const rows = radixSort(high, radixSort(low, identity(rowCount)))
  const compare = rowComparison('string', column)
  sortTies(rows, (x, y) => (high[x] === high[y] && low[x] === low[y] ? 0 : 1), withRows(compare))
  return rows
}

function commonPrefixBytes({ offsets, bytes }: TextColumn): number {
  const start = offsets[0]!
  let common = (offsets[1] ?? start) - start
  for (let row = 1; row < offsets.length - 1 && common > 0; row++) {
    const from = offsets[row]!
    const length = Math.min(common, offsets[row + 1]! - from)
    let same = 0
    while (same < length && bytes[from + same] === bytes[start + same]) same++
    common = same
  }
  return common
}

function sortByDecoded(type: ValueType, column: TextColumn): Uint32Array {
  const values = Array.from({ length: rowCountOf(column) }, (_, row) => valueAt(type, column, row))
  return identity(values.length).sort(withRows((x, y) => compareValues(values[x]!, values[y]!)))
}

function withRows(compare: RowComparison): RowComparison {
  return (x, y) => compare(x, y) || x - y
}
