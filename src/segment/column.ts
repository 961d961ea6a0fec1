// A column in memory: one typed array wherever values have one width, bytes with offsets for text, and codes into
// a dictionary for text that repeats. Loaded columns lie in shared memory, so that worker threads read them
// without a copy.

import { assert, unreachable } from '../base/assert.ts'
import { type Batch, type Check, inBatches, NEVER_ENDS } from '../base/batches.ts'

/** How a column lies in a file. `instant` is int64 in milliseconds UTC; `text` is UTF-8, `bytes` is not. */
export type ColumnType = 'int32' | 'int64' | 'instant' | 'double' | 'float' | 'boolean' | 'text' | 'bytes'

/** Whole numbers within 2^53: row i is `base + data[i]`. */
export type IntegerColumn = {
  readonly kind: 'integer'
  readonly base: number
  readonly data: Int32Array | Float64Array
}
/** Whole numbers of which some are beyond 2^53. */
export type LongColumn = { readonly kind: 'long'; readonly data: BigInt64Array }
export type DoubleColumn = { readonly kind: 'double'; readonly data: Float64Array }
export type FloatColumn = { readonly kind: 'float'; readonly data: Float32Array }
export type BooleanColumn = { readonly kind: 'boolean'; readonly data: Uint8Array }
/** Row i is the bytes `[offsets[i], offsets[i + 1])`. */
export type TextColumn = { readonly kind: 'text'; readonly offsets: Uint32Array; readonly bytes: Uint8Array }
/** Row i is row `codes[i]` of the dictionary, which is sorted by its bytes and holds nothing twice. */
export type DictionaryColumn = {
  readonly kind: 'dictionary'
  readonly codes: Uint8Array | Uint16Array | Uint32Array
  readonly dictionary: TextColumn
}

export type ColumnData =
  | IntegerColumn
  | LongColumn
  | DoubleColumn
  | FloatColumn
  | BooleanColumn
  | TextColumn
  | DictionaryColumn

export function rowCountOf(column: ColumnData): number {
  switch (column.kind) {
    case 'text':
      return column.offsets.length - 1
    case 'dictionary':
      return column.codes.length
    default:
      return column.data.length
  }
}

export function byteCountOf(column: ColumnData): number {
  switch (column.kind) {
    case 'text':
      return column.offsets.byteLength + column.bytes.byteLength
    case 'dictionary':
      return column.codes.byteLength + byteCountOf(column.dictionary)
    default:
      return column.data.byteLength
  }
}

/** A column of the numbers given, as narrow as they allow. */
export function integerColumn(numbers: Float64Array | readonly number[]): IntegerColumn {
  let least = Infinity
  let greatest = -Infinity
  // By index: an iterator would make an object of every number.
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]!
    if (number < least) least = number
    if (number > greatest) greatest = number
  }
  const data = isNarrow(least, greatest) ? new Int32Array(numbers.length) : new Float64Array(numbers.length)
  const base = data instanceof Int32Array ? least : 0
  if (base === 0 && data instanceof Float64Array) data.set(numbers)
  else for (let row = 0; row < data.length; row++) data[row] = numbers[row]! - base
  return { kind: 'integer', base: Number.isFinite(base) ? base : 0, data }
}

/** True where 32 bits relative to the least are enough. */
export function isNarrow(least: number, greatest: number): boolean {
  return !(greatest - least >= 2 ** 31)
}

/** Rows `[from, to)` as a view of the same memory (text: the same bytes). */
export function sliceColumn(column: ColumnData, from: number, to: number): ColumnData {
  switch (column.kind) {
    case 'integer':
      return { kind: 'integer', base: column.base, data: column.data.subarray(from, to) }
    case 'long':
      return { kind: 'long', data: column.data.subarray(from, to) }
    case 'double':
      return { kind: 'double', data: column.data.subarray(from, to) }
    case 'float':
      return { kind: 'float', data: column.data.subarray(from, to) }
    case 'boolean':
      return { kind: 'boolean', data: column.data.subarray(from, to) }
    case 'text':
      return { kind: 'text', offsets: column.offsets.subarray(from, to + 1), bytes: column.bytes }
    case 'dictionary':
      return { ...column, codes: column.codes.subarray(from, to) }
    default:
      return unreachable(column)
  }
}

/** One column with the rows of all, in order. */
export function concatColumns(columns: readonly ColumnData[], check: Check = NEVER_ENDS): ColumnData {
  const first = columns[0]
  assert(first !== undefined, 'there is a column to concatenate')
  if (columns.length === 1) return first
  switch (first.kind) {
    case 'integer':
    case 'long':
      return concatIntegers(columns, check)
    case 'double':
      return { kind: 'double', data: concatInto(new Float64Array(totalRows(columns)), columns, 'double') }
    case 'float':
      return { kind: 'float', data: concatInto(new Float32Array(totalRows(columns)), columns, 'float') }
    case 'boolean':
      return { kind: 'boolean', data: concatInto(new Uint8Array(totalRows(columns)), columns, 'boolean') }
    case 'text':
    case 'dictionary':
      return concatTexts(
        columns.map((column) => plainText(column, check)),
        check,
      )
    default:
      return unreachable(first)
  }
}

/** The rows picked, in the order of `rows`. */
export function takeRows(column: ColumnData, rows: Uint32Array, check: Check = NEVER_ENDS): ColumnData {
  switch (column.kind) {
    case 'integer':
      return {
        kind: 'integer',
        base: column.base,
        data: takeInto(column.data, sameKind(column.data, rows.length), rows, check),
      }
    case 'long': {
      const data = new BigInt64Array(rows.length)
      for (let i = 0; i < rows.length; i++) data[i] = column.data[rows[i]!]!
      return { kind: 'long', data }
    }
    case 'double':
      return { kind: 'double', data: takeInto(column.data, new Float64Array(rows.length), rows, check) }
    case 'float':
      return { kind: 'float', data: takeInto(column.data, new Float32Array(rows.length), rows, check) }
    case 'boolean':
      return { kind: 'boolean', data: takeInto(column.data, new Uint8Array(rows.length), rows, check) }
    case 'text':
      return takeTexts(column, rows, check)
    case 'dictionary': {
      const { codes } = column
      const taken =
        codes instanceof Uint8Array
          ? new Uint8Array(rows.length)
          : codes instanceof Uint16Array
            ? new Uint16Array(rows.length)
            : new Uint32Array(rows.length)
      return { ...column, codes: takeInto(codes, taken, rows, check) }
    }
    default:
      return unreachable(column)
  }
}

/** The whole number at a row. */
export function integerAt(column: ColumnData, row: number): number {
  assert(column.kind === 'integer', 'ids, times and positions stay below 2^53')
  return column.base + column.data[row]!
}

/** Codes written out as text; text as it is. */
export function plainText(column: ColumnData, check: Check = NEVER_ENDS): TextColumn {
  if (column.kind === 'text') return column
  assert(column.kind === 'dictionary', 'text lies as text or as codes')
  return takeTexts(column.dictionary, column.codes, check)
}

function concatIntegers(columns: readonly ColumnData[], check: Check): ColumnData {
  if (columns.some(({ kind }) => kind === 'long')) {
    const data = new BigInt64Array(totalRows(columns))
    let at = 0
    for (const column of columns) {
      if (column.kind === 'long') data.set(column.data, at)
      else for (let i = 0; i < rowCountOf(column); i++) data[at + i] = BigInt(integerAt(column, i))
      at += rowCountOf(column)
    }
    return { kind: 'long', data }
  }
  let least = Infinity
  let greatest = -Infinity
  for (const column of columns) {
    check()
    if (column.kind !== 'integer') continue
    for (let i = 0; i < column.data.length; i++) {
      const number = column.data[i]! + column.base
      if (number < least) least = number
      if (number > greatest) greatest = number
    }
  }
  const isSmall = isNarrow(least, greatest)
  const base = isSmall && Number.isFinite(least) ? least : 0
  const data = isSmall ? new Int32Array(totalRows(columns)) : new Float64Array(totalRows(columns))
  let at = 0
  for (const column of columns) {
    check()
    assert(column.kind === 'integer', 'columns of one attribute have one type')
    const shift = column.base - base
    for (let i = 0; i < column.data.length; i++) data[at + i] = column.data[i]! + shift
    at += column.data.length
  }
  return { kind: 'integer', base, data }
}

function concatInto<A extends Float64Array | Float32Array | Uint8Array>(
  target: A,
  columns: readonly ColumnData[],
  kind: 'double' | 'float' | 'boolean',
): A {
  let at = 0
  for (const column of columns) {
    assert(column.kind === kind, 'columns of one attribute have one type')
    if (column.kind === 'double' || column.kind === 'float' || column.kind === 'boolean') {
      target.set(column.data, at)
      at += column.data.length
    }
  }
  return target
}

function concatTexts(columns: readonly TextColumn[], check: Check): TextColumn {
  let byteCount = 0
  for (const { offsets } of columns) byteCount += offsets.at(-1)! - offsets[0]!
  const bytes = new Uint8Array(byteCount)
  const out = new Uint32Array(totalRows(columns) + 1)
  let row = 0
  let at = 0
  for (const { offsets, bytes: source } of columns) {
    check()
    const first = offsets[0]!
    const last = offsets.at(-1)!
    bytes.set(source.subarray(first, last), at)
    for (let i = 1; i < offsets.length; i++) out[++row] = offsets[i]! - first + at
    at += last - first
  }
  return { kind: 'text', offsets: out, bytes }
}

function takeTexts(column: TextColumn, rows: ArrayLike<number>, check: Check): TextColumn {
  const { offsets } = column
  const taken = new Uint32Array(rows.length + 1)
  let byteCount = 0
  for (const [first, limit] of inBatches(rows.length, check)) {
    for (let i = first; i < limit; i++) {
      const row = rows[i]!
      byteCount += offsets[row + 1]! - offsets[row]!
      taken[i + 1] = byteCount
    }
  }
  assert(byteCount < 2 ** 32, 'one column holds less than 4 GiB of text')
  const out = { kind: 'text', offsets: taken, bytes: new Uint8Array(byteCount) } as const
  for (const batch of inBatches(rows.length, check)) copyTexts(column, rows, out, batch)
  return out
}

/** Copies the bytes of a batch of the texts picked to where they belong. */
function copyTexts(
  { offsets, bytes }: TextColumn,
  rows: ArrayLike<number>,
  out: TextColumn,
  [first, limit]: Batch,
): void {
  const taken = out.offsets
  for (let i = first; i < limit; i++) {
    const from = offsets[rows[i]!]!
    const at = taken[i]!
    const length = taken[i + 1]! - at
    // A loop beats `set` for short texts.
    if (length < 32) for (let k = 0; k < length; k++) out.bytes[at + k] = bytes[from + k]!
    else out.bytes.set(bytes.subarray(from, from + length), at)
  }
}

function takeInto<
  A extends Int32Array | Float64Array | Float32Array | Uint8Array | Uint16Array | Uint32Array,
>(source: A, target: A, rows: Uint32Array, check: Check): A {
  for (const [first, limit] of inBatches(rows.length, check)) {
    for (let i = first; i < limit; i++) target[i] = source[rows[i]!]!
  }
  return target
}

function sameKind(data: Int32Array | Float64Array, length: number): Int32Array | Float64Array {
  return data instanceof Int32Array ? new Int32Array(length) : new Float64Array(length)
}

function totalRows(columns: readonly ColumnData[]): number {
  return columns.reduce((count, column) => count + rowCountOf(column), 0)
}
