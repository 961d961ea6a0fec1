// The end of a question: which rows DuckDB gives, and how the answer is made of them. What SQL does exactly as Varve
// means it (counting, extremes in an order that both have, sums of longs, the first rows in that order) is done there;
// for every other aggregate the rows of the groups come, and Varve's own functions work on them.

import type { Answer } from '../../plan/engine.ts'
import { elementVariable, findVariables, isAggregated } from '../../plan/finish.ts'
import type { FindElement, Query, Variable } from '../../plan/syntax.ts'
import { checkedLong } from '../../engine/arithmetic.ts'
import { roundToDouble } from '../../engine/exact.ts'
import { withPlace } from '../../engine/errors.ts'
import { finishAnswer, formAnswer, type FindSetting } from '../../engine/find.ts'
import { type BigInteger, double, type Edn } from '../../fact/value.ts'
import { type Expression, isOrdered } from './expressions.ts'
import type { SqlKind } from './kinds.ts'
import type { Relation } from './relation.ts'

export type Finish = {
  readonly select: string
  readonly kinds: readonly SqlKind[]
  /** Makes the answer of the columns that come, each of as many values as there are rows. */
  readonly answer: (columns: readonly (readonly Edn[])[], rowCount: number, setting: FindSetting) => Answer
}

export function finishOf(query: Query, relation: Relation): Finish {
  const variables = findVariables(query)
  const cells = variables.map((name) => relation.columns.get(name)!)
  const from = relation.from === undefined ? '' : ` FROM ${relation.from}`
  const list = cells.map((cell, at) => `${cell.sql} AS v${at}`)
  const rows = `SELECT DISTINCT ${list.join(', ')}${from}`
  const named = new Map(variables.map((name, at) => [name, { kind: cells[at]!.kind, sql: `v${at}` }]))
  const grouped = isAggregated(query) ? groupsOf(query, rows, named) : undefined
  return (
    grouped ?? {
      select: `${rows}${firstRows(query, named)}`,
      kinds: cells.map(({ kind }) => kind),
      answer: (columns, rowCount, setting) => formAnswer(query, rowsOf(columns, rowCount), setting),
    }
  )
}

/** Only as many rows as the answer keeps, and one more to tell that it was cut; where SQL has their order. */
function firstRows(query: Query, named: ReadonlyMap<Variable, Expression>): string {
  const { elements, kind } = query.find
  const isOne = kind === 'tuple' || kind === 'scalar'
  if (isAggregated(query) || (!isOne && query.limit === undefined)) return ''
  const cells = elements.map((element) => named.get(elementVariable(element))!)
  if (!cells.every((cell) => isOrdered(cell.kind))) return ''
  const first = query.offset ?? 0
  const count = isOne && query.limit === undefined && first === 0 ? 1 : first + (query.limit ?? Infinity) + 1
  if (isOne && count !== 1) return ''
  return ` ORDER BY ${cells.map(({ sql }) => sql).join(', ')} LIMIT ${count}`
}

/** A column of the groups, and what an element of the find makes of it. */
type GroupColumn = {
  readonly cells: readonly Expression[]
  readonly value: (cells: readonly Edn[]) => Edn
}

function groupsOf(query: Query, rows: string, named: ReadonlyMap<Variable, Expression>): Finish | undefined {
  const { elements } = query.find
  const columns: GroupColumn[] = []
  for (const element of elements) {
    const column = groupColumn(element, named.get(elementVariable(element))!)
    if (column === undefined) return undefined
    columns.push(column)
  }
  const cells = columns.flatMap((column) => column.cells)
  const keys = elements.flatMap((element) =>
    element.kind === 'aggregate' ? [] : [named.get(elementVariable(element))!.sql],
  )
  // Without keys SQL makes one group of nothing; Varve none.
  const groups = keys.length === 0 ? ' HAVING count(*) > 0' : ` GROUP BY ${keys.join(', ')}`
  return {
    select: `SELECT ${cells.map((cell, at) => `${cell.sql} AS g${at}`).join(', ')} FROM (${rows}) d${groups}`,
    kinds: cells.map(({ kind }) => kind),
    answer: (found, rowCount, setting) => {
      const formed = rowsOf(found, rowCount).map((row) => {
        let at = 0
        return columns.map((column) => column.value(row.slice(at, (at += column.cells.length))))
      })
      return finishAnswer(query, formed, setting)
    },
  }
}

function groupColumn(element: FindElement, cell: Expression): GroupColumn | undefined {
  const plain = (made: Expression): GroupColumn => ({ cells: [made], value: ([value]) => value! })
  if (element.kind !== 'aggregate') return plain(cell)
  if (element.args.length > 0) return undefined
  switch (element.name) {
    case 'count':
      return plain({ kind: 'long', sql: 'count(*)' })
    case 'count-distinct':
      return cell.kind === 'tuple' ? undefined : plain({ kind: 'long', sql: `count(DISTINCT ${cell.sql})` })
    case 'min':
    case 'max':
      return isOrdered(cell.kind)
        ? plain({ kind: cell.kind, sql: `${element.name}(${cell.sql})` })
        : undefined
    case 'sum':
      return cell.kind === 'long'
        ? { cells: [exactSum(cell)], value: ([sum]) => longSum(sum!, element) }
        : undefined
    case 'avg':
      return cell.kind === 'long'
        ? {
            cells: [exactSum(cell), { kind: 'long', sql: 'count(*)' }],
            value: ([sum, count]) => mean(sum!, count!),
          }
        : undefined
    default:
      return undefined
  }
}

/** SQL sums longs in 128 bits. */
function exactSum({ sql }: Expression): Expression {
  return { kind: 'bigint', sql: `CAST(sum(${sql}) AS VARCHAR)` }
}

function longSum(sum: Edn, { place }: FindElement): Edn {
  try {
    return checkedLong('sum', (sum as BigInteger).value)
  } catch (error) {
    throw withPlace(error, place)
  }
}

function mean(sum: Edn, count: Edn): Edn {
  const numerator = (sum as BigInteger).value
  return double(roundToDouble({ numerator, denominator: BigInt(count as number) }))
}

function rowsOf(columns: readonly (readonly Edn[])[], rowCount: number): readonly (readonly Edn[])[] {
  return Array.from({ length: rowCount }, (_, row) => columns.map((column) => column[row]!))
}
