// All facts of one attribute that a view shows, as columns by entity: what scans and joins read. The runs of an
// attribute are merged once per root, not per question; a single run without dead rows is used as it lies. Of a
// moment of the past only rows are chosen, of columns that all moments of its generation share, and what came after the
// index was written changes few rows of what it holds.

import type { ValueType } from '../fact/attribute.ts'
import type { ColumnData } from '../segment/column.ts'
import type { GenerationColumns, Moment } from './generation-columns.ts'
import type { LateColumns } from './late-columns.ts'

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

/** Memory of columns that are kept, with what engines make of them (their tables of numbers). */
export const MERGED_BYTES_MAX = 1 << 29
export const GENERATION_BYTES_MAX = 1 << 28
/** Of one fact: three numbers and two lookups in a table, and what the columns themselves take. */
export const FACT_BYTES = 56

/** Names of columns that somebody did without: the oldest are forgotten. */
const MISSED_COUNT_MAX = 1_000

/** The columns used last, by name, within a bound. */
export class KeptColumns<Columns extends { readonly rowCount: number }> {
  readonly #kept = new Map<string, Columns>()
  readonly #bytesMax: number
  #byteCount = 0
  readonly #missed = new Map<string, number>()

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get(name: string): Columns | undefined {
    const kept = this.#kept.get(name)
    if (kept === undefined) return undefined
    this.#kept.delete(name)
    this.#kept.set(name, kept)
    return kept
  }

  /** Notes that somebody did without these columns, by so much work; all such work so far. */
  miss(name: string, work: number): number {
    const missed = (this.#missed.get(name) ?? 0) + work
    this.#missed.delete(name)
    this.#missed.set(name, missed)
    if (this.#missed.size > MISSED_COUNT_MAX) this.#missed.delete(this.#missed.keys().next().value!)
    return missed
  }

  add(name: string, columns: Columns): void {
    this.#missed.delete(name)
    this.#kept.set(name, columns)
    this.#byteCount += columns.rowCount * FACT_BYTES
    for (const [oldest, dropped] of this.#kept) {
      if (this.#byteCount <= this.#bytesMax || oldest === name) return
      this.#kept.delete(oldest)
      this.#byteCount -= dropped.rowCount * FACT_BYTES
    }
  }
}
