// Values as TypeScript types: what results hold for each value type, and what transactions and arguments may give.

import type { BigNumber } from 'bignumber.js'
import type { MemberType, ValueType } from '../../fact/attribute.ts'
import type { AttributeDefinition, DefinitionOf, KeywordText } from './attributes.ts'

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

/** What a result holds for a value of each type; a reference is the id of an entity. */
type ValueByType = {
  readonly string: string
  readonly keyword: KeywordText
  readonly symbol: string
  readonly boolean: boolean
  /** A bigint only beyond 2^53. */
  readonly long: number | bigint
  readonly bigint: bigint
  readonly float: number
  readonly double: number
  readonly bigdec: BigNumber
  readonly instant: Date
  readonly uuid: string
  readonly uri: string
  readonly bytes: Uint8Array
  readonly ref: number
  readonly tuple: readonly (AnyValue | null)[]
}

/** The value of one attribute, `definition` by definition; for many, one of the values. */
export type ValueOf<D> = D extends { readonly type: 'long'; readonly exact: true }
  ? bigint
  : D extends { readonly type: 'tuple' }
    ? TupleValue<D>
    : D extends { readonly type: infer T extends ValueType }
      ? ValueByType[T]
      : never

type TupleValue<D> = D extends { readonly types: infer T extends readonly MemberType[] }
  ? { readonly [I in keyof T]: ValueByType[T[I]] | null }
  : D extends { readonly of: infer T extends MemberType }
    ? readonly (ValueByType[T] | null)[]
    : readonly (AnyValue | null)[]

/** What a transaction may give for a value of each type, references apart: objects with one key say the type themselves. */
type InputByType = {
  readonly string: string | { readonly '#str': string }
  readonly keyword: string | { readonly '#kw': string }
  readonly symbol: string | { readonly '#sym': string }
  readonly boolean: boolean
  readonly long: number | bigint | { readonly '#long': string | number }
  readonly bigint: number | bigint | string | BigNumber | { readonly '#bigint': string | number }
  readonly float: number | bigint | BigNumber | { readonly '#float': string | number }
  readonly double: number | bigint | BigNumber | { readonly '#double': string | number }
  readonly bigdec: number | bigint | string | BigNumber | { readonly '#bigdec': string | number }
  readonly instant: Date | string | { readonly '#inst': string | number }
  readonly uuid: string | { readonly '#uuid': string }
  readonly uri: string | { readonly '#uri': string }
  readonly bytes: Uint8Array | string | { readonly '#bytes': string }
}

type TempidTag = { readonly '#tag': readonly ['tempid', string] }

/** An entity in a transaction: id, tempid, ident, lookup ref. */
export type EntityInput = number | string | readonly [string, unknown] | TempidTag

/** An entity as an argument of a query. */
export type EntityArgument = number | KeywordText | readonly unknown[]

/** One value of an attribute in a transaction; a reference may be a map of the entity itself. */
export type InputOf<D> = D extends { readonly type: 'ref' }
  ? EntityInput | { readonly [attribute: string]: unknown }
  : D extends { readonly type: 'tuple' }
    ? TupleInput<D>
    : D extends { readonly type: infer T extends keyof InputByType }
      ? InputByType[T]
      : never

type MemberInput<T extends MemberType> = (T extends keyof InputByType ? InputByType[T] : EntityInput) | null

type TupleInput<D> = D extends { readonly types: infer T extends readonly MemberType[] }
  ? { readonly [I in keyof T]: MemberInput<T[I]> }
  : D extends { readonly of: infer T extends MemberType }
    ? readonly MemberInput<T>[]
    : readonly unknown[]

/** What stands under an attribute in a map: one value, or several where there may be many. */
export type InputsOf<D> = D extends { readonly many: true }
  ? InputOf<D> | readonly InputOf<D>[] | ReadonlySet<InputOf<D>>
  : InputOf<D>

/** An entity as an argument or in `pull`: an id, an ident, or a lookup ref by a unique attribute. */
export type EntityRef<S = {}> =
  | number
  | KeywordText
  | { readonly [A in UniqueName<S>]: readonly [A, InputOf<DefinitionOf<S, A>>] }[UniqueName<S>]

type UniqueName<S> = KeywordText extends keyof S
  ? KeywordText
  : | {
        [K in keyof S & KeywordText]: S[K] extends AttributeDefinition & { readonly unique: string }
          ? K
          : never
      }[keyof S & KeywordText]
    | ':db/ident'
