// Walks over one attribute's references, from a thing to all that it leads to: each is marked by the number of the walk,
// so that nothing is cleared between walks. Things are near each other, as ids of one kind are: a mark is a place in an
// array. The queue of a walk is its answer.

import { type Check, inBatches } from '../../base/batches.ts'
import { isPlanted } from '../../base/planted.ts'
import type { Budget } from '../budget.ts'
import type { Adjacency } from './adjacency.ts'
import type { NumberList } from './number-list.ts'

/** A range of things this many times as wide as there are references still has a place for each. */
const SPREAD_MAX = 4
const SPREAD_FREE = 65_536
const QUEUE_LENGTH_START = 1_024
/** Things that are walked from between two looks at clock and signal. */
const CHECKED_COUNT = 1 << 14

export class DenseWalk {
  readonly #adjacency: Adjacency
  /** The place of each target of the adjacency. */
  readonly #places: Int32Array
  /** The last walk that met the thing of each place. */
  readonly #marks: Int32Array
  /** The thing of the first place. */
  readonly #least: number
  /** Places in the order in which a walk meets them. */
  #queue = new Int32Array(QUEUE_LENGTH_START)
  #walk = 0

  private constructor(adjacency: Adjacency, { least, greatest }: Range, check: Check) {
    this.#adjacency = adjacency
    this.#least = least
    this.#places = placesOf(adjacency.targets, least, check)
    this.#marks = new Int32Array(Math.max(0, greatest - least + 1))
  }

  get byteCount(): number {
    return this.#places.byteLength + 2 * this.#marks.byteLength
  }

  /** Undefined where things are not near each other. Whoever walks the same references shares the marks. */
  static of(adjacency: Adjacency, check: Check): DenseWalk | undefined {
    const known = walks.get(adjacency)
    if (known !== undefined) return known
    const { targets, lookup } = adjacency
    const ends = rangeOf(targets, check)
    const range = ends.greatest - ends.least
    if (lookup.base === undefined || range >= targets.length * SPREAD_MAX + SPREAD_FREE) return undefined
    const walk = new DenseWalk(adjacency, ends, check)
    walks.set(adjacency, walk)
    return walk
  }

  /** Appends all that is reached from `seed` by one reference or more, each once. */
  reach(seed: number, answers: NumberList, budget: Budget): void {
    const least = this.#least
    // Of a seed that is no whole number there is no place.
    const count = Number.isInteger(seed) ? this.#meet(seed, budget) : 0
    answers.reserve(count)
    const { numbers, count: before } = answers
    const queue = this.#queue
    for (let i = 0; i < count; i++) numbers[before + i] = queue[i]! + least
    answers.count = before + count
  }

  /** Fills the queue with all that is reached; how many they are. */
  #meet(seed: number, budget: Budget): number {
    const { first, lookup } = this.#adjacency
    const slotCount = first.length - 1
    const places = this.#places
    const marks = this.#marks
    const shift = this.#least - lookup.base!
    const walk = this.#next()
    if (isPlanted('closure-never-comes-back')) marks[seed - this.#least] = walk
    let queue = this.#queue
    let count = 0
    let next = 0
    for (let slot = seed - lookup.base!; ; slot = queue[next++]! + shift) {
      if (slot >= 0 && slot < slotCount) {
        const begin = first[slot]!
        const limit = first[slot + 1]!
        if (count + limit - begin > queue.length) queue = this.#grow(count + limit - begin)
        for (let i = begin; i < limit; i++) {
          const place = places[i]!
          queue[count] = place
          count += +(marks[place] !== walk)
          marks[place] = walk
        }
      }
      if (next === count) return count
      if (next % CHECKED_COUNT === 0) budget.check()
    }
  }

  #grow(length: number): Int32Array<ArrayBuffer> {
    const longer = new Int32Array(2 * length)
    longer.set(this.#queue)
    return (this.#queue = longer)
  }

  #next(): number {
    if (this.#walk === 2 ** 31 - 1) {
      this.#marks.fill(0)
      this.#walk = 0
    }
    return ++this.#walk
  }
}

type Range = { readonly least: number; readonly greatest: number }

function rangeOf(targets: Float64Array, check: Check): Range {
  let least = Infinity
  let greatest = -Infinity
  for (const [first, limit] of inBatches(targets.length, check)) {
    for (let i = first; i < limit; i++) {
      if (targets[i]! < least) least = targets[i]!
      if (targets[i]! > greatest) greatest = targets[i]!
    }
  }
  return { least, greatest }
}

function placesOf(targets: Float64Array, least: number, check: Check): Int32Array {
  const places = new Int32Array(targets.length)
  for (const [first, limit] of inBatches(targets.length, check))
    for (let i = first; i < limit; i++) places[i] = targets[i]! - least
  return places
}

const walks = new WeakMap<Adjacency, DenseWalk>()
