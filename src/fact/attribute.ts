// What the schema says of an attribute, and how entity ids are built. Entity ids are
//
//   id = kind · 2^32 + index
//
// where the kind of an entity is the lowest attribute id of the namespace that first described it (`:order/id`
// and `:order/date` share one), and index counts entities of that kind from 0. So the ids of one kind are
// dense: bitsets, delta packing and `mod` sharding stay cheap. Transactions are the kind of :db/txInstant, so
// the transaction at t is `TX_BASE + t`; schema and enumerations are kind 0.

import type { EdnSymbol, Keyword } from './value.ts'

export type EntityId = number
export type AttributeId = number
/** Position in a database's history: 0 is the bootstrap with the schema it was created with. Dense. */
export type T = number

export const VALUE_TYPES = [
  'string',
  'keyword',
  'symbol',
  'boolean',
  'long',
  'bigint',
  'float',
  'double',
  'bigdec',
  'instant',
  'uuid',
  'uri',
  'bytes',
  'ref',
  'tuple',
] as const
export type ValueType = (typeof VALUE_TYPES)[number]
/** Types that a member of a tuple may have. */
export type MemberType = Exclude<ValueType, 'bytes' | 'tuple'>

export type TupleShape =
  /** Made from other attributes of the entity; never written by hand. */
  | {
      readonly kind: 'composite'
      readonly attributes: readonly AttributeId[]
      readonly types: readonly ValueType[]
    }
  | { readonly kind: 'heterogeneous'; readonly types: readonly MemberType[] }
  | { readonly kind: 'homogeneous'; readonly type: MemberType }

export type Attribute = {
  readonly id: AttributeId
  readonly ident: Keyword
  readonly valueType: ValueType
  readonly cardinality: 'one' | 'many'
  readonly unique: 'identity' | 'value' | undefined
  readonly isComponent: boolean
  readonly isIndexed: boolean
  readonly noHistory: boolean
  readonly tuple: TupleShape | undefined
  readonly predicates: readonly EdnSymbol[]
}

const KIND_SIZE = 2 ** 32

export const DB_KIND = 0
export const TX_KIND = 1
/** Entity id of the transaction at t 0. */
export const TX_BASE: EntityId = TX_KIND * KIND_SIZE

export function entityId(kind: number, index: number): EntityId {
  return kind * KIND_SIZE + index
}

export function kindOf(entity: EntityId): number {
  return Math.floor(entity / KIND_SIZE)
}

export function indexOf(entity: EntityId): number {
  return entity % KIND_SIZE
}
