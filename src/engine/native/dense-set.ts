// Whole numbers near each other, as bits: entities of one kind, places in a domain, numbers of rows. To find whether a
// number is there costs a look at one bit, and they come out in their order.

import type { Budget } from '../budget.ts'

/** Bits of a set at most: 8 MiB. */
const BIT_COUNT_MAX = 1 << 26
/** Bits that a set may have whatever it holds, and bits for each number beyond that. */
const BIT_COUNT_FREE = 1 << 16
const BITS_PER_NUMBER_MAX = 64

export class DenseSet {
  readonly #budget: Budget
  /** How many numbers there are. */
  count = 0
  /** The number of the first bit, a multiple of 32; the greatest that room was reserved for. */
  #base = Infinity
  #greatest = -Infinity
  #words = new Int32Array(0)

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** Forgets all numbers. */
  clear(): void {
    this.count = 0
    this.#base = Infinity
    this.#greatest = -Infinity
    this.#budget.release(this.#words.byteLength)
    this.#words = new Int32Array(0)
  }

  /** True where there is room for these numbers as well: else nothing changes. */
  reserve(numbers: Float64Array, count: number): boolean {
    let least = this.#base
    let greatest = this.#greatest
    for (let i = 0; i < count; i++) {
      const number = numbers[i]!
      if (number !== Math.trunc(number)) return false
      if (number < least) least = number
      if (number > greatest) greatest = number
    }
    if (count === 0) return true
    const base = Math.floor(least / 32) * 32
    const bitCountMax = Math.max(BIT_COUNT_FREE, (this.count + count) * BITS_PER_NUMBER_MAX)
    if (!(greatest - base < Math.min(BIT_COUNT_MAX, bitCountMax))) return false
    this.#grow(base, greatest)
    return true
  }

  /** Adds what there was room reserved for; the places of those that are new go into `picked`. How many they are. */
  add(numbers: Float64Array, count: number, picked: Int32Array): number {
    const words = this.#words
    const base = this.#base
    let newCount = 0
    for (let i = 0; i < count; i++) {
      const place = numbers[i]! - base
      const bit = 1 << (place & 31)
      const word = words[place >>> 5]!
      words[place >>> 5] = word | bit
      picked[newCount] = i
      newCount += +((word & bit) === 0)
    }
    this.count += newCount
    return newCount
  }

  /** Writes the places of the numbers that are in the set into `picked`; how many they are. */
  pick(numbers: Float64Array, count: number, picked: Int32Array): number {
    const words = this.#words
    const base = this.#base
    const limit = words.length * 32
    let left = 0
    for (let i = 0; i < count; i++) {
      const place = numbers[i]! - base
      picked[left] = i
      // A fraction or NaN is no place.
      if (place >= 0 && place < limit && (place | 0) === place)
        left += (words[place >>> 5]! >>> (place & 31)) & 1
    }
    return left
  }

  /** The numbers, ascending. */
  ascending(): Float64Array {
    const numbers = new Float64Array(this.count)
    let at = 0
    for (let index = 0; index < this.#words.length; index++) {
      for (let word = this.#words[index]!; word !== 0; word &= word - 1) {
        numbers[at++] = this.#base + index * 32 + (31 - Math.clz32(word & -word))
      }
    }
    return numbers
  }

  #grow(base: number, greatest: number): void {
    const shift = this.#words.length === 0 ? 0 : (this.#base - base) / 32
    const wordCount = Math.floor((greatest - base) / 32) + 1
    this.#base = base
    this.#greatest = greatest
    if (shift === 0 && wordCount <= this.#words.length) return
    const length = Math.max(wordCount, this.#words.length + shift, this.#words.length * 2)
    this.#budget.hold(length * Int32Array.BYTES_PER_ELEMENT)
    const words = new Int32Array(length)
    words.set(this.#words, shift)
    this.#budget.release(this.#words.byteLength)
    this.#words = words
  }
}
