// What `transact` and `with` take.

import type { Attributes } from './attributes.ts'

/** Map forms, list forms, or EDN text. */
export type TransactionInput = string | readonly unknown[]

/** The input as given where it is right; where it is not, a type that marks the wrong place. */
export type CheckTransaction<S extends Attributes, X> = [S] extends [never] ? never : X

/** An entity id, a lookup ref, or an ident. */
export type EntityRef<S extends Attributes = Attributes> =
  | number
  | `:${string}`
  | readonly [keyof S & `:${string}`, unknown]
