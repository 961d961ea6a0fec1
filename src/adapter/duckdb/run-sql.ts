// SQL over the files of an index, answered by DuckDB in this process. Only for SQL and files of our own: what
// people bring runs where a crash cannot take the process down.

import type { DuckDBValue } from '@duckdb/node-api'
import { type Edn, Uuid } from '../../fact/value.ts'

export type SqlAnswer = { readonly columns: readonly string[]; readonly rows: readonly (readonly Edn[])[] }

/** Runs `setup` (view definitions), then `sql`, in a database of its own in memory. */
export async function runSql(setup: string, sql: string): Promise<SqlAnswer> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '2GB' })
  const connection = await instance.connect()
  try {
    await connection.run(setup)
    const reader = await connection.runAndReadAll(sql)
    return { columns: reader.columnNames(), rows: reader.getRows().map((row) => row.map(ednOf)) }
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function ednOf(value: DuckDBValue): Edn {
  switch (typeof value) {
    case 'boolean':
    case 'number':
    case 'string':
      return value
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value
    default:
      if (value === null) return null
      if ('micros' in value && typeof value.micros === 'bigint')
        return new Date(Number(value.micros / 1_000n))
      if ('millis' in value && typeof value.millis === 'bigint') return new Date(Number(value.millis))
      if ('hugeint' in value) return new Uuid(String(value))
      return String(value)
  }
}
