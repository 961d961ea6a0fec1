// The type that each column of an answer is said to have: that of the attribute by which a variable is bound,
// else that of the values, `any` where they differ.

import type { ValueType } from '../fact/attribute.ts'
import { EdnSymbol, Float, Keyword, numberType, Uri, Uuid, type Edn } from '../fact/value.ts'
import type { AnswerRows } from '../plan/answer-rows.ts'
import type { Column } from '../plan/engine.ts'
import type { Query, Variable } from '../plan/syntax.ts'
import { attributeOf } from '../plan/places.ts'
import type { QueryContext } from './context.ts'
import type { Scope } from '../plan/scope.ts'

type ColumnType = Column['type']

/** One type for each element of the find. */
export function columnTypes(
  query: Query,
  rows: AnswerRows,
  { context, scope }: { readonly context: QueryContext; readonly scope: Scope },
): readonly ColumnType[] {
  return query.find.elements.map((element, place) => {
    if (element.kind === 'pull') return 'map'
    const declared =
      element.kind === 'variable' && !scope.inputs.has(element.name)
        ? typeByPatterns(query, element.name, context)
        : undefined
    return declared ?? typeOfValues(rows.valuesAt(place))
  })
}

/** The type that the patterns of the query give a variable, where they all give the same. */
function typeByPatterns(query: Query, name: Variable, context: QueryContext): ColumnType | undefined {
  const found = new Set<ColumnType | undefined>()
  for (const clause of query.where) {
    if (clause.kind !== 'pattern') continue
    const source = context.sources.get(clause.source)
    clause.terms.forEach((term, place) => {
      if (term.kind !== 'variable' || term.name !== name) return
      if (source?.kind !== 'facts') found.add(undefined)
      else if (place === 2) found.add(attributeOf(source.facts, clause.terms[1])?.valueType)
      else found.add(place === 4 ? 'boolean' : 'ref')
    })
  }
  const [type] = found
  return found.size === 1 ? type : undefined
}

function typeOfValues(values: Iterable<Edn>): ColumnType {
  let type: ColumnType | undefined
  for (const value of values) {
    const next = typeOfValue(value)
    if (type !== undefined && next !== type) return 'any'
    type = next
  }
  return type ?? 'any'
}

/** The type of one value, `any` where it has none. */
export function typeOfValue(value: Edn): ColumnType {
  const number = value instanceof Float ? 'float' : numberType(value)
  if (number !== undefined) return number
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value as ValueType
  if (value instanceof Keyword) return 'keyword'
  if (value instanceof EdnSymbol) return 'symbol'
  if (value instanceof Date) return 'instant'
  if (value instanceof Uuid) return 'uuid'
  if (value instanceof Uri) return 'uri'
  if (value instanceof Uint8Array) return 'bytes'
  return Array.isArray(value) ? 'tuple' : 'any'
}
