// One run of an attribute as it is read: rows of a segment, sorted by entity (and value), perhaps the same rows
// sorted by value in another segment. Searches use whole columns where they are in memory and single pages where
// a few rows are wanted of a large one.

import type { EntityId, T, ValueType } from '../fact/attribute.ts'
import { compareValues, equalValues, Keyword, type Value } from '../fact/value.ts'
import { type ColumnData, integerAt, rowCountOf } from '../segment/column.ts'
import type { SegmentColumnReader } from '../segment/segment.ts'
import { bytesAt, compareBytes } from '../segment/text.ts'
import { columnTypeOf, isByteOrdered, textOf, valueAt } from '../segment/value-column.ts'
import type { IndexSegment } from './index-segment.ts'
import type { RunEntry } from './root.ts'

const encoder = new TextEncoder()

/** A column and the row in it at which something stands. */
type Located = { readonly column: ColumnData; readonly row: number }

/** Columns of a run in memory, for scans; row r of the run is row `firstRow + r` of each. */
export type RunColumns = {
  readonly firstRow: number
  readonly entities: ColumnData
  readonly values: ColumnData
  readonly added: ColumnData
  /** Of history runs. */
  readonly retracted: ColumnData | undefined
}

export class Run {
  readonly entry: RunEntry
  readonly type: ValueType
  readonly #segment: IndexSegment
  readonly #order: IndexSegment | undefined

  constructor(entry: RunEntry, type: ValueType, segments: ReadonlyMap<string, IndexSegment>) {
    this.entry = entry
    this.type = type
    this.#segment = segments.get(entry.segment)!
    this.#order = entry.order === undefined ? undefined : segments.get(entry.order.segment)
  }

  get hasOrder(): boolean {
    return this.#order !== undefined
  }

  get liveCount(): number {
    return this.entry.rowCount - this.entry.deadCount
  }

  columns(): RunColumns {
    const { segment } = this.#segment
    return {
      firstRow: this.entry.firstRow,
      entities: segment.column('entity').load(),
      values: segment.column('value').load(),
      added: segment.column('added').load(),
      retracted: this.entry.retracted === undefined ? undefined : segment.column('retracted').load(),
    }
  }

  mayHold(e: EntityId): boolean {
    const [least, greatest] = this.entry.entities
    return e >= least && e <= greatest
  }

  isDead(row: number): boolean {
    return this.entry.deadCount > 0 && this.#segment.isDead(this.entry.firstRow + row)
  }

  /** Rows `[first, limit)` about an entity. */
  rowsOfEntity(e: EntityId): readonly [first: number, limit: number] {
    if (!this.mayHold(e)) return [0, 0]
    const first = this.firstRowFrom(e)
    return [first, this.firstRowFrom(e + 1)]
  }

  /** The first row whose entity is `e` or greater. */
  firstRowFrom(e: EntityId): number {
    const compare = (column: ColumnData, row: number) => integerAt(column, row) - e
    return this.#search(this.#segment.segment.column('entity'), this.entry.firstRow, e, compare)
  }

  entityAt(row: number): EntityId {
    return this.#integerAt('entity', row)
  }

  addedAt(row: number): T {
    return this.#integerAt('added', row)
  }

  /** Infinity in a present run. */
  retractedAt(row: number): T {
    return this.entry.retracted === undefined ? Infinity : this.#integerAt('retracted', row)
  }

  valueAt(row: number): Value {
    const { column, row: at } = locate(this.#segment.segment.column('value'), this.entry.firstRow + row)
    return valueAt(this.type, column, at)
  }

  /** Rows with a value, ascending: by the value order where there is one, else by looking at all. */
  rowsOfValue(v: Value): readonly number[] {
    if (this.#order === undefined) return this.#scanForValue(v)
    const rows: number[] = []
    const first = this.#positionOf(v, false)
    const limit = this.#positionOf(v, true)
    for (let position = first; position < limit; position++) rows.push(this.#rowAtPosition(position))
    return rows
  }

  /** Row numbers in the order of values, from `from` (included) to `to` (excluded). Only where `hasOrder`. */
  *rowsInValueOrder(from: Value | undefined, to: Value | undefined): Iterable<number> {
    const first = from === undefined ? 0 : this.#positionOf(from, false)
    const limit = to === undefined ? this.entry.rowCount : this.#positionOf(to, false)
    for (let position = first; position < limit; position++) yield this.#rowAtPosition(position)
  }

  #rowAtPosition(position: number): number {
    const { column, row } = locate(this.#order!.segment.column('row'), this.entry.order!.firstRow + position)
    return integerAt(column, row)
  }

  /** The first place in value order whose value is `v` or greater; greater only, if `isBehind`. */
  #positionOf(v: Value, isBehind: boolean): number {
    const compare = comparisonWith(this.type, v)
    const reader = this.#order!.segment.column('value')
    return this.#search(reader, this.entry.order!.firstRow, v, (column, row) => {
      const difference = compare(column, row)
      return isBehind && difference === 0 ? -1 : difference
    })
  }

  #integerAt(name: string, row: number): number {
    const { column, row: at } = locate(this.#segment.segment.column(name), this.entry.firstRow + row)
    return integerAt(column, at)
  }

  /** The first row for which `compare` is not negative, in a column that ascends within this run. */
  #search(
    reader: SegmentColumnReader,
    firstRow: number,
    wanted: Value,
    compare: (column: ColumnData, row: number) => number,
  ): number {
    const { rowCount } = this.entry
    const leasts = rowCount === reader.rowCount ? pagesAtMost(reader, this.type, wanted) : undefined
    const whole = leasts === undefined ? reader.load() : reader.loadIfCheap()
    if (whole !== undefined) return lowerBound(whole, firstRow, firstRow + rowCount, compare) - firstRow
    // Bounds of pages may lie below their least value, so the place may be at the end of an earlier page.
    for (let page = leasts!; page >= 0; page--) {
      const rows = reader.page(page)
      const found = lowerBound(rows, 0, rowCountOf(rows), compare)
      if (found > 0 || page === 0) return reader.info.pages[page]!.firstRow + found
    }
    return 0
  }

  #scanForValue(v: Value): readonly number[] {
    const { values, firstRow } = this.columns()
    const rows: number[] = []
    const limit = firstRow + this.entry.rowCount
    if (values.kind === 'dictionary') {
      const code = codeOf(this.type, values.dictionary, v)
      if (code < 0) return rows
      for (let row = firstRow; row < limit; row++) if (values.codes[row] === code) rows.push(row - firstRow)
      return rows
    }
    const compare = comparisonWith(this.type, v)
    for (let row = firstRow; row < limit; row++) if (compare(values, row) === 0) rows.push(row - firstRow)
    return rows
  }
}

/** The last page whose least value is at most `wanted`, or the first; undefined where pages have no such bounds. */
function pagesAtMost(reader: SegmentColumnReader, type: ValueType, wanted: Value): number | undefined {
  const { pageLeasts } = reader.info
  if (pageLeasts === undefined) return undefined
  let page = 0
  if (pageLeasts instanceof Float64Array) {
    const number = wanted instanceof Date ? wanted.getTime() : wanted
    if (typeof number !== 'number') return undefined
    while (page + 1 < pageLeasts.length && pageLeasts[page + 1]! <= number) page++
    return page
  }
  const bytes = bytesOf(type, wanted)
  if (bytes === undefined) return undefined
  while (page + 1 < pageLeasts.length && compareBytes(pageLeasts[page + 1]!, bytes) <= 0) page++
  return page
}

function locate(reader: SegmentColumnReader, row: number): Located {
  const whole = reader.loadIfCheap()
  if (whole !== undefined) return { column: whole, row }
  const page = reader.pageIndexOf(row)
  return { column: reader.page(page), row: row - reader.info.pages[page]!.firstRow }
}

function lowerBound(
  column: ColumnData,
  first: number,
  limit: number,
  compare: (column: ColumnData, row: number) => number,
): number {
  let low = first
  let high = limit
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(column, middle) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Compares the value at a row with `v`, in the total order. */
function comparisonWith(type: ValueType, v: Value): (column: ColumnData, row: number) => number {
  const number = v instanceof Date ? v.getTime() : v
  const isInstant = v instanceof Date
  const bytes = bytesOf(type, v)
  return (column, row) => {
    if (column.kind === 'integer' && typeof number === 'number' && isInstant === (type === 'instant')) {
      return column.base + column.data[row]! - number
    }
    if (bytes !== undefined && (column.kind === 'text' || column.kind === 'dictionary')) {
      return compareBytes(bytesAt(column, row), bytes)
    }
    return compareValues(valueAt(type, column, row), v)
  }
}

/** The bytes under which a value lies, where byte order is value order and the value is of the type. */
function bytesOf(type: ValueType, v: Value): Uint8Array | undefined {
  if (!isByteOrdered(type)) return undefined
  if (type === 'bytes') return v instanceof Uint8Array ? v : undefined
  const probe = type === 'string' ? typeof v === 'string' : typeof v === 'object' && 'text' in v
  if (!probe || compareValues(v, valueOfType(type, v)) !== 0) return undefined
  return encoder.encode(textOf(v))
}

/** `v` read back as the type of the attribute: equal to `v` only where it is of that type. */
function valueOfType(type: ValueType, v: Value): Value {
  const bytes = encoder.encode(textOf(v))
  return valueAt(type, { kind: 'text', offsets: Uint32Array.of(0, bytes.byteLength), bytes }, 0)
}

function codeOf(type: ValueType, dictionary: ColumnData, v: Value): number {
  const count = rowCountOf(dictionary)
  const bytes =
    type === 'keyword' ? (v instanceof Keyword ? encoder.encode(v.text) : undefined) : bytesOf(type, v)
  if (bytes !== undefined) {
    const code = lowerBound(dictionary, 0, count, (column, row) => compareBytes(bytesAt(column, row), bytes))
    return code < count && compareBytes(bytesAt(dictionary, code), bytes) === 0 ? code : -1
  }
  for (let code = 0; code < count; code++) {
    if (isReadable(type, dictionary, code) && equalValues(valueAt(type, dictionary, code), v)) return code
  }
  return -1
}

/** A pack's dictionary also holds texts of attributes of other types: those may not read as this one. */
function isReadable(type: ValueType, dictionary: ColumnData, code: number): boolean {
  if (columnTypeOf(type) !== 'text') return true
  try {
    valueAt(type, dictionary, code)
    return true
  } catch {
    return false
  }
}
