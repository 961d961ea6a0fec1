// A segment as part of an index: its file, and which of its rows are dead, read when somebody first asks.

import { integerAt } from '../segment/column.ts'
import type { Segment } from '../segment/segment.ts'
import { textAt } from '../segment/text.ts'
import { segmentCorrupt } from '../segment/errors.ts'
import type { SegmentEntry } from './root.ts'

export class IndexSegment {
  readonly entry: SegmentEntry
  readonly segment: Segment
  readonly #deadList: Segment | undefined
  #deadBits: Uint32Array | undefined

  constructor(entry: SegmentEntry, segment: Segment, deadList: Segment | undefined) {
    this.entry = entry
    this.segment = segment
    this.#deadList = deadList
  }

  isDead(row: number): boolean {
    this.#deadBits ??= this.#readDeadBits()
    return ((this.#deadBits[row >>> 5]! >>> (row & 31)) & 1) === 1
  }

  /** Numbers of the dead rows, ascending. */
  deadRows(): readonly number[] {
    const rows: number[] = []
    const { dead } = this.entry
    if (dead === undefined || this.#deadList === undefined) return rows
    const names = this.#deadList.column('segment').load()
    const numbers = this.#deadList.column('row').load()
    for (let at = dead.firstRow; at < dead.firstRow + dead.rowCount; at++) {
      if (textAt(names, at) !== this.entry.key) {
        throw segmentCorrupt(
          this.#deadList.file.key,
          0,
          `it does not list the dead rows of ${this.entry.key}`,
        )
      }
      rows.push(integerAt(numbers, at))
    }
    return rows
  }

  #readDeadBits(): Uint32Array {
    const bits = new Uint32Array((this.entry.rowCount + 31) >>> 5)
    for (const row of this.deadRows()) bits[row >>> 5] = bits[row >>> 5]! | (1 << (row & 31))
    return bits
  }
}
