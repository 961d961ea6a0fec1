// Queries that end their worker: whatever the reason (memory beyond the heap, a mistake of our own), the second time is the
// last for an hour, so that they harm nobody else. Known by their hash to this process alone: another text, a process that
// starts anew, or somebody who lets the query go begins from nothing.

import type { Clock } from '../base/env.ts'
import { queryQuarantined, quarantineUnknown } from './errors.ts'

const KILL_COUNT_MAX = 2
/** Queries whose ends are remembered. */
const QUERY_COUNT_MAX = 1_000
/** For so long after a query ended a worker last. */
const HELD_MS = 3_600_000

type Kills = { readonly count: number; readonly untilMs: number }
export type Quarantined = { readonly queryHash: string; readonly until: Date }

export class Quarantine {
  readonly #clock: Pick<Clock, 'nowMs'>
  /** The one that killed last is the last. */
  readonly #kills = new Map<string, Kills>()

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock
  }

  /** Throws `varve.error/query-quarantined`. */
  check(queryHash: string): void {
    const kills = this.#killsOf(queryHash)
    if (kills !== undefined && kills.count >= KILL_COUNT_MAX)
      throw queryQuarantined(queryHash, new Date(kills.untilMs))
  }

  /** The query took its worker with it. */
  killed(queryHash: string): void {
    const count = (this.#killsOf(queryHash)?.count ?? 0) + 1
    this.#kills.delete(queryHash)
    this.#kills.set(queryHash, { count, untilMs: this.#clock.nowMs() + HELD_MS })
    const [oldest] = this.#kills.keys()
    if (this.#kills.size > QUERY_COUNT_MAX) this.#kills.delete(oldest!)
  }

  list(): readonly Quarantined[] {
    const all: Quarantined[] = []
    for (const queryHash of this.#kills.keys()) {
      const kills = this.#killsOf(queryHash)
      if (kills !== undefined && kills.count >= KILL_COUNT_MAX)
        all.push({ queryHash, until: new Date(kills.untilMs) })
    }
    return all
  }

  /** It may be asked again. Throws `varve.error/quarantine-unknown`. */
  lift(queryHash: string): void {
    if (!this.list().some((each) => each.queryHash === queryHash)) throw quarantineUnknown(queryHash)
    this.#kills.delete(queryHash)
  }

  #killsOf(queryHash: string): Kills | undefined {
    const kills = this.#kills.get(queryHash)
    return kills !== undefined && kills.untilMs > this.#clock.nowMs() ? kills : undefined
  }
}
