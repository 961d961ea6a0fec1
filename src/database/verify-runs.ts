// Checks that the runs of an index are what its root says of them: rows in order and within bounds, dead lists
// ascending and complete, copies in value order the same rows. Readers search by all of this.

import type { AttributeId, T } from '../fact/attribute.ts'
import { compareValues } from '../fact/value.ts'
import type { Index } from '../index/index.ts'
import type { IndexSegment } from '../index/index-segment.ts'
import type { Run } from '../index/run.ts'
import { integerAt } from '../segment/column.ts'
import { valueAt } from '../segment/value-column.ts'

export type RunFault = { readonly segment: string; readonly what: string }

/** Everything that is wrong with the runs of one attribute. */
export function* verifyRuns(index: Index, a: AttributeId): Iterable<RunFault> {
  const runs = index.attribute(a)!
  const copies = runs.generations.flatMap(({ present }) => present)
  const gone = runs.gone === undefined ? [] : [runs.gone]
  const all = [...runs.present, ...runs.history, ...copies, ...gone]
  for (const run of all) {
    const what = faultOfRun(index, a, run) ?? (run.hasOrder ? faultOfOrder(index, run) : undefined)
    if (what !== undefined) yield { segment: run.entry.segment, what: `The run of attribute ${a}: ${what}` }
  }
}

/** The dead rows of one segment: ascending, each once, within the file. */
export function faultOfDeadList(segment: IndexSegment): string | undefined {
  const dead = segment.deadRows()
  const { rowCount } = segment.entry
  for (let at = 0; at < dead.length; at++) {
    const row = dead[at]!
    if (row < 0 || row >= rowCount) return `its dead list names row ${row} of ${rowCount}`
    if (at > 0 && row <= dead[at - 1]!) return `its dead list does not ascend at row ${row}`
  }
  return undefined
}

function faultOfRun(index: Index, a: AttributeId, run: Run): string | undefined {
  const { firstRow, rowCount, entities, added, retracted } = run.entry
  const { segment, entry } = index.segments.get(run.entry.segment)!
  if (firstRow + rowCount > entry.rowCount) return 'it is longer than its file'
  const columns = run.columns()
  const attributes = segment.column('attribute').load()
  let deadCount = 0
  const seen = { added: [Infinity, -1] as [T, T], retracted: [Infinity, -1] as [T, T] }
  for (let row = firstRow; row < firstRow + rowCount; row++) {
    if (integerAt(attributes, row) !== a) return `row ${row} belongs to another attribute`
    if (row > firstRow && !isAfter(run, columns, row)) return `row ${row} is not in order`
    const addedT = integerAt(columns.added, row)
    widen(seen.added, addedT)
    if (columns.retracted !== undefined) {
      const retractedT = integerAt(columns.retracted, row)
      widen(seen.retracted, retractedT)
      if (retractedT <= addedT || retractedT > index.root.indexedT) return `row ${row} ends at a wrong t`
    } else if (run.isDead(row - firstRow)) deadCount++
  }
  const first = integerAt(columns.entities, firstRow)
  const last = integerAt(columns.entities, firstRow + rowCount - 1)
  if (first !== entities[0] || last !== entities[1]) return 'its entities are not those the root says'
  if (seen.added[0] !== added[0] || seen.added[1] !== added[1]) return 'its t are not those the root says'
  if (added[1] > index.root.indexedT) return 'it holds a t that is not indexed yet'
  if (retracted !== undefined && (seen.retracted[0] !== retracted[0] || seen.retracted[1] !== retracted[1]))
    return 'its ends are not those the root says'
  if (deadCount !== run.entry.deadCount)
    return `${deadCount} of its rows are dead, not ${run.entry.deadCount}`
  return undefined
}

function widen(bounds: [T, T], t: T): void {
  if (t < bounds[0]) bounds[0] = t
  if (t > bounds[1]) bounds[1] = t
}

/** True where a row stands behind the one before it: by entity, then value, then the t at which it was added. */
function isAfter({ type }: Run, columns: ReturnType<Run['columns']>, row: number): boolean {
  const entities = integerAt(columns.entities, row) - integerAt(columns.entities, row - 1)
  if (entities !== 0) return entities > 0
  const values = compareValues(valueAt(type, columns.values, row), valueAt(type, columns.values, row - 1))
  if (values !== 0) return values > 0
  return integerAt(columns.added, row) > integerAt(columns.added, row - 1)
}

function faultOfOrder(index: Index, run: Run): string | undefined {
  const { entry, type } = run
  const { segment } = index.segments.get(entry.order!.segment)!
  const values = segment.column('value').load()
  const rows = segment.column('row').load()
  const own = index.segments.get(entry.segment)!.segment.column('value').load()
  const met = new Uint8Array(entry.rowCount)
  const { firstRow } = entry.order!
  for (let at = firstRow; at < firstRow + entry.rowCount; at++) {
    const row = integerAt(rows, at)
    if (!(row >= 0 && row < entry.rowCount) || met[row] === 1)
      return `its value order names row ${row} wrongly`
    met[row] = 1
    const value = valueAt(type, values, at)
    if (compareValues(value, valueAt(type, own, entry.firstRow + row)) !== 0)
      return `its value order has another value for row ${row}`
    if (at > firstRow && compareValues(valueAt(type, values, at - 1), value) > 0)
      return `its value order does not ascend at ${at}`
  }
  return undefined
}
