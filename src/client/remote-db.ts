// `Db` of a service: a name, a t and what is seen of it, which every question names anew. It answers the same for ever, since
// the database up to its t does.

import type { IndexName } from '../fact/datom.ts'
import { toPlain } from '../fact/plain.ts'
import type { Schema } from '../fact/schema.ts'
import { type Edn, EdnMap } from '../fact/value.ts'
import { exactPulled, type ExactNames } from '../interface/exact.ts'
import { formOf, metaForm } from '../interface/forms.ts'
import { checkedMoment } from '../interface/moments.ts'
import type {
  DatomItem,
  Db,
  Entity,
  Moment,
  TransactOptions,
  TransactResult,
} from '../interface/types/interfaces.ts'
import type { Explanation } from '../plan/explain.ts'
import { parsedPattern } from '../query/parsed.ts'
import { NamedDb, Naming, type SeenName, type Sight } from './named-db.ts'
import { datomsIn, logDatom, outcomeOf } from './outcome.ts'
import { argumentsOf, explained, type Known, shapedAnswer } from './questions.ts'
import { type EntitySource, fetchEntity } from './remote-entity.ts'
import { fetchSchema, isSchemaChange } from './remote-schema.ts'
import { fieldIn, type Fields, jsonOf, listIn } from './wire.ts'

export class RemoteDb extends NamedDb implements EntitySource {
  readonly varve: Known
  readonly basisT: number
  readonly schema: Schema

  constructor(
    varve: Known,
    viewed: SeenName,
    { basisT, schema }: { readonly basisT: number; readonly schema: Schema },
  ) {
    super(viewed)
    this.varve = varve
    this.basisT = basisT
    this.schema = schema
  }

  get isHistory(): boolean {
    return this.viewed.views.some(({ kind }) => kind === 'history')
  }

  get exact(): ExactNames {
    return this.varve.exact.of(this.name)
  }

  async q(query: unknown, ...args: readonly unknown[]): Promise<unknown> {
    const fields = this.#question(query, args)
    const answer = await this.varve.wire.send('POST', '/v1/query', fields, { isRepeatable: true })
    return shapedAnswer(answer, { query, args, database: this.name }, this.varve).result
  }

  async explain(query: unknown, ...args: readonly unknown[]): Promise<Explanation> {
    return explained(this.varve.wire, { ...this.#question(query, args), explain: true })
  }

  async pull(pattern: unknown, eid: unknown): Promise<unknown> {
    const result = (await this.#pulled(pattern, eid)) ?? null
    if (result === null) return null
    return toPlain(exactPulled(result, parsedPattern(formOf(pattern, 'pattern')), this.exact))
  }

  /** Fetches the entity with its neighbours: what lies further away is refused where it is walked to. */
  entity(eid: unknown): Promise<Entity | null> {
    return fetchEntity(this, eid) as Promise<Entity | null>
  }

  datoms(index: IndexName, ...components: readonly unknown[]): AsyncGenerator<DatomItem> {
    return this.#pages({ index, components })
  }

  indexRange(attribute: string, from?: unknown, to?: unknown): AsyncGenerator<DatomItem> {
    return this.#pages({ index: 'avet', components: [attribute], from, to })
  }

  async *#pages(fields: Fields): AsyncGenerator<DatomItem> {
    const naming = new Naming()
    const path = `/v1/databases/${encodeURIComponent(naming.textOf(this))}/datoms`
    let offset: number | undefined
    do {
      const asked = { ...fields, offset, ...naming.fields }
      const answer = await this.varve.wire.send('POST', path, asked, { isRepeatable: true })
      for (const row of listIn(answer, 'datoms')) yield this.#datomItem(row as readonly Edn[])
      const next = fieldIn(answer, 'next')
      offset = typeof next === 'number' ? next : undefined
    } while (offset !== undefined)
  }

  asOf(moment: Moment): RemoteDb {
    return this.#seen({ kind: 'as-of', moment: checkedMoment(moment) })
  }

  since(moment: Moment): RemoteDb {
    return this.#seen({ kind: 'since', moment: checkedMoment(moment) })
  }

  history(): RemoteDb {
    return this.#seen({ kind: 'history' })
  }

  /** The database after it is asked with what was said here, at the moment that the service took for it. */
  async with(tx: unknown, { meta, strict }: TransactOptions = {}): Promise<TransactResult> {
    if (meta !== undefined) metaForm(meta)
    const { wire } = this.varve
    const naming = new Naming()
    const path = `/v1/databases/${encodeURIComponent(naming.textOf(this))}/with`
    const said = { tx, meta, strict }
    const answer = await wire.send('POST', path, { ...said, ...naming.fields }, { isRepeatable: true })
    const told = outcomeOf(answer, this.exact)
    const speculation = { kind: 'with', said: jsonOf({ ...said, txInstant: told.txInstant }) } as const
    const viewed = { ...this.viewed, views: [...this.viewed.views, speculation] }
    const schema = isSchemaChange(datomsIn(answer))
      ? await fetchSchema(wire, new NamedDb(viewed))
      : this.schema
    const after = new RemoteDb(this.varve, viewed, { basisT: told.t, schema })
    return { ...told, dbBefore: this as unknown as Db, dbAfter: after as unknown as Db }
  }

  async #pulled(pattern: unknown, eid: unknown): Promise<Edn | undefined> {
    const naming = new Naming()
    const fields = { database: naming.textOf(this), pattern, eid, ...naming.fields }
    return fieldIn(await this.varve.wire.send('POST', '/v1/pull', fields, { isRepeatable: true }), 'result')
  }

  /** One entity, or undefined: what `pull` describes of it, before it becomes plain. */
  async pulled(pattern: string, eid: unknown): Promise<EdnMap | undefined> {
    const result = await this.#pulled(pattern, eid)
    return result instanceof EdnMap ? result : undefined
  }

  /** Rows of a question of our own. */
  async rows(query: string, args: readonly unknown[], limit?: number): Promise<readonly (readonly Edn[])[]> {
    const fields = { ...this.#question(query, args), limit }
    const answer = await this.varve.wire.send('POST', '/v1/query', fields, { isRepeatable: true })
    return listIn(answer, 'result') as readonly (readonly Edn[])[]
  }

  #seen(view: Sight): RemoteDb {
    const viewed = { ...this.viewed, views: [...this.viewed.views, view] }
    return new RemoteDb(this.varve, viewed, this)
  }

  #question(query: unknown, args: readonly unknown[]): Fields {
    const naming = new Naming()
    const database = naming.textOf(this)
    return { query, args: argumentsOf(args, naming), database, ...naming.fields }
  }

  #datomItem([e, attribute, v, t, added]: readonly Edn[]): DatomItem {
    const [, a, value] = logDatom([e!, attribute!, v!], this.exact)
    return { e: e as number, a, v: value, t: t as number, added: added === true }
  }
}
