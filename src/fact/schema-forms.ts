// A schema as the transaction data that makes it again, and back.

import type { Attribute, AttributeId, EntityId, TupleShape } from './attribute.ts'
import { BUILTIN_COUNT, DB_DOC, DB_ENTITY_ATTRS, DB_ENTITY_PREDS } from './bootstrap.ts'
import type { FactSource } from './datom.ts'
import type { Schema } from './schema.ts'
import { type Edn, EdnMap, keyword, type Keyword } from './value.ts'

/** Attributes, then names of other entities, in the order of their ids. The bootstrap is left out. */
export function schemaForms(facts: FactSource): readonly EdnMap[] {
  const { schema } = facts
  const attributes = [...schema.attributes()]
    .filter(({ id }) => id >= BUILTIN_COUNT)
    .sort((x, y) => x.id - y.id)
  const isAttribute = new Set(attributes.map(({ id }) => id))
  const names: EdnMap[] = []
  for (const [ident, entity] of schema.idents()) {
    // An old name that still resolves is not declared again.
    if (entity < BUILTIN_COUNT || isAttribute.has(entity) || schema.identOf(entity) !== ident) continue
    names.push(
      new EdnMap([
        [keyword('db/ident'), ident],
        ...entitySpecEntries(entity, facts),
        ...docEntry(entity, facts),
      ]),
    )
  }
  return [...attributes.map((attribute) => attributeForm(attribute, facts)), ...names]
}

function attributeForm(attribute: Attribute, facts: FactSource): EdnMap {
  const entries: [Edn, Edn][] = [
    [keyword('db/ident'), attribute.ident],
    [keyword('db/valueType'), keyword(`db.type/${attribute.valueType}`)],
    [keyword('db/cardinality'), keyword(`db.cardinality/${attribute.cardinality}`)],
  ]
  if (attribute.unique !== undefined)
    entries.push([keyword('db/unique'), keyword(`db.unique/${attribute.unique}`)])
  else if (attribute.isIndexed) entries.push([keyword('db/index'), true])
  if (attribute.isComponent) entries.push([keyword('db/isComponent'), true])
  if (attribute.noHistory) entries.push([keyword('db/noHistory'), true])
  if (attribute.tuple !== undefined) entries.push(tupleEntry(attribute.tuple, facts.schema))
  if (attribute.predicates.length > 0) entries.push([keyword('db.attr/preds'), attribute.predicates])
  return new EdnMap([...entries, ...docEntry(attribute.id, facts)])
}

function docEntry(entity: EntityId, facts: FactSource): [Edn, Edn][] {
  const [doc] = facts.match(entity, DB_DOC, undefined)
  return doc === undefined ? [] : [[keyword('db/doc'), doc.v]]
}

/** What `:db/ensure` of this entity demands. */
function entitySpecEntries(entity: EntityId, facts: FactSource): [Edn, Edn][] {
  const valuesOf = (attribute: AttributeId): Edn[] =>
    [...facts.match(entity, attribute, undefined)].map(({ v }) => v)
  const entries: [Edn, Edn][] = [
    [keyword('db.entity/attrs'), valuesOf(DB_ENTITY_ATTRS)],
    [keyword('db.entity/preds'), valuesOf(DB_ENTITY_PREDS)],
  ]
  return entries.filter(([, values]) => (values as readonly Edn[]).length > 0)
}

function tupleEntry(tuple: TupleShape, schema: Schema): [Edn, Edn] {
  const typeNamed = (type: string): Keyword => keyword(`db.type/${type}`)
  switch (tuple.kind) {
    case 'composite':
      return [keyword('db/tupleAttrs'), tuple.attributes.map((part) => schema.attribute(part)?.ident ?? part)]
    case 'heterogeneous':
      return [keyword('db/tupleTypes'), tuple.types.map(typeNamed)]
    case 'homogeneous':
      return [keyword('db/tupleType'), typeNamed(tuple.type)]
  }
}
