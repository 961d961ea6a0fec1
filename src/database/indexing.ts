// Indexing beside the writer: when enough novelty has gathered, it is written to segments, the root is swapped,
// and what the index holds is dropped from memory. While novelty gathers faster than it is indexed, the writer
// waits a little with every transaction: a brake that grows with the excess, never a stall.

import type { Env } from '../base/env.ts'
import type { T } from '../fact/attribute.ts'
import type { Schema } from '../fact/schema.ts'
import { buildIndex } from '../index/build.ts'
import { collectGarbage } from '../index/garbage.ts'
import { publishRoot } from '../index/root.ts'
import type { IndexedStore } from './indexed-store.ts'
import type { DatabaseStorage } from './storage.ts'

export type IndexingLimits = {
  /** Novelty, in datoms, at which indexing begins. */
  readonly noveltyCountBegin: number
  /** Novelty at which the brake begins. */
  readonly noveltyCountBrake: number
  /** The longest that one transaction is held back. */
  readonly brakeMsMax: number
}
export const INDEXING_LIMITS: IndexingLimits = {
  noveltyCountBegin: 50_000,
  noveltyCountBrake: 400_000,
  brakeMsMax: 20,
}

/** What is durable and may be indexed. */
export type Indexable = { readonly basisT: T; readonly schema: Schema }

export class Indexing implements AsyncDisposable {
  readonly #env: Env
  readonly #storage: DatabaseStorage
  readonly #limits: IndexingLimits
  readonly #published: () => Indexable
  #store: IndexedStore
  #epoch: number
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(
    env: Env,
    storage: DatabaseStorage,
    store: IndexedStore,
    epoch: number,
    published: () => Indexable,
    limits: IndexingLimits = INDEXING_LIMITS,
  ) {
    this.#env = env
    this.#storage = storage
    this.#store = store
    this.#epoch = epoch
    this.#published = published
    this.#limits = limits
  }

  /** Begins indexing in the background if there is enough. A failure shows itself at the next `run`. */
  noticed(noveltyCount: number): void {
    if (noveltyCount < this.#limits.noveltyCountBegin || this.#isClosed) return
    this.run().catch(() => undefined)
  }

  /** Holds a transaction back while far more has gathered than is indexed. */
  async brake(): Promise<void> {
    const { noveltyCountBrake, brakeMsMax } = this.#limits
    const excess = this.#store.noveltyCount / noveltyCountBrake - 1
    if (excess > 0) await this.#env.timers.sleep(Math.min(brakeMsMax, Math.ceil(excess * brakeMsMax)))
  }

  /** Indexes what is durable now; resolves when the root is swapped. */
  async run(): Promise<void> {
    if (this.#running !== undefined) {
      await this.#running
      if (this.#published().basisT === this.#store.indexedT) return
    }
    this.#running ??= this.#build().finally(() => (this.#running = undefined))
    return this.#running
  }

  async settled(): Promise<void> {
    await this.#running?.catch(() => undefined)
  }

  /** Goes on with another store, after the log was reopened. */
  replace(store: IndexedStore, epoch: number): void {
    this.#store = store
    this.#epoch = epoch
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await this.settled()
  }

  async #build(): Promise<void> {
    const store = this.#store
    const { basisT: toT, schema } = this.#published()
    if (toT <= store.indexedT) return
    const { index: before, novelty } = store
    const { blobs } = this.#storage
    const root = await buildIndex(blobs, { before, novelty, toT, schema, epoch: this.#epoch })
    await store.adopt(await publishRoot(blobs, store.root, root))
    await collectGarbage(blobs, root)
  }
}
