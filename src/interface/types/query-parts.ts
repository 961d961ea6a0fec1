// The parts of a question, the same from EDN text and from the data form; and what may be told apart by how a name
// begins. `Unknown` where a query is not known letter by letter, or cannot be read.

import type { MapForm, ReadEdn, TextForm } from './read-edn.ts'

export type QueryParts = {
  readonly find: readonly unknown[]
  readonly in: readonly unknown[] | undefined
  readonly where: readonly unknown[]
  readonly keys: { readonly kind: 'keys' | 'strs' | 'syms'; readonly names: readonly unknown[] } | undefined
}
export type UnknownParts = { readonly unknown: true }

/** The parts of a query as it is given: text or data form. */
export type PartsOf<Q> = Q extends string ? (string extends Q ? UnknownParts : OfForm<ReadEdn<Q>>) : OfData<Q>

/** `$`, or a source of this name. */
export type SourceName = `$${string}`
export type VariableName = `?${string}`

/** True for a name that can be called: a function, an aggregate, a rule, `not`. */
export type IsCallName<Name> = Name extends string
  ? string extends Name
    ? false
    : Name extends `?${string}` | `:${string}` | `$${string}` | `%${string}` | '_' | '.' | '...' | '*' | ''
      ? false
      : true
  : false

/** A list whose length is known: what is not was made by a program, and nothing is known of it. */
type Fixed<List> = List extends readonly unknown[] ? (number extends List['length'] ? never : List) : never

type OfData<Q> = Q extends { readonly find: infer Find }
  ? [Fixed<Find>] extends [never]
    ? UnknownParts
    : Made<Find, Part<Q, 'in'>, Part<Q, 'where'>, Part<Q, 'keys'>, Part<Q, 'strs'>, Part<Q, 'syms'>>
  : UnknownParts

type Part<Q, Name extends string> = Q extends { readonly [N in Name]: infer List } ? List : undefined

type OfForm<Form> =
  Form extends MapForm<infer Items>
    ? OfSections<Pairs<Items>>
    : Form extends readonly [':find', ...infer Rest]
      ? OfSections<Sections<Rest, ':find'>>
      : UnknownParts

type OfSections<Found> = Found extends { readonly ':find': infer Find }
  ? Made<
      Find,
      Part<Found, ':in'>,
      Part<Found, ':where'>,
      Part<Found, ':keys'>,
      Part<Found, ':strs'>,
      Part<Found, ':syms'>
    >
  : UnknownParts

type Made<Find, In, Where, Keys, Strs, Syms> = {
  readonly find: Find
  readonly in: In extends readonly unknown[] ? (number extends In['length'] ? undefined : In) : undefined
  readonly where: [Fixed<Where>] extends [never] ? readonly [] : Where
  readonly keys: Keys extends readonly unknown[]
    ? { readonly kind: 'keys'; readonly names: Keys }
    : Strs extends readonly unknown[]
      ? { readonly kind: 'strs'; readonly names: Strs }
      : Syms extends readonly unknown[]
        ? { readonly kind: 'syms'; readonly names: Syms }
        : undefined
}

type SectionName =
  | ':find'
  | ':in'
  | ':with'
  | ':where'
  | ':keys'
  | ':strs'
  | ':syms'
  | ':limit'
  | ':offset'
  | ':timeout'

/** What stands behind each section's name, by that name. */
type Sections<
  Items extends readonly unknown[],
  Name extends string,
  Current extends readonly unknown[] = readonly [],
  Done = unknown,
> = Items extends readonly [infer First, ...infer Rest]
  ? First extends SectionName
    ? Sections<Rest, First, readonly [], Done & { readonly [N in Name]: Current }>
    : Sections<Rest, Name, readonly [...Current, First], Done>
  : Done & { readonly [N in Name]: Current }

type Pairs<Items extends readonly unknown[], Done = unknown> = Items extends readonly [
  infer Key extends string,
  infer Value,
  ...infer Rest,
]
  ? Pairs<Rest, Done & { readonly [K in Key]: Value }>
  : Done

/** The text of a name that is given as a symbol, a keyword or a text. */
export type NameText<Name> =
  Name extends TextForm<infer Text>
    ? Text
    : Name extends `:${infer Text}`
      ? Text
      : Name extends string
        ? Name
        : string
