// Rows that follow each other with one key of one of two lists, as paths that begin alike do. Instead of intersecting
// that list with the other one of each row, it is walked once, and from each of its numbers back to the rows that wait by
// their other key: what the rows have in common is looked at once for all of them. That is how ways are counted by hand.

import { type Adjacency, walkCount } from './adjacency.ts'
import { holds, type OrderTest } from './comparison.ts'
import type { Lookup } from './lookup.ts'
import { CHUNK_ROW_COUNT, type RowOutput } from './operator.ts'
import type { Pace } from './pace.ts'
import type { Part } from './sorted-lists.ts'

/** Rows `[first, limit)` of a chunk: the slots of the keys by which they wait, and the numbers that they compare with. */
export type WaitingRows = {
  readonly slots: Int32Array
  readonly keys: Float64Array
  readonly first: number
  readonly limit: number
}

export class RunIntersection {
  /** From the numbers of the list that rows share to the keys of the other list. */
  readonly #back: Adjacency
  readonly #keyBase: number
  readonly #pace: Pace
  /** By the slot of a key: the last row that waits for it plus one, 0 where none does. */
  readonly #last: Int32Array
  /** For each row the one that waited before it, likewise. */
  readonly #before = new Int32Array(CHUNK_ROW_COUNT)
  readonly #isMet = new Uint8Array(CHUNK_ROW_COUNT)

  private constructor(back: Adjacency, keyBase: number, slotCount: number, pace: Pace) {
    this.#pace = pace
    this.#back = back
    this.#keyBase = keyBase
    this.#last = new Int32Array(slotCount)
  }

  /** Undefined where keys are not near each other: then there is no place for each. */
  static of(back: Adjacency, { base, first }: Lookup, pace: Pace): RunIntersection | undefined {
    if (base === undefined || back.lookup.base === undefined) return undefined
    return new RunIntersection(back, base, first.length - 1, pace)
  }

  get byteCount(): number {
    return this.#last.byteLength + this.#before.byteLength
  }

  /** How many keys are met on the way back; more than `countMax` are not counted. */
  countOf(part: Part, countMax: number): number {
    return walkCount(this.#back, part, countMax)
  }

  /** Hands on rows with what they find in the list that they share. */
  meet(shared: Part, rows: WaitingRows, order: OrderTest | undefined, output: RowOutput): void {
    const { slots, first, limit } = rows
    const last = this.#last
    const before = this.#before
    for (let row = first; row < limit; row++) {
      const slot = slots[row]!
      if (slot < 0) continue
      before[row] = last[slot]!
      last[slot] = row + 1
    }
    if (output.fresh.length === 0) this.#meetOnce(shared, rows, order, output)
    else if (order === undefined) this.#meetAll(shared, output)
    else this.#meetInOrder(shared, rows.keys, order, output)
    for (let row = first; row < limit; row++) if (slots[row]! >= 0) last[slots[row]!] = 0
  }

  #meetAll({ list, first, limit }: Part, output: RowOutput): void {
    const { lookup, first: begins, targets } = this.#back
    const base = lookup.base!
    const keyBase = this.#keyBase
    const last = this.#last
    const before = this.#before
    for (let i = first; i < limit; i++) {
      const number = list[i]!
      const slot = number - base
      if (!(slot >= 0 && slot < begins.length - 1)) continue
      this.#pace.step(begins[slot + 1]! - begins[slot]!)
      for (let at = begins[slot]!, end = begins[slot + 1]!; at < end; at++) {
        for (let row = last[targets[at]! - keyBase]!; row > 0; row = before[row - 1]!) {
          output.fresh[0]![output.count] = number
          output.add(row - 1)
        }
      }
    }
  }

  /** The same with a comparison. */
  #meetInOrder(
    { list, first, limit }: Part,
    keys: Float64Array,
    { less, equal, greater }: OrderTest,
    output: RowOutput,
  ): void {
    const { lookup, first: begins, targets } = this.#back
    const base = lookup.base!
    const keyBase = this.#keyBase
    const last = this.#last
    const before = this.#before
    for (let i = first; i < limit; i++) {
      const number = list[i]!
      const slot = number - base
      if (!(slot >= 0 && slot < begins.length - 1)) continue
      this.#pace.step(begins[slot + 1]! - begins[slot]!)
      for (let at = begins[slot]!, end = begins[slot + 1]!; at < end; at++) {
        for (let row = last[targets[at]! - keyBase]!; row > 0; row = before[row - 1]!) {
          const key = keys[row - 1]!
          if ((number < key ? less : number > key ? greater : equal) === 0) continue
          output.fresh[0]![output.count] = number
          output.add(row - 1)
        }
      }
    }
  }

  /** Nothing new is wanted: rows go on once. */
  #meetOnce(
    { list, first, limit }: Part,
    { slots, keys, first: firstRow, limit: limitRow }: WaitingRows,
    order: OrderTest | undefined,
    output: RowOutput,
  ): void {
    const { lookup, first: begins, targets } = this.#back
    const base = lookup.base!
    const last = this.#last
    const isMet = this.#isMet.fill(0, firstRow, limitRow)
    for (let i = first; i < limit; i++) {
      const number = list[i]!
      const slot = number - base
      if (!(slot >= 0 && slot < begins.length - 1)) continue
      this.#pace.step(begins[slot + 1]! - begins[slot]!)
      for (let at = begins[slot]!, end = begins[slot + 1]!; at < end; at++) {
        for (let row = last[targets[at]! - this.#keyBase]!; row > 0; row = this.#before[row - 1]!) {
          if (order === undefined || holds(number, keys[row - 1]!, order)) isMet[row - 1] = 1
        }
      }
    }
    for (let row = firstRow; row < limitRow; row++) if (slots[row]! >= 0 && isMet[row] === 1) output.add(row)
  }
}

/** The row after those from `first` on that have one slot. */
export function runLimit(slots: Int32Array, first: number, rowCount: number): number {
  const slot = slots[first]!
  let limit = first + 1
  while (limit < rowCount && slots[limit] === slot) limit++
  return limit
}
