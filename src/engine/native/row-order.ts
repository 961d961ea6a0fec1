// The total order of rows that lie as columns of numbers. Where numbers stand in the order of their values they are
// compared themselves, else each distinct value gets a rank; so no value is made for every row. Many rows are sorted
// by the digits of their keys (a stable radix sort, last column first), few by comparison.

import { isPlanted } from '../../base/planted.ts'
import { compareValues } from '../../fact/value.ts'
import { isByteOrdered } from '../../segment/value-column.ts'
import { type Domain, NumberDomain, SortedTextDomain } from './domain.ts'

export type NumberColumn = { readonly numbers: Float64Array; readonly domain: Domain }

/** Rows below which comparing beats counting digits. */
const COUNTED_ROW_COUNT_MIN = 4_096
const DIGIT_COUNT = 1 << 16

/** Row numbers in the total order of the rows' values; undefined where rows lie in it. */
export function orderOf(columns: readonly NumberColumn[], rowCount: number): Int32Array | undefined {
  const keys = columns.map((column) => lazy(() => keysOf(column, rowCount)))
  if (isAscending(keys, rowCount)) return undefined
  const order = new Int32Array(rowCount)
  for (let row = 0; row < rowCount; row++) order[row] = row
  const read = keys.map((key) => key())
  if (rowCount < COUNTED_ROW_COUNT_MIN) return order.sort((x, y) => compareRows(read, x, y))
  return radixSorted(order, read)
}

/** The row that is least in the total order. */
export function leastRow(columns: readonly NumberColumn[], rowCount: number): number {
  const keys = columns.map((column) => keysOf(column, rowCount))
  let least = 0
  for (let row = 1; row < rowCount; row++) if (compareRows(keys, row, least) < 0) least = row
  return least
}

/** True where numbers stand in the total order of their values. */
export function isOrdered(domain: Domain): boolean {
  if (isPlanted('order-of-codes')) return true
  return domain instanceof NumberDomain || (domain instanceof SortedTextDomain && isByteOrdered(domain.type))
}

/** Numbers that are ordered as the values of the rows. */
function keysOf({ numbers, domain }: NumberColumn, rowCount: number): Float64Array {
  if (isOrdered(domain)) return numbers
  const keys = numbers.slice(0, rowCount)
  const codes = distinctCodes(keys)
  const values = codes.map((code) => domain.decode(code))
  const rankOfCode = new Int32Array(codes.reduce((greatest, code) => Math.max(greatest, code), 0) + 1)
  const order = Array.from(codes.keys()).sort((x, y) => compareValues(values[x]!, values[y]!))
  order.forEach((at, rank) => (rankOfCode[codes[at]!] = rank))
  for (let row = 0; row < rowCount; row++) keys[row] = rankOfCode[keys[row]!]!
  return keys
}

/** Codes are places in a list of values: whole numbers from 0. */
function distinctCodes(numbers: Float64Array): readonly number[] {
  const codes: number[] = []
  let isSeen = new Uint8Array(256)
  for (let row = 0; row < numbers.length; row++) {
    const code = numbers[row]!
    if (code >= isSeen.length) isSeen = grown(isSeen, code + 1)
    if (isSeen[code] === 1) continue
    isSeen[code] = 1
    codes.push(code)
  }
  return codes
}

function grown(before: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const after = new Uint8Array(Math.max(length, before.length * 2))
  after.set(before)
  return after
}

function lazy<Made>(make: () => Made): () => Made {
  let made: Made | undefined
  return () => (made ??= make())
}

/** Later columns are looked at only where earlier ones are equal in two rows that follow each other. */
function isAscending(keys: readonly (() => Float64Array)[], rowCount: number): boolean {
  let tied = undefined as Int32Array | undefined
  for (const key of keys) {
    const column = key()
    const equal: number[] = []
    const count = tied?.length ?? rowCount - 1
    for (let i = 0; i < count; i++) {
      const row = tied === undefined ? i + 1 : tied[i]!
      if (column[row]! < column[row - 1]!) return false
      if (column[row] === column[row - 1]) equal.push(row)
    }
    if (equal.length === 0) return true
    tied = Int32Array.from(equal)
  }
  return true
}

function compareRows(keys: readonly Float64Array[], x: number, y: number): number {
  for (const column of keys) {
    const difference = column[x]! - column[y]!
    if (difference !== 0) return difference
  }
  return 0
}

function radixSorted(order: Int32Array<ArrayBuffer>, keys: readonly Float64Array[]): Int32Array {
  let sorted = order
  let spare = new Int32Array(order.length)
  const counts = new Int32Array(DIGIT_COUNT)
  for (const column of keys.toReversed()) {
    for (const digits of digitsOf(column, order.length)) {
      if (!countDigits(digits, counts)) continue
      for (let i = 0; i < sorted.length; i++) spare[counts[digits[sorted[i]!]!]!++] = sorted[i]!
      ;[sorted, spare] = [spare, sorted]
    }
  }
  return sorted
}

/** Makes of counts where each digit begins; false where all digits are one, so that nothing is to be sorted. */
function countDigits(digits: Uint16Array, counts: Int32Array): boolean {
  counts.fill(0)
  for (let row = 0; row < digits.length; row++) counts[digits[row]!]!++
  if (counts[digits[0]!] === digits.length) return false
  let first = 0
  for (let digit = 0; digit < DIGIT_COUNT; digit++) {
    const count = counts[digit]!
    counts[digit] = first
    first += count
  }
  return true
}

/** The digits of each key, the lowest first: two where keys are whole and near each other, else four. */
function digitsOf(keys: Float64Array, rowCount: number): readonly Uint16Array[] {
  let least = Infinity
  let greatest = -Infinity
  let areWhole = true
  for (let row = 0; row < rowCount; row++) {
    const key = keys[row]!
    if (key < least) least = key
    if (key > greatest) greatest = key
    if (key !== Math.trunc(key)) areWhole = false
  }
  return areWhole && greatest - least < 2 ** 32
    ? wholeDigits(keys, rowCount, least, greatest - least)
    : doubleDigits(keys, rowCount)
}

function wholeDigits(
  keys: Float64Array,
  rowCount: number,
  least: number,
  range: number,
): readonly Uint16Array[] {
  const low = new Uint16Array(rowCount)
  for (let row = 0; row < rowCount; row++) low[row] = keys[row]! - least
  if (range < DIGIT_COUNT) return [low]
  const high = new Uint16Array(rowCount)
  for (let row = 0; row < rowCount; row++) high[row] = (keys[row]! - least) / DIGIT_COUNT
  return [low, high]
}

/** The bits of a double stand in its order once those of negative numbers are turned over, of others the sign. */
function doubleDigits(keys: Float64Array, rowCount: number): readonly Uint16Array[] {
  const digits = [0, 1, 2, 3].map(() => new Uint16Array(rowCount))
  const [a, b, c, d] = digits as [Uint16Array, Uint16Array, Uint16Array, Uint16Array]
  const key = new Float64Array(1)
  const words = new Uint32Array(key.buffer)
  for (let row = 0; row < rowCount; row++) {
    // Adding zero makes 0 of −0.
    key[0] = keys[row]! + 0
    const isNegative = words[1]! >>> 31 === 1
    const low = isNegative ? ~words[0]! : words[0]!
    const high = isNegative ? ~words[1]! : words[1]! ^ 0x80000000
    a[row] = low
    b[row] = low >>> 16
    c[row] = high
    d[row] = high >>> 16
  }
  return digits
}
