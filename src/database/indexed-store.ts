// The fact store of every connection: the newest index it knows, and novelty beyond it.

import type { BlobStore } from '../blob/blob-store.ts'
import type { T } from '../fact/attribute.ts'
import { Schema } from '../fact/schema.ts'
import { Index } from '../index/index.ts'
import { rootConflict, rootForeign } from '../index/errors.ts'
import { IndexedFacts, readSchemaAt } from '../index/indexed-facts.ts'
import { Novelty } from '../index/novelty.ts'
import { NoveltyReader } from '../index/novelty-reader.ts'
import { type ReadRoot, readRoot } from '../index/root.ts'
import { readFacts } from '../log/transaction-codec.ts'
import type { Frame } from '../log/transaction-log.ts'
import type { ColumnCache } from '../segment/column-cache.ts'
import type { EnteringTransaction, FactStore } from './fact-store.ts'
import type { DatabaseStorage } from './storage.ts'

/**
 * The store of a database as its newest index has it; the log beyond is still to be applied. A writer gives its
 * epoch: an index that a later writer published is not for it, and ends in `varve.error/root-conflict`.
 */
export async function openFactStore(
  storage: DatabaseStorage,
  options: { readonly epochMax?: number; readonly cache?: ColumnCache } = {},
): Promise<IndexedStore> {
  const index = Index.empty(storage.info.id, options.cache)
  const store = new IndexedStore(storage.blobs, index, options.epochMax ?? Infinity)
  await store.adoptNewestIndex()
  return store
}

/** How often a root may turn out to be superseded, with its segments gone, while it is opened. */
const ADOPTION_COUNT_MAX = 10

export class IndexedStore implements FactStore {
  readonly blobs: BlobStore
  readonly #epochMax: number
  #index: Index
  #novelty: Novelty
  #schema: Schema = Schema.bootstrap
  #root: ReadRoot | undefined
  /** Those of the last t, once somebody asked. */
  #facts: IndexedFacts | undefined

  constructor(blobs: BlobStore, index: Index, epochMax: number) {
    this.blobs = blobs
    this.#epochMax = epochMax
    this.#index = index
    this.#novelty = new Novelty(index.root.indexedT)
  }

  get basisT(): T {
    return this.#novelty.lastT
  }

  get indexedT(): T {
    return this.#index.root.indexedT
  }

  get schema(): Schema {
    return this.#schema
  }

  get noveltyCount(): number {
    return this.#novelty.datomCount
  }

  get index(): Index {
    return this.#index
  }

  get novelty(): Novelty {
    return this.#novelty
  }

  /** The root adopted last, as a compare-and-set expects it. */
  get root(): ReadRoot | undefined {
    return this.#root
  }

  apply({ t, datoms, block }: EnteringTransaction): void {
    if (block !== undefined) this.#novelty.addBlock(t, block)
    this.#novelty.add(t, datoms)
    // A block is never about the schema.
    this.#schema = this.#schema.apply(datoms)
    this.#facts = undefined
  }

  applyFrame(frame: Frame, limitT: T): void {
    const reader = new NoveltyReader(this.#novelty, this.#schema)
    readFacts(frame, this.basisT + 1, limitT, reader)
    this.#schema = reader.schema
    this.#facts = undefined
  }

  facts(): IndexedFacts {
    this.#facts ??= this.factsAt(this.basisT, this.#schema)
    return this.#facts
  }

  factsAt(t: T, schema: Schema = this.#schemaAt(t)): IndexedFacts {
    return IndexedFacts.at(this.#index, this.#novelty, schema, t)
  }

  #schemaAt(t: T): Schema {
    if (t >= this.#schema.t) return this.#schema
    return readSchemaAt(this.facts(), t)
  }

  async adoptNewestIndex(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const newest = await readRoot(this.blobs)
      if (newest === undefined || newest.root.publication === this.#root?.root.publication) return
      const { publication, epoch } = newest.root
      if (epoch > this.#epochMax) throw rootConflict(publication, epoch)
      try {
        await this.adopt(newest)
        return
      } catch (error) {
        // Between reading the root and opening its segments a newer one may have come and the old ones gone.
        if (attempt >= ADOPTION_COUNT_MAX) throw error
        const again = await readRoot(this.blobs)
        if (again?.root.publication === newest.root.publication) throw error
      }
    }
  }

  /** Makes this root the ground of all facts given out from now on. */
  async adopt(newest: ReadRoot): Promise<void> {
    const { indexedT, database } = newest.root
    if (database !== this.#index.root.database) {
      throw rootForeign('database', database, this.#index.root.database)
    }
    const index = await Index.open(this.blobs, newest.root, this.#index)
    if (indexedT < this.indexedT) return
    if (indexedT > this.basisT) {
      // A reader that starts, or that lags behind its writer's index: the log goes on after it.
      this.#schema = readSchemaAt(
        IndexedFacts.at(index, new Novelty(indexedT), Schema.bootstrap, indexedT),
        indexedT,
      )
      this.#novelty = new Novelty(indexedT)
    } else this.#novelty = this.#novelty.after(indexedT)
    // Whoever still holds the index before reads again what it needs.
    for (const key of this.#index.segments.keys()) if (!index.segments.has(key)) index.cache.forget(key)
    this.#index = index
    this.#root = newest
    this.#facts = undefined
  }
}
