// The total order of rows that lie as columns of numbers. Where numbers stand in the order of their values they are
// compared themselves, else each distinct value gets a rank; so no value is made for every row. Many rows are sorted
// by the digits of their keys (radix-order.ts), few by comparison.

import { inBatches } from '../../base/batches.ts'
import { isPlanted } from '../../base/planted.ts'
import { compareValues } from '../../fact/value.ts'
import { valueBytes } from '../../fact/value-bytes.ts'
import { isByteOrdered } from '../../segment/value-column.ts'
import type { Budget } from '../budget.ts'
import { type Domain, NumberDomain, SortedTextDomain } from './domain.ts'
import { packedOrder } from './packed-order.ts'
import { RADIX_BYTES_PER_ROW, radixOrder } from './radix-order.ts'

export type NumberColumn = { readonly numbers: Float64Array; readonly domain: Domain }

/** Rows below which comparing beats counting digits. */
const COUNTED_ROW_COUNT_MIN = 4_096

/** Row numbers in the total order of the rows' values; undefined where rows lie in it. */
export function orderOf(
  columns: readonly NumberColumn[],
  rowCount: number,
  budget: Budget,
): Int32Array | undefined {
  const keys = columns.map((column) => lazy(() => keysOf(column, rowCount, budget)))
  if (isAscending(keys, rowCount, budget)) return undefined
  const read = keys.map((key) => key())
  if (rowCount >= COUNTED_ROW_COUNT_MIN)
    return budget.holdDuring(rowCount * RADIX_BYTES_PER_ROW, () => radixOrder(read, rowCount, budget.checks))
  const compare = (x: number, y: number): number => compareRows(read, x, y)
  return packedOrder(read[0]!, rowCount, compare) ?? rowNumbers(rowCount).sort(compare)
}

/** The row that is least in the total order. */
export function leastRow(columns: readonly NumberColumn[], rowCount: number, budget: Budget): number {
  const keys = columns.map((column) => keysOf(column, rowCount, budget))
  let least = 0
  for (const [first, limit] of inBatches(rowCount, budget.checks)) {
    for (let row = first; row < limit; row++) if (compareRows(keys, row, least) < 0) least = row
  }
  return least
}

/** True where numbers stand in the total order of their values. */
export function isOrdered(domain: Domain): boolean {
  if (isPlanted('order-of-codes')) return true
  return domain instanceof NumberDomain || (domain instanceof SortedTextDomain && isByteOrdered(domain.type))
}

function rowNumbers(count: number): Int32Array {
  const rows = new Int32Array(count)
  for (let row = 0; row < count; row++) rows[row] = row
  return rows
}

/** Numbers that are ordered as the values of the rows. */
function keysOf({ numbers, domain }: NumberColumn, rowCount: number, budget: Budget): Float64Array {
  if (isOrdered(domain)) return numbers
  budget.hold(rowCount * Float64Array.BYTES_PER_ELEMENT)
  const keys = numbers.slice(0, rowCount)
  const rankOfCode = ranksOf(distinctCodes(keys, budget), domain, budget)
  for (const [first, limit] of inBatches(rowCount, budget.checks))
    for (let row = first; row < limit; row++) keys[row] = rankOfCode[keys[row]!]!
  return keys
}

/** Of a code, its value and its places in three lists. */
const RANKED_BYTES = 32

/** By code, the place of its value among those of all of the codes. */
function ranksOf(codes: readonly number[], domain: Domain, budget: Budget): Int32Array {
  budget.hold(codes.length * RANKED_BYTES)
  const values = codes.map((code) => {
    budget.step()
    const value = domain.decode(code)
    budget.hold(valueBytes(value))
    return value
  })
  const order = rowNumbers(codes.length).sort((x, y) => {
    budget.step()
    return compareValues(values[x]!, values[y]!)
  })
  let greatest = 0
  for (let at = 0; at < codes.length; at++) greatest = Math.max(greatest, codes[at]!)
  const rankOfCode = new Int32Array(greatest + 1)
  for (const [first, limit] of inBatches(order.length, budget.checks))
    for (let rank = first; rank < limit; rank++) rankOfCode[codes[order[rank]!]!] = rank
  return rankOfCode
}

/** Codes are places in a list of values: whole numbers from 0. */
function distinctCodes(numbers: Float64Array, budget: Budget): readonly number[] {
  const codes: number[] = []
  let isSeen = new Uint8Array(256)
  for (let row = 0; row < numbers.length; row++) {
    budget.step()
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
function isAscending(keys: readonly (() => Float64Array)[], rowCount: number, budget: Budget): boolean {
  let tied = undefined as Int32Array | undefined
  for (const key of keys) {
    budget.check()
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
