// Numbers one behind the other, in an array that doubles, counted among what the question holds.

import type { Budget } from '../budget.ts'

const CAPACITY_START = 64

export class NumberList {
  count = 0
  numbers = new Float64Array(CAPACITY_START)
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** Makes room for so many more. */
  reserve(moreCount: number): void {
    const wanted = this.count + moreCount
    if (wanted <= this.numbers.length) return
    const capacity = Math.max(wanted, this.numbers.length * 2)
    this.#budget.hold((capacity - this.numbers.length) * Float64Array.BYTES_PER_ELEMENT)
    const larger = new Float64Array(capacity)
    larger.set(this.numbers.subarray(0, this.count))
    this.numbers = larger
  }

  add(number: number): void {
    this.reserve(1)
    this.numbers[this.count++] = number
  }

  /** Writes a number at a place; places before it that were never written hold −1. */
  set(index: number, number: number): void {
    if (index >= this.count) {
      this.reserve(index + 1 - this.count)
      this.numbers.fill(-1, this.count, index + 1)
      this.count = index + 1
    }
    this.numbers[index] = number
  }

  /** −1 behind the last. */
  at(index: number): number {
    return index < this.count ? this.numbers[index]! : -1
  }

  /** Forgets all numbers, and gives back their room. */
  release(): void {
    this.#budget.release((this.numbers.length - CAPACITY_START) * Float64Array.BYTES_PER_ELEMENT)
    this.numbers = new Float64Array(CAPACITY_START)
    this.count = 0
  }
}
