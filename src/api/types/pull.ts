// What `pull` takes and what it gives.

import type { Attributes } from './attributes.ts'

/** EDN text, or the data form: `['*', ':a/b', { ':a/ref': [':c/d'] }, [':a/b', ':limit', 5]]`. */
export type PatternInput = string | readonly unknown[]

/** The pattern as given where it is right; where it is not, a type that marks the wrong place. */
export type CheckPattern<S extends Attributes, P> = [S] extends [never] ? never : P
/** The object that the pattern describes. */
export type PullResult<S extends Attributes, P> = [S, P] extends [never, never]
  ? never
  : { readonly [key: string]: unknown }
