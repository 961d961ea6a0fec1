// Stored procedures as the functions that engines call.

import type { Edn } from '../fact/value.ts'
import {
  NO_STORED_FUNCTIONS,
  type StoredAggregate,
  type StoredFunction,
  type StoredFunctions,
} from '../plan/functions.ts'
import type { Procedure } from '../procedures/procedure.ts'
import { ProcedureSet } from '../procedures/procedure-set.ts'
import type { ProcedureRuntime } from '../procedures/runtime.ts'
import { resultsOf, rowsText } from '../procedures/sandbox-values.ts'
import type { CalledProcedures } from './called-procedures.ts'

/** So many rows go over at once: what they take is bounded, and the way there hardly counts any more. */
const ROW_COUNT_MAX = 4_096

/** What a question calls, run by the runtime. */
export function storedFunctions(
  called: CalledProcedures,
  runtime: ProcedureRuntime | undefined,
): StoredFunctions {
  if (called.size === 0 || runtime === undefined) return NO_STORED_FUNCTIONS
  const functions = new Map<string, StoredFunction>()
  const aggregates = new Map<string, StoredAggregate>()
  for (const [name, procedure] of called) {
    const run = runOf(procedure, runtime)
    if (procedure.kind !== 'aggregate') functions.set(name, run)
    else aggregates.set(name, (values, leading, check) => run([[...leading, values]], check)[0]!)
  }
  return { functions, aggregates, hash: new ProcedureSet(called.values()).hash }
}

function runOf(procedure: Procedure, runtime: ProcedureRuntime): StoredFunction {
  return (rows, check) => {
    const results: Edn[] = []
    for (let first = 0; first < rows.length; first += ROW_COUNT_MAX) {
      const part = rowsText(procedure, rows.slice(first, first + ROW_COUNT_MAX))
      for (const result of resultsOf(procedure, runtime.run(procedure, part, { check, timeoutMs: Infinity })))
        results.push(result)
    }
    return results
  }
}
