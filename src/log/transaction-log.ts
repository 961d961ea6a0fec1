// The log: the truth about a database, as a sequence of frames. A frame is what one sync carries, one
// transaction or many. Every log passes `testing/transaction-log-suite.ts`.
//
// I7: `append` resolves only when the bytes are synced, and no reader sees a frame before that. After a failed
// append the log is poisoned: every later append fails until the log is opened again.

import type { T } from '../fact/attribute.ts'

/** One frame's content. The payload is opaque here; `transaction-codec.ts` reads it. */
export type Frame = {
  readonly firstT: T
  readonly lastT: T
  readonly epoch: number
  readonly payload: Uint8Array
}

export interface TransactionLog extends AsyncDisposable {
  /** The last t that is durable and published, −1 in an empty log. Never goes back. */
  lastT(): T
  /** Frames that hold transactions of `[fromT, toT)`, as far as published now. Checksums are verified. */
  read(fromT: T, toT: T): Iterable<Frame>
  /** Makes one frame durable and publishes it. One at a time; `firstT` must be `lastT() + 1`. */
  append(frame: Frame): Promise<void>
  /** Resolves with `lastT()` once it is at least `t`; rejects when the signal aborts. */
  waitFor(t: T, signal?: AbortSignal): Promise<T>
}

/** A log that this process may append to, until somebody opens it for writing with a higher epoch. */
export interface WritableLog extends TransactionLog {
  /** What every frame appended here carries. */
  readonly epoch: number
  /** True once somebody else opened the log for writing: nothing that is appended here is acknowledged any more. */
  isFenced(): boolean
}
