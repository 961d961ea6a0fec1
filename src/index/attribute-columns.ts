// All facts of one attribute that a view shows, as columns by entity: what scans and joins read. The runs of an
// attribute are merged once per root, not per question; a run without dead rows in a file of its own is used as it lies. Of a
// moment of the past only rows are chosen, of columns that all moments of its generation share, and what came after the
// index was written changes few rows of what it holds.

import { KeptByBytes } from '../base/kept-by-bytes.ts'
import type { ValueType } from '../fact/attribute.ts'
import type { Datom } from '../fact/datom.ts'
import type { Value } from '../fact/value.ts'
import { valueBytes } from '../fact/value-bytes.ts'
import { byteCountOf, type ColumnData } from '../segment/column.ts'
import { withDictionary } from '../segment/text.ts'
import { columnOf } from '../segment/value-column.ts'
import type { GenerationColumns, Moment } from './generation-columns.ts'
import type { LateColumns } from './late-columns.ts'
import { rowsOfDatoms } from './run-rows.ts'

export type AttributeColumns =
  | WholeColumns
  | {
      readonly kind: 'moment'
      readonly rowCount: number
      readonly generation: GenerationColumns
      readonly moment: Moment
    }
  | { readonly kind: 'late'; readonly rowCount: number; readonly late: LateColumns }

export type WholeColumns = {
  readonly kind: 'whole'
  readonly rowCount: number
  readonly type: ValueType
  /** Ascending, values ascending within one entity. */
  readonly entities: ColumnData
  readonly values: ColumnData
  /** The t at which each fact was asserted. */
  readonly ts: ColumnData
}

/** Columns of facts that stand in the order of entities, values ascending within one. */
export function columnsOfDatoms(type: ValueType, datoms: readonly Datom[]): WholeColumns {
  const { entities, values, added: ts } = rowsOfDatoms(type, datoms)
  return { kind: 'whole', rowCount: datoms.length, type, entities, values: coded(values), ts }
}

/** A column of values, as codes where few texts repeat often. */
export function columnOfValues(type: ValueType, values: readonly Value[]): ColumnData {
  return coded(columnOf(type, values))
}

function coded(column: ColumnData): ColumnData {
  return column.kind === 'text' ? withDictionary(column) : column
}

/** Memory of columns that are kept, with what engines make of them (their tables of numbers). */
export const MERGED_BYTES_MAX = 1 << 29
export const GENERATION_BYTES_MAX = 1 << 28
/** Of one fact: three numbers and two lookups in a table, beside what its columns take; and with them, about. */
const TABLE_FACT_BYTES = 40
export const FACT_BYTES = 56

/** Names of columns that somebody did without: the oldest are forgotten. */
const MISSED_COUNT_MAX = 1_000

/** The columns used last, by name, within a bound. */
export class KeptColumns<Columns> extends KeptByBytes<Columns> {
  readonly #missed = new Map<string, number>()

  /** Notes that somebody did without these columns, by so much work; all such work so far. */
  miss(name: string, work: number): number {
    const missed = (this.#missed.get(name) ?? 0) + work
    this.#missed.delete(name)
    this.#missed.set(name, missed)
    if (this.#missed.size > MISSED_COUNT_MAX) this.#missed.delete(this.#missed.keys().next().value!)
    return missed
  }

  override add(name: string, columns: Columns): void {
    this.#missed.delete(name)
    super.add(name, columns)
  }
}

/** What columns take, and the table that an engine makes of them. */
export function bytesOfColumns(columns: AttributeColumns): number {
  const { rowCount } = columns
  switch (columns.kind) {
    case 'whole': {
      const { entities, values, ts } = columns
      return rowCount * TABLE_FACT_BYTES + byteCountOf(entities) + byteCountOf(values) + byteCountOf(ts)
    }
    case 'moment':
      return rowCount * TABLE_FACT_BYTES
    case 'late':
      return rowCount * TABLE_FACT_BYTES + valueBytes(columns.late.values)
  }
}

export function bytesOfGeneration({ rowCount, entities, values, ts }: GenerationColumns): number {
  return rowCount * TABLE_FACT_BYTES + byteCountOf(entities) + byteCountOf(values) + byteCountOf(ts)
}
