// Attributes as TypeScript types: what a definition may say, and which value an attribute holds in results and
// in transactions. Keys are keywords as they stand in queries and pull results: ':purchase/amount'.

import type { BigNumber } from 'bignumber.js'
import type { MemberType } from '../../fact/attribute.ts'

/** A keyword as users write it: ':a/b'. */
export type KeywordText = `:${string}`

type Common = {
  readonly many?: boolean
  /** `identity`: transactions that name the value mean its holder; `value`: a second holder is an error. */
  readonly unique?: 'identity' | 'value'
  readonly index?: boolean
  readonly noHistory?: boolean
  readonly doc?: string
  /** Names of predicates that every added value must satisfy. */
  readonly predicates?: readonly string[]
}
type Plain = Exclude<MemberType, 'long' | 'ref'>

/** What `defineSchema` takes for one attribute. */
export type AttributeDefinition =
  | (Common & { readonly type: Plain | 'bytes' })
  /** `exact`: always a bigint in results. Otherwise a number, and a bigint only beyond 2^53. */
  | (Common & { readonly type: 'long'; readonly exact?: boolean })
  | (Common & { readonly type: 'ref'; readonly component?: boolean })
  | (Common & { readonly type: 'tuple'; readonly types: readonly MemberType[] })
  | (Common & { readonly type: 'tuple'; readonly of: MemberType })
  | (Common & { readonly type: 'tuple'; readonly attributes: readonly KeywordText[] })

/** Definitions by keyword: the type parameter of everything that knows its schema. */
export type Attributes = { readonly [ident: KeywordText]: AttributeDefinition }

/** Schemas by source name: `$`, `$cus`. A source that is not among them takes any attribute. */
export type Sources = { readonly [source: `$${string}`]: Attributes }

/** True where nothing is known of the schema, so that every attribute is allowed. */
export type IsOpen<S> = KeywordText extends keyof S ? true : false

/** The built-in attributes that users meet, usable in every database. */
export type BuiltinAttributes = {
  readonly ':db/ident': { readonly type: 'keyword'; readonly unique: 'identity' }
  readonly ':db/doc': { readonly type: 'string' }
  readonly ':db/txInstant': { readonly type: 'instant' }
  readonly ':db/valueType': { readonly type: 'ref' }
  readonly ':db/cardinality': { readonly type: 'ref' }
  readonly ':db/unique': { readonly type: 'ref' }
  readonly ':db/isComponent': { readonly type: 'boolean' }
  readonly ':db/index': { readonly type: 'boolean' }
  readonly ':db/noHistory': { readonly type: 'boolean' }
  readonly ':db/tupleAttrs': { readonly type: 'tuple'; readonly of: 'keyword' }
  readonly ':db/tupleType': { readonly type: 'keyword' }
  readonly ':db/tupleTypes': { readonly type: 'tuple'; readonly of: 'keyword' }
  readonly ':db.attr/preds': { readonly type: 'symbol'; readonly many: true }
  readonly ':db.entity/attrs': { readonly type: 'keyword'; readonly many: true }
  readonly ':db.entity/preds': { readonly type: 'symbol'; readonly many: true }
  readonly ':db/ensure': { readonly type: 'ref'; readonly many: true }
  readonly ':varve.tx/idempotency-key': { readonly type: 'string'; readonly unique: 'value' }
  readonly ':varve.tx/content-hash': { readonly type: 'string' }
}

/** A value of any type, as results hold it. */
export type AnyValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | BigNumber
  | Uint8Array
  | readonly (AnyValue | null)[]
