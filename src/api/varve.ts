// `Varve`, `Database` and `Db` over databases in this process (memory or a folder).
//
// The types that users see are precise (types/interfaces.ts); behind them every query is data, so the classes
// here are written against plain forms and implement the interface at its loosest.

import { VarveError } from '../base/errors.ts'
import type { Datom, IndexName } from '../fact/datom.ts'
import { formFromData } from '../fact/json-form.ts'
import { toPlain } from '../fact/plain.ts'
import type { Schema } from '../fact/schema.ts'
import type { Edn, EdnMap } from '../fact/value.ts'
import type { Catalog } from '../database/catalog.ts'
import type { Connection, LogRange } from '../database/connection.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import type { LoggedTransaction } from '../database/fact-store.ts'
import type { TransactOutcome, TransactRequest } from '../database/writer.ts'
import type { EngineName } from '../plan/engine.ts'
import type { ExplainMode, Explanation } from '../plan/explain.ts'
import {
  ask,
  type AskArgument,
  type Asked,
  type AskRequest,
  askWritten,
  explain,
  type QueryRunner,
} from '../query/ask.ts'
import { momentSources, type MomentRequest } from '../query/moment.ts'
import type { WaitingScans } from '../query/waiting-scans.ts'
import { parsedPattern } from '../query/parsed.ts'
import { requestOfSaved, savedSources } from '../query/saved-query.ts'
import { checkExpectations } from '../service/expectations.ts'
import { namedArguments } from '../service/saved-query-forms.ts'
import type { QueryVersion } from '../service/system/saved-queries.ts'
import { indexDatoms, indexRange } from '../query/index-datoms.ts'
import { pullEntity } from '../query/pull.ts'
import { shapeAnswer } from '../engine/shape.ts'
import { LocalEntity } from './entity.ts'
import { ExactAttributes, exactAnswer, type ExactNames, exactPulled, exactValue } from '../interface/exact.ts'
import { argumentForm, entityForm, formOf, givenArguments, metaForm, withForm } from '../interface/forms.ts'
import type { Xforms } from './functions.ts'
import type { HeldProcedures } from './procedures.ts'
import { checkedMoment } from '../interface/moments.ts'
import { PlainRows } from '../interface/rows.ts'
import type {
  Answer,
  DatabaseInfo,
  DatomItem,
  Db,
  Entity,
  LogDatom,
  LogItem,
  LogOptions,
  Moment,
  OpenOptions,
  TransactOptions,
  TransactResult,
} from '../interface/types/interfaces.ts'
import type { DefinedSchema } from '../interface/types/define-schema.ts'
import type {
  CheckedQuery,
  QueryToSave,
  RunArguments,
  RunOptions,
  SavedVersion,
} from '../interface/types/saved-query.ts'
import type { HeldQueries } from './saved-queries.ts'
import { speculate } from './speculate.ts'

type LooseRequest = MomentRequest &
  Bounds & {
    readonly query: unknown
    readonly args?: readonly unknown[]
    readonly database?: string
  }

type Bounds = {
  readonly timeoutMs?: number
  readonly memoryBytes?: number
  readonly limit?: number
  readonly engine?: EngineName
  readonly signal?: AbortSignal
}

/** What a connection holds beside its databases. */
export type Held = {
  readonly xforms: Xforms
  readonly engine: EngineName
  readonly procedures: HeldProcedures
  readonly queries: HeldQueries
  /** Questions that wait for workers. */
  readonly scans: WaitingScans
}

export class LocalVarve {
  readonly catalog: Catalog
  readonly runner: QueryRunner

  /** Functions that `:xform` of a pull may name beside the documented ones. */
  readonly xforms: Xforms
  readonly exact = new ExactAttributes()

  /** Who answers where a question does not say it. */
  readonly engine: EngineName

  /** What questions and transactions may call beside what is built in. */
  readonly procedures: HeldProcedures

  /** What is saved under names. */
  readonly queries: HeldQueries

  /** Questions that wait for workers. */
  readonly scans: WaitingScans

  constructor(catalog: Catalog, runner: QueryRunner, { xforms, engine, procedures, queries, scans }: Held) {
    this.catalog = catalog
    this.runner = runner
    this.xforms = xforms
    this.engine = engine
    this.procedures = procedures
    this.queries = queries
    this.scans = scans
  }

  async open(schemaOrName: DefinedSchema | string, options: OpenOptions = {}): Promise<LocalDatabase> {
    if (typeof schemaOrName !== 'string') {
      if (typeof schemaOrName?.toTransaction !== 'function') throw nothingToOpen()
      const { name, alias } = schemaOrName
      this.exact.declare(schemaOrName)
      return this.#create(name, alias === name ? undefined : alias, schemaOrName.toTransaction())
    }
    const { schema, alias } = options
    if (schema === undefined && alias === undefined) {
      return new LocalDatabase(this, await this.catalog.connection(schemaOrName))
    }
    const known = this.catalog.list().find((info) => info.alias === schemaOrName)
    const name = known?.name ?? schemaOrName
    if (schema === undefined) return this.#create(name, alias, undefined)
    return withForm(schema, 'schema', (form) => this.#create(name, alias, form))
  }

  async #create(name: string, alias: string | undefined, schema: Edn | undefined): Promise<LocalDatabase> {
    const connection = await this.catalog.create(name, {
      ...(alias !== undefined && { alias }),
      ...(schema !== undefined && { schema }),
    })
    return new LocalDatabase(this, connection)
  }

  typed(...schemas: readonly DefinedSchema[]): this {
    for (const schema of schemas) this.exact.declare(schema)
    return this
  }

  async query(request: LooseRequest): Promise<unknown> {
    return shaped(await this.ask(request), this.exact)
  }

  async answer(request: LooseRequest): Promise<Answer<unknown>> {
    return answerOf(await this.ask(request), this.exact)
  }

  async explain(request: LooseRequest, mode: ExplainMode = 'run'): Promise<Explanation> {
    return told(await explain(await this.#asked(request), this.runner, mode))
  }

  async ask(request: LooseRequest): Promise<Asked> {
    return ask(await this.#asked(request), this.runner)
  }

  async #asked(request: LooseRequest): Promise<AskRequest> {
    const { database } = request
    const args = (request.args ?? []).map(argumentOf)
    const sourceNamed = this.#sourcesAt(request)
    return {
      query: formOf(request.query, 'query'),
      args,
      sourceNamed,
      ...(database !== undefined && { database: await sourceNamed(database) }),
      ...this.#boundsOf(request),
      procedures: this.procedures.set,
    }
  }

  #sourcesAt(request: MomentRequest): AskRequest['sourceNamed'] {
    if (request.asOf !== undefined) checkedMoment(request.asOf)
    return momentSources(this.catalog, request)
  }

  #boundsOf({ timeoutMs, memoryBytes, limit, engine = this.engine, signal }: Bounds): Bounds {
    return {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(memoryBytes !== undefined && { memoryBytes }),
      ...(limit !== undefined && { limit }),
      engine,
      ...(signal && { signal }),
    }
  }

  async run(name: string, args: RunArguments = {}, options: RunOptions = {}): Promise<Answer<unknown>> {
    const given = namedArguments(formFromData(givenArguments(args), 'value'))
    const { version: found } = await this.queries.version(name, options.version)
    const version = { ...found, ...(options.database !== undefined && { database: options.database }) }
    return answerOf(await ask(await this.#saved(version, given, options), this.runner), this.exact)
  }

  saveQuery(name: string, query: QueryToSave): Promise<SavedVersion> {
    return this.queries.save(name, query)
  }

  async checkQuery(name: string, number?: number): Promise<CheckedQuery> {
    const { query, version } = await this.queries.version(name, number)
    const checked = await checkExpectations(query, async ({ cursors, arguments: given }) => {
      const request = await this.#saved(version, given, { cursors })
      return (await askWritten(request, this.runner, 'json')).answer
    })
    return { version: version.number, ...checked }
  }

  /** The question that a saved query asks. */
  async #saved(version: QueryVersion, given: EdnMap, options: Bounds & MomentRequest): Promise<AskRequest> {
    const sources = savedSources(this.catalog, options, this.#sourcesAt(options))
    return {
      ...(await requestOfSaved(version, given, sources)),
      ...this.#boundsOf(options),
      procedures: await this.queries.procedures(),
    }
  }

  async databases(): Promise<readonly DatabaseInfo[]> {
    return Promise.all(
      this.catalog.list().map(async ({ name, alias }) => {
        const connection = await this.catalog.connection(name)
        return { name, alias, basisT: connection.value().basisT }
      }),
    )
  }

  delete(name: string): Promise<void> {
    return this.catalog.delete(name)
  }

  async close(): Promise<void> {
    await this.runner[Symbol.asyncDispose]()
    await this.procedures[Symbol.asyncDispose]()
    await this.queries[Symbol.asyncDispose]()
    await this.catalog[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const NO_OPTIONS: TransactOptions = {}

export class LocalDatabase {
  readonly varve: LocalVarve
  readonly #connection: Connection

  constructor(varve: LocalVarve, connection: Connection) {
    this.varve = varve
    this.#connection = connection
  }

  get name(): string {
    return this.#connection.info.name
  }

  get alias(): string {
    return this.#connection.info.alias
  }

  async transact(tx: unknown, options: TransactOptions = NO_OPTIONS): Promise<TransactResult> {
    const { catalog } = this.varve
    const writer = catalog.openedWriter(this.name) ?? (await catalog.writer(this.name))
    const send = (form: Edn, isPlainData: boolean): Promise<TransactOutcome> =>
      writer.transact(transactRequest(form, isPlainData, options))
    const outcome =
      typeof tx === 'string'
        ? await withForm(tx, 'transaction', (form) => send(form, false))
        : await send(formFromData(tx, 'transaction'), true)
    return transactResult(this.varve, outcome)
  }

  db(): LocalDb {
    return new LocalDb(this.varve, this.#connection.value())
  }

  async *log(options: LogOptions = {}): AsyncGenerator<LogItem> {
    const { schema } = this.#connection.value()
    for await (const transaction of this.#connection.transactions(this.#range(options))) {
      yield logItem(
        transaction,
        transaction.datoms.some(({ a }) => schema.attribute(a) === undefined)
          ? this.#connection.value().schema
          : schema,
        this.varve.exact.of(this.name),
      )
    }
  }

  async sync(t?: number): Promise<LocalDb> {
    if (t !== undefined) checkedMoment(t)
    return new LocalDb(this.varve, await this.#connection.sync(t))
  }

  #range({ from = 0, to = Infinity, live = false, signal }: LogOptions): LogRange {
    const { facts } = this.#connection.value()
    // From an instant means its transactions too: the first t after the last one before it.
    const point = (moment: Moment): number =>
      typeof moment === 'number' ? moment : facts.tAt(moment.getTime() - 1) + 1
    return {
      from: point(checkedMoment(from)),
      to: to === Infinity ? to : point(checkedMoment(to)),
      isLive: live,
      ...(signal && { signal }),
    }
  }
}

export class LocalDb {
  readonly #varve: LocalVarve
  readonly value: DatabaseValue

  constructor(varve: LocalVarve, value: DatabaseValue) {
    this.#varve = varve
    this.value = value
  }

  get name(): string {
    return this.value.database
  }

  get basisT(): number {
    return this.value.basisT
  }

  get schema(): Schema {
    return this.value.schema
  }

  get #exact(): ExactNames {
    return this.#varve.exact.of(this.name)
  }

  async q(query: unknown, ...args: readonly unknown[]): Promise<unknown> {
    return shaped(await ask(this.#request(query, args), this.#varve.runner), this.#varve.exact)
  }

  async explain(query: unknown, ...args: readonly unknown[]): Promise<Explanation> {
    return told(await explain(this.#request(query, args), this.#varve.runner, 'run'))
  }

  #request(query: unknown, args: readonly unknown[]): AskRequest {
    return {
      query: formOf(query, 'query'),
      args: args.map(argumentOf),
      database: this.value,
      sourceNamed: momentSources(this.#varve.catalog, {}),
      engine: this.#varve.engine,
      procedures: this.#varve.procedures.set,
    }
  }

  async pull(pattern: unknown, eid: unknown): Promise<unknown> {
    const form = formOf(pattern, 'pattern')
    const { result } = await pullEntity(this.value, form, entityForm(eid, this.schema), {
      xform: (name) => this.#varve.xforms.get(name),
    })
    return result === null ? null : toPlain(exactPulled(result, parsedPattern(form), this.#exact))
  }

  async entity(eid: unknown): Promise<Entity | null> {
    const form = entityForm(eid, this.schema)
    return this.value.read(({ facts }) => LocalEntity.of(facts, form, this.#exact)) as Promise<Entity | null>
  }

  async *datoms(index: IndexName, ...components: readonly unknown[]): AsyncGenerator<DatomItem> {
    const forms = components.map(argumentForm)
    for await (const datom of this.value.readEach((facts) => indexDatoms(facts, index, forms)))
      yield datomItem(datom, this.schema, this.#exact)
  }

  async *indexRange(attribute: string, from?: unknown, to?: unknown): AsyncGenerator<DatomItem> {
    const [name, first, limit] = [attribute, from ?? null, to ?? null].map(argumentForm) as [Edn, Edn, Edn]
    for await (const datom of this.value.readEach((facts) => indexRange(facts, name, first, limit)))
      yield datomItem(datom, this.schema, this.#exact)
  }

  asOf(moment: Moment): LocalDb {
    return new LocalDb(this.#varve, this.value.asOf(checkedMoment(moment)))
  }

  since(moment: Moment): LocalDb {
    return new LocalDb(this.#varve, this.value.since(checkedMoment(moment)))
  }

  history(): LocalDb {
    return new LocalDb(this.#varve, this.value.history())
  }

  async with(tx: unknown, options: TransactOptions = {}): Promise<TransactResult> {
    const isPlainData = typeof tx !== 'string'
    return withForm(tx, 'transaction', async (form) => {
      const request = transactRequest(form, isPlainData, options)
      return transactResult(this.#varve, await speculate(this.#varve.catalog, this.value, request))
    })
  }
}

/** An explanation with all warnings, those of reading the query included. */
function told({ answer, warnings }: Asked<Explanation>): Explanation {
  return { ...answer, warnings }
}

function transactRequest(tx: Edn, isPlainData: boolean, options: TransactOptions): TransactRequest {
  if (options === NO_OPTIONS) return { tx, isPlainData }
  const meta = options.meta === undefined ? undefined : metaForm(options.meta)
  return {
    tx,
    isPlainData,
    ...(meta !== undefined && { meta }),
    ...(options.idempotencyKey !== undefined && { idempotencyKey: options.idempotencyKey }),
    ...(options.strict !== undefined && { isStrict: options.strict }),
  }
}

function transactResult(varve: LocalVarve, outcome: TransactOutcome): TransactResult {
  const { schema, database } = outcome.after
  const exact = varve.exact.of(database)
  return {
    t: outcome.t,
    txInstant: new Date(outcome.txInstantMs),
    tempids: outcome.tempids.size === 0 ? {} : Object.fromEntries(outcome.tempids),
    datoms: outcome.datoms.map((datom) => logDatom(datom, schema, exact)),
    warnings: outcome.warnings,
    dbBefore: new LocalDb(varve, outcome.before) as unknown as Db,
    dbAfter: new LocalDb(varve, outcome.after) as unknown as Db,
  }
}

function argumentOf(argument: unknown): AskArgument {
  if (argument instanceof LocalDb) return { kind: 'database', value: argument.value }
  return { kind: 'value', value: argumentForm(argument), isPlainData: true }
}

function answerOf(asked: Asked, exact: ExactAttributes): Answer<unknown> {
  return {
    result: shaped(asked, exact),
    columns: asked.answer.columns,
    basis: asked.basis,
    warnings: asked.warnings,
    truncated: asked.answer.isTruncated,
  }
}

function shaped(asked: Asked, exact: ExactAttributes): unknown {
  const { query } = asked
  const answer = exactAnswer(asked, exact)
  if (query.find.kind === 'relation' && query.returnKeys === undefined) {
    return new PlainRows(answer.columns, answer.rows)
  }
  return toPlain(shapeAnswer(query, answer))
}

function logItem({ t, txInstantMs, datoms }: LoggedTransaction, schema: Schema, exact: ExactNames): LogItem {
  return {
    t,
    txInstant: new Date(txInstantMs),
    datoms: datoms.map((datom) => logDatom(datom, schema, exact)),
  }
}

function logDatom({ e, a, v, added }: Datom, schema: Schema, exact: ExactNames): LogDatom {
  const ident = schema.attribute(a)?.ident
  const isExact = ident !== undefined && exact.size > 0 && exact.has(ident.text)
  return [e, ident?.toString() ?? `:${a}`, toPlain(isExact ? exactValue(v) : v), added]
}

function datomItem(datom: Datom, schema: Schema, exact: ExactNames): DatomItem {
  const [e, a, v, added] = logDatom(datom, schema, exact)
  return { e, a, v, t: datom.t, added }
}

function nothingToOpen(): VarveError {
  return new VarveError({
    code: 'varve.error/nothing-to-open',
    kind: 'incorrect',
    message: 'open got neither a schema nor the name of a database',
    fix: "Write varve.open(defineSchema('shop', { … })) or varve.open('shop')",
  })
}
