// What an entity answers for one attribute.

import type {
  AttributeName,
  Attributes,
  BuiltinAttributes,
  DefinitionOf,
  ForwardOf,
  IsOpen,
  KeywordText,
  ReferenceName,
  ReverseOf,
} from './attributes.ts'
import type { Entity } from './interfaces.ts'
import type { ValueOf } from './values.ts'

/** An attribute, or a reference backwards (':p/_friend'). */
export type EntityAttribute<S extends Attributes> =
  IsOpen<S> extends true
    ? KeywordText
    : AttributeName<S> | ReverseOf<ReferenceName<S>> | keyof BuiltinAttributes | ':db/id'

/** A value, an array for many; of a reference the ident where it has one, else the entity. */
export type EntityValue<S extends Attributes, A extends string> = A extends ':db/id'
  ? number
  : IsOpen<S> extends true
    ? unknown
    : DefinitionOf<S, A> extends infer D
      ? [D] extends [never]
        ? ReverseValue<S, ForwardOf<A>>
        : D extends { readonly many: true }
          ? OneValue<S, D>[]
          : OneValue<S, D>
      : never

type OneValue<S extends Attributes, D> = D extends { readonly type: 'ref' }
  ? Entity<S> | KeywordText
  : ValueOf<D>

type ReverseValue<S extends Attributes, A> =
  DefinitionOf<S, A> extends { readonly component: true }
    ? Entity<S> | KeywordText
    : (Entity<S> | KeywordText)[]
