// What `q` takes and what it gives.

import type { Attributes, Sources } from './attributes.ts'
import type { MarkedClauses, MarkedFind, MessageIn } from './query-check.ts'
import type { PartsOf, QueryParts } from './query-parts.ts'
import type { ArgumentOf, ResultOfParts } from './query-result.ts'

/** EDN text, or the data form: `{ find: ['?n'], where: [['?e', ':p/name', '?n']] }`. */
export type QueryInput = string | QueryForm
export type QueryForm = {
  readonly find: readonly unknown[]
  readonly in?: readonly unknown[]
  readonly with?: readonly string[]
  readonly where?: readonly (readonly unknown[])[]
  /** Names for the find elements: rows are objects then. */
  readonly keys?: readonly string[]
  readonly strs?: readonly string[]
  readonly syms?: readonly string[]
  readonly limit?: number
  readonly offset?: number
}

/**
 * The query as given where it is right. Where it is not: for text, a message that names the attribute; for the data form,
 * the query with that message in the place of the attribute, so that this very element is marked.
 */
export type CheckQuery<M extends Sources, Q> =
  PartsOf<Q> extends infer P extends QueryParts
    ? [P['where'], P['find']] extends [MarkedClauses<M, P['where']>, MarkedFind<M, P['find']>]
      ? Q
      : Q extends string
        ? MessageIn<MarkedClauses<M, P['where']> | MarkedFind<M, P['find']>>
        : {
            readonly [K in keyof Q]: K extends 'where'
              ? MarkedClauses<M, P['where']>
              : K extends 'find'
                ? MarkedFind<M, P['find']>
                : Q[K]
          }
    : Q

/** What `in` asks of `db.q`, the database itself (`$`) left out. A source that is known by its alias need not be given. */
export type QueryArgs<M extends Sources, Q> =
  PartsOf<Q> extends infer P extends QueryParts ? ArgumentsOf<M, P, WithoutOwn<P['in']>> : readonly unknown[]

/** What `in` asks of a request, whose database may be named beside the arguments. */
export type RequestArgs<M extends Sources, Q> =
  PartsOf<Q> extends infer P extends QueryParts ? ArgumentsOf<M, P, P['in']> : readonly unknown[]

/** What one item of `in` takes: `'?id'`, `['?id', '...']`. */
export type QueryArgument<M extends Sources, Q, Item> =
  PartsOf<Q> extends infer P extends QueryParts ? ArgumentOf<M, P, Item> : unknown

/** Any source that is given as an argument: a database value, or rows. */
export type SourceArgument = { readonly basisT: number } | readonly (readonly unknown[])[]

type WithoutOwn<In> = In extends readonly ['$', ...infer Rest] ? Rest : In

type ArgumentsOf<M, P extends QueryParts, In> = In extends readonly [infer First, ...infer Rest]
  ? First extends `$${string}`
    ? ArgumentsOf<M, P, Rest> | readonly [source: SourceArgument, ...ArgumentsOf<M, P, Rest>]
    : readonly [ArgumentOf<M, P, First>, ...ArgumentsOf<M, P, Rest>]
  : readonly []

/** Rows, an array, a value or null, as `find` says. */
export type QueryResult<M extends Sources, Q> =
  PartsOf<Q> extends infer P extends QueryParts ? ResultOfParts<M, P> : unknown

/** The sources of a query over one database of schema S beside those known by alias. */
export type SourcesWith<S extends Attributes, M extends Sources> = Omit<M, '$'> & { readonly $: S }
