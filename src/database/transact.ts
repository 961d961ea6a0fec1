// A transaction as a pure function: facts before, operations and a clock give the datoms of the next t, or an
// error and nothing. It works on any facts (current, as of a moment, speculative), reads nothing twice, and
// waits for nobody. The steps, each a file: forms to operations (parse-transaction), functions
// (transact-functions), who is meant (transact-names), what is asked fact by fact (transact-changes), what it
// means together (transact-datoms), and whether the schema may change so (schema-change).

import { VarveError, type Warning } from '../base/errors.ts'
import { TX_BASE, type EntityId, type T } from '../fact/attribute.ts'
import { bootstrapDatoms, DB_TX_INSTANT } from '../fact/bootstrap.ts'
import { type Datom, type FactSource, firstOf } from '../fact/datom.ts'
import type { Edn } from '../fact/value.ts'
import { bootstrapFacts } from './bootstrap-facts.ts'
import * as errors from './errors.ts'
import type { FunctionRegistry } from './functions.ts'
import { pathOf } from './operation.ts'
import { OverlaidFacts } from './overlaid-facts.ts'
import { TransactionParser } from './parse-transaction.ts'
import { checkEnsured } from './predicates.ts'
import { changesSchema, checkSchemaChange } from './schema-change.ts'
import { Changes } from './transact-changes.ts'
import { DatomBuilder } from './transact-datoms.ts'
import { readsThatMeetWrites, runFunctions } from './transact-functions.ts'
import { Names, type Cursor } from './transact-names.ts'

export { diffSchema } from './schema-diff.ts'

export type TransactContext = {
  /** The facts before the transaction; a history takes none. */
  readonly before: FactSource
  readonly nowMs: number
  /** The instant of the last transaction before, where it is known; else it is looked up. */
  readonly lastMs?: number | undefined
  readonly functions?: FunctionRegistry
  /** Reads of functions that meet other operations' writes are an error, not a warning. */
  readonly isStrict?: boolean
  /** Values came from JSON or JavaScript: text may stand for a uuid, an instant and the like. */
  readonly isPlainData?: boolean
}

export type PreparedTransaction = {
  readonly t: T
  readonly txInstantMs: number
  /** The transaction's :db/txInstant first. */
  readonly datoms: readonly Datom[]
  /** Entities by the names that the transaction gave them. */
  readonly tempids: ReadonlyMap<string, EntityId>
  readonly warnings: readonly Warning[]
}

/** The transaction after `before.basisT`: its datoms, or an error with the path of the form that is wrong. */
export function prepareTransaction(tx: Edn, context: TransactContext): PreparedTransaction {
  if (context.before.isHistory) throw errors.speculationOverHistory()
  const t = context.before.basisT + 1
  const lastMs = context.lastMs ?? instantOf(context.before, t - 1)
  return prepareAt(t, Math.max(context.nowMs, lastMs), lastMs, tx, context)
}

/** The datoms of t 0: what every database is born with, and the schema that this one is created with. */
export function bootstrapTransaction(schema: Edn, functions?: FunctionRegistry): readonly Datom[] {
  const context = { before: bootstrapFacts(), nowMs: 0, ...(functions === undefined ? {} : { functions }) }
  const [txInstant, ...rest] = prepareAt(0, 0, 0, schema, context).datoms
  return [txInstant!, ...bootstrapDatoms(), ...rest]
}

const NO_FUNCTIONS: FunctionRegistry = new Map()

function prepareAt(
  t: T,
  nowMs: number,
  lastMs: number,
  tx: Edn,
  context: TransactContext,
): PreparedTransaction {
  const { before, functions = NO_FUNCTIONS } = context
  const txEntity = TX_BASE + t
  const parser = new TransactionParser(before.schema, txEntity)
  parser.parse(tx)
  const recorded = runFunctions(parser, before, functions)
  const cursor: Cursor = { path: undefined }
  try {
    const names = new Names(before, txEntity, cursor, context.isPlainData ?? false)
    names.bind(parser.operations)
    const changes = new Changes(names, functions)
    changes.take(parser.operations)
    const txInstantMs = checkedInstant(changes, nowMs, lastMs, cursor)
    const txInstant: Datom = { e: txEntity, a: DB_TX_INSTANT, v: new Date(txInstantMs), t, added: true }
    const builder = new DatomBuilder(before, txInstant, cursor, recorded.length > 0)
    builder.build(changes.list)
    const { datoms } = builder
    cursor.path = undefined
    checkAfter(before, datoms, changes, functions, cursor)
    const warnings =
      recorded.length === 0
        ? NO_WARNINGS
        : readsThatMeetWrites(parser.calls, recorded, changes.list, builder.replaced, before.schema)
    if (context.isStrict && warnings.length > 0) throw errors.readsMeetWrites(warnings[0]!)
    return { t, txInstantMs, datoms, tempids: tempidsOf(parser, txEntity), warnings }
  } catch (error) {
    if (error instanceof VarveError && cursor.path !== undefined) {
      throw errors.withPath(error, pathOf(cursor.path))
    }
    throw error
  }
}

const NO_WARNINGS: readonly Warning[] = []

function checkAfter(
  before: FactSource,
  datoms: readonly Datom[],
  { ensures }: Changes,
  functions: FunctionRegistry,
  cursor: Cursor,
): void {
  const isNewSchema = changesSchema(datoms)
  if (!isNewSchema && ensures.length === 0) return
  const after = new OverlaidFacts(before, datoms)
  if (isNewSchema) checkSchemaChange(before.schema, datoms, after)
  for (const ensure of ensures) {
    cursor.path = ensure.path
    checkEnsured(ensure, after, functions)
  }
}

/** The transaction's instant: the clock's, or the one it gives itself, never before the last. */
function checkedInstant({ txInstant }: Changes, nowMs: number, lastMs: number, cursor: Cursor): number {
  if (txInstant === undefined) return nowMs
  const { v, path } = txInstant
  cursor.path = path
  if (v.getTime() < lastMs) throw errors.pastTxInstant(v, new Date(lastMs))
  if (v.getTime() > nowMs) throw errors.futureTxInstant(v, new Date(nowMs))
  return v.getTime()
}

function instantOf(facts: FactSource, t: T): number {
  const datom = firstOf(facts.match(TX_BASE + t, DB_TX_INSTANT, undefined))
  return datom === undefined ? 0 : (datom.v as Date).getTime()
}

const NO_ENTITIES: ReadonlyMap<string, EntityId> = new Map()

function tempidsOf(parser: TransactionParser, txEntity: EntityId): ReadonlyMap<string, EntityId> {
  if (parser.tempids.size === 0 && !parser.usesTxTempid) return NO_ENTITIES
  const entities = new Map<string, EntityId>()
  for (const [name, tempid] of parser.tempids) {
    const { entity } = tempid.root()
    if (entity !== undefined) entities.set(name, entity)
  }
  if (parser.usesTxTempid) entities.set('datomic.tx', txEntity)
  return entities
}
