// Arguments that came as plain data (JSON, JavaScript), where text stands for instants, uuids, keywords and more: a bare
// value takes the type of the attribute in whose place its variable stands. EDN says its types itself.

import type { FactSource } from '../fact/datom.ts'
import { typedPlainValue } from '../fact/coerce.ts'
import type { Schema } from '../fact/schema.ts'
import { type Edn, Keyword } from '../fact/value.ts'
import { isLookupRef } from '../plan/entity.ts'
import type { Binding, Clause, Query, SourceName, Term, Variable } from '../plan/syntax.ts'

/** The facts of a source, where it is a database. */
export type FactsNamed = (source: SourceName) => FactSource | undefined

type Change = (value: Edn) => Edn

/**
 * What makes a value for an input of this binding one of the types that the query's patterns give its variables. The query
 * is looked at once, not for each value: a collection may hold a million.
 */
export function typedArgument(query: Query, binding: Binding, factsNamed: FactsNamed): Change {
  switch (binding.kind) {
    case 'variable':
      return typedForVariable(query, binding.name, factsNamed)
    case 'blank':
      return (value) => value
    case 'collection': {
      const change = typedArgument(query, binding.item, factsNamed)
      return (value) => eachOf(value, change)
    }
    case 'tuple':
      return typedPlaces(query, binding.items, factsNamed)
    case 'relation': {
      const change = typedPlaces(query, binding.items, factsNamed)
      return (value) => eachOf(value, change)
    }
  }
}

function typedPlaces(query: Query, bindings: readonly Binding[], factsNamed: FactsNamed): Change {
  const changes = bindings.map((binding) => typedArgument(query, binding, factsNamed))
  return (value) => eachOf(value, (item, index) => changes[index]?.(item) ?? item)
}

function eachOf(value: Edn, change: (item: Edn, index: number) => Edn): Edn {
  return Array.isArray(value) ? (value as readonly Edn[]).map(change) : value
}

function typedForVariable(query: Query, name: Variable, factsNamed: FactsNamed): Change {
  const { source, values } = mentionsOf(query.where, name)
  const attributes = values.flatMap(({ source: named, ident }) => {
    const attribute = factsNamed(named)?.schema.attributeNamed(ident)
    return attribute === undefined ? [] : [attribute]
  })
  const [first] = attributes
  // Where attributes of several types meet, the value may be meant for any of them.
  const isOneType = attributes.every(({ valueType }) => valueType === first?.valueType)
  // A variable that only rules name most likely stands for an entity of the database that is asked.
  const schema = factsNamed(source ?? '$')?.schema
  return (value) => {
    if (isLookupRef(value) && first?.valueType !== 'tuple') return typedLookupRef(value, schema)
    return first !== undefined && isOneType ? typedPlainValue(first, value) : value
  }
}

/** The entity `[:order/code "…"]`, in the source where the variable stands for one. */
function typedLookupRef([ident, value]: readonly [Keyword, Edn], schema: Schema | undefined): Edn {
  const attribute = schema?.attributeNamed(ident)
  return [ident, attribute === undefined ? value : typedPlainValue(attribute, value)]
}

/** Where a variable stands in patterns: the source of the first, and the attributes whose value it is. */
type Mentions = {
  readonly source: SourceName | undefined
  readonly values: readonly {
    readonly source: SourceName
    readonly ident: Keyword
    /** Within a `not`, which binds nothing. */
    readonly isNegated: boolean
  }[]
}

/** By the clauses of a query: one that is asked again is not looked at again. */
const mentions = new WeakMap<readonly Clause[], Map<Variable, Mentions>>()

export function mentionsOf(clauses: readonly Clause[], name: Variable): Mentions {
  let known = mentions.get(clauses)
  if (known === undefined) mentions.set(clauses, (known = new Map<Variable, Mentions>()))
  let found = known.get(name)
  if (found === undefined) known.set(name, (found = foundMentions(clauses, name)))
  return found
}

function foundMentions(clauses: readonly Clause[], name: Variable): Mentions {
  const patterns = [...patternsOf(clauses, '$')].filter(({ terms }) =>
    terms.some((term) => isVariable(term, name)),
  )
  const values = patterns.flatMap(({ source, isNegated, terms: [, attribute, value] }) => {
    if (!isVariable(value, name) || attribute?.kind !== 'constant') return []
    return attribute.value instanceof Keyword ? [{ source, ident: attribute.value, isNegated }] : []
  })
  return { source: patterns[0]?.source, values }
}

type PatternInSource = {
  readonly source: SourceName
  readonly terms: readonly Term[]
  readonly isNegated: boolean
}

/** Every pattern, those within `not` and `or` included, with the source that it asks. */
function* patternsOf(
  clauses: readonly Clause[],
  outer: SourceName,
  isNegated = false,
): Generator<PatternInSource> {
  for (const clause of clauses) {
    if (clause.kind === 'pattern') {
      yield { source: clause.source === '$' ? outer : clause.source, terms: clause.terms, isNegated }
    } else if (clause.kind === 'not') yield* patternsOf(clause.clauses, clause.source ?? outer, true)
    else if (clause.kind === 'or') {
      for (const branch of clause.branches) yield* patternsOf(branch, clause.source ?? outer, isNegated)
    }
  }
}

function isVariable(term: Term | undefined, name: Variable): boolean {
  return term?.kind === 'variable' && term.name === name
}
