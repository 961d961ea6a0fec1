// Who is answered next when more is asked than can be answered. So many requests are worked at at once; the others wait,
// and whoever came last goes first: its client will wait longest yet, while first come, first served would make everybody
// late alike. Whoever has waited too long is told that the service is busy, which takes next to nothing, and not before:
// a client that is refused at once asks again at once.
//
// Scans that wait for a worker have come in already, and hold a place while nothing is done for them. Whoever comes while
// no place is free takes that of one of them, so nobody is refused here while a scan waits.

import type { Timers } from '../base/env.ts'
import type { Pool } from '../query/waiting-scans.ts'
import { serviceBusy } from './errors.ts'

export type AdmissionLimits = {
  /** Requests that are worked at at once: more than wait for workers at most, so that what needs none finds a place. */
  readonly runningCountMax: number
  /** Requests that wait. When there are more, the oldest is refused. */
  readonly waitingCountMax: number
  readonly waitMsMax: number
}
export const ADMISSION_LIMITS: AdmissionLimits = {
  runningCountMax: 512,
  waitingCountMax: 8_192,
  waitMsMax: 2_000,
}
/** How often it is looked who has waited too long. */
const LOOKS_PER_WAIT = 10
const NO_SCANS: Pool = { waitingCount: 0, shed: () => false }

type Waiting = {
  readonly signal: AbortSignal
  readonly admit: () => void
  readonly refuse: (error: unknown) => void
  /** How often it was looked since it came. */
  lookCount: number
}

export class Admission {
  readonly #timers: Timers
  readonly #limits: AdmissionLimits
  readonly #scans: Pool
  /** The oldest first. */
  readonly #waiting: Waiting[] = []
  #runningCount = 0
  #looking: Disposable | undefined

  constructor(timers: Timers, options: Partial<AdmissionLimits> & { readonly scans?: Pool } = {}) {
    const { scans = NO_SCANS, ...limits } = options
    this.#timers = timers
    this.#scans = scans
    this.#limits = { ...ADMISSION_LIMITS, ...limits }
  }

  get waitingCount(): number {
    return this.#waiting.length
  }

  /**
   * Resolves when it is its turn; whoever entered leaves once. Undefined where it is now: most need not wait for a promise.
   * Rejects with `varve.error/service-busy`, or as the signal says once it aborted.
   */
  enter(signal: AbortSignal): Promise<void> | undefined {
    if (this.#runningCount < this.#limits.runningCountMax) {
      this.#runningCount++
      return undefined
    }
    const { promise, resolve: admit, reject: refuse } = Promise.withResolvers<void>()
    this.#waiting.push({ signal, admit, refuse, lookCount: 0 })
    // The place of a scan that goes is free in a moment.
    if (!this.#scans.shed() && this.#waiting.length > this.#limits.waitingCountMax) this.#refuseOldest(1)
    this.#looking ??= this.#timers.repeat(this.#limits.waitMsMax / LOOKS_PER_WAIT, () => this.#look())
    return promise
  }

  /** The newest that waits takes the place. */
  leave(): void {
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      if (!next.signal.aborted) {
        next.admit()
        return
      }
      next.refuse(next.signal.reason)
    }
    this.#runningCount--
  }

  #look(): void {
    this.#passOverGone()
    let placeCount = 0
    while (placeCount < this.#waiting.length && this.#scans.shed()) placeCount++
    for (const each of this.#waiting) each.lookCount++
    const young = this.#waiting.findIndex(({ lookCount }) => lookCount <= LOOKS_PER_WAIT)
    const oldCount = young < 0 ? this.#waiting.length : young
    this.#refuseOldest(Math.min(oldCount, this.#waiting.length - placeCount))
    if (this.#waiting.length > 0) return
    this.#looking?.[Symbol.dispose]()
    this.#looking = undefined
  }

  #passOverGone(): void {
    const gone = this.#waiting.filter(({ signal }) => signal.aborted)
    for (const each of gone) {
      this.#waiting.splice(this.#waiting.indexOf(each), 1)
      each.refuse(each.signal.reason)
    }
  }

  #refuseOldest(count: number): void {
    for (const { refuse } of this.#waiting.splice(0, count)) refuse(serviceBusy())
  }
}

/** The place of one request among those that are worked at. */
export class Place {
  readonly #admission: Admission
  readonly #signal: AbortSignal
  #isIn = false

  constructor(admission: Admission, signal: AbortSignal) {
    this.#admission = admission
    this.#signal = signal
  }

  /** As `enter` of the admission. */
  enter(): Promise<void> | undefined {
    const entering = this.#admission.enter(this.#signal)
    if (entering !== undefined) return entering.then(() => void (this.#isIn = true))
    this.#isIn = true
    return undefined
  }

  /** Gives it up while something is waited for that takes no work. */
  async aside(wait: () => Promise<void>): Promise<void> {
    this.leave()
    await wait()
    await this.enter()
  }

  /** Once more does nothing. */
  leave(): void {
    if (!this.#isIn) return
    this.#isIn = false
    this.#admission.leave()
  }
}
