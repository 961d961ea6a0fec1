// What an index holds of one attribute together with what came later, as few changes of columns that were made once for
// the index: rows of it that do not hold any more, and facts to put among the others. So a commit costs the next scan
// the facts that it changed, not the attribute.

import { assert } from '../base/assert.ts'
import type { Check } from '../base/batches.ts'
import type { EntityId, T } from '../fact/attribute.ts'
import { compareValues, equalValues, type Value } from '../fact/value.ts'
import { integerAt } from '../segment/column.ts'
import { valueAt } from '../segment/value-column.ts'
import type { WholeColumns } from './attribute-columns.ts'
import type { AttributeNovelty } from './attribute-novelty.ts'
import type { Moment } from './generation-columns.ts'
import { searchInteger } from './probe.ts'

export type LateColumns = {
  readonly indexed: WholeColumns
  /** Facts that came later: as rows of the moment they follow those that are indexed. */
  readonly entities: readonly EntityId[]
  readonly values: readonly Value[]
  readonly ts: readonly T[]
  readonly moment: Moment
}

/** Facts that are looked at between two checks: each takes a search of a column. */
const CHECKED_COUNT = 4_096

/** What holds at `untilT`, which is not before the end of the index; novelty follows that. */
export function lateColumns(
  indexed: WholeColumns,
  novelty: AttributeNovelty,
  untilT: T,
  check: Check,
): LateColumns {
  const hidden = hiddenRows(indexed, novelty, untilT, check)
  const entities: EntityId[] = []
  const values: Value[] = []
  const ts: T[] = []
  for (const row of novelty.rowsByEntity()) {
    if (ts.length % CHECKED_COUNT === 0) check()
    if (novelty.tAt(row) > untilT || novelty.retractedT(row) <= untilT) continue
    entities.push(novelty.entityAt(row))
    values.push(novelty.valueAt(row))
    ts.push(novelty.tAt(row))
  }
  const moment = areExchanged(indexed, hidden, entities)
    ? ({
        kind: 'exchanged',
        rowCount: indexed.rowCount,
        hidden,
        shown: following(indexed, entities.length),
      } as const)
    : listed(indexed, hidden, entities, values)
  return { indexed, entities, values, ts, moment }
}

/** Of retractions of indexed facts, in their order, the rows: those found stay the same for every later t. */
const foundRows = new WeakMap<AttributeNovelty, { readonly indexed: WholeColumns; readonly rows: number[] }>()

function hiddenRows(indexed: WholeColumns, novelty: AttributeNovelty, untilT: T, check: Check): Uint32Array {
  let found = foundRows.get(novelty)
  if (found?.indexed !== indexed) foundRows.set(novelty, (found = { indexed, rows: [] }))
  const { rows } = found
  let count = 0
  for (const { e, v } of novelty.retractionsUpTo(untilT)) {
    if (count === rows.length) rows.push(rowOf(indexed, e, v))
    if (++count % CHECKED_COUNT === 0) check()
  }
  return Uint32Array.from(rows.slice(0, count)).sort()
}

function rowOf({ type, entities, values, rowCount }: WholeColumns, e: EntityId, v: Value): number {
  for (let row = searchInteger(entities, 0, rowCount, e); row < rowCount; row++) {
    if (integerAt(entities, row) !== e) break
    if (equalValues(valueAt(type, values, row), v)) return row
  }
  assert(false, 'a retracted fact is in the index or in novelty')
}

/** True where each row that is hidden has one late fact in its place, of an entity with no other. */
function areExchanged(
  { entities, rowCount }: WholeColumns,
  hidden: Uint32Array,
  late: readonly EntityId[],
): boolean {
  if (hidden.length !== late.length) return false
  for (let i = 0; i < hidden.length; i++) {
    const row = hidden[i]!
    const e = late[i]!
    if (integerAt(entities, row) !== e || late[i + 1] === e) return false
    if (row > 0 && integerAt(entities, row - 1) === e) return false
    if (row + 1 < rowCount && integerAt(entities, row + 1) === e) return false
  }
  return true
}

function following({ rowCount }: WholeColumns, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => rowCount + i)
}

/** All rows in order: those that are indexed without the hidden ones, the late ones among them. */
function listed(
  { type, entities, values, rowCount }: WholeColumns,
  hidden: Uint32Array,
  late: readonly EntityId[],
  lateValues: readonly Value[],
): Moment {
  const rows = new Uint32Array(rowCount - hidden.length + late.length)
  let [count, row, nextHidden] = [0, 0, 0]
  const copyUpTo = (limit: number): void => {
    for (; row < limit; row++) {
      if (hidden[nextHidden] === row) nextHidden++
      else rows[count++] = row
    }
  }
  for (let i = 0; i < late.length; i++) {
    const e = late[i]!
    copyUpTo(searchInteger(entities, row, rowCount, e))
    while (row < rowCount && integerAt(entities, row) === e) {
      if (compareValues(valueAt(type, values, row), lateValues[i]!) > 0) break
      copyUpTo(row + 1)
    }
    rows[count++] = rowCount + i
  }
  copyUpTo(rowCount)
  return { kind: 'listed', rowCount: rows.length, rows }
}
