// A segment that is read: its footer on first use, then whole columns or single pages. Whoever asks for a few
// rows gets pages; after a number of them the whole column is worth loading. Every byte passes a checksum that
// leads back to the root before it is used (I8).

import { zstdDecompressSync } from 'node:zlib'
import { type Check, NEVER_ENDS } from '../base/batches.ts'
import { crc32 } from '../base/checksum.ts'
import { VarveError } from '../base/errors.ts'
import type { Blob } from '../blob/blob-store.ts'
import { type CachedColumn, type ColumnCache, useColumn } from './column-cache.ts'
import { type ColumnData, sliceColumn, type TextColumn } from './column.ts'
import { segmentCorrupt } from './errors.ts'
import { type ColumnInfo, type Footer, type PageInfo, parseTail } from './footer.ts'
import { type ColumnShape, decodeDictionary, decodePages, type RawPage } from './page-decode.ts'
import { ThriftError, ThriftReader } from './thrift.ts'

/** What the root knows of a segment file. */
export type SegmentFile = {
  readonly key: string
  readonly byteCount: number
  readonly rowCount: number
  readonly tailByteCount: number
  readonly tailCrc32: number
}

const PIECE_BYTES = 1 << 22

export class Segment {
  readonly file: SegmentFile
  readonly #blob: Blob
  readonly #cache: ColumnCache
  readonly #columns = new Map<string, SegmentColumnReader>()
  #footer: Footer | undefined

  constructor(file: SegmentFile, blob: Blob, cache: ColumnCache) {
    this.file = file
    this.#blob = blob
    this.#cache = cache
  }

  /** Key-value metadata of the file. */
  get metadata(): ReadonlyMap<string, string> {
    return this.#readFooter().metadata
  }

  /** The file of this machine that it is, where it is one. */
  get path(): string | undefined {
    return this.#blob.path
  }

  /** All its bytes, piece by piece, unchecked. */
  *pieces(): Iterable<Uint8Array> {
    const { byteCount } = this.file
    for (let offset = 0; offset < byteCount; offset += PIECE_BYTES)
      yield this.#blob.read(offset, Math.min(PIECE_BYTES, byteCount - offset))
  }

  columnNames(): readonly string[] {
    return this.#readFooter().columns.map(({ name }) => name)
  }

  column(name: string): SegmentColumnReader {
    return this.#columns.get(name) ?? this.#openColumn(name)
  }

  /** Reads and checks every page of every column. */
  verify(): void {
    for (const name of this.columnNames()) this.column(name).verify()
  }

  #openColumn(name: string): SegmentColumnReader {
    const info = this.#readFooter().columns.find((known) => known.name === name)
    if (info === undefined) throw segmentCorrupt(this.file.key, 0, `there is no column ${name}`)
    const column = new SegmentColumnReader(this.file, info, this.#blob, this.#cache)
    this.#columns.set(name, column)
    return column
  }

  #readFooter(): Footer {
    if (this.#footer !== undefined) return this.#footer
    const { key, byteCount, tailByteCount, tailCrc32, rowCount } = this.file
    const tailOffset = byteCount - tailByteCount
    if (this.#blob.byteCount !== byteCount) {
      throw segmentCorrupt(
        key,
        this.#blob.byteCount,
        `it has ${this.#blob.byteCount} bytes, not ${byteCount}`,
      )
    }
    const tail = this.#blob.read(tailOffset, tailByteCount)
    if (crc32(tail) !== tailCrc32) throw segmentCorrupt(key, tailOffset, 'its footer fails the checksum')
    const footer = guarded(key, tailOffset, () => parseTail(tail, tailOffset))
    if (footer.rowCount !== rowCount) throw segmentCorrupt(key, tailOffset, 'it has other rows than promised')
    this.#footer = footer
    return footer
  }
}

export class SegmentColumnReader {
  readonly info: ColumnInfo
  readonly rowCount: number
  readonly #key: string
  /** Name of the whole column in the cache. */
  readonly #name: string
  readonly #blob: Blob
  readonly #cache: ColumnCache
  #pageReadCount = 0
  /** The whole column, as long as it is in the cache. */
  #whole: CachedColumn | undefined

  constructor(file: SegmentFile, info: ColumnInfo, blob: Blob, cache: ColumnCache) {
    this.info = info
    this.rowCount = file.rowCount
    this.#key = file.key
    this.#name = `${file.key} ${info.name}`
    this.#blob = blob
    this.#cache = cache
  }

  /** The whole column. */
  load(check: Check = NEVER_ENDS): ColumnData {
    const cached = this.#cached()
    if (cached !== undefined) return cached
    const { offset, byteCount, pages } = this.info
    const bytes = this.#blob.read(offset, byteCount)
    const raw = pages.map((page) => {
      check()
      return this.#rawPage(page, bytes.subarray(page.offset - offset))
    })
    check()
    const column = this.#decode(raw, this.rowCount, offset)
    this.#whole = this.#cache.add(this.#name, column)
    return column
  }

  /** The whole column if it is in memory, or small, or was asked for often; undefined if pages are cheaper. */
  loadIfCheap(): ColumnData | undefined {
    const cached = this.#cached()
    if (cached !== undefined) return cached
    const { wholeRowCountMax, pageReadCountMax, pageReadShareMax } = this.#cache.limits
    const pageCountMax = Math.max(pageReadCountMax, this.info.pages.length * pageReadShareMax)
    return this.rowCount <= wholeRowCountMax || this.#pageReadCount >= pageCountMax ? this.load() : undefined
  }

  /** The page that holds a row. */
  pageIndexOf(row: number): number {
    const { pages } = this.info
    let low = 0
    let high = pages.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (pages[middle]!.firstRow <= row) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /** The rows of one page. */
  page(pageIndex: number): ColumnData {
    const page = this.info.pages[pageIndex]!
    const whole = this.#cached()
    if (whole !== undefined) return sliceColumn(whole, page.firstRow, page.firstRow + page.rowCount)
    const name = `${this.#name} ${pageIndex}`
    const cached = useColumn(this.#cache.find(name))
    if (cached !== undefined) return cached
    this.#pageReadCount++
    const raw = this.#rawPage(page, this.#blob.read(page.offset, page.byteCount))
    const column = this.#decode([raw], page.rowCount, page.offset)
    this.#cache.add(name, column)
    return column
  }

  verify(): void {
    const { offset, byteCount, pages } = this.info
    const bytes = this.#blob.read(offset, byteCount)
    this.#decode(
      pages.map((page) => this.#rawPage(page, bytes.subarray(page.offset - offset))),
      this.rowCount,
      offset,
    )
  }

  #cached(): ColumnData | undefined {
    // Another reader of the same column may have loaded it.
    if (this.#whole?.column === undefined) this.#whole = this.#cache.find(this.#name)
    return useColumn(this.#whole)
  }

  #decode(pages: readonly RawPage[], rowCount: number, offset: number): ColumnData {
    const shape = this.#shape()
    return guarded(this.#key, offset, () => {
      const column = decodePages(shape, pages, rowCount)
      if (column.kind === 'dictionary') checkCodes(column.codes, column.dictionary)
      return column
    })
  }

  #shape(): ColumnShape {
    const { type, integers, dictionary } = this.info
    switch (type) {
      case 'int32':
      case 'int64':
      case 'instant':
        if (integers === undefined)
          throw segmentCorrupt(this.#key, this.info.offset, 'integers without bounds')
        if (integers.kind === 'beyond') return { kind: 'long' }
        return { kind: 'integer', base: integers.isNarrow ? integers.least : 0, isNarrow: integers.isNarrow }
      case 'bytes':
      case 'text':
        return dictionary === undefined
          ? { kind: 'text' }
          : { kind: 'dictionary', dictionary: this.#readDictionary(dictionary) }
      default:
        return { kind: type }
    }
  }

  #readDictionary(place: NonNullable<ColumnInfo['dictionary']>): TextColumn {
    const name = `${this.#name} dictionary`
    const cached = useColumn(this.#cache.find(name))
    if (cached?.kind === 'text') return cached
    const bytes = this.#blob.read(place.offset, place.byteCount)
    const raw = this.#rawPage({ ...place, firstRow: 0, rowCount: -1 }, bytes)
    const dictionary = guarded(this.#key, place.offset, () => decodeDictionary(raw.body, raw.rowCount))
    this.#cache.add(name, dictionary)
    return dictionary
  }

  /** Checks and decompresses the page at the begin of `bytes`. */
  #rawPage(page: PageInfo, bytes: Uint8Array): RawPage {
    const whole = bytes.subarray(0, page.byteCount)
    if (whole.byteLength !== page.byteCount || crc32(whole) !== page.crc32) {
      throw segmentCorrupt(this.#key, page.offset, 'a page fails its checksum')
    }
    return guarded(this.#key, page.offset, () => {
      const reader = new ThriftReader(whole)
      const header = reader.struct()
      const isDictionary = header.number(1) === 2
      const data = header.struct(isDictionary ? 7 : 5)
      const packed = whole.subarray(reader.offset)
      const rowCount = data.number(1)
      if (packed.byteLength !== header.number(3) || (!isDictionary && rowCount !== page.rowCount)) {
        throw new ThriftError(page.offset, 'a page of another length')
      }
      // A copy, where it is not compressed: it begins at a place that typed arrays can be laid over.
      const body = page.isCompressed
        ? zstdDecompressSync(packed, { maxOutputLength: Math.max(header.number(2), 1) })
        : packed.slice()
      if (body.byteLength !== header.number(2)) throw new ThriftError(page.offset, 'a page of another length')
      return { encoding: data.number(2), rowCount, body }
    })
  }
}

function checkCodes(codes: Uint8Array | Uint16Array | Uint32Array, dictionary: TextColumn): void {
  const count = dictionary.offsets.length - 1
  for (const code of codes) if (code >= count) throw new ThriftError(0, 'a code beyond the dictionary')
}

/** Runs a parser; whatever it throws about the bytes becomes `varve.error/segment-corrupt`. */
function guarded<R>(key: string, offset: number, parse: () => R): R {
  try {
    return parse()
  } catch (cause) {
    if (cause instanceof VarveError) throw cause
    const what = cause instanceof Error ? cause.message : String(cause)
    throw segmentCorrupt(key, offset, what, cause)
  }
}
