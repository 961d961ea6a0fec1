// What the clauses of one query see: sources by name, rules, functions, inputs. A `Scope` is what changes on
// the way down: the source that `$` means, and which variables are inputs (and so may hold idents and lookup
// refs that somebody wrote, to be understood by the place where they stand).

import type { Place } from '../base/errors.ts'
import type { FactSource } from '../fact/datom.ts'
import type { Edn } from '../fact/value.ts'
import type { Argument, Binding, Clause, RuleSet, SourceName, Term, Variable } from '../plan/syntax.ts'
import { sourceNotDatabase, sourceUnknown } from './errors.ts'
import type { ValueFunction } from './functions.ts'
import type { Budget, Row } from './relation.ts'
import type { Walk } from './walks.ts'

export type Source =
  | { readonly kind: 'facts'; readonly facts: FactSource }
  | { readonly kind: 'rows'; readonly rows: readonly Row[] }

/** An input, as rows that clauses join with. */
export type InputGoal = {
  readonly kind: 'input'
  readonly terms: readonly Term[]
  readonly rows: readonly Row[]
}

/** What a conjunction is made of. */
export type Goal = Clause | InputGoal

export type PatternClause = Extract<Clause, { kind: 'pattern' }>

export type Scope = {
  readonly defaultSource: SourceName
  /** Inputs of :in that this scope sees, with their distinct values. */
  readonly inputs: ReadonlyMap<Variable, readonly Edn[]>
}

export type QueryContext = {
  readonly sources: ReadonlyMap<SourceName, Source>
  readonly rules: RuleSet
  /** Rules that may be asked as walks, by name (walks.ts). */
  readonly walks: ReadonlyMap<string, Walk>
  readonly budget: Budget
  readonly userFunctions: ReadonlyMap<string, ValueFunction>
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
  context: QueryContext,
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
  context: QueryContext,
  scope: Scope,
  name: SourceName,
  place: Place | undefined,
): FactSource {
  const source = sourceNamed(context, scope, name, place)
  if (source.kind === 'rows') throw sourceNotDatabase(name)
  return source.facts
}

/** The variables of a clause that the clauses beside it see. */
export function variablesOf(goal: Goal): ReadonlySet<Variable> {
  let known = variableSets.get(goal)
  if (known === undefined) {
    known = new Set(collectVariables(goal))
    variableSets.set(goal, known)
  }
  return known
}

const variableSets = new WeakMap<Goal, ReadonlySet<Variable>>()

function* collectVariables(goal: Goal): Iterable<Variable> {
  switch (goal.kind) {
    case 'pattern':
    case 'input':
      return yield* termVariables(goal.terms)
    case 'rule':
      return yield* termVariables(goal.args)
    case 'predicate':
      return yield* argumentVariables(goal.args)
    case 'function':
      yield* argumentVariables(goal.args)
      return yield* bindingNames(goal.binding)
    case 'not':
      if (goal.join !== undefined) return yield* goal.join
      for (const inner of goal.clauses) yield* variablesOf(inner)
      return
    case 'or':
      if (goal.join !== undefined) {
        yield* goal.join.required
        return yield* goal.join.free
      }
      for (const branch of goal.branches) for (const inner of branch) yield* variablesOf(inner)
  }
}

export function* termVariables(terms: readonly Term[]): Iterable<Variable> {
  for (const term of terms) if (term.kind === 'variable') yield term.name
}

/** The variables among arguments, nested calls included. */
export function* argumentVariables(args: readonly Argument[]): Iterable<Variable> {
  for (const arg of args) {
    if (arg.kind === 'variable') yield arg.name
    else if (arg.kind === 'call') yield* argumentVariables(arg.args)
  }
}

function* bindingNames(binding: Binding): Iterable<Variable> {
  if (binding.kind === 'variable') yield binding.name
  else if (binding.kind === 'collection') yield* bindingNames(binding.item)
  else if (binding.kind !== 'blank') for (const item of binding.items) yield* bindingNames(item)
}
