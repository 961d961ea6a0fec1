// Text as bytes: comparing, making columns of it, and finding out whether it repeats enough for a dictionary.

import { assert } from '../base/assert.ts'
import { type ColumnData, type DictionaryColumn, plainText, type TextColumn } from './column.ts'
import { TextCodes } from './text-codes.ts'

/** A dictionary larger than this is not worth its codes. */
const DICTIONARY_COUNT_MAX = 1 << 20
/** Rows looked at before a column of text is given up as mostly distinct. */
const SAMPLE_COUNT = 4_096

export function textColumn(texts: readonly string[]): TextColumn {
  let byteCountMax = 0
  for (const text of texts) byteCountMax += text.length * 3
  assert(byteCountMax < 2 ** 32 * 3, 'one column holds less than 4 GiB of text')
  let buffer = Buffer.allocUnsafeSlow(Math.min(byteCountMax, Math.max(1024, byteCountMax / 3 + 64)))
  const offsets = new Uint32Array(texts.length + 1)
  let at = 0
  for (let row = 0; row < texts.length; row++) {
    const text = texts[row]!
    if (at + text.length * 3 > buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + text.length * 3))
      grown.set(buffer.subarray(0, at))
      buffer = grown
    }
    at += buffer.write(text, at, 'utf8')
    offsets[row + 1] = at
  }
  return { kind: 'text', offsets, bytes: new Uint8Array(buffer.buffer, buffer.byteOffset, at) }
}

export function bytesColumn(values: readonly Uint8Array[]): TextColumn {
  const offsets = new Uint32Array(values.length + 1)
  values.forEach((value, row) => (offsets[row + 1] = offsets[row]! + value.byteLength))
  const bytes = new Uint8Array(offsets.at(-1)!)
  values.forEach((value, row) => bytes.set(value, offsets[row]))
  return { kind: 'text', offsets, bytes }
}

/** The row of a text or dictionary column within the plain text behind it. */
export function textRow(column: TextColumn | DictionaryColumn, row: number): number {
  return column.kind === 'text' ? row : column.codes[row]!
}

export function bytesAt(column: ColumnData, row: number): Uint8Array {
  assert(column.kind === 'text' || column.kind === 'dictionary', 'text lies as text or as codes')
  const { offsets, bytes } = column.kind === 'text' ? column : column.dictionary
  const at = textRow(column, row)
  return bytes.subarray(offsets[at], offsets[at + 1])
}

export function textAt(column: ColumnData, row: number): string {
  assert(column.kind === 'text' || column.kind === 'dictionary', 'text lies as text or as codes')
  const { offsets, bytes } = column.kind === 'text' ? column : column.dictionary
  const at = textRow(column, row)
  const from = offsets[at]!
  const to = offsets[at + 1]!
  return bufferOf(bytes).toString('utf8', from, to)
}

// One wrapper per array: making one costs more than reading a short text through it.
const buffers = new WeakMap<Uint8Array, Buffer>()

function bufferOf(bytes: Uint8Array): Buffer {
  let buffer = buffers.get(bytes)
  if (buffer === undefined) {
    buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    buffers.set(bytes, buffer)
  }
  return buffer
}

/** Unsigned byte order, a prefix first: for UTF-8 the order by code point. */
export function compareBytes(x: Uint8Array, y: Uint8Array): number {
  const length = Math.min(x.length, y.length)
  for (let i = 0; i < length; i++) {
    const difference = x[i]! - y[i]!
    if (difference !== 0) return difference
  }
  return x.length - y.length
}

/** The same column as codes where few texts repeat often, else as it is. */
export function withDictionary(column: ColumnData): TextColumn | DictionaryColumn {
  if (column.kind === 'dictionary') return compactDictionary(column)
  assert(column.kind === 'text', 'text lies as text or as codes')
  const rowCount = column.offsets.length - 1
  const found = new TextCodes(column)
  const codes = new Uint32Array(rowCount)
  const countMax = Math.min(DICTIONARY_COUNT_MAX, rowCount >> 2)
  for (let row = 0; row < rowCount; row++) {
    const code = found.codeOf(row)
    codes[row] = code
    if (found.firsts[code] !== row) continue
    if (code >= countMax || (row >= SAMPLE_COUNT && row < SAMPLE_COUNT * 2 && code * 2 > row)) return column
  }
  return sortedDictionary(
    codes,
    found.firsts.map((row) => bytesAt(column, row)),
  )
}

/** Only the texts that a row still uses. */
function compactDictionary(column: DictionaryColumn): TextColumn | DictionaryColumn {
  const { codes, dictionary } = column
  const count = dictionary.offsets.length - 1
  const isUsed = new Uint8Array(count)
  for (const code of codes) isUsed[code] = 1
  let usedCount = 0
  const renamed = new Uint32Array(count)
  const texts: Uint8Array[] = []
  for (let code = 0; code < count; code++) {
    if (isUsed[code] === 0) continue
    renamed[code] = usedCount++
    texts.push(bytesAt(dictionary, code))
  }
  if (usedCount > codes.length >> 2) return plainText(column)
  return {
    kind: 'dictionary',
    codes: narrowCodes(
      Uint32Array.from(codes, (code) => renamed[code]!),
      usedCount,
    ),
    dictionary: bytesColumn(texts),
  }
}

function sortedDictionary(codes: Uint32Array, texts: readonly Uint8Array[]): DictionaryColumn {
  const order = texts.map((_, code) => code).sort((x, y) => compareBytes(texts[x]!, texts[y]!))
  const renamed = new Uint32Array(texts.length)
  order.forEach((code, rank) => (renamed[code] = rank))
  for (let row = 0; row < codes.length; row++) codes[row] = renamed[codes[row]!]!
  return {
    kind: 'dictionary',
    codes: narrowCodes(codes, texts.length),
    dictionary: bytesColumn(order.map((code) => texts[code]!)),
  }
}

function narrowCodes(codes: Uint32Array, count: number): Uint8Array | Uint16Array | Uint32Array {
  return count <= 256 ? Uint8Array.from(codes) : count <= 65_536 ? Uint16Array.from(codes) : codes
}
