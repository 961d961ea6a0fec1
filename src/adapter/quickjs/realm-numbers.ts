// Numbers that JavaScript has not: exact decimals, as digits and how many of them stand behind the point; and doubles that
// are whole, which a plain number would not say.

import type { Realm } from './realm.ts'

export type ExactNumbers = {
  /** A decimal as Varve writes it. */
  readonly written: (text: string) => object
  /** The JSON of a decimal or of a double that is whole; undefined of anything else. */
  readonly textOf: (x: object) => string | undefined
  readonly classes: readonly object[]
}

export function exactNumbers(realm: Realm): ExactNumbers {
  const DIGITS_MAX = 1_000
  const absolute = (n: bigint): bigint => (n < 0n ? -n : n)

  function rounded(n: bigint, divisor: bigint, mode: string): bigint {
    const quotient = n / divisor
    const rest = absolute(n % divisor) * 2n
    const isNegative = n < 0n !== divisor < 0n
    const away = quotient + (isNegative ? -1n : 1n)
    if (rest === 0n) return quotient
    const limit = absolute(divisor)
    switch (mode) {
      case 'half-even':
        return rest > limit || (rest === limit && quotient % 2n !== 0n) ? away : quotient
      case 'half-up':
        return rest >= limit ? away : quotient
      case 'down':
        return quotient
      case 'up':
        return away
      case 'floor':
        return isNegative ? away : quotient
      case 'ceiling':
        return isNegative ? quotient : away
      default:
        throw new RangeError(`${mode} is no way of rounding`)
    }
  }

  class Decimal {
    readonly #digits: bigint
    readonly #places: number
    constructor(digits: bigint, places: number) {
      if (!(places >= 0 && places <= DIGITS_MAX)) throw new RangeError('a decimal has at most 1000 places')
      this.#digits = digits
      this.#places = places
    }
    static is(x: unknown): x is Decimal {
      return typeof x === 'object' && x !== null && #digits in x
    }
    /** Both as digits behind the same point. */
    static aligned(x: Decimal, y: Decimal): readonly [bigint, bigint, number] {
      const places = x.#places > y.#places ? x.#places : y.#places
      const digits = (d: Decimal): bigint => d.#digits * 10n ** BigInt(places - d.#places)
      return [digits(x), digits(y), places]
    }
    static textOf(x: Decimal): string {
      const text = String(absolute(x.#digits)).padStart(x.#places + 1, '0')
      const sign = x.#digits < 0n ? '-' : ''
      return x.#places === 0 ? sign + text : `${sign}${text.slice(0, -x.#places)}.${text.slice(-x.#places)}`
    }
    /** All digits, as one whole number. */
    get digits(): bigint {
      return this.#digits
    }
    /** How many of them stand behind the point. */
    get places(): number {
      return this.#places
    }
    plus(other: unknown): Decimal {
      const [x, y, places] = Decimal.aligned(this, decimal(other))
      return new Decimal(x + y, places)
    }
    minus(other: unknown): Decimal {
      return this.plus(decimal(other).negated())
    }
    times(other: unknown): Decimal {
      const by = decimal(other)
      return new Decimal(this.#digits * by.#digits, this.#places + by.#places)
    }
    /** Rounded to so many places: a quotient has no end of its own. */
    dividedBy(other: unknown, places: number, mode: string = 'half-even'): Decimal {
      const [x, y] = Decimal.aligned(this, decimal(other))
      if (y === 0n) throw new RangeError('a decimal is divided by zero')
      return new Decimal(rounded(x * 10n ** BigInt(places), y, mode), places)
    }
    round(places: number = 0, mode: string = 'half-even'): Decimal {
      if (places >= this.#places) return this
      return new Decimal(rounded(this.#digits, 10n ** BigInt(this.#places - places), mode), places)
    }
    negated(): Decimal {
      return new Decimal(-this.#digits, this.#places)
    }
    abs(): Decimal {
      return new Decimal(absolute(this.#digits), this.#places)
    }
    /** -1, 0 or 1. */
    comparedTo(other: unknown): number {
      const [x, y] = Decimal.aligned(this, decimal(other))
      return x < y ? -1 : x > y ? 1 : 0
    }
    equals(other: unknown): boolean {
      return this.comparedTo(other) === 0
    }
    toNumber(): number {
      return Number(Decimal.textOf(this))
    }
    toString(): string {
      return Decimal.textOf(this)
    }
    toJSON(): string {
      return Decimal.textOf(this)
    }
    valueOf(): never {
      throw new TypeError('decimals are added by plus and compared by comparedTo; String(x) is their text')
    }
  }

  const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/
  function decimal(x: unknown): Decimal {
    if (Decimal.is(x)) return x
    if (typeof x === 'bigint') return new Decimal(x, 0)
    const text = String(x)
    const [, sign = '', whole = '', part = '', power = '0'] = DECIMAL.exec(text) ?? []
    if ((whole === '' && part === '') || text.length > DIGITS_MAX)
      throw new TypeError(`${text} is no decimal`)
    const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${part}`)
    const places = part.length - Number(power)
    return places >= 0 ? new Decimal(digits, places) : new Decimal(digits * 10n ** BigInt(-places), 0)
  }

  function written(text: string): Decimal {
    // Mostly there is no exponent, and it is never wrong.
    if (text.includes('e') || text.includes('E')) return decimal(text)
    const point = text.indexOf('.')
    if (point < 0) return new Decimal(BigInt(text), 0)
    return new Decimal(BigInt(text.slice(0, point) + text.slice(point + 1)), text.length - point - 1)
  }

  class WholeDouble {
    readonly #value: number
    constructor(value: number) {
      this.#value = value
    }
    static textOf(x: object): string | undefined {
      return #value in x ? `${x.#value}.0` : undefined
    }
    valueOf(): number {
      return this.#value
    }
  }

  realm['decimal'] = decimal
  realm['double'] = (x: unknown) => (Number.isSafeInteger(Number(x)) ? new WholeDouble(Number(x)) : Number(x))
  return {
    written,
    textOf: (x) => (Decimal.is(x) ? `{"#bigdec":"${Decimal.textOf(x)}"}` : WholeDouble.textOf(x)),
    classes: [Decimal, WholeDouble],
  }
}
