// What can become of a question that is put to DuckDB, beside what any engine answers.

import { VarveError } from '../../base/errors.ts'
import { ENDED_WORKER } from '../../query/run-errors.ts'

/** The engine cannot give Varve's answer, and approximates none. */
export function engineRefused(reason: string): VarveError {
  return new VarveError({
    code: 'varve.error/engine-refused',
    kind: 'unsupported',
    message: `DuckDB cannot give Varve's answer to this question: ${reason}`,
    fix: 'Ask without naming an engine: the native one answers every question',
    data: { engine: 'duckdb', reason },
  })
}

export function driverMissing(cause: string): VarveError {
  return new VarveError({
    code: 'varve.error/duckdb-missing',
    kind: 'unsupported',
    message: 'DuckDB, which was asked for as engine, is not installed',
    fix: 'Install it beside varve: npm install @duckdb/node-api',
    data: { cause },
  })
}

/** Native code crashed, or somebody ended the process. */
export function processEnded(cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/duckdb-ended',
    kind: 'fault',
    message: 'The process in which DuckDB answers ended before it had answered',
    fix: 'Ask again: a new one is started. If it ends again, ask the native engine and report the question',
    data: { [ENDED_WORKER]: true },
    cause,
  })
}

/** DuckDB refuses SQL that Varve wrote: our own mistake, found by somebody's question. */
export function sqlFailed(message: string): VarveError {
  return new VarveError({
    code: 'varve.error/sql-failed',
    kind: 'fault',
    message: `DuckDB did not take the SQL of this question: ${message}`,
    fix: 'Ask without naming an engine, and report the question',
    data: { message },
  })
}

export function memoryExceeded(message: string): VarveError {
  return new VarveError({
    code: 'varve.error/query-out-of-memory',
    kind: 'incorrect',
    message: 'The query needed more memory and disk than DuckDB may have',
    fix: 'Join clauses by a shared variable, bind more, aggregate, or ask shard by shard with (mod ?e n)',
    data: { message },
  })
}
