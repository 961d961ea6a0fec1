// Group commit: transactions are prepared one after another in memory, and whatever gathered while the last
// sync ran goes into the next frame. No timer: one caller waits for one sync, sixty-four share one.
//
// I7: a waiter resolves only after the frame that carries it is synced, and `onDurable` runs before it, so that
// nobody who was told "done" can fail to see it. After a failed append everything pending is rejected and the
// commit stays poisoned: what is in memory beyond the log must be thrown away, which is the connection's work.

import { assert } from '../base/assert.ts'
import type { T } from '../fact/attribute.ts'
import { ByteWriter } from '../base/bytes.ts'
import type { TransactionLog } from '../log/transaction-log.ts'

export type GroupCommitLimits = {
  /** A frame is closed at this size; a single larger transaction still is one frame. */
  readonly frameBytesMax: number
  /** Transactions prepared but not yet durable. Callers beyond it wait before they are prepared. */
  readonly pendingCountMax: number
}

export const GROUP_COMMIT_LIMITS: GroupCommitLimits = { frameBytesMax: 4 << 20, pendingCountMax: 8_192 }

/** What the next frame will carry. All who wait for it wait for one promise. */
type Batch = PromiseWithResolvers<void> & { readonly bytes: ByteWriter; readonly firstT: T; lastT: T }

export class GroupCommit {
  readonly #log: TransactionLog
  readonly #epoch: number
  readonly #onDurable: (t: T) => void
  readonly #onFailed: (error: unknown) => void
  readonly #limits: GroupCommitLimits
  readonly #spare: ByteWriter[] = []
  readonly #queue: Batch[] = []
  readonly #roomWaiters: (() => void)[] = []
  #pendingCount = 0
  #isFlushing = false
  #failure: { readonly error: unknown } | undefined

  constructor(
    log: TransactionLog,
    epoch: number,
    onDurable: (t: T) => void,
    onFailed: (error: unknown) => void,
    limits: GroupCommitLimits = GROUP_COMMIT_LIMITS,
  ) {
    this.#log = log
    this.#epoch = epoch
    this.#onDurable = onDurable
    this.#onFailed = onFailed
    this.#limits = limits
  }

  get pendingCount(): number {
    return this.#pendingCount
  }

  /** Why nothing more can be committed, if that is so. */
  get failure(): unknown {
    return this.#failure?.error
  }

  /** False while so many are pending that the next caller should wait for `room` first. */
  get hasRoom(): boolean {
    return this.#pendingCount < this.#limits.pendingCountMax
  }

  /** Resolves when another transaction may be prepared; at once unless the queue is full. */
  async room(): Promise<void> {
    while (!this.hasRoom && this.#failure === undefined) {
      await new Promise<void>((resolve) => this.#roomWaiters.push(resolve))
    }
  }

  /** Takes the transaction at `t`, which must follow the last one; resolves when it is durable. */
  commit(t: T, encode: (bytes: ByteWriter) => void): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    const batch = this.#openBatch(t)
    assert(t === batch.lastT + 1, 'transactions enter the log in order of t')
    encode(batch.bytes)
    batch.lastT = t
    this.#pendingCount++
    if (!this.#isFlushing) {
      this.#isFlushing = true
      // After the microtasks of this turn: callers that transact in one turn share the first sync.
      queueMicrotask(() => void this.#flush())
    }
    return batch.promise
  }

  /** Resolves when nothing is pending, whether it became durable or failed. */
  async settled(): Promise<void> {
    while (this.#isFlushing) await new Promise<void>((resolve) => this.#roomWaiters.push(resolve))
  }

  #openBatch(t: T): Batch {
    const last = this.#queue.at(-1)
    if (last !== undefined && last.bytes.length < this.#limits.frameBytesMax) return last
    const bytes = this.#spare.pop() ?? new ByteWriter()
    bytes.reset()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const batch: Batch = { promise, resolve, reject, bytes, firstT: t, lastT: t - 1 }
    this.#queue.push(batch)
    return batch
  }

  async #flush(): Promise<void> {
    for (let batch = this.#queue.shift(); batch !== undefined; batch = this.#queue.shift()) {
      const { firstT, lastT, bytes } = batch
      try {
        await this.#log.append({ firstT, lastT, epoch: this.#epoch, payload: bytes.view() })
      } catch (error) {
        this.#fail(error, [batch, ...this.#queue.splice(0)])
        break
      }
      this.#pendingCount -= lastT + 1 - firstT
      if (this.#spare.length < 2) this.#spare.push(bytes)
      this.#onDurable(lastT)
      batch.resolve()
      this.#wakeRoomWaiters()
    }
    this.#isFlushing = false
    this.#wakeRoomWaiters()
  }

  #fail(error: unknown, batches: readonly Batch[]): void {
    this.#failure = { error }
    this.#pendingCount = 0
    for (const batch of batches) batch.reject(error)
    this.#onFailed(error)
  }

  #wakeRoomWaiters(): void {
    for (const resolve of this.#roomWaiters.splice(0)) resolve()
  }
}
