// Writes runs as segments: a large run as a file of its own, small ones of one shape together in a pack, and the
// copies in value order likewise. Every file is put under the hash of its bytes (I1).

import type { BlobStore } from '../blob/blob-store.ts'
import {
  type ColumnData,
  type ColumnType,
  concatColumns,
  integerAt,
  integerColumn,
  rowCountOf,
  takeRows,
} from '../segment/column.ts'
import { type SegmentColumn, writeSegment } from '../segment/segment-writer.ts'
import { textColumn } from '../segment/text.ts'
import { columnTypeOf, isByteOrdered } from '../segment/value-column.ts'
import type { IndexLimits } from './merge-policy.ts'
import { type RunEntry, type SegmentEntry, type SegmentKind, segmentKey } from './root.ts'
import type { NewRun } from './run-rows.ts'
import { sortByValue } from './sort.ts'

/** Bytes of files that may wait for their syncs at a time. */
const PUTTING_BYTES_MAX = 16 << 20

export type WrittenRun = { readonly run: NewRun; readonly entry: RunEntry }

/** Takes runs, writes them when there is enough for a file, and says where each went. */
export class SegmentFiles {
  readonly #store: BlobStore
  readonly #epoch: number
  readonly #limits: IndexLimits
  readonly #packs = new Map<string, Pack<NewRun>>()
  readonly #orderPacks = new Map<string, Pack<OrderCopy>>()
  readonly segments: SegmentEntry[] = []
  readonly runs: WrittenRun[] = []
  /** Files side by side: a disk makes many durable in little more time than one. */
  readonly #puts: Promise<void>[] = []
  #puttingBytes = 0

  constructor(store: BlobStore, epoch: number, limits: IndexLimits) {
    this.#store = store
    this.#epoch = epoch
    this.#limits = limits
  }

  async add(run: NewRun): Promise<void> {
    const rowCount = rowCountOf(run.rows.entities)
    if (rowCount === 0) return
    if (rowCount > this.#limits.packedRunRowCountMax) return await this.#writeRuns([run], false)
    const pack = packNamed(this.#packs, `${segmentKindOf(run)} ${columnTypeOf(run.type)}`)
    const { packRowCountMax } = this.#limits
    await addToPack(pack, run, { rowCount, packRowCountMax }, (runs) => this.#writeRuns(runs, true))
  }

  /** Writes what is still waiting for company. */
  async finish(): Promise<void> {
    for (const { items } of this.#packs.values()) if (items.length > 0) await this.#writeRuns(items, true)
    for (const { items } of this.#orderPacks.values())
      if (items.length > 0) await this.#writeOrders(items, true)
  }

  /** Writes the dead rows of segments, and gives back where each list stands. */
  async writeDeadLists(
    lists: ReadonlyMap<string, readonly number[]>,
  ): Promise<Map<string, SegmentEntry['dead']>> {
    const places = new Map<string, { segment: string; firstRow: number; rowCount: number }>()
    const names: string[] = []
    const rows: number[] = []
    for (const [segment, dead] of [...lists].sort(([x], [y]) => (x < y ? -1 : 1))) {
      places.set(segment, { segment: '', firstRow: rows.length, rowCount: dead.length })
      for (const row of dead) {
        names.push(segment)
        rows.push(row)
      }
    }
    if (rows.length === 0) return places
    const key = await this.#put('dead', true, [
      { name: 'segment', type: 'text', data: textColumn(names), isSorted: true },
      { name: 'row', type: 'int64', data: integerColumn(rows), isSorted: false },
    ])
    for (const place of places.values()) place.segment = key
    return places
  }

  /** Resolves when every file is durable. */
  async written(): Promise<void> {
    await Promise.all(this.#puts)
    this.#puts.length = 0
    this.#puttingBytes = 0
  }

  /** Resolves when nothing is being written any more, whether it succeeded or not. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#puts)
  }

  async #writeRuns(runs: readonly NewRun[], isPack: boolean): Promise<void> {
    const { type } = runs[0]!
    const kind = segmentKindOf(runs[0]!)
    const join = (column: (run: NewRun) => ColumnData): ColumnData => concatColumns(runs.map(column))
    const columns: SegmentColumn[] = [
      attributeColumn(runs.map((run) => [run.attribute, rowCountOf(run.rows.entities)])),
      { name: 'entity', type: 'int64', data: join((run) => run.rows.entities), isSorted: runs.length === 1 },
      { name: 'value', type: columnTypeOf(type), data: join((run) => run.rows.values), isSorted: false },
      { name: 'added', type: 'int64', data: join((run) => run.rows.added), isSorted: false },
    ]
    if (kind === 'history') {
      columns.push({
        name: 'retracted',
        type: 'int64',
        data: join((run) => run.rows.retracted!),
        isSorted: false,
      })
    }
    const segment = await this.#put(kind, isPack, columns)
    let firstRow = 0
    for (const run of runs) {
      const rowCount = rowCountOf(run.rows.entities)
      const at = this.runs.length
      this.runs.push({ run, entry: entryOf(run, segment, firstRow) })
      if (run.hasOrder) await this.#addOrder({ run, at })
      firstRow += rowCount
    }
  }

  async #addOrder(copy: OrderCopy): Promise<void> {
    const rowCount = rowCountOf(copy.run.rows.entities)
    if (rowCount > this.#limits.packedRunRowCountMax) return await this.#writeOrders([copy], false)
    const { packRowCountMax } = this.#limits
    const pack = packNamed(this.#orderPacks, columnTypeOf(copy.run.type))
    await addToPack(pack, copy, { rowCount, packRowCountMax }, (copies) => this.#writeOrders(copies, true))
  }

  async #writeOrders(copies: readonly OrderCopy[], isPack: boolean): Promise<void> {
    const { type } = copies[0]!.run
    const parts = copies.map(({ run }) => {
      const order = sortByValue(run.type, run.rows.values)
      return { values: takeRows(run.rows.values, order), rows: integerColumn(Float64Array.from(order)) }
    })
    const isSorted = copies.length === 1 && isOrderOfParquet(copies[0]!.run)
    const segment = await this.#put('order', isPack, [
      attributeColumn(copies.map(({ run }) => [run.attribute, rowCountOf(run.rows.entities)])),
      {
        name: 'value',
        type: columnTypeOf(type),
        data: concatColumns(parts.map(({ values }) => values)),
        isSorted,
      },
      { name: 'row', type: 'int64', data: concatColumns(parts.map(({ rows }) => rows)), isSorted: false },
    ])
    let firstRow = 0
    for (const { run, at } of copies) {
      const written = this.runs[at]!
      this.runs[at] = { run, entry: { ...written.entry, order: { segment, firstRow } } }
      firstRow += rowCountOf(run.rows.entities)
    }
  }

  async #put(kind: SegmentKind, isPack: boolean, columns: readonly SegmentColumn[]): Promise<string> {
    const { bytes, ...sizes } = writeSegment(
      columns,
      { 'varve.format': '1', 'varve.kind': kind },
      this.#limits.segment,
    )
    const key = segmentKey(this.#epoch, bytes)
    if (this.#puttingBytes + bytes.byteLength > PUTTING_BYTES_MAX) await this.written()
    const put = this.#store.put(key, bytes)
    // A failure is told by `written`.
    put.catch(() => undefined)
    this.#puts.push(put)
    this.#puttingBytes += bytes.byteLength
    this.segments.push({ key, byteCount: bytes.byteLength, ...sizes, kind, isPack, dead: undefined })
    return key
  }
}

/** A run whose copy in value order is to be written, and its place among those written. */
type OrderCopy = { readonly run: NewRun; readonly at: number }

function segmentKindOf({ kind }: NewRun): 'present' | 'history' {
  return kind === 'present' || kind === 'kept' ? 'present' : 'history'
}

type Pack<R> = { readonly items: R[]; rowCount: number }
type PackLimits = { readonly rowCount: number; readonly packRowCountMax: number }

function packNamed<R>(packs: Map<string, Pack<R>>, name: string): Pack<R> {
  let pack = packs.get(name)
  if (pack === undefined) {
    pack = { items: [], rowCount: 0 }
    packs.set(name, pack)
  }
  return pack
}

async function addToPack<R>(
  pack: Pack<R>,
  item: R,
  limits: PackLimits,
  write: (items: readonly R[]) => Promise<void>,
): Promise<void> {
  if (pack.items.length > 0 && pack.rowCount + limits.rowCount > limits.packRowCountMax) {
    pack.rowCount = 0
    await write(pack.items.splice(0))
  }
  pack.items.push(item)
  pack.rowCount += limits.rowCount
}

function attributeColumn(parts: readonly (readonly [attribute: number, rowCount: number])[]): SegmentColumn {
  const base = Math.min(...parts.map(([attribute]) => attribute))
  const data = new Int32Array(parts.reduce((sum, [, rowCount]) => sum + rowCount, 0))
  let row = 0
  for (const [attribute, rowCount] of parts) data.fill(attribute - base, row, (row += rowCount))
  return { name: 'attribute', type: 'int32', data: { kind: 'integer', base, data }, isSorted: false }
}

function isOrderOfParquet({ type }: NewRun): boolean {
  const column: ColumnType = columnTypeOf(type)
  return column === 'int64' || column === 'instant' || isByteOrdered(type)
}

function entryOf({ rows }: NewRun, segment: string, firstRow: number): RunEntry {
  return {
    segment,
    firstRow,
    rowCount: rowCountOf(rows.entities),
    deadCount: 0,
    entities: [integerAt(rows.entities, 0), integerAt(rows.entities, rowCountOf(rows.entities) - 1)],
    added: boundsOf(rows.added),
    retracted: rows.retracted === undefined ? undefined : boundsOf(rows.retracted),
    order: undefined,
  }
}

function boundsOf(column: ColumnData): readonly [number, number] {
  let least = Infinity
  let greatest = -Infinity
  for (let row = 0; row < rowCountOf(column); row++) {
    const number = integerAt(column, row)
    if (number < least) least = number
    if (number > greatest) greatest = number
  }
  return [least, greatest]
}
