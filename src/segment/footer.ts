// What the tail of a segment says: columns, their pages with place, rows, checksum and bounds. Parsed from bytes
// that passed the tail's checksum; a wrong shape is still answered, not trusted.

import { type ColumnType, isNarrow } from './column.ts'
import { CODEC } from './page-encode.ts'
import { boundToInteger } from './segment-writer.ts'
import { ThriftError, ThriftReader, type ThriftStruct } from './thrift.ts'

export type PageInfo = {
  readonly offset: number
  readonly byteCount: number
  readonly firstRow: number
  readonly rowCount: number
  readonly isCompressed: boolean
  readonly crc32: number
}

export type ColumnInfo = {
  readonly name: string
  readonly type: ColumnType
  readonly offset: number
  readonly byteCount: number
  readonly pages: readonly PageInfo[]
  readonly dictionary: Omit<PageInfo, 'firstRow' | 'rowCount'> | undefined
  /** Least and greatest of an integer column; bigint where one is beyond 2^53. */
  readonly integers: IntegerBounds | undefined
  /** Least value of each page, where the file is sorted by this column: numbers, or bytes that are no greater. */
  readonly pageLeasts: Float64Array | readonly Uint8Array[] | undefined
}

export type IntegerBounds =
  | { readonly kind: 'exact'; readonly least: number; readonly greatest: number; readonly isNarrow: boolean }
  | { readonly kind: 'beyond' }

export type Footer = {
  readonly rowCount: number
  readonly columns: readonly ColumnInfo[]
  readonly metadata: ReadonlyMap<string, string>
}

const PHYSICAL_TYPES: Readonly<Record<number, ColumnType>> = {
  0: 'boolean',
  1: 'int32',
  2: 'int64',
  4: 'float',
  5: 'double',
  6: 'bytes',
}

/** Reads a tail that begins at byte `tailOffset` of its file. Throws a `ThriftError` where it is none. */
export function parseTail(tail: Uint8Array, tailOffset: number): Footer {
  const buffer = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength)
  require(tail.byteLength >= 8 &&
    buffer.toString('latin1', tail.byteLength - 4) === 'PAR1', 'no Parquet file')
  const footerStart = tail.byteLength - 8 - buffer.readUInt32LE(tail.byteLength - 8)
  require(footerStart >= 0, 'a footer longer than its tail')
  const footer = new ThriftReader(tail, footerStart).struct()
  const rowCount = footer.number(3)
  const metadata = new Map(footer.structs(5).map((pair) => [pair.text(1), pair.text(2)]))
  const sums = pageChecksums(metadata.get('varve.pages') ?? '')
  const schema = footer.structs(2).slice(1)
  const groups = footer.structs(4)
  require(groups.length === 1, 'more row groups than one')
  const chunks = groups[0]!.structs(1)
  require(chunks.length === schema.length, 'columns that the schema does not name')
  const columns = chunks.map((chunk, index): ColumnInfo => {
    const element = schema[index]!
    return readColumn({ chunk, element, tail, tailOffset, rowCount, sums })
  })
  return { rowCount, columns, metadata }
}

type ChunkPlace = {
  readonly chunk: ThriftStruct
  readonly element: ThriftStruct
  readonly tail: Uint8Array
  readonly tailOffset: number
  readonly rowCount: number
  readonly sums: Iterator<number>
}

function readColumn({ chunk, element, tail, tailOffset, rowCount, sums }: ChunkPlace): ColumnInfo {
  const meta = chunk.struct(3)
  const type = columnType(element)
  const firstPage = meta.number(9)
  const offset = meta.has(11) ? meta.number(11) : firstPage
  const codec = meta.number(4)
  const isCompressed = codec === CODEC.zstd
  require((isCompressed || codec === CODEC.none) &&
    meta.number(5) === rowCount, 'a column written by somebody else')
  const dictionary = meta.has(11)
    ? { offset, byteCount: firstPage - offset, isCompressed, crc32: nextSum(sums) }
    : undefined
  const locations = new ThriftReader(tail, chunk.number(4) - tailOffset).struct().structs(1)
  const pages = locations.map((location, index): PageInfo => {
    const firstRow = location.number(3)
    const next = locations[index + 1]
    const page = {
      offset: location.number(1),
      byteCount: location.number(2),
      firstRow,
      isCompressed,
      rowCount: (next === undefined ? rowCount : next.number(3)) - firstRow,
      crc32: nextSum(sums),
    }
    require(page.rowCount > 0 && page.offset + page.byteCount <= tailOffset, 'a page outside of the file')
    return page
  })
  require(pages.length > 0 && pages[0]!.firstRow === 0, 'a column without its first page')
  const leasts = chunk.has(6) ? sortedLeasts(tail, chunk.number(6) - tailOffset, pages.length) : undefined
  return {
    name: element.text(4),
    type,
    offset,
    byteCount: meta.number(7),
    pages,
    dictionary,
    integers: meta.has(12) ? integerBounds(type, meta.struct(12)) : undefined,
    pageLeasts: leasts === undefined || !isInteger(type) ? leasts : numbersOf(leasts),
  }
}

function columnType(element: ThriftStruct): ColumnType {
  const type = PHYSICAL_TYPES[element.number(1)]
  require(type !== undefined && element.number(3) === 0, 'a column that is not ours')
  if (!element.has(6)) return type!
  return type === 'bytes' ? 'text' : 'instant'
}

function isInteger(type: ColumnType): boolean {
  return type === 'int32' || type === 'int64' || type === 'instant'
}

/** Beyond 2^53 the numbers are rounded, which keeps their order. */
function numbersOf(bounds: readonly Uint8Array[]): Float64Array {
  return Float64Array.from(bounds, (bound) => Number(boundToInteger(bound)))
}

function integerBounds(type: ColumnType, statistics: ThriftStruct): IntegerBounds | undefined {
  if (!isInteger(type)) return undefined
  const least = Number(boundToInteger(statistics.bytes(6)))
  const greatest = Number(boundToInteger(statistics.bytes(5)))
  if (!Number.isSafeInteger(least) || !Number.isSafeInteger(greatest)) return { kind: 'beyond' }
  return { kind: 'exact', least, greatest, isNarrow: isNarrow(least, greatest) }
}

function sortedLeasts(
  tail: Uint8Array,
  offset: number,
  pageCount: number,
): readonly Uint8Array[] | undefined {
  const index = new ThriftReader(tail, offset).struct()
  if (index.number(4) !== 1) return undefined
  const leasts = index.byteStrings(2)
  require(leasts.length === pageCount, 'bounds for other pages')
  return leasts
}

function* pageChecksums(base64: string): Generator<number, undefined> {
  const bytes = Buffer.from(base64, 'base64')
  for (let at = 0; at + 4 <= bytes.byteLength; at += 4) yield bytes.readUInt32LE(at)
  return undefined
}

function nextSum(sums: Iterator<number>): number {
  const { value, done } = sums.next()
  require(done !== true, 'fewer checksums than pages')
  return value as number
}

function require(isTrue: boolean, what: string): void {
  if (!isTrue) throw new ThriftError(0, what)
}
