// Aggregates over columns of numbers: rows are numbered by the group that they belong to, and counts, sums, means and
// extremes of what is ordered as its numbers are run over the columns. Every other aggregate gets the values of each
// group, as the naive engine gives them.

import type { Edn } from '../../fact/value.ts'
import type { Query } from '../../plan/syntax.ts'
import { isByteOrdered } from '../../segment/value-column.ts'
import {
  aggregateFor,
  type AggregateElement,
  elementVariable,
  type FindSetting,
  findVariables,
} from '../find.ts'
import type { Row } from '../relation.ts'
import { type Domain, NumberDomain, SortedTextDomain } from './domain.ts'
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
  const keys = new RowSet(Math.max(1, keyPlaces.length))
  const keyColumns =
    keyPlaces.length === 0 ? [new Float64Array(rowCount)] : keyPlaces.map((place) => columns[place]!)
  const groups = keys.groupsOf(keyColumns, rowCount)
  const rows: Edn[][] = Array.from({ length: keys.rowCount }, () => [])
  elements.forEach((element, at) => {
    const column = {
      numbers: columns[places[at]!]!,
      domain: domains[places[at]!]!,
      groups,
      groupCount: keys.rowCount,
    }
    const values =
      element.kind === 'aggregate'
        ? aggregate(element, column, setting)
        : keysOf(keys, keyPlaces.indexOf(places[at]!), column)
    rows.forEach((row, group) => row.push(values[group]!))
  })
  return rows
}

/** A column of the rows, and the group of each. */
type Grouped = {
  readonly numbers: Float64Array
  readonly domain: Domain
  readonly groups: Int32Array
  readonly groupCount: number
}

function keysOf(keys: RowSet, place: number, { domain }: Grouped): readonly Edn[] {
  return Array.from({ length: keys.rowCount }, (_, group) => domain.decode(keys.columns[place]![group]!))
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

/** True where numbers stand in the total order of their values. */
function isOrdered(domain: Domain): boolean {
  return domain instanceof NumberDomain || (domain instanceof SortedTextDomain && isByteOrdered(domain.type))
}

function countsOf({ groups, groupCount }: Grouped): Float64Array {
  const counts = new Float64Array(groupCount)
  for (let row = 0; row < groups.length; row++) counts[groups[row]!]!++
  return counts
}

function distinctCountsOf({ numbers, groups, groupCount }: Grouped): Float64Array {
  const distinct = new RowSet(2)
  distinct.groupsOf([Float64Array.from(groups), numbers], groups.length)
  const counts = new Float64Array(groupCount)
  for (let row = 0; row < distinct.rowCount; row++) counts[distinct.columns[0]![row]!]!++
  return counts
}

/** Sums of whole numbers; undefined where one leaves what a double holds exactly. */
function sumsOf({ numbers, groups, groupCount }: Grouped): readonly number[] | undefined {
  const sums = new Float64Array(groupCount)
  let isExact = true
  for (let row = 0; row < groups.length; row++) {
    const sum = sums[groups[row]!]! + numbers[row]!
    sums[groups[row]!] = sum
    if (sum > Number.MAX_SAFE_INTEGER || sum < Number.MIN_SAFE_INTEGER) isExact = false
  }
  return isExact ? Array.from(sums) : undefined
}

function extremesOf({ numbers, domain, groups, groupCount }: Grouped, direction: 1 | -1): readonly Edn[] {
  const best = new Float64Array(groupCount).fill(NaN)
  for (let row = 0; row < groups.length; row++) {
    const held = best[groups[row]!]!
    if (!((numbers[row]! - held) * direction <= 0)) best[groups[row]!] = numbers[row]!
  }
  return Array.from(best, (number) => domain.decode(number))
}

function byValues(element: AggregateElement, column: Grouped, setting: FindSetting): readonly Edn[] {
  const { numbers, domain, groups, groupCount } = column
  const values: Edn[][] = Array.from({ length: groupCount }, () => [])
  for (let row = 0; row < groups.length; row++) values[groups[row]!]!.push(domain.decode(numbers[row]!))
  const run = aggregateFor(element, setting)
  return values.map((group) => {
    setting.context.budget.check()
    return run(group)
  })
}
