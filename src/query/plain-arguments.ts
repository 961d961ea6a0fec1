// Arguments that came as plain data (JSON, JavaScript), where text stands for instants, uuids, keywords and more: a bare
// value takes the type of the attribute in whose place its variable stands. EDN says its types itself.

import type { FactSource } from '../fact/datom.ts'
import { typedPlainValue } from '../fact/coerce.ts'
import type { Attribute } from '../fact/attribute.ts'
import { type Edn, Keyword } from '../fact/value.ts'
import { isLookupRef } from '../engine/entity.ts'
import type { Binding, Clause, Query, SourceName, Term, Variable } from '../plan/syntax.ts'

/** The facts of a source, where it is a database. */
export type FactsNamed = (source: SourceName) => FactSource | undefined

/** The value for an input of this binding, with the types that the query's patterns give its variables. */
export function typedArgument(query: Query, binding: Binding, value: Edn, factsNamed: FactsNamed): Edn {
  switch (binding.kind) {
    case 'variable':
      return typedForVariable(query, binding.name, value, factsNamed)
    case 'blank':
      return value
    case 'collection':
      return eachOf(value, (item) => typedArgument(query, binding.item, item, factsNamed))
    case 'tuple':
      return eachOf(value, (item, index) => typedPlace(query, binding.items[index], item, factsNamed))
    case 'relation':
      return eachOf(value, (row) =>
        eachOf(row, (item, index) => typedPlace(query, binding.items[index], item, factsNamed)),
      )
  }
}

function typedPlace(query: Query, binding: Binding | undefined, value: Edn, factsNamed: FactsNamed): Edn {
  return binding === undefined ? value : typedArgument(query, binding, value, factsNamed)
}

function eachOf(value: Edn, change: (item: Edn, index: number) => Edn): Edn {
  return Array.isArray(value) ? (value as readonly Edn[]).map(change) : value
}

function typedForVariable(query: Query, name: Variable, value: Edn, factsNamed: FactsNamed): Edn {
  if (isLookupRef(value)) return typedLookupRef(query, name, value, factsNamed)
  const attributes = [...attributesOf(query.where, name, '$', factsNamed)]
  const [first] = attributes
  // Where attributes of several types meet, the value may be meant for any of them.
  const isOneType = attributes.every(({ valueType }) => valueType === first?.valueType)
  return first !== undefined && isOneType ? typedPlainValue(first, value) : value
}

/** The entity `[:order/code "…"]`, in the source where the variable stands for one. */
function typedLookupRef(
  query: Query,
  name: Variable,
  [ident, value]: readonly [Keyword, Edn],
  factsNamed: FactsNamed,
): Edn {
  const [source] = sourcesOf(query.where, name, '$')
  const attribute = source === undefined ? undefined : factsNamed(source)?.schema.attributeNamed(ident)
  return [ident, attribute === undefined ? value : typedPlainValue(attribute, value)]
}

/** The attributes in whose place of value a variable stands. */
function* attributesOf(
  clauses: readonly Clause[],
  name: Variable,
  source: SourceName,
  factsNamed: FactsNamed,
): Generator<Attribute> {
  for (const { terms, source: named } of patternsOf(clauses, source)) {
    const attribute = terms[1]
    if (!isVariable(terms[2], name) || attribute?.kind !== 'constant') continue
    const { value } = attribute
    const schema = factsNamed(named)?.schema
    const found = value instanceof Keyword ? schema?.attributeNamed(value) : undefined
    if (found !== undefined) yield found
  }
}

function* sourcesOf(clauses: readonly Clause[], name: Variable, source: SourceName): Generator<SourceName> {
  for (const pattern of patternsOf(clauses, source)) {
    if (pattern.terms.some((term) => isVariable(term, name))) yield pattern.source
  }
}

export type PatternInSource = {
  readonly source: SourceName
  readonly terms: readonly Term[]
  /** Within a `not`, which binds nothing. */
  readonly isNegated: boolean
}

/** Every pattern, those within `not` and `or` included, with the source that it asks. */
export function* patternsOf(
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
