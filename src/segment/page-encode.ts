// The bytes of one page before compression: Parquet's encodings as this writer uses them. Integers are
// delta-packed (plain where differences are wider than 32 bits), doubles and booleans plain, codes as one
// bit-packed run of 8, 16 or 32 bits, text as delta-packed lengths followed by the bytes.

import { assert } from '../base/assert.ts'
import type { ColumnData, ColumnType, TextColumn } from './column.ts'
import { packDeltas } from './delta.ts'

/** Codecs of Parquet that a column may have. */
export const CODEC = { none: 0, zstd: 6 } as const

/** Numbers of Parquet's `Encoding`. */
export const ENCODING = { plain: 0, rle: 3, delta: 5, deltaLength: 6, dictionary: 8 } as const

export type EncodedPage = { readonly encoding: number; readonly body: Uint8Array }

export function encodePage(type: ColumnType, column: ColumnData, from: number, to: number): EncodedPage {
  switch (column.kind) {
    case 'integer': {
      const deltas = packDeltas(column.data, from, to, column.base)
      if (deltas !== undefined) return { encoding: ENCODING.delta, body: deltas }
      assert(type !== 'int32', 'a 32-bit column has narrow differences')
      return plain(BigInt64Array.from(column.data.subarray(from, to), (x) => BigInt(x + column.base)))
    }
    case 'long':
      return plain(column.data.slice(from, to))
    case 'double':
      return plain(column.data.slice(from, to))
    case 'float':
      return plain(column.data.slice(from, to))
    case 'boolean':
      return { encoding: ENCODING.plain, body: packBooleans(column.data, from, to) }
    case 'dictionary':
      return { encoding: ENCODING.dictionary, body: packCodes(column.codes, from, to) }
    case 'text':
      return { encoding: ENCODING.deltaLength, body: packTexts(column, from, to) }
  }
}

/** The dictionary page: every text with its length before it. */
export function encodeDictionary({ offsets, bytes }: TextColumn): Uint8Array {
  const count = offsets.length - 1
  const out = Buffer.alloc(count * 4 + offsets[count]! - offsets[0]!)
  let at = 0
  for (let row = 0; row < count; row++) {
    const from = offsets[row]!
    const length = offsets[row + 1]! - from
    at = out.writeUInt32LE(length, at)
    out.set(bytes.subarray(from, from + length), at)
    at += length
  }
  return out
}

function plain(values: BigInt64Array | Float64Array | Float32Array): EncodedPage {
  return {
    encoding: ENCODING.plain,
    body: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  }
}

function packBooleans(data: Uint8Array, from: number, to: number): Uint8Array {
  const out = new Uint8Array((to - from + 7) >> 3)
  for (let row = from; row < to; row++) {
    const bit = row - from
    if (data[row] === 1) out[bit >> 3] = out[bit >> 3]! | (1 << (bit & 7))
  }
  return out
}

function packCodes(codes: Uint8Array | Uint16Array | Uint32Array, from: number, to: number): Uint8Array {
  const width = codes.BYTES_PER_ELEMENT
  const groupCount = (to - from + 7) >> 3
  const header = [width * 8]
  let rest = groupCount * 2 + 1
  for (; rest >= 128; rest = Math.floor(rest / 128)) header.push((rest % 128) | 128)
  header.push(rest)
  const out = new Uint8Array(header.length + groupCount * 8 * width)
  out.set(header)
  const rows = codes.subarray(from, to)
  out.set(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength), header.length)
  return out
}

function packTexts({ offsets, bytes }: TextColumn, from: number, to: number): Uint8Array {
  const lengths = new Uint32Array(to - from)
  for (let row = from; row < to; row++) lengths[row - from] = offsets[row + 1]! - offsets[row]!
  const packed = packDeltas(lengths, 0, lengths.length, 0)
  assert(packed !== undefined, 'lengths within one page differ by less than 2^32')
  const text = bytes.subarray(offsets[from], offsets[to])
  const out = new Uint8Array(packed.byteLength + text.byteLength)
  out.set(packed)
  out.set(text, packed.byteLength)
  return out
}
