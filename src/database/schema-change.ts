// What may be installed and what may be altered. The change is judged by the datoms that a transaction would
// write and by the facts after it: a transaction that takes second values away and makes the attribute
// cardinality one is fine.

import { VALUE_TYPES, DB_KIND, indexOf, kindOf, type Attribute, type EntityId } from '../fact/attribute.ts'
import * as boot from '../fact/bootstrap.ts'
import type { Datom, FactSource } from '../fact/datom.ts'
import { isSchemaAttribute, type Schema } from '../fact/schema.ts'
import { equalValues, type Keyword, type Value } from '../fact/value.ts'
import * as errors from './errors.ts'

/** True where the datoms change what the schema says of attributes or names. */
export function changesSchema(datoms: readonly Datom[]): boolean {
  for (let i = 0; i < datoms.length; i++) if (isSchemaAttribute(datoms[i]!.a)) return true
  return false
}

/** Throws unless the datoms leave a schema that may follow `before`; `after` holds the facts with them. */
export function checkSchemaChange(before: Schema, datoms: readonly Datom[], after: FactSource): void {
  const byEntity = Map.groupBy(
    datoms.filter(({ a }) => isSchemaAttribute(a)),
    ({ e }) => e,
  )
  for (const [e, ofEntity] of byEntity) {
    if (kindOf(e) === DB_KIND && indexOf(e) < boot.BUILTIN_COUNT) {
      throw errors.builtinCannotBeAltered(String(before.identOf(e) ?? e))
    }
    const attribute = before.attribute(e)
    if (attribute === undefined) checkInstall(e, ofEntity, after)
    else checkAlter(attribute, ofEntity, after)
  }
}

function checkInstall(e: EntityId, datoms: readonly Datom[], after: FactSource): void {
  const isOnlyNamed = datoms.every(({ a, added }) => a === boot.DB_IDENT || !added)
  if (isOnlyNamed) return
  const description = new Description(e, after)
  const ident = description.one(boot.DB_IDENT)
  if (ident === undefined) throw errors.identMissing(e)
  const name = String(ident)
  if (kindOf(e) !== DB_KIND) throw errors.notInSystemPartition(name, e)
  const type = description.one(boot.DB_VALUE_TYPE)
  if (type === undefined) {
    throw errors.installInvalid(name, 'it has no :db/valueType', 'Give it one, as :db.type/string')
  }
  if (!boot.TYPE_OF_ENTITY.has(type as EntityId)) {
    throw errors.schemaValueInvalid('db.error/not-a-value-type', name, 'its :db/valueType is no type')
  }
  if (description.one(boot.DB_CARDINALITY) === undefined) {
    throw errors.installInvalid(name, 'it has no :db/cardinality', 'Give it :db.cardinality/one or many')
  }
  checkEnumerations(name, description)
  const attribute = after.schema.attribute(e)!
  checkComponent(attribute, errors.installInvalid)
  checkNewUnique(attribute)
  checkTuple(attribute, description, after.schema)
}

function checkAlter(before: Attribute, datoms: readonly Datom[], after: FactSource): void {
  const name = String(before.ident)
  const description = new Description(before.id, after)
  for (const { a } of datoms) {
    if (a === boot.DB_VALUE_TYPE) {
      throw errors.alterInvalid(name, 'its value type is for ever', COPY_FIX)
    }
    if (a === boot.DB_TUPLE_ATTRS || a === boot.DB_TUPLE_TYPE || a === boot.DB_TUPLE_TYPES) {
      throw errors.alterInvalid(name, 'the members of a tuple are for ever', COPY_FIX)
    }
    if (a === boot.DB_CARDINALITY && description.one(boot.DB_CARDINALITY) === undefined) {
      throw errors.alterInvalid(name, 'it needs a cardinality', 'Assert the other one instead')
    }
  }
  checkEnumerations(name, description)
  const attribute = after.schema.attribute(before.id)!
  checkComponent(attribute, errors.alterInvalid)
  if (attribute.cardinality !== before.cardinality) checkNewCardinality(attribute, after)
  if (attribute.unique !== undefined && before.unique === undefined) {
    checkNewUnique(attribute)
    checkNoDuplicates(attribute, after)
  }
}

const COPY_FIX = 'Make a new attribute beside it and copy the values in a transaction'

function checkEnumerations(name: string, description: Description): void {
  const cardinality = description.one(boot.DB_CARDINALITY)
  if (cardinality !== boot.CARDINALITY_ONE && cardinality !== boot.CARDINALITY_MANY) {
    throw errors.schemaValueInvalid(
      'db.error/not-a-cardinality',
      name,
      'its :db/cardinality is no cardinality',
    )
  }
  const unique = description.one(boot.DB_UNIQUE)
  if (unique !== undefined && unique !== boot.UNIQUE_IDENTITY && unique !== boot.UNIQUE_VALUE) {
    throw errors.schemaValueInvalid('varve.error/not-a-uniqueness', name, 'its :db/unique is no uniqueness')
  }
}

function checkComponent(attribute: Attribute, refusal: typeof errors.installInvalid): void {
  if (!attribute.isComponent || attribute.valueType === 'ref') return
  throw refusal(String(attribute.ident), 'only references can be components', 'Leave :db/isComponent out')
}

function checkNewUnique(attribute: Attribute): void {
  if (attribute.unique === undefined || attribute.valueType !== 'bytes') return
  const what = 'bytes cannot be unique'
  throw errors.installInvalid(String(attribute.ident), what, 'Make a hash of them unique, as a string')
}

function checkNewCardinality(attribute: Attribute, after: FactSource): void {
  const name = String(attribute.ident)
  if (attribute.tuple?.kind === 'composite' || after.schema.compositesOf(attribute.id).length > 0) {
    throw errors.alterInvalid(name, 'composite tuples and their parts have cardinality one', COPY_FIX)
  }
  if (attribute.cardinality === 'many') return
  let last: Datom | undefined
  for (const datom of after.match(undefined, attribute.id, undefined)) {
    if (last?.e === datom.e) {
      throw errors.alterInvalid(
        name,
        `entity ${datom.e} holds two values, ${errors.shown(last.v)} and ${errors.shown(datom.v)}`,
        'Retract all but one value of each entity, in this transaction or before',
        { entity: datom.e, values: [errors.shown(last.v), errors.shown(datom.v)] },
      )
    }
    last = datom
  }
}

function checkNoDuplicates(attribute: Attribute, after: FactSource): void {
  let last: Datom | undefined
  for (const datom of after.range('avet', { prefix: [attribute.id] })) {
    if (last !== undefined && equalValues(last.v, datom.v)) {
      throw errors.alterInvalid(
        String(attribute.ident),
        `entities ${last.e} and ${datom.e} both hold ${errors.shown(datom.v)}, so it cannot become unique`,
        'Retract or change one of them, in this transaction or before',
        { entities: [last.e, datom.e], value: errors.shown(datom.v) },
      )
    }
    last = datom
  }
}

function checkTuple(attribute: Attribute, description: Description, schema: Schema): void {
  const name = String(attribute.ident)
  const parts = description.one(boot.DB_TUPLE_ATTRS) as readonly Keyword[] | undefined
  const types = description.one(boot.DB_TUPLE_TYPES) as readonly Keyword[] | undefined
  const type = description.one(boot.DB_TUPLE_TYPE) as Keyword | undefined
  const shapeCount = [parts, types, type].filter((shape) => shape !== undefined).length
  if (attribute.valueType !== 'tuple') {
    if (shapeCount > 0) throw errors.installInvalid(name, 'it describes a tuple and is none', TUPLE_FIX)
    return
  }
  if (shapeCount !== 1) {
    throw errors.installInvalid(name, 'a tuple needs exactly one description of its members', TUPLE_FIX)
  }
  for (const member of types ?? (type === undefined ? [] : [type])) {
    if (!MEMBER_TYPES.has(member.text)) {
      throw errors.installInvalid(name, `${String(member)} cannot be a member of a tuple`, TUPLE_FIX)
    }
  }
  if (parts === undefined) return
  if (attribute.cardinality === 'many') {
    throw errors.installInvalid(name, 'a composite tuple has cardinality one', 'Use :db.cardinality/one')
  }
  for (const part of parts) checkPart(name, part, schema)
}

const TUPLE_FIX = 'Use :db.type/tuple with one of :db/tupleAttrs, :db/tupleTypes and :db/tupleType'

const MEMBER_TYPES: ReadonlySet<string> = new Set(
  VALUE_TYPES.filter((type) => type !== 'tuple' && type !== 'bytes').map((type) => `db.type/${type}`),
)

function checkPart(name: string, ident: Keyword, schema: Schema): void {
  const part = schema.attributeNamed(ident)
  const what =
    part === undefined
      ? 'is not in the schema'
      : part.cardinality === 'many'
        ? 'has cardinality many'
        : part.valueType === 'tuple' || part.valueType === 'bytes'
          ? `has type ${part.valueType}`
          : undefined
  if (what === undefined) return
  const fix = 'Parts are attributes of cardinality one, and no tuples or bytes'
  throw errors.installInvalid(name, `its part ${String(ident)} ${what}`, fix)
}

/** What the facts after say of one schema entity. */
class Description {
  readonly #values: ReadonlyMap<number, Value>

  constructor(e: EntityId, after: FactSource) {
    const values = new Map<number, Value>()
    for (const { a, v } of after.match(e, undefined, undefined)) values.set(a, v)
    this.#values = values
  }

  one(a: number): Value | undefined {
    return this.#values.get(a)
  }
}
