// Numbers as exact fractions, and the one rounding that turns a fraction into a double. Sums, means and
// variances are formed here, so that they do not depend on the order of rows.

import { BigInteger, Decimal, numberType, toDouble, type Edn } from '../fact/value.ts'

/** `numerator / denominator`, the denominator positive; not reduced. */
export type Fraction = { readonly numerator: bigint; readonly denominator: bigint }

const ZERO: Fraction = { numerator: 0n, denominator: 1n }
const SCALE_BITS = 1074
const DOUBLE_BYTES = new DataView(new ArrayBuffer(8))

/** A finite double as `mantissa · 2^exponent`. */
function decompose(x: number): { readonly mantissa: bigint; readonly exponent: number } {
  DOUBLE_BYTES.setFloat64(0, x)
  const bits = DOUBLE_BYTES.getBigUint64(0)
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xfffffffffffffn
  const mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n
  return { mantissa: x < 0 ? -mantissa : mantissa, exponent: (biased === 0 ? 1 : biased) - 1075 }
}

/** The exact value of a number of any type; undefined for NaN and the infinities. */
export function fractionOf(x: Edn): Fraction | undefined {
  if (typeof x === 'bigint') return { numerator: x, denominator: 1n }
  if (x instanceof BigInteger) return { numerator: x.value, denominator: 1n }
  if (x instanceof Decimal) {
    if (!x.isFinite()) return undefined
    const places = x.decimalPlaces() ?? 0
    return { numerator: BigInt(x.shiftedBy(places).toFixed()), denominator: 10n ** BigInt(places) }
  }
  const double = toDouble(x)
  if (!Number.isFinite(double)) return undefined
  if (Number.isSafeInteger(double)) return { numerator: BigInt(double), denominator: 1n }
  const { mantissa, exponent } = decompose(double)
  return exponent >= 0
    ? { numerator: mantissa << BigInt(exponent), denominator: 1n }
    : { numerator: mantissa, denominator: 1n << BigInt(-exponent) }
}

/** The double nearest to a fraction, halves to even. */
export function roundToDouble({ numerator, denominator }: Fraction): number {
  if (numerator === 0n) return 0
  const isNegative = numerator < 0n
  const n = isNegative ? -numerator : numerator
  // Scale so that the quotient has 55 or 56 bits: 53 to keep and at least two below to round by.
  let shift = bitCount(denominator) - bitCount(n) + 55
  // Below the smallest normal double there are fewer bits to keep.
  if (shift > SCALE_BITS + 2) shift = SCALE_BITS + 2
  const scaledN = shift >= 0 ? n << BigInt(shift) : n
  const scaledD = shift >= 0 ? denominator : denominator << BigInt(-shift)
  let quotient = scaledN / scaledD
  const isInexact = quotient * scaledD !== scaledN
  const dropBits = Math.max(bitCount(quotient) - 53, shift - SCALE_BITS)
  if (dropBits > 0) {
    const drop = BigInt(dropBits)
    const low = quotient & ((1n << drop) - 1n)
    const half = 1n << (drop - 1n)
    quotient >>= drop
    if (low > half || (low === half && (isInexact || (quotient & 1n) === 1n))) quotient += 1n
    shift -= dropBits
  }
  const size = scaleByPower(Number(quotient), -shift)
  return isNegative ? -size : size
}

function bitCount(x: bigint): number {
  const hex = x.toString(16)
  return (hex.length - 1) * 4 + (32 - Math.clz32(parseInt(hex[0]!, 16)))
}

/** `x · 2^power` for an `x` of at most 53 bits, in steps that stay exact. */
function scaleByPower(x: number, power: number): number {
  while (power > 1000) {
    x *= 2 ** 1000
    power -= 1000
  }
  // The quotient was cut to what a subnormal can hold, so these products lose nothing.
  while (power < -1000) {
    x *= 2 ** -1000
    power += 1000
  }
  return x * 2 ** power
}

/** Doubles from here on are added apart, so that no sum of fewer than 2^53 others leaves the range of doubles. */
const LARGE = 2 ** 970

export type ExactParts = {
  readonly partials: readonly number[]
  readonly large: Fraction
  readonly infinite: number
}

/** Adds doubles without any rounding, in whatever order they come (Shewchuk 1997, growing expansions). */
export class ExactSum {
  readonly #partials: number[] = []
  #large: Fraction = ZERO
  /** The sum of those that are not finite, as doubles add up; 0 where all are. */
  infinite = 0

  add(x: number): void {
    if (!(Math.abs(x) < LARGE)) return this.#addLarge(x)
    const partials = this.#partials
    let kept = 0
    for (let i = 0; i < partials.length; i++) {
      let y = partials[i]!
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x]
      const high = x + y
      const low = y - (high - x)
      if (low !== 0) partials[kept++] = low
      x = high
    }
    partials.length = kept
    partials.push(x)
  }

  /** All of it as plain data, for another sum to take. */
  get parts(): ExactParts {
    return { partials: this.#partials, large: this.#large, infinite: this.infinite }
  }

  /** Adds everything that another sum holds. */
  addParts({ partials, large, infinite }: ExactParts): void {
    for (const partial of partials) this.add(partial)
    this.#large = plus(this.#large, large)
    this.infinite += infinite
  }

  /** Undefined where NaN or an infinity is among them. */
  fraction(): Fraction | undefined {
    if (this.infinite !== 0) return undefined
    // Partials are finite.
    return this.#partials.reduce((total, partial) => plus(total, fractionOf(partial)!), this.#large)
  }

  #addLarge(x: number): void {
    const fraction = fractionOf(x)
    if (fraction === undefined) this.infinite += x
    else this.#large = plus(this.#large, fraction)
  }
}

function plus(x: Fraction, y: Fraction): Fraction {
  if (x.denominator === y.denominator) {
    return { numerator: x.numerator + y.numerator, denominator: x.denominator }
  }
  return {
    numerator: x.numerator * y.denominator + y.numerator * x.denominator,
    denominator: x.denominator * y.denominator,
  }
}

/** The exact sum of numbers of any types; undefined where NaN or an infinity is among them. */
export function exactTotal(numbers: readonly Edn[]): Fraction | undefined {
  const doubles = new ExactSum()
  let whole = 0n
  let decimals = new Decimal(0)
  for (const x of numbers) {
    const type = numberType(x)
    if (type === 'bigdec') decimals = decimals.plus(x as Decimal)
    else if (type === 'long') whole += BigInt(x as number | bigint)
    else if (type === 'bigint') whole += (x as BigInteger).value
    else {
      const double = toDouble(x)
      if (!Number.isFinite(double)) return undefined
      doubles.add(double)
    }
  }
  const sum = doubles.fraction()
  const decimal = fractionOf(decimals)
  if (sum === undefined || decimal === undefined) return undefined
  return plus(plus(sum, { numerator: whole, denominator: 1n }), decimal)
}

/** The variance of the population, exact: (n·Σx² − (Σx)²) / n². Undefined where a number is not finite. */
export function exactVariance(numbers: readonly Edn[]): Fraction | undefined {
  const fractions = numbers.map(fractionOf)
  let denominator = 1n
  for (const fraction of fractions) {
    if (fraction === undefined) return undefined
    if (denominator % fraction.denominator !== 0n) {
      denominator = leastCommonMultiple(denominator, fraction.denominator)
    }
  }
  let sum = 0n
  let squares = 0n
  for (const fraction of fractions) {
    const x = fraction!.numerator * (denominator / fraction!.denominator)
    sum += x
    squares += x * x
  }
  const count = BigInt(numbers.length)
  return {
    numerator: count * squares - sum * sum,
    denominator: count * count * denominator * denominator,
  }
}

function leastCommonMultiple(x: bigint, y: bigint): bigint {
  let a = x
  let b = y
  while (b !== 0n) [a, b] = [b, a % b]
  return (x / a) * y
}
