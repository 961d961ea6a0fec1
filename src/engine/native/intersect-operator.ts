// Several patterns that lead to one variable, joined at once: for each row the lists of what each of them leads to are
// intersected, the shortest first (plan/intersection.ts tells when, and the literature).

import { isPlanted } from '../../base/planted.ts'
import type { Budget } from '../budget.ts'
import type { Adjacency } from './adjacency.ts'
import type { Domain } from './domain.ts'
import {
  type Chunk,
  CHUNK_ROW_COUNT,
  type Layout,
  Operator,
  RowNumbers,
  RowOutput,
  step,
} from './operator.ts'
import type { PlaceBinding } from './pattern-shape.ts'
import { intersect, type Part } from './sorted-lists.ts'
import { type Reader, readerOf } from './table-join.ts'

/** What one of the patterns leads to, and from where. */
export type NeighbourList = {
  readonly adjacency: Adjacency
  /** The place that rows bring. */
  readonly key: PlaceBinding
  readonly keyDomain: Domain
}

/** Numbers found for one row from which on they are handed on as a block of their own. */
const RUN_ROW_COUNT_MIN = 256
/** Numbers that are looked at between two looks at clock and signal. */
const CHECKED_COUNT = 1 << 16

type List = {
  readonly adjacency: Adjacency
  readonly reader: Reader
  readonly numbers: RowNumbers
  slots: Int32Array
}

export class IntersectOperator extends Operator {
  readonly layout: Layout
  readonly #lists: readonly List[]
  readonly #parts: Part[]
  readonly #output: RowOutput
  /** Nothing new is wanted: a row stays because there is something. */
  readonly #isExistence: boolean
  readonly #found: Part = { list: new Float64Array(64), first: 0, limit: 0 }
  readonly #budget: Budget
  #seenCount = 0

  /** `layout` is that of the rows that go on: the columns that are kept, and the variable where anybody wants it. */
  constructor(
    lists: readonly NeighbourList[],
    { layout, kept }: { readonly layout: Layout; readonly kept: readonly number[] },
    budget: Budget,
  ) {
    super()
    this.layout = layout
    this.#lists = lists.map(({ adjacency, key, keyDomain }) => {
      const numbers = new RowNumbers()
      return { adjacency, reader: readerOf(key, keyDomain, budget)!, numbers, slots: numbers.numbers }
    })
    this.#parts = lists.map(({ adjacency }) => ({ list: adjacency.targets, first: 0, limit: 0 }))
    const freshCount = layout.names.length - kept.length
    this.#isExistence = freshCount === 0
    this.#output = new RowOutput(kept, freshCount, budget)
    this.#budget = budget
  }

  push(chunk: Chunk): void {
    const { rowCount } = chunk
    step(this.#budget, rowCount)
    for (const list of this.#lists) {
      list.slots = list.numbers.atLeast(rowCount)
      list.adjacency.lookup.slotsOf(list.reader.read(chunk), rowCount, list.slots)
    }
    this.#output.begin(chunk.columns, this.next)
    for (let i = 0; i < rowCount; i++) {
      if (!this.#locate(i)) continue
      const count = this.#intersect()
      if (count > 0) this.#emit(i, count)
    }
    this.#output.flush()
  }

  /** Finds the part of each list that belongs to a row, the shortest first; false where one is empty. */
  #locate(i: number): boolean {
    const parts = this.#parts
    for (let at = 0; at < parts.length; at++) {
      const { slots, adjacency } = this.#lists[at]!
      const slot = slots[i]!
      if (slot < 0) return false
      const part = parts[at]!
      part.list = adjacency.targets
      part.first = adjacency.first[slot]!
      part.limit = adjacency.first[slot + 1]!
      if (part.first === part.limit) return false
    }
    return true
  }

  /** Leaves in `found` what all parts have; how many numbers. */
  #intersect(): number {
    const parts = this.#parts
    const shortest = this.#shortest()
    const found = this.#found
    const { first, limit } = parts[shortest]!
    this.#work(limit - first)
    if (found.list.length < limit - first) found.list = new Float64Array(2 * (limit - first))
    let before = parts[shortest]!
    if (this.#isExistence && isPlanted('intersect-takes-one-list-for-all')) return limit - first
    for (let at = 0, left = parts.length - 1; at < parts.length; at++) {
      if (at === shortest) continue
      // The last list need only be read until something is found.
      const countMax = this.#isExistence && --left === 0 ? 1 : Infinity
      found.limit = intersect(before, parts[at]!, found.list, countMax)
      if (found.limit === 0) return 0
      before = found
    }
    return found.limit
  }

  #shortest(): number {
    const parts = this.#parts
    let shortest = 0
    for (let at = 1; at < parts.length; at++) {
      const { first, limit } = parts[at]!
      if (limit - first < parts[shortest]!.limit - parts[shortest]!.first) shortest = at
    }
    return shortest
  }

  #work(count: number): void {
    this.#seenCount += count
    if (this.#seenCount < CHECKED_COUNT) return
    this.#seenCount = 0
    this.#budget.check()
  }

  #emit(i: number, count: number): void {
    const output = this.#output
    const { list } = this.#found
    if (this.#isExistence) output.add(i)
    else if (count < RUN_ROW_COUNT_MIN) {
      for (let at = 0; at < count; at++) {
        output.fresh[0]![output.count] = list[at]!
        output.add(i)
      }
    } else {
      output.flush()
      for (let first = 0; first < count; first += CHUNK_ROW_COUNT) {
        const limit = Math.min(count, first + CHUNK_ROW_COUNT)
        output.repeat(i, limit - first, [list.subarray(first, limit)])
      }
    }
  }
}
