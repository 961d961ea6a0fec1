// What a connection holds of a database: the index adopted last and the novelty beyond it. The writer and every
// follower keep one; it is fed transactions in order of t and gives immutable views of any t it has reached.

import type { T } from '../fact/attribute.ts'
import type { Datom } from '../fact/datom.ts'
import type { EntityBlock } from '../fact/entity-block.ts'
import type { Schema } from '../fact/schema.ts'
import type { Frame } from '../log/transaction-log.ts'
import type { ViewableFacts } from './database-value.ts'

/** One transaction as it stands in the log. The first datom is its txInstant. */
export type LoggedTransaction = {
  readonly t: T
  readonly txInstantMs: number
  readonly datoms: readonly Datom[]
}

/** One that is about to enter the log; what it says of many new entities stands beside its datoms. */
export type EnteringTransaction = LoggedTransaction & { readonly block?: EntityBlock | undefined }

export interface FactStore {
  /** The last t applied, −1 before the bootstrap. */
  readonly basisT: T
  /** The last t that the adopted index holds, −1 where there is none. */
  readonly indexedT: T
  /** That of the last t applied. */
  readonly schema: Schema
  readonly noveltyCount: number
  /** Takes the transaction at `basisT + 1`. */
  apply(transaction: EnteringTransaction): void
  /** Takes the transactions of a frame that follow the last one applied, up to `limitT` excluded. */
  applyFrame(frame: Frame, limitT: T): void
  /** The facts at the last t applied; later transactions do not change them. */
  facts(): ViewableFacts
  /** The facts at an earlier t, with the schema that was known then; found by reading where it is not given. */
  factsAt(t: T, schema?: Schema): ViewableFacts
  /** Adopts the newest index published, if it is newer; novelty that it holds is dropped. */
  adoptNewestIndex(): Promise<void>
}
