// Answers questions put as SQL, one at a time: makes the tables that came with one, runs its statements, and gives the
// rows of its query part by part. Each question has a schema of its own, which goes when the question is done.

import type * as duckdb from '@duckdb/node-api'
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult, DuckDBValue } from '@duckdb/node-api'
import { errorToData, VarveError } from '../../base/errors.ts'
import { readEdn } from '../../fact/edn-reader.ts'
import { writeEdn } from '../../fact/edn-writer.ts'
import { WRITTEN_BY_VARVE } from '../../fact/limits.ts'
import type { Edn } from '../../fact/value.ts'
import { type SqlKind, type SqlType, sqlTypeOf, type Wire } from './kinds.ts'
import type {
  SentCells,
  SentColumn,
  SentTable,
  SqlFailure,
  SqlMessage,
  SqlProgram,
  SqlRequest,
  SqlSettings,
  SqlStep,
} from './protocol.ts'
import { QuestionValues, registerFunctions } from './sql-functions.ts'
import { ValueListFull } from './value-list.ts'

type DuckDb = typeof duckdb

/** Rows of one message, at least, where there are so many. */
const PART_ROW_COUNT = 16_384
/** Rows that an appender takes at once. */
const CHUNK_ROW_COUNT = 2_048

/** The question that is being answered. */
type Running = {
  readonly id: number
  readonly values: QuestionValues
  readonly kinds: readonly SqlKind[]
  result: DuckDBResult | undefined
  /** True between a part of the answer and the request for the next. */
  isWaiting: boolean
  isCancelled: boolean
}

export class SqlServer {
  readonly #duckdb: DuckDb
  readonly #connection: DuckDBConnection
  readonly #say: (message: SqlMessage) => void
  #running: Running | undefined

  static async open(
    { memoryBytesMax, diskBytesMax, threadCount, folder }: SqlSettings,
    say: (message: SqlMessage) => void,
  ): Promise<SqlServer> {
    const driver = await import('@duckdb/node-api')
    const instance = await driver.DuckDBInstance.create(':memory:', {
      threads: String(threadCount),
      memory_limit: `${memoryBytesMax}B`,
      temp_directory: `${folder}/spilled`,
      max_temp_directory_size: `${diskBytesMax}B`,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      // Rows have no order until Varve sorts them; keeping one costs memory.
      preserve_insertion_order: 'false',
      lock_configuration: 'true',
    })
    return new SqlServer(driver, await instance.connect(), say)
  }

  private constructor(duckdb: DuckDb, connection: DuckDBConnection, say: (message: SqlMessage) => void) {
    this.#duckdb = duckdb
    this.#connection = connection
    this.#say = say
    registerFunctions(connection, duckdb, () => this.#running!.values)
  }

  take(request: SqlRequest): void {
    switch (request.kind) {
      case 'ask':
        void this.#ask(request.id, request.program)
        return
      case 'next':
        if (this.#running?.id === request.id) void this.#give(this.#running)
        return
      case 'cancel':
        this.#cancel(request.id)
    }
  }

  async #ask(id: number, program: SqlProgram): Promise<void> {
    const constants = readEdn(program.constants, WRITTEN_BY_VARVE).value as readonly Edn[]
    const values = new QuestionValues(constants, program.calls, program.bindings, program.isExact)
    const running: Running = {
      id,
      values,
      kinds: program.kinds,
      result: undefined,
      isWaiting: false,
      isCancelled: false,
    }
    this.#running = running
    try {
      await this.#run(`CREATE SCHEMA question_${id}`)
      await this.#run(`USE question_${id}`)
      for (const table of program.tables) await this.#makeTable(table)
      for (const step of program.steps) await this.#step(step, [])
      running.result = await this.#connection.stream(program.query)
    } catch (error) {
      await this.#fail(running, error)
      return
    }
    await this.#give(running)
  }

  /** Gives the next part of the answer, or its end. */
  async #give(running: Running): Promise<void> {
    running.isWaiting = false
    try {
      const chunks: DuckDBDataChunk[] = []
      let rowCount = 0
      while (rowCount < PART_ROW_COUNT) {
        const chunk = await running.result!.fetchChunk()
        if (chunk === null || chunk.rowCount === 0) break
        chunks.push(chunk)
        rowCount += chunk.rowCount
      }
      this.#check(running)
      if (rowCount === 0) {
        if (running.values.hasFailed) throw new Error('The question is over')
        await this.#clean(running)
        this.#say({ kind: 'end', id: running.id })
        return
      }
      const columns = running.kinds.map((kind, place) => cellsOf(kind, chunks, place, running.values))
      running.isWaiting = true
      this.#say({ kind: 'rows', id: running.id, rowCount, columns })
    } catch (error) {
      await this.#fail(running, error)
    }
  }

  #cancel(id: number): void {
    const running = this.#running
    if (running?.id !== id) return
    running.isCancelled = true
    // While nothing runs there is nothing to interrupt.
    if (running.isWaiting) void this.#fail(running, undefined)
    else this.#connection.interrupt()
  }

  async #step(step: SqlStep, rounds: readonly (readonly [name: string, round: number])[]): Promise<void> {
    this.#check(this.#running!)
    if (step.kind === 'run') {
      let { sql } = step
      for (const [name, round] of rounds) sql = sql.replaceAll(name, String(round))
      await this.#run(sql)
      return
    }
    let count = -1
    for (let round = 1; ; round++) {
      for (const inner of step.steps) await this.#step(inner, [...rounds, [step.round, round]])
      const counts = step.tables.map((table) => `(SELECT count(*) FROM ${table})`)
      const reader = await this.#connection.runAndReadAll(`SELECT ${counts.join(' + ')}`)
      const grown = Number(reader.getRows()[0]![0])
      if (grown === count) return
      count = grown
    }
  }

  /** Ends the question where somebody gave it up, or where a function failed. */
  #check(running: Running): void {
    if (running.isCancelled || running.values.isOver) throw new Error('The question is over')
  }

  async #run(sql: string): Promise<void> {
    await this.#connection.run(sql)
  }

  async #makeTable({ name, rowCount, columns }: SentTable): Promise<void> {
    const types = columns.map(({ kind }) => sqlTypeOf(kind))
    await this.#run(
      `CREATE TABLE ${name} (${columns.map((column, at) => `${column.name} ${types[at]}`).join(', ')})`,
    )
    if (rowCount === 0) return
    const cells = columns.map((column) => this.#cellsOf(column))
    const appender = await this.#connection.createAppender(name, `question_${this.#running!.id}`)
    try {
      for (let first = 0; first < rowCount; first += CHUNK_ROW_COUNT) {
        const part = cells.map((column) => column.slice(first, first + CHUNK_ROW_COUNT))
        const chunk = this.#duckdb.DuckDBDataChunk.create(
          types.map((type) => this.#duckdb[type]),
          part[0]!.length,
        )
        chunk.setColumns(part)
        appender.appendDataChunk(chunk)
      }
    } finally {
      appender.closeSync()
    }
  }

  #cellsOf(column: SentColumn): readonly DuckDBValue[] {
    if (column.kind !== 'any') {
      const type = sqlTypeOf(column.kind)
      return column.cells.map((cell) => this.#cellOf(type, cell))
    }
    const values = readEdn(column.text, WRITTEN_BY_VARVE).value as readonly Edn[]
    return values.map((value) => BigInt(this.#running!.values.values.numberOf(value)))
  }

  #cellOf(type: SqlType, cell: Wire): DuckDBValue {
    if (type === 'BIGINT' && cell !== null) return BigInt(cell as number | bigint)
    return cell instanceof Uint8Array ? new this.#duckdb.DuckDBBlobValue(cell) : cell
  }

  async #fail(running: Running, error: unknown): Promise<void> {
    await this.#clean(running)
    const { values, isCancelled, id } = running
    this.#say({
      kind: 'failed',
      id,
      failure: isCancelled ? { kind: 'interrupted' } : failureOf(error, values),
    })
  }

  async #clean({ id }: Running): Promise<void> {
    this.#running = undefined
    await this.#run('USE main')
    await this.#run(`DROP SCHEMA IF EXISTS question_${id} CASCADE`)
  }
}

function failureOf(error: unknown, { failures }: QuestionValues): SqlFailure {
  const [first, ...others] = failures
  if (first !== undefined) {
    const { message } = first.error as Error
    if (first.error instanceof ValueListFull) return { kind: 'memory', message }
    const isOne = others.length === 0 && first.error instanceof VarveError
    return {
      kind: 'row',
      message,
      error: isOne ? { data: errorToData(first.error), call: first.call } : undefined,
    }
  }
  const message = error instanceof Error ? error.message : String(error)
  if (message.startsWith('Out of Memory Error')) return { kind: 'memory', message }
  if (message.startsWith('INTERRUPT Error')) return { kind: 'interrupted' }
  // Arithmetic beyond 64 bits, and what the SQL that Varve wrote refuses by itself.
  if (message.startsWith('Out of Range Error')) return { kind: 'row', message, error: undefined }
  const at = message.indexOf(ROW_FAILURE)
  return at < 0
    ? { kind: 'fault', message }
    : { kind: 'row', message: message.slice(at + ROW_FAILURE.length), error: undefined }
}

/** Begins the text of every `error(…)` in the SQL that Varve writes. */
export const ROW_FAILURE = 'varve: '

function cellsOf(
  kind: SqlKind,
  chunks: readonly DuckDBDataChunk[],
  place: number,
  { values }: QuestionValues,
): SentCells {
  const cells = chunks.flatMap((chunk) => chunk.getColumnVector(place).toArray())
  if (kind === 'any') {
    return {
      kind: 'edn',
      text: writeEdn(cells.map((cell) => (cell === null ? null : values.valueAt(Number(cell))))),
    }
  }
  if (sqlTypeOf(kind) === 'BIGINT') {
    const numbers = Float64Array.from(cells, Number)
    if (numbers.every((number, row) => Number.isSafeInteger(number) && cells[row] !== null))
      return { kind: 'numbers', numbers }
  }
  return { kind: 'cells', cells: cells.map(wireOf) }
}

function wireOf(cell: DuckDBValue): Wire {
  if (cell !== null && typeof cell === 'object') return (cell as { readonly bytes: Uint8Array }).bytes
  return cell
}
