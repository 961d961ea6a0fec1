// The type that each column of an answer is said to have: that of the attribute by which a variable is bound, or of what
// an aggregate makes of it, else that of the values, `any` where they differ. So answers of one query mostly have the
// same types, whatever rows they hold.

import type { ValueType } from '../fact/attribute.ts'
import { EdnSymbol, Float, Keyword, numberType, Uri, Uuid, type Edn } from '../fact/value.ts'
import type { AnswerRows } from '../plan/answer-rows.ts'
import type { Column } from '../plan/engine.ts'
import type { Schema } from '../fact/schema.ts'
import type { Clause, FindElement, Query, Variable } from '../plan/syntax.ts'
import { elementVariable } from '../plan/finish.ts'
import { aggregateNamed } from '../plan/functions.ts'
import { attributeOf } from '../plan/places.ts'
import type { Budget } from './budget.ts'
import type { QueryContext } from './context.ts'
import type { Scope, Source } from '../plan/scope.ts'

type ColumnType = Column['type']

type Setting = { readonly context: QueryContext; readonly scope: Scope }

/** One type for each element of the find. */
export function columnTypes(query: Query, rows: AnswerRows, setting: Setting): readonly ColumnType[] {
  const { budget } = setting.context
  return declaredTypes(query, setting).map(
    (type, place) => type ?? typeOfValues(rows.valuesAt(place), budget),
  )
}

/** What a query's patterns say of the types of its columns, by the schemas that it was asked over last. */
type Declared = {
  readonly find: Query['find']
  readonly schemas: readonly (Schema | undefined)[]
  readonly types: readonly (ColumnType | undefined)[]
}

const declared = new WeakMap<readonly Clause[], Declared>()

function declaredTypes(query: Query, { context, scope }: Setting): Declared['types'] {
  const { find, where } = query
  const known = declared.get(where)
  if (known?.find === find && haveSchemas(context, known.schemas)) return known.types
  const types = find.elements.map((element): ColumnType | undefined => {
    if (element.kind === 'pull') return 'map'
    const variable = elementVariable(element)
    const type = scope.inputs.has(variable) ? undefined : typeByPatterns(query, variable, context)
    return element.kind === 'aggregate' ? typeOfAggregate(element, type) : type
  })
  const schemas = Array.from(context.sources.values(), schemaOf)
  declared.set(where, { find, schemas, types })
  return types
}

/** What an aggregate makes of values of a type, where that does not depend on the values. */
function typeOfAggregate(
  { name, args }: Extract<FindElement, { readonly kind: 'aggregate' }>,
  type: ColumnType | undefined,
): ColumnType | undefined {
  switch (aggregateNamed(name)?.name) {
    case 'count':
    case 'count-distinct':
      return 'long'
    case 'avg':
    case 'variance':
    case 'stddev':
      return 'double'
    case 'sum':
      return type === 'float' ? 'double' : type
    case 'min':
    case 'max':
      return args.length === 0 ? type : undefined
    default:
      return undefined
  }
}

function haveSchemas({ sources }: QueryContext, schemas: Declared['schemas']): boolean {
  let at = 0
  for (const source of sources.values()) if (schemaOf(source) !== schemas[at++]) return false
  return at === schemas.length
}

function schemaOf(source: Source): Schema | undefined {
  return source.kind === 'facts' ? source.facts.schema : undefined
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

function typeOfValues(values: Iterable<Edn>, budget: Budget): ColumnType {
  let type: ColumnType | undefined
  for (const value of values) {
    budget.step()
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
