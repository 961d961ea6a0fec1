// Which file holds what: by its first bytes, else by its name, else CSV.

import { ParquetSource } from '../adapter/duckdb/parquet-source.ts'
import type { Env } from '../base/env.ts'
import { CsvSource } from '../etl/csv-source.ts'
import { JsonLinesSource } from '../etl/json-lines-source.ts'
import type { Encoding } from '../etl/read-text.ts'
import type { RowSource } from '../etl/source.ts'

export const FORMATS = ['csv', 'ndjson', 'parquet'] as const
export type Format = (typeof FORMATS)[number]

export type SourceOptions = {
  readonly format?: Format
  readonly delimiter?: string
  readonly encoding: Encoding
  readonly hasHeader: boolean
}

const PARQUET_MAGIC = 'PAR1'

export async function openSource(env: Env, path: string, options: SourceOptions): Promise<RowSource> {
  switch (options.format ?? formatOf(env, path)) {
    case 'parquet':
      return ParquetSource.open(env, path)
    case 'ndjson':
      return new JsonLinesSource(env, path, options.encoding)
    case 'csv':
      return CsvSource.open(env, path, options)
  }
}

/** Throws `varve.error/file-missing` and whatever else keeps the file from being read. */
function formatOf(env: Env, path: string): Format {
  using file = env.files.open(path, 'read')
  const head = new Uint8Array(PARQUET_MAGIC.length)
  file.read(0, head)
  const text = new TextDecoder().decode(head)
  if (text === PARQUET_MAGIC || /\.parquet$/i.test(path)) return 'parquet'
  return /\.(?:ndjson|jsonl|json)$/i.test(path) || text.startsWith('{') ? 'ndjson' : 'csv'
}
