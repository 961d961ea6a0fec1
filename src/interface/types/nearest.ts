// "Did you mean …" for the compiler: the known name that differs from a misspelled one in one place. Evaluated only
// where something is wrong, so that right programs pay nothing.

/** The message that marks a name which is no attribute. */
export type AttributeUnknown<A extends string, Known extends string> = [NearestTo<A, Known>] extends [never]
  ? `Attribute ${A} has no schema`
  : `Attribute ${A} has no schema. Did you mean ${NearestTo<A, Known>}?`

type NearestTo<A extends string, Known extends string> = [Near<A, Known, 1>] extends [never]
  ? Near<A, Known, 2>
  : Near<A, Known, 1>

/** Those of `Known` that are A but for at most so many letters in one place: two of them swapped count as two. */
type Near<A extends string, Known extends string, Most extends 1 | 2> = Known extends string
  ? IsNear<WithoutPrefix<A, Known>, Most> extends true
    ? Known
    : never
  : never

type IsNear<Rest, Most extends 1 | 2> = Rest extends readonly [infer X extends string, infer Y extends string]
  ? WithoutPrefix<Reversed<X>, Reversed<Y>> extends readonly [infer V extends string, infer W extends string]
    ? IsShort<V, Most> extends true
      ? IsShort<W, Most>
      : false
    : false
  : false

type IsShort<X extends string, Most extends 1 | 2> = X extends ''
  ? true
  : X extends `${string}${infer Rest}`
    ? Rest extends ''
      ? true
      : Most extends 2
        ? Rest extends `${string}${infer More}`
          ? More extends ''
            ? true
            : false
          : false
        : false
    : false

/** Both without what they begin with in common. */
type WithoutPrefix<X extends string, Y extends string> = X extends `${infer First}${infer Rest}`
  ? Y extends `${First}${infer Other}`
    ? WithoutPrefix<Rest, Other>
    : readonly [X, Y]
  : readonly [X, Y]

type Reversed<X extends string, Done extends string = ''> = X extends `${infer First}${infer Rest}`
  ? Reversed<Rest, `${First}${Done}`>
  : Done
