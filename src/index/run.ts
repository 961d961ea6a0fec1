// One run of an attribute as it is read: rows of a segment, sorted by entity (and value), perhaps the same rows
// sorted by value in another segment. Searches use whole columns where they are in memory and single pages where
// a few rows are wanted of a large one.

import { type Check, inBatches, NEVER_ENDS } from '../base/batches.ts'
import type { EntityId, T, ValueType } from '../fact/attribute.ts'
import { compareValues, equalValues, Keyword, type Value } from '../fact/value.ts'
import { type ColumnData, integerAt, rowCountOf, type TextColumn } from '../segment/column.ts'
import type { SegmentColumnReader } from '../segment/segment.ts'
import { bytesAt, compareBytes } from '../segment/text.ts'
import { columnTypeOf, valueAt } from '../segment/value-column.ts'
import type { IndexSegment } from './index-segment.ts'
import { Probe, searchInteger, searchText } from './probe.ts'
import type { RunEntry } from './root.ts'
import { samplesOf, type TextSamples } from './text-samples.ts'
import type { StoredRun } from './stored-facts.ts'

const NO_ROWS = [0, 0] as const
const NONE: readonly number[] = []
/** Searches of a run by text after which its order is sampled: that costs as much as some dozens of them. */
const SAMPLED_AFTER_COUNT = 32

/** Neighbours in the order of values: nothing stands above the one and below the other. Undefined at the ends. */
type Gap = { readonly above: Value | undefined; readonly below: Value | undefined }

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
  /** Where the last search found nothing: what is new mostly comes in order, so the next falls there, too. */
  #gap: Gap | undefined
  #missedAt = -1
  #samples: TextSamples | undefined
  #searchCount = 0

  constructor(entry: RunEntry, type: ValueType, segments: ReadonlyMap<string, IndexSegment>) {
    this.entry = entry
    this.type = type
    this.#segment = segments.get(entry.segment)!
    this.#order = entry.order === undefined ? undefined : segments.get(entry.order.segment)
  }

  /** Runs of other attributes lie in the same file. */
  get isPacked(): boolean {
    return this.#segment.entry.isPack
  }

  get hasOrder(): boolean {
    return this.#order !== undefined
  }

  /** Of a history run: the t at which the last of its facts was retracted. */
  get lastT(): T {
    return this.entry.retracted?.[1] ?? Infinity
  }

  get liveCount(): number {
    return this.entry.rowCount - this.entry.deadCount
  }

  columns(check: Check = NEVER_ENDS): RunColumns {
    const { segment } = this.#segment
    return {
      firstRow: this.entry.firstRow,
      entities: segment.column('entity').load(check),
      values: segment.column('value').load(check),
      added: segment.column('added').load(check),
      retracted: this.entry.retracted === undefined ? undefined : segment.column('retracted').load(check),
    }
  }

  /** Where its rows lie. */
  stored(): StoredRun {
    const { firstRow, rowCount, deadCount, retracted } = this.entry
    return {
      segment: this.#segment.segment,
      firstRow,
      rowCount,
      isHistory: retracted !== undefined,
      dead: deadCount === 0 ? undefined : this.#segment.dead,
    }
  }

  mayHold(e: EntityId): boolean {
    const { entities } = this.entry
    return e >= entities[0] && e <= entities[1]
  }

  isDead(row: number): boolean {
    return this.entry.deadCount > 0 && this.#segment.isDead(this.entry.firstRow + row)
  }

  /** Rows `[first, limit)` about an entity. */
  rowsOfEntity(e: EntityId): readonly [first: number, limit: number] {
    const first = this.firstRowOf(e)
    return first < 0 ? NO_ROWS : [first, this.firstRowFrom(e + 1, first + 1)]
  }

  /** The first row about an entity, −1 if there is none. */
  firstRowOf(e: EntityId): number {
    if (!this.mayHold(e)) return -1
    const first = this.firstRowFrom(e)
    return this.#isAbout(e, first) ? first : -1
  }

  /** The row about the same entity after this one, −1 if there is none. */
  rowOfEntityAfter(row: number, e: EntityId): number {
    return this.#isAbout(e, row + 1) ? row + 1 : -1
  }

  #isAbout(e: EntityId, row: number): boolean {
    return row < this.entry.rowCount && this.entityAt(row) === e
  }

  /** The first row, from `from` on, whose entity is `e` or greater. */
  firstRowFrom(e: EntityId, from = 0): number {
    const { firstRow, rowCount } = this.entry
    const reader = this.#segment.segment.column('entity')
    const whole = reader.loadIfCheap()
    if (whole !== undefined) return searchInteger(whole, firstRow + from, firstRow + rowCount, e) - firstRow
    return searchPages(reader, this.entry, firstRow, new Probe('ref', e), false)
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
    return this.#valueIn(this.#segment.segment.column('value'), this.entry.firstRow + row)
  }

  /** Rows with a value, ascending: by the value order where there is one, else by looking at all. */
  rowsOfValue(probe: Probe, check: Check = NEVER_ENDS): readonly number[] {
    if (this.#order === undefined) return this.#scanForValue(probe, check)
    if (this.#gap !== undefined && isWithin(this.#gap, probe.value)) return NONE
    const first = this.#positionOf(probe, false)
    const limit = this.#positionOf(probe, true, first)
    if (limit - first === 1) return [this.#rowAtPosition(first)]
    if (limit === first) {
      // To remember costs two texts: worth it where the search before ended here, too.
      if (first === this.#missedAt) this.#gap = this.#gapAt(first)
      this.#missedAt = first
      return NONE
    }
    const rows: number[] = []
    for (let position = first; position < limit; position++) rows.push(this.#rowAtPosition(position))
    return rows
  }

  /** Row numbers in the order of values, from `from` (included) to `to` (excluded). Only where `hasOrder`. */
  *rowsInValueOrder(from: Value | undefined, to: Value | undefined): Iterable<number> {
    const first = from === undefined ? 0 : this.#positionOf(new Probe(this.type, from), false)
    const limit =
      to === undefined ? this.entry.rowCount : this.#positionOf(new Probe(this.type, to), false, first)
    for (let position = first; position < limit; position++) yield this.#rowAtPosition(position)
  }

  #gapAt(position: number): Gap {
    const valueBeside = (place: number): Value | undefined =>
      place < 0 || place >= this.entry.rowCount ? undefined : this.#valueAtPosition(place)
    return { above: valueBeside(position - 1), below: valueBeside(position) }
  }

  #valueAtPosition(position: number): Value {
    return this.#valueIn(this.#order!.segment.column('value'), this.entry.order!.firstRow + position)
  }

  #rowAtPosition(position: number): number {
    return integerIn(this.#order!.segment.column('row'), this.entry.order!.firstRow + position)
  }

  /** The first place in value order, from `from` on, whose value is not less; greater only, if `isBehind`. */
  #positionOf(probe: Probe, isBehind: boolean, from = 0): number {
    const { firstRow } = this.entry.order!
    const { rowCount } = this.entry
    const reader = this.#order!.segment.column('value')
    const whole = reader.loadIfCheap()
    if (whole === undefined) return searchPages(reader, this.entry, firstRow, probe, isBehind)
    // Most values stand once: where one was found, its end is looked for beside it.
    if (isBehind && (from === rowCount || probe.compareAt(whole, firstRow + from) > 0)) return from
    // Identities often grow, so that most runs lie wholly before the value or behind it: both ends stay in the
    // processor's cache, the way to the middle does not.
    if (rowCount > 0 && probe.compareAt(whole, firstRow + rowCount - 1) < 0) return rowCount
    if (!isBehind && rowCount > 0 && probe.compareAt(whole, firstRow) >= 0) return 0
    if (!isBehind && whole.kind === 'text' && probe.bytes !== undefined) {
      const samples = this.#samplesOf(whole, firstRow)
      if (samples !== undefined) return samples.search(probe.bytes) - firstRow
    }
    return probe.search(whole, firstRow + from, firstRow + rowCount, isBehind) - firstRow
  }

  #valueIn(reader: SegmentColumnReader, row: number): Value {
    const whole = reader.loadIfCheap()
    if (whole !== undefined) return valueAt(this.type, whole, row)
    const page = reader.pageIndexOf(row)
    return valueAt(this.type, reader.page(page), row - reader.info.pages[page]!.firstRow)
  }

  /** Samples of the value order; undefined while too few have searched for them to pay. */
  #samplesOf(column: TextColumn, firstRow: number): TextSamples | undefined {
    if (this.#samples?.isOf(column, firstRow) === true) return this.#samples
    if (++this.#searchCount < SAMPLED_AFTER_COUNT) return undefined
    this.#samples = samplesOf(column, firstRow, firstRow + this.entry.rowCount)
    return this.#samples
  }

  #integerAt(name: string, row: number): number {
    return integerIn(this.#segment.segment.column(name), this.entry.firstRow + row)
  }

  #scanForValue(probe: Probe, check: Check): readonly number[] {
    const { values, firstRow } = this.columns(check)
    const rows: number[] = []
    const limit = firstRow + this.entry.rowCount
    if (values.kind === 'dictionary') {
      const code = codeOf(values.dictionary, probe)
      if (code < 0) return rows
      for (let row = firstRow; row < limit; row++) if (values.codes[row] === code) rows.push(row - firstRow)
      return rows
    }
    for (const [first, end] of inBatches(limit - firstRow, check)) {
      for (let row = first; row < end; row++)
        if (probe.compareAt(values, firstRow + row) === 0) rows.push(row)
    }
    return rows
  }
}

function isWithin({ above, below }: Gap, value: Value): boolean {
  return (
    (above === undefined || compareValues(value, above) > 0) &&
    (below === undefined || compareValues(value, below) < 0)
  )
}

/** As `Probe.search` over a run of which only the pages that matter are read. */
function searchPages(
  reader: SegmentColumnReader,
  { rowCount }: RunEntry,
  firstRow: number,
  probe: Probe,
  isBehind: boolean,
): number {
  const last = rowCount === reader.rowCount ? pageAtMost(reader, probe) : undefined
  if (last === undefined) {
    return probe.search(reader.load(), firstRow, firstRow + rowCount, isBehind) - firstRow
  }
  // Bounds of pages may lie below their least value, so the place may be at the end of an earlier page.
  for (let page = last; page >= 0; page--) {
    const rows = reader.page(page)
    const found = probe.search(rows, 0, rowCountOf(rows), isBehind)
    if (found > 0 || page === 0) return reader.info.pages[page]!.firstRow + found
  }
  return 0
}

/** The last page whose least value is at most the one wanted, or the first; undefined without such bounds. */
function pageAtMost(reader: SegmentColumnReader, { number, bytes }: Probe): number | undefined {
  const { pageLeasts } = reader.info
  let page = 0
  if (pageLeasts instanceof Float64Array) {
    if (number === undefined) return undefined
    while (page + 1 < pageLeasts.length && pageLeasts[page + 1]! <= number) page++
    return page
  }
  if (pageLeasts === undefined || bytes === undefined) return undefined
  while (page + 1 < pageLeasts.length && compareBytes(pageLeasts[page + 1]!, bytes) <= 0) page++
  return page
}

function integerIn(reader: SegmentColumnReader, row: number): number {
  const whole = reader.loadIfCheap()
  if (whole !== undefined) return integerAt(whole, row)
  const page = reader.pageIndexOf(row)
  return integerAt(reader.page(page), row - reader.info.pages[page]!.firstRow)
}

function codeOf(dictionary: TextColumn, { type, value, bytes }: Probe): number {
  const count = rowCountOf(dictionary)
  const wanted = value instanceof Keyword && type === 'keyword' ? Buffer.from(value.text, 'utf8') : bytes
  if (wanted !== undefined) {
    const code = searchText(dictionary, 0, count, wanted)
    return code < count && compareBytes(bytesAt(dictionary, code), wanted) === 0 ? code : -1
  }
  for (let code = 0; code < count; code++) {
    if (isReadable(type, dictionary, code) && equalValues(valueAt(type, dictionary, code), value)) return code
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
