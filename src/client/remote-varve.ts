// `Varve` and `Database` of a service, over HTTP: the same interface as that of databases in this process (api/varve.ts). A
// value of a database is its name, the t up to which it goes and what is seen of it; nothing is held open for it.

import { VarveError } from '../base/errors.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import type { Schema } from '../fact/schema.ts'
import type { EdnMap } from '../fact/value.ts'
import { ExactAttributes, type ExactNames } from '../interface/exact.ts'
import { givenArguments, metaForm } from '../interface/forms.ts'
import { checkedMoment } from '../interface/moments.ts'
import type { DefinedSchema } from '../interface/types/define-schema.ts'
import type {
  Answer,
  DatabaseInfo,
  LogItem,
  LogOptions,
  Moment,
  OpenOptions,
  TransactOptions,
  TransactResult,
} from '../interface/types/interfaces.ts'
import type {
  CheckedQuery,
  QueryToSave,
  RunArguments,
  RunOptions,
  SavedVersion,
} from '../interface/types/saved-query.ts'
import type { EngineName } from '../plan/engine.ts'
import type { ExplainMode, Explanation } from '../plan/explain.ts'
import { clientClosed } from './errors.ts'
import { logPages, WAIT_MS, WAITING } from './log-pages.ts'
import { datomsIn, logDatom, outcomeOf } from './outcome.ts'
import { argumentsOf, checkedQuery, explained, type Known, savedAnswer, shapedAnswer } from './questions.ts'
import { NamedDb, Naming } from './named-db.ts'
import { fetchSchema, isSchemaChange } from './remote-schema.ts'
import { RemoteDb } from './remote-db.ts'
import { fieldIn, type Fields, mapsIn, numberIn, textIn, type Wire } from './wire.ts'

type LooseRequest = {
  readonly query: unknown
  readonly args?: readonly unknown[]
  readonly database?: string
  readonly asOf?: Moment
  readonly cursors?: Readonly<Record<string, number>>
  readonly timeoutMs?: number
  readonly memoryBytes?: number
  readonly limit?: number
  readonly engine?: EngineName
  readonly signal?: AbortSignal
}

export class RemoteVarve implements Known {
  readonly wire: Wire
  readonly exact = new ExactAttributes()
  /** Names of databases by the aliases that were met. */
  readonly #names = new Map<string, string>()

  constructor(wire: Wire) {
    this.wire = wire
  }

  async open(schemaOrName: DefinedSchema | string, options: OpenOptions = {}): Promise<RemoteDatabase> {
    if (typeof schemaOrName === 'string') return this.#openNamed(schemaOrName, options)
    if (typeof schemaOrName?.toTransaction !== 'function') throw nothingToOpen()
    const { name, alias } = schemaOrName
    this.typed(schemaOrName)
    return this.#create(name, {
      alias: alias === name ? undefined : alias,
      schema: writeEdn(schemaOrName.toTransaction()),
    })
  }

  async #openNamed(name: string, { schema, alias }: OpenOptions): Promise<RemoteDatabase> {
    if (schema === undefined && alias === undefined) return this.#opened(await this.#described(name))
    const known = (await this.databases()).find((info) => info.alias === name)
    return this.#create(known?.name ?? name, { alias, schema })
  }

  /** Whoever may only ask opens what is there: the service says so where it is not. */
  async #create(name: string, fields: Fields): Promise<RemoteDatabase> {
    const path = `/v1/databases/${encodeURIComponent(name)}`
    try {
      return await this.#opened(await this.wire.send('PUT', path, fields, { isRepeatable: true }))
    } catch (error) {
      const isReader = error instanceof VarveError && error.code === 'varve.error/scope-missing'
      if (isReader) return this.#opened(await this.#described(name))
      throw error
    }
  }

  #described(name: string): Promise<EdnMap> {
    return this.wire.send('GET', `/v1/databases/${encodeURIComponent(name)}`)
  }

  async #opened(description: EdnMap): Promise<RemoteDatabase> {
    const [name, alias] = [textIn(description, 'name'), textIn(description, 'alias')]
    this.#names.set(alias, name)
    const basisT = numberIn(description, 'basis-t')
    return new RemoteDatabase(
      this,
      { name, alias },
      { basisT, schema: await fetchSchema(this.wire, new NamedDb({ name, t: basisT, views: [] })) },
    )
  }

  typed(...schemas: readonly DefinedSchema[]): this {
    for (const schema of schemas) {
      this.exact.declare(schema)
      this.#names.set(schema.alias, schema.name)
    }
    return this
  }

  /** The name of a database that is called so, as far as that was met. */
  nameOf(nameOrAlias: string): string {
    return this.#names.get(nameOrAlias) ?? nameOrAlias
  }

  async query(request: LooseRequest): Promise<unknown> {
    return (await this.answer(request)).result
  }

  async answer(request: LooseRequest): Promise<Answer<unknown>> {
    const { signal } = request
    const answer = await this.wire.send('POST', '/v1/query', questionOf(request), {
      signal,
      isRepeatable: true,
    })
    const { query, args = [], database } = request
    return shapedAnswer(answer, { query, args, database: database && this.nameOf(database) }, this)
  }

  async explain(request: LooseRequest, mode: ExplainMode = 'run'): Promise<Explanation> {
    return explained(this.wire, { ...questionOf(request), explain: mode }, request.signal)
  }

  async run(name: string, args: RunArguments = {}, options: RunOptions = {}): Promise<Answer<unknown>> {
    const { signal, asOf, ...rest } = options
    if (asOf !== undefined) checkedMoment(asOf)
    const fields = { ...rest, asOf, arguments: givenArguments(args) }
    return savedAnswer(
      await this.wire.send('POST', `${queryPath(name)}/run`, fields, { signal, isRepeatable: true }),
      this,
    )
  }

  async saveQuery(name: string, query: QueryToSave): Promise<SavedVersion> {
    const answer = await this.wire.send('PUT', queryPath(name), query, { isRepeatable: true })
    return { name, version: numberIn(mapsIn(answer, 'versions').at(-1)!, 'version') }
  }

  async checkQuery(name: string, version?: number): Promise<CheckedQuery> {
    const fields = { version }
    return checkedQuery(
      await this.wire.send('POST', `${queryPath(name)}/check`, fields, { isRepeatable: true }),
    )
  }

  async databases(): Promise<readonly DatabaseInfo[]> {
    const answer = await this.wire.send('GET', '/v1/databases')
    return mapsIn(answer, 'databases').map((info) => ({
      name: textIn(info, 'name'),
      alias: textIn(info, 'alias'),
      basisT: numberIn(info, 'basis-t'),
    }))
  }

  async delete(name: string): Promise<void> {
    const encoded = encodeURIComponent(name)
    await this.wire.send('DELETE', `/v1/databases/${encoded}?confirm=${encoded}`)
  }

  close(): Promise<void> {
    this.wire.close(clientClosed(this.wire.url))
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

type Newest = { readonly basisT: number; readonly schema: Schema }

export class RemoteDatabase {
  readonly varve: RemoteVarve
  readonly name: string
  readonly alias: string
  #newest: Newest

  constructor(
    varve: RemoteVarve,
    { name, alias }: { readonly name: string; readonly alias: string },
    newest: Newest,
  ) {
    this.varve = varve
    this.name = name
    this.alias = alias
    this.#newest = newest
  }

  get #exact(): ExactNames {
    return this.varve.exact.of(this.name)
  }

  get #path(): string {
    return `/v1/databases/${encodeURIComponent(this.name)}`
  }

  async transact(tx: unknown, options: TransactOptions = {}): Promise<TransactResult> {
    const { meta, idempotencyKey, strict } = options
    if (meta !== undefined) metaForm(meta)
    const fields = { tx, meta, idempotencyKey, strict, datoms: true }
    const answer = await this.varve.wire.send('POST', `${this.#path}/transact`, fields, {
      // Without a key, who heard nothing back cannot know whether it was applied.
      isRepeatable: idempotencyKey !== undefined,
    })
    const told = outcomeOf(answer, this.#exact)
    const { t } = told
    const { schema: before } = this.#newest
    const schema = isSchemaChange(datomsIn(answer))
      ? await fetchSchema(this.varve.wire, this.#named(t))
      : before
    if (t > this.#newest.basisT) this.#newest = { basisT: t, schema }
    return {
      ...told,
      dbBefore: this.#value(t - 1, before) as unknown as TransactResult['dbBefore'],
      dbAfter: this.#value(t, schema) as unknown as TransactResult['dbAfter'],
    }
  }

  /** As of the newest t that this connection heard of: by opening, transacting or `sync`. */
  db(): RemoteDb {
    return this.#value(this.#newest.basisT, this.#newest.schema)
  }

  /** Resolves once the service has it: however long that takes, as long as the connection is open. */
  async sync(t: number = 0): Promise<RemoteDb> {
    checkedMoment(t)
    const { wire } = this.varve
    for (;;) {
      const answer = await wire.send('GET', `${this.#path}?t=${t}&waitMs=${WAIT_MS}`, undefined, WAITING)
      const basisT = numberIn(answer, 'basis-t')
      if (basisT > this.#newest.basisT)
        this.#newest = { basisT, schema: await fetchSchema(wire, this.#named(basisT)) }
      if (basisT >= t) return this.db()
    }
  }

  async *log({ from = 0, to, live = false, signal }: LogOptions = {}): AsyncGenerator<LogItem> {
    const range = {
      from: checkedMoment(from),
      to: to === undefined || to === Infinity ? undefined : checkedMoment(to),
      isLive: live,
      signal,
    }
    for await (const item of logPages(this.varve.wire, this.name, range))
      yield {
        t: numberIn(item, 't'),
        txInstant: fieldIn(item, 'tx-instant') as Date,
        datoms: datomsIn(item).map((row) => logDatom(row, this.#exact)),
      }
  }

  #value(basisT: number, schema: Schema): RemoteDb {
    return new RemoteDb(this.varve, this.#named(basisT).viewed, { basisT, schema })
  }

  #named(t: number): NamedDb {
    return new NamedDb({ name: this.name, t, views: [] })
  }
}

function questionOf({ signal: _signal, args, asOf, ...rest }: LooseRequest): Fields {
  if (asOf !== undefined) checkedMoment(asOf)
  const naming = new Naming()
  return { ...rest, asOf, args: args && argumentsOf(args, naming), ...naming.fields }
}

function queryPath(name: string): string {
  return `/v1/queries/${encodeURIComponent(name)}`
}

function nothingToOpen(): VarveError {
  return new VarveError({
    code: 'varve.error/nothing-to-open',
    kind: 'incorrect',
    message: 'open got neither a schema nor the name of a database',
    fix: "Write varve.open(defineSchema('shop', { … })) or varve.open('shop')",
  })
}
