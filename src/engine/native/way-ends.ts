// Ways that wait where they end (two-ways-operator.ts): a slot for each target of an adjacency, and by slot the last way that waits
// there. Ways are numbered on and on, so that nothing is cleared between those of one thing and of the next, nor between
// questions: a number that is not above the floor is none of theirs. Whoever takes the ends has them alone until they are given
// back; who stops in the midst loses them.

import { type Check, inBatches } from '../../base/batches.ts'
import type { Budget } from '../budget.ts'
import type { Adjacency } from './adjacency.ts'

const WAY_NUMBER_MAX = 2 ** 31 - 1
const WAY_COUNT_START = 1 << 10
/** Room for more ways than these, 3.3 MiB, is not kept. */
const WAY_COUNT_KEPT = 1 << 18
/** Three numbers and a mark. */
const WAY_BYTES = 13

export class WayEnds {
  /** By the place of a target in `ends.targets`; −1 where nothing ends. */
  readonly slots: Int32Array
  /** By slot, the number of the last way. */
  readonly last: Int32Array
  /** The greatest number of the ways before. */
  floor = 0
  /** By way: its row, its slot, the number of the way before it that ends there, and whether it was met. */
  rows!: Int32Array
  slotOfWay!: Int32Array
  before!: Int32Array
  isMet!: Uint8Array<ArrayBuffer>

  private constructor(ends: Adjacency, endsBack: Adjacency, check: Check) {
    const { targets } = ends
    const base = endsBack.lookup.base!
    const slotCount = endsBack.first.length - 1
    this.slots = new Int32Array(targets.length)
    for (const [first, limit] of inBatches(targets.length, check)) {
      for (let at = first; at < limit; at++) {
        const slot = targets[at]! - base
        this.slots[at] = slot >= 0 && slot < slotCount ? slot : -1
      }
    }
    this.last = new Int32Array(slotCount)
    this.#makeRoom(WAY_COUNT_START)
  }

  /** `endsBack` leads back from what `ends` leads to; things are near each other. */
  static take(ends: Adjacency, endsBack: Adjacency, check: Check): WayEnds {
    const known = given.get(ends)
    given.delete(ends)
    return known ?? new WayEnds(ends, endsBack, check)
  }

  giveBack(ends: Adjacency): void {
    if (this.rows.length > WAY_COUNT_KEPT) this.#makeRoom(WAY_COUNT_START)
    given.set(ends, this)
  }

  get byteCount(): number {
    return this.slots.byteLength + this.last.byteLength + this.rows.length * WAY_BYTES
  }

  /** Makes room, and sees to it that there are numbers, for so many ways; those that wait keep their row and slot. */
  reserve(wayCount: number, budget: Budget): void {
    if (this.floor + wayCount > WAY_NUMBER_MAX) {
      this.last.fill(0)
      this.floor = 0
    }
    const { rows, slotOfWay } = this
    if (wayCount <= rows.length) return
    const count = Math.max(wayCount, 2 * rows.length)
    budget.hold((count - rows.length) * WAY_BYTES)
    this.#makeRoom(count)
    this.rows.set(rows)
    this.slotOfWay.set(slotOfWay)
  }

  #makeRoom(wayCount: number): void {
    this.rows = new Int32Array(wayCount)
    this.slotOfWay = new Int32Array(wayCount)
    this.before = new Int32Array(wayCount)
    this.isMet = new Uint8Array(wayCount)
  }
}

const given = new WeakMap<Adjacency, WayEnds>()
