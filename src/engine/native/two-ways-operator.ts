// Two ways to one thing, as the sides of a square are: rows bring a and b, b leads to d, and c is what a leads to and what
// leads to d. For rows that share a, the ways over b wait where they end; one walk from a over every c meets them there.
// No way becomes a row before it has met another: that is how squares are counted by hand.

import type { Budget } from '../budget.ts'
import { type Adjacency, walkCount } from './adjacency.ts'
import { holds, inOrder, type OrderTest } from './comparison.ts'
import { type Chunk, type Layout, Operator, RowNumbers, RowOutput, step } from './operator.ts'
import { Pace } from './pace.ts'
import { intersect, type Part } from './sorted-lists.ts'
import type { Reader } from './table-join.ts'

const ANY_ORDER = { less: 1, equal: 1, greater: 1 }
const WAY_COUNT_START = 1 << 10
/** Ways that wait at a time, unless one row alone leads to more. */
const WAY_COUNT_MAX = 1 << 15
/** What intersecting the lists of one way costs beside the numbers that are looked at. */
const WAY_COST = 8

export type TwoWays = {
  /** From a to every c. */
  readonly begins: Adjacency
  /** From b to every d. */
  readonly over: Adjacency
  /** From c to every d, and back. */
  readonly ends: Adjacency
  readonly endsBack: Adjacency
  /** The a and the b of each row. */
  readonly readBegin: Reader
  readonly readOver: Reader
  /** Whether d and c become columns, in this order. */
  readonly isEndWanted: boolean
  readonly isFoundWanted: boolean
  /** What c is compared with. */
  readonly order: OrderTest | undefined
}

export class TwoWaysOperator extends Operator {
  readonly layout: Layout
  readonly #ways: TwoWays
  readonly #output: RowOutput
  readonly #budget: Budget
  readonly #pace: Pace
  readonly #beginSlots = new RowNumbers()
  readonly #overSlots = new RowNumbers()
  /** What waits: the row of each way, the slot of the d where it ends, and the way before it that ends there plus one. */
  #wayCount = 0
  #rows = new Int32Array(WAY_COUNT_START)
  #slots = new Int32Array(WAY_COUNT_START)
  #before = new Int32Array(WAY_COUNT_START)
  #isMet = new Uint8Array(WAY_COUNT_START)
  /** By the slot of a d: the last way that ends there plus one, 0 where none does. */
  readonly #last: Int32Array
  /** The d of slot 0. */
  readonly #base: number
  #keys: Float64Array = new Float64Array(0)
  readonly #found: Part = { list: new Float64Array(64), first: 0, limit: 0 }

  /** Things are near each other: every key of `ends` and `endsBack` has a place. `layout` is that of the rows that go on. */
  constructor(
    ways: TwoWays,
    { layout, kept }: { readonly layout: Layout; readonly kept: readonly number[] },
    budget: Budget,
  ) {
    super()
    this.layout = layout
    this.#ways = ways
    this.#base = ways.endsBack.lookup.base!
    this.#output = new RowOutput(kept, Number(ways.isEndWanted) + Number(ways.isFoundWanted), budget)
    const slotCount = ways.endsBack.first.length - 1
    budget.hold(slotCount * Int32Array.BYTES_PER_ELEMENT)
    this.#last = new Int32Array(slotCount)
    this.#budget = budget
    this.#pace = new Pace(budget)
  }

  push(chunk: Chunk): void {
    const { rowCount, columns } = chunk
    const { begins, over, readBegin, readOver, order } = this.#ways
    step(this.#budget, rowCount)
    const beginSlots = this.#beginSlots.atLeast(rowCount)
    const overSlots = this.#overSlots.atLeast(rowCount)
    begins.lookup.slotsOf(readBegin.read(chunk), rowCount, beginSlots)
    over.lookup.slotsOf(readOver.read(chunk), rowCount, overSlots)
    if (order !== undefined) this.#keys = columns[order.index]!
    this.#output.begin(columns, this.next)
    for (let row = 0; row < rowCount;) {
      const slot = beginSlots[row]!
      row = this.#wait(row, rowCount, beginSlots, overSlots)
      if (slot < 0 || this.#wayCount === 0) continue
      this.#meet({ list: begins.targets, first: begins.first[slot]!, limit: begins.first[slot + 1]! })
    }
    this.#output.flush()
  }

  /** Lets the ways of rows wait that share their a with the first, as many as there is room for; the row after them. */
  #wait(first: number, rowCount: number, beginSlots: Int32Array, overSlots: Int32Array): number {
    const { over } = this.#ways
    const { first: begins, targets } = over
    const base = this.#base
    const slotCount = this.#last.length
    const begin = beginSlots[first]!
    let count = 0
    let row = first
    for (; row < rowCount && beginSlots[row] === begin; row++) {
      const slot = overSlots[row]!
      if (slot < 0 || begin < 0) continue
      const from = begins[slot]!
      const limit = begins[slot + 1]!
      if (count > 0 && count + limit - from > WAY_COUNT_MAX) break
      this.#reserve(count + limit - from)
      const rows = this.#rows
      const slots = this.#slots
      for (let i = from; i < limit; i++) {
        const end = targets[i]! - base
        rows[count] = row
        slots[count] = end
        // A way that ends where no other may end is overwritten by the next one.
        count += +(end >= 0) & +(end < slotCount)
      }
    }
    this.#wayCount = count
    return row
  }

  #reserve(count: number): void {
    const length = this.#rows.length
    if (count <= length) return
    const longer = Math.max(count, 2 * length)
    // Three numbers and a mark each.
    this.#budget.hold((longer - length) * 13)
    const grown = (before: Int32Array): Int32Array<ArrayBuffer> => {
      const after = new Int32Array(longer)
      after.set(before)
      return after
    }
    this.#rows = grown(this.#rows)
    this.#slots = grown(this.#slots)
    this.#before = new Int32Array(longer)
    this.#isMet = new Uint8Array(longer)
  }

  /** `begins` are all c that a leads to. */
  #meet(begins: Part): void {
    this.#pace.step(this.#wayCount)
    const { isFoundWanted, order } = this.#ways
    if (this.#isFarther(begins)) return this.#meetApart(begins)
    const last = this.#last
    const before = this.#before
    const slots = this.#slots
    const wayCount = this.#wayCount
    for (let way = 0; way < wayCount; way++) {
      const slot = slots[way]!
      before[way] = last[slot]!
      last[slot] = way + 1
    }
    if (isFoundWanted) this.#meetAll(begins, order)
    else this.#meetOnce(begins, order)
    for (let way = 0; way < wayCount; way++) last[slots[way]!] = 0
  }

  /** True where walking from a over every c looks at more than intersecting the lists of each way would. */
  #isFarther(begins: Part): boolean {
    const { ends, endsBack } = this.#ways
    // Mostly one look is enough; else every way is asked what it would cost.
    const leastCount = WAY_COST * this.#wayCount
    if (walkCount(ends, begins, leastCount) <= leastCount) return false
    const { first: backs } = endsBack
    const length = begins.limit - begins.first
    let apartCount = leastCount
    for (let way = 0; way < this.#wayCount; way++) {
      const slot = this.#slots[way]!
      apartCount += Math.min(length, backs[slot + 1]! - backs[slot]!)
    }
    return walkCount(ends, begins, apartCount) > apartCount
  }

  #meetAll({ list, first, limit }: Part, order: OrderTest | undefined): void {
    const { ends, isEndWanted } = this.#ways
    const { first: begins, targets, lookup } = ends
    const slotCount = begins.length - 1
    const endBase = this.#base
    const base = lookup.base!
    const last = this.#last
    const before = this.#before
    const rows = this.#rows
    const keys = this.#keys
    const output = this.#output
    const pace = this.#pace
    const foundAt = Number(isEndWanted)
    const isOrdered = order !== undefined
    const { less, equal, greater } = order ?? ANY_ORDER
    for (let i = first; i < limit; i++) {
      const found = list[i]!
      const slot = found - base
      if (!(slot >= 0 && slot < slotCount)) continue
      pace.step(begins[slot + 1]! - begins[slot]!)
      for (let at = begins[slot]!, end = begins[slot + 1]!; at < end; at++) {
        const target = targets[at]!
        for (let way = last[target - endBase]!; way > 0; way = before[way - 1]!) {
          const row = rows[way - 1]!
          const key = keys[row]!
          // As `holds`, which is called too often here to be a call.
          if (isOrdered && (found < key ? less : found > key ? greater : equal) === 0) continue
          output.fresh[0]![output.count] = target
          output.fresh[foundAt]![output.count] = found
          output.add(row)
        }
      }
    }
  }

  /** c is not wanted: each way goes on once. */
  #meetOnce({ list, first, limit }: Part, order: OrderTest | undefined): void {
    const { first: begins, targets, lookup } = this.#ways.ends
    const slotCount = begins.length - 1
    const base = lookup.base!
    const pace = this.#pace
    const isMet = this.#isMet.fill(0, 0, this.#wayCount)
    for (let i = first; i < limit; i++) {
      const found = list[i]!
      const slot = found - base
      if (!(slot >= 0 && slot < slotCount)) continue
      pace.step(begins[slot + 1]! - begins[slot]!)
      for (let at = begins[slot]!, end = begins[slot + 1]!; at < end; at++) {
        for (let way = this.#last[targets[at]! - this.#base]!; way > 0; way = this.#before[way - 1]!) {
          if (order === undefined || holds(found, this.#keys[this.#rows[way - 1]!]!, order))
            isMet[way - 1] = 1
        }
      }
    }
    for (let way = 0; way < this.#wayCount; way++) if (isMet[way] === 1) this.#emit(way, NaN)
  }

  #meetApart(begins: Part): void {
    const { endsBack, isFoundWanted, order } = this.#ways
    const found = this.#found
    if (found.list.length < begins.limit - begins.first)
      found.list = new Float64Array(2 * (begins.limit - begins.first))
    const back: Part = { list: endsBack.targets, first: 0, limit: 0 }
    for (let way = 0; way < this.#wayCount; way++) {
      const slot = this.#slots[way]!
      back.first = endsBack.first[slot]!
      back.limit = endsBack.first[slot + 1]!
      this.#pace.step(Math.min(begins.limit - begins.first, back.limit - back.first))
      let count = intersect(begins, back, found.list, Infinity)
      if (order !== undefined) count = inOrder(found.list, count, this.#keys[this.#rows[way]!]!, order)
      if (!isFoundWanted) count = Math.min(count, 1)
      for (let i = 0; i < count; i++) this.#emit(way, found.list[i]!)
    }
  }

  #emit(way: number, found: number): void {
    const { isEndWanted, isFoundWanted } = this.#ways
    const output = this.#output
    if (isEndWanted) output.fresh[0]![output.count] = this.#slots[way]! + this.#base
    if (isFoundWanted) output.fresh[Number(isEndWanted)]![output.count] = found
    output.add(this.#rows[way]!)
  }
}
