// Runs queries in a small pool of worker threads, so that commits go on beside them. The pool and its queue are
// bounded; a worker that does not stop soon after its query was cancelled or timed out is ended and replaced.

import { VarveError } from '../base/errors.ts'
import type { Env, WorkerThread } from '../base/env.ts'
import type { Answer } from '../plan/engine.ts'
import type { QueryJob, QueryRunner } from './ask.ts'
import { receiveAnswer, sendJob, type SentAnswer } from './transport.ts'

export type PoolLimits = {
  readonly workerCountMax: number
  /** Queries that wait for a worker. */
  readonly queueCountMax: number
  /** What a worker gets, past its query's time or its cancellation, before it is ended. */
  readonly graceMs: number
}
export const POOL_LIMITS: PoolLimits = { workerCountMax: 2, queueCountMax: 256, graceMs: 2_000 }

type Waiting = (worker: QueryWorker) => void

export class WorkerRunner implements QueryRunner {
  readonly #env: Env
  readonly #folder: string
  readonly #limits: PoolLimits
  readonly #idle: QueryWorker[] = []
  readonly #waiting: Waiting[] = []
  readonly #all = new Set<QueryWorker>()
  #isClosed = false

  constructor(env: Env, folder: string, limits: PoolLimits = POOL_LIMITS) {
    this.#env = env
    this.#folder = folder
    this.#limits = limits
  }

  async run(job: QueryJob): Promise<Answer> {
    job.signal?.throwIfAborted()
    const worker = await this.#take()
    try {
      return await worker.run(job, this.#limits.graceMs)
    } finally {
      this.#giveBack(worker)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#all].map((worker) => worker[Symbol.asyncDispose]()))
  }

  #take(): Promise<QueryWorker> {
    const idle = this.#idle.pop()
    if (idle !== undefined) return Promise.resolve(idle)
    if (this.#all.size < this.#limits.workerCountMax) return Promise.resolve(this.#start())
    if (this.#waiting.length >= this.#limits.queueCountMax)
      return Promise.reject(queueFull(this.#waiting.length))
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #start(): QueryWorker {
    const worker = new QueryWorker(this.#env, this.#folder)
    this.#all.add(worker)
    return worker
  }

  #giveBack(worker: QueryWorker): void {
    if (worker.isEnded) this.#all.delete(worker)
    if (this.#isClosed) return
    const usable = worker.isEnded ? undefined : worker
    const next = this.#waiting.shift()
    if (next !== undefined) next(usable ?? this.#start())
    else if (usable !== undefined) this.#idle.push(usable)
  }
}

class QueryWorker implements AsyncDisposable {
  readonly #env: Env
  readonly #thread: WorkerThread
  /** Holds the id of the last job that was cancelled: ids only grow. */
  readonly #cancelled = new Int32Array(new SharedArrayBuffer(4))
  #lastId = 0
  #answered: ((sent: SentAnswer) => void) | undefined
  isEnded = false

  constructor(env: Env, folder: string) {
    this.#env = env
    const module = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)
    this.#thread = env.processes.startWorker(module, {
      name: 'varve-query',
      data: { folder, cancelled: this.#cancelled },
    })
    this.#thread.onMessage((message) => {
      const { id, sent } = message as { readonly id: number; readonly sent: SentAnswer }
      if (id === this.#lastId) this.#answered?.(sent)
    })
    const end = (error?: unknown): void => {
      this.isEnded = true
      this.#answered?.({ kind: 'error', error: { ...workerEnded(error).toJSON(), data: '{}' } as never })
    }
    this.#thread.ended.then(() => end(), end)
  }

  async run(job: QueryJob, graceMs: number): Promise<Answer> {
    const id = ++this.#lastId
    const answered = new Promise<SentAnswer>((resolve) => (this.#answered = resolve))
    const finished = new AbortController()
    const cancel = (): void => void Atomics.store(this.#cancelled, 0, id)
    job.signal?.addEventListener('abort', cancel)
    void this.#endWhenStuck(job, graceMs, finished.signal)
    try {
      this.#thread.post({ id, job: sendJob(job) })
      const sent = await answered
      job.signal?.throwIfAborted()
      return receiveAnswer(sent)
    } finally {
      finished.abort()
      job.signal?.removeEventListener('abort', cancel)
      this.#answered = undefined
    }
  }

  async #endWhenStuck(job: QueryJob, graceMs: number, finished: AbortSignal): Promise<void> {
    const signals = job.signal === undefined ? finished : AbortSignal.any([finished, job.signal])
    await this.#env.timers.sleep(job.timeoutMs, signals).catch(() => undefined)
    if (finished.aborted) return
    await this.#env.timers.sleep(graceMs, finished).catch(() => undefined)
    if (!finished.aborted) await this.#thread.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread[Symbol.asyncDispose]()
  }
}

function queueFull(queueCount: number): VarveError {
  return new VarveError({
    code: 'varve.error/query-queue-full',
    kind: 'busy',
    message: `${queueCount} queries wait already`,
    fix: 'Try again in a moment, or ask fewer at once',
    data: { queueCount },
  })
}

function workerEnded(cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/query-worker-ended',
    kind: 'interrupted',
    message: 'The worker that ran the query was ended: out of time, out of memory, or stopped',
    fix: 'Narrow the query, or give it more time with timeoutMs',
    cause,
  })
}
