// What a caller receives of an answer: rows, a list, one row or one value, and maps where `:keys` asks for them.

import { unreachable } from '../base/assert.ts'
import { type Check, NEVER_ENDS } from '../base/batches.ts'
import { EdnMap, EdnSymbol, Keyword, type Edn } from '../fact/value.ts'
import { AnswerRows } from '../plan/answer-rows.ts'
import type { Answer } from '../plan/engine.ts'
import type { Query, ReturnKeys } from '../plan/syntax.ts'

/**
 * The answer in the shape of the query's find: a relation is a vector of rows (or maps), a collection a vector
 * of values, a tuple one row (or map), a scalar one value; nil for a tuple or scalar of which nothing was found.
 */
export function shapeAnswer(query: Query, answer: Pick<Answer, 'rows'>, check: Check = NEVER_ENDS): Edn {
  const { rows } = answer
  const keys = query.returnKeys === undefined ? undefined : returnKeysOf(query.returnKeys)
  const shaped = (row: readonly Edn[]): Edn => (keys === undefined ? row : mapOf(keys, row))
  const first = rows.at(0)
  switch (query.find.kind) {
    case 'relation':
      return keys === undefined ? rows.toArray() : Array.from(rows, checking(shaped, check))
    case 'collection':
      return Array.from(
        rows,
        checking((row) => row[0]!, check),
      )
    case 'tuple':
      return first === undefined ? null : shaped(first)
    case 'scalar':
      return first?.[0] ?? null
    default:
      return unreachable(query.find.kind)
  }
}

/** The rows of an answer of which only its shape is left. */
export function rowsOfShape({ find: { kind }, returnKeys }: Query, shaped: Edn): AnswerRows {
  // What has the shape of this find is a list where one is meant, and of maps where there are keys.
  const rowOf = (item: Edn): readonly Edn[] =>
    returnKeys === undefined ? (item as readonly Edn[]) : (item as EdnMap).entries.map(([, value]) => value)
  switch (kind) {
    case 'relation':
      return AnswerRows.of((shaped as readonly Edn[]).map(rowOf))
    case 'collection':
      return AnswerRows.of((shaped as readonly Edn[]).map((value) => [value]))
    case 'tuple':
      return AnswerRows.of(shaped === null ? [] : [rowOf(shaped)])
    case 'scalar':
      return AnswerRows.of(shaped === null ? [] : [[shaped]])
    default:
      return unreachable(kind)
  }
}

/** Rows that are shaped between two checks. */
const SHAPED_COUNT_CHECKED = 1_024

function checking(
  shaped: (row: readonly Edn[]) => Edn,
  check: Check,
): (row: readonly Edn[], index: number) => Edn {
  return (row, index) => {
    if (index % SHAPED_COUNT_CHECKED === 0) check()
    return shaped(row)
  }
}

/** The keys of return maps, in the order of the find. */
export function returnKeysOf({ kind, names }: ReturnKeys): readonly Edn[] {
  switch (kind) {
    case 'keys':
      return names.map(Keyword.of)
    case 'syms':
      return names.map(EdnSymbol.of)
    case 'strs':
      return names
    default:
      return unreachable(kind)
  }
}

function mapOf(keys: readonly Edn[], row: readonly Edn[]): EdnMap {
  return new EdnMap(keys.map((key, index) => [key, row[index]!]))
}
