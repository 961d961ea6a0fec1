// What an entity answers for one attribute.

import type { Attributes, BuiltinAttributes } from './attributes.ts'

/** An attribute, or a reference backwards (':p/_friend'). */
export type EntityAttribute<S extends Attributes> = (keyof S & string) | (keyof BuiltinAttributes & string)

export type EntityValue<S extends Attributes, A extends string> = [S, A] extends [never, never]
  ? never
  : unknown
