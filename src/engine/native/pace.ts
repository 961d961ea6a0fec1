// When to look at clock and signal, for work whose pieces differ: a list may have three numbers or a million.

import type { Budget } from '../budget.ts'

/** Numbers that are looked at between two looks at clock and signal. */
const CHECKED_COUNT = 1 << 16

export class Pace {
  readonly #budget: Budget
  #seenCount = 0

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** So many numbers are about to be looked at, or were. */
  step(count: number): void {
    this.#seenCount += count
    if (this.#seenCount < CHECKED_COUNT) return
    this.#seenCount = 0
    this.#budget.check()
  }
}
