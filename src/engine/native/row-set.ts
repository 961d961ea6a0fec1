// Distinct rows of numbers, found by hash; those of one column by bits, while they are whole numbers near each other.
// Rows lie column by column in arrays that grow by doubling.

import { inBatches } from '../../base/batches.ts'
import type { Budget } from '../budget.ts'
import { hashOfNumber, slotCountFor } from './hash.ts'
import { DenseSet } from './dense-set.ts'
import { type Chunk, CHUNK_ROW_COUNT, gather, RowNumbers } from './operator.ts'
import { sharedFloats } from './shared-memory.ts'

/** Few at first, as most questions find few: arrays this small are made at no cost. */
const ROW_COUNT_START = 8
/** An expectation may be wrong: no more is made on its account. */
const EXPECTED_COUNT_MAX = 1 << 16

export type RowCounts = { readonly rowCount?: number; readonly expectedCount?: number }

export class RowSet {
  readonly columnCount: number
  readonly columns: Float64Array[]
  rowCount = 0
  /** Of the only column, while its numbers are near each other. */
  #dense: DenseSet | undefined
  readonly #picked = new RowNumbers()
  /** Row plus one by hash, 0 where free; at most half full. Made when it is needed. */
  #slots = new Int32Array(0)
  /** Of the columns, once they have grown. */
  #columnBytes = 0
  readonly #budget: Budget
  readonly #expectedCount: number

  /** `rowCount` rows will come, where that is known; `expectedCount` are likely, where there are more than a few. */
  constructor(
    columnCount: number,
    budget: Budget,
    { rowCount = ROW_COUNT_START, expectedCount = 0 }: RowCounts = {},
  ) {
    this.#budget = budget
    this.#expectedCount = Math.min(Math.ceil(expectedCount), EXPECTED_COUNT_MAX)
    this.columnCount = columnCount
    if (rowCount > ROW_COUNT_START)
      this.#columnBytes = rowCount * columnCount * Float64Array.BYTES_PER_ELEMENT
    budget.hold(this.#columnBytes)
    this.columns = []
    for (let at = 0; at < columnCount; at++) this.columns.push(sharedFloats(rowCount))
    this.#dense = columnCount === 1 ? new DenseSet(budget) : undefined
  }

  /** No longer counts what it holds: another set takes its place. */
  release(): void {
    this.#leaveDense()
    this.#budget.release(this.#columnBytes + this.#slots.byteLength)
    this.#columnBytes = 0
    this.#slots = new Int32Array(0)
  }

  clear(): void {
    this.rowCount = 0
    this.#slots.fill(0)
    this.#leaveDense()
    this.#dense = this.columnCount === 1 ? new DenseSet(this.#budget) : undefined
  }

  /** Adds those rows of a chunk that are new; `places` are its columns, in the order of this set's. */
  addAll(chunk: Chunk, places: readonly number[]): void {
    const sources = places.map((place) => chunk.columns[place]!)
    if (this.#dense?.reserve(sources[0]!, chunk.rowCount) === true) {
      const picked = this.#picked.atLeast(chunk.rowCount)
      const count = this.#dense.add(sources[0]!, chunk.rowCount, picked)
      this.#reserve(this.rowCount + count)
      gather(sources[0]!, picked, count, this.columns[0]!.subarray(this.rowCount))
      this.rowCount += count
      return
    }
    for (let row = 0; row < chunk.rowCount; row++) this.add(sources, row)
  }

  /** Puts rows of one column in the order of their numbers, where that is known. */
  ascend(): void {
    if (this.#dense === undefined || this.rowCount === 0) return
    const byteCount = this.rowCount * Float64Array.BYTES_PER_ELEMENT
    this.#budget.hold(byteCount)
    this.columns[0] = this.#dense.ascending()
    this.#budget.release(this.#columnBytes)
    this.#columnBytes = byteCount
  }

  /** As `addAll` for rows that are known to be new. */
  appendAll(chunk: Chunk, places: readonly number[]): void {
    this.#reserve(this.rowCount + chunk.rowCount)
    places.forEach((place, at) => {
      this.columns[at]!.set(chunk.columns[place]!.subarray(0, chunk.rowCount), this.rowCount)
    })
    this.rowCount += chunk.rowCount
    // Nobody is to be compared with these rows.
    this.#leaveDense()
  }

  /** The rows, some thousand at a time. */
  *chunks(): Iterable<Chunk> {
    for (let first = 0; first < this.rowCount; first += CHUNK_ROW_COUNT) {
      const rowCount = Math.min(CHUNK_ROW_COUNT, this.rowCount - first)
      yield { rowCount, columns: this.columns.map((column) => column.subarray(first, first + rowCount)) }
    }
  }

  /** The number of the row with these values, which is added if it is new. */
  add(sources: readonly Float64Array[], row: number): number {
    this.#leaveDense()
    if (this.rowCount * 2 >= this.#slots.length) this.#grow()
    const mask = this.#slots.length - 1
    for (let slot = hashOf(sources, row) & mask; ; slot = (slot + 1) & mask) {
      const held = this.#slots[slot]! - 1
      if (held < 0) {
        this.#reserve(this.rowCount + 1)
        for (let at = 0; at < sources.length; at++) this.columns[at]![this.rowCount] = sources[at]![row]!
        this.#slots[slot] = ++this.rowCount
        return this.rowCount - 1
      }
      if (this.#isSame(held, sources, row)) return held
    }
  }

  /** Groups: the row of this set that each row of the sources is, new ones added. */
  groupsOf(sources: readonly Float64Array[], rowCount: number): Int32Array {
    const groups = new Int32Array(rowCount)
    for (let row = 0; row < rowCount; row++) groups[row] = this.add(sources, row)
    return groups
  }

  #isSame(held: number, sources: readonly Float64Array[], row: number): boolean {
    for (let at = 0; at < sources.length; at++)
      if (this.columns[at]![held] !== sources[at]![row]) return false
    return true
  }

  #reserve(rowCount: number): void {
    const capacity = this.columns[0]?.length ?? Infinity
    if (rowCount <= capacity) return
    let wanted = Math.max(capacity, this.#expectedCount)
    while (wanted < rowCount) wanted *= 2
    const byteCount = wanted * this.columnCount * Float64Array.BYTES_PER_ELEMENT
    this.#budget.hold(byteCount)
    this.columns.forEach((column, at) => {
      this.#budget.check()
      const larger = sharedFloats(wanted)
      larger.set(column)
      this.columns[at] = larger
    })
    this.#budget.release(this.#columnBytes)
    this.#columnBytes = byteCount
  }

  #leaveDense(): void {
    this.#dense?.clear()
    this.#dense = undefined
  }

  #grow(): void {
    const length = slotCountFor(this.rowCount * 2)
    this.#budget.hold(length * Int32Array.BYTES_PER_ELEMENT)
    const slots = new Int32Array(length)
    for (const [first, limit] of inBatches(this.rowCount, () => this.#budget.check()))
      this.#place(slots, first, limit)
    this.#budget.release(this.#slots.byteLength)
    this.#slots = slots
  }

  /** Writes the slots of rows `[first, limit)`, which are all different. */
  #place(slots: Int32Array, first: number, limit: number): void {
    const mask = slots.length - 1
    for (let row = first; row < limit; row++) {
      let slot = hashOf(this.columns, row) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = row + 1
    }
  }
}

function hashOf(columns: readonly Float64Array[], row: number): number {
  let hash = 0
  for (let at = 0; at < columns.length; at++) hash = Math.imul(hash, 31) ^ hashOfNumber(columns[at]![row]!)
  return hash
}
