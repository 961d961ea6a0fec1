// Several patterns that lead to one variable, joined at once: for each row the lists of what each of them leads to are
// intersected, the shortest first (plan/intersection.ts tells when, and the literature).

import { isPlanted } from '../../base/planted.ts'
import type { Budget } from '../budget.ts'
import type { Adjacency } from './adjacency.ts'
import type { Domain } from './domain.ts'
import { type Chunk, type Layout, Operator, RowNumbers, RowOutput, step } from './operator.ts'
import type { PlaceBinding } from './pattern-shape.ts'
import { inOrder, type OrderTest } from './comparison.ts'
import { Pace } from './pace.ts'
import { RunIntersection, runLimit } from './run-intersection.ts'
import { intersect, type Part } from './sorted-lists.ts'
import { type Reader, readerOf } from './table-join.ts'

/** What one of the patterns leads to, and from where. */
export type NeighbourList = {
  readonly adjacency: Adjacency
  /** The same the other way around, made when it is wanted. */
  readonly back: () => Adjacency
  /** The place that rows bring. */
  readonly key: PlaceBinding
  readonly keyDomain: Domain
}

/** Rows with one key from which on it is asked whether their list had better be walked once for all of them. */
const RUN_LENGTH_MIN = 4
/** What intersecting the lists of one row costs beside the numbers that are looked at. */
const ROW_COST = 8

type List = {
  readonly adjacency: Adjacency
  readonly back: () => Adjacency
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
  /** What the variable is compared with, and the column of that in the chunk. */
  readonly #order: OrderTest | undefined
  #keys: Float64Array = new Float64Array(0)
  readonly #pace: Pace
  /** By the list that rows share. */
  readonly #runs: [RunIntersection | 'none' | undefined, RunIntersection | 'none' | undefined] = [
    undefined,
    undefined,
  ]

  /** `layout` is that of the rows that go on: the columns that are kept, and the variable where anybody wants it. */
  constructor(
    lists: readonly NeighbourList[],
    {
      layout,
      kept,
      order,
    }: {
      readonly layout: Layout
      readonly kept: readonly number[]
      readonly order: OrderTest | undefined
    },
    budget: Budget,
  ) {
    super()
    this.layout = layout
    this.#order = order
    this.#lists = lists.map(({ adjacency, back, key, keyDomain }) => {
      const numbers = new RowNumbers()
      return { adjacency, back, reader: readerOf(key, keyDomain, budget)!, numbers, slots: numbers.numbers }
    })
    this.#parts = lists.map(({ adjacency }) => ({ list: adjacency.targets, first: 0, limit: 0 }))
    const freshCount = layout.names.length - kept.length
    this.#isExistence = freshCount === 0
    this.#output = new RowOutput(kept, freshCount, budget)
    this.#budget = budget
    this.#pace = new Pace(budget)
  }

  push(chunk: Chunk): void {
    const { rowCount } = chunk
    step(this.#budget, rowCount)
    for (const list of this.#lists) {
      list.slots = list.numbers.atLeast(rowCount)
      list.adjacency.lookup.slotsOf(list.reader.read(chunk), rowCount, list.slots)
    }
    if (this.#order !== undefined) this.#keys = chunk.columns[this.#order.index]!
    this.#output.begin(chunk.columns, this.next)
    for (let first = 0; first < rowCount;) {
      const shared = this.#lists.length === 2 ? this.#sharedFrom(first, rowCount) : -1
      const limit = shared < 0 ? first + 1 : runLimit(this.#lists[shared]!.slots, first, rowCount)
      if (shared < 0 || !this.#meetRun(shared, first, limit)) this.#meetEach(first, limit)
      first = limit
    }
    this.#output.flush()
  }

  /** The list that some rows from `first` on share; −1 where they share none. */
  #sharedFrom(first: number, rowCount: number): number {
    const last = first + RUN_LENGTH_MIN - 1
    if (last >= rowCount) return -1
    for (let at = 0; at < 2; at++) {
      const { slots } = this.#lists[at]!
      const slot = slots[first]!
      let row = last
      while (row > first && slots[row] === slot) row--
      if (row === first) return at
    }
    return -1
  }

  #meetEach(first: number, limit: number): void {
    for (let i = first; i < limit; i++) {
      const count = this.#locate(i) ? this.#intersect(i) : 0
      if (count > 0) this.#emit(i, count)
    }
  }

  /** Walks once through the list that rows share; false where it is cheaper to intersect it with the list of each of them. */
  #meetRun(shared: number, first: number, limit: number): boolean {
    if (!this.#locatePart(shared, first)) return true
    const runs = this.#runsOf(shared)
    if (runs === undefined) return false
    const part = this.#parts[shared]!
    // Mostly one look is enough; else every row is asked what it would cost.
    let countMax = ROW_COST * (limit - first)
    let count = runs.countOf(part, countMax)
    if (count > countMax) {
      countMax = this.#countApart(shared, first, limit)
      count = runs.countOf(part, countMax)
      if (count > countMax) return false
    }
    this.#pace.step(count)
    const rows = { slots: this.#lists[1 - shared]!.slots, keys: this.#keys, first, limit }
    runs.meet(part, rows, this.#order, this.#output)
    return true
  }

  /** What it costs to intersect the lists of each of these rows. */
  #countApart(shared: number, first: number, limit: number): number {
    const { slots, adjacency } = this.#lists[1 - shared]!
    const begins = adjacency.first
    const part = this.#parts[shared]!
    const length = part.limit - part.first
    let count = 0
    for (let row = first; row < limit; row++) {
      const slot = slots[row]!
      if (slot >= 0) count += ROW_COST + Math.min(length, begins[slot + 1]! - begins[slot]!)
    }
    return count
  }

  /** Undefined where rows cannot be found by their keys. */
  #runsOf(shared: number): RunIntersection | undefined {
    const known = this.#runs[shared]
    if (known !== undefined) return known === 'none' ? undefined : known
    const { back, adjacency } = this.#lists[1 - shared]!
    const made = RunIntersection.of(back(), adjacency.lookup, this.#pace)
    this.#runs[shared] = made ?? 'none'
    if (made !== undefined) this.#budget.hold(made.byteCount)
    return made
  }

  /** Finds the part of each list that belongs to a row; false where one is empty. */
  #locate(i: number): boolean {
    for (let at = 0; at < this.#parts.length; at++) if (!this.#locatePart(at, i)) return false
    return true
  }

  #locatePart(at: number, i: number): boolean {
    const { slots, adjacency } = this.#lists[at]!
    const slot = slots[i]!
    if (slot < 0) return false
    const part = this.#parts[at]!
    part.list = adjacency.targets
    part.first = adjacency.first[slot]!
    part.limit = adjacency.first[slot + 1]!
    return part.first < part.limit
  }

  /** Leaves in `found` what all parts have; how many numbers. */
  #intersect(i: number): number {
    const parts = this.#parts
    const shortest = this.#shortest()
    const found = this.#found
    const { first, limit } = parts[shortest]!
    this.#pace.step(limit - first)
    if (found.list.length < limit - first) found.list = new Float64Array(2 * (limit - first))
    let before = parts[shortest]!
    if (isPlanted('intersect-takes-one-list-for-all')) {
      found.list.set(before.list.subarray(first, limit))
      return limit - first
    }
    for (let at = 0, left = parts.length - 1; at < parts.length; at++) {
      if (at === shortest) continue
      // The last list need only be read until something is found.
      const isOneEnough = this.#isExistence && this.#order === undefined && --left === 0
      const countMax = isOneEnough ? 1 : Infinity
      found.limit = intersect(before, parts[at]!, found.list, countMax)
      if (found.limit === 0) return 0
      before = found
    }
    if (this.#order !== undefined) found.limit = inOrder(found.list, found.limit, this.#keys[i]!, this.#order)
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

  #emit(i: number, count: number): void {
    const output = this.#output
    const { list } = this.#found
    if (this.#isExistence) output.add(i)
    else output.addRun(i, list, 0, count)
  }
}
