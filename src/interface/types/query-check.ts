// Misspelled attributes in a question: the same question with a message in the place of each. A question is right if it
// equals what comes out.

import type { AttributeName, BuiltinAttributes, IsLiteral, IsOpen, KeywordText } from './attributes.ts'
import type { AttributeUnknown } from './nearest.ts'
import type { MarkedPattern } from './pull-check.ts'
import type { IsCallName, SourceName, VariableName } from './query-parts.ts'
import type { SchemaOfSource } from './query-variables.ts'

/** The attribute itself, or the message that it is none. */
export type MarkedAttribute<S, A> = [S] extends [never]
  ? A
  : IsOpen<S> extends true
    ? A
    : A extends KeywordText
      ? A extends AttributeName<S> | keyof BuiltinAttributes
        ? A
        : A extends keyof S
          ? `${A} is no attribute, but a name`
          : IsLiteral<A> extends true
            ? AttributeUnknown<A, AttributeName<S>>
            : A
      : A

/** Every message in a marked form. */
export type MessageIn<Form> = Form extends readonly (infer Item)[]
  ? MessageIn<Item>
  : Form extends string
    ? Form extends `Attribute ${string} has no schema${string}` | `${string} is no attribute, but a name`
      ? Form
      : never
    : Form extends { readonly '#map': infer Items }
      ? MessageIn<Items>
      : Form extends { readonly '#str': unknown } | Date | number | boolean | null
        ? never
        : Form extends object
          ? MessageIn<Form[keyof Form]>
          : never

export type MarkedClauses<M, Clauses, Source extends string = '$'> = {
  readonly [I in keyof Clauses]: MarkedClause<M, Clauses[I], Source>
}

/** Nearly all clauses are right patterns of the default source: one look is enough for them. */
type MarkedClause<M, C, Source extends string> = C extends readonly [
  VariableName | '_',
  RightAttribute<SchemaOfSource<M, Source>>,
  ...unknown[],
]
  ? C
  : MarkedOther<M, C, Source>

type RightAttribute<S> = AttributeName<S> | keyof BuiltinAttributes | VariableName | '_'

type MarkedOther<M, C, Source extends string> = C extends readonly [infer First, ...infer Rest]
  ? First extends VariableName | '_'
    ? MarkedPatternClause<SchemaOfSource<M, Source>, C, '1'>
    : First extends SourceName
      ? Rest extends readonly [infer Name, ...unknown[]]
        ? IsCallName<Name> extends true
          ? MarkedClauses<M, C, First>
          : MarkedPatternClause<SchemaOfSource<M, First>, C, '2'>
        : C
      : First extends readonly [infer Name, ...infer Args]
        ? IsCallName<Name> extends true
          ? readonly [MarkedCall<M, Name, Args, First>, ...Rest]
          : MarkedPatternClause<SchemaOfSource<M, Source>, C, '1'>
        : First extends 'not' | 'not-join' | 'or' | 'or-join' | 'and'
          ? MarkedClauses<M, C, Source>
          : IsCallName<First> extends true
            ? C
            : MarkedPatternClause<SchemaOfSource<M, Source>, C, '1'>
  : C

/** The attribute stands at `Index`. */
type MarkedPatternClause<S, C extends readonly unknown[], Index extends string> = [S] extends [never]
  ? C
  : { readonly [I in keyof C]: I extends Index ? MarkedAttribute<S, C[I]> : C[I] }

type MarkedCall<M, Name, Args, Call extends readonly unknown[]> = Name extends
  | 'get-else'
  | 'missing?'
  | 'get-some'
  ? Args extends readonly [infer Source, ...unknown[]]
    ? {
        readonly [I in keyof Call]: I extends '0' | '1' | '2'
          ? Call[I]
          : Name extends 'get-some'
            ? MarkedAttribute<SchemaOfSource<M, Source>, Call[I]>
            : I extends '3'
              ? MarkedAttribute<SchemaOfSource<M, Source>, Call[I]>
              : Call[I]
      }
    : Call
  : Call

export type MarkedFind<M, Find> = { readonly [I in keyof Find]: MarkedElement<M, Find[I]> }

type MarkedElement<M, Element> = Element extends readonly ['pull', infer V, infer Pattern]
  ? V extends SourceName
    ? Element
    : readonly ['pull', V, MarkedPattern<SchemaOfSource<M, '$'>, Pattern>]
  : Element extends readonly ['pull', infer Source extends SourceName, infer V, infer Pattern]
    ? readonly ['pull', Source, V, MarkedPattern<SchemaOfSource<M, Source>, Pattern>]
    : Element extends readonly [infer First, ...infer Rest]
      ? First extends readonly unknown[]
        ? readonly [MarkedElement<M, First>, ...MarkedFind<M, Rest>]
        : Element
      : Element
