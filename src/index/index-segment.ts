// A segment as part of an index: its file, and which of its rows are dead, read when somebody first asks.

import { integerAt } from '../segment/column.ts'
import type { Segment } from '../segment/segment.ts'
import { textAt } from '../segment/text.ts'
import { segmentCorrupt } from '../segment/errors.ts'
import type { SegmentEntry } from './root.ts'
import type { StoredRun } from './stored-facts.ts'

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

  /** The rows of another file that list its dead rows. */
  get dead(): StoredRun['dead'] {
    const { dead } = this.entry
    if (dead === undefined || this.#deadList === undefined) return undefined
    return { segment: this.#deadList, firstRow: dead.firstRow, rowCount: dead.rowCount }
  }

  isDead(row: number): boolean {
    this.#deadBits ??= this.#readDeadBits()
    return ((this.#deadBits[row >>> 5]! >>> (row & 31)) & 1) === 1
  }

  /** Numbers of the dead rows, ascending. */
  deadRows(): readonly number[] {
    const rows: number[] = []
    this.#eachDeadRow((row) => rows.push(row))
    return rows
  }

  #readDeadBits(): Uint32Array {
    const bits = new Uint32Array((this.entry.rowCount + 31) >>> 5)
    this.#eachDeadRow((row) => (bits[row >>> 5] = bits[row >>> 5]! | (1 << (row & 31))))
    return bits
  }

  #eachDeadRow(visit: (row: number) => void): void {
    const { dead, key } = this.entry
    const list = this.#deadList
    if (dead === undefined || list === undefined) return
    const names = list.column('segment').load()
    const numbers = list.column('row').load()
    const last = dead.firstRow + dead.rowCount - 1
    // Lists are sorted by the segments that they are about: both ends being ours, all between is.
    if (textAt(names, dead.firstRow) !== key || textAt(names, last) !== key) {
      throw segmentCorrupt(list.file.key, 0, `it does not list the dead rows of ${key}`)
    }
    for (let at = dead.firstRow; at <= last; at++) visit(integerAt(numbers, at))
  }
}
