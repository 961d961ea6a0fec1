// Rows into transactions, exactly once whatever happens between them. How far an import has come is a fact that
// changes in the very transaction that brings the rows, by compare-and-set:
//
//   {:varve.import/id "…"  :varve.import/file "prices.csv"  :varve.import/row-count 3000}
//
// So whoever starts the same import again, after a kill or beside another, goes on behind the last durable row or is
// told that it was overtaken. Where a transaction begins depends on the rows and on that count alone: an import that
// was interrupted makes the same transactions as one that was not.

import { type Place, VarveError } from '../base/errors.ts'
import type { EntityRows } from '../database/transact-rows.ts'
import { type Edn, EdnMap, keyword, type Keyword } from '../fact/value.ts'
import type { ImportRows, RowConverter } from './convert-rows.ts'
import { beforeKnown, overtaken } from './errors.ts'
import { declaration, type ImportPlan, type KnownAttribute, newSchema } from './import-plan.ts'
import type { Reject } from './reject.ts'
import { RowBatches, type RowsOfBatch } from './row-batches.ts'
import type { RowBatch } from './source.ts'
import { compositeValue } from './unique-keys.ts'

/** A database as an import sees it: in this process, or behind a server. */
export interface ImportTarget {
  attributes(): Promise<ReadonlyMap<Keyword, KnownAttribute>>
  /** The instant of the last transaction. */
  lastMoment(): Promise<Date>
  /** The facts of the import with this id that began before, and its `:db/id`: undefined where none did. */
  find(importId: string): Promise<EdnMap | undefined>
  transact(tx: readonly Edn[]): Promise<{ readonly t: number; readonly datomCount: number }>
  /** Rows, and `tx` beside them, as one transaction: resolves once it has its place in line. */
  send(
    rows: EntityRows,
    tx: readonly Edn[],
  ): Promise<{ readonly t: number; readonly datomCount: number; readonly durable: Promise<void> }>
  /** Resolves when what is durable is indexed. */
  index(): Promise<void>
}

export type ImportRun = {
  readonly id: string
  /** As it was called, for people who look at the import's facts later. */
  readonly file: string
  readonly plan: ImportPlan
  readonly target: ImportTarget
  readonly converter: RowConverter
  /** In the order in which they are to be applied. */
  readonly rows: AsyncIterable<RowBatch>
  /** The least moment of all rows, where rows have moments. */
  readonly firstMs: number | undefined
  readonly onReject: (reject: Reject) => void
  readonly onProgress: (position: number) => void
}

export type ImportSummary = {
  /** Rows that this run took, rejected ones not counted. */
  readonly rowCount: number
  /** Rows that earlier runs had done. */
  readonly doneCount: number
  readonly datomCount: number
  readonly transactionCount: number
  /** Of the first and the last transaction of this run; undefined where there was none. */
  readonly firstT: number | undefined
  readonly lastT: number | undefined
}

const ID = keyword('varve.import/id')
const FILE = keyword('varve.import/file')
const ROW_COUNT = keyword('varve.import/row-count')
const CAS = keyword('db/cas')
const DB_ID = keyword('db/id')
const TX_INSTANT = keyword('db/txInstant')
/** Failures of a transaction that are some row's fault. */
const ROW_KINDS: ReadonlySet<string> = new Set(['incorrect', 'conflict', 'not-found'])

/** How many rows of this import the database has already. */
export async function rowsDone(target: ImportTarget, importId: string): Promise<number> {
  if (!(await target.attributes()).has(ID)) return 0
  return ((await target.find(importId))?.get(ROW_COUNT) as number | undefined) ?? 0
}

export class Import {
  readonly #run: ImportRun
  readonly #counts = { rows: 0, datoms: 0, transactions: 0 }
  #firstT: number | undefined
  #lastT: number | undefined
  /** Settles when everything sent so far is durable, or with the first that is not. */
  #durable: Promise<void> = Promise.resolve()
  /** Why something that was sent did not become durable: nothing may follow it. */
  #failure: { readonly error: unknown } | undefined
  readonly #attributes: readonly Keyword[]
  /** The entity that stands for the import. */
  #entity: Edn = null
  /** The count that the database holds. */
  #countInDatabase: number | null = null

  constructor(run: ImportRun) {
    this.#run = run
    const { columns, composite } = run.plan
    const attributes = columns.map(({ attribute }) => attribute)
    this.#attributes = composite === undefined ? attributes : [...attributes, composite.attribute]
  }

  async run(): Promise<ImportSummary> {
    const doneCount = await this.#prepare()
    const batches = new RowBatches(this.#run.plan, this.#convertedFrom(doneCount))
    for (let batch = await batches.next(); batch.rowCount > 0; batch = await batches.next()) {
      const failed = await this.#send(batch)
      if (failed === undefined) continue
      const { row, error } = failed
      // What stands before the row that fails goes alone; the row is rejected; what stands behind comes again.
      if (row > 0) await this.#sendAll(batch.slice(0, row))
      this.#reject(batch, row, error)
      batches.putBack(batch.slice(row + 1))
    }
    await this.#durable
    if (this.#counts.transactions > 0) await this.#run.target.index()
    return {
      rowCount: this.#counts.rows,
      doneCount,
      datomCount: this.#counts.datoms,
      transactionCount: this.#counts.transactions,
      firstT: this.#firstT,
      lastT: this.#lastT,
    }
  }

  /** Schema and the import's own entity, where they are missing; gives the number of rows that are done. */
  async #prepare(): Promise<number> {
    const { target, plan, id, file, firstMs } = this.#run
    const known = await target.attributes()
    const found = known.has(ID) ? await target.find(id) : undefined
    const last = await target.lastMoment()
    if (found === undefined && firstMs !== undefined && firstMs < last.getTime()) {
      throw beforeKnown(new Date(firstMs), last)
    }
    const moment = firstMs === undefined ? undefined : Math.max(firstMs, last.getTime())
    const schema = [...stateSchema(known), ...newSchema(plan)]
    if (schema.length > 0) await this.#transact([...schema, ...about(moment)])
    if (found === undefined) {
      const entity = new EdnMap([
        [ID, id],
        [FILE, file],
      ])
      await this.#transact([entity, ...about(moment)])
    }
    this.#entity = (found ?? (await target.find(id)))?.get(DB_ID) ?? [ID, id]
    this.#countInDatabase = (found?.get(ROW_COUNT) as number | undefined) ?? null
    return this.#countInDatabase ?? 0
  }

  async *#convertedFrom(doneCount: number): AsyncGenerator<ImportRows> {
    const { rows: batches, converter, onProgress, onReject } = this.#run
    let ordinal = 0
    for await (const batch of batches) {
      const first = Math.min(Math.max(0, doneCount - ordinal), batch.lines.length)
      const { rows, rejects } = converter.convert(batch, ordinal, first)
      ordinal += batch.lines.length
      for (const reject of rejects) onReject(reject)
      onProgress(batch.position)
      yield rows
    }
  }

  /** Sends rows as one transaction, or tells which of them it fails by. */
  async #send(batch: RowsOfBatch): Promise<{ row: number; error: VarveError } | undefined> {
    try {
      await this.#sendAll(batch)
      return undefined
    } catch (error) {
      if (this.#failure !== undefined) throw this.#failure.error
      if (!(error instanceof VarveError)) throw error
      const row = rowOf(error, batch.rowCount)
      if (row !== undefined && ROW_KINDS.has(error.kind)) return { row, error }
      if (error.code === 'db.error/cas-failed') throw overtaken(error)
      if (error.code === 'db.error/past-tx-instant') {
        throw beforeKnown(new Date(batch.momentMs!), await this.#run.target.lastMoment())
      }
      throw error
    }
  }

  async #sendAll(batch: RowsOfBatch): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error
    const { target } = this.#run
    const count = batch.lastOrdinal + 1
    const step: Edn = [CAS, this.#entity, ROW_COUNT, this.#countInDatabase, count]
    const sent = await target.send(this.#entityRows(batch), [step, ...about(batch.momentMs)])
    this.#durable = sent.durable
    sent.durable.catch((error: unknown) => (this.#failure ??= { error }))
    this.#countInDatabase = count
    this.#counts.rows += batch.rowCount
    this.#count(sent)
  }

  /** Rows as they stand under the import's attributes: an identity finds its entity, without one it is a new one. */
  #entityRows(batch: RowsOfBatch): EntityRows {
    const { composite } = this.#run.plan
    const { rowCount } = batch
    const columns = batch.columns()
    if (composite === undefined) return { attributes: this.#attributes, rowCount, columns }
    const tuples = Array.from({ length: rowCount }, (_, row) => compositeValue(composite.parts, columns, row))
    return { attributes: this.#attributes, rowCount, columns: [...columns, tuples] }
  }

  async #transact(tx: readonly Edn[]): Promise<void> {
    this.#count(await this.#run.target.transact(tx))
  }

  #count({ t, datomCount }: { readonly t: number; readonly datomCount: number }): void {
    this.#firstT ??= t
    this.#lastT = t
    this.#counts.datoms += datomCount
    this.#counts.transactions++
  }

  #reject(batch: RowsOfBatch, row: number, { code, message }: VarveError): void {
    const { converter, onReject } = this.#run
    const { rows, row: at } = batch.at(row)
    onReject(converter.reject(rows.batch, rows.batchRows[at]!, rows.ordinals[at]!, { code, message }))
  }
}

function stateSchema(known: ReadonlyMap<Keyword, KnownAttribute>): readonly EdnMap[] {
  if (known.has(ID)) return []
  return [
    new EdnMap(declaration(ID, 'string', false, 'identity')),
    new EdnMap(declaration(FILE, 'string', false, undefined)),
    new EdnMap(declaration(ROW_COUNT, 'long', false, undefined)),
  ]
}

function about(momentMs: number | undefined): readonly Edn[] {
  if (momentMs === undefined) return []
  return [
    new EdnMap([
      [DB_ID, 'datomic.tx'],
      [TX_INSTANT, new Date(momentMs)],
    ]),
  ]
}

/** The row that an error of the transactor points at. */
function rowOf({ data }: VarveError, rowCount: number): number | undefined {
  const place = data['place'] as Place | undefined
  const step = place?.path?.[0]
  return typeof step === 'number' && step < rowCount ? step : undefined
}
