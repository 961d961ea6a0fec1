// The facts every database is born with: the attributes that describe attributes, and the enumerations they
// use. Ids are fixed for ever, since they stand in every log ever written; new ones are only appended.

import type { Attribute, AttributeId, EntityId, ValueType } from './attribute.ts'
import { VALUE_TYPES } from './attribute.ts'
import type { Datom } from './datom.ts'
import { keyword, type Value } from './value.ts'

type Builtin = {
  readonly name: string
  readonly type: ValueType
  readonly many?: true
  readonly unique?: 'identity' | 'value'
  readonly memberType?: 'keyword'
}

const ATTRIBUTES: readonly Builtin[] = [
  { name: 'db/ident', type: 'keyword', unique: 'identity' },
  { name: 'db/txInstant', type: 'instant' },
  { name: 'db/valueType', type: 'ref' },
  { name: 'db/cardinality', type: 'ref' },
  { name: 'db/unique', type: 'ref' },
  { name: 'db/isComponent', type: 'boolean' },
  { name: 'db/index', type: 'boolean' },
  { name: 'db/noHistory', type: 'boolean' },
  { name: 'db/doc', type: 'string' },
  { name: 'db/tupleAttrs', type: 'tuple', memberType: 'keyword' },
  { name: 'db/tupleType', type: 'keyword' },
  { name: 'db/tupleTypes', type: 'tuple', memberType: 'keyword' },
  { name: 'db.attr/preds', type: 'symbol', many: true },
  { name: 'db.entity/attrs', type: 'keyword', many: true },
  { name: 'db.entity/preds', type: 'symbol', many: true },
  { name: 'db/ensure', type: 'ref', many: true },
  { name: 'varve.tx/idempotency-key', type: 'string', unique: 'value' },
  { name: 'varve.tx/content-hash', type: 'string' },
  { name: 'varve.tx/tempids', type: 'string' },
]

const ENUMERATIONS: readonly string[] = [
  'db.cardinality/one',
  'db.cardinality/many',
  'db.unique/identity',
  'db.unique/value',
  ...VALUE_TYPES.map((type) => `db.type/${type}`),
  'db.part/db',
  'db.part/tx',
  'db.part/user',
]

/** Entity ids of the built-in attributes and enumerations by name without colon. */
export const BUILTIN: ReadonlyMap<string, EntityId> = new Map(
  [...ATTRIBUTES.map(({ name }) => name), ...ENUMERATIONS].map((name, index) => [name, index]),
)

function builtin(name: string): EntityId {
  return BUILTIN.get(name)!
}

export const DB_IDENT = builtin('db/ident')
export const DB_TX_INSTANT = builtin('db/txInstant')
export const DB_VALUE_TYPE = builtin('db/valueType')
export const DB_CARDINALITY = builtin('db/cardinality')
export const DB_UNIQUE = builtin('db/unique')
export const DB_IS_COMPONENT = builtin('db/isComponent')
export const DB_INDEX = builtin('db/index')
export const DB_NO_HISTORY = builtin('db/noHistory')
export const DB_DOC = builtin('db/doc')
export const DB_TUPLE_ATTRS = builtin('db/tupleAttrs')
export const DB_TUPLE_TYPE = builtin('db/tupleType')
export const DB_TUPLE_TYPES = builtin('db/tupleTypes')
export const DB_ATTR_PREDS = builtin('db.attr/preds')
export const DB_ENTITY_ATTRS = builtin('db.entity/attrs')
export const DB_ENTITY_PREDS = builtin('db.entity/preds')
export const DB_ENSURE = builtin('db/ensure')
export const VARVE_TX_IDEMPOTENCY_KEY = builtin('varve.tx/idempotency-key')
export const VARVE_TX_CONTENT_HASH = builtin('varve.tx/content-hash')
export const VARVE_TX_TEMPIDS = builtin('varve.tx/tempids')
export const CARDINALITY_ONE = builtin('db.cardinality/one')
export const CARDINALITY_MANY = builtin('db.cardinality/many')
export const UNIQUE_IDENTITY = builtin('db.unique/identity')
export const UNIQUE_VALUE = builtin('db.unique/value')

/** Attribute ids below this one belong to the bootstrap. */
export const BUILTIN_ATTRIBUTE_COUNT = ATTRIBUTES.length
/** Entities of kind 0 that the bootstrap makes; a database's own begin here. */
export const BUILTIN_COUNT = BUILTIN.size

export const TYPE_OF_ENTITY: ReadonlyMap<EntityId, ValueType> = new Map(
  VALUE_TYPES.map((type) => [builtin(`db.type/${type}`), type]),
)
export const ENTITY_OF_TYPE: ReadonlyMap<ValueType, EntityId> = new Map(
  VALUE_TYPES.map((type) => [type, builtin(`db.type/${type}`)]),
)

/** The built-in attributes as the schema sees them. */
export const BUILTIN_ATTRIBUTES: readonly Attribute[] = ATTRIBUTES.map((made, id) => ({
  id,
  ident: keyword(made.name),
  valueType: made.type,
  cardinality: made.many ? 'many' : 'one',
  unique: made.unique,
  isComponent: false,
  isIndexed: made.unique !== undefined,
  noHistory: false,
  tuple: made.memberType === undefined ? undefined : { kind: 'homogeneous', type: made.memberType },
  predicates: [],
}))

/** The facts of t 0 before the schema that the database is created with. The txInstant is not among them. */
export function bootstrapDatoms(): Datom[] {
  const datoms: Datom[] = []
  const add = (e: EntityId, a: AttributeId, v: Value) => datoms.push({ e, a, v, t: 0, added: true })
  for (const [name, id] of BUILTIN) add(id, DB_IDENT, keyword(name))
  ATTRIBUTES.forEach((made, id) => {
    add(id, DB_VALUE_TYPE, ENTITY_OF_TYPE.get(made.type)!)
    add(id, DB_CARDINALITY, made.many ? CARDINALITY_MANY : CARDINALITY_ONE)
    if (made.unique !== undefined) {
      add(id, DB_UNIQUE, made.unique === 'identity' ? UNIQUE_IDENTITY : UNIQUE_VALUE)
    }
    if (made.memberType !== undefined) add(id, DB_TUPLE_TYPE, keyword(`db.type/${made.memberType}`))
  })
  return datoms
}
