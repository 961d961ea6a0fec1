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
import type { View, ViewedName } from '../query/viewed-name.ts'
import { NamedDb } from './named-db.ts'
import { logDatom, outcomeOf } from './outcome.ts'
import { argumentOf, explained, type Known, shapedAnswer } from './questions.ts'
import { type EntitySource, fetchEntity } from './remote-entity.ts'
import { fieldIn, type Fields, listIn } from './wire.ts'

export class RemoteDb extends NamedDb implements EntitySource {
  readonly varve: Known
  readonly schema: Schema

  constructor(varve: Known, viewed: ViewedName, schema: Schema, isSpeculative = false) {
    super(viewed, isSpeculative)
    this.varve = varve
    this.schema = schema
  }

  get basisT(): number {
    return this.viewed.t ?? 0
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
    const fields = { database: this.text, pattern, eid }
    const answer = await this.varve.wire.send('POST', '/v1/pull', fields, { isRepeatable: true })
    const result = fieldIn(answer, 'result') ?? null
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
    const path = `/v1/databases/${encodeURIComponent(this.text)}/datoms`
    let offset: number | undefined
    do {
      const answer = await this.varve.wire.send('POST', path, { ...fields, offset }, { isRepeatable: true })
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

  /** What it would do; the database after it is known by its t and datoms, and answers nothing. */
  async with(tx: unknown, { meta, strict }: TransactOptions = {}): Promise<TransactResult> {
    if (meta !== undefined) metaForm(meta)
    const path = `/v1/databases/${encodeURIComponent(this.text)}/with`
    const answer = await this.varve.wire.send('POST', path, { tx, meta, strict }, { isRepeatable: true })
    const told = outcomeOf(answer, this.exact)
    const viewed = { name: this.name, t: told.t, views: [] }
    const after = new RemoteDb(this.varve, viewed, this.schema, true)
    return { ...told, dbBefore: this as unknown as Db, dbAfter: after as unknown as Db }
  }

  /** One entity, or undefined: what `pull` describes of it, before it becomes plain. */
  async pulled(pattern: string, eid: unknown): Promise<EdnMap | undefined> {
    const fields = { database: this.text, pattern, eid }
    const answer = await this.varve.wire.send('POST', '/v1/pull', fields, { isRepeatable: true })
    const result = fieldIn(answer, 'result')
    return result instanceof EdnMap ? result : undefined
  }

  /** Rows of a question of our own. */
  async rows(query: string, args: readonly unknown[], limit?: number): Promise<readonly (readonly Edn[])[]> {
    const fields = { ...this.#question(query, args), limit }
    const answer = await this.varve.wire.send('POST', '/v1/query', fields, { isRepeatable: true })
    return listIn(answer, 'result') as readonly (readonly Edn[])[]
  }

  #seen(view: View): RemoteDb {
    const viewed = { ...this.viewed, views: [...this.viewed.views, view] }
    return new RemoteDb(this.varve, viewed, this.schema, this.isSpeculative)
  }

  #question(query: unknown, args: readonly unknown[]): Fields {
    return { query, args: args.map(argumentOf), database: this.text }
  }

  #datomItem([e, attribute, v, t, added]: readonly Edn[]): DatomItem {
    const [, a, value] = logDatom([e!, attribute!, v!], this.exact)
    return { e: e as number, a, v: value, t: t as number, added: added === true }
  }
}
