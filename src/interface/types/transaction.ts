// What `transact` and `with` take. The check gives back what it was given where that is right, else the same with the
// place that is wrong asking for something else.

import type {
  AttributeName,
  Attributes,
  BuiltinAttributes,
  DefinitionOf,
  ForwardOf,
  IsLiteral,
  IsOpen,
  KeywordText,
} from './attributes.ts'
import type { AttributeUnknown } from './nearest.ts'
import type { EntityInput, InputOf, InputsOf } from './values.ts'

/** Map forms, list forms, or EDN text. */
export type TransactionInput = string | readonly unknown[]

/** The input as given where it is right; where it is not, a type that marks the wrong place. */
export type CheckTransaction<S extends Attributes, X> =
  // Wrapped, since a condition that distributes would take the constness of the parameter away.
  [X] extends [MarkedTransaction<S, X>] ? X : MarkedTransaction<S, X>

type MarkedTransaction<S, X> = X extends string
  ? X
  : IsOpen<S> extends true
    ? X
    : { readonly [I in keyof X]: MarkedOperation<S, X[I]> }

/** Distributes over the kinds of operations that a list made by a program may hold. */
type MarkedOperation<S, Operation> = Operation extends readonly unknown[]
  ? MarkedList<S, Operation>
  : Operation extends object
    ? MarkedMap<S, Operation>
    : Operation

type WithAttribute = `${':' | ''}${'db/add' | 'db/retract' | 'db/cas' | 'db.fn/cas'}`

type MarkedList<S, List extends readonly unknown[]> = List extends readonly [
  WithAttribute,
  unknown,
  infer A,
  ...unknown[],
]
  ? MarkedPlaces<S, A, List>
  : List

type MarkedPlaces<S, A, List> = {
  readonly [I in keyof List]: I extends '2'
    ? MarkedKey<S, A>
    : I extends '3' | '4'
      ? // nil stands for "no value" in a compare-and-set.
        List[I] extends null
        ? List[I]
        : MarkedValue<S, A, List[I]>
      : List[I]
}

/** A map of attributes; keys may lack their colon. */
type MarkedMap<S, Form> = Form extends EscapedOrClass
  ? Form
  : { readonly [K in keyof Form]: K extends string ? MarkedProperty<S, K, Form[K]> : Form[K] }

type EscapedOrClass =
  | Date
  | Uint8Array
  | ReadonlySet<unknown>
  | ReadonlyMap<unknown, unknown>
  | { readonly '#tag': unknown }

type MarkedProperty<S, K extends string, Value> =
  WithColon<K> extends ':db/id'
    ? EntityInput
    : MarkedKey<S, WithColon<K>> extends WithColon<K>
      ? MarkedValue<S, WithColon<K>, Value>
      : MarkedKey<S, WithColon<K>>

type WithColon<K extends string> = K extends `:${string}` ? K : `:${K}`

/** The attribute itself, or the message that it is none. */
type MarkedKey<S, A> = A extends KeywordText
  ? A extends AttributeName<S> | keyof BuiltinAttributes
    ? A
    : IsLiteral<A> extends false
      ? A
      : DefinitionOf<S, ForwardOf<A>> extends { readonly type: 'ref' }
        ? [DefinitionOf<S, ForwardOf<A>>] extends [never]
          ? AttributeUnknown<A, AttributeName<S>>
          : A
        : AttributeUnknown<A, AttributeName<S>>
  : A

/** The value itself where the attribute takes it, else what it takes; maps of nested entities are looked into. */
type MarkedValue<S, A, Value> =
  DefinitionOf<S, A> extends infer D
    ? [D] extends [never]
      ? MarkedReference<S, Value>
      : D extends { readonly type: 'ref' }
        ? MarkedReference<S, Value> extends infer Marked
          ? Value extends Marked
            ? Value extends InputsOf<D> | readonly unknown[]
              ? Value
              : InputsOf<D>
            : Marked
          : never
        : Value extends Wanted<S, D>
          ? Value
          : Wanted<S, D>
    : never

type Wanted<S, D> = [S] extends [never]
  ? never
  : D extends { readonly type: 'tuple' }
    ? InputOf<D> | InputsOf<D>
    : InputsOf<D>

type MarkedReference<S, Value> = Value extends readonly unknown[]
  ? Value extends readonly [string, unknown]
    ? Value
    : { readonly [I in keyof Value]: MarkedReference<S, Value[I]> }
  : Value extends object
    ? MarkedMap<S, Value>
    : Value

/** Facts about the transaction itself: attributes with what they take. */
export type MetaOf<S extends Attributes> =
  IsOpen<S> extends true
    ? { readonly [attribute: string]: unknown }
    : {
        readonly [A in AttributeName<S> | ':db/doc' | ':db/txInstant']?: InputsOf<DefinitionOf<S, A>>
      }

export type { EntityRef } from './values.ts'
