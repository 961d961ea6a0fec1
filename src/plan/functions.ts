// The names that a query may call, with how many arguments each takes: one table that the parser checks calls
// against and engines implement. What a function does stands in semantics.md and in each engine.
//
// Everything here is a pure function of its arguments and, where it names a source, of that source's facts:
// `now`, `rand` in `:where` and the like are left out on purpose, since the same question must answer the same.
// Whoever parses writes the first name of an entry into the syntax tree, so engines never see an alias.

import type { Check } from '../base/batches.ts'
import type { Edn } from '../fact/value.ts'

export type BuiltinFunction = {
  readonly name: string
  readonly argumentCountMin: number
  readonly argumentCountMax: number
  /** Its first argument is a source: `(missing? $ ?e :a)`. */
  readonly takesSource: boolean
}

/**
 * Functions that a question brings along, by the name that its text calls them with: pure like the built-in ones, kept
 * elsewhere. They are called for many rows at once, since the way to them is long.
 */
export type StoredFunctions = {
  /** What came of each row of arguments. Throws where one of them fails. */
  readonly functions: ReadonlyMap<string, StoredFunction>
  /** Called with the values of a group in the total order, and the arguments that stand before the variable. */
  readonly aggregates: ReadonlyMap<string, StoredAggregate>
  /** What they are: another hash, other answers. */
  readonly hash: string
}
export type StoredFunction = (rows: readonly (readonly Edn[])[], check: Check) => readonly Edn[]
export type StoredAggregate = (values: readonly Edn[], leading: readonly Edn[], check: Check) => Edn

export const NO_STORED_FUNCTIONS: StoredFunctions = { functions: new Map(), aggregates: new Map(), hash: '' }

export type BuiltinAggregate = {
  readonly name: string
  /** The leading constant of `(min 3 ?x)`: how many to give. */
  readonly leadingCount: 'never' | 'allowed' | 'needed'
}

type Arity = readonly [min: number, max: number]

const ONE: Arity = [1, 1]
const TWO: Arity = [2, 2]
const ANY: Arity = [0, Infinity]
const SOME: Arity = [1, Infinity]

const ARITIES: Readonly<Record<string, Arity>> = {
  // Comparison.
  '=': SOME,
  '==': SOME,
  '!=': SOME,
  'not=': SOME,
  '<': SOME,
  '>': SOME,
  '<=': SOME,
  '>=': SOME,
  compare: TWO,
  // Arithmetic.
  '+': ANY,
  '-': SOME,
  '*': ANY,
  '/': SOME,
  quot: TWO,
  rem: TWO,
  mod: TWO,
  inc: ONE,
  dec: ONE,
  abs: ONE,
  min: SOME,
  max: SOME,
  // Questions about one value.
  'even?': ONE,
  'odd?': ONE,
  'zero?': ONE,
  'pos?': ONE,
  'neg?': ONE,
  'nil?': ONE,
  'some?': ONE,
  'true?': ONE,
  'false?': ONE,
  'string?': ONE,
  'keyword?': ONE,
  'symbol?': ONE,
  'number?': ONE,
  'integer?': ONE,
  'double?': ONE,
  'boolean?': ONE,
  'inst?': ONE,
  'uuid?': ONE,
  'vector?': ONE,
  'map?': ONE,
  'set?': ONE,
  'empty?': ONE,
  'contains?': TWO,
  // Values from values.
  identity: ONE,
  ground: ONE,
  not: ONE,
  str: ANY,
  subs: [2, 3],
  name: ONE,
  namespace: ONE,
  keyword: [1, 2],
  symbol: [1, 2],
  count: ONE,
  first: ONE,
  second: ONE,
  last: ONE,
  rest: ONE,
  nth: [2, 3],
  get: [2, 3],
  vector: ANY,
  list: ANY,
  'hash-map': ANY,
  'hash-set': ANY,
  set: ONE,
  keys: ONE,
  vals: ONE,
  tuple: [1, 8],
  untuple: ONE,
  'inst-ms': ONE,
  double: ONE,
  float: ONE,
  long: ONE,
  int: ONE,
  bigint: ONE,
  bigdec: ONE,
  boolean: ONE,
  // Text.
  're-pattern': ONE,
  're-find': TWO,
  're-matches': TWO,
  're-seq': TWO,
  'clojure.string/starts-with?': TWO,
  'clojure.string/ends-with?': TWO,
  'clojure.string/includes?': TWO,
  'clojure.string/blank?': ONE,
  'clojure.string/lower-case': ONE,
  'clojure.string/upper-case': ONE,
  'clojure.string/capitalize': ONE,
  'clojure.string/trim': ONE,
  'clojure.string/split': [2, 3],
  'clojure.string/join': [1, 2],
  'clojure.string/replace': [3, 3],
  'clojure.string/index-of': [2, 3],
  // Facts of a source.
  'missing?': [3, 3],
  'get-else': [4, 4],
  'get-some': [3, Infinity],
}

const TAKES_SOURCE: ReadonlySet<string> = new Set(['missing?', 'get-else', 'get-some'])

/** Every built-in function and predicate by its own name. */
export const FUNCTIONS: ReadonlyMap<string, BuiltinFunction> = new Map(
  Object.entries(ARITIES).map(([name, [argumentCountMin, argumentCountMax]]) => [
    name,
    { name, argumentCountMin, argumentCountMax, takesSource: TAKES_SOURCE.has(name) },
  ]),
)

const LEADING_COUNTS: Readonly<Record<string, BuiltinAggregate['leadingCount']>> = {
  sum: 'never',
  count: 'never',
  'count-distinct': 'never',
  min: 'allowed',
  max: 'allowed',
  avg: 'never',
  median: 'never',
  variance: 'never',
  stddev: 'never',
  rand: 'allowed',
  sample: 'needed',
  distinct: 'never',
}

/** Every built-in aggregate by its name. */
export const AGGREGATES: ReadonlyMap<string, BuiltinAggregate> = new Map(
  Object.entries(LEADING_COUNTS).map(([name, leadingCount]) => [name, { name, leadingCount }]),
)

/** Other spellings that queries written for Datomic use, methods of Java's strings and dates among them. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['.startsWith', 'clojure.string/starts-with?'],
  ['.endsWith', 'clojure.string/ends-with?'],
  ['.contains', 'clojure.string/includes?'],
  ['.toLowerCase', 'clojure.string/lower-case'],
  ['.toUpperCase', 'clojure.string/upper-case'],
  ['.trim', 'clojure.string/trim'],
  ['.before', '<'],
  ['.after', '>'],
  ['Math/abs', 'abs'],
  ['Math/min', 'min'],
  ['Math/max', 'max'],
])

/** The function of this name: its own, one with `clojure.core/` before it, or an alias. */
export function functionNamed(name: string): BuiltinFunction | undefined {
  const plain = name.startsWith('clojure.core/') ? name.slice('clojure.core/'.length) : name
  return (
    FUNCTIONS.get(plain) ??
    FUNCTIONS.get(ALIASES.get(plain) ?? '') ??
    FUNCTIONS.get(`clojure.string/${plain.replace(/^(str|string)\//, '')}`)
  )
}

/** The aggregate of this name, if it is built in. */
export function aggregateNamed(name: string): BuiltinAggregate | undefined {
  return AGGREGATES.get(name.startsWith('clojure.core/') ? name.slice('clojure.core/'.length) : name)
}
