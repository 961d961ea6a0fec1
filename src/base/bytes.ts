// Bytes written one after another, and read back. Whole numbers take as few bytes as they need: seven bits a
// byte, the lowest first; signed ones alternate between positive and negative (0, −1, 1, −2 …).

import { assert } from './assert.ts'

const CAPACITY_MIN = 1024
/** A string of this many UTF-16 units or fewer is measured by writing it, and copied unit by unit. */
const SHORT_TEXT_LENGTH = 42

/** A buffer that grows. `view()` is valid until the next write or `reset`. */
export class ByteWriter {
  #bytes: Buffer
  #length = 0

  constructor(capacity = CAPACITY_MIN) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** Forgets what was written and keeps the room. */
  reset(): void {
    this.#length = 0
  }

  /** What was written, without a copy. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  byte(value: number): void {
    this.#need(1)
    this.#bytes[this.#length++] = value
  }

  bytes(values: Uint8Array): void {
    this.#need(values.byteLength)
    this.#bytes.set(values, this.#length)
    this.#length += values.byteLength
  }

  /** A whole number from 0 to 2^53 − 1. */
  varint(count: number): void {
    this.#need(8)
    let rest = count
    // Bit operations see 32 bits only.
    while (rest > 0x7fffffff) {
      this.#bytes[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  /** A whole number of which the absolute value is below 2^53. */
  signedVarint(value: number): void {
    const isNegative = value < 0
    const magnitude = isNegative ? -1 - value : value
    if (magnitude < 2 ** 52) return this.varint(isNegative ? 2 * magnitude + 1 : 2 * magnitude)
    // Twice the number is no longer exact: its lowest seven bits first, by hand.
    this.byte(((magnitude % 64) * 2 + (isNegative ? 1 : 0)) | 128)
    this.varint(Math.floor(magnitude / 64))
  }

  float64(value: number): void {
    this.#need(8)
    this.#length = this.#bytes.writeDoubleLE(value, this.#length)
  }

  float32(value: number): void {
    this.#need(4)
    this.#length = this.#bytes.writeFloatLE(value, this.#length)
  }

  int64(value: bigint): void {
    this.#need(8)
    this.#length = this.#bytes.writeBigInt64LE(value, this.#length)
  }

  /** UTF-8 behind its length. The text must be well-formed. */
  text(text: string): void {
    if (text.length <= SHORT_TEXT_LENGTH) {
      // At most three bytes a unit, so that the length fits one byte and can be filled in afterwards.
      this.#need(1 + 3 * text.length)
      const end = writeUtf8(this.#bytes, text, this.#length + 1)
      this.#bytes[this.#length] = end - this.#length - 1
      this.#length = end
      return
    }
    const byteCount = Buffer.byteLength(text, 'utf8')
    this.varint(byteCount)
    this.#need(byteCount)
    this.#length += this.#bytes.write(text, this.#length, 'utf8')
  }

  #need(byteCount: number): void {
    const end = this.#length + byteCount
    if (end <= this.#bytes.byteLength) return
    const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.#bytes.byteLength))
    larger.set(this.view())
    this.#bytes = larger
  }
}

/** Writes a text into `bytes`, which have room for three bytes a unit, and gives back where it ends. */
export function writeUtf8(bytes: Buffer, text: string, start: number): number {
  if (text.length > SHORT_TEXT_LENGTH) return start + bytes.write(text, start, 'utf8')
  // Calling out of JavaScript takes longer than a short text, of which nearly all are ASCII.
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 127) return start + bytes.write(text, start, 'utf8')
    bytes[start + i] = unit
  }
  return start + text.length
}

/** Reads what a `ByteWriter` wrote. Reading past the end fails an assertion: checksums come before. */
export class ByteReader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = at
  }

  get position(): number {
    return this.#at
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.byteLength
  }

  /** How many bytes are still to be read. */
  get restCount(): number {
    return this.#bytes.byteLength - this.#at
  }

  byte(): number {
    const value = this.#bytes[this.#at++]
    assert(value !== undefined, 'bytes that were written are there to be read')
    return value
  }

  /** A view of the next bytes, not a copy. */
  bytes(byteCount: number): Uint8Array {
    return this.#bytes.subarray(this.#skip(byteCount), this.#at)
  }

  varint(): number {
    const first = this.byte()
    if (first < 128) return first
    let value = first & 127
    for (let scale = 128; ; scale *= 128) {
      const byte = this.byte()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }

  signedVarint(): number {
    const first = this.byte()
    let magnitude = (first & 127) >> 1
    if (first >= 128) magnitude += this.varint() * 64
    return (first & 1) === 1 ? -1 - magnitude : magnitude
  }

  float64(): number {
    return this.#bytes.readDoubleLE(this.#skip(8))
  }

  float32(): number {
    return this.#bytes.readFloatLE(this.#skip(4))
  }

  int64(): bigint {
    return this.#bytes.readBigInt64LE(this.#skip(8))
  }

  text(): string {
    const byteCount = this.varint()
    return this.#bytes.toString('utf8', this.#skip(byteCount), this.#at)
  }

  /** Copies the next bytes to where `target` has room for them. */
  copyTo(target: Uint8Array, at: number, byteCount: number): void {
    const from = this.#skip(byteCount)
    // A loop beats a copy of few bytes.
    if (byteCount > SHORT_TEXT_LENGTH) target.set(this.#bytes.subarray(from, this.#at), at)
    else for (let i = 0; i < byteCount; i++) target[at + i] = this.#bytes[from + i]!
  }

  #skip(byteCount: number): number {
    const from = this.#at
    this.#at += byteCount
    assert(this.#at <= this.#bytes.byteLength, 'bytes that were written are there to be read')
    return from
  }
}
