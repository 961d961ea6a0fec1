// The database of a session as an import sees it.

import { TX_BASE } from '../fact/attribute.ts'
import type { ValueType } from '../fact/attribute.ts'
import { type Edn, EdnMap, Keyword, keyword } from '../fact/value.ts'
import type { KnownAttribute } from '../etl/import-plan.ts'
import type { ImportTarget } from '../etl/import-rows.ts'
import type { EntityRows } from '../database/transact-rows.ts'
import type { SentRows, Session } from './session.ts'

const IMPORT_FACTS: Edn = [
  keyword('db/id'),
  ...['id', 'file', 'row-count'].map((name) => keyword(`varve.import/${name}`)),
]

export class SessionTarget implements ImportTarget {
  readonly #session: Session
  readonly #database: string

  constructor(session: Session, database: string) {
    this.#session = session
    this.#database = database
  }

  async attributes(): Promise<ReadonlyMap<Keyword, KnownAttribute>> {
    return attributesOf(await this.#session.schema(this.#database))
  }

  async lastMoment(): Promise<Date> {
    const databases = await this.#session.databases()
    const { basisT } = databases.find(
      ({ name, alias }) => name === this.#database || alias === this.#database,
    )!
    const facts = await this.#pull([keyword('db/txInstant')], TX_BASE + basisT)
    return facts?.get(keyword('db/txInstant')) as Date
  }

  find(importId: string): Promise<EdnMap | undefined> {
    return this.#pull(IMPORT_FACTS, [keyword('varve.import/id'), importId])
  }

  async transact(tx: readonly Edn[]): Promise<{ readonly t: number; readonly datomCount: number }> {
    return this.#session.transact(this.#database, tx)
  }

  send(rows: EntityRows, tx: readonly Edn[]): Promise<SentRows> {
    return this.#session.sendRows(this.#database, rows, tx)
  }

  index(): Promise<void> {
    return this.#session.index(this.#database)
  }

  async #pull(pattern: Edn, eid: Edn): Promise<EdnMap | undefined> {
    const { result } = await this.#session.pull(pattern, eid, { database: this.#database, isQuick: true })
    return result instanceof EdnMap ? result : undefined
  }
}

/** The attributes that a schema, given as transaction data, declares. */
export function attributesOf(schema: Edn): ReadonlyMap<Keyword, KnownAttribute> {
  const known = new Map<Keyword, KnownAttribute>()
  for (const form of schema as readonly EdnMap[]) {
    const ident = form.get(keyword('db/ident'))
    const type = nameAt(form, 'db/valueType')
    // Names of entities that are no attributes stand in a schema too.
    if (!(ident instanceof Keyword) || type === undefined) continue
    const unique = nameAt(form, 'db/unique')
    known.set(ident, {
      ident,
      type: type as ValueType,
      isMany: nameAt(form, 'db/cardinality') === 'many',
      unique: unique === 'identity' || unique === 'value' ? unique : undefined,
      parts: form.get(keyword('db/tupleAttrs')) as readonly Keyword[] | undefined,
    })
  }
  return known
}

function nameAt(form: EdnMap, key: string): string | undefined {
  const value = form.get(keyword(key))
  return value instanceof Keyword ? value.name : undefined
}
