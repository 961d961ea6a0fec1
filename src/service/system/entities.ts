// Entities of the system database as maps from attribute names to values: they are few, and read for every request.

import type { FactSource } from '../../fact/datom.ts'
import type { EntityId } from '../../fact/attribute.ts'
import { type Edn, EdnMap, keyword, type Value } from '../../fact/value.ts'

/** By the names of attributes, without the colon. Of an attribute of cardinality many, all values. */
export type EntityFields = ReadonlyMap<string, Value | readonly Value[]>

/** The entity that has this value of an identity attribute. */
export function fieldsOf(facts: FactSource, identity: string, value: Value): EntityFields | undefined {
  const { id } = facts.schema.attributeNamed(keyword(identity))!
  for (const { e } of facts.match(undefined, id, value)) return fieldsOfEntity(facts, e)
  return undefined
}

/** Every entity that has the attribute, in the order of their ids. */
export function entitiesWith(
  facts: FactSource,
  attribute: string,
  countMax: number = Infinity,
): readonly EntityFields[] {
  const { id } = facts.schema.attributeNamed(keyword(attribute))!
  const found: EntityFields[] = []
  for (const { e } of facts.match(undefined, id, undefined)) {
    if (found.length >= countMax) break
    found.push(fieldsOfEntity(facts, e))
  }
  return found
}

export function fieldsOfEntity(facts: FactSource, e: EntityId): EntityFields {
  const fields = new Map<string, Value | readonly Value[]>()
  for (const { a, v } of facts.match(e, undefined, undefined)) {
    const { ident, cardinality } = facts.schema.attribute(a)!
    if (cardinality === 'one') fields.set(ident.text, v)
    else fields.set(ident.text, [...((fields.get(ident.text) ?? []) as readonly Value[]), v])
  }
  return fields
}

/** The texts of an attribute of cardinality many. */
export function textsOf(fields: EntityFields, name: string): readonly string[] {
  return ((fields.get(name) ?? []) as readonly Value[]).map(String)
}

/** An entity to be transacted, by the names of its attributes; what is undefined is left out. */
export function formOf(fields: Readonly<Record<string, Edn | undefined>>): EdnMap {
  const entries: (readonly [Edn, Edn])[] = []
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) entries.push([keyword(name), value])
  }
  return new EdnMap(entries)
}
