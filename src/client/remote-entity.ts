// An entity of a service. It is walked without waiting, so what may be walked to is fetched before: the entity, what it refers
// to and what refers to it, each with its facts, and every component below. Further away is an error that says how to go on.

import type { Attribute } from '../fact/attribute.ts'
import { toPlain } from '../fact/plain.ts'
import type { Schema } from '../fact/schema.ts'
import { type Edn, type EdnMap, keyword, type Keyword } from '../fact/value.ts'
import { historyHasNoEntities } from '../engine/pull-errors.ts'
import { exactValue, exactWhole, type ExactNames } from '../interface/exact.ts'
import { attributeUnknown } from '../plan/entity-errors.ts'
import { entityNotFetched } from './errors.ts'

/** Facts that one of the questions below answers at most; where there are more, that side counts as not fetched. */
const FACT_COUNT_MAX = 10_000

const FORWARD = '[:find ?e ?a ?v :in $ [?e ...] :where [?e ?a ?v]]'
const BACKWARD = '[:find ?v ?a ?e :in $ [?v ...] [?a ...] :where [?e ?a ?v]]'
const WHOLE = '[:find ?e (pull ?e [*]) :in $ [?e ...]]'

/** What an entity is fetched from. */
export interface EntitySource {
  readonly schema: Schema
  readonly exact: ExactNames
  readonly isHistory: boolean
  pulled(pattern: string, eid: unknown): Promise<EdnMap | undefined>
  rows(query: string, args: readonly unknown[], limit?: number): Promise<readonly (readonly Edn[])[]>
}

type Places = Map<number, Map<number, Edn[]>>

/** What was fetched: by entity and attribute the values, or who refers to it. */
type Fetched = {
  readonly source: EntitySource
  readonly forward: Places
  readonly backward: Places
  readonly whole: Map<number, Edn>
}

export async function fetchEntity(source: EntitySource, eid: unknown): Promise<RemoteEntity | null> {
  if (source.isHistory) throw historyHasNoEntities()
  const id = typeof eid === 'number' ? eid : (await source.pulled('[:db/id]', eid))?.get(keyword('db/id'))
  if (typeof id !== 'number') return null
  const fetched: Fetched = { source, forward: new Map(), backward: new Map(), whole: new Map() }
  const references = [...source.schema.attributes()].filter(({ valueType }) => valueType === 'ref')
  const isReference = new Set(references.map((attribute) => attribute.id))
  await fetchForward(fetched, [id])
  await fetchBackward(fetched, [id], references)
  const near = new Set([id])
  for (const [a, values] of fetched.forward.get(id) ?? [])
    if (isReference.has(a)) for (const value of values) near.add(value as number)
  for (const holders of fetched.backward.get(id)?.values() ?? [])
    for (const holder of holders) near.add(holder as number)
  const others = [...near].filter((each) => each !== id)
  const wholes = source.rows(WHOLE, [[...near]])
  await Promise.all([fetchForward(fetched, others), fetchBackward(fetched, others, references)])
  for (const [e, whole] of await wholes) fetched.whole.set(e as number, whole!)
  return new RemoteEntity(id, fetched)
}

async function fetchForward({ source, forward }: Fetched, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) keep(forward, ids, await source.rows(FORWARD, [ids], FACT_COUNT_MAX))
}

async function fetchBackward(
  { source, backward }: Fetched,
  ids: readonly number[],
  references: readonly Attribute[],
): Promise<void> {
  if (ids.length === 0) return
  const attributes = references.map(({ id }) => id)
  keep(backward, ids, await source.rows(BACKWARD, [ids, attributes], FACT_COUNT_MAX))
}

function keep(places: Places, ids: readonly number[], rows: readonly (readonly Edn[])[]): void {
  if (rows.length >= FACT_COUNT_MAX) return
  for (const id of ids) places.set(id, new Map())
  for (const [id, a, value] of rows) {
    const byAttribute = places.get(id as number)!
    const values = byAttribute.get(a as number)
    if (values === undefined) byAttribute.set(a as number, [value!])
    else values.push(value!)
  }
}

export class RemoteEntity {
  readonly id: number
  readonly #fetched: Fetched

  constructor(id: number, fetched: Fetched) {
    this.id = id
    this.#fetched = fetched
  }

  get(name: string): unknown {
    if (name === ':db/id') return this.id
    const { schema, exact } = this.#fetched.source
    const text = name.replace(/^:/, '')
    const isReverse = /(^|\/)_[^/]+$/.test(text)
    const ident = keyword(isReverse ? text.replace(/(^|\/)_/, '$1') : text)
    const attribute = attributeNamed(schema, ident)
    if (isReverse) {
      const holders = this.#facts('backward').get(attribute.id)
      if (holders === undefined) return undefined
      const entities = holders.map((holder) => this.#reference(holder as number))
      return attribute.isComponent ? entities[0] : entities
    }
    const values = this.#facts('forward').get(attribute.id)
    if (values === undefined) return undefined
    const plain = values.map((value) =>
      attribute.valueType === 'ref'
        ? this.#reference(value as number)
        : toPlain(exact.has(ident.text) ? exactValue(value) : value),
    )
    return attribute.cardinality === 'one' ? plain[0] : plain
  }

  attributes(): readonly string[] {
    const { schema } = this.#fetched.source
    return [...this.#facts('forward').keys()].map((a) => String(schema.attribute(a)?.ident ?? a))
  }

  touch(): unknown {
    const whole = this.#fetched.whole.get(this.id)
    if (whole === undefined) throw entityNotFetched(this.id)
    return toPlain(exactWhole(whole, this.#fetched.source.exact))
  }

  #facts(side: 'forward' | 'backward'): ReadonlyMap<number, readonly Edn[]> {
    const facts = this.#fetched[side].get(this.id)
    if (facts === undefined) throw entityNotFetched(this.id)
    return facts
  }

  #reference(id: number): unknown {
    const ident = this.#fetched.source.schema.identOf(id)
    return ident === undefined ? new RemoteEntity(id, this.#fetched) : ident.toString()
  }
}

function attributeNamed(schema: Schema, ident: Keyword): Attribute {
  const attribute = schema.attributeNamed(ident)
  if (attribute === undefined) throw attributeUnknown(ident, schema)
  return attribute
}
