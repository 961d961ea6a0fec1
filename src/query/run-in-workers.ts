// Runs queries in a small pool of worker threads, so that commits go on beside them. The pool and its queue are
// bounded, and so is each worker's heap; a worker that does not stop soon after its query was cancelled or timed
// out is ended, and the next query gets a fresh one.

import type { Env } from '../base/env.ts'
import { traced } from '../base/span.ts'
import { TEAM_LIMITS, type TeamLimits } from '../engine/native/team.ts'
import type { Answer } from '../plan/engine.ts'
import type { ExplainMode, Explanation } from '../plan/explain.ts'
import type { QueryJob, QueryRunner } from './ask.ts'
import { FairQueue, type Share } from './fair-queue.ts'
import { queryTimeout } from '../engine/errors.ts'
import {
  endedEarly,
  queryOverdue,
  queryQueueFull,
  queryShed,
  runnerClosed,
  tookWorker,
} from './run-errors.ts'
import { type Folders, QUERY_WORKER, QueryWorker, type TeamPlace } from './query-worker.ts'
import { WaitForecast } from './wait-forecast.ts'
import type { Format, WrittenAnswer } from './written.ts'

export type PoolLimits = {
  readonly workerCountMax: number
  /** Queries that wait for a worker. */
  readonly queueCountMax: number
  /** What a worker gets, past its query's time or its cancellation, before it is ended. */
  readonly graceMs: number
  /** JavaScript heap of one worker; a query that needs more ends its worker, not the process. */
  readonly workerHeapBytesMax: number
  /** What a question must be for several workers to work on it. */
  readonly team: TeamLimits
}
export const POOL_LIMITS: PoolLimits = {
  workerCountMax: 2,
  queueCountMax: 256,
  graceMs: 2_000,
  workerHeapBytesMax: 2 ** 31,
  team: TEAM_LIMITS,
}

/** The modules of threads. */
export type PoolModules = {
  /** Of the workers: it decides by which engine they answer, the one of this process where it is left out. */
  readonly queries?: URL
  /** Of what runs stored procedures for them. */
  readonly procedures?: URL
}

type Waiting = { readonly start: (worker: QueryWorker) => void; readonly fail: (error: unknown) => void }

type Work<A> = (worker: QueryWorker, rest: QueryJob) => Promise<A>

/** Of questions that do not say for whom they are asked. */
const NOBODYS: Share = { name: '', workerCountMax: Infinity }

function shareOf({ asker }: QueryJob): Share {
  return asker?.share ?? NOBODYS
}

/** What is left of its time. */
function leftOf({ timeoutMs }: QueryJob, passedMs: number): number {
  return Math.max(1, timeoutMs - passedMs)
}

export class WorkerRunner implements QueryRunner {
  readonly #env: Env
  readonly #modules: PoolModules
  readonly #folders: Folders
  readonly #limits: PoolLimits
  readonly #idle: QueryWorker[] = []
  readonly #waiting: FairQueue<Waiting>
  readonly #forecast = new WaitForecast()
  readonly #all = new Set<QueryWorker>()
  /** Of the worker at each slot: how many the pool had started with it. */
  readonly #generations: Int32Array
  readonly #teamName: string
  #startedCount = 0
  #isClosed = false

  constructor(env: Env, folders: Folders, limits: Partial<PoolLimits> = {}, modules: PoolModules = {}) {
    this.#modules = modules
    this.#env = env
    this.#folders = folders
    this.#limits = { ...POOL_LIMITS, ...limits }
    this.#waiting = new FairQueue(this.#limits.queueCountMax)
    this.#generations = new Int32Array(new SharedArrayBuffer(this.#limits.workerCountMax * 4))
    this.#teamName = `varve-queries-${Buffer.from(env.random.bytes(12)).toString('hex')}`
  }

  /** Starts the first worker. */
  warm(): void {
    if (this.#all.size === 0 && !this.#isClosed) this.#idle.push(this.#start())
  }

  /** Questions that wait for a worker. */
  get waitingCount(): number {
    return this.#waiting.count
  }

  /** Lets the newest go of whoever has most waiting; false where none waits. */
  shed(): boolean {
    const shed = this.#waiting.shed()
    shed?.fail(queryShed())
    return shed !== undefined
  }

  run(job: QueryJob): Promise<Answer> {
    return this.#withWorker(job, (worker, rest) => worker.run(rest))
  }

  write(job: QueryJob, format: Format): Promise<WrittenAnswer> {
    return this.#withWorker(job, (worker, rest) => worker.write(rest, format))
  }

  explain(job: QueryJob, mode: ExplainMode): Promise<Explanation> {
    return this.#withWorker(job, (worker, rest) => worker.explain(rest, mode))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const { fail } of this.#waiting.items()) fail(runnerClosed())
    await Promise.all([...this.#all].map((worker) => worker[Symbol.asyncDispose]()))
  }

  /** Once more where the worker ended before it began: that was not the question's doing. */
  async #withWorker<A>(job: QueryJob, work: Work<A>): Promise<A> {
    const { clock } = this.#env
    const fromMs = clock.monotonicMs()
    try {
      return await this.#once(job, work)
    } catch (error) {
      if (tookWorker(error)) job.asker?.onWorkerEnd?.()
      if (!endedEarly(error)) throw error
      return this.#once({ ...job, timeoutMs: leftOf(job, clock.monotonicMs() - fromMs) }, work)
    }
  }

  async #once<A>(job: QueryJob, work: Work<A>): Promise<A> {
    const { clock } = this.#env
    job.signal?.throwIfAborted()
    const share = shareOf(job)
    const cameMs = clock.monotonicMs()
    const worker = await traced(job.span, 'wait for a worker', async () => this.#take(job, share))
    const fromMs = clock.monotonicMs()
    try {
      // The time spent waiting for a worker is part of the query's.
      return await work(worker, { ...job, timeoutMs: leftOf(job, fromMs - cameMs) })
    } finally {
      this.#forecast.add(clock.monotonicMs() - fromMs)
      this.#waiting.end(share)
      this.#giveBack(worker)
    }
  }

  #take(job: QueryJob, share: Share): QueryWorker | Promise<QueryWorker> {
    if (this.#isClosed) throw runnerClosed()
    if (!this.#waiting.hasRoom(share)) return this.#wait(job, share)
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.isEnded) this.#all.delete(idle)
      else return this.#given(share, idle)
    }
    if (this.#all.size < this.#limits.workerCountMax) return this.#given(share, this.#start())
    return this.#wait(job, share)
  }

  #given(share: Share, worker: QueryWorker): QueryWorker {
    this.#waiting.begin(share)
    return worker
  }

  async #wait(job: QueryJob, share: Share): Promise<QueryWorker> {
    const { promise, resolve: start, reject: fail } = Promise.withResolvers<QueryWorker>()
    const waiting: Waiting = { start, fail }
    this.#checkInTime(job, share)
    this.#waiting.add(share, waiting)?.fail(queryQueueFull(this.#limits.queueCountMax))
    const finished = new AbortController()
    const leave = (): void => fail(job.signal?.reason)
    job.signal?.addEventListener('abort', leave)
    this.#env.timers.sleep(job.timeoutMs, finished.signal).then(
      () => fail(queryTimeout()),
      () => undefined,
    )
    try {
      return await promise
    } finally {
      finished.abort()
      job.signal?.removeEventListener('abort', leave)
      this.#waiting.delete(share.name, waiting)
    }
  }

  /** What would not be begun in its time is let go at once. */
  #checkInTime({ timeoutMs }: QueryJob, share: Share): void {
    const { workerCountMax } = this.#limits
    const waitMs = this.#forecast.waitMs(this.#waiting.aheadOf(share), workerCountMax)
    if (waitMs > timeoutMs) throw queryOverdue(waitMs, timeoutMs)
  }

  #start(): QueryWorker {
    const { graceMs, workerHeapBytesMax } = this.#limits
    const worker = new QueryWorker(this.#env, {
      module: this.#modules.queries ?? QUERY_WORKER,
      procedures: this.#modules.procedures,
      folders: this.#folders,
      limits: { graceMs, heapBytesMax: workerHeapBytesMax },
      team: this.#newPlace(),
      onCall: () => this.#startAll(),
    })
    this.#all.add(worker)
    return worker
  }

  /** A worker that has ended leaves its slot to the next. */
  #newPlace(): TeamPlace | undefined {
    const generations = this.#generations
    const slot = generations.indexOf(0)
    if (generations.length < 2 || slot < 0) return undefined
    const self = { slot, generation: ++this.#startedCount }
    Atomics.store(generations, slot, self.generation)
    return { name: this.#teamName, self, generations, limits: this.#limits.team }
  }

  /** A question came that several threads could work on: the next one finds them all. */
  #startAll(): void {
    for (const worker of this.#all) if (worker.isEnded) this.#forget(worker)
    while (!this.#isClosed && this.#all.size < this.#limits.workerCountMax) this.#idle.unshift(this.#start())
  }

  #forget(worker: QueryWorker): void {
    this.#all.delete(worker)
    const at = this.#idle.indexOf(worker)
    if (at >= 0) this.#idle.splice(at, 1)
  }

  #giveBack(worker: QueryWorker): void {
    if (worker.isEnded) this.#all.delete(worker)
    if (this.#isClosed) return
    const next = this.#waiting.next()
    if (next !== undefined) next.item.start(worker.isEnded ? this.#start() : worker)
    else if (!worker.isEnded) this.#idle.push(worker)
  }
}
