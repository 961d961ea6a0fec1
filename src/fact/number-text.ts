// Numbers from their text, as EDN and JSON write them. A number that its type cannot hold is refused, never
// rounded to something else: only doubles round, as everywhere.

import { Complaint, TooManyDigits } from './errors.ts'
import type { Limits } from './limits.ts'
import { shortened } from './source-text.ts'
import { BigInteger, Decimal, double, type Edn, long, LONG_MAX, LONG_MIN } from './value.ts'

const INTEGER = /^[+-]?(?:0|[1-9]\d*)(N?)$/
const FLOATING = /^[+-]?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d{1,6})?(M?)$/
const RATIO = /^[+-]?\d+\/\d+$/
const LEADING_ZERO = /^[+-]?0[\dxX]/
/** Texts this short are safe integers. */
const SAFE_LENGTH = 15

/** The number that a token of EDN says, or what is wrong with it. */
export function parseNumber(token: string, limits: Limits): Edn | Complaint {
  if (token.length > limits.numberDigitsMax && countDigits(token) > limits.numberDigitsMax) {
    return new TooManyDigits(limits.numberDigitsMax)
  }
  const integer = INTEGER.exec(token)
  if (integer !== null) {
    if (integer[1] === 'N') return new BigInteger(BigInt(unsigned(token.slice(0, -1))))
    // Adding 0 makes of −0 the long that it is.
    return token.length <= SAFE_LENGTH ? Number(token) + 0 : parseLong(token)
  }
  const floating = FLOATING.exec(token)
  if (floating !== null) {
    return floating[1] === 'M' ? parseDecimal(token.slice(0, -1), limits) : parseDouble(token)
  }
  return complaintAbout(token)
}

/** A long of any length, or what is wrong with it. */
export function parseLong(text: string): number | bigint | Complaint {
  const value = BigInt(unsigned(text))
  if (value >= LONG_MIN && value <= LONG_MAX) return long(value)
  return new Complaint(
    `The whole number ${shortened(text)} is beyond 64 bits`,
    `Write ${shortened(text)}N for a bigint (in JSON {"#bigint": "${shortened(text)}"})`,
  )
}

export function parseDouble(text: string): Edn | Complaint {
  const value = Number(text)
  if (Number.isFinite(value)) return double(value)
  return new Complaint(
    `The number ${shortened(text)} is beyond what a double holds`,
    'Write a decimal, as in 1E400M (in JSON {"#bigdec": "1E400"}), or ##Inf',
  )
}

/** An exact decimal from text without the letter M. */
export function parseDecimal(text: string, limits: Limits): Decimal | Complaint {
  if (!FLOATING.test(text) || text.endsWith('M')) {
    return new Complaint(`${shortened(text)} is no decimal`, 'Write digits, as in 12.50')
  }
  if (countDigits(text) > limits.numberDigitsMax) {
    return new TooManyDigits(limits.numberDigitsMax)
  }
  const value = new Decimal(text.endsWith('.') ? text.slice(0, -1) : text)
  if (value.isZero()) return new Decimal(0)
  if (Math.abs(value.e ?? 0) <= limits.decimalExponentMax) return value
  return new Complaint(
    `The decimal ${shortened(text)} is beyond ten to the power of ${limits.decimalExponentMax}`,
    'Use a double for quantities of this size',
  )
}

/** A whole number of any size from text without the letter N. */
export function parseBigInteger(text: string, limits: Limits): BigInteger | Complaint {
  if (text.length > limits.numberDigitsMax + 1) {
    return new TooManyDigits(limits.numberDigitsMax)
  }
  const match = INTEGER.exec(text)
  if (match === null || match[1] === 'N') {
    return new Complaint(`${shortened(text)} is no whole number`, 'Write digits alone, as in 12')
  }
  return new BigInteger(BigInt(unsigned(text)))
}

function complaintAbout(token: string): Complaint {
  const shown = shortened(token)
  if (RATIO.test(token)) {
    return new Complaint(
      `${shown} is a ratio, and no type of Varve holds ratios`,
      'Write a decimal, as in 0.5M, or a double, as in 0.5',
    )
  }
  if (LEADING_ZERO.test(token)) {
    return new Complaint(
      `The number ${shown} begins with a zero`,
      'Write it in decimal digits without leading zeros',
    )
  }
  return new Complaint(`${shown} is no number`, 'Write a long 2, a double 2.0, a bigint 2N or a decimal 2.5M')
}

function countDigits(text: string): number {
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x65 || c === 0x45) break
    if (c >= 0x30 && c <= 0x39) count++
  }
  return count
}

function unsigned(text: string): string {
  return text.charCodeAt(0) === 0x2b ? text.slice(1) : text
}
