// Numbers in queries. Longs stay longs and never wrap: a result beyond 64 bits is an error. A bigint, a decimal
// or a double among the operands decides the type of the result, as in Clojure: double over bigdec over bigint
// over long. Division gives a long only where it is whole.

import {
  BigInteger,
  Decimal,
  double,
  isComparable,
  compareValues,
  long,
  LONG_MAX,
  LONG_MIN,
  numberType,
  toDouble,
  type Edn,
} from '../fact/value.ts'
import { argumentsWrong, decimalInexact, divisionByZero, longOverflow } from './errors.ts'
import { fractionOf, roundToDouble } from './exact.ts'
import { printShort } from './print.ts'

type Level = 'long' | 'bigint' | 'bigdec' | 'double'

/** The type in which two numbers meet. */
function levelOf(name: string, x: Edn, y: Edn): Level {
  const a = numberType(x)
  const b = numberType(y)
  if (a === undefined || b === undefined) {
    throw argumentsWrong(name, 'numbers are needed', [printShort(x), printShort(y)])
  }
  if (a === 'double' || b === 'double' || a === 'float' || b === 'float') return 'double'
  if (a === 'bigdec' || b === 'bigdec') return 'bigdec'
  return a === 'bigint' || b === 'bigint' ? 'bigint' : 'long'
}

function asBigInt(x: Edn): bigint {
  return x instanceof BigInteger ? x.value : BigInt(x as number | bigint)
}

function asDecimal(x: Edn): Decimal {
  return x instanceof Decimal ? x : new Decimal(asBigInt(x).toString())
}

/** The long, checked against 64 bits. */
export function checkedLong(name: string, x: bigint): number | bigint {
  if (x < LONG_MIN || x > LONG_MAX) throw longOverflow(name)
  return long(x)
}

export function add(x: Edn, y: Edn): Edn {
  const sum = typeof x === 'number' && typeof y === 'number' ? x + y : NaN
  if (Number.isSafeInteger(sum) && Number.isInteger(x) && Number.isInteger(y)) return sum
  switch (levelOf('+', x, y)) {
    case 'long':
      return checkedLong('+', asBigInt(x) + asBigInt(y))
    case 'bigint':
      return new BigInteger(asBigInt(x) + asBigInt(y))
    case 'bigdec':
      return asDecimal(x).plus(asDecimal(y))
    case 'double':
      return double(toDouble(x) + toDouble(y))
  }
}

export function subtract(x: Edn, y: Edn): Edn {
  const difference = typeof x === 'number' && typeof y === 'number' ? x - y : NaN
  if (Number.isSafeInteger(difference) && Number.isInteger(x) && Number.isInteger(y)) return difference
  switch (levelOf('-', x, y)) {
    case 'long':
      return checkedLong('-', asBigInt(x) - asBigInt(y))
    case 'bigint':
      return new BigInteger(asBigInt(x) - asBigInt(y))
    case 'bigdec':
      return asDecimal(x).minus(asDecimal(y))
    case 'double':
      return double(toDouble(x) - toDouble(y))
  }
}

export function multiply(x: Edn, y: Edn): Edn {
  const product = typeof x === 'number' && typeof y === 'number' ? x * y : NaN
  if (Number.isSafeInteger(product) && Number.isInteger(x) && Number.isInteger(y))
    return product === 0 ? 0 : product
  switch (levelOf('*', x, y)) {
    case 'long':
      return checkedLong('*', asBigInt(x) * asBigInt(y))
    case 'bigint':
      return new BigInteger(asBigInt(x) * asBigInt(y))
    case 'bigdec':
      return asDecimal(x).times(asDecimal(y))
    case 'double':
      return double(toDouble(x) * toDouble(y))
  }
}

/** Whole where it is whole, else a double; decimals exactly or not at all. */
export function divide(x: Edn, y: Edn): Edn {
  const level = levelOf('/', x, y)
  if (isZero(y)) throw divisionByZero('/')
  switch (level) {
    case 'long':
    case 'bigint': {
      const a = asBigInt(x)
      const b = asBigInt(y)
      if (a % b !== 0n) return double(quotientAsDouble(a, b))
      return level === 'long' ? checkedLong('/', a / b) : new BigInteger(a / b)
    }
    case 'bigdec': {
      const quotient = asDecimal(x).dividedBy(asDecimal(y))
      if (!quotient.times(asDecimal(y)).eq(asDecimal(x))) throw decimalInexact()
      return quotient
    }
    case 'double':
      return double(toDouble(x) / toDouble(y))
  }
}

function quotientAsDouble(a: bigint, b: bigint): number {
  return roundToDouble(b < 0n ? { numerator: -a, denominator: -b } : { numerator: a, denominator: b })
}

/** The quotient, cut towards zero. */
export function quot(x: Edn, y: Edn): Edn {
  const level = levelOf('quot', x, y)
  if (isZero(y)) throw divisionByZero('quot')
  switch (level) {
    case 'long':
      return checkedLong('quot', asBigInt(x) / asBigInt(y))
    case 'bigint':
      return new BigInteger(asBigInt(x) / asBigInt(y))
    case 'bigdec':
      return asDecimal(x).idiv(asDecimal(y))
    case 'double':
      return double(Math.trunc(toDouble(x) / toDouble(y)))
  }
}

/** What `quot` leaves: has the sign of the dividend. */
export function rem(x: Edn, y: Edn): Edn {
  const level = levelOf('rem', x, y)
  if (isZero(y)) throw divisionByZero('rem')
  switch (level) {
    case 'long':
      return long(asBigInt(x) % asBigInt(y))
    case 'bigint':
      return new BigInteger(asBigInt(x) % asBigInt(y))
    case 'bigdec':
      return asDecimal(x).mod(asDecimal(y))
    case 'double':
      return double(toDouble(x) % toDouble(y))
  }
}

/** What a floored division leaves: has the sign of the divisor. */
export function mod(x: Edn, y: Edn): Edn {
  const level = levelOf('mod', x, y)
  if (isZero(y)) throw divisionByZero('mod')
  if (level === 'long' || level === 'bigint') {
    const a = asBigInt(x)
    const b = asBigInt(y)
    const left = ((a % b) + b) % b
    return level === 'long' ? long(left) : new BigInteger(left)
  }
  const left = rem(x, y)
  return isZero(left) || signOf('mod', left) === signOf('mod', y) ? left : add(left, y)
}

export function negate(x: Edn): Edn {
  // −0.0 does not exist here, so zero minus a double is its negation.
  return subtract(0, x)
}

export function abs(x: Edn): Edn {
  return signOf('abs', x) < 0 ? negate(x) : x
}

/** −1, 0 or 1; NaN has the sign 0. */
export function signOf(name: string, x: Edn): number {
  const type = numberType(x)
  if (type === undefined) throw argumentsWrong(name, 'a number is needed', [printShort(x)])
  if (type === 'bigint') return Math.sign(Number((x as BigInteger).value))
  if (type === 'bigdec') return (x as Decimal).comparedTo(0) ?? 0
  const sign = Math.sign(toDouble(x))
  return Number.isNaN(sign) ? 0 : sign
}

export function isZero(x: Edn): boolean {
  return numberType(x) !== undefined && compareValues(x, 0) === 0
}

/** Parity of a whole number of type long or bigint. */
export function isEven(name: string, x: Edn): boolean {
  const type = numberType(x)
  if (type !== 'long' && type !== 'bigint')
    throw argumentsWrong(name, 'a whole number is needed', [printShort(x)])
  return typeof x === 'number' ? x % 2 === 0 : asBigInt(x) % 2n === 0n
}

/**
 * Where `<` and its kin have a meaning, the order of two values; undefined where one is NaN. Numbers do not
 * compare with anything else.
 */
export function order(name: string, x: Edn, y: Edn): number | undefined {
  if (!isComparable(x, y) && !(Array.isArray(x) && Array.isArray(y))) {
    throw argumentsWrong(name, 'values of one kind are needed', [printShort(x), printShort(y)])
  }
  return isNotANumber(x) || isNotANumber(y) ? undefined : compareValues(x, y)
}

export function isNotANumber(x: Edn): boolean {
  const type = numberType(x)
  return (type === 'double' || type === 'float') && Number.isNaN(toDouble(x))
}

/** A number made a long: what stands after the point is cut off. */
export function toLong(name: string, x: Edn): Edn {
  const fraction = numberType(x) === undefined ? undefined : fractionOf(x)
  if (fraction === undefined) throw argumentsWrong(name, 'a finite number is needed', [printShort(x)])
  return checkedLong(name, fraction.numerator / fraction.denominator)
}

export function toBigInteger(x: Edn): Edn {
  const fraction = numberType(x) === undefined ? undefined : fractionOf(x)
  if (fraction === undefined) throw argumentsWrong('bigint', 'a finite number is needed', [printShort(x)])
  return new BigInteger(fraction.numerator / fraction.denominator)
}

/** A double becomes the decimal that it prints as: 0.1 is 0.1M. */
export function toDecimal(x: Edn): Edn {
  switch (numberType(x)) {
    case 'bigdec':
      return x
    case 'long':
    case 'bigint':
      return asDecimal(x)
    case 'double':
    case 'float': {
      const value = toDouble(x)
      if (Number.isFinite(value)) return new Decimal(value)
      break
    }
    case undefined:
  }
  throw argumentsWrong('bigdec', 'a finite number is needed', [printShort(x)])
}
