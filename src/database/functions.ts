// Functions that transactions call by name, registered in this process: transaction functions, predicates of
// attributes and of entities. Names are symbols without quotes (`shop/reserve`, `shop/positive?`).

import type { FactSource } from '../fact/datom.ts'
import type { Edn } from '../fact/value.ts'

/** Gets the database before the transaction and its arguments; gives operations. */
export type TransactionFunction = (db: FactSource, ...args: readonly Edn[]) => Edn
/** True where the value is allowed; false, or a text that says why not. */
export type AttributePredicate = (value: Edn) => boolean | string
/** Judges an entity of the database after the transaction; must give exactly true. */
export type EntityPredicate = (db: FactSource, entity: number) => boolean | string

export type RegisteredFunction =
  | { readonly kind: 'transaction'; readonly run: TransactionFunction }
  | { readonly kind: 'attribute-predicate'; readonly run: AttributePredicate }
  | { readonly kind: 'entity-predicate'; readonly run: EntityPredicate }

export type FunctionRegistry = ReadonlyMap<string, RegisteredFunction>
