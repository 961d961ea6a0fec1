// The answer of a question by brute force: bindings (naive-query.ts) become find tuples, groups, aggregates, an order.
// Aggregates compute with fractions of whole numbers, each value exactly what it is, and round once.
//
// It shares with engines the order of values and pull.

import { assert } from '../base/assert.ts'
import { VarveError } from '../base/errors.ts'
import { inputRows } from '../engine/binding.ts'
import { pull } from '../engine/pull.ts'
import type { FactSource } from '../fact/datom.ts'
import {
  BigInteger,
  compareValues,
  Decimal,
  double,
  type Edn,
  EdnSet,
  LONG_MAX,
  LONG_MIN,
  numberType,
  textKey,
  toDouble,
} from '../fact/value.ts'
import { bindingVariables, variablesOf } from '../plan/variables.ts'
import type { FindElement, Query, RuleSet, SourceName, Variable } from '../plan/syntax.ts'
import { type Bindings, naiveBindings, type Patience, valuesOf } from './naive-query.ts'

type Row = readonly Edn[]

export type NaiveSetting = {
  readonly sources: ReadonlyMap<SourceName, FactSource>
  readonly rules: RuleSet
  /** Of the inputs that are neither sources nor rules, in their order. */
  readonly values: readonly Edn[]
  readonly patience: Patience
}

/** Rows in the order of an answer; undefined where patience ends. Throws what a function or an aggregate does. */
export function naiveAnswer(query: Query, setting: NaiveSetting): readonly Row[] | undefined {
  const bindings = naiveBindings(query.where, inputBindings(query, setting.values), setting)
  if (bindings === undefined) return undefined
  const variables = [...new Set([...query.find.elements.map(variableOf), ...query.with])]
  const tuples = new Map(bindings.map((one) => valuesOf(one, variables)).map((row) => [keyOf(row), row]))
  const formed = formedRows(query, [...tuples.values()], variables).sort(compareRows)
  const isOne = query.find.kind === 'scalar' || query.find.kind === 'tuple'
  const first = query.offset ?? 0
  const cut = formed.slice(first, query.limit === undefined ? undefined : first + query.limit)
  return (isOne ? cut.slice(0, 1) : cut).map((row) => pulledRow(query, row, setting.sources))
}

function inputBindings(query: Query, values: readonly Edn[]): readonly Bindings[] {
  const rest = [...values]
  const used = namesIn(query)
  let bindings: readonly Bindings[] = [new Map()]
  for (const input of query.inputs) {
    if (input.kind !== 'binding') continue
    const names = bindingVariables(input.binding)
    const rows = inputRows(input.binding, rest.shift()!)
    // One that nobody names neither filters nor multiplies.
    if (!names.some((name) => used.has(name))) continue
    bindings = bindings.flatMap((held) =>
      rows.map((row) => new Map([...held, ...names.map((name, i) => [name, row[i]!] as const)])),
    )
  }
  return bindings
}

/** Every variable of the clauses and of the find. */
function namesIn({ where, find, with: withNames }: Query): ReadonlySet<Variable> {
  return new Set([
    ...where.flatMap((one) => [...variablesOf(one)]),
    ...find.elements.map(variableOf),
    ...withNames,
  ])
}

/** Rows with a value for each element, before anything is pulled. */
function formedRows(
  { find: { elements } }: Query,
  tuples: readonly Row[],
  variables: readonly Variable[],
): Row[] {
  const places = elements.map((element) => variables.indexOf(variableOf(element)))
  if (!elements.some(({ kind }) => kind === 'aggregate'))
    return tuples.map((row) => places.map((place) => row[place]!))
  const keyPlaces = places.filter((_, i) => elements[i]!.kind !== 'aggregate')
  const groups = Map.groupBy(tuples, (row) => keyOf(keyPlaces.map((place) => row[place]!)))
  return [...groups.values()].map((group) =>
    elements.map((element, i) => {
      const values = group.map((row) => row[places[i]!]!)
      if (element.kind !== 'aggregate') return values[0]!
      const [leading] = element.args
      return aggregate(element.name, values, leading?.kind === 'constant' ? Number(leading.value) : undefined)
    }),
  )
}

function pulledRow({ find }: Query, row: Row, sources: ReadonlyMap<SourceName, FactSource>): Row {
  return find.elements.map((element, i) => {
    if (element.kind !== 'pull') return row[i]!
    assert(element.pattern.kind === 'pattern', 'random questions write their patterns out')
    return pull(sources.get(element.source)!, element.pattern, row[i]!)
  })
}

function variableOf(element: FindElement): Variable {
  return element.kind === 'variable' ? element.name : element.variable
}

// ── aggregates ───────────────────────────────────────────────────────────────────────────────────────────────────────

function aggregate(name: string, values: readonly Edn[], count: number | undefined): Edn {
  const sorted = [...values].sort(compareValues)
  const distinct = sorted.filter((value, i) => i === 0 || textKey(value) !== textKey(sorted[i - 1]!))
  switch (name) {
    case 'count':
      return values.length
    case 'count-distinct':
      return distinct.length
    case 'distinct':
      return new EdnSet(distinct)
    case 'min':
      return count === undefined ? sorted[0]! : sorted.slice(0, count)
    case 'max':
      return count === undefined ? sorted.at(-1)! : sorted.reverse().slice(0, count)
    default:
      return computed(name, sorted)
  }
}

/** Numerator over denominator, which is positive. */
type Fraction = readonly [bigint, bigint]

function computed(name: string, sorted: readonly Edn[]): Edn {
  const exact = sorted.map(fractionOf)
  const total = exact.reduce(plus, [0n, 1n])
  const mean = over(total, BigInt(sorted.length))
  switch (name) {
    case 'sum':
      return asWidest(total, sorted, true)
    case 'avg':
      return double(rounded(mean))
    case 'median': {
      const middle = [exact[(exact.length - 1) >> 1]!, exact[exact.length >> 1]!] as const
      const two = [sorted[(exact.length - 1) >> 1]!, sorted[exact.length >> 1]!]
      return asWidest(over(plus(...middle), 2n), two, false)
    }
    case 'variance':
      return double(rounded(varianceOf(exact, mean)))
    case 'stddev':
      return double(Math.sqrt(rounded(varianceOf(exact, mean))))
    default:
      throw impossible(`there is no aggregate ${name}`)
  }
}

function varianceOf(exact: readonly Fraction[], mean: Fraction): Fraction {
  const squares = exact.map((one) => {
    const [n, d] = plus(one, [-mean[0], mean[1]])
    return [n * n, d * d] as const
  })
  return over(squares.reduce(plus, [0n, 1n]), BigInt(exact.length))
}

/** A sum of longs must be one; what is not whole is a double, unless decimals say it exactly. */
function asWidest([n, d]: Fraction, values: readonly Edn[], isLongKept: boolean): Edn {
  const types = new Set(values.map(numberType))
  if (types.has('double') || types.has('float')) return double(rounded([n, d]))
  if (types.has('bigdec')) return new Decimal(String(n)).div(String(d))
  if (n % d !== 0n) return double(rounded([n, d]))
  const whole = n / d
  if (!types.has('bigint') && isLongKept && (whole > LONG_MAX || whole < LONG_MIN))
    throw impossible('too large for a long')
  return new BigInteger(whole)
}

function fractionOf(value: Edn): Fraction {
  const type = numberType(value)
  if (type === undefined) throw impossible('no number')
  if (type === 'bigdec') {
    const [whole, part = ''] = (value as Decimal).toFixed().split('.')
    return [BigInt(`${whole!}${part}`), 10n ** BigInt(part.length)]
  }
  if (value instanceof BigInteger) return [value.value, 1n]
  if (typeof value === 'bigint') return [value, 1n]
  let [n, d] = [toDouble(value), 1n]
  if (!Number.isFinite(n)) throw impossible('not finite')
  for (; !Number.isInteger(n); n *= 2) d *= 2n
  return [BigInt(n), d]
}

function plus([n, d]: Fraction, [m, e]: Fraction): Fraction {
  return [n * e + m * d, d * e]
}

function over([n, d]: Fraction, by: bigint): Fraction {
  return [n, d * by]
}

/** The nearest double: seventy bits of the quotient, and one more that says whether anything is left. */
function rounded([n, d]: Fraction): number {
  if (n === 0n) return 0
  const size = n < 0n ? -n : n
  const shift = 70 - (bitCount(size) - bitCount(d))
  const [top, bottom] = shift >= 0 ? [size << BigInt(shift), d] : [size, d << BigInt(-shift)]
  const bits = (top / bottom) * 2n + (top % bottom === 0n ? 0n : 1n)
  return (n < 0n ? -1 : 1) * Number(bits) * 2 ** (-shift - 1)
}

function bitCount(n: bigint): number {
  return n.toString(2).length
}

function impossible(message: string): VarveError {
  return new VarveError({
    code: 'varve.error/function-failed',
    kind: 'incorrect',
    message,
    fix: 'Ask otherwise',
  })
}

function keyOf(row: Row): string {
  return row.map(textKey).join(' ')
}

function compareRows(x: Row, y: Row): number {
  for (const [i, value] of x.entries()) {
    const difference = compareValues(value, y[i]!)
    if (difference !== 0) return difference
  }
  return 0
}
