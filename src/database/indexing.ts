// Indexing beside the writer: when enough novelty has gathered, a builder writes it to segments, the root is swapped,
// and what the index holds is dropped from memory. While novelty gathers faster than it is indexed, the writer
// waits a little with every transaction: a brake that grows with the excess, never a stall.
//
// An indexing that fails leaves the database as it was, only with more novelty: it is tried again, after a pause.

import type { Env } from '../base/env.ts'
import type { T } from '../fact/attribute.ts'
import type { Schema } from '../fact/schema.ts'
import { INDEX_LIMITS, type IndexLimits } from '../index/merge-policy.ts'
import { collectGarbage } from '../index/garbage.ts'
import { publishRoot } from '../index/root.ts'
import type { IndexBuilder } from './index-builder.ts'
import type { IndexedStore } from './indexed-store.ts'
import type { DatabaseStorage } from './storage.ts'

export type IndexingLimits = {
  /** Novelty, in datoms, at which indexing begins. */
  readonly noveltyCountBegin: number
  /** Novelty at which the brake begins. */
  readonly noveltyCountBrake: number
  /** Novelty beyond which bulk work waits for the index. */
  readonly noveltyCountMax: number
  /** The longest that one transaction is held back. */
  readonly brakeMsMax: number
  /** After a failure indexing begins no sooner by itself. */
  readonly retryMs: number
  readonly index: IndexLimits
}
export const INDEXING_LIMITS: IndexingLimits = {
  noveltyCountBegin: 50_000,
  noveltyCountBrake: 400_000,
  noveltyCountMax: 600_000,
  brakeMsMax: 20,
  retryMs: 5_000,
  index: INDEX_LIMITS,
}

/** What is durable and may be indexed. */
export type Indexable = { readonly basisT: T; readonly schema: Schema }

export type IndexingOptions = {
  readonly env: Env
  readonly storage: DatabaseStorage
  readonly builder: IndexBuilder
  readonly store: IndexedStore
  readonly epoch: number
  readonly published: () => Indexable
  /** Called when the store stands on another index. */
  readonly onAdopted: () => void
  readonly limits?: IndexingLimits
}

export class Indexing implements AsyncDisposable {
  readonly #env: Env
  readonly #storage: DatabaseStorage
  readonly #builder: IndexBuilder
  readonly #limits: IndexingLimits
  readonly #published: () => Indexable
  readonly #onAdopted: () => void
  #store: IndexedStore
  #epoch: number
  #running: Promise<void> | undefined
  #hasFailed = false
  #notBeforeMs = 0
  #isClosed = false

  constructor({ env, storage, builder, store, epoch, published, onAdopted, limits }: IndexingOptions) {
    this.#env = env
    this.#storage = storage
    this.#builder = builder
    this.#store = store
    this.#epoch = epoch
    this.#published = published
    this.#onAdopted = onAdopted
    this.#limits = limits ?? INDEXING_LIMITS
  }

  /** Begins indexing in the background if there is enough. A failure shows itself at the next `run`. */
  noticed(noveltyCount: number): void {
    if (noveltyCount < this.#limits.noveltyCountBegin || this.#isClosed || this.#running !== undefined) return
    if (this.#env.clock.monotonicMs() < this.#notBeforeMs) return
    this.run().catch(() => undefined)
  }

  /** Holds a transaction back while far more has gathered than is indexed; undefined where it need not wait. */
  brake(): Promise<void> | undefined {
    const { noveltyCountBrake, brakeMsMax } = this.#limits
    const excess = this.#store.noveltyCount / noveltyCountBrake - 1
    if (excess <= 0) return undefined
    return this.#env.timers.sleep(Math.min(brakeMsMax, Math.ceil(excess * brakeMsMax)))
  }

  /**
   * For one who sends many transactions in a row, however small: resolves when novelty is within its bound. A brake on
   * each of them would cost more than the work; waiting for the index that is being built costs nothing.
   */
  async withinBound(): Promise<void> {
    const { noveltyCountMax, brakeMsMax } = this.#limits
    while (this.#running !== undefined && this.#store.noveltyCount > noveltyCountMax) {
      await this.#env.timers.sleep(brakeMsMax)
    }
  }

  /** Indexes what is durable now; resolves when the root is swapped. */
  async run(): Promise<void> {
    if (this.#running !== undefined) {
      await this.#running
      if (this.#published().basisT === this.#store.indexedT) return
    }
    this.#running ??= this.#attempt().finally(() => (this.#running = undefined))
    return this.#running
  }

  async settled(): Promise<void> {
    await this.#running?.catch(() => undefined)
  }

  /** Goes on with another store, after the log was reopened. */
  replace(store: IndexedStore, epoch: number): void {
    this.#store = store
    this.#epoch = epoch
    this.#hasFailed = false
    this.#notBeforeMs = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await this.settled()
    await this.#builder[Symbol.asyncDispose]()
  }

  async #attempt(): Promise<void> {
    try {
      await this.#build()
      this.#hasFailed = false
    } catch (error) {
      this.#hasFailed = true
      this.#notBeforeMs = this.#env.clock.monotonicMs() + this.#limits.retryMs
      throw error
    }
  }

  async #build(): Promise<void> {
    const store = this.#store
    const { blobs } = this.#storage
    if (this.#hasFailed) {
      // The root may have been swapped although that was not confirmed, or by a writer before this one.
      await store.adoptNewestIndex()
      this.#onAdopted()
    }
    const { basisT: toT, schema } = this.#published()
    if (toT <= store.indexedT) return
    const root = await this.#builder.build({
      store,
      toT,
      schema,
      epoch: this.#epoch,
      limits: this.#limits.index,
    })
    await store.adopt(await publishRoot(blobs, store.root, root))
    this.#onAdopted()
    await collectGarbage(blobs, root)
  }
}
