// A connection to one database: the writer, of which there is one, or a follower, of which there are any number.
// Both apply the same log to the same kind of fact store; they differ in who appends.
//
//   follower   waits for the log to grow and applies what was published (I3: it only reads)
//   writer     writer.ts: prepares transactions on what it holds, and publishes what is durable (I7)
//
// Values given out are immutable. Should the files behind one be collected while nobody read it, it is renewed
// over the newest index at the same t.

import { assert } from '../base/assert.ts'
import type { Env } from '../base/env.ts'
import type { T } from '../fact/attribute.ts'
import { decodeTransactions } from '../log/transaction-codec.ts'
import type { TransactionLog } from '../log/transaction-log.ts'
import { connectionClosed, databaseUnborn } from './connection-errors.ts'
import { DatabaseValue, type DatabaseRef, type ViewableFacts } from './database-value.ts'
import type { FactStore, LoggedTransaction } from './fact-store.ts'
import { openFactStore } from './indexed-store.ts'
import { ColumnCache, type ColumnCacheLimits } from '../segment/column-cache.ts'
import type { DatabaseInfo, DatabaseStorage } from './storage.ts'

export type LogRange = {
  /** Included. */
  readonly from: T
  /** Excluded; Infinity for all. */
  readonly to: T
  /** Waits for further transactions instead of ending. */
  readonly isLive: boolean
  readonly signal?: AbortSignal
}

export abstract class Connection implements AsyncDisposable {
  readonly env: Env
  readonly storage: DatabaseStorage
  protected store: FactStore
  protected log: TransactionLog

  protected constructor(env: Env, storage: DatabaseStorage, store: FactStore, log: TransactionLog) {
    this.env = env
    this.storage = storage
    this.store = store
    this.log = log
  }

  get info(): DatabaseInfo {
    return this.storage.info
  }

  /** The newest facts that may be shown: those of durable transactions. */
  protected abstract publishedFacts(): ViewableFacts

  /** Puts what is published on the index adopted last; its answers stay the same. */
  protected abstract republish(): void

  /** The newest value. */
  value(): DatabaseValue {
    return this.valueOf(this.publishedFacts())
  }

  protected valueOf(facts: ViewableFacts): DatabaseValue {
    const ref: DatabaseRef = { database: this.info.name, basisT: facts.basisT, steps: [] }
    return DatabaseValue.of(ref, facts, this.#renew)
  }

  /** The value that a reference names, waiting until this connection has reached its t. */
  async resolve(ref: DatabaseRef, signal?: AbortSignal): Promise<DatabaseValue> {
    await this.sync(ref.basisT, signal)
    return DatabaseValue.of(ref, this.#factsAt(ref.basisT), this.#renew)
  }

  /** Resolves with a value of at least `t`, or of all that is published now. */
  abstract sync(t?: T, signal?: AbortSignal): Promise<DatabaseValue>

  /** Transactions as they stand in the log. */
  async *transactions(range: LogRange): AsyncGenerator<LoggedTransaction> {
    let next = range.from
    for (;;) {
      const limit = Math.min(range.to, this.publishedFacts().basisT + 1)
      for (const transaction of readTransactions(this.log, next, limit)) {
        range.signal?.throwIfAborted()
        yield transaction
        next = transaction.t + 1
      }
      if (!range.isLive || next >= range.to) return
      // Not what is published by now: whoever takes the items may have been slower than the writer.
      await this.sync(Math.max(next, limit), range.signal)
    }
  }

  abstract [Symbol.asyncDispose](): Promise<void>

  readonly #renew = async (basisT: T): Promise<ViewableFacts> => {
    await this.store.adoptNewestIndex()
    this.republish()
    return this.#factsAt(basisT)
  }

  #factsAt(t: T): ViewableFacts {
    const newest = this.publishedFacts()
    assert(t <= newest.basisT, 'whoever asks for a t waited until it is published')
    return t === newest.basisT ? newest : this.store.factsAt(t)
  }
}

/** The transactions of `[from, limit)`. */
export function* readTransactions(log: TransactionLog, from: T, limit: T): Generator<LoggedTransaction> {
  if (from >= limit) return
  for (const frame of log.read(from, limit)) {
    for (const transaction of decodeTransactions(frame)) {
      if (transaction.t >= from && transaction.t < limit) yield transaction
    }
  }
}

/** Applies what the store does not hold yet of everything published, up to `limitT` excluded. */
export function catchUp(store: FactStore, log: TransactionLog, limitT: T = log.lastT() + 1): void {
  const fromT = store.basisT + 1
  if (fromT >= limitT) return
  for (const frame of log.read(fromT, limitT)) store.applyFrame(frame, limitT)
}

export type FollowerLimits = {
  /** Novelty beyond which a newer index is looked for, in datoms. */
  readonly noveltyCountMax: number
  /** After a failure the log is tried again this much later. */
  readonly retryMs: number
  readonly cache?: ColumnCacheLimits
}
export const FOLLOWER_LIMITS: FollowerLimits = { noveltyCountMax: 50_000, retryMs: 1_000 }

/** Reads a database that somebody else writes, or that nobody writes. */
export class Follower extends Connection {
  readonly #limits: FollowerLimits
  readonly #closing = new AbortController()
  #published: ViewableFacts
  /** Why the log could not be followed, until it can be again. */
  #failure: { readonly error: unknown } | undefined
  readonly #following: Promise<void>

  static async open(
    env: Env,
    storage: DatabaseStorage,
    limits: FollowerLimits = FOLLOWER_LIMITS,
  ): Promise<Follower> {
    const log = await storage.openForReading()
    try {
      const store = await openFactStore(storage, { cache: new ColumnCache(limits.cache) })
      catchUp(store, log)
      if (store.basisT < 0) throw databaseUnborn(storage.info.name)
      return new Follower(env, storage, store, log, limits)
    } catch (error) {
      await log[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(
    env: Env,
    storage: DatabaseStorage,
    store: FactStore,
    log: TransactionLog,
    limits: FollowerLimits,
  ) {
    super(env, storage, store, log)
    this.#limits = limits
    this.#published = store.facts()
    this.#following = this.#follow()
  }

  /** Throws what keeps the log from being followed: an old value is never passed off as the newest. */
  protected publishedFacts(): ViewableFacts {
    if (this.#closing.signal.aborted) throw connectionClosed(this.info.name)
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#published
  }

  protected republish(): void {
    this.#published = this.store.facts()
  }

  async sync(t?: T, signal?: AbortSignal): Promise<DatabaseValue> {
    if (this.#closing.signal.aborted) throw connectionClosed(this.info.name)
    const wanted = t ?? this.log.lastT()
    if (wanted > this.store.basisT) {
      const signals =
        signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
      await this.log.waitFor(wanted, signals)
      this.#advance()
    }
    return this.value()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(connectionClosed(this.info.name))
    await this.#following
    await this.log[Symbol.asyncDispose]()
  }

  #advance(): void {
    catchUp(this.store, this.log)
    if (this.store.basisT !== this.#published.basisT) this.republish()
    this.#failure = undefined
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        this.#advance()
        if (this.store.noveltyCount > this.#limits.noveltyCountMax) {
          await this.store.adoptNewestIndex()
          this.republish()
        }
        await this.log.waitFor(this.store.basisT + 1, signal)
      } catch (error) {
        if (signal.aborted) return
        this.#failure = { error }
        await this.env.timers.sleep(this.#limits.retryMs, signal).catch(() => undefined)
      }
    }
  }
}
