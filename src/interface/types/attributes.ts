// Attributes as TypeScript types: what a definition may say, and which of its names stand where. Keys are keywords
// as they stand in queries and pull results: ':purchase/amount'.

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
  /** `component`: part of the entity that refers to it, pulled and retracted with it. */
  | (Common & { readonly type: 'ref'; readonly component?: boolean })
  | (Common & { readonly type: 'tuple'; readonly types: readonly MemberType[] })
  | (Common & { readonly type: 'tuple'; readonly of: MemberType })
  | (Common & { readonly type: 'tuple'; readonly attributes: readonly KeywordText[] })

/** A name for an entity that is no attribute: a value of an enumeration. */
export type IdentDefinition = { readonly type: 'ident'; readonly doc?: string }

/** What `:db/ensure` demands of an entity: attributes that it has, and predicates that it satisfies. */
export type EntitySpecDefinition = {
  readonly type: 'entity-spec'
  readonly attributes?: readonly KeywordText[]
  readonly predicates?: readonly string[]
  readonly doc?: string
}

export type Definition = AttributeDefinition | IdentDefinition | EntitySpecDefinition

/** Definitions by keyword: the type parameter of everything that knows its schema. */
export type Attributes = { readonly [ident: KeywordText]: Definition }

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
  readonly ':varve.tx/tempids': { readonly type: 'string' }
}

/** The definition of an attribute, built-in ones included; never for a name that is none. */
export type DefinitionOf<S, A> = A extends keyof S
  ? Extract<S[A], AttributeDefinition>
  : A extends keyof BuiltinAttributes
    ? BuiltinAttributes[A]
    : never

/** The attributes of a schema, without idents and entity specs. */
export type AttributeName<S> = {
  [K in keyof S & KeywordText]: S[K] extends AttributeDefinition ? K : never
}[keyof S & KeywordText]

/** Its references. */
export type ReferenceName<S> = {
  [K in keyof S & KeywordText]: S[K] extends { readonly type: 'ref' } ? K : never
}[keyof S & KeywordText]

/** `:a/_b`: the attribute `:a/b` backwards. */
export type ReverseOf<A> = A extends `:${infer Namespace}/${infer Name}` ? `:${Namespace}/_${Name}` : never

/** The attribute that `:a/_b` is the other direction of; never for any other name. */
export type ForwardOf<A> = A extends `:${infer Namespace}/_${infer Name}` ? `:${Namespace}/${Name}` : never

/** True for one text that is known letter by letter; false for `string` and for template types. */
export type IsLiteral<A extends string> = {} extends { readonly [K in A]: 1 } ? false : true
