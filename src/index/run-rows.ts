// Rows of one run before they are written: columns in memory, from datoms or from runs on disk, merged and sorted.

import { type Check, inBatches, NEVER_ENDS } from '../base/batches.ts'
import type { AttributeId, EntityId, T, ValueType } from '../fact/attribute.ts'
import type { Datom } from '../fact/datom.ts'
import type { Value } from '../fact/value.ts'
import {
  type ColumnData,
  concatColumns,
  integerAt,
  integerColumn,
  rowCountOf,
  sliceColumn,
  takeRows,
} from '../segment/column.ts'
import { columnOf } from '../segment/value-column.ts'
import type { AttributeNovelty } from './attribute-novelty.ts'
import type { Run } from './run.ts'
import { sortByEntity } from './sort.ts'

export type RunRows = {
  readonly entities: ColumnData
  readonly values: ColumnData
  readonly added: ColumnData
  /** Of retracted facts. */
  readonly retracted: ColumnData | undefined
}

/** A run that is to be written. */
export type NewRun = {
  readonly attribute: AttributeId
  readonly type: ValueType
  /** `kept` is what held at the end of a generation, written anew because its file is given up. */
  readonly kind: 'present' | 'history' | 'gone' | 'kept'
  /** Of which generation, where `kept`. */
  readonly untilT: T | undefined
  readonly rows: RunRows
  /** A copy in the order of values is to be written too. */
  readonly hasOrder: boolean
}

/** A fact that does not hold any more. */
export type Retired = { readonly e: EntityId; readonly v: Value; readonly added: T; readonly retracted: T }

export function rowsOfDatoms(type: ValueType, datoms: readonly Datom[]): RunRows {
  return {
    entities: integerColumn(datoms.map(({ e }) => e)),
    values: columnOf(
      type,
      datoms.map(({ v }) => v),
    ),
    added: integerColumn(datoms.map(({ t }) => t)),
    retracted: undefined,
  }
}

/** Rows of novelty that hold; columns from columns, without an object for each fact. */
export function rowsOfNovelty(type: ValueType, novelty: AttributeNovelty, rows: Uint32Array): RunRows {
  return { ...novelty.columns(type, rows), retracted: undefined }
}

export function rowsOfRetired(type: ValueType, facts: readonly Retired[]): RunRows {
  return {
    entities: integerColumn(facts.map(({ e }) => e)),
    values: columnOf(
      type,
      facts.map(({ v }) => v),
    ),
    added: integerColumn(facts.map(({ added }) => added)),
    retracted: integerColumn(facts.map(({ retracted }) => retracted)),
  }
}

/** The rows of a run on disk that are not dead; `isNewlyDead` says what died since the run was opened. */
export function liveRowsOf(run: Run, newlyDead: ReadonlySet<number>, check: Check = NEVER_ENDS): RunRows {
  const { firstRow, entities, values, added, retracted } = run.columns(check)
  const { rowCount, deadCount } = run.entry
  if (deadCount === 0 && newlyDead.size === 0) {
    const ofRun = (column: ColumnData): ColumnData => sliceColumn(column, firstRow, firstRow + rowCount)
    return {
      entities: ofRun(entities),
      values: ofRun(values),
      added: ofRun(added),
      retracted: retracted === undefined ? undefined : ofRun(retracted),
    }
  }
  const rows = new Uint32Array(rowCount)
  let count = 0
  for (const [first, limit] of inBatches(rowCount, check)) {
    for (let row = first; row < limit; row++)
      if (!run.isDead(row) && !newlyDead.has(row)) rows[count++] = firstRow + row
  }
  const taken = rows.subarray(0, count)
  return {
    entities: takeRows(entities, taken, check),
    values: takeRows(values, taken, check),
    added: takeRows(added, taken, check),
    retracted: retracted === undefined ? undefined : takeRows(retracted, taken, check),
  }
}

/** The rows of all, by entity, then value, then the t at which they were added. */
export function mergedRows(type: ValueType, parts: readonly RunRows[], check: Check = NEVER_ENDS): RunRows {
  const filled = parts.filter((part) => rowCountOf(part.entities) > 0)
  const entities = concatColumns(
    filled.map((part) => part.entities),
    check,
  )
  const values = concatColumns(
    filled.map((part) => part.values),
    check,
  )
  const added = concatColumns(
    filled.map((part) => part.added),
    check,
  )
  const ends = filled.flatMap((part) => (part.retracted === undefined ? [] : [part.retracted]))
  const retracted = ends.length === 0 ? undefined : concatColumns(ends, check)
  // What is new comes behind what was there, where new facts are about new entities.
  check()
  if (isAscending(entities)) return { entities, values, added, retracted }
  const order = sortByEntity(type, entities, values, retracted === undefined ? undefined : added, check)
  return {
    entities: takeRows(entities, order, check),
    values: takeRows(values, order, check),
    added: takeRows(added, order, check),
    retracted: retracted === undefined ? undefined : takeRows(retracted, order, check),
  }
}

/** True where every row is about an entity above that of the row before. */
function isAscending(entities: ColumnData): boolean {
  if (entities.kind !== 'integer') return false
  const { data } = entities
  for (let row = 1; row < data.length; row++) if (data[row]! <= data[row - 1]!) return false
  return true
}

/** One row per entity, from the first t at which it had a value that is gone to the last. The rows are sorted. */
export function spansOf(type: ValueType, blank: Value, { entities, added, retracted }: RunRows): RunRows {
  const spans = new Map<EntityId, Retired>()
  for (let row = 0; row < rowCountOf(entities); row++) {
    const e = integerAt(entities, row)
    const before = spans.get(e)
    spans.set(e, {
      e,
      v: blank,
      added: Math.min(before?.added ?? Infinity, integerAt(added, row)),
      retracted: Math.max(before?.retracted ?? -1, integerAt(retracted!, row)),
    })
  }
  return rowsOfRetired(type, [...spans.values()])
}
