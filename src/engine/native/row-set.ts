// Distinct rows of numbers, found by hash. Rows lie column by column in arrays that grow by doubling.

import { hashOfNumber } from './lookup.ts'
import type { Chunk } from './operator.ts'

const ROW_COUNT_START = 1_024

export class RowSet {
  readonly columnCount: number
  readonly columns: Float64Array[]
  rowCount = 0
  /** Row plus one by hash, 0 where free; at most half full. */
  #slots = new Int32Array(ROW_COUNT_START * 2)

  constructor(columnCount: number) {
    this.columnCount = columnCount
    this.columns = Array.from({ length: columnCount }, () => new Float64Array(ROW_COUNT_START))
  }

  clear(): void {
    this.rowCount = 0
    this.#slots.fill(0)
  }

  /** Adds those rows of a chunk that are new; `places` are its columns, in the order of this set's. */
  addAll(chunk: Chunk, places: readonly number[]): void {
    const sources = places.map((place) => chunk.columns[place]!)
    for (let row = 0; row < chunk.rowCount; row++) this.#add(sources, row)
  }

  /** As `addAll` for rows that are known to be new. */
  appendAll(chunk: Chunk, places: readonly number[]): void {
    this.#reserve(this.rowCount + chunk.rowCount)
    places.forEach((place, at) => {
      this.columns[at]!.set(chunk.columns[place]!.subarray(0, chunk.rowCount), this.rowCount)
    })
    this.rowCount += chunk.rowCount
  }

  /** The number of the row with these values, which is added if it is new. */
  #add(sources: readonly Float64Array[], row: number): number {
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
    const slots = new Int32Array(this.#slots.length * 2)
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
