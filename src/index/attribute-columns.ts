// All facts of one attribute that a view shows, as columns by entity: what scans and joins read. The runs of an
// attribute are merged once per root and moment, not per question; a single run without dead rows is used as it lies.

import type { ValueType } from '../fact/attribute.ts'
import { type ColumnData, rowCountOf } from '../segment/column.ts'

export type AttributeColumns = {
  readonly type: ValueType
  /** Ascending, values ascending within one entity. */
  readonly entities: ColumnData
  readonly values: ColumnData
  /** The t at which each fact was asserted. */
  readonly ts: ColumnData
}

/** Memory of merged columns that one index keeps, with what engines make of them (their tables of numbers). */
const HELD_BYTES_MAX = 1 << 29
/** Of one fact: three numbers and two lookups in a table, and what the columns themselves take. */
const FACT_BYTES = 56

/** The columns used last, by attribute and by what of it a view shows. */
export class MergedColumns {
  readonly #held = new Map<string, AttributeColumns>()
  #byteCount = 0

  get(name: string): AttributeColumns | undefined {
    const held = this.#held.get(name)
    if (held === undefined) return undefined
    this.#held.delete(name)
    this.#held.set(name, held)
    return held
  }

  add(name: string, columns: AttributeColumns): void {
    this.#held.set(name, columns)
    this.#byteCount += bytesOf(columns)
    for (const [oldest, dropped] of this.#held) {
      if (this.#byteCount <= HELD_BYTES_MAX || oldest === name) return
      this.#held.delete(oldest)
      this.#byteCount -= bytesOf(dropped)
    }
  }
}

function bytesOf({ entities }: AttributeColumns): number {
  return rowCountOf(entities) * FACT_BYTES
}
