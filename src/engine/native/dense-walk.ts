// Walks over one attribute's references, from a thing to all that it leads to: each is marked by the number of the walk,
// so that nothing is cleared between walks. Things are near each other, as ids of one kind are: a mark is a place in an
// array. The queue of a walk is its answer.

import { isPlanted } from '../../base/planted.ts'
import type { Budget } from '../budget.ts'
import type { Adjacency } from './adjacency.ts'
import type { NumberList } from './number-list.ts'

/** A range of things this many times as wide as there are references still has a place for each. */
const SPREAD_MAX = 4
const SPREAD_FREE = 65_536
/** Things that are walked from between two looks at clock and signal. */
const CHECKED_COUNT = 1 << 14

export class DenseWalk {
  readonly #adjacency: Adjacency
  /** The last walk that met each thing. */
  readonly #marks: Int32Array
  /** The thing of the first mark. */
  readonly #least: number
  #walk = 0

  private constructor(adjacency: Adjacency, least: number, range: number) {
    this.#adjacency = adjacency
    this.#least = least
    this.#marks = new Int32Array(range)
  }

  get byteCount(): number {
    return this.#marks.byteLength
  }

  /** Undefined where things are not near each other. Whoever walks the same references shares the marks. */
  static of(adjacency: Adjacency): DenseWalk | undefined {
    const known = walks.get(adjacency)
    if (known !== undefined) return known
    const { targets, lookup } = adjacency
    let least = Infinity
    let greatest = -Infinity
    for (let i = 0; i < targets.length; i++) {
      if (targets[i]! < least) least = targets[i]!
      if (targets[i]! > greatest) greatest = targets[i]!
    }
    const range = targets.length === 0 ? 0 : greatest - least + 1
    if (lookup.base === undefined || range > targets.length * SPREAD_MAX + SPREAD_FREE) return undefined
    const walk = new DenseWalk(adjacency, least, range)
    walks.set(adjacency, walk)
    return walk
  }

  /** Appends all that is reached from `seed` by one reference or more, each once. */
  reach(seed: number, answers: NumberList, budget: Budget): void {
    const { first, targets, lookup } = this.#adjacency
    const base = lookup.base!
    const slotCount = first.length - 1
    const marks = this.#marks
    const least = this.#least
    const walk = this.#next()
    if (isPlanted('closure-never-comes-back')) marks[seed - least] = walk
    let next = answers.count
    let checked = next + CHECKED_COUNT
    for (let node = seed; ; node = answers.numbers[next++]!) {
      const slot = node - base
      if (slot >= 0 && slot < slotCount && slot === Math.trunc(slot)) {
        const limit = first[slot + 1]!
        answers.reserve(limit - first[slot]!)
        const { numbers } = answers
        let { count } = answers
        for (let i = first[slot]!; i < limit; i++) {
          const target = targets[i]!
          const place = target - least
          numbers[count] = target
          count += Number(marks[place] !== walk)
          marks[place] = walk
        }
        answers.count = count
      }
      if (next === answers.count) return
      if (next < checked) continue
      budget.check()
      checked = next + CHECKED_COUNT
    }
  }

  #next(): number {
    if (this.#walk === 2 ** 31 - 1) {
      this.#marks.fill(0)
      this.#walk = 0
    }
    return ++this.#walk
  }
}

const walks = new WeakMap<Adjacency, DenseWalk>()
