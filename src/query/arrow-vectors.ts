// Values of one column as the buffers of Arrow: a bit for each row that says whether it holds a value (left out where
// all do), then what the type has. Each function gives undefined where a value is none of its type.

import { Double, type Edn, Float } from '../fact/value.ts'
import type { ArrowVector } from './arrow-stream.ts'

const TWO_TO_32 = 2 ** 32
const NOTHING = new Uint8Array(0)
const ENCODER = new TextEncoder()

/** Whole numbers of 64 bits. */
export function int64Vector(values: ArrayLike<Edn>): ArrowVector | undefined {
  const words = new Int32Array(values.length * 2)
  const nulls = new Nulls(values.length)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!
    const number = value instanceof Double ? value.value : value
    if (typeof number === 'number' && Number.isSafeInteger(number)) setInt64(words, row, number)
    else if (typeof number === 'bigint') setBigInt64(words, row, number)
    else if (number === null) nulls.add(row)
    else return undefined
  }
  return nulls.vector([bytesOf(words)])
}

/** Milliseconds since 1970. */
export function instantVector(values: ArrayLike<Edn>): ArrowVector | undefined {
  const words = new Int32Array(values.length * 2)
  const nulls = new Nulls(values.length)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!
    if (value instanceof Date && Number.isSafeInteger(value.getTime())) setInt64(words, row, value.getTime())
    else if (value === null) nulls.add(row)
    else return undefined
  }
  return nulls.vector([bytesOf(words)])
}

export function float64Vector(values: ArrayLike<Edn>): ArrowVector | undefined {
  const numbers = new Float64Array(values.length)
  const nulls = new Nulls(values.length)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!
    if (typeof value === 'number') numbers[row] = value
    else if (value instanceof Double) numbers[row] = value.value
    else if (value === null) nulls.add(row)
    else return undefined
  }
  return nulls.vector([bytesOf(numbers)])
}

export function float32Vector(values: ArrayLike<Edn>): ArrowVector | undefined {
  const numbers = new Float32Array(values.length)
  const nulls = new Nulls(values.length)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!
    if (value instanceof Float) numbers[row] = value.value
    else if (value === null) nulls.add(row)
    else return undefined
  }
  return nulls.vector([bytesOf(numbers)])
}

export function boolVector(values: ArrayLike<Edn>): ArrowVector | undefined {
  const bits = new Uint8Array(Math.ceil(values.length / 8))
  const nulls = new Nulls(values.length)
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!
    if (value === true) bits[row >> 3]! |= 1 << (row & 7)
    else if (value === null) nulls.add(row)
    else if (value !== false) return undefined
  }
  return nulls.vector([bits])
}

export function binaryVector(values: ArrayLike<Edn>): ArrowVector | undefined {
  const ends = new Int32Array(values.length + 1)
  const nulls = new Nulls(values.length)
  const parts: Uint8Array[] = []
  let byteCount = 0
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!
    if (value instanceof Uint8Array) {
      parts.push(value)
      byteCount += value.byteLength
    } else if (value === null) nulls.add(row)
    else return undefined
    ends[row + 1] = byteCount
  }
  return nulls.vector([bytesOf(ends), Buffer.concat(parts)])
}

export type TextOf = (value: Edn) => string | undefined

/** The texts of the values; `textOf` is not asked for nil. */
export function textVector(values: ArrayLike<Edn>, textOf: TextOf): ArrowVector | undefined {
  const nulls = new Nulls(values.length)
  const texts: string[] = []
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!
    const text = value === null ? '' : textOf(value)
    if (text === undefined) return undefined
    if (value === null) nulls.add(row)
    texts.push(text)
  }
  return nulls.vector(textBuffers(texts))
}

/** Texts that are written once, and their codes row by row. */
export class Dictionary {
  readonly id: number
  readonly #codes = new Map<Edn, number>()
  readonly #texts: string[] = []

  constructor(id: number) {
    this.id = id
  }

  /** Values are told apart by identity, as keywords and symbols can be. */
  vector(values: ArrayLike<Edn>, textOf: TextOf): ArrowVector | undefined {
    const codes = new Int32Array(values.length)
    const nulls = new Nulls(values.length)
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!
      if (value === null) nulls.add(row)
      else {
        const code = this.#codes.get(value) ?? this.#added(value, textOf(value))
        if (code === undefined) return undefined
        codes[row] = code
      }
    }
    return nulls.vector([bytesOf(codes)])
  }

  values(): ArrowVector {
    return new Nulls(this.#texts.length).vector(textBuffers(this.#texts))
  }

  #added(value: Edn, text: string | undefined): number | undefined {
    if (text === undefined) return undefined
    const code = this.#texts.push(text) - 1
    this.#codes.set(value, code)
    return code
  }
}

/** Where each text ends, and all of them: encoded at once, which is faster than one by one. */
function textBuffers(texts: readonly string[]): readonly Uint8Array[] {
  const ends = new Int32Array(texts.length + 1)
  const bytes = ENCODER.encode(texts.join(''))
  let end = 0
  for (const [row, text] of texts.entries()) {
    end += text.length
    ends[row + 1] = end
  }
  // As many bytes as units: every character is plain.
  if (end !== bytes.byteLength) {
    end = 0
    for (const [row, text] of texts.entries()) {
      end += Buffer.byteLength(text)
      ends[row + 1] = end
    }
  }
  return [bytesOf(ends), bytes]
}

/** Which rows hold nothing. */
class Nulls {
  readonly #rowCount: number
  #bits = NOTHING
  #count = 0

  constructor(rowCount: number) {
    this.#rowCount = rowCount
  }

  add(row: number): void {
    if (this.#count++ === 0) this.#bits = new Uint8Array(Math.ceil(this.#rowCount / 8)).fill(0xff)
    this.#bits[row >> 3]! &= ~(1 << (row & 7))
  }

  vector(buffers: readonly Uint8Array[]): ArrowVector {
    return { rowCount: this.#rowCount, nullCount: this.#count, buffers: [this.#bits, ...buffers] }
  }
}

function setInt64(words: Int32Array, row: number, value: number): void {
  const high = Math.floor(value / TWO_TO_32)
  words[row * 2] = value - high * TWO_TO_32
  words[row * 2 + 1] = high
}

function setBigInt64(words: Int32Array, row: number, value: bigint): void {
  words[row * 2] = Number(BigInt.asIntN(32, value))
  words[row * 2 + 1] = Number(BigInt.asIntN(32, value >> 32n))
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
