// Rows sorted by the digits of their keys, last column first: a stable radix sort, whose time grows as the rows do.

import { type Check, inBatches } from '../../base/batches.ts'

const DIGIT_COUNT = 1 << 16

/** What sorting takes beside the keys: two lists of rows and the digits of one column. */
export const RADIX_BYTES_PER_ROW = 16

/** The rows `[0, rowCount)` by these columns, none of which holds NaN; rows that are alike stay as they lie. */
export function radixOrder(keys: readonly Float64Array[], rowCount: number, check: Check): Int32Array {
  let sorted = new Int32Array(rowCount)
  for (let row = 0; row < rowCount; row++) sorted[row] = row
  let spare = new Int32Array(rowCount)
  const counts = new Int32Array(DIGIT_COUNT)
  for (const column of keys.toReversed()) {
    check()
    for (const digits of digitsOf(column, rowCount, check)) {
      check()
      if (!countDigits(digits, counts)) continue
      for (const [first, limit] of inBatches(rowCount, check)) {
        for (let i = first; i < limit; i++) spare[counts[digits[sorted[i]!]!]!++] = sorted[i]!
      }
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
function digitsOf(keys: Float64Array, rowCount: number, check: Check): readonly Uint16Array[] {
  let least = Infinity
  let greatest = -Infinity
  let areWhole = true
  for (let row = 0; row < rowCount; row++) {
    const key = keys[row]!
    if (key < least) least = key
    if (key > greatest) greatest = key
    if (key !== Math.trunc(key)) areWhole = false
  }
  check()
  return areWhole && greatest - least < 2 ** 32
    ? wholeDigits(keys, rowCount, least, greatest - least)
    : doubleDigits(keys, rowCount, check)
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
function doubleDigits(keys: Float64Array, rowCount: number, check: Check): readonly Uint16Array[] {
  const digits = [0, 1, 2, 3].map(() => new Uint16Array(rowCount))
  const [a, b, c, d] = digits as [Uint16Array, Uint16Array, Uint16Array, Uint16Array]
  const key = new Float64Array(1)
  const words = new Uint32Array(key.buffer)
  for (const [first, limit] of inBatches(rowCount, check)) {
    for (let row = first; row < limit; row++) {
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
  }
  return digits
}
