// From the bytes of a page to rows of a column: what page-encode.ts writes, read back. A page has passed its
// checksum before it comes here; what still does not fit throws, and the caller says which segment it was.

import { assert } from '../base/assert.ts'
import type { ColumnData, TextColumn } from './column.ts'
import { unpackDeltas } from './delta.ts'
import { ENCODING } from './page-encode.ts'

export type RawPage = { readonly encoding: number; readonly rowCount: number; readonly body: Uint8Array }

/** How the rows of a column will lie in memory; decided once per column, so that pages agree. */
export type ColumnShape =
  | { readonly kind: 'integer'; readonly base: number; readonly isNarrow: boolean }
  | { readonly kind: 'long' | 'double' | 'float' | 'boolean' | 'text' }
  | { readonly kind: 'dictionary'; readonly dictionary: TextColumn }

export class PageError extends Error {}

/** The rows of all pages as one column. */
export function decodePages(shape: ColumnShape, pages: readonly RawPage[], rowCount: number): ColumnData {
  switch (shape.kind) {
    case 'integer':
      return decodeIntegers(shape.base, shape.isNarrow, pages, rowCount)
    case 'long':
      return { kind: 'long', data: copyPlain(pages, shared(BigInt64Array, rowCount)) }
    case 'double':
      return { kind: 'double', data: copyPlain(pages, shared(Float64Array, rowCount)) }
    case 'float':
      return { kind: 'float', data: copyPlain(pages, shared(Float32Array, rowCount)) }
    case 'boolean':
      return { kind: 'boolean', data: unpackBooleans(pages, rowCount) }
    case 'dictionary':
      return { kind: 'dictionary', codes: copyCodes(pages, rowCount), dictionary: shape.dictionary }
    case 'text':
      return unpackTexts(pages, rowCount)
  }
}

/** The texts of a dictionary page. */
export function decodeDictionary(body: Uint8Array, count: number): TextColumn {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const offsets = shared(Uint32Array, count + 1)
  const bytes = shared(Uint8Array, Math.max(body.byteLength - count * 4, 0))
  let from = 0
  for (let row = 0; row < count; row++) {
    check(from + 4 <= body.byteLength, 'a dictionary that ends too early')
    const length = buffer.readUInt32LE(from)
    from += 4
    const at = offsets[row]!
    check(from + length <= body.byteLength, 'a dictionary that ends too early')
    bytes.set(body.subarray(from, from + length), at)
    offsets[row + 1] = at + length
    from += length
  }
  return { kind: 'text', offsets, bytes }
}

/** How many bytes wide the codes of a page are. */
function codeWidth(page: RawPage): number {
  const width = page.body[0]! / 8
  check(
    page.encoding === ENCODING.dictionary && (width === 1 || width === 2 || width === 4),
    'no page of codes',
  )
  return width
}

type ArrayMaker<A> = { new (buffer: SharedArrayBuffer): A; readonly BYTES_PER_ELEMENT: number }

function shared<A>(make: ArrayMaker<A>, length: number): A {
  return new make(new SharedArrayBuffer(length * make.BYTES_PER_ELEMENT))
}

function decodeIntegers(
  base: number,
  isNarrow: boolean,
  pages: readonly RawPage[],
  rowCount: number,
): ColumnData {
  const data = isNarrow ? shared(Int32Array, rowCount) : shared(Float64Array, rowCount)
  let at = 0
  for (const page of pages) {
    if (page.encoding === ENCODING.delta) unpackDeltas(page.body, data, at, page.rowCount, base)
    else {
      check(page.encoding === ENCODING.plain, 'an unknown encoding of integers')
      const values = copyPlain([page], new BigInt64Array(page.rowCount))
      for (let row = 0; row < values.length; row++) data[at + row] = Number(values[row]!) - base
    }
    at += page.rowCount
  }
  return { kind: 'integer', base, data }
}

function copyPlain<A extends BigInt64Array | Float64Array | Float32Array>(
  pages: readonly RawPage[],
  target: A,
): A {
  const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
  let at = 0
  for (const { encoding, body, rowCount } of pages) {
    const byteCount = rowCount * target.BYTES_PER_ELEMENT
    check(encoding === ENCODING.plain && body.byteLength === byteCount, 'not a plain page of this length')
    bytes.set(body, at)
    at += byteCount
  }
  return target
}

function copyCodes(pages: readonly RawPage[], rowCount: number): Uint8Array | Uint16Array | Uint32Array {
  const width = codeWidth(pages[0]!)
  const codes =
    width === 1
      ? shared(Uint8Array, rowCount)
      : width === 2
        ? shared(Uint16Array, rowCount)
        : shared(Uint32Array, rowCount)
  const bytes = new Uint8Array(codes.buffer)
  let at = 0
  for (const page of pages) {
    check(codeWidth(page) === width, 'pages of codes differ in width')
    let from = 1
    while (page.body[from]! >= 128) from++
    from++
    const byteCount = page.rowCount * width
    check(from + byteCount <= page.body.byteLength, 'a page of codes that ends too early')
    bytes.set(page.body.subarray(from, from + byteCount), at)
    at += byteCount
  }
  return codes
}

function unpackBooleans(pages: readonly RawPage[], rowCount: number): Uint8Array {
  const data = shared(Uint8Array, rowCount)
  let at = 0
  for (const page of pages) {
    check(
      page.encoding === ENCODING.plain && page.body.byteLength === (page.rowCount + 7) >> 3,
      'no booleans',
    )
    for (let row = 0; row < page.rowCount; row++) data[at + row] = (page.body[row >> 3]! >> (row & 7)) & 1
    at += page.rowCount
  }
  return data
}

function unpackTexts(pages: readonly RawPage[], rowCount: number): TextColumn {
  const offsets = shared(Uint32Array, rowCount + 1)
  const lengths = new Int32Array(rowCount)
  const starts: number[] = []
  let byteCount = 0
  let row = 0
  for (const page of pages) {
    check(page.encoding === ENCODING.deltaLength, 'an unknown encoding of text')
    const start = unpackDeltas(page.body, lengths, row, page.rowCount, 0)
    const before = byteCount
    for (const end = row + page.rowCount; row < end; row++) {
      check(lengths[row]! >= 0, 'a text of negative length')
      byteCount += lengths[row]!
      offsets[row + 1] = byteCount
    }
    check(start + byteCount - before === page.body.byteLength, 'texts that do not fill their page')
    starts.push(start)
  }
  assert(byteCount < 2 ** 32, 'one column holds less than 4 GiB of text')
  const bytes = shared(Uint8Array, byteCount)
  let at = 0
  pages.forEach(({ body }, index) => {
    bytes.set(body.subarray(starts[index]), at)
    at += body.byteLength - starts[index]!
  })
  return { kind: 'text', offsets, bytes }
}

function check(isTrue: boolean, what: string): void {
  if (!isTrue) throw new PageError(what)
}
