// What `pull` takes and what it gives.

import type { Attributes, DefinitionOf, ForwardOf, IsOpen, KeywordText } from './attributes.ts'
import type { MarkedPattern } from './pull-check.ts'
import type { MessageIn } from './query-check.ts'
import type { MapForm, ReadEdn, TextForm } from './read-edn.ts'
import type { ValueOf } from './values.ts'

/** EDN text, or the data form: `['*', ':a/b', { ':a/ref': [':c/d'] }, [':a/b', ':limit', 5]]`. */
export type PatternInput = string | readonly unknown[]

/** The pattern as given where it is right; where it is not, one that marks the wrong place, or says it for text. */
export type CheckPattern<S extends Attributes, P> =
  // Wrapped, since a condition that distributes would take the constness of the parameter away.
  [P] extends [infer Text extends string]
    ? string extends Text
      ? P
      : ReadEdn<Text> extends MarkedPattern<S, ReadEdn<Text>>
        ? P
        : MessageIn<MarkedPattern<S, ReadEdn<Text>>>
    : [P] extends [MarkedPattern<S, P>]
      ? P
      : MarkedPattern<S, P>

/** An entity of which nothing more is known. */
export type LoosePull = { readonly [key: string]: unknown }
/** A reference that no pattern follows. */
export type PulledReference = { readonly ':db/id': number }
/** A component is pulled whole. */
export type WholeEntity = PulledReference & { readonly [attribute: KeywordText]: unknown }

/** The object that the pattern describes. */
export type PullResult<S, P> =
  IsOpen<S> extends true
    ? LoosePull
    : P extends string
      ? string extends P
        ? LoosePull
        : ReadEdn<P> extends infer Items extends readonly unknown[]
          ? Pulled<S, Items>
          : LoosePull
      : P extends readonly unknown[]
        ? number extends P['length']
          ? LoosePull
          : Pulled<S, P>
        : LoosePull

/** One property for each item; the wildcard brings all attributes, and others that the schema does not know. */
type Pulled<S, P extends readonly unknown[]> = Flat<Properties<S, P, P>>

type Flat<Properties> = { readonly [K in keyof Properties]: Properties[K] }

type Properties<
  S,
  P extends readonly unknown[],
  Whole extends readonly unknown[],
  Done = unknown,
> = P extends readonly [infer Item, ...infer Rest]
  ? Properties<S, Rest, Whole, Done & PropertyOf<S, Item, Whole>>
  : Done

type PropertyOf<S, Item, Whole extends readonly unknown[]> = Item extends '*'
  ? Everything<S>
  : Item extends ':db/id'
    ? PulledReference
    : Item extends KeywordText
      ? { readonly [K in Item]?: Plain<S, Item> }
      : Item extends MapForm<infer Items>
        ? OfPairs<S, Items, Whole>
        : Item extends readonly ['limit', infer Name extends KeywordText, unknown]
          ? PropertyOf<S, Name, Whole>
          : Item extends readonly ['default', infer Name extends KeywordText, infer Default]
            ? { readonly [K in Name]: Plain<S, Name> | DefaultOf<Default> }
            : Item extends readonly [infer Name extends KeywordText, ...infer Options]
              ? WithOptions<Name, Options, Plain<S, Name>>
              : Item extends readonly unknown[]
                ? unknown
                : Item extends object
                  ? { readonly [K in keyof Item & KeywordText]?: Nested<S, K, Item[K], Whole> }
                  : unknown

type OfPairs<
  S,
  Items extends readonly unknown[],
  Whole extends readonly unknown[],
  Done = unknown,
> = Items extends readonly [infer Key, infer Pattern, ...infer Rest]
  ? OfPairs<
      S,
      Rest,
      Whole,
      Done &
        (Key extends KeywordText
          ? { readonly [K in Key]?: Nested<S, Key, Pattern, Whole> }
          : Key extends readonly ['limit', infer Name extends KeywordText, unknown]
            ? { readonly [K in Name]?: Nested<S, Name, Pattern, Whole> }
            : Key extends readonly [infer Name extends KeywordText, ...infer Options]
              ? WithOptions<Name, Options, Nested<S, Name, Pattern, Whole>>
              : unknown)
    >
  : Done

/** `:as` names the key, `:default` makes it sure to be there, `:xform` may give anything, `:limit` changes no type. */
type WithOptions<Name extends string, Options extends readonly unknown[], Value> =
  Option<Options, 'default'> extends readonly [infer Default]
    ? { readonly [K in KeyOf<Name, Options>]: Transformed<Options, Value> | DefaultOf<Default> }
    : { readonly [K in KeyOf<Name, Options>]?: Transformed<Options, Value> }

type Transformed<Options extends readonly unknown[], Value> =
  Option<Options, 'xform'> extends readonly [unknown] ? unknown : Value

type KeyOf<Name extends string, Options extends readonly unknown[]> =
  Option<Options, 'as'> extends readonly [infer Key]
    ? Key extends TextForm<infer Text>
      ? Text
      : Key extends string
        ? Key
        : string
    : Name

type Option<Options extends readonly unknown[], Name extends string> = Options extends readonly [
  infer Given,
  infer Value,
  ...infer Rest,
]
  ? Given extends Name | `:${Name}`
    ? readonly [Value]
    : Option<Rest, Name>
  : undefined

type DefaultOf<Default> = Default extends TextForm
  ? string
  : Default extends number | bigint | string | boolean | Date
    ? Default
    : Default extends null
      ? undefined
      : unknown

type Everything<S> = PulledReference & {
  readonly [
    A in keyof S & KeywordText as S[A] extends { readonly type: 'ident' | 'entity-spec' } ? never : A
  ]?: Plain<S, A>
} & { readonly [other: KeywordText]: unknown }

/** The value or values of an attribute that no pattern follows. */
type Plain<S, Name extends string> =
  DefinitionOf<S, Name> extends infer D
    ? [D] extends [never]
      ? Reverse<S, Name, PulledReference>
      : Many<
          D,
          D extends { readonly type: 'ref' }
            ? D extends { readonly component: true }
              ? WholeEntity
              : PulledReference
            : ValueOf<D>
        >
    : never

/** What a nested pattern, or a recursion by the pattern around it, gives. */
type Nested<S, Name extends string, Pattern, Whole extends readonly unknown[]> =
  NestedEntity<S, Pattern, Whole> extends infer Entity
    ? DefinitionOf<S, Name> extends infer D
      ? [D] extends [never]
        ? Reverse<S, Name, Entity>
        : Many<D, Entity>
      : never
    : never

type NestedEntity<S, Pattern, Whole extends readonly unknown[]> = Pattern extends readonly unknown[]
  ? PullResult<S, Pattern>
  : // Where a recursion ends there may be nothing but the id.
    Partial<Pulled<S, Whole>>

type Many<D, Value> = D extends { readonly many: true } ? Value[] : Value

/** A component belongs to one entity; any other reference may come from many. */
type Reverse<S, Name extends string, Entity> =
  DefinitionOf<S, ForwardOf<Name>> extends infer D
    ? [D] extends [never]
      ? unknown
      : D extends { readonly component: true }
        ? Entity
        : Entity[]
    : never
