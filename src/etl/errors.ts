// What can be wrong with an import as a whole. What is wrong with a single row does not stop it: reject.ts.

import { VarveError } from '../base/errors.ts'

/** Neither text nor Parquet, or text in another encoding. */
export function formatUnknown(path: string, what: string, fix: string): VarveError {
  return new VarveError({
    code: 'varve.error/import-format-unknown',
    kind: 'unsupported',
    message: `${path} cannot be imported: ${what}`,
    fix,
    data: { path },
  })
}

export function rowTooLong(path: string, lengthMax: number): VarveError {
  return formatUnknown(
    path,
    `a row goes on for more than ${lengthMax.toLocaleString('en')} characters`,
    'Give a file with one row a line',
  )
}

export function fileBroken(path: string, why: string): VarveError {
  return new VarveError({
    code: 'varve.error/import-file-broken',
    kind: 'incorrect',
    message: `${path} is no whole Parquet file: ${why}`,
    fix: 'Fetch the file again; if it was still being written, wait for its end',
    data: { path, why },
  })
}

export function parquetReaderMissing(path: string): VarveError {
  return new VarveError({
    code: 'varve.error/parquet-reader-missing',
    kind: 'unsupported',
    message: `${path} is Parquet, and DuckDB, which reads foreign Parquet files, is not installed`,
    fix: 'Install it with `npm install @duckdb/node-api`, or export the data as CSV or JSON lines',
    data: { path },
  })
}

export function headerInvalid(path: string, message: string, fix: string): VarveError {
  return new VarveError({
    code: 'varve.error/import-header-invalid',
    kind: 'incorrect',
    message: `The header of ${path} cannot be used: ${message}`,
    fix,
    data: { path, place: { source: path, line: 1, column: 1 } },
  })
}

export function columnUnknown(
  column: string,
  near: string | undefined,
  known: readonly string[],
): VarveError {
  return new VarveError({
    code: 'varve.error/import-column-unknown',
    kind: 'incorrect',
    message: `The file has no column ${column}`,
    fix: near === undefined ? `Its columns are ${known.join(', ')}` : `Did you mean ${near}?`,
    data: { column, nearest: near, columns: known },
  })
}

export function mappingInvalid(message: string, fix: string, data: Record<string, unknown> = {}): VarveError {
  return new VarveError({
    code: 'varve.error/import-mapping-invalid',
    kind: 'incorrect',
    message,
    fix,
    data,
  })
}

/** Rows would lie before what the database already knows. */
export function beforeKnown(first: Date, last: Date): VarveError {
  return new VarveError({
    code: 'varve.error/import-before-known',
    kind: 'conflict',
    message: `The first row was known at ${first.toISOString()}, but the database already has a transaction of ${last.toISOString()}; nothing was written`,
    fix: 'Import history into a new database, before anything newer; or leave out --as-known-at and keep the moment as an ordinary attribute',
    data: { first: first.toISOString(), last: last.toISOString() },
  })
}

/** Somebody else imports the same file with the same mapping at this moment. */
export function overtaken(cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/import-overtaken',
    kind: 'conflict',
    message: 'Another process imports this very file at the same time',
    fix: 'Let one of them go on; started again, an import goes on where the last one stopped',
    cause,
  })
}

export function rowsRejected(count: number, path: string): VarveError {
  return new VarveError({
    code: 'varve.error/import-rejected',
    kind: 'incorrect',
    message: `${count.toLocaleString('en')} rows cannot be imported as they are, and --strict allows none`,
    fix: `Mend the rows that ${path} lists, or import without --strict`,
    data: { count, rejects: path },
  })
}

export function declined(): VarveError {
  return new VarveError({
    code: 'varve.error/import-declined',
    kind: 'interrupted',
    message: 'Nothing was imported',
    fix: 'Change the mapping by flags or by --mapping (--print-mapping gives a file to edit), then import again',
  })
}
