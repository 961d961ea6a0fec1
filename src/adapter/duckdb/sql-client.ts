// The process in which DuckDB runs, as the engine sees it: started with the first question, asked one question at a
// time, ended with whoever started it. A question that is given up is interrupted; a process that does not stop soon
// after is ended, and the next question gets a fresh one, as it does after a crash.

import { assert } from '../../base/assert.ts'
import type { Env, WorkerThread } from '../../base/env.ts'
import { queryCancelled, queryTimeout, tooManyRows } from '../../engine/errors.ts'
import { readEdn } from '../../fact/edn-reader.ts'
import { WRITTEN_BY_VARVE } from '../../fact/limits.ts'
import type { Edn } from '../../fact/value.ts'
import type { EngineLimits } from '../../plan/engine.ts'
import { Refusal } from '../../plan/refusal.ts'
import { driverMissing, memoryExceeded, processEnded, sqlFailed } from './errors.ts'
import { runnerClosed } from '../../query/run-errors.ts'
import { fromWire, type SqlKind, type Wire } from './kinds.ts'
import type { SentCells, SqlFailure, SqlMessage, SqlProgram, SqlRequest, SqlSettings } from './protocol.ts'

/** How often a question that waits or runs looks at its clock and its signal. */
export const LOOK_MS = 20
/** What an interrupted question gets before its process is ended. */
const GRACE_MS = 2_000

/** A function failed on a row that DuckDB showed it. */
export class RowFailure extends Refusal {
  readonly error: Extract<SqlFailure, { kind: 'row' }>['error']

  constructor({ message, error }: Extract<SqlFailure, { kind: 'row' }>) {
    super(`a function or a number that fails on a row (${message})`)
    this.error = error
  }
}

export type SqlColumns = { readonly rowCount: number; readonly columns: readonly (readonly Edn[])[] }

type Settle = {
  readonly resolve: (message: SqlMessage) => void
  readonly reject: (error: unknown) => void
}

export class SqlClient implements AsyncDisposable {
  readonly #env: Env
  readonly #settings: SqlSettings
  #process: WorkerThread | undefined
  #waiting: Settle | undefined
  #lastId = 0
  #isClosed = false

  constructor(env: Env, settings: SqlSettings) {
    this.#env = env
    this.#settings = settings
  }

  /** The rows of the query, column by column. One question at a time. */
  async ask(program: SqlProgram, limits: EngineLimits): Promise<SqlColumns> {
    const id = ++this.#lastId
    const columns: Edn[][] = program.kinds.map(() => [])
    let rowCount = 0
    using _watch = this.#watch(id, limits)
    let message = await this.#exchange({ kind: 'ask', id, program })
    for (;;) {
      if (message.kind === 'end') return { rowCount, columns }
      if (message.kind === 'unopened') {
        await this.#stop()
        throw message.isDriverMissing ? driverMissing(message.message) : sqlFailed(message.message)
      }
      if (message.kind === 'failed') throw this.#failure(message.failure, limits)
      rowCount += message.rowCount
      if (rowCount > limits.rowCountMax) {
        await this.#exchange({ kind: 'cancel', id })
        throw tooManyRows(limits.rowCountMax, 'the answer')
      }
      message.columns.forEach((cells, at) => {
        for (const value of valuesOf(program.kinds[at]!, cells)) columns[at]!.push(value)
      })
      message = await this.#exchange({ kind: 'next', id })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#giveUp(runnerClosed())
    await this.#stop()
  }

  #giveUp(error: unknown): void {
    this.#waiting?.reject(error)
    this.#waiting = undefined
  }

  async #stop(): Promise<void> {
    const process = this.#process
    this.#process = undefined
    await process?.stop()
  }

  /** Sends a request and waits for what comes back. */
  #exchange(request: SqlRequest): Promise<SqlMessage> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#started().post(request)
    })
  }

  #started(): WorkerThread {
    if (this.#process !== undefined) return this.#process
    if (this.#isClosed) throw runnerClosed()
    const process = this.#env.processes.startProcess(new URL('./sql-process.ts', import.meta.url), {
      name: 'DuckDB',
      data: this.#settings,
    })
    process.onMessage((message) => {
      const waiting = this.#waiting
      this.#waiting = undefined
      // The process speaks only these.
      waiting?.resolve(message as SqlMessage)
    })
    const ended = (cause: unknown): void => {
      // One that was stopped from here is nobody's any more: the next question may wait for another already.
      if (this.#process !== process) return
      this.#process = undefined
      this.#giveUp(processEnded(cause))
    }
    process.ended.then(() => ended(undefined), ended)
    this.#process = process
    return process
  }

  /** Interrupts the question where its time is over or it is given up; disposed when it is answered. */
  #watch(id: number, limits: EngineLimits): Disposable {
    let cancelledMs: number | undefined
    return this.#env.timers.repeat(LOOK_MS, () => {
      const nowMs = this.#env.clock.monotonicMs()
      if (cancelledMs === undefined) {
        if (limits.signal?.aborted !== true && nowMs <= limits.deadlineMs) return
        cancelledMs = nowMs
        this.#process?.post({ kind: 'cancel', id } satisfies SqlRequest)
      } else if (nowMs > cancelledMs + GRACE_MS) {
        this.#waiting?.resolve({ kind: 'failed', id, failure: { kind: 'interrupted' } })
        this.#waiting = undefined
        void this.#stop()
      }
    })
  }

  #failure(failure: SqlFailure, { signal }: EngineLimits): Error {
    switch (failure.kind) {
      case 'interrupted':
        return signal?.aborted === true ? queryCancelled(signal.reason) : queryTimeout()
      case 'memory':
        return memoryExceeded(failure.message)
      case 'row':
        return new RowFailure(failure)
      case 'fault':
        return sqlFailed(failure.message)
    }
  }
}

function valuesOf(kind: SqlKind, sent: SentCells): Iterable<Edn> {
  const valueOf = (cell: Exclude<Wire, null>): Edn => {
    assert(kind !== 'any', 'values of several types travel as text')
    return fromWire(kind, cell)
  }
  switch (sent.kind) {
    case 'edn':
      return readEdn(sent.text, WRITTEN_BY_VARVE).value as readonly Edn[]
    case 'numbers':
      return Array.from(sent.numbers, valueOf)
    case 'cells':
      return sent.cells.map((cell) => (cell === null ? null : valueOf(cell)))
  }
}
