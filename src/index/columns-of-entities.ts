// Of the columns of an attribute, the rows of some entities: columns of their own, which hold nothing of the others, be
// it a text or the width that another's number needs.

import { type Check, inBatches } from '../base/batches.ts'
import type { ValueType } from '../fact/attribute.ts'
import { type ColumnData, concatColumns, integerAt, integerColumn } from '../segment/column.ts'
import { ownColumn } from '../segment/own-column.ts'
import { columnOf } from '../segment/value-column.ts'
import type { AttributeColumns, WholeColumns } from './attribute-columns.ts'
import type { Moment } from './generation-columns.ts'

/** `wanted` is ascending; undefined is all. */
export function columnsOfEntities(
  columns: AttributeColumns,
  wanted: Float64Array | undefined,
  check: Check,
): WholeColumns {
  const { type, entities, values, ts, rows } = shownRows(columns, check)
  const picked = wanted === undefined ? rows : pickedRows(entities, rows, wanted, check)
  const own = (column: ColumnData): ColumnData => ownColumn(column, picked, check)
  return {
    kind: 'whole',
    rowCount: picked.length,
    type,
    entities: own(entities),
    values: own(values),
    ts: own(ts),
  }
}

/** All that columns show, as rows of columns in order. */
type ShownRows = {
  readonly type: ValueType
  readonly entities: ColumnData
  readonly values: ColumnData
  readonly ts: ColumnData
  /** Row i shows row `rows[i]`. */
  readonly rows: Uint32Array
}

function shownRows(columns: AttributeColumns, check: Check): ShownRows {
  switch (columns.kind) {
    case 'whole': {
      const { type, entities, values, ts, rowCount } = columns
      return { type, entities, values, ts, rows: rowsUpTo(rowCount) }
    }
    case 'moment': {
      const { moment, generation } = columns
      const { type, entities, values, ts, heldCount } = generation
      return { type, entities, values, ts, rows: rowsOfMoment(moment, heldCount) }
    }
    case 'late': {
      const { indexed, entities, values, ts, moment } = columns.late
      const joined = (held: ColumnData, late: ColumnData): ColumnData => concatColumns([held, late], check)
      const { type } = indexed
      return {
        type,
        entities: joined(indexed.entities, integerColumn(entities)),
        values: joined(indexed.values, columnOf(type, values)),
        ts: joined(indexed.ts, integerColumn(ts)),
        rows: rowsOfMoment(moment, indexed.rowCount),
      }
    }
  }
}

function rowsOfMoment(moment: Moment, heldCount: number): Uint32Array {
  if (moment.kind === 'listed') return moment.rows
  const rows = rowsUpTo(heldCount)
  const { hidden, shown } = moment
  for (let i = 0; i < hidden.length; i++) rows[hidden[i]!] = shown[i]!
  return rows
}

function rowsUpTo(limit: number): Uint32Array {
  const rows = new Uint32Array(limit)
  for (let row = 0; row < limit; row++) rows[row] = row
  return rows
}

/** Both are in the order of entities. */
function pickedRows(
  entities: ColumnData,
  rows: Uint32Array,
  wanted: Float64Array,
  check: Check,
): Uint32Array {
  const picked = new Uint32Array(rows.length)
  let count = 0
  let next = 0
  for (const [first, limit] of inBatches(rows.length, check)) {
    for (let i = first; i < limit; i++) {
      const row = rows[i]!
      const e = integerAt(entities, row)
      while (next < wanted.length && wanted[next]! < e) next++
      if (wanted[next] === e) picked[count++] = row
    }
  }
  return picked.slice(0, count)
}
