// What a database knows about its attributes and names, as one immutable value derived from facts alone:
// fold every transaction over `Schema.bootstrap` in order of t and you have the schema of the last one.
//
// It judges nothing: whether a change of schema is allowed is the transactor's business. An old name resolves
// to its entity until another takes it.

import {
  type Attribute,
  type AttributeId,
  type EntityId,
  type MemberType,
  type TupleShape,
  type ValueType,
} from './attribute.ts'
import * as boot from './bootstrap.ts'
import type { Datom } from './datom.ts'
import type { EdnSymbol, Keyword, Value } from './value.ts'

/** Facts about one schema entity, as they stand. */
type Description = ReadonlyMap<AttributeId, readonly Value[]>

// Stands above the class, whose bootstrap is made while this file loads.
/** Whose facts make a schema. */
export const SCHEMA_ATTRIBUTES: ReadonlySet<AttributeId> = new Set([
  boot.DB_IDENT,
  boot.DB_VALUE_TYPE,
  boot.DB_CARDINALITY,
  boot.DB_UNIQUE,
  boot.DB_IS_COMPONENT,
  boot.DB_INDEX,
  boot.DB_NO_HISTORY,
  boot.DB_TUPLE_ATTRS,
  boot.DB_TUPLE_TYPE,
  boot.DB_TUPLE_TYPES,
  boot.DB_ATTR_PREDS,
])

export class Schema {
  /** Schema of a database that holds only its bootstrap. */
  static readonly bootstrap: Schema = new Schema(new Map(), new Map(), new Map(), new Map(), -1).apply(
    boot.bootstrapDatoms(),
  )

  /** The t of the last transaction that changed the schema or a name. */
  readonly t: number
  readonly #attributes: ReadonlyMap<AttributeId, Attribute>
  readonly #entities: ReadonlyMap<Keyword, EntityId>
  readonly #idents: ReadonlyMap<EntityId, Keyword>
  readonly #descriptions: ReadonlyMap<EntityId, Description>
  #kinds: Map<string, number> | undefined
  #compositesByPart: Map<AttributeId, readonly Attribute[]> | undefined

  private constructor(
    attributes: ReadonlyMap<AttributeId, Attribute>,
    entities: ReadonlyMap<Keyword, EntityId>,
    idents: ReadonlyMap<EntityId, Keyword>,
    descriptions: ReadonlyMap<EntityId, Description>,
    t: number,
  ) {
    this.#attributes = attributes
    this.#entities = entities
    this.#idents = idents
    this.#descriptions = descriptions
    this.t = t
  }

  attribute(id: AttributeId): Attribute | undefined {
    return this.#attributes.get(id)
  }

  /** The attribute of this name, old names included. */
  attributeNamed(ident: Keyword): Attribute | undefined {
    const id = this.#entities.get(ident)
    return id === undefined ? undefined : this.#attributes.get(id)
  }

  /** The entity of this name, old names included. */
  entityNamed(ident: Keyword): EntityId | undefined {
    return this.#entities.get(ident)
  }

  /** The present name of an entity. */
  identOf(entity: EntityId): Keyword | undefined {
    return this.#idents.get(entity)
  }

  attributes(): Iterable<Attribute> {
    return this.#attributes.values()
  }

  /** Every name that resolves, with its entity. */
  idents(): Iterable<readonly [Keyword, EntityId]> {
    return this.#entities
  }

  /** Kind of the entities that an attribute first describes: the lowest attribute id of its namespace. */
  kindOfAttribute(attribute: Attribute): number {
    this.#kinds ??= kindsByNamespace(this.#attributes.values())
    return this.#kinds.get(attribute.ident.namespace ?? '') ?? attribute.id
  }

  /** The composite tuples of which this attribute is a part. */
  compositesOf(part: AttributeId): readonly Attribute[] {
    this.#compositesByPart ??= compositesByPart(this.#attributes.values())
    return this.#compositesByPart.get(part) ?? []
  }

  /** The schema after one transaction's datoms; this very object where none of them matters. */
  apply(datoms: Iterable<Datom>): Schema {
    let relevant: Datom[] | undefined
    for (const datom of datoms) if (isSchemaAttribute(datom.a)) (relevant ??= []).push(datom)
    if (relevant === undefined) return this
    // Retractions first: a transaction is a set, and a name moved within it belongs to the new holder.
    relevant.sort((x, y) => Number(x.added) - Number(y.added))
    const entities = new Map(this.#entities)
    const idents = new Map(this.#idents)
    const descriptions = new Map(this.#descriptions)
    const touched = new Set<EntityId>()
    for (const { e, a, v, added } of relevant) {
      if (a === boot.DB_IDENT) {
        if (added) {
          entities.set(v as Keyword, e)
          idents.set(e, v as Keyword)
        } else if (idents.get(e) === v) idents.delete(e)
      }
      const description = new Map(descriptions.get(e))
      const others = (description.get(a) ?? []).filter((held) => !isSame(held, v))
      description.set(a, added ? [...others, v] : others)
      descriptions.set(e, description)
      touched.add(e)
    }
    const attributes = new Map(this.#attributes)
    for (const e of touched) {
      const description = descriptions.get(e)!
      const before = this.#attributes.get(e)
      const ident = idents.get(e) ?? before?.ident
      const made = ident && describe(e, ident, description, before, entities, attributes)
      if (made === undefined) {
        attributes.delete(e)
        if (before === undefined) descriptions.delete(e)
      } else attributes.set(e, made)
    }
    // One by one: a transaction may hold more names than a call takes arguments.
    const t = relevant.reduce((latest, datom) => Math.max(latest, datom.t), this.t)
    return new Schema(attributes, entities, idents, descriptions, t)
  }
}

/** True for the attributes whose facts change what a schema is. */
export function isSchemaAttribute(a: AttributeId): boolean {
  return a < boot.BUILTIN_ATTRIBUTE_COUNT && SCHEMA_ATTRIBUTES.has(a)
}

function describe(
  id: EntityId,
  ident: Keyword,
  description: Description,
  before: Attribute | undefined,
  entities: ReadonlyMap<Keyword, EntityId>,
  attributes: ReadonlyMap<AttributeId, Attribute>,
): Attribute | undefined {
  const one = (a: AttributeId): Value | undefined => description.get(a)?.at(-1)
  const valueType = boot.TYPE_OF_ENTITY.get(one(boot.DB_VALUE_TYPE) as EntityId)
  if (valueType === undefined) return undefined
  const unique = one(boot.DB_UNIQUE)
  return {
    id,
    ident,
    valueType,
    cardinality: one(boot.DB_CARDINALITY) === boot.CARDINALITY_MANY ? 'many' : 'one',
    unique: unique === boot.UNIQUE_IDENTITY ? 'identity' : unique === boot.UNIQUE_VALUE ? 'value' : undefined,
    isComponent: one(boot.DB_IS_COMPONENT) === true,
    isIndexed: one(boot.DB_INDEX) === true || unique !== undefined,
    noHistory: one(boot.DB_NO_HISTORY) === true,
    // Parts are resolved when the tuple is declared: a later rename of a part does not move it.
    tuple: before?.tuple ?? (valueType === 'tuple' ? shapeOf(one, entities, attributes) : undefined),
    predicates: (description.get(boot.DB_ATTR_PREDS) ?? []) as readonly EdnSymbol[],
  }
}

function shapeOf(
  one: (a: AttributeId) => Value | undefined,
  entities: ReadonlyMap<Keyword, EntityId>,
  attributes: ReadonlyMap<AttributeId, Attribute>,
): TupleShape | undefined {
  const parts = one(boot.DB_TUPLE_ATTRS) as readonly Keyword[] | undefined
  if (parts !== undefined) {
    const ids = parts.map((part) => entities.get(part)).filter((part) => part !== undefined)
    const types = ids.map((part) => attributes.get(part)?.valueType).filter((type) => type !== undefined)
    return { kind: 'composite', attributes: ids, types }
  }
  const types = one(boot.DB_TUPLE_TYPES) as readonly Keyword[] | undefined
  if (types !== undefined) return { kind: 'heterogeneous', types: types.map(memberType) }
  const type = one(boot.DB_TUPLE_TYPE) as Keyword | undefined
  return type === undefined ? undefined : { kind: 'homogeneous', type: memberType(type) }
}

function memberType(type: Keyword): MemberType {
  return type.name as ValueType as MemberType
}

function kindsByNamespace(attributes: Iterable<Attribute>): Map<string, number> {
  const kinds = new Map<string, number>()
  for (const { id, ident } of attributes) {
    const namespace = ident.namespace ?? ''
    kinds.set(namespace, Math.min(id, kinds.get(namespace) ?? Infinity))
  }
  return kinds
}

function compositesByPart(attributes: Iterable<Attribute>): Map<AttributeId, readonly Attribute[]> {
  const composites = new Map<AttributeId, readonly Attribute[]>()
  for (const attribute of attributes) {
    if (attribute.tuple?.kind !== 'composite') continue
    for (const part of attribute.tuple.attributes) {
      composites.set(part, [...(composites.get(part) ?? []), attribute])
    }
  }
  return composites
}

function isSame(x: Value, y: Value): boolean {
  return x === y || (Array.isArray(x) && Array.isArray(y) && x.every((item, i) => item === y[i]))
}
