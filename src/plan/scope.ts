// What the clauses of one query see: sources by name, rules, inputs. A `Scope` is what changes on
// the way down: the source that `$` means, and which variables are inputs (and so may hold idents and lookup
// refs that somebody wrote, to be understood by the place where they stand).

import type { Place } from '../base/errors.ts'
import type { FactSource } from '../fact/datom.ts'
import type { Edn } from '../fact/value.ts'
import type { Clause, RuleSet, SourceName, Term, Variable } from './syntax.ts'
import { sourceNotDatabase, sourceUnknown } from './errors.ts'

export type Source =
  | { readonly kind: 'facts'; readonly facts: FactSource }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Edn[])[] }

/** An input, as rows that clauses join with. */
export type InputGoal = {
  readonly kind: 'input'
  /** Which of `Query.inputs`. */
  readonly index: number
  readonly terms: readonly Term[]
  readonly rows: readonly (readonly Edn[])[]
}

/** What a conjunction is made of. */
export type Goal = Clause | InputGoal

export type PatternClause = Extract<Clause, { kind: 'pattern' }>

export type Scope = {
  readonly defaultSource: SourceName
  /** Inputs of :in that this scope sees, with their distinct values. */
  readonly inputs: ReadonlyMap<Variable, readonly Edn[]>
}

/** What a plan is made from beside the clauses. */
export type PlanContext = {
  readonly sources: ReadonlyMap<SourceName, Source>
  readonly rules: RuleSet
}

const NO_INPUTS: ReadonlyMap<Variable, readonly Edn[]> = new Map()

/** The scope of a rule's body: nothing but its parameters and `$`. */
export function ruleScope(defaultSource: SourceName): Scope {
  return { defaultSource, inputs: NO_INPUTS }
}

/** The scope inside `not`, `or` and their `-join` forms; `join` names what goes in, undefined for all. */
export function innerScope(
  scope: Scope,
  source: SourceName | undefined,
  join: readonly Variable[] | undefined,
): Scope {
  const inputs =
    join === undefined ? scope.inputs : new Map([...scope.inputs].filter(([name]) => join.includes(name)))
  return { defaultSource: source === undefined ? scope.defaultSource : realName(source, scope), inputs }
}

/** The name that stands behind `$` in this scope. */
export function realName(name: SourceName, scope: Scope): SourceName {
  return name === '$' ? scope.defaultSource : name
}

export function sourceNamed(
  context: PlanContext,
  scope: Scope,
  name: SourceName,
  place: Place | undefined,
): Source {
  const source = context.sources.get(realName(name, scope))
  if (source === undefined) throw sourceUnknown(name, place)
  return source
}

/** The facts of a source that must be a database. */
export function factsNamed(
  context: PlanContext,
  scope: Scope,
  name: SourceName,
  place: Place | undefined,
): FactSource {
  const source = sourceNamed(context, scope, name, place)
  if (source.kind === 'rows') throw sourceNotDatabase(name)
  return source.facts
}
