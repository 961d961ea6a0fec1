// The functions and predicates that a query may call (plan/functions.ts lists their names), with Clojure's
// meaning of each. All are pure. nil and false are the two values that a predicate rejects; whatever makes no
// sense is an error that names the function and shows its arguments.

import { VarveError } from '../base/errors.ts'
import {
  compareText,
  compareValues,
  double,
  Decimal,
  EdnList,
  EdnMap,
  EdnSet,
  EdnSymbol,
  equalValues,
  Float,
  Keyword,
  numberType,
  toDouble,
  Uuid,
  BigInteger,
  type Edn,
} from '../fact/value.ts'
import * as math from './arithmetic.ts'
import { COLLECTION_FUNCTIONS, countOf } from './functions-collection.ts'
import { TEXT_FUNCTIONS } from './functions-text.ts'
import { argumentsWrong } from './errors.ts'
import { printShort } from './print.ts'

export type ValueFunction = (args: readonly Edn[]) => Edn

/** nil and false are false; all else is true. */
export function isTruthy(x: Edn): boolean {
  return x !== null && x !== false
}

/** Equality as `=` means it: by value, numbers across types, a list equal to a vector of the same items. */
export function isSame(x: Edn, y: Edn): boolean {
  const a = x instanceof EdnList ? x.items : x
  const b = y instanceof EdnList ? y.items : y
  return equalValues(a, b)
}

/** Every built-in function that looks at its arguments alone, by the name that the syntax tree carries. */
export const VALUE_FUNCTIONS: ReadonlyMap<string, ValueFunction> = new Map<string, ValueFunction>([
  ['=', allSame],
  ['==', allSame],
  ['!=', (args) => !allSame(args)],
  ['not=', (args) => !allSame(args)],
  ['<', ordered('<', (sign) => sign < 0)],
  ['>', ordered('>', (sign) => sign > 0)],
  ['<=', ordered('<=', (sign) => sign <= 0)],
  ['>=', ordered('>=', (sign) => sign >= 0)],
  ['compare', ([x, y]) => compare(x!, y!)],

  ['+', (args) => (args.length === 1 ? numeric('+', args[0]!) : args.reduce(math.add, 0))],
  ['*', (args) => (args.length === 1 ? numeric('*', args[0]!) : args.reduce(math.multiply, 1))],
  ['-', ([x, ...rest]) => (rest.length === 0 ? math.negate(x!) : rest.reduce(math.subtract, x!))],
  ['/', ([x, ...rest]) => (rest.length === 0 ? math.divide(1, x!) : rest.reduce(math.divide, x!))],
  ['quot', ([x, y]) => math.quot(x!, y!)],
  ['rem', ([x, y]) => math.rem(x!, y!)],
  ['mod', ([x, y]) => math.mod(x!, y!)],
  ['inc', ([x]) => math.add(x!, 1)],
  ['dec', ([x]) => math.subtract(x!, 1)],
  ['abs', ([x]) => math.abs(x!)],
  ['min', (args) => extreme('min', args, -1)],
  ['max', (args) => extreme('max', args, 1)],

  ['even?', ([x]) => math.isEven('even?', x!)],
  ['odd?', ([x]) => !math.isEven('odd?', x!)],
  ['zero?', ([x]) => math.signOf('zero?', x!) === 0 && !math.isNotANumber(x!)],
  ['pos?', ([x]) => math.signOf('pos?', x!) > 0],
  ['neg?', ([x]) => math.signOf('neg?', x!) < 0],
  ['nil?', ([x]) => x === null],
  ['some?', ([x]) => x !== null],
  ['true?', ([x]) => x === true],
  ['false?', ([x]) => x === false],
  ['string?', ([x]) => typeof x === 'string'],
  ['keyword?', ([x]) => x instanceof Keyword],
  ['symbol?', ([x]) => x instanceof EdnSymbol],
  ['number?', ([x]) => numberType(x!) !== undefined],
  ['integer?', ([x]) => numberType(x!) === 'long' || numberType(x!) === 'bigint'],
  ['double?', ([x]) => numberType(x!) === 'double'],
  ['boolean?', ([x]) => typeof x === 'boolean'],
  ['inst?', ([x]) => x instanceof Date],
  ['uuid?', ([x]) => x instanceof Uuid],
  ['vector?', ([x]) => Array.isArray(x)],
  ['map?', ([x]) => x instanceof EdnMap],
  ['set?', ([x]) => x instanceof EdnSet],

  ['identity', ([x]) => x!],
  ['ground', ([x]) => x!],
  ['not', ([x]) => !isTruthy(x!)],
  ['boolean', ([x]) => isTruthy(x!)],
  ['inst-ms', ([x]) => instantMs(x!)],
  ['double', ([x]) => double(toDouble(numeric('double', x!)))],
  ['float', ([x]) => toFloat(x!)],
  ['long', ([x]) => math.toLong('long', x!)],
  ['int', ([x]) => toInt(x!)],
  ['bigint', ([x]) => (typeof x === 'string' ? parsedBigInteger(x) : math.toBigInteger(x!))],
  ['bigdec', ([x]) => (typeof x === 'string' ? parsedDecimal(x) : math.toDecimal(x!))],
  ...COLLECTION_FUNCTIONS,
  ...TEXT_FUNCTIONS,
  ['count', ([x]) => countOf('count', x!)],
  ['empty?', ([x]) => countOf('empty?', x!) === 0],
])

/** Runs a function so that only `VarveError`s leave it. */
export function failureOf(name: string, error: unknown): VarveError {
  if (error instanceof VarveError) return error
  return new VarveError({
    code: 'varve.error/function-failed',
    kind: 'incorrect',
    message: `${name} failed: ${error instanceof Error ? error.message : String(error)}`,
    fix: 'Mend the function, or leave out the rows it fails on by another clause',
    data: { name },
    cause: error,
  })
}

function allSame(args: readonly Edn[]): boolean {
  for (let i = 1; i < args.length; i++) if (!isSame(args[i - 1]!, args[i]!)) return false
  return true
}

function ordered(name: string, isInOrder: (sign: number) => boolean): ValueFunction {
  return (args) => {
    let holds = true
    // Every pair is looked at, so that a wrong kind is an error wherever it stands.
    for (let i = 1; i < args.length; i++) {
      const sign = math.order(name, args[i - 1]!, args[i]!)
      holds = holds && sign !== undefined && isInOrder(sign)
    }
    return holds
  }
}

function compare(x: Edn, y: Edn): number {
  if (x === null || y === null) return Number(y === null) - Number(x === null)
  if (typeof x === 'string' && typeof y === 'string') return compareText(x, y)
  math.order('compare', x, y)
  return Math.sign(compareValues(x, y))
}

function numeric(name: string, x: Edn): Edn {
  if (numberType(x) === undefined) throw argumentsWrong(name, 'a number is needed', [printShort(x)])
  return x
}

function extreme(name: string, args: readonly Edn[], direction: -1 | 1): Edn {
  let best = numeric(name, args[0]!)
  for (const x of args) {
    numeric(name, x)
    if (math.isNotANumber(x)) return x
    if (compareValues(x, best) * direction > 0) best = x
  }
  return best
}

function instantMs(x: Edn): Edn {
  if (x instanceof Date) return x.getTime()
  throw argumentsWrong('inst-ms', 'an instant is needed', [printShort(x)])
}

function toFloat(x: Edn): Edn {
  const made = new Float(toDouble(numeric('float', x)))
  if (Number.isFinite(made.value) || !Number.isFinite(toDouble(x))) return made
  throw argumentsWrong('float', 'a number within the range of a float is needed', [printShort(x)])
}

function toInt(x: Edn): Edn {
  const made = math.toLong('int', x)
  if (typeof made === 'number' && made >= -(2 ** 31) && made < 2 ** 31) return made
  throw argumentsWrong('int', 'a number of at most 32 bits is needed', [printShort(x)])
}

// A decimal number may have this many digits before turning it into one costs noticeable time.
const DIGIT_COUNT_MAX = 10_000

function parsedBigInteger(text: string): Edn {
  if (/^[+-]?\d+$/.test(text) && text.length <= DIGIT_COUNT_MAX)
    return new BigInteger(BigInt(text.replace(/^\+/, '')))
  throw argumentsWrong('bigint', 'text of digits is needed', [printShort(text)])
}

function parsedDecimal(text: string): Edn {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,4})?$/i.test(text) && text.length <= DIGIT_COUNT_MAX) {
    return new Decimal(text)
  }
  throw argumentsWrong('bigdec', 'text of a decimal number is needed', [printShort(text)])
}
