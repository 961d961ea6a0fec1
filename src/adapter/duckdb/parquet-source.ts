// Rows of a Parquet file, read by DuckDB in a process of its own (parquet-process.ts). The file says its types.

import type { Env, WorkerThread } from '../../base/env.ts'
import { fileBroken, parquetReaderMissing } from '../../etl/errors.ts'
import type { Cell, RowBatch, RowSource, SourceColumn } from '../../etl/source.ts'
import { BigInteger, Decimal, double, type Edn, Float, long, Uuid } from '../../fact/value.ts'
import { instantFromMs } from '../../fact/literals.ts'
import type { ParquetColumn, ParquetMessage, ParquetRequest, Travelling } from './parquet-process.ts'

export class ParquetSource implements RowSource {
  readonly about = 'Parquet'
  readonly typing = 'typed'
  readonly columns: readonly SourceColumn[]
  /** In rows: a column file is not read from its beginning to its end. */
  readonly extent: number
  readonly #reader: Reader
  readonly #types: readonly ParquetColumn[]

  static async open(env: Env, path: string): Promise<ParquetSource> {
    const reader = new Reader(env, path)
    try {
      const { columns, rowCount } = await reader.columns()
      return new ParquetSource(reader, columns, rowCount)
    } catch (error) {
      await reader[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(reader: Reader, columns: readonly ParquetColumn[], rowCount: number) {
    this.#reader = reader
    this.#types = columns
    this.columns = columns
    this.extent = rowCount
  }

  async *rows(): AsyncGenerator<RowBatch> {
    let line = 1
    for (;;) {
      const chunk = await this.#reader.chunk(line === 1 ? 'first' : 'next')
      if (chunk === undefined) return
      const columns = chunk.map((values, index) => cellsOf(values, this.#types[index]!.type))
      const lines = Array.from({ length: columns[0]?.length ?? 0 }, () => line++)
      yield { lines, columns, malformed: NO_ROWS, position: line - 1 }
    }
  }

  countRows(): Promise<number> {
    return this.#reader.count()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#reader[Symbol.asyncDispose]()
  }
}

/** One process that reads the file, from its beginning as often as somebody asks. */
class Reader implements AsyncDisposable {
  readonly #path: string
  readonly #process: WorkerThread
  #waiting: { resolve: (message: ParquetMessage) => void; reject: (error: unknown) => void } | undefined
  #arrived: ParquetMessage | undefined
  #failure: Error | undefined

  constructor(env: Env, path: string) {
    this.#path = path
    const module = new URL('./parquet-process.ts', import.meta.url)
    this.#process = env.processes.startProcess(module, { name: 'Parquet reader', data: { path } })
    this.#process.onMessage((message) => {
      // The process speaks only these.
      const told = message as ParquetMessage
      if (this.#waiting === undefined) this.#arrived = told
      else this.#waiting.resolve(told)
    })
    const ended = (what: string): void => {
      this.#failure = fileBroken(path, what)
      this.#waiting?.reject(this.#failure)
    }
    this.#process.ended.then(
      () => ended('its reader ended early'),
      (cause: Error) => ended(`it brings its reader down (${cause.message})`),
    )
  }

  async columns(): Promise<Extract<ParquetMessage, { kind: 'columns' }>> {
    const message = await this.#next()
    if (message.kind === 'columns') return message
    throw fileBroken(this.#path, 'its reader answers out of turn')
  }

  async count(): Promise<number> {
    this.#process.post('count' satisfies ParquetRequest)
    const message = await this.#next()
    if (message.kind === 'count') return message.rowCount
    throw fileBroken(this.#path, 'its reader answers out of turn')
  }

  async chunk(request: 'first' | 'next'): Promise<readonly (readonly Travelling[])[] | undefined> {
    this.#process.post(request satisfies ParquetRequest)
    const message = await this.#next()
    return message.kind === 'chunk' ? message.columns : undefined
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#waiting = undefined
    return this.#process.stop()
  }

  async #next(): Promise<ParquetMessage> {
    if (this.#arrived === undefined && this.#failure !== undefined) throw this.#failure
    const message =
      this.#arrived ??
      (await new Promise<ParquetMessage>((resolve, reject) => {
        this.#waiting = { resolve, reject }
      }))
    this.#arrived = undefined
    this.#waiting = undefined
    if (message.kind !== 'failed') return message
    throw message.isReaderMissing ? parquetReaderMissing(this.#path) : fileBroken(this.#path, message.message)
  }
}

const NO_ROWS: RowBatch['malformed'] = new Map()

function cellsOf(values: readonly Travelling[], type: ParquetColumn['type']): readonly Cell[] {
  return values.map((value) => cellOf(value, type))
}

function cellOf(value: Travelling, type: ParquetColumn['type']): Cell {
  if (value === null) return undefined
  if (Array.isArray(value)) {
    return (value as readonly Travelling[]).flatMap((item): Edn[] => {
      const cell = cellOf(item, type)
      return cell === undefined ? [] : [cell]
    })
  }
  if (typeof value === 'string') return textCell(value, type)
  if (type === 'instant') return instantFromMs(Number(value)) ?? String(value)
  if (typeof value === 'bigint') return long(value)
  if (typeof value !== 'number') return value
  // In columns of numbers, NaN is how many programs write that there is none.
  if (Number.isNaN(value)) return undefined
  if (type === 'double') return double(value)
  return type === 'float' ? new Float(value) : value
}

function textCell(text: string, type: ParquetColumn['type']): Cell {
  switch (type) {
    case 'bigint':
      return new BigInteger(BigInt(text))
    case 'bigdec':
      return new Decimal(text)
    case 'uuid':
      return new Uuid(text)
    default:
      return text
  }
}
