// What `defineSchema` returns: a schema in TypeScript, from which the types of transactions, queries and pull follow.

import type { EdnMap } from '../../fact/value.ts'
import type { Attributes } from './attributes.ts'

/** Runtime object and carrier of the types. */
export interface DefinedSchema<
  N extends string = string,
  S extends Attributes = Attributes,
  L extends string = string,
> {
  readonly name: N
  /** What queries call the database: `$alias`. The name where none was given. */
  readonly alias: L
  readonly attributes: S
  /** The schema as transaction data: one map for each attribute, ident and entity spec. */
  toTransaction(): readonly EdnMap[]
}

/** The attributes of a defined schema. */
export type SchemaOf<D> = D extends { readonly attributes: infer S extends Attributes } ? S : never

/** Sources by `$alias` and `$name`. */
export type SourcesOf<D extends readonly DefinedSchema[]> = {
  readonly [I in D[number] as `$${I['alias']}` | `$${I['name']}`]: I['attributes']
}
