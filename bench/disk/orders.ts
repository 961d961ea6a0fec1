// Ten million datoms of orders from a seed, with corrections, in a folder: written to the log as frames and indexed in
// steps, as by a writer that stays open all the time. Facts like a shop's: dense ids, few statuses, names that
// differ, references.

import { nodeEnv } from '../../src/base/env-node.ts'
import { ByteWriter } from '../../src/base/bytes.ts'
import { SeededRandom } from '../../src/base/seeded-random.ts'
import { readTransactions } from '../../src/database/connection.ts'
import { IndexBuilderHere } from '../../src/database/index-builder.ts'
import { type IndexedStore, openFactStore } from '../../src/database/indexed-store.ts'
import { INDEXING_LIMITS } from '../../src/database/indexing.ts'
import { type DatabaseStorage, FolderCatalogStorage } from '../../src/database/storage.ts'
import { Writer } from '../../src/database/writer.ts'
import { type AttributeId, entityId, TX_BASE } from '../../src/fact/attribute.ts'
import { DB_TX_INSTANT } from '../../src/fact/bootstrap.ts'
import type { Datom } from '../../src/fact/datom.ts'
import { readEdn } from '../../src/fact/edn-reader.ts'
import type { Schema } from '../../src/fact/schema.ts'
import { Keyword, keyword, type Value } from '../../src/fact/value.ts'
import { collectGarbage } from '../../src/index/garbage.ts'
import { INDEX_LIMITS } from '../../src/index/merge-policy.ts'
import { publishRoot } from '../../src/index/root.ts'
import { encodeTransaction } from '../../src/log/transaction-codec.ts'
import type { WritableLog } from '../../src/log/transaction-log.ts'

const SCHEMA = `[
  {:db/ident :order/number :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :order/customer :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :order/status :db/valueType :db.type/keyword :db/cardinality :db.cardinality/one}
  {:db/ident :order/cents :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :order/follows :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}]`

export const DATOM_COUNT = 10_000_000
/** Orders of one transaction. */
const BATCH_COUNT = 200
/** For so many orders one from before is corrected: its status and its amount, four datoms. */
const CORRECTED_EVERY = 4
/** Of one frame: about what sixty-four busy callers fill during one sync. */
const FRAME_BYTES = 64 << 10
const STATUSES = ['open', 'paid', 'sent', 'returned', 'lost'].map((name) => keyword(`status/${name}`))

type Order = { cents: number; status: number }

export class Orders implements AsyncDisposable {
  readonly storage: DatabaseStorage
  readonly #ids: Readonly<Record<string, AttributeId>>
  readonly #kind: number
  readonly #log: WritableLog
  readonly #random = new SeededRandom(10)
  readonly #orders: Order[] = []
  readonly #uncorrected: number[] = []
  #t = 0
  datomCount = 0

  private constructor(storage: DatabaseStorage, schema: Schema, log: WritableLog) {
    this.storage = storage
    this.#log = log
    const id = (name: string): AttributeId => schema.attributeNamed(Keyword.of(`order/${name}`))!.id
    const names = ['number', 'customer', 'status', 'cents', 'follows']
    this.#ids = Object.fromEntries(names.map((name) => [name, id(name)]))
    this.#kind = schema.kindOfAttribute(schema.attribute(id('number'))!)
  }

  /** An empty database `orders` in a new folder. */
  static async create(folder: string): Promise<Orders> {
    const env = nodeEnv()
    const catalog = await FolderCatalogStorage.open(env, folder, { canCreate: true })
    const storage = await catalog.create('orders', 'orders')
    const writer = await Writer.open(env, storage, { schema: readEdn(SCHEMA).value })
    const { schema } = writer.value()
    await writer[Symbol.asyncDispose]()
    return new Orders(storage, schema, await storage.openForWriting())
  }

  get orderCount(): number {
    return this.#orders.length
  }

  /** Appends at least `datomCount` datoms to the log, durably. */
  async append(datomCount: number): Promise<void> {
    const log = this.#log
    const bytes = new ByteWriter()
    const endCount = this.datomCount + datomCount
    while (this.datomCount < endCount) {
      bytes.reset()
      const firstT = this.#t + 1
      while (bytes.length < FRAME_BYTES && this.datomCount < endCount) {
        encodeTransaction(bytes, this.#transaction())
      }
      await log.append({ firstT, lastT: this.#t, epoch: log.epoch, payload: bytes.view() })
    }
  }

  /** Indexes all that the log holds, in steps of as much novelty as a writer has when it brakes. */
  async index(): Promise<void> {
    const store = await openFactStore(this.storage)
    await using log = await this.storage.openForReading()
    for (const transaction of readTransactions(log, store.basisT + 1, log.lastT() + 1)) {
      store.apply(transaction)
      if (store.noveltyCount >= INDEXING_LIMITS.noveltyCountBrake) await this.#publish(store)
    }
    await this.#publish(store)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log[Symbol.asyncDispose]()
  }

  async #publish(store: IndexedStore): Promise<void> {
    const { basisT: toT, schema, blobs } = store
    const { epoch } = this.#log
    const root = await new IndexBuilderHere().build({ store, toT, schema, epoch, limits: INDEX_LIMITS })
    await store.adopt(await publishRoot(blobs, store.root, root))
    await collectGarbage(blobs, root)
  }

  #transaction() {
    const t = ++this.#t
    const txInstantMs = 1_700_000_000_000 + t * 60_000
    const datoms: Datom[] = [{ e: TX_BASE + t, a: DB_TX_INSTANT, v: new Date(txInstantMs), t, added: true }]
    const add = (index: number, name: string, v: Value, added = true): void => {
      datoms.push({ e: entityId(this.#kind, index), a: this.#ids[name]!, v, t, added })
    }
    const first = this.#orders.length
    for (let count = 0; count < BATCH_COUNT; count++) this.#order(add)
    // Only those from before: a transaction does not retract what it asserts.
    for (let count = 0; count < BATCH_COUNT / CORRECTED_EVERY && first > 0; count++) this.#correction(add)
    for (let index = first; index < this.#orders.length; index += 2) this.#uncorrected.push(index)
    this.datomCount += datoms.length
    return { t, txInstantMs, datoms }
  }

  #order(add: (index: number, name: string, v: Value) => void): void {
    const index = this.#orders.length
    const order = { cents: this.#random.below(500_000), status: 0 }
    this.#orders.push(order)
    add(index, 'number', 1_000_000 + index)
    add(index, 'customer', `Customer ${this.#random.below(200_000)} of Street ${this.#random.below(900)}`)
    add(index, 'status', STATUSES[0]!)
    add(index, 'cents', order.cents)
    add(index, 'follows', entityId(this.#kind, this.#random.below(index + 1)))
  }

  #correction(add: (index: number, name: string, v: Value, added?: boolean) => void): void {
    const at = this.#random.below(this.#uncorrected.length)
    const index = this.#uncorrected[at]!
    this.#uncorrected[at] = this.#uncorrected.at(-1)!
    this.#uncorrected.pop()
    const order = this.#orders[index]!
    add(index, 'cents', order.cents, false)
    order.cents += 1 + this.#random.below(1_000)
    add(index, 'cents', order.cents)
    add(index, 'status', STATUSES[order.status]!, false)
    order.status = 1 + this.#random.below(STATUSES.length - 1)
    add(index, 'status', STATUSES[order.status]!)
  }
}
