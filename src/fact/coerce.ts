// A value as the type of its attribute holds it. Numbers of another type are taken when nothing is lost; a float is
// rounded. Plain data, from JSON or JavaScript, has fewer types than facts: there text may stand for a keyword,
// a uuid, an instant, and a number for a decimal.

import type { Attribute, MemberType, ValueType } from './attribute.ts'
import { invalidTuple, nanRefused, nilValue, numberOutOfRange, wrongType } from './errors.ts'
import { writeEdn } from './edn-writer.ts'
import { Complaint } from './errors.ts'
import { DECIMAL_EXPONENT_MAX, limitsOf, NUMBER_DIGITS_MAX } from './limits.ts'
import { parseBytes, parseInstant, parseUri, parseUuid } from './literals.ts'
import { isKeywordText, isSymbolText } from './names.ts'
import { parseBigInteger, parseDecimal } from './number-text.ts'
import { shortened } from './source-text.ts'
import {
  BigInteger,
  Decimal,
  double,
  type Edn,
  EdnSymbol,
  equalValues,
  Float,
  Keyword,
  keyword,
  long,
  LONG_MAX,
  LONG_MIN,
  numberType,
  type Scalar,
  symbol,
  toDouble,
  Uri,
  Uuid,
  type Value,
} from './value.ts'

export type CoerceContext = {
  /** The entity that a form in the place of a reference names. */
  readonly resolveRef: (form: Edn) => number
  /** The value came from JSON or JavaScript. */
  readonly isPlainData: boolean
}

/** Characters that a text inside a tuple may have; longer ones would make keys of any length. */
export const TUPLE_TEXT_LENGTH_MAX = 255
const TUPLE_COUNT_MIN = 2
const TUPLE_COUNT_MAX = 8

/**
 * The value as the attribute holds it. Throws `db.error/wrong-type-for-attribute`, `db.error/invalid-tuple-value`,
 * `db.error/nil-value`, `varve.error/nan-refused` or `varve.error/number-out-of-range`.
 */
export function coerceValue(attribute: Attribute, value: Edn, context: CoerceContext): Value {
  // What nearly all values are needs no more than a look.
  if (attribute.valueType === 'string' && typeof value === 'string') return value
  if (attribute.valueType === 'long' && Number.isSafeInteger(value)) return (value as number) + 0
  const name = attribute.ident.toString()
  if (value === null) throw nilValue(name)
  if (attribute.valueType === 'tuple') return tupleValue(attribute, value, context)
  return scalarValue(name, attribute.valueType, value, context)
}

/** The value as one of the type, with the freedom that plain data has; undefined where it is none. */
export function coerceScalar(type: Exclude<ValueType, 'tuple' | 'ref'>, value: Edn): Scalar | undefined {
  return scalarOf(type, type, value, { isPlainData: true, resolveRef: () => NaN })
}

function tupleValue(attribute: Attribute, value: Edn, context: CoerceContext): Value {
  const name = attribute.ident.toString()
  const invalid = (message: string, fix: string) => invalidTuple(name, message, fix, shown(value))
  const { tuple } = attribute
  if (!Array.isArray(value) || tuple === undefined) {
    throw invalid(`${shown(value)} is no tuple`, 'Write a vector, as in [1 "a"]')
  }
  const items = value as readonly Edn[]
  if (items.length < TUPLE_COUNT_MIN || items.length > TUPLE_COUNT_MAX) {
    throw invalid(
      `A tuple has ${TUPLE_COUNT_MIN} to ${TUPLE_COUNT_MAX} members, not ${items.length}`,
      'Write nil for a member that is missing',
    )
  }
  const types =
    tuple.kind === 'homogeneous' ? items.map(() => tuple.type) : (tuple.types as readonly MemberType[])
  if (types.length !== items.length) {
    const fix = `Give a member for each of ${types.join(', ')}; nil where there is none`
    throw invalid(`The tuple has ${items.length} members instead of ${types.length}`, fix)
  }
  return items.map((item, index) => {
    if (item === null) return null
    const type = types[index]!
    // A composite is made of what facts hold, so a reference in one is an entity already, never a name.
    if (tuple.kind === 'composite' && type === 'ref' && typeof item !== 'number') {
      throw invalid(`Member ${index + 1} is no entity id`, 'Write the id of the entity')
    }
    return memberValue(name, type, item, context, invalid)
  })
}

function memberValue(
  name: string,
  type: MemberType,
  item: Edn,
  context: CoerceContext,
  invalid: (message: string, fix: string) => Error,
): Scalar {
  const member = scalarOf(name, type, item, context)
  if (member === undefined) {
    throw invalid(`${shown(item)} is no value of type ${type}`, `Give the member a ${type}`)
  }
  if (typeof member === 'string' && member.length > TUPLE_TEXT_LENGTH_MAX) {
    const fix = `Keep the text in an attribute of its own; in a tuple it has at most ${TUPLE_TEXT_LENGTH_MAX} characters`
    throw invalid('A text in the tuple is too long', fix)
  }
  return member
}

/**
 * A value of plain data as the type of an attribute, where it can be read as that: text for an instant or a uuid, a
 * number for a decimal. What cannot stays as it is, for it may be meant to match nothing.
 */
export function typedPlainValue({ valueType, tuple }: Attribute, value: Edn): Edn {
  if (valueType !== 'tuple') return typedPlainScalar(valueType, value)
  if (!Array.isArray(value) || tuple === undefined) return value
  return (value as readonly Edn[]).map((item, index) => {
    const type = tuple.kind === 'homogeneous' ? tuple.type : tuple.types[index]
    return type === undefined || type === 'tuple' ? item : typedPlainScalar(type, item)
  })
}

const PLAIN_DATA: CoerceContext = { isPlainData: true, resolveRef: () => -1 }

function typedPlainScalar(type: Exclude<ValueType, 'tuple'>, value: Edn): Edn {
  const isText = typeof value === 'string' || (value instanceof Keyword && type === 'string')
  const isDecimal = type === 'bigdec' && numberType(value) === 'double'
  return type !== 'ref' && (isText || isDecimal) ? (scalarOf('', type, value, PLAIN_DATA) ?? value) : value
}

function scalarValue(
  name: string,
  type: Exclude<ValueType, 'tuple'>,
  value: Edn,
  context: CoerceContext,
): Scalar {
  const scalar = scalarOf(name, type, value, context)
  if (scalar === undefined) throw wrongType(name, type, shown(value))
  return scalar
}

/** Undefined where the value is none of the type. */
function scalarOf(
  name: string,
  type: Exclude<ValueType, 'tuple'>,
  value: Edn,
  context: CoerceContext,
): Scalar | undefined {
  switch (type) {
    case 'ref':
      return context.resolveRef(value)
    case 'string':
      if (typeof value === 'string') return value
      // In plain data every text with a colon in front was read as a keyword: here it is a text again.
      return context.isPlainData && value instanceof Keyword ? value.toString() : undefined
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'keyword':
    case 'symbol':
    case 'instant':
    case 'uuid':
    case 'uri':
    case 'bytes':
      return hasClass(type, value) ? value : fromText(type, value, context)
    default:
      return numberOf(name, type, value, context)
  }
}

type TextType = 'keyword' | 'symbol' | 'instant' | 'uuid' | 'uri' | 'bytes'
type TextValue = Keyword | EdnSymbol | Date | Uuid | Uri | Uint8Array

const CLASSES = {
  keyword: Keyword,
  symbol: EdnSymbol,
  instant: Date,
  uuid: Uuid,
  uri: Uri,
  bytes: Uint8Array,
} as const

function hasClass(type: TextType, value: Edn): value is TextValue {
  return value instanceof CLASSES[type]
}

function fromText(type: TextType, value: Edn, { isPlainData }: CoerceContext): TextValue | undefined {
  if (!isPlainData || typeof value !== 'string') return undefined
  switch (type) {
    case 'keyword': {
      // With its colon where nothing told the reader that a keyword may stand there: in arguments by name.
      const name = value.startsWith(':') ? value.slice(1) : value
      return isKeywordText(name) ? keyword(name) : undefined
    }
    case 'symbol':
      return isSymbolText(value) ? symbol(value) : undefined
    case 'instant':
      return parseInstant(value)
    case 'uuid':
      return parseUuid(value)
    case 'uri':
      return parseUri(value)
    case 'bytes':
      return parseBytes(value)
  }
}

type NumberType = 'long' | 'double' | 'float' | 'bigint' | 'bigdec'

function numberOf(name: string, type: NumberType, value: Edn, context: CoerceContext): Scalar | undefined {
  if (numberType(value) === undefined) return numberFromText(type, value, context)
  switch (type) {
    case 'double':
      return doubleOf(name, value)
    case 'float':
      return floatOf(name, value)
    case 'bigdec':
      return decimalOf(name, value, context)
    case 'bigint':
    case 'long': {
      const whole = wholeOf(value)
      if (whole === undefined) return undefined
      if (type === 'bigint') return bigIntegerOf(name, whole)
      return whole < LONG_MIN || whole > LONG_MAX ? undefined : long(whole)
    }
  }
}

/** Digits beyond what a number of JSON carries come as text. */
function numberFromText(type: NumberType, value: Edn, { isPlainData }: CoerceContext): Scalar | undefined {
  if (!isPlainData || typeof value !== 'string') return undefined
  if (type !== 'bigint' && type !== 'bigdec') return undefined
  const parsed = type === 'bigint' ? parseBigInteger(value, limitsOf({})) : parseDecimal(value, limitsOf({}))
  return parsed instanceof Complaint ? undefined : parsed
}

function doubleOf(name: string, value: Edn): Scalar | undefined {
  const x = toDouble(value)
  if (Number.isNaN(x)) throw nanRefused(name)
  const rounded = double(x)
  return equalValues(rounded, value) ? rounded : undefined
}

function floatOf(name: string, value: Edn): Scalar {
  const x = toDouble(value)
  if (Number.isNaN(x)) throw nanRefused(name)
  const rounded = new Float(x)
  // Only an infinity is taken for one.
  if (!Number.isFinite(rounded.value) && !equalValues(rounded, value)) {
    throw numberOutOfRange(name, 'float', shown(value))
  }
  return rounded
}

/** What no notation could write so that it reads back is no value of a fact. */
const BIGINT_LIMIT = 10n ** BigInt(NUMBER_DIGITS_MAX)

function bigIntegerOf(name: string, whole: bigint): Scalar {
  if (whole < BIGINT_LIMIT && whole > -BIGINT_LIMIT) return new BigInteger(whole)
  throw numberOutOfRange(name, 'bigint', shortened(String(whole)))
}

function decimalOf(name: string, value: Edn, context: CoerceContext): Scalar | undefined {
  const decimal = anyDecimalOf(value, context)
  if (decimal === undefined) return undefined
  const isWithin = decimal.sd() <= NUMBER_DIGITS_MAX && Math.abs(decimal.e ?? 0) <= DECIMAL_EXPONENT_MAX
  if (isWithin) return decimal
  throw numberOutOfRange(name, 'bigdec', shortened(decimal.toExponential()))
}

function anyDecimalOf(value: Edn, { isPlainData }: CoerceContext): Decimal | undefined {
  if (value instanceof Decimal) return value
  const whole = wholeOf(value)
  if (whole !== undefined) return new Decimal(String(whole))
  const x = toDouble(value)
  if (!Number.isFinite(x)) return undefined
  const written = new Decimal(String(x))
  // 0.1 is a decimal in JSON, which has no other way to write one; in EDN it is a double, and no decimal equals it.
  return isPlainData || equalValues(written, value) ? written : undefined
}

function wholeOf(value: Edn): bigint | undefined {
  if (value instanceof BigInteger) return value.value
  if (typeof value === 'bigint') return value
  if (value instanceof Decimal) return value.isInteger() ? BigInt(value.toFixed()) : undefined
  const x = toDouble(value)
  return Number.isInteger(x) ? BigInt(x) : undefined
}

function shown(value: Edn): string {
  return shortened(writeEdn(value))
}
