// The bounds that one question keeps, whatever works for it: rows, time, a signal.

import type { EngineLimits } from '../plan/engine.ts'
import { queryCancelled, queryTimeout, tooManyRows } from './errors.ts'

const STEPS_BETWEEN_CHECKS = 4096

/** Counts the work of one query and stops it at its bounds. */
export class Budget {
  #limits: EngineLimits
  readonly #nowMs: () => number
  #steps = 0

  constructor(limits: EngineLimits, nowMs: () => number) {
    this.#limits = limits
    this.#nowMs = nowMs
    this.check()
  }

  /** Goes on with the bounds of another question. */
  restart(other: Budget): void {
    this.#limits = other.#limits
    this.#steps = 0
  }

  /** One small piece of work; looks at clock and signal every few thousand. */
  step(): void {
    if (++this.#steps < STEPS_BETWEEN_CHECKS) return
    this.#steps = 0
    this.check()
  }

  check(): void {
    const { signal, deadlineMs } = this.#limits
    if (signal?.aborted === true) throw queryCancelled(signal.reason)
    if (deadlineMs !== Infinity && this.#nowMs() > deadlineMs) throw queryTimeout()
  }

  /** A relation, named by `where`, has grown to this many rows. */
  holdRows(count: number, where: () => string): void {
    if (count > this.#limits.rowCountMax) throw tooManyRows(this.#limits.rowCountMax, where())
  }
}
