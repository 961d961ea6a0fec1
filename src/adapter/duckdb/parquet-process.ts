// Reads one foreign Parquet file in a process of its own: of files made to do harm some kill the process that opens
// them. It answers with columns when it starts, then with a chunk of values for every `ParquetRequest`, `undefined` at
// the end.

import type { DuckDBResult } from '@duckdb/node-api'
import { processPort } from '../../base/env-node.ts'
import type { ValueType } from '../../fact/attribute.ts'

/** Values as they travel: what a structured clone keeps. Instants are milliseconds, exact numbers text. */
export type Travelling = boolean | number | bigint | string | Uint8Array | null | readonly Travelling[]

export type ParquetColumn = {
  readonly name: string
  readonly type: Exclude<ValueType, 'tuple' | 'ref' | 'keyword' | 'symbol' | 'uri'>
  readonly isMany: boolean
}

/** How many rows there are; the first chunk, as often as somebody asks, or the one after that which was given last. */
export type ParquetRequest = 'count' | 'first' | 'next'

export type ParquetMessage =
  | { readonly kind: 'columns'; readonly columns: readonly ParquetColumn[]; readonly rowCount: number }
  | { readonly kind: 'count'; readonly rowCount: number }
  /** Column by column. */
  | { readonly kind: 'chunk'; readonly columns: readonly (readonly Travelling[])[] | undefined }
  | { readonly kind: 'failed'; readonly isReaderMissing: boolean; readonly message: string }

if (import.meta.main) {
  const port = processPort()
  // The one that started this process gave the path.
  serve((port.data as { readonly path: string }).path).catch((error: NodeJS.ErrnoException) => {
    const isReaderMissing = error.code === 'ERR_MODULE_NOT_FOUND'
    port.post({ kind: 'failed', isReaderMissing, message: error.message } satisfies ParquetMessage)
  })

  async function serve(path: string): Promise<void> {
    const { DuckDBInstance } = await import('@duckdb/node-api')
    const instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '256MB' })
    const connection = await instance.connect()
    const file = `read_parquet('${path.replaceAll("'", "''")}')`
    const described = await connection.runAndReadAll(`describe select * from ${file}`)
    const expressions: string[] = []
    const columns: ParquetColumn[] = []
    for (const [name, type] of described.getRows()) {
      const read = expressionOf(`"${String(name).replaceAll('"', '""')}"`, String(type))
      expressions.push(read.expression)
      columns.push({ name: String(name), type: read.type, isMany: read.isMany })
    }
    const counted = await connection.runAndReadAll(`select count(*) from ${file}`)
    const rowCount = Number(counted.getRows()[0]?.[0] ?? 0)
    port.post({ kind: 'columns', columns, rowCount } satisfies ParquetMessage)
    const begin = () => connection.stream(`select ${expressions.join(', ')} from ${file}`)
    let result: DuckDBResult | undefined
    let ahead: ReturnType<typeof read> | undefined
    // Whoever started this process asks nothing else.
    port.onMessage((request) => void answer(request as ParquetRequest).catch(fail))

    async function count(): Promise<number> {
      // Every value is decoded for its hash: what is broken shows here, not in the middle of an import.
      const hashes = expressions.map((expression) => `bit_xor(hash(${expression}))`)
      const found = await connection.runAndReadAll(`select count(*), ${hashes.join(', ')} from ${file}`)
      return Number(found.getRows()[0]![0])
    }

    async function answer(request: ParquetRequest): Promise<void> {
      if (request === 'count') {
        port.post({ kind: 'count', rowCount: await count() } satisfies ParquetMessage)
        return
      }
      if (request === 'first' || result === undefined) {
        // Whoever begins again may have stopped in the middle.
        await ahead?.catch(() => undefined)
        result = await begin()
        ahead = read(result)
      }
      const values = await ahead
      port.post({ kind: 'chunk', columns: values } satisfies ParquetMessage)
      if (values === undefined) return
      // Read while the one before is worked on; what goes wrong is told when it is asked for.
      ahead = read(result)
      ahead.catch(() => undefined)
    }
  }

  async function read(result: DuckDBResult): Promise<readonly (readonly Travelling[])[] | undefined> {
    const chunk = await result.fetchChunk()
    const isEnd = chunk === null || chunk.rowCount === 0
    return isEnd ? undefined : chunk.getColumns().map((column) => column.map(travelling))
  }

  function fail(error: Error): void {
    port.post({ kind: 'failed', isReaderMissing: false, message: error.message } satisfies ParquetMessage)
  }
}

type Read = { readonly expression: string; readonly type: ParquetColumn['type']; readonly isMany: boolean }

/** SQL that brings a column to a type which travels; what Varve has no type for comes as JSON text. */
function expressionOf(column: string, sqlType: string): Read {
  if (sqlType.endsWith('[]')) {
    const item = expressionOf('item', sqlType.slice(0, -2))
    if (!item.isMany) {
      const expression = `list_transform(${column}, lambda item: ${item.expression})`
      return { expression, type: item.type, isMany: true }
    }
  }
  const one = (expression: string, type: ParquetColumn['type']): Read => ({ expression, type, isMany: false })
  if (/^U?(TINYINT|SMALLINT|INTEGER)$|^BIGINT$/.test(sqlType)) return one(column, 'long')
  if (/^(UBIGINT|U?HUGEINT|BIGNUM)$/.test(sqlType)) return one(`cast(${column} as varchar)`, 'bigint')
  if (sqlType.startsWith('DECIMAL')) return one(`cast(${column} as varchar)`, 'bigdec')
  if (/^(DATE|TIMESTAMP)/.test(sqlType)) return one(`epoch_ms(cast(${column} as timestamp))`, 'instant')
  switch (sqlType) {
    case 'BOOLEAN':
      return one(column, 'boolean')
    case 'FLOAT':
      return one(column, 'float')
    case 'DOUBLE':
      return one(column, 'double')
    case 'VARCHAR':
      return one(column, 'string')
    case 'UUID':
      return one(`cast(${column} as varchar)`, 'uuid')
    case 'BLOB':
      return one(column, 'bytes')
    default:
      return one(
        sqlType.startsWith('ENUM') ? `cast(${column} as varchar)` : `cast(to_json(${column}) as varchar)`,
        'string',
      )
  }
}

function travelling(value: unknown): Travelling {
  if (value === null || typeof value !== 'object') return (value ?? null) as Travelling
  if ('items' in value) return (value.items as readonly unknown[]).map(travelling)
  if ('bytes' in value) return value.bytes as Uint8Array
  // What every expression above brings is a plain value, a list or bytes.
  throw new Error('DuckDB gave a value that was not asked for')
}
