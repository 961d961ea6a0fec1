// All facts of one attribute that held at some moment of a generation, as columns: first those that hold at its end,
// then those that ended within it, each part by entity and value. What a moment shows is a choice of rows, found by
// comparing two whole numbers of each: nothing is sorted, and no value is looked at unless entities have several.

import { assert } from '../base/assert.ts'
import { type Check, inBatches } from '../base/batches.ts'
import type { T, ValueType } from '../fact/attribute.ts'
import { type ColumnData, concatColumns, type IntegerColumn, rowCountOf } from '../segment/column.ts'
import type { RunRows } from './run-rows.ts'
import { type RowComparison, rowComparison } from './sort.ts'

/** What a moment shows of a generation. */
export type Moment = { readonly rowCount: number } & (
  | {
      /** The rows that hold at the end, but for `hidden[i]` another one of the same entity: `shown[i]`. */
      readonly kind: 'exchanged'
      readonly hidden: Uint32Array
      readonly shown: Uint32Array
    }
  | {
      /** These rows, which are in order. */
      readonly kind: 'listed'
      readonly rows: Uint32Array
    }
)

export class GenerationColumns {
  readonly type: ValueType
  readonly entities: ColumnData
  readonly values: ColumnData
  /** The t at which each fact was asserted. */
  readonly ts: ColumnData
  /** Rows that hold at the end; the others follow. */
  readonly heldCount: number
  readonly #retracted: ColumnData | undefined

  constructor(type: ValueType, held: RunRows, ended: RunRows, check: Check) {
    this.type = type
    this.heldCount = rowCountOf(held.entities)
    const parts = [held, ended].filter(({ entities }) => rowCountOf(entities) > 0)
    const joined = (of: (part: RunRows) => ColumnData): ColumnData =>
      concatColumns((parts.length > 0 ? parts : [held]).map(of), check)
    this.entities = joined(({ entities }) => entities)
    this.values = joined(({ values }) => values)
    this.ts = joined(({ added }) => added)
    this.#retracted = ended.retracted
  }

  get rowCount(): number {
    return rowCountOf(this.entities)
  }

  /** What was asserted behind `sinceT` and holds at `untilT`, a moment of the generation. */
  at(untilT: T, sinceT: T, check: Check): Moment {
    const hiddenThen = this.#hiddenOfHeld(untilT)
    check()
    const shownThen = this.#shownOfEnded(untilT)
    check()
    const [hidden, shown] = sinceT < 0 ? [hiddenThen, shownThen] : this.#since(sinceT, hiddenThen, shownThen)
    check()
    if (this.#areSameEntities(hidden, shown))
      return { kind: 'exchanged', rowCount: this.heldCount, hidden, shown }
    const rows = this.#merged(hidden, shown, check)
    return { kind: 'listed', rowCount: rows.length, rows }
  }

  // The loops below write every row down and go on by 0 or 1, without a branch: which rows show is anybody's guess.

  #hiddenOfHeld(untilT: T): Uint32Array {
    const { heldCount } = this
    const { data, base } = wholeNumbers(this.ts)
    const latest = untilT - base
    const rows = scratchOf(heldCount + 1)
    let count = 0
    for (let row = 0; row < heldCount; row++) {
      rows[count] = row
      count += +(data[row]! > latest)
    }
    return rows.slice(0, count)
  }

  #shownOfEnded(untilT: T): Uint32Array {
    if (this.#retracted === undefined) return NO_ROWS
    const { data, base } = wholeNumbers(this.ts)
    const ends = wholeNumbers(this.#retracted)
    const [latest, ended] = [untilT - base, untilT - ends.base]
    const { heldCount, rowCount } = this
    const rows = scratchOf(rowCount - heldCount + 1)
    let count = 0
    for (let row = heldCount; row < rowCount; row++) {
      rows[count] = row
      count += +(data[row]! <= latest) & +(ends.data[row - heldCount]! > ended)
    }
    return rows.slice(0, count)
  }

  /** The same rows where only what was asserted behind `sinceT` is to show. */
  #since(sinceT: T, hidden: Uint32Array, shown: Uint32Array): readonly [Uint32Array, Uint32Array] {
    const { data, base } = wholeNumbers(this.ts)
    const isEarly = (row: number): boolean => data[row]! + base <= sinceT
    const isHidden = new Uint8Array(this.heldCount)
    for (const row of hidden) isHidden[row] = 1
    const { heldCount } = this
    const rows = scratchOf(heldCount + 1)
    let count = 0
    for (let row = 0; row < heldCount; row++) {
      rows[count] = row
      count += isHidden[row]! | +isEarly(row)
    }
    return [rows.slice(0, count), shown.filter((row) => !isEarly(row))]
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
  #merged(hidden: Uint32Array, shown: Uint32Array, check: Check): Uint32Array {
    const { heldCount } = this
    const { data } = wholeNumbers(this.entities)
    const rows = new Uint32Array(heldCount - hidden.length + shown.length)
    let byValue: RowComparison | undefined
    let [count, nextHidden, nextShown] = [0, 0, 0]
    for (const [first, limit] of inBatches(heldCount, check))
      for (let row = first; row < limit; row++) {
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

const NO_ROWS = new Uint32Array(0)

/** Room for rows while they are found: fresh memory costs more than finding them. */
let scratch = new Uint32Array(0)
/** Of what is kept for the next moment: 16 MiB. */
const SCRATCH_ROW_COUNT_MAX = 1 << 22

function scratchOf(count: number): Uint32Array {
  if (count > SCRATCH_ROW_COUNT_MAX) return new Uint32Array(count)
  if (scratch.length < count) scratch = new Uint32Array(Math.min(SCRATCH_ROW_COUNT_MAX, count * 2))
  return scratch
}

function wholeNumbers(column: ColumnData): IntegerColumn {
  assert(column.kind === 'integer', 'ids and times stay below 2^53')
  return column
}
