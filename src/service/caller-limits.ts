// What one caller may have at once, so that nobody harms the others: requests in flight, workers, and of each question its
// rows, bytes and time. What a token says holds where it is less than what the service allows anybody.

import type { AskLimits } from '../query/ask.ts'
import type { Share } from '../query/fair-queue.ts'
import { tooManyRequests } from './errors.ts'
import type { Caller } from '../access/caller.ts'

/** Requests of one caller that are being answered, unless its token says less. */
export const CONCURRENCY_MAX = 256

export class CallersInFlight {
  readonly #counts = new Map<string, number>()
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Throws `varve.error/too-many-requests`. What it gives is called once, when the answer has left. */
  enter({ name, kind, limits }: Caller): () => void {
    const key = `${kind} ${name}`
    const count = this.#counts.get(key) ?? 0
    const countMax = limits?.concurrency ?? CONCURRENCY_MAX
    if (count >= countMax) throw tooManyRequests(countMax)
    this.#counts.set(key, count + 1)
    this.#count++
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      this.#count--
      const left = (this.#counts.get(key) ?? 1) - 1
      if (left === 0) this.#counts.delete(key)
      else this.#counts.set(key, left)
    }
  }
}

/** The bounds of a question of this caller. */
export function limitsFor<Limits extends AskLimits>(limits: Limits, { limits: own = {} }: Caller): Limits {
  return {
    ...limits,
    timeoutMs: least(limits.timeoutMs, own.timeoutMs),
    timeoutMsMax: least(limits.timeoutMsMax, own.timeoutMs),
    rowCountMax: least(limits.rowCountMax, own.rowCount),
    memoryBytes: least(limits.memoryBytes, own.memoryBytes),
    memoryBytesMax: least(limits.memoryBytesMax, own.memoryBytes),
    answerBytesMax: least(limits.answerBytesMax, own.answerBytes),
  }
}

/** What it may have of the workers. */
export function shareOf({ name, kind, limits }: Caller): Share {
  return { name: `${kind} ${name}`, workerCountMax: limits?.workers ?? Infinity }
}

function least(limit: number, own: number | undefined): number {
  return own === undefined ? limit : Math.min(limit, own)
}
