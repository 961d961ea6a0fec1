// Where a command asks: a data folder opened by this process, or a server over HTTP. Both speak in EDN values,
// so every command works on both.

import type { Warning } from '../base/errors.ts'
import type { EntityRows } from '../database/transact-rows.ts'
import type { Column } from '../plan/engine.ts'
import type { ExplainMode } from '../plan/explain.ts'
import type { Edn, EdnMap } from '../fact/value.ts'
import type { Receipt } from '../query/receipt.ts'

export type AskOptions = {
  readonly database?: string
  readonly asOf?: Date | number
  readonly timeoutMs?: number
  readonly memoryBytes?: number
  readonly limit?: number
  readonly engine?: string
  readonly hasReceipt?: boolean
  /** Gives up waiting, and stops what runs. */
  readonly signal?: AbortSignal
}

export type PullOptions = AskOptions & {
  /** Of an entity with few facts: no thread is started for it, which would then follow the database. */
  readonly isQuick?: boolean
}

export type SessionAnswer = {
  readonly result: Edn
  readonly columns: readonly Column[]
  readonly warnings: readonly Warning[]
  readonly isTruncated: boolean
  /** Where it was asked for. */
  readonly receipt?: Receipt
}

export type SessionExplanation = {
  readonly text: string
  readonly value: Edn
  readonly warnings: readonly Warning[]
}

export type SessionTransaction = {
  readonly t: number
  readonly txInstant: Date
  readonly tempids: EdnMap
  readonly datomCount: number
  readonly warnings: readonly Warning[]
}

export type SentRows = { readonly t: number; readonly datomCount: number; readonly durable: Promise<void> }

export type SessionLogItem = {
  readonly t: number
  readonly txInstant: Date
  /** `[entity attribute value added]` each. */
  readonly datoms: readonly (readonly Edn[])[]
}

export type LogOptions = {
  readonly from?: Date | number
  readonly to?: Date | number
  readonly isLive: boolean
  readonly signal?: AbortSignal
}

export type SessionDatabase = { readonly name: string; readonly alias: string; readonly basisT: number }

export interface Session extends AsyncDisposable {
  /** Gets ready, so that the first question does not wait for it. */
  warm(): void
  databases(): Promise<readonly SessionDatabase[]>
  query(query: Edn, args: readonly Edn[], options: AskOptions): Promise<SessionAnswer>
  /** What asking does: as text for people, and as a map. */
  explain(
    query: Edn,
    args: readonly Edn[],
    options: AskOptions & { readonly mode: ExplainMode },
  ): Promise<SessionExplanation>
  pull(pattern: Edn, eid: Edn, options: PullOptions): Promise<SessionAnswer>
  /** Makes the database where it is missing. */
  create(name: string): Promise<void>
  transact(database: string, tx: Edn): Promise<SessionTransaction>
  /**
   * Rows and operations as one transaction. Resolves once it has its place in line; `durable` settles once it is kept.
   * Nothing else may be sent to the database before that.
   */
  sendRows(database: string, rows: EntityRows, tx: readonly Edn[]): Promise<SentRows>
  /** Resolves when what was sent is indexed, where that is this process's business. */
  index(database: string): Promise<void>
  log(database: string, options: LogOptions): AsyncIterable<SessionLogItem>
  /** Schema as transaction data. */
  schema(database: string): Promise<readonly EdnMap[]>
  delete(name: string): Promise<void>
}
