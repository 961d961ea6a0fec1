// What runs procedures, whatever it is made of. It answers at once, on the thread that asks, since engines and the
// transactor call functions in the midst of their work; what it calls runs elsewhere, and ends when it is told to.

import type { Check } from '../base/batches.ts'
import type { Procedure } from './procedure.ts'

export type RunBounds = {
  /** Asked again and again while a procedure runs; throws where whoever asked gives up. */
  readonly check: Check
  /** For all rows together; Infinity where `check` is enough. */
  readonly timeoutMs: number
  /** Answers what a transaction procedure asks of the database, in the time that is left to it: JSON for JSON. */
  readonly read?: (question: string, timeoutMs: number) => string
}

export interface ProcedureRuntime extends AsyncDisposable {
  /** Gets ready, so that the first call does not wait for it. */
  warm(): void
  /**
   * Calls the procedure once for each row of arguments, in their order. Rows and results are Varve's JSON, an array of
   * arrays and an array (sandbox-values.ts). Throws what stands in errors.ts, and what `check` and `read` throw.
   */
  run(procedure: Procedure, rows: string, bounds: RunBounds): string
}
