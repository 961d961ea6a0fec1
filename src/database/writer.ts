// The one writer of a database. A transaction is prepared on everything before it, durable or not, and enters
// the next frame of the log; its caller hears of it, and readers see it, once that frame is synced (I7).
//
// After a failed sync nothing in memory beyond the log can be trusted: whoever waits for something that is not
// durable hears why, and the next to ask reopens the log, which verifies it, and rebuilds what was held. A writer
// fenced by another stays closed.
//
// The index is built beside the writer. When novelty grows faster than it is indexed, callers feel a brake that
// grows with what has gathered: never a stall.

import type { Env } from '../base/env.ts'
import { VarveError, type Warning } from '../base/errors.ts'
import { isPlanted } from '../base/planted.ts'
import { sha256Hex } from '../base/checksum.ts'
import { TX_BASE, type AttributeId, type EntityId, type T } from '../fact/attribute.ts'
import { VARVE_TX_CONTENT_HASH, VARVE_TX_IDEMPOTENCY_KEY, VARVE_TX_TEMPIDS } from '../fact/bootstrap.ts'
import type { Datom, FactSource } from '../fact/datom.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { datomsWith } from '../fact/entity-block.ts'
import { EdnMap, keyword, type Edn } from '../fact/value.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { WRITTEN_BY_VARVE } from '../fact/limits.ts'
import { encodeTransaction } from '../log/transaction-codec.ts'
import { logCorrupt } from '../log/errors.ts'
import type { WritableLog } from '../log/transaction-log.ts'
import { Waiters } from '../log/waiters.ts'
import { catchUp, Connection, readTransactions } from './connection.ts'
import { connectionClosed, idempotencyConflict, schemaRefused } from './connection-errors.ts'
import type { DatabaseValue, ViewableFacts } from './database-value.ts'
import { restrictedSpeculation } from './restricted-errors.ts'
import type { EnteringTransaction } from './fact-store.ts'
import type { FunctionRegistry } from './functions.ts'
import { GroupCommit, type GroupCommitLimits } from './group-commit.ts'
import { IndexBuilderHere, IndexBuilderInWorker } from './index-builder.ts'
import { Indexing, INDEXING_LIMITS, type IndexingLimits } from './indexing.ts'
import { openFactStore, type IndexedStore } from './indexed-store.ts'
import { type EntityRows, formsOfRows, rowsBeside, withRows } from './transact-rows.ts'
import { bootstrapTransaction, diffSchema, prepareTransaction, type TransactContext } from './transact.ts'
import type { DatabaseStorage } from './storage.ts'

export type TransactRequest = {
  /** Operations as an EDN vector. */
  readonly tx: Edn
  /** Entities as rows of one shape: the same as map forms that stand before `tx`. */
  readonly rows?: EntityRows
  /** Facts about the transaction itself. */
  readonly meta?: EdnMap
  readonly idempotencyKey?: string
  readonly isStrict?: boolean
  /** Values came from JSON or JavaScript: text may stand for a uuid, an instant and the like. */
  readonly isPlainData?: boolean
}

export type TransactOutcome = {
  readonly t: T
  readonly txInstantMs: number
  readonly tempids: ReadonlyMap<string, EntityId>
  readonly datoms: readonly Datom[]
  readonly warnings: readonly Warning[]
  readonly before: DatabaseValue
  readonly after: DatabaseValue
}

export type WriterOptions = {
  readonly functions?: FunctionRegistry
  /** For a database that is not born yet: its schema as operations. */
  readonly schema?: Edn
  /** Indexes in a thread of its own; only for a database in a folder of this machine. */
  readonly isIndexedInWorker?: boolean
  readonly indexing?: IndexingLimits
  readonly commit?: GroupCommitLimits
}

export type Enqueued = { readonly t: T; readonly datomCount: number; readonly durable: Promise<void> }

type Prepared = EnteringTransaction & {
  readonly tempids: ReadonlyMap<string, EntityId>
  readonly warnings: readonly Warning[]
}

const IDEMPOTENCY_KEY = keyword('varve.tx/idempotency-key')
const CONTENT_HASH = keyword('varve.tx/content-hash')
const NOTHING_ENTERED = { t: -1, txInstantMs: 0 }

export class Writer extends Connection {
  declare protected store: IndexedStore
  declare protected log: WritableLog
  #commit: GroupCommit
  readonly #commitLimits: GroupCommitLimits | undefined
  #published: ViewableFacts
  /** The last transaction prepared: the next one's instant is not before its. */
  #lastEntered: { readonly t: T; readonly txInstantMs: number } = NOTHING_ENTERED
  /** Facts after each transaction that is prepared and not yet durable, in order of t. */
  #unpublished: ViewableFacts[] = []
  /** Those who wait for a t to be published. */
  readonly #waiters = new Waiters()
  #reopening: Promise<void> | undefined
  #isClosed = false
  readonly #functions: FunctionRegistry
  readonly #indexing: Indexing

  static async open(env: Env, storage: DatabaseStorage, options: WriterOptions = {}): Promise<Writer> {
    const { log, store } = await openLogAndStore(storage)
    const writer = new Writer(env, storage, store, log, options)
    try {
      await writer.#catchUp(options.indexing ?? INDEXING_LIMITS)
      if (store.basisT < 0) await writer.#bootstrap(options.schema ?? [])
      return writer
    } catch (error) {
      await writer.#indexing[Symbol.asyncDispose]()
      await log[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(
    env: Env,
    storage: DatabaseStorage,
    store: IndexedStore,
    log: WritableLog,
    options: WriterOptions,
  ) {
    super(env, storage, store, log)
    this.#functions = options.functions ?? new Map()
    this.#published = store.facts()
    this.#commitLimits = options.commit
    this.#commit = this.#commitTo(log)
    this.#indexing = new Indexing({
      env,
      storage,
      builder:
        options.isIndexedInWorker === true ? new IndexBuilderInWorker(env, storage) : new IndexBuilderHere(),
      store,
      epoch: log.epoch,
      published: () => this.#published,
      onAdopted: () => this.republish(),
      ...(options.indexing !== undefined && { limits: options.indexing }),
    })
  }

  /** Applies the transaction whole or not at all; resolves once it is durable. */
  async transact(given: TransactRequest): Promise<TransactOutcome> {
    const braked = this.#indexing.brake()
    if (braked !== undefined) await braked
    // Whoever waited asks again: others, too, were told that there is room.
    while (!this.#isReady()) await this.#becomeReady()
    // What a key stands for is compared as forms.
    const request = given.idempotencyKey === undefined ? given : inForms(given)
    const known = request.idempotencyKey === undefined ? undefined : this.#earlier(request.idempotencyKey)
    if (known !== undefined) return this.#repeat(known, request)
    const before = this.store.facts()
    const prepared = withTempids(this.#prepare(before, request), request)
    const durable = this.#enter(prepared)
    const after = this.store.facts()
    await durable
    return this.#outcome(prepared, before, after)
  }

  /**
   * As `transact`, for one who sends many in a row: resolves once the transaction has its place in line, so that the
   * next one, sent after that, comes behind it. `durable` settles as `transact` would.
   */
  async enqueue(request: TransactRequest): Promise<Enqueued> {
    await this.#indexing.withinBound()
    while (!this.#isReady()) await this.#becomeReady()
    const prepared = this.#prepare(this.store.facts(), request)
    const durable = this.#enter(prepared)
    // Whoever sends many looks at the last one, and every later one fails with the first that does.
    durable.catch(() => undefined)
    const { t, datoms, block } = prepared
    return { t, datomCount: datoms.length + (block?.datomCount ?? 0), durable }
  }

  /** True once another process writes: what this one holds may be old, and it acknowledges nothing more. */
  get isFenced(): boolean {
    return this.log.isFenced()
  }

  /** Adds what the schema lacks; refuses a change, leaves alone what is not named. */
  async ensureSchema(schema: Edn): Promise<void> {
    const { additions, changes } = diffSchema(this.store.schema, schema)
    if (changes.length > 0) throw schemaRefused(this.info.name, changes)
    if (additions.length > 0) await this.transact({ tx: additions })
    // What others are adding at this moment counts once it is durable.
    else await this.sync(this.store.schema.t)
  }

  async sync(t?: T, signal?: AbortSignal): Promise<DatabaseValue> {
    if (t !== undefined && t > this.#published.basisT) await this.#waitFor(t, signal)
    return this.value()
  }

  /** Resolves when a further transaction may be sent without waiting in line. */
  room(): Promise<void> {
    return this.#commit.room()
  }

  /** Resolves when nothing sent before is pending. */
  settled(): Promise<void> {
    return this.#commit.settled()
  }

  /** Indexes everything that is durable now; resolves when the new index is published. */
  async index(): Promise<void> {
    if (this.#isClosed) throw connectionClosed(this.info.name)
    await this.#indexing.run()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#commit.settled()
    this.#waiters.rejectAll(connectionClosed(this.info.name))
    await this.#indexing[Symbol.asyncDispose]()
    await this.log[Symbol.asyncDispose]()
  }

  protected publishedFacts(): ViewableFacts {
    return this.#published
  }

  /** The same facts over the index adopted last, so that those before it can be forgotten. */
  protected republish(): void {
    const again = ({ basisT, schema }: ViewableFacts): ViewableFacts => this.store.factsAt(basisT, schema)
    this.#published = again(this.#published)
    this.#unpublished = this.#unpublished.map(again)
  }

  #commitTo(log: WritableLog): GroupCommit {
    return new GroupCommit(log, log.epoch, this.#publish, this.#failed, this.#commitLimits)
  }

  /** True if a transaction may enter now; throws once the writer is closed. */
  #isReady(): boolean {
    if (this.#isClosed) throw connectionClosed(this.info.name)
    return this.#commit.failure === undefined && this.#commit.hasRoom
  }

  #becomeReady(): Promise<void> {
    return this.#commit.failure === undefined ? this.#commit.room() : this.#reopen()
  }

  async #waitFor(t: T, signal?: AbortSignal): Promise<void> {
    if (this.#isClosed) throw connectionClosed(this.info.name)
    if (this.#commit.failure !== undefined) await this.#reopen()
    await this.#waiters.add(t, this.#published.basisT, signal)
  }

  #prepare(before: ViewableFacts, request: TransactRequest): Prepared {
    const { t, txInstantMs } = this.#lastEntered
    const lastMs = t === before.basisT ? txInstantMs : undefined
    return prepare(before, request, { nowMs: this.env.clock.nowMs(), lastMs }, this.#functions)
  }

  #enter(prepared: EnteringTransaction): Promise<void> {
    // First, so that what cannot be written changes nothing.
    const durable = this.#commit.commit(prepared.t, (bytes) => encodeTransaction(bytes, prepared))
    this.store.apply(prepared)
    this.#lastEntered = { t: prepared.t, txInstantMs: prepared.txInstantMs }
    this.#unpublished.push(this.store.facts())
    if (isPlanted('writer-show-before-sync')) this.#publish(prepared.t)
    return durable
  }

  readonly #publish = (t: T): void => {
    let count = 0
    while (count < this.#unpublished.length && this.#unpublished[count]!.basisT <= t) count++
    // Taken off together: one by one, thousands that wait would be moved for each.
    if (count > 0) this.#published = this.#unpublished.splice(0, count).at(-1)!
    this.#waiters.wake(this.#published.basisT)
    this.#indexing.noticed(this.store.noveltyCount)
  }

  /** What was waited for may never come: the t may be another's after the log was reopened. */
  readonly #failed = (error: unknown): void => this.#waiters.rejectAll(error)

  #outcome(prepared: Prepared, before: ViewableFacts, after: ViewableFacts): TransactOutcome {
    const { t, txInstantMs, tempids, datoms, block, warnings } = prepared
    return {
      t,
      txInstantMs,
      tempids,
      datoms: datomsWith(block, datoms, t),
      warnings,
      before: this.valueOf(before),
      after: this.valueOf(after),
    }
  }

  /** Applies what the log holds beyond the index; where that is much, indexes it in steps: memory is bounded. */
  async #catchUp({ noveltyCountBrake }: IndexingLimits): Promise<void> {
    const { store, log } = this
    const limitT = log.lastT() + 1
    for (const frame of store.basisT + 1 < limitT ? log.read(store.basisT + 1, limitT) : []) {
      store.applyFrame(frame, limitT)
      if (store.noveltyCount < noveltyCountBrake) continue
      this.#published = store.facts()
      await this.#indexing.run()
    }
    this.#published = store.facts()
  }

  async #bootstrap(schema: Edn): Promise<void> {
    await this.#enter({ t: 0, txInstantMs: 0, datoms: bootstrapTransaction(schema) })
  }

  #earlier(key: string): T | undefined {
    if (isPlanted('writer-forget-keys')) return undefined
    for (const { t } of this.store.facts().match(undefined, VARVE_TX_IDEMPOTENCY_KEY, key)) return t
    return undefined
  }

  /** The first result of an idempotency key, once it is durable. */
  async #repeat(t: T, request: TransactRequest): Promise<TransactOutcome> {
    if (t > this.#published.basisT) await this.#waitFor(t)
    const facts = this.#published
    const told = (attribute: AttributeId): string | undefined => {
      for (const { v } of facts.match(TX_BASE + t, attribute, undefined)) return v as string
      return undefined
    }
    if (told(VARVE_TX_CONTENT_HASH) !== contentHash(request))
      throw idempotencyConflict(request.idempotencyKey!, t)
    const [first] = readTransactions(this.log, t, t + 1)
    const tempids = new Map<string, EntityId>()
    for (const [name, e] of (readEdn(told(VARVE_TX_TEMPIDS) ?? '{}', WRITTEN_BY_VARVE).value as EdnMap)
      .entries) {
      tempids.set(String(name), e as EntityId)
    }
    const prepared = { ...first!, tempids, warnings: [] }
    return this.#outcome(prepared, this.store.factsAt(t - 1), this.store.factsAt(t))
  }

  /** One reopening for all who wait. */
  #reopen(): Promise<void> {
    const { failure } = this.#commit
    if (failure instanceof VarveError && failure.code === 'varve.error/writer-fenced')
      return Promise.reject(failure)
    this.#reopening ??= this.#openAgain().finally(() => (this.#reopening = undefined))
    return this.#reopening
  }

  async #openAgain(): Promise<void> {
    await this.#indexing.settled()
    await this.log[Symbol.asyncDispose]()
    const { log, store } = await openLogAndStore(this.storage)
    try {
      catchUp(store, log)
    } catch (error) {
      await log[Symbol.asyncDispose]()
      throw error
    }
    this.log = log
    this.store = store
    this.#unpublished = []
    this.#lastEntered = NOTHING_ENTERED
    this.#published = store.facts()
    this.#commit = this.#commitTo(log)
    this.#indexing.replace(store, log.epoch)
    this.#waiters.wake(this.#published.basisT)
    // Closed meanwhile: nobody will close this log.
    if (this.#isClosed) await log[Symbol.asyncDispose]()
  }
}

/** Takes the log over and opens the newest index. The log is closed again if that fails. */
async function openLogAndStore(
  storage: DatabaseStorage,
): Promise<{ readonly log: WritableLog; readonly store: IndexedStore }> {
  const log = await storage.openForWriting()
  try {
    const store = await openFactStore(storage, { epochMax: log.epoch })
    if (store.basisT > log.lastT()) throw lostBehindIndex(storage, log.lastT(), store.basisT)
    return { log, store }
  } catch (error) {
    await log[Symbol.asyncDispose]()
    throw error
  }
}

/** Only durable transactions are indexed: if the log ends before the index, bytes of it are gone. */
function lostBehindIndex({ folder, info }: DatabaseStorage, lastT: T, indexedT: T): VarveError {
  const what = `the index holds transactions up to t ${indexedT}, so these were durable and are gone`
  return logCorrupt(folder ?? info.name, 0, lastT + 1, what)
}

/** What the transaction would do to a value, be it old or a speculation itself; nothing is written. */
export function speculateTransaction(
  value: DatabaseValue,
  request: TransactRequest,
  nowMs: number,
  functions: FunctionRegistry,
): TransactOutcome {
  if (value.isRestricted) throw restrictedSpeculation(value.database)
  const prepared = prepare(value.facts, request, { nowMs, lastMs: undefined }, functions)
  const { t, txInstantMs, tempids, warnings } = prepared
  const datoms = datomsWith(prepared.block, prepared.datoms, t)
  return { t, txInstantMs, tempids, datoms, warnings, before: value, after: value.with(datoms) }
}

function prepare(
  before: ViewableFacts,
  request: TransactRequest,
  { nowMs, lastMs }: Pick<TransactContext, 'nowMs' | 'lastMs'>,
  functions: FunctionRegistry,
): Prepared {
  const { rows } = request
  const context = {
    before,
    nowMs,
    lastMs,
    functions,
    isStrict: request.isStrict ?? false,
    isPlainData: request.isPlainData ?? false,
  }
  const quick = rows === undefined ? undefined : prepareRows(withMeta(request, before), rows, context)
  return quick ?? prepareTransaction(withMeta(inForms(request), before), context)
}

/** A transaction whose rows need no forms; undefined where they do, and where something is wrong: forms tell it best. */
function prepareRows(tx: Edn, rows: EntityRows, context: TransactContext): Prepared | undefined {
  try {
    const beside = rowsBeside(tx, rows, context.before)
    if (beside === undefined) return undefined
    const own = prepareTransaction(tx, context)
    return beside.isApart(own.datoms) ? { ...own, ...withRows(own.datoms, beside.ofRows) } : undefined
  } catch (error) {
    if (error instanceof VarveError) return undefined
    throw error
  }
}

/** The request with its rows as map forms. */
function inForms(given: TransactRequest): TransactRequest {
  if (given.rows === undefined) return given
  const { rows, ...request } = given
  return { ...request, tx: [...formsOfRows(rows), ...(request.tx as readonly Edn[])] }
}

/** The operations with what the request says about the transaction itself: by its id, as its tempid is the caller's. */
function withMeta(request: TransactRequest, before: FactSource): Edn {
  if (request.meta === undefined && request.idempotencyKey === undefined) return request.tx
  const about: [Edn, Edn][] = [...(request.meta?.entries ?? [])].map(([k, v]) => [k, v])
  if (request.idempotencyKey !== undefined) {
    about.push([IDEMPOTENCY_KEY, request.idempotencyKey], [CONTENT_HASH, contentHash(request)])
  }
  const entity = new EdnMap([[keyword('db/id'), TX_BASE + before.basisT + 1], ...about])
  return [...(request.tx as readonly Edn[]), entity]
}

/** Under an idempotency key the tempids are kept, so that a repetition can give them again. */
function withTempids(prepared: Prepared, request: TransactRequest): Prepared {
  if (request.idempotencyKey === undefined || prepared.tempids.size === 0) return prepared
  const { t, tempids } = prepared
  const v = writeEdn(new EdnMap([...tempids]))
  return {
    ...prepared,
    datoms: [...prepared.datoms, { e: TX_BASE + t, a: VARVE_TX_TEMPIDS, v, t, added: true }],
  }
}

function contentHash(request: TransactRequest): string {
  return sha256Hex(new TextEncoder().encode(writeEdn([request.tx, request.meta ?? null])))
}
