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
import { resultsOf, rowText } from '../procedures/sandbox-values.ts'
import type { CalledProcedures } from './called-procedures.ts'

/** So many rows go over at once, as so much text: what they take is bounded, and the way there hardly counts any more. */
const ROW_COUNT_MAX = 4_096
const TEXT_LENGTH_MAX = 4 << 20

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
    let texts: string[] = []
    let length = 0
    const send = (): void => {
      const given = runtime.run(procedure, `[${texts.join()}]`, { check, timeoutMs: Infinity })
      for (const result of resultsOf(procedure, given, texts.length)) results.push(result)
      texts = []
      length = 0
    }
    for (const row of rows) {
      const text = rowText(procedure, row)
      if (texts.length === ROW_COUNT_MAX || (texts.length > 0 && length + text.length > TEXT_LENGTH_MAX))
        send()
      texts.push(text)
      length += text.length
    }
    if (texts.length > 0) send()
    return results
  }
}
