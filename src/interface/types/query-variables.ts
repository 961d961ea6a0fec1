// What the compiler knows of a variable: the values of the attributes in whose place it stands, results of functions it
// is bound to. Several places give the union. Where nothing is known the answer is never, and nothing is claimed.

import type { BigNumber } from 'bignumber.js'
import type { DefinitionOf, IsOpen } from './attributes.ts'
import type { IsCallName, SourceName, VariableName } from './query-parts.ts'
import type { TextForm } from './read-edn.ts'
import type { ValueOf } from './values.ts'

/** Stands for an entity until it is known whether the variable is an input, which is returned as it was given. */
export type EntityMark = { readonly entity: 'id' }

/** How deep functions of functions are followed. */
type Depth = 0 | 1 | 2 | 3
type Deeper = { readonly 0: 1; readonly 1: 2; readonly 2: 3; readonly 3: 3 }

/** Everything that clauses say together of one variable: the union over the places where it stands. */
export type KnownOf<
  M,
  Where,
  V extends string,
  Source extends string = '$',
  All = Where,
  D extends Depth = 0,
> = Where extends readonly unknown[] ? InClause<M, Where[number], V, Source, All, D> : never

/** Distributes over clauses. Patterns come first, since nearly all clauses are patterns and few name the variable. */
type InClause<M, C, V extends string, Source extends string, All, D extends Depth> = C extends readonly [
  VariableName | '_',
  ...unknown[],
]
  ? V extends C[number]
    ? InTerms<SchemaOfSource<M, Source>, C, V>
    : never
  : C extends readonly [SourceName, VariableName | '_', ...infer Rest]
    ? V extends C[number]
      ? InTerms<SchemaOfSource<M, C[0]>, readonly [C[1], ...Rest], V>
      : never
    : InOtherClause<M, C, V, Source, All, D>

type InOtherClause<M, C, V extends string, Source extends string, All, D extends Depth> = C extends readonly [
  infer First,
  ...infer Rest,
]
  ? First extends SourceName
    ? Rest extends readonly [infer Name, ...infer Args]
      ? IsCallName<Name> extends true
        ? InNamed<M, Name, Args, V, First, All, D>
        : InTerms<SchemaOfSource<M, First>, Rest, V>
      : never
    : First extends readonly [infer Name, ...infer Args]
      ? IsCallName<Name> extends true
        ? Rest extends readonly [V]
          ? ResultOfCall<M, Name & string, Args, All, D>
          : never
        : InTerms<SchemaOfSource<M, Source>, C, V>
      : IsCallName<First> extends true
        ? InNamed<M, First, Rest, V, Source, All, D>
        : InTerms<SchemaOfSource<M, Source>, C, V>
  : never

/** `or` says something only if every branch does; what is bound in a `not` or by a rule, nobody knows. */
type InNamed<
  M,
  Name,
  Args extends readonly unknown[],
  V extends string,
  Source extends string,
  All,
  D extends Depth,
> = Name extends 'or'
  ? InBranches<M, Args, V, Source, All, D>
  : Name extends 'or-join'
    ? Args extends readonly [infer Join, ...infer Branches]
      ? V extends Names<Join>
        ? InBranches<M, Branches, V, Source, All, D>
        : never
      : never
    : Name extends 'and'
      ? KnownOf<M, Args, V, Source, All, D>
      : never

type Names<Join> = Join extends readonly unknown[]
  ? Join[number] | Names<Extract<Join[0], readonly unknown[]>>
  : never

type InBranches<
  M,
  Branches extends readonly unknown[],
  V extends string,
  Source extends string,
  All,
  D extends Depth,
  Found = never,
> = Branches extends readonly [infer First, ...infer Rest]
  ? [InClause<M, First, V, Source, All, D>] extends [never]
    ? never
    : InBranches<M, Rest, V, Source, All, D, Found | InClause<M, First, V, Source, All, D>>
  : Found

/** The attributes of a source; never where it is not known, which may be rows. */
export type SchemaOfSource<M, Source> = Source extends keyof M ? M[Source] : never

type InTerms<S, Terms extends readonly unknown[], V extends string> = [S] extends [never]
  ? never
  : Terms extends readonly [(infer E)?, (infer A)?, (infer Value)?, (infer Tx)?, (infer Added)?]
    ? | (E extends V ? EntityMark : never)
      | (A extends V ? EntityMark : never)
      | (Value extends V ? ValueAt<S, A> : never)
      | (Tx extends V ? EntityMark : never)
      | (Added extends V ? boolean : never)
    : never

/** The values of an attribute; never of one that the schema does not know. */
type ValueAt<S, A> =
  IsOpen<S> extends true
    ? never
    : DefinitionOf<S, A> extends infer D
      ? [D] extends [never]
        ? never
        : D extends { readonly type: 'ref' }
          ? EntityMark
          : ValueOf<D>
      : never

type TextFunction =
  | 'str'
  | 'subs'
  | 'name'
  | 'namespace'
  | `${'clojure.string/' | 'string/' | 'str/' | ''}${'lower-case' | 'upper-case' | 'capitalize' | 'trim' | 'join' | 'replace'}`
type Comparison = '=' | '==' | '!=' | 'not=' | '<' | '>' | '<=' | '>=' | 'not' | 'missing?'
type Arithmetic = '+' | '-' | '*' | '/' | 'quot' | 'rem' | 'mod' | 'inc' | 'dec' | 'abs'
type Numeric = number | bigint | BigNumber

/** What a call binds to one variable. */
type ResultOfCall<
  M,
  Name extends string,
  Args extends readonly unknown[],
  All,
  D extends Depth,
> = Name extends TextFunction
  ? string
  : Name extends Comparison
    ? boolean
    : Name extends 'count' | 'inst-ms' | 'compare' | 'double' | 'float'
      ? number
      : Name extends 'long' | 'int'
        ? number | bigint
        : Name extends 'bigint'
          ? bigint
          : Name extends 'bigdec'
            ? BigNumber
            : Name extends Arithmetic
              ? ResultOfArithmetic<M, Args, All, D>
              : Name extends 'identity' | 'ground'
                ? Args extends readonly [infer X]
                  ? Widened<OfArgument<M, X, All, D>>
                  : never
                : Name extends 'get-else'
                  ? ResultOfGetElse<M, Args>
                  : never

/** A function gives longs as they are: of exact attributes, too, a number where one holds it. */
type Widened<T> = T extends bigint ? number | bigint : T

type ResultOfGetElse<M, Args> = Args extends readonly [infer Source, unknown, infer A, infer Default]
  ? [ValueAt<SchemaOfSource<M, Source>, A>] extends [never]
    ? never
    : [OfConstant<Default>] extends [never]
      ? never
      : ValueAt<SchemaOfSource<M, Source>, A> | OfConstant<Default>
  : never

/** Numbers give numbers: a bigint beyond 2^53 unless all are doubles; of what is not known, any kind of number. */
type ResultOfArithmetic<
  M,
  Args extends readonly unknown[],
  All,
  D extends Depth,
  Found = never,
> = Args extends readonly [infer X, ...infer Rest]
  ? X extends number
    ? ResultOfArithmetic<M, Rest, All, D, Found>
    : [OfArgument<M, X, All, D>] extends [never]
      ? Numeric
      : ResultOfArithmetic<M, Rest, All, D, Found | OfArgument<M, X, All, D>>
  : [Found] extends [never]
    ? number | bigint
    : [Found] extends [number]
      ? number
      : [Found] extends [number | bigint | EntityMark]
        ? number | bigint
        : Numeric

type OfArgument<M, X, All, D extends Depth> = X extends `?${string}`
  ? D extends 3
    ? never
    : KnownOf<M, All, X, '$', All, Deeper[D]>
  : OfConstant<X>

/** The type of a constant as a result holds it. */
type OfConstant<X> = X extends TextForm
  ? string
  : X extends number
    ? number | bigint
    : X extends boolean
      ? boolean
      : X extends Date
        ? Date
        : X extends `:${string}`
          ? `:${string}`
          : X extends `?${string}` | `$${string}`
            ? never
            : X extends string
              ? string
              : never
