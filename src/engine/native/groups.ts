// Aggregates over columns of numbers: rows are numbered by the group that they belong to, and counts, sums, means and
// extremes of what is ordered as its numbers are run over the columns. Every other aggregate gets the values of each
// group, as the naive engine gives them.

import type { Edn } from '../../fact/value.ts'
import type { Query } from '../../plan/syntax.ts'
import { elementVariable, findVariables } from '../../plan/finish.ts'
import { aggregateFor, type AggregateElement, type FindSetting } from '../find.ts'
import type { Row } from '../relation.ts'
import { type Domain, NumberDomain } from './domain.ts'
import { isOrdered } from './row-order.ts'
import { RowSet } from './row-set.ts'

/** One row per group, with a value for each element of the find. `found` are the distinct rows over `findVariables`. */
export function groupedRows(
  query: Query,
  found: RowSet,
  domains: readonly Domain[],
  setting: FindSetting,
): readonly Row[] {
  const { elements } = query.find
  const { rowCount, columns } = found
  if (rowCount === 0) return []
  const variables = findVariables(query)
  const places = elements.map((element) => variables.indexOf(elementVariable(element)))
  const keyPlaces = places.filter((_, at) => elements[at]!.kind !== 'aggregate')
  const groups = groupsOf(
    keyPlaces.map((place) => columns[place]!),
    rowCount,
  )
  const rows: Edn[][] = Array.from(groups.firstRows, () => [])
  elements.forEach((element, at) => {
    const column = { numbers: columns[places[at]!]!, domain: domains[places[at]!]!, groups }
    const values = element.kind === 'aggregate' ? aggregate(element, column, setting) : keysOf(column)
    rows.forEach((row, group) => row.push(values[group]!))
  })
  return rows
}

/** The group of every row, and the first row of every group. Groups are numbered as they are met. */
type Groups = { readonly ofRow: Int32Array; readonly firstRows: readonly number[] }

/** A column of the rows, which belong to groups. */
type Grouped = { readonly numbers: Float64Array; readonly domain: Domain; readonly groups: Groups }

function groupsOf(keys: readonly Float64Array[], rowCount: number): Groups {
  const [first, second] = keys
  const ofRow =
    first === undefined
      ? new Int32Array(rowCount)
      : ((second === undefined ? groupsByPlace(first, rowCount) : undefined) ??
        new RowSet(keys.length).groupsOf(keys, rowCount))
  const firstRows: number[] = []
  for (let row = 0; row < rowCount; row++) if (ofRow[row] === firstRows.length) firstRows.push(row)
  return { ofRow, firstRows }
}

/** Keys up to this one are their own place: those of coded values, mostly. */
const KEY_PLACE_MAX = 1 << 20

/** Without a hash; undefined where a key is no place. */
function groupsByPlace(keys: Float64Array, rowCount: number): Int32Array | undefined {
  let greatest = 0
  for (let row = 0; row < rowCount; row++) {
    const key = keys[row]!
    if (!(key >= 0 && key <= KEY_PLACE_MAX) || key !== Math.trunc(key)) return undefined
    if (key > greatest) greatest = key
  }
  const groupOfKey = new Int32Array(greatest + 1).fill(-1)
  const ofRow = new Int32Array(rowCount)
  let count = 0
  for (let row = 0; row < rowCount; row++) {
    const key = keys[row]!
    if (groupOfKey[key] === -1) groupOfKey[key] = count++
    ofRow[row] = groupOfKey[key]!
  }
  return ofRow
}

function keysOf({ numbers, domain, groups }: Grouped): readonly Edn[] {
  return groups.firstRows.map((row) => domain.decode(numbers[row]!))
}

function aggregate(element: AggregateElement, column: Grouped, setting: FindSetting): readonly Edn[] {
  return (
    (element.args.length === 0 ? byColumn(element.name, column) : undefined) ??
    byValues(element, column, setting)
  )
}

/** Undefined where the numbers of the column do not tell the answer. */
function byColumn(name: string, column: Grouped): readonly Edn[] | undefined {
  const { domain } = column
  switch (name) {
    case 'count':
      return Array.from(countsOf(column))
    case 'count-distinct':
      return Array.from(distinctCountsOf(column))
    case 'sum':
      return isLong(domain) ? sumsOf(column) : undefined
    case 'avg': {
      // The sums are exact, so one division rounds once.
      const sums = isLong(domain) ? sumsOf(column) : undefined
      const counts = countsOf(column)
      return sums?.map((sum, group) => AVERAGES.decode(sum / counts[group]!))
    }
    case 'min':
      return isOrdered(domain) ? extremesOf(column, -1) : undefined
    case 'max':
      return isOrdered(domain) ? extremesOf(column, 1) : undefined
    default:
      return undefined
  }
}

const AVERAGES = new NumberDomain('double')

function isLong(domain: Domain): boolean {
  return domain instanceof NumberDomain && (domain.type === 'long' || domain.type === 'ref')
}

function countsOf({ groups: { ofRow, firstRows } }: Grouped): Float64Array {
  const counts = new Float64Array(firstRows.length)
  for (let row = 0; row < ofRow.length; row++) counts[ofRow[row]!]!++
  return counts
}

function distinctCountsOf({ numbers, groups: { ofRow, firstRows } }: Grouped): Float64Array {
  const distinct = new RowSet(2)
  distinct.groupsOf([Float64Array.from(ofRow), numbers], ofRow.length)
  const counts = new Float64Array(firstRows.length)
  for (let row = 0; row < distinct.rowCount; row++) counts[distinct.columns[0]![row]!]!++
  return counts
}

/** Sums of whole numbers; undefined where one leaves what a double holds exactly. */
function sumsOf({ numbers, groups: { ofRow, firstRows } }: Grouped): readonly number[] | undefined {
  const sums = new Float64Array(firstRows.length)
  let isExact = true
  for (let row = 0; row < ofRow.length; row++) {
    const sum = sums[ofRow[row]!]! + numbers[row]!
    sums[ofRow[row]!] = sum
    if (sum > Number.MAX_SAFE_INTEGER || sum < Number.MIN_SAFE_INTEGER) isExact = false
  }
  return isExact ? Array.from(sums) : undefined
}

function extremesOf(
  { numbers, domain, groups: { ofRow, firstRows } }: Grouped,
  direction: 1 | -1,
): readonly Edn[] {
  const best = new Float64Array(firstRows.length).fill(NaN)
  for (let row = 0; row < ofRow.length; row++) {
    const held = best[ofRow[row]!]!
    if (!((numbers[row]! - held) * direction <= 0)) best[ofRow[row]!] = numbers[row]!
  }
  return Array.from(best, (number) => domain.decode(number))
}

function byValues(element: AggregateElement, column: Grouped, setting: FindSetting): readonly Edn[] {
  const {
    numbers,
    domain,
    groups: { ofRow, firstRows },
  } = column
  const values: Edn[][] = Array.from(firstRows, () => [])
  for (let row = 0; row < ofRow.length; row++) values[ofRow[row]!]!.push(domain.decode(numbers[row]!))
  const run = aggregateFor(element, setting)
  return values.map((group) => {
    setting.context.budget.check()
    return run(group)
  })
}
