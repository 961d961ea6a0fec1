// All facts of one attribute that held at some moment of a generation, as columns: first those that hold at its end,
// then those that ended within it, each part by entity and value. What a moment shows is a choice of rows, found by
// comparing two whole numbers of each: nothing is sorted, and no value is looked at unless entities have several.

import type { T, ValueType } from '../fact/attribute.ts'
import { type ColumnData, concatColumns, integerAt, rowCountOf } from '../segment/column.ts'
import type { RunRows } from './run-rows.ts'
import { identity, type RowComparison, rowComparison } from './sort.ts'

export type ChosenRows = {
  /** Rows of the generation, by entity and value. */
  readonly rows: Uint32Array
  /** True where their entities are those that hold at the end: only values differ. */
  readonly hasHeldEntities: boolean
}

export class GenerationColumns {
  readonly type: ValueType
  readonly entities: ColumnData
  readonly values: ColumnData
  /** The t at which each fact was asserted. */
  readonly ts: ColumnData
  /** Rows that hold at the end; the others follow. */
  readonly heldCount: number
  readonly #retracted: ColumnData | undefined

  constructor(type: ValueType, held: RunRows, ended: RunRows) {
    this.type = type
    this.heldCount = rowCountOf(held.entities)
    const parts = [held, ended].filter(({ entities }) => rowCountOf(entities) > 0)
    const joined = (of: (part: RunRows) => ColumnData): ColumnData =>
      concatColumns((parts.length > 0 ? parts : [held]).map(of))
    this.entities = joined(({ entities }) => entities)
    this.values = joined(({ values }) => values)
    this.ts = joined(({ added }) => added)
    this.#retracted = ended.retracted
  }

  get rowCount(): number {
    return rowCountOf(this.entities)
  }

  /** What was asserted behind `sinceT` and holds at `untilT`, a moment of the generation. */
  rowsAt(untilT: T, sinceT: T): ChosenRows {
    const hidden = this.#hiddenOfHeld(untilT, sinceT)
    const shown = this.#shownOfEnded(untilT, sinceT)
    if (!this.#areSameEntities(hidden, shown))
      return { rows: this.#merged(hidden, shown), hasHeldEntities: false }
    const rows = identity(this.heldCount)
    for (let i = 0; i < hidden.length; i++) rows[hidden[i]!] = shown[i]!
    return { rows, hasHeldEntities: true }
  }

  #hiddenOfHeld(untilT: T, sinceT: T): Uint32Array {
    const { data, base } = wholeNumbers(this.ts)
    const [latest, since] = [untilT - base, sinceT - base]
    const rows = new Uint32Array(this.heldCount)
    let count = 0
    for (let row = 0; row < rows.length; row++) {
      const t = data[row]!
      if (t > latest || t <= since) rows[count++] = row
    }
    return rows.subarray(0, count)
  }

  #shownOfEnded(untilT: T, sinceT: T): Uint32Array {
    if (this.#retracted === undefined) return new Uint32Array(0)
    const { data, base } = wholeNumbers(this.ts)
    const ends = wholeNumbers(this.#retracted)
    const [latest, since, ended] = [untilT - base, sinceT - base, untilT - ends.base]
    const first = this.heldCount
    const rows = new Uint32Array(ends.data.length)
    let count = 0
    for (let at = 0; at < rows.length; at++) {
      const t = data[first + at]!
      if (t <= latest && t > since && ends.data[at]! > ended) rows[count++] = first + at
    }
    return rows.subarray(0, count)
  }

  /** True where each row that is hidden has one that shows in its place, of an entity with no other fact. */
  #areSameEntities(hidden: Uint32Array, shown: Uint32Array): boolean {
    if (hidden.length !== shown.length) return false
    const { data } = wholeNumbers(this.entities)
    for (let i = 0; i < hidden.length; i++) {
      const row = hidden[i]!
      const entity = data[row]!
      if (data[shown[i]!] !== entity) return false
      if (row > 0 && data[row - 1] === entity) return false
      if (row + 1 < this.heldCount && data[row + 1] === entity) return false
    }
    return true
  }

  /** Those that hold without the hidden ones, and those shown, in order. */
  #merged(hidden: Uint32Array, shown: Uint32Array): Uint32Array {
    const { heldCount } = this
    const { data } = wholeNumbers(this.entities)
    const rows = new Uint32Array(heldCount - hidden.length + shown.length)
    let byValue: RowComparison | undefined
    let [count, nextHidden, nextShown] = [0, 0, 0]
    for (let row = 0; row < heldCount; row++) {
      if (hidden[nextHidden] === row) {
        nextHidden++
        continue
      }
      const entity = data[row]!
      for (; nextShown < shown.length; nextShown++) {
        const other = shown[nextShown]!
        if (data[other]! > entity) break
        if (data[other] === entity) {
          byValue ??= rowComparison(this.type, this.values)
          if (byValue(other, row) > 0) break
        }
        rows[count++] = other
      }
      rows[count++] = row
    }
    rows.set(shown.subarray(nextShown), count)
    return rows
  }
}

function wholeNumbers(column: ColumnData): {
  readonly data: Int32Array | Float64Array
  readonly base: number
} {
  if (column.kind === 'integer') return column
  // Ids and times stay below 2^53; `integerAt` says so.
  integerAt(column, 0)
  return { data: new Int32Array(0), base: 0 }
}
