// Distinct rows of numbers, found by hash; those of one column by bits, while they are whole numbers near each other.
// Rows lie column by column in arrays that grow by doubling.

import { slotCountFor } from './domain.ts'
import { hashOfNumber } from './lookup.ts'
import { DenseSet } from './dense-set.ts'
import { type Chunk, CHUNK_ROW_COUNT, gather, RowNumbers } from './operator.ts'

/** Few at first, as most questions find few: arrays this small are made at no cost. */
const ROW_COUNT_START = 8

export class RowSet {
  readonly columnCount: number
  readonly columns: Float64Array[]
  rowCount = 0
  /** Of the only column, while its numbers are near each other. */
  #dense: DenseSet | undefined
  readonly #picked = new RowNumbers()
  /** Row plus one by hash, 0 where free; at most half full. Made when it is needed. */
  #slots = new Int32Array(0)

  constructor(columnCount: number) {
    this.columnCount = columnCount
    this.columns = Array.from({ length: columnCount }, () => new Float64Array(ROW_COUNT_START))
    this.#dense = columnCount === 1 ? new DenseSet() : undefined
  }

  clear(): void {
    this.rowCount = 0
    this.#slots.fill(0)
    this.#dense = this.columnCount === 1 ? new DenseSet() : undefined
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
    for (let row = 0; row < chunk.rowCount; row++) this.#add(sources, row)
  }

  /** Puts rows of one column in the order of their numbers, where that is known. */
  ascend(): void {
    if (this.#dense !== undefined && this.rowCount > 0) this.columns[0] = this.#dense.ascending()
  }

  /** As `addAll` for rows that are known to be new. */
  appendAll(chunk: Chunk, places: readonly number[]): void {
    this.#reserve(this.rowCount + chunk.rowCount)
    places.forEach((place, at) => {
      this.columns[at]!.set(chunk.columns[place]!.subarray(0, chunk.rowCount), this.rowCount)
    })
    this.rowCount += chunk.rowCount
    // Nobody is to be compared with these rows.
    this.#dense = undefined
  }

  /** The rows, some thousand at a time. */
  *chunks(): Iterable<Chunk> {
    for (let first = 0; first < this.rowCount; first += CHUNK_ROW_COUNT) {
      const rowCount = Math.min(CHUNK_ROW_COUNT, this.rowCount - first)
      yield { rowCount, columns: this.columns.map((column) => column.subarray(first, first + rowCount)) }
    }
  }

  /** The number of the row with these values, which is added if it is new. */
  #add(sources: readonly Float64Array[], row: number): number {
    this.#dense = undefined
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
    for (let row = 0; row < rowCount; row++) groups[row] = this.#add(sources, row)
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
    let wanted = capacity
    while (wanted < rowCount) wanted *= 2
    this.columns.forEach((column, at) => {
      const larger = new Float64Array(wanted)
      larger.set(column)
      this.columns[at] = larger
    })
  }

  #grow(): void {
    const slots = new Int32Array(slotCountFor(this.rowCount * 2))
    const mask = slots.length - 1
    for (let row = 0; row < this.rowCount; row++) {
      let slot = hashOf(this.columns, row) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = row + 1
    }
    this.#slots = slots
  }
}

function hashOf(columns: readonly Float64Array[], row: number): number {
  let hash = 0
  for (let at = 0; at < columns.length; at++) hash = Math.imul(hash, 31) ^ hashOfNumber(columns[at]![row]!)
  return hash
}
