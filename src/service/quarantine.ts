// Queries that end their worker: whatever the reason (memory beyond the heap, a mistake of our own), the second time is the
// last. Until the process starts anew nobody may ask them, so that they harm nobody else.

import { Recent } from '../base/recent.ts'
import { VarveError } from '../base/errors.ts'
import { ENDED_WORKER } from '../query/run-errors.ts'
import { queryQuarantined } from './errors.ts'

const KILL_COUNT_MAX = 2
/** Queries whose ends are remembered. */
const QUERY_COUNT_MAX = 1_000

export class Quarantine {
  readonly #killCounts = new Recent<string, number>(QUERY_COUNT_MAX)

  /** Throws `varve.error/query-quarantined`. */
  check(queryHash: string): void {
    if ((this.#killCounts.get(queryHash) ?? 0) >= KILL_COUNT_MAX) throw queryQuarantined(queryHash)
  }

  failed(queryHash: string, error: unknown): void {
    if (!(error instanceof VarveError) || error.data[ENDED_WORKER] !== true) return
    this.#killCounts.set(queryHash, (this.#killCounts.get(queryHash) ?? 0) + 1)
  }
}
