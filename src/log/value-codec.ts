// One value as bytes: a tag, then what the type needs. Every value comes back exactly, with its type. Tags stand
// in every log ever written: new ones are only added.
//
// What is read goes to a value, or as it lies to a column that grows (`ValueSink`): no object is made in between.
//
// Tag 31 is kept for values encrypted under a key id: to forget them will be to lose the key.

import { unreachable, assert } from '../base/assert.ts'
import type { ByteReader, ByteWriter } from '../base/bytes.ts'
import {
  BigInteger,
  Decimal,
  Double,
  EdnSymbol,
  Float,
  keyword,
  Keyword,
  symbol,
  Uri,
  Uuid,
  type Scalar,
  type Value,
} from '../fact/value.ts'

const NIL = 0
const FALSE = 1
const TRUE = 2
/** A long within 2^53: the common case. */
const LONG = 3
const WIDE_LONG = 4
const DOUBLE = 5
/** A double that is a whole number. */
const WHOLE_DOUBLE = 6
const FLOAT = 7
const BIGINT = 8
const BIGDEC = 9
const STRING = 10
const KEYWORD = 11
const SYMBOL = 12
const INSTANT = 13
const UUID = 14
const URI = 15
const BYTES = 16
const TUPLE = 17
/** A string with half a surrogate pair, which UTF-8 cannot say: UTF-16. */
const BROKEN_STRING = 18
/** An instant as milliseconds from the transaction's: mostly the transaction's own. */
const NEAR_INSTANT = 19

/** Writes a value; `txInstantMs` of its transaction must be given again to read it. */
export function writeValue(bytes: ByteWriter, value: Value | null, txInstantMs: number): void {
  if (Array.isArray(value)) {
    const items = value as readonly (Scalar | null)[]
    bytes.byte(TUPLE)
    bytes.varint(items.length)
    for (const item of items) writeValue(bytes, item, txInstantMs)
    return
  }
  writeScalar(bytes, value as Scalar | null, txInstantMs)
}

function writeScalar(bytes: ByteWriter, value: Scalar | null, txInstantMs: number): void {
  switch (typeof value) {
    case 'boolean':
      return bytes.byte(value ? TRUE : FALSE)
    case 'number':
      if (Number.isInteger(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) {
        bytes.byte(LONG)
        return bytes.signedVarint(value)
      }
      bytes.byte(DOUBLE)
      return bytes.float64(value)
    case 'bigint':
      bytes.byte(WIDE_LONG)
      return bytes.int64(value)
    case 'string':
      if (value.isWellFormed()) return writeText(bytes, STRING, value)
      bytes.byte(BROKEN_STRING)
      bytes.varint(2 * value.length)
      return bytes.bytes(Buffer.from(value, 'utf16le'))
    default:
      return value === null ? bytes.byte(NIL) : writeObject(bytes, value, txInstantMs)
  }
}

function writeObject(
  bytes: ByteWriter,
  value: Exclude<Scalar, boolean | number | bigint | string>,
  txInstantMs: number,
): void {
  if (value instanceof Keyword) return writeText(bytes, KEYWORD, value.text)
  if (value instanceof Date) return writeInstant(bytes, value.getTime(), txInstantMs)
  if (value instanceof Double) {
    bytes.byte(WHOLE_DOUBLE)
    return bytes.float64(value.value)
  }
  if (value instanceof Uuid) {
    bytes.byte(UUID)
    return bytes.bytes(Buffer.from(value.text.replaceAll('-', ''), 'hex'))
  }
  if (value instanceof Decimal) return writeText(bytes, BIGDEC, value.toExponential())
  if (value instanceof BigInteger) return writeText(bytes, BIGINT, value.value.toString(36))
  if (value instanceof Float) {
    bytes.byte(FLOAT)
    return bytes.float32(value.value)
  }
  if (value instanceof EdnSymbol) return writeText(bytes, SYMBOL, value.text)
  if (value instanceof Uri) return writeText(bytes, URI, value.text)
  if (value instanceof Uint8Array) {
    bytes.byte(BYTES)
    bytes.varint(value.byteLength)
    return bytes.bytes(value)
  }
  return unreachable(value)
}

function writeText(bytes: ByteWriter, tag: number, text: string): void {
  bytes.byte(tag)
  bytes.text(text)
}

function writeInstant(bytes: ByteWriter, instantMs: number, txInstantMs: number): void {
  const difference = instantMs - txInstantMs
  const isNear = Math.abs(difference) < Math.abs(instantMs)
  bytes.byte(isNear ? NEAR_INSTANT : INSTANT)
  bytes.signedVarint(isNear ? difference : instantMs)
}

/** Takes values one by one, as they are read. */
export interface ValueSink {
  /** A long within 2^53. */
  long(number: number): void
  double(number: number): void
  instant(ms: number): void
  /** The text comes next in `bytes` and must be read. */
  text(bytes: ByteReader): void
  /** A value of any other type. */
  other(value: Value): void
}

/** Reads what `writeValue` wrote into `sink`. */
export function readValueInto(sink: ValueSink, bytes: ByteReader, txInstantMs: number): void {
  const tag = bytes.byte()
  switch (tag) {
    case LONG:
      return sink.long(bytes.signedVarint())
    case DOUBLE:
    case WHOLE_DOUBLE:
      return sink.double(bytes.float64())
    case INSTANT:
      return sink.instant(bytes.signedVarint())
    case NEAR_INSTANT:
      return sink.instant(txInstantMs + bytes.signedVarint())
    case STRING:
      return sink.text(bytes)
    default:
      return sink.other(readTagged(bytes, tag, txInstantMs))
  }
}

/** Reads what `writeValue` wrote. */
export function readValue(bytes: ByteReader, txInstantMs: number): Value {
  return readTagged(bytes, bytes.byte(), txInstantMs)
}

function readTagged(bytes: ByteReader, tag: number, txInstantMs: number): Value {
  if (tag === TUPLE) {
    const count = bytes.varint()
    const items: (Scalar | null)[] = []
    for (let index = 0; index < count; index++) items.push(readScalar(bytes, bytes.byte(), txInstantMs))
    return items
  }
  const value = readScalar(bytes, tag, txInstantMs)
  assert(value !== null, 'nil stands only in tuples')
  return value
}

function readScalar(bytes: ByteReader, tag: number, txInstantMs: number): Scalar | null {
  switch (tag) {
    case NIL:
      return null
    case FALSE:
      return false
    case TRUE:
      return true
    case LONG:
      return bytes.signedVarint()
    case WIDE_LONG:
      return bytes.int64()
    case DOUBLE:
      return bytes.float64()
    case WHOLE_DOUBLE:
      return new Double(bytes.float64())
    case FLOAT:
      return new Float(bytes.float32())
    case BIGINT:
      return new BigInteger(parseBase36(bytes.text()))
    case BIGDEC:
      return new Decimal(bytes.text())
    case STRING:
      return bytes.text()
    case BROKEN_STRING:
      return Buffer.from(bytes.bytes(bytes.varint())).toString('utf16le')
    case KEYWORD:
      return keyword(bytes.text())
    case SYMBOL:
      return symbol(bytes.text())
    case INSTANT:
      return new Date(bytes.signedVarint())
    case NEAR_INSTANT:
      return new Date(txInstantMs + bytes.signedVarint())
    case UUID:
      return new Uuid(uuidText(bytes.bytes(16)))
    case URI:
      return new Uri(bytes.text())
    case BYTES:
      return Uint8Array.from(bytes.bytes(bytes.varint()))
    default:
      return assert(false, `the log holds a value of the unknown tag ${tag}`) as never
  }
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

// `BigInt` reads base 16 at most; pieces of ten digits of base 36 fit a double exactly.
function parseBase36(text: string): bigint {
  const isNegative = text.startsWith('-')
  let value = 0n
  for (let at = isNegative ? 1 : 0; at < text.length; at += 10) {
    const piece = text.slice(at, at + 10)
    value = value * 36n ** BigInt(piece.length) + BigInt(parseInt(piece, 36))
  }
  return isNegative ? -value : value
}
