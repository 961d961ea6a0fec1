// A cell as the value that its column's type holds.

import { VALUE_TYPES, type ValueType } from '../fact/attribute.ts'
import { Complaint } from '../fact/errors.ts'
import { limitsOf } from '../fact/limits.ts'
import { instantFromMs, parseBytes, parseUri, parseUuid } from '../fact/literals.ts'
import { isKeywordText, isSymbolText } from '../fact/names.ts'
import { parseBigInteger, parseDecimal, parseDouble, parseLong } from '../fact/number-text.ts'
import {
  BigInteger,
  Decimal,
  double,
  type Edn,
  Float,
  keyword,
  Keyword,
  numberType,
  type Scalar,
  symbol,
  toDouble,
} from '../fact/value.ts'
import { type DateOrder, momentMs } from './moment-text.ts'

/** Types that a column can be read as. Tuples are made of columns, never read from one. */
export type ColumnType = Exclude<ValueType, 'tuple'>
export const COLUMN_TYPES: readonly ColumnType[] = VALUE_TYPES.filter((type) => type !== 'tuple')

const LIMITS = limitsOf({})
const INTEGER = /^[+-]?\d+$/
const BLANK_MAX = 0x20
const OTHER_BLANK_MIN = 0x80
/** Digits with which a long is a safe integer whatever they are. */
const SAFE_DIGITS = 15

/** The value, or undefined where the cell is none of the type. Text around which blanks stand is read without them. */
export function readCell(cell: Edn, type: ColumnType, order: DateOrder): Scalar | undefined {
  return typeof cell === 'string' ? readText(cell, type, order) : readTyped(cell, type, order)
}

/** The text without blanks around it. Most have none, and a look at both ends tells. */
export function trimmed(text: string): string {
  if (text.length === 0) return text
  const first = text.charCodeAt(0)
  const last = text.charCodeAt(text.length - 1)
  const isPlain = first > BLANK_MAX && first < OTHER_BLANK_MIN && last > BLANK_MAX && last < OTHER_BLANK_MIN
  return isPlain ? text : text.trim()
}

function readText(given: string, type: ColumnType, order: DateOrder): Scalar | undefined {
  if (type === 'string') return given
  const text = trimmed(given)
  switch (type) {
    case 'long':
      return longOf(text)
    case 'double':
      return doubleOf(text)
    case 'instant':
      return dateOf(momentMs(text, order))
    case 'boolean':
      return booleanOf(text)
    case 'uuid':
      return parseUuid(text)
    case 'float': {
      const number = doubleOf(text)
      return number === undefined ? undefined : floatOf(toDouble(number))
    }
    case 'bigint':
      return taken(parseBigInteger(plainInteger(text), LIMITS))
    case 'bigdec':
      return taken(parseDecimal(text, LIMITS))
    case 'keyword':
      return keywordOf(text)
    case 'symbol':
      return isSymbolText(text) ? symbol(text) : undefined
    case 'uri':
      return parseUri(text)
    case 'bytes':
      return parseBytes(text)
    case 'ref':
      return refOf(text)
  }
}

/** A cell that has a type already: as it is, or as another type where nothing is lost. */
function readTyped(cell: Edn, type: ColumnType, order: DateOrder): Scalar | undefined {
  if (typeof cell === 'boolean') {
    return type === 'boolean' ? cell : type === 'string' ? String(cell) : undefined
  }
  if (cell instanceof Date) {
    return type === 'instant' ? cell : type === 'string' ? cell.toISOString() : undefined
  }
  if (cell instanceof Uint8Array) return type === 'bytes' ? cell : undefined
  if (cell instanceof Keyword && type === 'keyword') return cell
  const kind = numberType(cell)
  if (kind !== undefined) {
    if (type === 'instant') return kind === 'long' ? dateOf(Number(cell)) : undefined
    if (type === 'float') return floatOf(toDouble(cell))
    if (type === 'double') return Number.isFinite(toDouble(cell)) ? double(toDouble(cell)) : undefined
    if (type === 'bigdec' && kind === 'double') return taken(parseDecimal(String(toDouble(cell)), LIMITS))
    return readText(numberText(cell), type, order)
  }
  if (typeof cell === 'object' && cell !== null && 'text' in cell) return readText(cell.text, type, order)
  return undefined
}

function numberText(number: Edn): string {
  if (number instanceof BigInteger) return String(number.value)
  if (number instanceof Decimal) return number.toString()
  const plain = typeof number === 'number' || typeof number === 'bigint' ? number : toDouble(number)
  return String(plain)
}

function longOf(text: string): number | bigint | undefined {
  const plain = plainLong(text)
  if (plain !== undefined) return plain
  if (!INTEGER.test(text)) return undefined
  // Adding 0 makes of −0 the long that it is.
  return text.length <= SAFE_DIGITS ? Number(text) + 0 : taken(parseLong(text))
}

/** Of few digits and nothing else: what most are. Undefined for any other text. */
function plainLong(text: string): number | undefined {
  if (text.length === 0 || text.length > SAFE_DIGITS) return undefined
  let number = 0
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - ZERO
    if (digit < 0 || digit > 9) return undefined
    number = number * 10 + digit
  }
  return number
}

const ZERO = 0x30

function doubleOf(text: string): Scalar | undefined {
  if (text === '' || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return undefined
  const value = parseDouble(text)
  // What `parseDouble` gives that is no complaint is a number.
  return value instanceof Complaint ? undefined : (value as Scalar)
}

function floatOf(number: number): Float | undefined {
  const float = new Float(number)
  return Number.isFinite(float.value) ? float : undefined
}

function dateOf(ms: number | undefined): Date | undefined {
  return ms === undefined ? undefined : instantFromMs(ms)
}

function booleanOf(text: string): boolean | undefined {
  const lower = text.toLowerCase()
  return lower === 'true' ? true : lower === 'false' ? false : undefined
}

function keywordOf(text: string): Keyword | undefined {
  const name = text.startsWith(':') ? text.slice(1) : text
  return isKeywordText(name) ? keyword(name) : undefined
}

/** An entity's id, or an ident. */
function refOf(text: string): Scalar | undefined {
  return text.startsWith(':') ? keywordOf(text) : longOf(text)
}

/** Leading zeros and a plus are no part of a number, but a person who says the type means one. */
function plainInteger(text: string): string {
  return text.replace(/^([+-]?)0+(?=\d)/, '$1')
}

function taken<X>(value: X | Complaint): X | undefined {
  return value instanceof Complaint ? undefined : value
}
