// Writes a segment: one standard Parquet file of one row group, whose pages hold the same rows in every column.
// Behind the pages lie column index, offset index and footer, called the tail: a reader checks it by one CRC-32
// that the root holds, and finds in it a CRC-32 of every whole page, header included (`varve.pages`), because
// Parquet's own page checksum leaves the header out. So no byte is used unchecked (I8).
// Layout in words: docs/reference/format.md.

import { constants, zstdCompressSync } from 'node:zlib'
import { assert } from '../base/assert.ts'
import { crc32 } from '../base/checksum.ts'
import { type ColumnData, type ColumnType, rowCountOf, type TextColumn } from './column.ts'
import { CODEC, ENCODING, encodeDictionary, encodePage } from './page-encode.ts'
import { bytesAt, compareBytes, withDictionary } from './text.ts'
import { THRIFT_TYPE, ThriftWriter } from './thrift.ts'

export type SegmentColumn = {
  readonly name: string
  readonly type: ColumnType
  readonly data: ColumnData
  /** Rows ascend in the order of Parquet (numbers; text by bytes): gives bounds per page, for point reads. */
  readonly isSorted: boolean
}

export type SegmentLimits = {
  /** Rows of one page, the same in every column. */
  readonly pageRowCountMax: number
  /** A page ends earlier where the text of one of its columns is this large. */
  readonly pageTextBytesMax: number
}

export const SEGMENT_LIMITS: SegmentLimits = { pageRowCountMax: 8_192, pageTextBytesMax: 1 << 20 }

export type WrittenSegment = {
  readonly bytes: Uint8Array
  readonly rowCount: number
  /** Indexes and footer, up to the end of the file. */
  readonly tailByteCount: number
  readonly tailCrc32: number
}

const MAGIC = new TextEncoder().encode('PAR1')
/** A column of less than this is not compressed: setting a compressor up takes longer than it could ever save. */
const COMPRESSED_BYTES_MIN = 4_096
/** Nor is one whose pages are smaller than this: ids that follow one another take some 400 bytes a page as they are. */
const COMPRESSED_PAGE_BYTES_MIN = 1_024
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const PAGE_KIND = { data: 0, dictionary: 2 } as const
/** Longer texts are cut in statistics, which stay bounds. */
const BOUND_BYTES_MAX = 64

/** The bytes of a segment with these columns. `metadata` becomes key-value metadata of the file. */
export function writeSegment(
  columns: readonly SegmentColumn[],
  metadata: Readonly<Record<string, string>>,
  limits: SegmentLimits = SEGMENT_LIMITS,
): WrittenSegment {
  const rowCount = rowCountOf(columns[0]!.data)
  assert(rowCount > 0, 'a segment holds rows')
  assert(
    columns.every(({ data }) => rowCountOf(data) === rowCount),
    'columns of a segment are of one length',
  )
  const file = new FileBytes()
  file.put(MAGIC)
  const starts = pageStarts(columns, rowCount, limits)
  const chunks = columns.map((column) => writeChunk(file, column, starts, rowCount))
  const tailStart = file.byteCount
  for (const chunk of chunks) writeColumnIndex(file, chunk)
  for (const chunk of chunks) writeOffsetIndex(file, chunk)
  file.put(footerBytes(chunks, rowCount, metadata))
  const bytes = file.finish()
  const tail = bytes.subarray(tailStart)
  return { bytes, rowCount, tailByteCount: tail.byteLength, tailCrc32: crc32(tail) }
}

type Bounds = { readonly least: Uint8Array; readonly greatest: Uint8Array }

type Page = {
  readonly offset: number
  readonly byteCount: number
  readonly firstRow: number
  readonly crc32: number
  readonly bounds: Bounds | undefined
}

type Chunk = {
  readonly column: SegmentColumn
  readonly data: ColumnData
  readonly codec: number
  readonly offset: number
  readonly byteCount: number
  readonly plainByteCount: number
  readonly dictionary: { readonly offset: number; readonly crc32: number } | undefined
  readonly pages: readonly Page[]
  readonly encodings: ReadonlySet<number>
  columnIndex: { readonly offset: number; readonly byteCount: number } | undefined
  offsetIndex: { readonly offset: number; readonly byteCount: number } | undefined
}

class FileBytes {
  readonly #pieces: Uint8Array[] = []
  byteCount = 0

  put(piece: Uint8Array): void {
    this.#pieces.push(piece)
    this.byteCount += piece.byteLength
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#pieces, this.byteCount)
  }
}

/** First rows of the pages: full pages, cut earlier where texts are long. */
function pageStarts(columns: readonly SegmentColumn[], rowCount: number, limits: SegmentLimits): number[] {
  const texts = columns.map(({ data }) => data).filter((data): data is TextColumn => data.kind === 'text')
  const starts: number[] = []
  let row = 0
  while (row < rowCount) {
    starts.push(row)
    let end = Math.min(row + limits.pageRowCountMax, rowCount)
    for (const { offsets } of texts) {
      while (end > row + 1 && offsets[end]! - offsets[row]! > limits.pageTextBytesMax) {
        // Halving finds a fitting end in a few steps; pages need not be full to the last byte.
        end = row + Math.max(1, (end - row) >> 1)
      }
    }
    row = end
  }
  return starts
}

function writeChunk(
  file: FileBytes,
  column: SegmentColumn,
  starts: readonly number[],
  rowCount: number,
): Chunk {
  const data = column.type === 'text' ? withDictionary(column.data) : column.data
  const offset = file.byteCount
  const dictionaryBody = data.kind === 'dictionary' ? encodeDictionary(data.dictionary) : undefined
  const bodies = starts.map((firstRow, index) =>
    encodePage(column.type, data, firstRow, starts[index + 1] ?? rowCount),
  )
  const bodyByteCount = bodies.reduce(
    (sum, { body }) => sum + body.byteLength,
    dictionaryBody?.byteLength ?? 0,
  )
  const isSmall = bodyByteCount < Math.max(COMPRESSED_BYTES_MIN, bodies.length * COMPRESSED_PAGE_BYTES_MIN)
  const codec = isSmall ? CODEC.none : CODEC.zstd
  let plainByteCount = 0
  const encodings = new Set<number>()
  const put = (kind: number, count: number, encoding: number, body: Uint8Array) => {
    const at = file.byteCount
    const packed = codec === CODEC.none ? body : zstdCompressSync(body, ZSTD)
    const header = pageHeader(kind, count, encoding, body.byteLength, packed)
    file.put(header)
    file.put(packed)
    plainByteCount += header.byteLength + body.byteLength
    encodings.add(encoding)
    return { offset: at, byteCount: file.byteCount - at, crc32: crc32(packed, crc32(header)) }
  }
  const dictionary =
    data.kind === 'dictionary'
      ? put(PAGE_KIND.dictionary, rowCountOf(data.dictionary), ENCODING.plain, dictionaryBody!)
      : undefined
  const pages = starts.map((firstRow, index): Page => {
    const limit = starts[index + 1] ?? rowCount
    const { encoding, body } = bodies[index]!
    const written = put(PAGE_KIND.data, limit - firstRow, encoding, body)
    return { ...written, firstRow, bounds: boundsOf(column, data, firstRow, limit) }
  })
  const byteCount = file.byteCount - offset
  const indexes = { columnIndex: undefined, offsetIndex: undefined }
  return { column, data, codec, offset, byteCount, plainByteCount, dictionary, pages, encodings, ...indexes }
}

function pageHeader(
  kind: number,
  count: number,
  encoding: number,
  plainByteCount: number,
  packed: Uint8Array,
): Uint8Array {
  const thrift = new ThriftWriter()
  thrift.i32(1, kind)
  thrift.i32(2, plainByteCount)
  thrift.i32(3, packed.byteLength)
  thrift.i32(4, crc32(packed) | 0)
  if (kind === PAGE_KIND.dictionary) {
    thrift.begin(7)
    thrift.i32(1, count)
    thrift.i32(2, encoding)
    thrift.end()
  } else {
    thrift.begin(5)
    thrift.i32(1, count)
    thrift.i32(2, encoding)
    // Levels of required columns take no bytes, whatever their encoding is called.
    thrift.i32(3, ENCODING.rle)
    thrift.i32(4, ENCODING.rle)
    thrift.end()
  }
  return thrift.finish()
}

/** Least and greatest of rows, as Parquet writes them; undefined where nobody would search by them. */
function boundsOf(column: SegmentColumn, data: ColumnData, from: number, to: number): Bounds | undefined {
  switch (data.kind) {
    case 'integer': {
      let least = Infinity
      let greatest = -Infinity
      for (let row = from; row < to; row++) {
        const number = data.data[row]!
        if (number < least) least = number
        if (number > greatest) greatest = number
      }
      const { base } = data
      return {
        least: integerBytes(column.type, BigInt(least + base)),
        greatest: integerBytes(column.type, BigInt(greatest + base)),
      }
    }
    case 'long': {
      let least = data.data[from]!
      let greatest = least
      for (let row = from; row < to; row++) {
        const number = data.data[row]!
        if (number < least) least = number
        if (number > greatest) greatest = number
      }
      return { least: integerBytes(column.type, least), greatest: integerBytes(column.type, greatest) }
    }
    case 'text':
    case 'dictionary': {
      if (!column.isSorted) return undefined
      const greatest = boundAbove(bytesAt(data, to - 1), column.type)
      return greatest === undefined ? undefined : { least: boundBelow(bytesAt(data, from)), greatest }
    }
    default:
      return undefined
  }
}

function integerBytes(type: ColumnType, value: bigint): Uint8Array {
  const bytes = Buffer.alloc(type === 'int32' ? 4 : 8)
  if (type === 'int32') bytes.writeInt32LE(Number(value))
  else bytes.writeBigInt64LE(value)
  return bytes
}

/** A prefix of whole characters is never above the text. */
function boundBelow(text: Uint8Array): Uint8Array {
  if (text.byteLength <= BOUND_BYTES_MAX) return text
  return text.subarray(0, characterStart(text, BOUND_BYTES_MAX))
}

/** A prefix whose last ASCII character is one higher is above every text with that prefix. */
function boundAbove(text: Uint8Array, type: ColumnType): Uint8Array | undefined {
  if (text.byteLength <= BOUND_BYTES_MAX) return text
  if (type !== 'text') return undefined
  for (let at = BOUND_BYTES_MAX - 1; at >= 0; at--) {
    const byte = text[at]!
    if (byte >= 0x7f) continue
    const bound = text.slice(0, at + 1)
    bound[at] = byte + 1
    return bound
  }
  return undefined
}

function characterStart(text: Uint8Array, at: number): number {
  let start = at
  while (start > 0 && (text[start]! & 0xc0) === 0x80) start--
  return start
}

function writeColumnIndex(file: FileBytes, chunk: Chunk): void {
  const bounds: Bounds[] = []
  for (const page of chunk.pages) if (page.bounds !== undefined) bounds.push(page.bounds)
  if (bounds.length < chunk.pages.length) return
  const thrift = new ThriftWriter()
  thrift.list(1, THRIFT_TYPE.boolean, bounds.length)
  for (const _ of bounds) thrift.booleanItem(false)
  thrift.list(2, THRIFT_TYPE.binary, bounds.length)
  for (const { least } of bounds) thrift.binaryItem(least)
  thrift.list(3, THRIFT_TYPE.binary, bounds.length)
  for (const { greatest } of bounds) thrift.binaryItem(greatest)
  thrift.i32(4, chunk.column.isSorted ? 1 : 0)
  const bytes = thrift.finish()
  chunk.columnIndex = { offset: file.byteCount, byteCount: bytes.byteLength }
  file.put(bytes)
}

function writeOffsetIndex(file: FileBytes, chunk: Chunk): void {
  const thrift = new ThriftWriter()
  thrift.list(1, THRIFT_TYPE.struct, chunk.pages.length)
  for (const { offset, byteCount, firstRow } of chunk.pages) {
    thrift.begin()
    thrift.i64(1, offset)
    thrift.i32(2, byteCount)
    thrift.i64(3, firstRow)
    thrift.end()
  }
  const bytes = thrift.finish()
  chunk.offsetIndex = { offset: file.byteCount, byteCount: bytes.byteLength }
  file.put(bytes)
}

function footerBytes(
  chunks: readonly Chunk[],
  rowCount: number,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const thrift = new ThriftWriter()
  thrift.i32(1, 2)
  writeSchema(thrift, chunks)
  thrift.i64(3, rowCount)
  thrift.list(4, THRIFT_TYPE.struct, 1)
  thrift.begin()
  thrift.list(1, THRIFT_TYPE.struct, chunks.length)
  for (const chunk of chunks) writeColumnChunk(thrift, chunk, rowCount)
  thrift.i64(
    2,
    chunks.reduce((sum, { plainByteCount }) => sum + plainByteCount, 0),
  )
  thrift.i64(3, rowCount)
  thrift.end()
  const pairs = Object.entries({ ...metadata, 'varve.pages': pageChecksums(chunks) })
  thrift.list(5, THRIFT_TYPE.struct, pairs.length)
  for (const [key, value] of pairs) {
    thrift.begin()
    thrift.binary(1, key)
    thrift.binary(2, value)
    thrift.end()
  }
  thrift.binary(6, 'varve')
  thrift.list(7, THRIFT_TYPE.struct, chunks.length)
  for (const _ of chunks) {
    // Every column is ordered as its type says; without this readers distrust least and greatest.
    thrift.begin()
    thrift.begin(1)
    thrift.end()
    thrift.end()
  }
  const footer = thrift.finish()
  const out = Buffer.alloc(footer.byteLength + 8)
  out.set(footer)
  out.writeUInt32LE(footer.byteLength, footer.byteLength)
  out.set(MAGIC, footer.byteLength + 4)
  return out
}

/** CRC-32 of every page as it lies, column by column, a column's dictionary first. */
function pageChecksums(chunks: readonly Chunk[]): string {
  const sums: number[] = []
  for (const { dictionary, pages } of chunks) {
    if (dictionary !== undefined) sums.push(dictionary.crc32)
    for (const page of pages) sums.push(page.crc32)
  }
  const bytes = Buffer.alloc(sums.length * 4)
  sums.forEach((sum, index) => bytes.writeUInt32LE(sum, index * 4))
  return bytes.toString('base64')
}

/** Parquet's physical type, and what says how to show it. */
const PHYSICAL: Readonly<Record<ColumnType, number>> = {
  boolean: 0,
  int32: 1,
  int64: 2,
  instant: 2,
  float: 4,
  double: 5,
  text: 6,
  bytes: 6,
}
const CONVERTED_UTF8 = 0
const CONVERTED_TIMESTAMP_MILLIS = 9

function writeSchema(thrift: ThriftWriter, chunks: readonly Chunk[]): void {
  thrift.list(2, THRIFT_TYPE.struct, chunks.length + 1)
  thrift.begin()
  thrift.binary(4, 'schema')
  thrift.i32(5, chunks.length)
  thrift.end()
  for (const { column } of chunks) {
    thrift.begin()
    thrift.i32(1, PHYSICAL[column.type])
    thrift.i32(3, 0)
    thrift.binary(4, column.name)
    if (column.type === 'text') {
      thrift.i32(6, CONVERTED_UTF8)
      thrift.begin(10)
      thrift.begin(1)
      thrift.end()
      thrift.end()
    }
    if (column.type === 'instant') {
      thrift.i32(6, CONVERTED_TIMESTAMP_MILLIS)
      thrift.begin(10)
      thrift.begin(8)
      thrift.boolean(1, true)
      thrift.begin(2)
      thrift.begin(1)
      thrift.end()
      thrift.end()
      thrift.end()
      thrift.end()
    }
    thrift.end()
  }
}

function writeColumnChunk(thrift: ThriftWriter, chunk: Chunk, rowCount: number): void {
  const { column, pages, dictionary, offset } = chunk
  thrift.begin()
  thrift.i64(2, 0)
  thrift.begin(3)
  thrift.i32(1, PHYSICAL[column.type])
  thrift.list(2, THRIFT_TYPE.i32, chunk.encodings.size)
  for (const encoding of chunk.encodings) thrift.zigzag(encoding)
  thrift.list(3, THRIFT_TYPE.binary, 1)
  thrift.binaryItem(column.name)
  thrift.i32(4, chunk.codec)
  thrift.i64(5, rowCount)
  thrift.i64(6, chunk.plainByteCount)
  thrift.i64(7, chunk.byteCount)
  thrift.i64(9, pages[0]!.offset)
  if (dictionary !== undefined) thrift.i64(11, offset)
  writeStatistics(thrift, chunk)
  thrift.end()
  if (chunk.offsetIndex !== undefined) {
    thrift.i64(4, chunk.offsetIndex.offset)
    thrift.i32(5, chunk.offsetIndex.byteCount)
  }
  if (chunk.columnIndex !== undefined) {
    thrift.i64(6, chunk.columnIndex.offset)
    thrift.i32(7, chunk.columnIndex.byteCount)
  }
  thrift.end()
}

/** Bounds of the whole column, where every page has them. */
function writeStatistics(thrift: ThriftWriter, { column, pages }: Chunk): void {
  let bounds = pages[0]!.bounds
  for (const page of pages) {
    if (bounds === undefined || page.bounds === undefined) return
    const { least, greatest } = page.bounds
    bounds = {
      least: compareBounds(column.type, least, bounds.least) < 0 ? least : bounds.least,
      greatest: compareBounds(column.type, greatest, bounds.greatest) > 0 ? greatest : bounds.greatest,
    }
  }
  if (bounds === undefined) return
  thrift.begin(12)
  thrift.i64(3, 0)
  thrift.binary(5, bounds.greatest)
  thrift.binary(6, bounds.least)
  thrift.end()
}

function compareBounds(type: ColumnType, x: Uint8Array, y: Uint8Array): number {
  if (type === 'text' || type === 'bytes') return compareBytes(x, y)
  const a = boundToInteger(x)
  const b = boundToInteger(y)
  return a < b ? -1 : a > b ? 1 : 0
}

/** A bound of an integer column as it stands in a file. */
export function boundToInteger(bytes: Uint8Array): bigint {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return bytes.byteLength === 4 ? BigInt(buffer.readInt32LE()) : buffer.readBigInt64LE()
}
