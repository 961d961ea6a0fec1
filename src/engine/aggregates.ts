// Aggregates over one group: the values of one variable in all tuples of the group, in no particular order.
// Sums, means and variances are exact and rounded once, so that the order of rows cannot show. `rand` and
// `sample` draw from the random source that the engine was given, over the values in the total order.

import { isPlanted } from '../base/planted.ts'
import {
  BigInteger,
  compareValues,
  Decimal,
  double,
  EdnSet,
  numberType,
  toDouble,
  type Edn,
  type NumberType,
} from '../fact/value.ts'
import { add, checkedLong, divide } from './arithmetic.ts'
import { argumentsWrong } from './errors.ts'
import { exactTotal, exactVariance, roundToDouble } from './exact.ts'
import { setOf } from './functions-collection.ts'
import { printShort } from './print.ts'

export type Random = { next(): number }

/** `values` is never empty; `leading` are the arguments before the variable, as in `(min 3 ?x)`. */
export type Aggregate = (values: readonly Edn[], leading: readonly Edn[], random: Random) => Edn

/** The built-in aggregates by name. */
export const AGGREGATE_FUNCTIONS: ReadonlyMap<string, Aggregate> = new Map<string, Aggregate>([
  ['count', (values) => values.length],
  ['count-distinct', (values) => setOf(values).items.length],
  ['distinct', (values) => new EdnSet([...setOf(values).items].sort(compareValues))],
  ['sum', (values) => sum(values)],
  ['avg', (values) => average(values)],
  ['median', (values) => median(values)],
  ['variance', (values) => double(variance('variance', values))],
  ['stddev', (values) => double(Math.sqrt(variance('stddev', values)))],
  ['min', (values, leading) => extremes('min', values, leading)],
  ['max', (values, leading) => extremes('max', values, leading)],
  ['rand', (values, leading, random) => rand(values, leading, random)],
  ['sample', (values, leading, random) => sample(values, leading, random)],
])

/** The widest type among numbers: double over bigdec over bigint over long. */
function widestType(name: string, values: readonly Edn[]): NumberType {
  const types = new Set<NumberType>()
  for (const x of values) {
    const type = numberType(x)
    if (type === undefined) throw argumentsWrong(name, 'numbers are needed', [printShort(x)])
    types.add(type)
  }
  if (types.has('double') || types.has('float')) return 'double'
  return types.has('bigdec') ? 'bigdec' : types.has('bigint') ? 'bigint' : 'long'
}

function sum(values: readonly Edn[]): Edn {
  const type = widestType('sum', values)
  if (type === 'bigdec') return values.reduce(add)
  if (type === 'double') return double(totalAsDouble(values))
  let total = 0n
  let small = 0
  for (const x of values) {
    // Small terms are added as numbers, which is exact until a safe integer is left.
    if (typeof x === 'number' && Number.isSafeInteger(small + x)) small += x
    else total += x instanceof BigInteger ? x.value : BigInt(x as number | bigint)
  }
  total += BigInt(small)
  return type === 'bigint' ? new BigInteger(total) : checkedLong('sum', total)
}

function totalAsDouble(values: readonly Edn[]): number {
  const total = exactTotal(values)
  // NaN and the infinities are the same in any order.
  return total === undefined
    ? values.reduce<number>((sofar, x) => sofar + toDouble(x), 0)
    : roundToDouble(total)
}

function average(values: readonly Edn[]): Edn {
  widestType('avg', values)
  const total = exactTotal(values)
  if (total === undefined) return double(totalAsDouble(values) / values.length)
  const { numerator, denominator } = total
  if (isPlanted('aggregate-mean-is-cut'))
    return double(Number(numerator / denominator / BigInt(values.length)))
  return double(roundToDouble({ numerator, denominator: denominator * BigInt(values.length) }))
}

function variance(name: string, values: readonly Edn[]): number {
  widestType(name, values)
  const fraction = exactVariance(values)
  const isSample = isPlanted('aggregate-variance-of-a-sample') && values.length > 1
  const divisor = isSample ? (values.length - 1) / values.length : 1
  return fraction === undefined ? NaN : roundToDouble(fraction) / divisor
}

function median(values: readonly Edn[]): Edn {
  widestType('median', values)
  const sorted = [...values].sort(compareValues)
  const upper = sorted[sorted.length >> 1]!
  if (sorted.length % 2 === 1 || isPlanted('aggregate-median-is-the-upper')) return upper
  const lower = sorted[(sorted.length >> 1) - 1]!
  const type = widestType('median', [lower, upper])
  if (type === 'bigdec') return divide(add(lower, upper), new Decimal(2))
  if (type === 'double') return average([lower, upper])
  // Exact where whole, else a double; added as bigints, so that two large longs do not overflow on the way.
  const whole = divide(add(new BigInteger(0n), add(wide(lower), wide(upper))), 2)
  return type === 'long' && whole instanceof BigInteger ? checkedLong('median', whole.value) : whole
}

function wide(x: Edn): Edn {
  return x instanceof BigInteger ? x : new BigInteger(BigInt(x as number | bigint))
}

function extremes(name: 'min' | 'max', values: readonly Edn[], leading: readonly Edn[]): Edn {
  const direction = name === 'min' ? 1 : -1
  if (leading.length === 0) {
    return values.reduce((best, x) => (compareValues(x, best) * direction < 0 ? x : best))
  }
  const count = drawCount(name, leading[0]!)
  if (isPlanted('aggregate-max-least-first')) return [...values].sort(compareValues).slice(-count)
  return [...values].sort((x, y) => compareValues(x, y) * direction).slice(0, count)
}

function rand(values: readonly Edn[], leading: readonly Edn[], random: Random): Edn {
  const sorted = [...values].sort(compareValues)
  const draw = (): Edn => sorted[Math.floor(random.next() * sorted.length)]!
  if (leading.length === 0) return draw()
  return Array.from({ length: drawCount('rand', leading[0]!) }, draw) as Edn
}

function sample(values: readonly Edn[], leading: readonly Edn[], random: Random): Edn {
  const pool = [...setOf(values).items].sort(compareValues)
  const count = Math.min(drawCount('sample', leading[0] ?? null), pool.length)
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random.next() * (pool.length - i))
    const drawn = pool[j]!
    pool[j] = pool[i]!
    pool[i] = drawn
  }
  return pool.slice(0, count)
}

// Bounds what one aggregate can make out of nothing: `rand` repeats values.
const DRAW_COUNT_MAX = 1_000_000

function drawCount(name: string, x: Edn): number {
  if (typeof x === 'number' && Number.isInteger(x) && x >= 0 && x <= DRAW_COUNT_MAX) return x
  throw argumentsWrong(name, `a count from 0 to ${DRAW_COUNT_MAX} is needed`, [printShort(x)])
}
