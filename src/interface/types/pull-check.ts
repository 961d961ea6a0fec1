// Misspelled attributes in a pull pattern: the same pattern with a message in the place of each.

import type {
  AttributeName,
  BuiltinAttributes,
  ForwardOf,
  IsLiteral,
  IsOpen,
  KeywordText,
} from './attributes.ts'
import type { AttributeUnknown } from './nearest.ts'
import type { MapForm } from './read-edn.ts'

/** The pattern itself where it is right. Nothing is said of what is not known letter by letter. */
export type MarkedPattern<S, Pattern> = [S] extends [never]
  ? Pattern
  : IsOpen<S> extends true
    ? Pattern
    : Pattern extends readonly unknown[]
      ? { readonly [I in keyof Pattern]: MarkedItem<S, Pattern[I]> }
      : Pattern

type MarkedItem<S, Item> = Item extends KeywordText
  ? MarkedName<S, Item>
  : Item extends MapForm<infer Items>
    ? MapForm<MarkedPairs<S, Items>>
    : Item extends readonly ['limit' | 'default', infer Name, ...infer Rest]
      ? readonly [Item[0], MarkedName<S, Name>, ...Rest]
      : Item extends readonly [infer Name, ...infer Options]
        ? readonly [MarkedName<S, Name>, ...Options]
        : Item extends readonly unknown[]
          ? Item
          : Item extends object
            ? MarkedObject<S, Item>
            : Item

type MarkedPairs<
  S,
  Items extends readonly unknown[],
  Done extends readonly unknown[] = readonly [],
> = Items extends readonly [infer Key, infer Nested, ...infer Rest]
  ? MarkedPairs<S, Rest, readonly [...Done, MarkedItem<S, Key>, MarkedPattern<S, Nested>]>
  : Done

/** A misspelled key has the message as its type, which nothing that stands there has. */
type MarkedObject<S, Item> = {
  readonly [K in keyof Item]: K extends KeywordText
    ? MarkedName<S, K> extends K
      ? MarkedPattern<S, Item[K]>
      : MarkedName<S, K>
    : Item[K]
}

export type MarkedName<S, Name> = Name extends KeywordText
  ? Name extends AttributeName<S> | keyof BuiltinAttributes | ':db/id'
    ? Name
    : ForwardOf<Name> extends AttributeName<S> | keyof BuiltinAttributes
      ? [ForwardOf<Name>] extends [never]
        ? Unknown<S, Name>
        : Name
      : Unknown<S, Name>
  : Name

type Unknown<S, Name extends KeywordText> =
  IsLiteral<Name> extends true ? AttributeUnknown<Name, AttributeName<S>> : Name
