// How much a reader of EDN or JSON takes before it refuses: what strangers send must not cost more than this.

import type { Place } from '../base/errors.ts'
import { limitExceeded } from './errors.ts'

/** Brackets, tags and other forms within each other. */
export const DEPTH_MAX = 100
/** Values in one text, each collection and what it holds counted: they take ten times the memory of the text. */
export const ELEMENT_COUNT_MAX = 2_000_000
/** UTF-8 bytes of the whole text. */
export const TEXT_BYTES_MAX = 16 * 1024 * 1024
/** UTF-16 units of one string. */
export const STRING_LENGTH_MAX = 8 * 1024 * 1024
/** Bytes of one value: as many as a string of base64 can say. */
export const BYTES_LENGTH_MAX = (STRING_LENGTH_MAX / 4) * 3
/** Digits of one number. */
export const NUMBER_DIGITS_MAX = 1_000
/** Power of ten of a decimal, either way. */
export const DECIMAL_EXPONENT_MAX = 1_000

export type ReadOptions = {
  readonly depthMax?: number
  readonly elementCountMax?: number
  readonly textBytesMax?: number
  readonly stringLengthMax?: number
  readonly numberDigitsMax?: number
  readonly decimalExponentMax?: number
  /** How the text is called in places: a file, a field of a request. */
  readonly source?: string
  /** The line of its source at which the text begins, from 1. */
  readonly firstLine?: number
}

/** For text that Varve wrote itself, to its own workers, files and clients: as large as what was said. */
export const WRITTEN_BY_VARVE: ReadOptions = {
  // Beyond what writers write; a deeper text is not ours.
  depthMax: 10_000,
  elementCountMax: Infinity,
  textBytesMax: Infinity,
  stringLengthMax: Infinity,
  numberDigitsMax: Infinity,
  decimalExponentMax: Infinity,
}

export type Limits = Required<Omit<ReadOptions, 'source' | 'firstLine'>>

export function limitsOf(options: ReadOptions): Limits {
  return {
    depthMax: options.depthMax ?? DEPTH_MAX,
    elementCountMax: options.elementCountMax ?? ELEMENT_COUNT_MAX,
    textBytesMax: options.textBytesMax ?? TEXT_BYTES_MAX,
    stringLengthMax: options.stringLengthMax ?? STRING_LENGTH_MAX,
    numberDigitsMax: options.numberDigitsMax ?? NUMBER_DIGITS_MAX,
    decimalExponentMax: options.decimalExponentMax ?? DECIMAL_EXPONENT_MAX,
  }
}

/** Refuses a text of more bytes than allowed, without encoding it where its length alone decides. */
export function checkTextBytes(text: string, bytesMax: number, source: string | undefined): void {
  if (text.length * 3 <= bytesMax) return
  if (text.length <= bytesMax && new TextEncoder().encode(text).length <= bytesMax) return
  const place: Place = source === undefined ? { line: 1, column: 1 } : { source, line: 1, column: 1 }
  throw limitExceeded('The text', 'bytes', bytesMax, place)
}
