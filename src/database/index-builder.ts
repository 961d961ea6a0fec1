// Who makes the segments of the next index: a worker thread beside the writer where the files are in a folder,
// else (in memory, under the simulator) the writer's own thread. Either way a root comes back that nobody sees
// yet; publishing it is the writer's business.

import { assert } from '../base/assert.ts'
import type { Env, WorkerThread } from '../base/env.ts'
import { type ErrorData, errorFromData, VarveError } from '../base/errors.ts'
import type { T } from '../fact/attribute.ts'
import type { Schema } from '../fact/schema.ts'
import { buildIndex } from '../index/build.ts'
import type { IndexLimits } from '../index/merge-policy.ts'
import type { Root } from '../index/root.ts'
import type { IndexedStore } from './indexed-store.ts'
import type { DatabaseStorage } from './storage.ts'

export type BuildRequest = {
  /** What the writer holds: the index that the new one follows, and the novelty up to `toT`. */
  readonly store: IndexedStore
  readonly toT: T
  /** That of `toT`. */
  readonly schema: Schema
  readonly epoch: number
  readonly limits: IndexLimits
}

export interface IndexBuilder extends AsyncDisposable {
  /** One at a time. */
  build(request: BuildRequest): Promise<Root>
}

/** Builds in this thread, from what the writer holds. */
export class IndexBuilderHere implements IndexBuilder {
  build({ store, toT, schema, epoch, limits }: BuildRequest): Promise<Root> {
    const { blobs, index: before, novelty } = store
    return buildIndex(blobs, { before, novelty, toT, schema, epoch }, limits)
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

export type IndexWorkerLimits = {
  /** Heap of the worker's JavaScript; columns lie beside it. */
  readonly heapBytesMax: number
  /** A worker that had nothing to do for this long is ended; the next index starts another. */
  readonly idleMsMax: number
}
export const INDEX_WORKER_LIMITS: IndexWorkerLimits = { heapBytesMax: 512 << 20, idleMsMax: 10_000 }

export type IndexWorkerData = { readonly folder: string; readonly name: string }
/** Asks for an index up to `toT` that follows the root of this publication (0: there is none). */
export type IndexJob = {
  readonly toT: T
  readonly epoch: number
  readonly publication: number
  readonly limits: IndexLimits
}
export type IndexJobAnswer =
  | { readonly kind: 'root'; readonly root: Root }
  | { readonly kind: 'error'; readonly error: ErrorData }

/**
 * Builds in a worker thread, which follows log and root of the folder as any reader does. Should the worker die,
 * the build fails with `varve.error/index-worker-ended` and the next one starts another worker.
 */
export class IndexBuilderInWorker implements IndexBuilder {
  readonly #env: Env
  readonly #data: IndexWorkerData
  readonly #limits: IndexWorkerLimits
  #worker: IndexWorker | undefined
  readonly #idle: Disposable
  #idleSinceMs = 0

  constructor(env: Env, { info, folder }: DatabaseStorage, limits: IndexWorkerLimits = INDEX_WORKER_LIMITS) {
    assert(folder !== undefined, 'a worker opens the files of a folder')
    this.#env = env
    this.#data = { folder: folder.slice(0, -`/${info.name}`.length), name: info.name }
    this.#limits = limits
    this.#idle = env.timers.repeat(limits.idleMsMax, () => void this.#endIfIdle())
  }

  async build({ store, toT, epoch, limits }: BuildRequest): Promise<Root> {
    this.#worker ??= new IndexWorker(this.#env, this.#data, this.#limits)
    const worker = this.#worker
    try {
      return await worker.ask({ toT, epoch, publication: store.index.root.publication, limits })
    } catch (error) {
      // Whatever went wrong, the next build begins afresh.
      this.#worker = undefined
      await worker[Symbol.asyncDispose]()
      throw error
    } finally {
      this.#idleSinceMs = this.#env.clock.monotonicMs()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#idle[Symbol.dispose]()
    await this.#worker?.[Symbol.asyncDispose]()
  }

  async #endIfIdle(): Promise<void> {
    const worker = this.#worker
    const idleMs = this.#env.clock.monotonicMs() - this.#idleSinceMs
    if (worker === undefined || worker.isBusy || idleMs < this.#limits.idleMsMax) return
    this.#worker = undefined
    await worker[Symbol.asyncDispose]()
  }
}

class IndexWorker implements AsyncDisposable {
  readonly #thread: WorkerThread
  #answered: PromiseWithResolvers<IndexJobAnswer> | undefined
  #end: { readonly error: unknown } | undefined

  constructor(env: Env, data: IndexWorkerData, { heapBytesMax }: IndexWorkerLimits) {
    const module = new URL('./index-worker.ts', import.meta.url)
    this.#thread = env.processes.startWorker(module, { name: 'varve-index', data, heapBytesMax })
    this.#thread.onMessage((message) => this.#answered?.resolve(message as IndexJobAnswer))
    const ended = (error?: unknown): void => {
      this.#end = { error }
      this.#answered?.reject(indexWorkerEnded(data.name, error))
    }
    this.#thread.ended.then(() => ended(), ended)
  }

  get isBusy(): boolean {
    return this.#answered !== undefined
  }

  async ask(job: IndexJob): Promise<Root> {
    if (this.#end !== undefined) throw indexWorkerEnded('', this.#end.error)
    this.#answered = Promise.withResolvers<IndexJobAnswer>()
    try {
      this.#thread.post(job)
      const answer = await this.#answered.promise
      if (answer.kind === 'error') throw errorFromData(answer.error)
      return answer.root
    } finally {
      this.#answered = undefined
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread[Symbol.asyncDispose]()
  }
}

function indexWorkerEnded(name: string, cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/index-worker-ended',
    kind: 'interrupted',
    message: `The worker that indexes ${name} ended before it was done: out of memory, or stopped`,
    fix: 'Nothing is lost: the log holds every fact, and indexing is tried again. If it comes back, give the process more memory',
    data: { name },
    cause,
  })
}
