// Values as canonical bytes: equal values have equal bytes, whatever notation, engine or number type they came by, and
// values that differ have others. What answers are hashed by; documented byte for byte in docs/reference/receipts.md,
// so that anybody can write it again. Whole numbers are little-endian.

import { unreachable } from '../base/assert.ts'
import {
  BigInteger,
  compareBytes,
  Decimal,
  Double,
  type Edn,
  EdnList,
  EdnMap,
  EdnSet,
  EdnSymbol,
  exactDecimal,
  Float,
  Keyword,
  type Tagged,
  Uri,
  Uuid,
} from './value.ts'

/** The first byte of each value. */
const TAG = {
  nil: 0x5f, // _
  false: 0x46, // F
  true: 0x54, // T
  number: 0x6e, // n
  digits: 0x64, // d
  string: 0x73, // s
  keyword: 0x6b, // k
  symbol: 0x79, // y
  instant: 0x69, // i
  uuid: 0x75, // u
  uri: 0x72, // r
  bytes: 0x62, // b
  items: 0x76, // v
  set: 0x65, // e
  map: 0x6d, // m
  tagged: 0x23, // #
} as const

const BYTE_COUNT_FIRST = 256
/** UTF-8 of one UTF-16 unit, at most. */
const BYTES_PER_UNIT = 3
const ASCII_LENGTH_MAX = 64
const ENCODER = new TextEncoder()

/** Canonical bytes of values, one behind the other. */
export class CanonicalWriter {
  #bytes = new Uint8Array(BYTE_COUNT_FIRST)
  #view = new DataView(this.#bytes.buffer)
  #byteCount = 0

  get byteCount(): number {
    return this.#byteCount
  }

  /** What was written since the last call; valid until the next value is added. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#byteCount)
    this.#byteCount = 0
    return taken
  }

  add(value: Edn): void {
    switch (typeof value) {
      case 'number':
        return this.addNumber(value)
      case 'string':
        return this.#addText(TAG.string, value)
      case 'boolean':
        return this.#addTag(value ? TAG.true : TAG.false)
      case 'bigint':
        return this.#addInteger(value)
      case 'object':
        return value === null ? this.#addTag(TAG.nil) : this.#addObject(value)
      default:
        return unreachable(value)
    }
  }

  /** A number that is a double, or a whole one that a double can be. */
  addNumber(x: number): void {
    this.#addFloat(TAG.number, x)
  }

  /** Bytes of values that were written before. */
  addWritten(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength)
    this.#bytes.set(bytes, this.#byteCount)
    this.#byteCount += bytes.byteLength
  }

  #addObject(value: Exclude<Edn & object, null>): void {
    if (value instanceof Keyword) return this.#addText(TAG.keyword, value.text)
    if (Array.isArray(value)) return this.#addItems(value as readonly Edn[])
    if (value instanceof Date) return this.#addFloat(TAG.instant, value.getTime())
    if (value instanceof Double || value instanceof Float) return this.addNumber(value.value)
    if (value instanceof Decimal) return this.#addDecimal(value)
    if (value instanceof BigInteger) return this.#addInteger(value.value)
    if (value instanceof Uuid) return this.#addText(TAG.uuid, value.text)
    if (value instanceof Uri) return this.#addText(TAG.uri, value.text)
    if (value instanceof EdnSymbol) return this.#addText(TAG.symbol, value.text)
    if (value instanceof Uint8Array) {
      this.#addCounted(TAG.bytes, value.byteLength)
      return this.addWritten(value)
    }
    // JSON has one kind of list.
    if (value instanceof EdnList) return this.#addItems(value.items)
    if (value instanceof EdnSet) return this.#addUnordered(TAG.set, value.items.map(canonicalBytes))
    if (value instanceof EdnMap) return this.#addUnordered(TAG.map, value.entries.map(entryBytes))
    const { tag, value: content } = value as Tagged
    this.#addText(TAG.tagged, tag)
    this.add(content)
  }

  #addItems(items: readonly Edn[]): void {
    this.#addCounted(TAG.items, items.length)
    for (const item of items) this.add(item)
  }

  /** Members have no order of their own: that of their bytes. */
  #addUnordered(tag: number, members: readonly Uint8Array[]): void {
    this.#addCounted(tag, members.length)
    for (const member of members.toSorted(compareBytes)) this.addWritten(member)
  }

  #addInteger(x: bigint): void {
    const rounded = Number(x)
    if (Number.isFinite(rounded) && BigInt(rounded) === x) this.addNumber(rounded)
    else this.#addText(TAG.digits, x.toString())
  }

  #addDecimal(x: Decimal): void {
    if (!x.isFinite()) return this.addNumber(x.toNumber())
    const text = x.toFixed()
    if (x.isInteger()) return this.#addInteger(BigInt(text))
    const rounded = mayBeDouble(text) ? x.toNumber() : NaN
    if (Number.isFinite(rounded) && exactDecimal(rounded).eq(x)) this.addNumber(rounded)
    else this.#addText(TAG.digits, text)
  }

  #addTag(tag: number): void {
    this.#reserve(1)
    this.#bytes[this.#byteCount++] = tag
  }

  #addFloat(tag: number, x: number): void {
    this.#reserve(9)
    this.#bytes[this.#byteCount] = tag
    // Adding zero makes 0.0 of −0.0; a NaN may hold any bits.
    if (Number.isNaN(x)) this.#view.setBigUint64(this.#byteCount + 1, NAN_BITS, true)
    else this.#view.setFloat64(this.#byteCount + 1, x + 0, true)
    this.#byteCount += 9
  }

  #addCounted(tag: number, count: number): void {
    this.#reserve(5)
    this.#bytes[this.#byteCount] = tag
    this.#view.setUint32(this.#byteCount + 1, count, true)
    this.#byteCount += 5
  }

  #addText(tag: number, text: string): void {
    this.#reserve(5 + text.length * BYTES_PER_UNIT)
    const written = this.#addAscii(text) ? text.length : this.#encodeInto(text)
    this.#addCounted(tag, written)
    this.#byteCount += written
  }

  /** A short text of plain characters behind the place of its length: an encoder takes longer to call. */
  #addAscii(text: string): boolean {
    if (text.length > ASCII_LENGTH_MAX) return false
    const bytes = this.#bytes
    const first = this.#byteCount + 5
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) return false
      bytes[first + i] = unit
    }
    return true
  }

  #encodeInto(text: string): number {
    return ENCODER.encodeInto(text, this.#bytes.subarray(this.#byteCount + 5)).written
  }

  #reserve(byteCount: number): void {
    const needed = this.#byteCount + byteCount
    if (needed <= this.#bytes.byteLength) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.byteLength * 2))
    grown.set(this.#bytes.subarray(0, this.#byteCount))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

const NAN_BITS = 0x7ff8000000000000n

/** The canonical bytes of one value. */
export function canonicalBytes(value: Edn): Uint8Array {
  const writer = new CanonicalWriter()
  writer.add(value)
  return writer.take()
}

function entryBytes([key, value]: readonly [Edn, Edn]): Uint8Array {
  const writer = new CanonicalWriter()
  writer.add(key)
  writer.add(value)
  return writer.take()
}

/** False where a glance at the last digits shows it: a fraction of twos ends in 25 or 75, or is a half. */
function mayBeDouble(text: string): boolean {
  return /(?:\.|[27])5$/.test(text)
}
