// What `q` takes and what it gives.

import type { Attributes, Sources } from './attributes.ts'

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

/** The query as given where it is right; where it is not, a type that marks the wrong place. */
export type CheckQuery<M extends Sources, Q> = [M] extends [never] ? never : Q
/** What the query's `in` asks for, the database itself (`$`) left out. */
export type QueryArgs<M extends Sources, Q> = [M, Q] extends [never, never] ? never : readonly unknown[]
/** Rows, an array, a value or null, as `find` says. */
export type QueryResult<M extends Sources, Q> = [M, Q] extends [never, never] ? never : unknown
/** The sources of a query over one database of schema S beside those known by alias. */
export type SourcesWith<S extends Attributes, M extends Sources> = Omit<M, '$'> & { readonly $: S }
