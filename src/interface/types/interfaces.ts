// The one interface for `memory:`, `file:`, `s3:` and `http:`, as users see it. Types only: `src/api` implements
// these for databases in this process, the HTTP client for those behind a service.

import type { Warning } from '../../base/errors.ts'
import type { IndexName } from '../../fact/datom.ts'
import type { EngineName } from '../../plan/engine.ts'
import type { Schema } from '../../fact/schema.ts'
import type { ExplainMode, Explanation } from '../../plan/explain.ts'
import type { Attributes, KeywordText, Sources } from './attributes.ts'
import type { DefinedSchema, SourcesOf } from './define-schema.ts'
import type { EntityAttribute, EntityValue } from './entity.ts'
import type { CheckPattern, PatternInput, PullResult } from './pull.ts'
import type { CheckQuery, QueryArgs, QueryInput, QueryResult, RequestArgs, SourcesWith } from './query.ts'
import type { ColumnInfo } from './rows.ts'
import type { CheckedQuery, QueryToSave, RunArguments, RunOptions, SavedVersion } from './saved-query.ts'
import type { CheckTransaction, EntityRef, MetaOf, TransactionInput } from './transaction.ts'

export type { ColumnInfo, Rows } from './rows.ts'

/**
 * Where a value carries what the compiler knows of its schema; nothing is there when the program runs. Methods ask
 * `this` for it instead of naming it, so that a database of any schema is also one of which no schema is known.
 */
declare const KNOWN: unique symbol
interface Known<S, M> {
  readonly [KNOWN]?: { readonly schema: S; readonly sources: M }
}
/** The schema that a database, a value of one or an entity carries. */
export type SchemaKnownTo<D> = D extends Known<infer S extends Attributes, unknown> ? S : Attributes
/** The sources that its queries may name: itself as `$`, and those known by alias. */
export type SourcesKnownTo<D> =
  D extends Known<infer S extends Attributes, infer M extends Sources> ? SourcesWith<S, M> : Sources

/** A position in time: a t of the database, or an instant. */
export type Moment = number | Date
/** Databases and the t of each: `{ purchases: 42 }`. */
export type Cursors = { readonly [database: string]: number }

/** A connection to a place where databases live; `M` holds the schemas known by alias. */
export interface Varve<M extends Sources = {}> extends AsyncDisposable, Known<{}, M> {
  /** Creates the database, or adds to it what its schema lacks. */
  open<const N extends string, const S extends Attributes, const L extends string>(
    schema: DefinedSchema<N, S, L>,
  ): Promise<Database<S, M>>
  open(name: string, options?: OpenOptions): Promise<Database<Attributes, M>>
  /** This very connection, whose queries check `$alias` sources against these schemas. */
  typed<const D extends readonly DefinedSchema[]>(...schemas: D): Varve<M & SourcesOf<D>>
  /** Asks over many databases: `$alias` names them. */
  query<V extends Varve, const Q extends QueryInput>(
    this: V,
    request: QueryRequest<SourcesOfVarve<V>, Q>,
  ): Promise<QueryResult<SourcesOfVarve<V>, Q>>
  /** As `query`, and says what it was asked over and what it noticed. */
  answer<V extends Varve, const Q extends QueryInput>(
    this: V,
    request: QueryRequest<SourcesOfVarve<V>, Q>,
  ): Promise<Answer<QueryResult<SourcesOfVarve<V>, Q>>>
  /** What asking did, step by step, with the rows expected and found; or, with `plan`, what it would do. */
  explain<V extends Varve, const Q extends QueryInput>(
    this: V,
    request: QueryRequest<SourcesOfVarve<V>, Q>,
    mode?: ExplainMode,
  ): Promise<Explanation>
  /** Runs a saved query, with arguments by the names of its parameters; rows of a relation come as `Rows`. */
  run(name: string, args?: RunArguments, options?: RunOptions): Promise<Answer<unknown>>
  /** Saves a query under a name; a change of what it asks is a new version. */
  saveQuery(name: string, query: QueryToSave): Promise<SavedVersion>
  /** Asks what a saved query must answer, each expectation at its basis. */
  checkQuery(name: string, version?: number): Promise<CheckedQuery>
  databases(): Promise<readonly DatabaseInfo[]>
  /** Deletes a database for ever. */
  delete(name: string): Promise<void>
  close(): Promise<void>
}

/** What a connection was told by `typed`. */
type SourcesOfVarve<V> = V extends Known<unknown, infer M extends Sources> ? M : Sources

export type OpenOptions = {
  /** EDN text, or maps of schema: `{ ':db/ident': ':p/name', ':db/valueType': ':db.type/string', … }`. */
  readonly schema?: string | readonly SchemaMap[]
  readonly alias?: string
}
export type SchemaMap = { readonly [key: KeywordText]: unknown }

export type QueryRequest<M extends Sources, Q> = ArgumentsPart<RequestArgs<M, Q>> & {
  readonly query: CheckQuery<M, Q>
  /** The database that `$` means. */
  readonly database?: string
  /** An instant for all databases, or a t where only one is asked. */
  readonly asOf?: Moment
  /** A t for each database; those left out are asked as they are now. */
  readonly cursors?: Cursors
  readonly timeoutMs?: number
  /** Memory that the query may hold while it runs: 1 GiB where nothing is said. */
  readonly memoryBytes?: number
  /** The answer keeps this many rows, the first in the total order. */
  readonly limit?: number
  /**
   * Who answers; `auto` where nothing is said. `duckdb` gives the same answer or refuses with a reason
   * (`varve.error/engine-refused`).
   */
  readonly engine?: EngineName
  readonly signal?: AbortSignal
}

/** Arguments may be left out only where the query asks for none. */
type ArgumentsPart<A extends readonly unknown[]> = readonly [] extends A
  ? { readonly args?: A }
  : { readonly args: A }

export type Answer<R> = {
  readonly result: R
  readonly columns: readonly ColumnInfo[]
  /** What was asked: can be sent back as `cursors`. */
  readonly basis: Cursors
  readonly warnings: readonly Warning[]
  readonly truncated: boolean
  /** Of a service: by which the question can be asked again. */
  readonly receipt?: AnswerReceipt
}

export type AnswerReceipt = {
  /** Under which the service gives it again. */
  readonly id: string
  /** `sha256:…` of the result. */
  readonly resultHash: string
  /** The whole, as EDN text. */
  readonly edn: string
}

export type DatabaseInfo = { readonly name: string; readonly alias: string; readonly basisT: number }

/** One database of a connection. */
export interface Database<S extends Attributes = Attributes, M extends Sources = {}> extends Known<S, M> {
  readonly name: string
  readonly alias: string
  /** Applies the transaction whole or not at all; resolved once it is on disk. */
  transact<D extends Database, const X extends TransactionInput>(
    this: D,
    tx: CheckTransaction<SchemaKnownTo<D>, X>,
    options?: TransactOptions<SchemaKnownTo<D>>,
  ): Promise<TransactResult<S, M>>
  /** The database as it is now: an immutable value. */
  db(): Db<S, M>
  /** Transactions from `from` on, `to` excluded; with `live` it waits for further ones. */
  log(options?: LogOptions): AsyncIterable<LogItem>
  /** Waits until this process sees the transaction `t`; without one, until it sees all that is acknowledged now. */
  sync(t?: number): Promise<Db<S, M>>
}

export type TransactOptions<S extends Attributes = Attributes> = {
  /** Facts about the transaction itself. */
  readonly meta?: MetaOf<S>
  /** Sent again with the same content, the transaction is not applied again and the first result returns. */
  readonly idempotencyKey?: string
  /** Makes an error of the warning that a function read what another operation of the transaction writes. */
  readonly strict?: boolean
}

export type TransactResult<S extends Attributes = Attributes, M extends Sources = {}> = {
  readonly t: number
  readonly txInstant: Date
  /** Entity ids by the names that the transaction gave. */
  readonly tempids: { readonly [tempid: string]: number }
  readonly datoms: readonly LogDatom[]
  readonly warnings: readonly Warning[]
  readonly dbBefore: Db<S, M>
  readonly dbAfter: Db<S, M>
}

export type LogOptions = {
  /** Included. */
  readonly from?: Moment
  /** Excluded. */
  readonly to?: Moment
  readonly live?: boolean
  readonly signal?: AbortSignal
}
/** Entity, attribute, value, and true where the fact was added, false where it was retracted. */
export type LogDatom = readonly [e: number, attribute: KeywordText, v: unknown, added: boolean]
export type LogItem = { readonly t: number; readonly txInstant: Date; readonly datoms: readonly LogDatom[] }

/** A database as of some moment; it answers the same for ever. */
export interface Db<S extends Attributes = Attributes, M extends Sources = {}> extends Known<S, M> {
  readonly name: string
  /** The last t that this value includes. */
  readonly basisT: number
  readonly schema: Schema
  /** Asks; `$` is this database. Rows of a relation come as `Rows`, in the total order. */
  q<D extends Db, const Q extends QueryInput>(
    this: D,
    query: CheckQuery<SourcesKnownTo<D>, Q>,
    ...args: QueryArgs<SourcesKnownTo<D>, Q>
  ): Promise<QueryResult<SourcesKnownTo<D>, Q>>
  /** Asks, and tells what was done: every step with the rows that were expected, those that came, and its time. */
  explain<D extends Db, const Q extends QueryInput>(
    this: D,
    query: CheckQuery<SourcesKnownTo<D>, Q>,
    ...args: QueryArgs<SourcesKnownTo<D>, Q>
  ): Promise<Explanation>
  /** What the pattern describes of one entity; null where nothing is found. */
  pull<D extends Db, const P extends PatternInput>(
    this: D,
    pattern: CheckPattern<SchemaKnownTo<D>, P>,
    eid: EntityRef<SchemaKnownTo<D>>,
  ): Promise<PullResult<SchemaKnownTo<D>, P> | null>
  /** The entity to walk from, or null where the reference names nobody. */
  entity<D extends Db>(this: D, eid: EntityRef<SchemaKnownTo<D>>): Promise<Entity<S> | null>
  /** Facts of one index in its order; the components are its leading places. */
  datoms(index: IndexName, ...components: readonly unknown[]): AsyncIterable<DatomItem>
  /** Facts of one attribute by value: `from` included, `to` excluded; undefined leaves a side open. */
  indexRange<D extends Db>(
    this: D,
    attribute: EntityAttribute<SchemaKnownTo<D>>,
    from?: unknown,
    to?: unknown,
  ): AsyncIterable<DatomItem>
  /** As the database was known then, the moment included. */
  asOf(moment: Moment): Db<S, M>
  /** Only what was added after the moment. */
  since(moment: Moment): Db<S, M>
  /** Every assertion and retraction there ever was. */
  history(): Db<S, M>
  /** What the transaction would do; nothing is written. */
  with<D extends Db, const X extends TransactionInput>(
    this: D,
    tx: CheckTransaction<SchemaKnownTo<D>, X>,
    options?: TransactOptions<SchemaKnownTo<D>>,
  ): Promise<TransactResult<S, M>>
}

export type DatomItem = {
  readonly e: number
  readonly a: KeywordText
  readonly v: unknown
  readonly t: number
  readonly added: boolean
}

/** An entity of one database value, read as it is walked. */
export interface Entity<S extends Attributes = Attributes> extends Known<S, {}> {
  readonly id: number
  /** A value, an array for many; of a reference the ident where it has one, else the entity. */
  get<E extends Entity, const A extends string>(
    this: E,
    attribute: A & EntityAttribute<SchemaKnownTo<E>>,
  ): EntityValue<SchemaKnownTo<E>, A> | undefined
  /** The attributes that it has values for. */
  attributes(): readonly KeywordText[]
  /** All its attributes and those of its components, as `pull` with `*` gives them. */
  touch<E extends Entity>(this: E): PullResult<SchemaKnownTo<E>, readonly ['*']>
}
