// Rows of a list by value: the last row of each value, and for each row the one before it with the same value. A hash
// table of typed arrays over the rows of the list, which holds the values: a map would keep a string or an object for
// each of them, and be made anew string by string whenever novelty is cut off at an index.

import type { Value } from '../fact/value.ts'
import { hashOfValue } from '../fact/value-hash.ts'
import type { ValueList } from './value-list.ts'

const CAPACITY_FIRST = 16

export class ValueChains {
  readonly #values: ValueList
  /** By hash: the last row, −1 where there is none. A power of two. */
  #lasts = new Int32Array(CAPACITY_FIRST).fill(-1)
  /** By row: the hash of its value, and the row before it that shares its place in `#lasts`. */
  #hashes = new Int32Array(CAPACITY_FIRST)
  #befores = new Int32Array(CAPACITY_FIRST)
  #count = 0

  constructor(values: ValueList) {
    this.#values = values
  }

  /** Of `values`, which are those of this list from `first` on: their hashes need not be made again. */
  from(first: number, values: ValueList): ValueChains {
    const rest = new ValueChains(values)
    const count = Math.max(0, this.#count - first)
    rest.#makeRoom(count)
    rest.#hashes.set(this.#hashes.subarray(first, first + count))
    while (rest.#count < count) rest.#link(rest.#count++)
    return rest
  }

  /** Takes the values that were pushed to the list and not taken yet. */
  addAll(): void {
    while (this.#count < this.#values.length) {
      if (this.#count === this.#lasts.length) this.#makeRoom(this.#count + 1)
      const row = this.#count++
      this.#hashes[row] = this.#values.hashAt(row)
      this.#link(row)
    }
  }

  last(v: Value): number {
    const hash = hashOfValue(v)
    let row = this.#lasts[hash & (this.#lasts.length - 1)]!
    while (row >= 0 && !(this.#hashes[row] === hash && this.#values.isAt(row, v))) row = this.#befores[row]!
    return row
  }

  before(row: number): number {
    const hash = this.#hashes[row]!
    let other = this.#befores[row]!
    while (other >= 0 && !(this.#hashes[other] === hash && this.#values.compare(other, row) === 0)) {
      other = this.#befores[other]!
    }
    return other
  }

  #link(row: number): void {
    const place = this.#hashes[row]! & (this.#lasts.length - 1)
    this.#befores[row] = this.#lasts[place]!
    this.#lasts[place] = row
  }

  #makeRoom(count: number): void {
    let capacity = this.#lasts.length
    while (capacity < count) capacity *= 2
    const hashes = new Int32Array(capacity)
    hashes.set(this.#hashes)
    this.#hashes = hashes
    this.#befores = new Int32Array(capacity)
    this.#lasts = new Int32Array(capacity).fill(-1)
    for (let row = 0; row < this.#count; row++) this.#link(row)
  }
}
