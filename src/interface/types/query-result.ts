// What a question gives: rows, an array, one row or one value, or maps, each element with the type of its variable,
// aggregate or pull.

import type { BigNumber } from 'bignumber.js'
import type { KeywordText } from './attributes.ts'
import type { LoosePull, PullResult } from './pull.ts'
import type { IsCallName, NameText, QueryParts, SourceName, VariableName } from './query-parts.ts'
import type { EntityMark, KnownOf, SchemaOfSource } from './query-variables.ts'
import type { Rows } from './rows.ts'
import type { EntityArgument } from './values.ts'

/** The result of a query whose parts are known. */
export type ResultOfParts<M, P extends QueryParts> = P['find'] extends readonly [infer Element, '.']
  ? ElementOf<M, P, Element> | null
  : P['find'] extends readonly [infer Inner extends readonly unknown[]]
    ? Inner extends readonly [infer Element, '...']
      ? ElementOf<M, P, Element>[]
      : IsCallName<Inner[0]> extends true
        ? RelationOf<M, P, P['find']>
        : RowOf<M, P, Inner> | null
    : RelationOf<M, P, P['find']>

type RelationOf<M, P extends QueryParts, Elements extends readonly unknown[]> = P['keys'] extends undefined
  ? Rows<ElementsOf<M, P, Elements>>
  : RowOf<M, P, Elements>[]

type ElementsOf<M, P extends QueryParts, Elements extends readonly unknown[]> = {
  -readonly [I in keyof Elements]: ElementOf<M, P, Elements[I]>
}

/** An array, or a map where the query names keys. */
type RowOf<M, P extends QueryParts, Elements extends readonly unknown[]> = P['keys'] extends {
  readonly kind: infer Kind
  readonly names: infer Names extends readonly unknown[]
}
  ? {
      -readonly [I in Indices<Elements> as KeyOf<Kind, Names[I & keyof Names]>]: ElementOf<M, P, Elements[I]>
    }
  : ElementsOf<M, P, Elements>

type Indices<Elements extends readonly unknown[]> = Exclude<keyof Elements, keyof (readonly unknown[])> &
  `${number}`
type KeyOf<Kind, Name> = Kind extends 'keys' ? `:${NameText<Name>}` : NameText<Name>

type ElementOf<M, P extends QueryParts, Element> = Element extends VariableName
  ? ValueOfVariable<M, P, Element>
  : Element extends readonly ['pull', ...infer Args]
    ? ResultOfPull<M, Args>
    : Element extends readonly [infer Name, ...infer Args]
      ? ResultOfAggregate<Name, Args, LastVariable<M, P, Args>>
      : unknown

/** An input comes back as it was given: an entity may be an ident or a lookup ref. */
type ValueOfVariable<M, P extends QueryParts, V extends string> =
  KnownOf<M, P['where'], V> extends infer Known
    ? [Known] extends [never]
      ? unknown
      : V extends NameOfInput<P['in']>
        ? OfInput<Known>
        : OfMark<Known>
    : never

type OfMark<Known> = Known extends EntityMark ? number : Known
type OfInput<Known> = Known extends EntityMark
  ? EntityArgument
  : Known extends bigint | BigNumber
    ? number | bigint | BigNumber
    : Known

/** Every variable that `:in` binds. */
export type NameOfInput<In> = In extends readonly (infer Item)[]
  ? Item extends string
    ? Item
    : NameOfInput<Item>
  : never

type LastVariable<M, P extends QueryParts, Args> = Args extends readonly [
  ...unknown[],
  infer V extends VariableName,
]
  ? ValueOfVariable<M, P, V>
  : unknown

type ResultOfAggregate<Name, Args extends readonly unknown[], T> = Name extends 'count' | 'count-distinct'
  ? number
  : Name extends 'avg' | 'variance' | 'stddev'
    ? number
    : Name extends 'sum'
      ? NumbersOf<T>
      : Name extends 'median'
        ? NumbersOf<T> | number
        : Name extends 'min' | 'max' | 'rand'
          ? Args extends readonly [unknown]
            ? T
            : T[]
          : Name extends 'sample'
            ? T[]
            : Name extends 'distinct'
              ? Set<T>
              : unknown

/** A sum of longs may need a bigint; of what is not known, it is some kind of number. */
type NumbersOf<T> = unknown extends T
  ? number | bigint | BigNumber
  : [Extract<T, number | bigint | BigNumber>] extends [never]
    ? number | bigint | BigNumber
    : Extract<T, number | bigint | BigNumber>

type ResultOfPull<M, Args> = Args extends readonly [
  infer Source extends SourceName,
  VariableName,
  infer Pattern,
]
  ? PulledFrom<M, Source, Pattern>
  : Args extends readonly [VariableName, infer Pattern]
    ? PulledFrom<M, '$', Pattern>
    : unknown

type PulledFrom<M, Source, Pattern> = [SchemaOfSource<M, Source>] extends [never]
  ? LoosePull | null
  : Pattern extends readonly unknown[]
    ? PullResult<SchemaOfSource<M, Source>, Pattern> | null
    : LoosePull | null

/** What one item of `:in` takes. */
export type ArgumentOf<M, P extends QueryParts, Item> = Item extends VariableName
  ? OfArgument<KnownOf<M, P['where'], Item>>
  : Item extends '%'
    ? string | readonly unknown[]
    : Item extends readonly [infer Inner, '...']
      ? readonly ArgumentOf<M, P, Inner>[] | ReadonlySet<ArgumentOf<M, P, Inner>>
      : Item extends readonly [infer Row extends readonly unknown[]]
        ? readonly TupleArgument<M, P, Row>[]
        : Item extends readonly unknown[]
          ? TupleArgument<M, P, Item>
          : unknown

/** A list whose places are not known one by one may hold, at any of them, what one of them takes. */
type TupleArgument<M, P extends QueryParts, Items extends readonly unknown[]> =
  | readonly [...{ readonly [I in keyof Items]: ArgumentOf<M, P, Items[I]> }, ...unknown[]]
  | readonly ArgumentOf<M, P, Items[number]>[]

type OfArgument<Known> = [Known] extends [never] ? unknown : OneArgument<Known>
type OneArgument<Known> = Known extends EntityMark
  ? EntityArgument
  : Known extends bigint | BigNumber
    ? number | bigint | string | BigNumber
    : Known extends Date
      ? Date | string
      : Known extends Uint8Array
        ? Uint8Array | string
        : Known extends KeywordText
          ? string
          : Known
