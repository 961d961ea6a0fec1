// Two ways to one thing, as the sides of a square are: rows bring a and b, b leads to d, and c is what a leads to and what
// leads to d. For rows that share a, the ways over b wait where they end; one walk from a over every c meets them there.
// No way becomes a row before it has met another: that is how squares are counted by hand.

import type { Budget } from '../budget.ts'
import { type Adjacency, walkCount } from './adjacency.ts'
import { holds, inOrder, type OrderTest } from './comparison.ts'
import { type Chunk, type Layout, Operator, RowNumbers, RowOutput, step } from './operator.ts'
import { counted } from './attribute-table.ts'
import { Pace } from './pace.ts'
import { intersect, type Part } from './sorted-lists.ts'
import type { Reader } from './table-join.ts'
import { WayEnds } from './way-ends.ts'

const ANY_ORDER = { less: 1, equal: 1, greater: 1 }
/** Ways that wait at a time, unless one row alone leads to more. */
const WAY_COUNT_MAX = 1 << 15
/** Ways that meet each other at a time, 12 MiB of them. */
const OWN_WAY_COUNT_MAX = 1 << 20
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
  /** The ways that wait, and where they end; taken while rows come in. */
  #wayCount = 0
  #ends!: WayEnds
  /** The d of slot 0. */
  readonly #base: number
  #keys: Float64Array = new Float64Array(0)
  /** Both ways are one: what rows bring as b are the c of other rows. */
  readonly #isOneWay: boolean
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
    this.#isOneWay = ways.over === ways.ends && ways.isFoundWanted
    this.#output = new RowOutput(kept, Number(ways.isEndWanted) + Number(ways.isFoundWanted), budget)
    this.#budget = budget
    this.#pace = new Pace(budget)
  }

  push(chunk: Chunk): void {
    const { rowCount, columns } = chunk
    const { begins, over, ends, endsBack, readBegin, readOver, order } = this.#ways
    step(this.#budget, rowCount)
    const beginSlots = this.#beginSlots.atLeast(rowCount)
    const overSlots = this.#overSlots.atLeast(rowCount)
    begins.lookup.slotsOf(readBegin.read(chunk), rowCount, beginSlots)
    over.lookup.slotsOf(readOver.read(chunk), rowCount, overSlots)
    if (order !== undefined) this.#keys = columns[order.index]!
    const isOneWay = this.#isOneWay && order !== undefined && readOver.read(chunk) === this.#keys
    this.#output.begin(columns, this.next)
    const wayEnds = (this.#ends = WayEnds.take(ends, endsBack, this.#budget.checks))
    counted(wayEnds, this.#budget)
    for (let row = 0; row < rowCount;) {
      const slot = beginSlots[row]!
      if (slot < 0) {
        row++
        continue
      }
      const part = { list: begins.targets, first: begins.first[slot]!, limit: begins.first[slot + 1]! }
      const limit = row + part.limit - part.first
      const wayCount = isOneWay && limit <= rowCount ? this.#ownWayCount(part, row, order) : Infinity
      if (wayCount <= OWN_WAY_COUNT_MAX) {
        wayEnds.reserve(wayCount, this.#budget)
        if (wayCount > 0) this.#meetEachOther(part, row, overSlots, order!)
        row = limit
        continue
      }
      row = this.#wait(row, rowCount, beginSlots, overSlots)
      if (this.#wayCount > 0) this.#meet(part)
    }
    this.#output.flush()
    wayEnds.giveBack(ends)
  }

  /** How many ways may meet each other where the rows from this one on bring as b all that a leads to, in its order; else Infinity. */
  #ownWayCount(begins: Part, row: number, order: OrderTest): number {
    const { list, first, limit } = begins
    for (let i = first, at = row; i < limit; i++, at++) if (this.#keys[at] !== list[i]) return Infinity
    // One thing leads to nothing twice.
    if (limit - first === 1 && order.equal === 0) return 0
    return walkCount(this.#ways.ends, begins, OWN_WAY_COUNT_MAX)
  }

  /**
   * Rows that bring all that a leads to as b are what c is, too: c by c, the ways over it meet those that are there, of which the
   * comparison holds, and are there themselves from then on. So each way is walked once, as it would be by hand.
   */
  #meetEachOther({ list, first, limit }: Part, row: number, overSlots: Int32Array, order: OrderTest): void {
    const { first: begins } = this.#ways.ends
    const wayEnds = this.#ends
    const { slots, last, floor, rows, before } = wayEnds
    const isUpward = order.less === 0
    let count = 0
    for (let i = 0; i < limit - first; i++) {
      const at = isUpward ? i : limit - first - 1 - i
      const over = overSlots[row + at]!
      if (over < 0) continue
      for (let way = begins[over]!, end = begins[over + 1]!; way < end; way++) {
        const slot = slots[way]!
        if (slot < 0) continue
        const met = last[slot]!
        if (order.equal === 1) this.#add(row + at, slot, list[first + at]!)
        for (let number = met; number > floor; number = before[number - floor - 1]!)
          this.#add(rows[number - floor - 1]!, slot, list[first + at]!)
        rows[count] = row + at
        before[count++] = met
        last[slot] = floor + count
      }
    }
    this.#pace.step(count)
    wayEnds.floor = floor + count
  }

  /** Lets the ways of rows wait that share their a with the first, as many as there is room for; the row after them. */
  #wait(first: number, rowCount: number, beginSlots: Int32Array, overSlots: Int32Array): number {
    const { over } = this.#ways
    const { first: begins, targets } = over
    const base = this.#base
    const slotCount = this.#ends.last.length
    const begin = beginSlots[first]!
    let count = 0
    let row = first
    for (; row < rowCount && beginSlots[row] === begin; row++) {
      const slot = overSlots[row]!
      if (slot < 0 || begin < 0) continue
      const from = begins[slot]!
      const limit = begins[slot + 1]!
      if (count > 0 && count + limit - from > WAY_COUNT_MAX) break
      this.#ends.reserve(count + limit - from, this.#budget)
      const { rows, slotOfWay } = this.#ends
      for (let i = from; i < limit; i++) {
        const end = targets[i]! - base
        rows[count] = row
        slotOfWay[count] = end
        // A way that ends where no other may end is overwritten by the next one.
        count += +(end >= 0) & +(end < slotCount)
      }
    }
    this.#wayCount = count
    return row
  }

  /** `begins` are all c that a leads to. */
  #meet(begins: Part): void {
    this.#pace.step(this.#wayCount)
    const { isFoundWanted, order } = this.#ways
    if (this.#isFarther(begins)) return this.#meetApart(begins)
    const wayEnds = this.#ends
    const { last, floor, slotOfWay, before } = wayEnds
    const wayCount = this.#wayCount
    for (let way = 0; way < wayCount; way++) {
      const slot = slotOfWay[way]!
      before[way] = last[slot]!
      last[slot] = floor + way + 1
    }
    if (isFoundWanted) this.#meetAll(begins, order)
    else this.#meetOnce(begins)
    wayEnds.floor = floor + wayCount
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
      const slot = this.#ends.slotOfWay[way]!
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
    const { last, floor, rows, before } = this.#ends
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
        for (let way = last[target - endBase]!; way > floor; way = before[way - floor - 1]!) {
          const row = rows[way - floor - 1]!
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
  #meetOnce({ list, first, limit }: Part): void {
    const { order } = this.#ways
    const { first: begins, targets, lookup } = this.#ways.ends
    const { last, floor, rows, before } = this.#ends
    const slotCount = begins.length - 1
    const base = lookup.base!
    const pace = this.#pace
    const isMet = this.#ends.isMet.fill(0, 0, this.#wayCount)
    for (let i = first; i < limit; i++) {
      const found = list[i]!
      const slot = found - base
      if (!(slot >= 0 && slot < slotCount)) continue
      pace.step(begins[slot + 1]! - begins[slot]!)
      for (let at = begins[slot]!, end = begins[slot + 1]!; at < end; at++) {
        for (let number = last[targets[at]! - this.#base]!; number > floor;) {
          const way = number - floor - 1
          if (order === undefined || holds(found, this.#keys[rows[way]!]!, order)) isMet[way] = 1
          number = before[way]!
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
      const slot = this.#ends.slotOfWay[way]!
      back.first = endsBack.first[slot]!
      back.limit = endsBack.first[slot + 1]!
      this.#pace.step(Math.min(begins.limit - begins.first, back.limit - back.first))
      let count = intersect(begins, back, found.list, Infinity)
      if (order !== undefined) count = inOrder(found.list, count, this.#keys[this.#ends.rows[way]!]!, order)
      if (!isFoundWanted) count = Math.min(count, 1)
      for (let i = 0; i < count; i++) this.#emit(way, found.list[i]!)
    }
  }

  #emit(way: number, found: number): void {
    this.#add(this.#ends.rows[way]!, this.#ends.slotOfWay[way]!, found)
  }

  /** A row with the d of a slot and a c. */
  #add(row: number, slot: number, found: number): void {
    const { isEndWanted, isFoundWanted } = this.#ways
    const output = this.#output
    if (isEndWanted) output.fresh[0]![output.count] = slot + this.#base
    if (isFoundWanted) output.fresh[Number(isEndWanted)]![output.count] = found
    output.add(row)
  }
}
