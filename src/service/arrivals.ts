// Requests that wait for what a database has not got yet: the next transaction of a live log, a t that somebody heard of. They are
// pushed, not polled: whoever waits is answered as soon as it is there. Waiting takes no place among the requests that are worked
// at, is bounded in time and by caller, and ends when the service stops. What a caller may see is found anew afterwards: a grant or
// a token may have been taken back.

import type { Timers } from '../base/env.ts'
import { traced } from '../base/span.ts'
import type { Caller } from '../access/caller.ts'
import type { Connection } from '../database/connection.ts'
import type { T } from '../fact/attribute.ts'
import { callerAsking, databasesOf } from './asking.ts'
import { tooManyRequests } from './errors.ts'
import { countIn, type RouteContext } from './route.ts'

export type ArrivalLimits = {
  /** How long one request waits. */
  readonly waitMsMax: number
  /** Requests of one caller that wait: fewer than it may have at once, so that it can still ask. */
  readonly callerCountMax: number
}
export const ARRIVAL_LIMITS: ArrivalLimits = { waitMsMax: 30_000, callerCountMax: 128 }

export class Arrivals {
  readonly #timers: Timers
  readonly #limits: ArrivalLimits
  readonly #waiting = new Set<AbortController>()
  readonly #counts = new Map<string, number>()
  #isStopping = false

  constructor(timers: Timers, limits: ArrivalLimits = ARRIVAL_LIMITS) {
    this.#timers = timers
    this.#limits = limits
  }

  get waitingCount(): number {
    return this.#waiting.size
  }

  /**
   * Resolves once the database has reached `t`, the time is over or the service stops. Throws `varve.error/too-many-requests`, and
   * rejects as the signal says once it aborted.
   */
  async reached(
    connection: Connection,
    t: T,
    {
      waitMs,
      signal,
      caller,
    }: { readonly waitMs: number; readonly signal: AbortSignal; readonly caller: Caller },
  ): Promise<void> {
    if (connection.value().basisT >= t || this.#isStopping) return
    const leave = this.#enter(caller)
    const over = new AbortController()
    const arrived = new AbortController()
    this.#waiting.add(over)
    const patience = this.#timers.sleep(Math.min(waitMs, this.#limits.waitMsMax), arrived.signal)
    patience.then(
      () => over.abort(),
      () => undefined,
    )
    try {
      await connection.sync(t, AbortSignal.any([signal, over.signal]))
    } catch (error) {
      if (signal.aborted || !over.signal.aborted) throw error
    } finally {
      arrived.abort()
      this.#waiting.delete(over)
      leave()
    }
  }

  /** Whoever waits is answered with what is there, and so is whoever comes. */
  stop(): void {
    this.#isStopping = true
    for (const over of this.#waiting) over.abort()
  }

  #enter({ kind, name }: Caller): () => void {
    const key = `${kind} ${name}`
    const count = this.#counts.get(key) ?? 0
    if (count >= this.#limits.callerCountMax) throw tooManyRequests(this.#limits.callerCountMax)
    this.#counts.set(key, count + 1)
    return () => {
      const left = this.#counts.get(key)! - 1
      if (left === 0) this.#counts.delete(key)
      else this.#counts.set(key, left)
    }
  }
}

/** Waits, and tells who asks and what shows by then. */
export async function afterArrival(
  context: RouteContext,
  { connection, t, waitMs }: { readonly connection: Connection; readonly t: T; readonly waitMs: number },
): Promise<RouteContext> {
  const { service, request, place, route, span } = context
  const { signal } = request
  await traced(span, 'wait for what comes', () =>
    place.aside(() => service.arrivals.reached(connection, t, { waitMs, signal, caller: context.caller })),
  )
  const caller = await callerAsking(service, request, route, span)
  return { ...context, caller, databases: await databasesOf(service, caller, span) }
}

export const WAIT_ABOUT = `milliseconds to wait where it is not there yet, at most ${ARRIVAL_LIMITS.waitMsMax}`

/** Undefined where nothing is waited for. */
export function waitOf(search: URLSearchParams): number | undefined {
  return countIn(search, 'waitMs')
}
