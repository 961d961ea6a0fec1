// The variables that clauses, terms, arguments and bindings name, as their surroundings see them.

import type { Goal } from './scope.ts'
import type { Argument, Binding, Clause, Term, Variable } from './syntax.ts'

/** The variables of a clause that the clauses beside it see: of `not-join` and `or-join` those of the join. */
export function variablesOf(goal: Goal): ReadonlySet<Variable> {
  let known = variableSets.get(goal)
  if (known === undefined) {
    known = new Set(collectVariables(goal))
    variableSets.set(goal, known)
  }
  return known
}

const variableSets = new WeakMap<Goal, ReadonlySet<Variable>>()

export function variablesOfAll(clauses: readonly Clause[]): ReadonlySet<Variable> {
  return new Set(clauses.flatMap((clause) => [...variablesOf(clause)]))
}

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
      return yield* bindingVariables(goal.binding)
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

/** The names in a binding form, each once, in the order of reading. */
export function bindingVariables(binding: Binding): readonly Variable[] {
  const names = new Set<Variable>()
  const visit = (part: Binding): void => {
    if (part.kind === 'variable') names.add(part.name)
    else if (part.kind === 'collection') visit(part.item)
    else if (part.kind !== 'blank') part.items.forEach(visit)
  }
  visit(binding)
  return [...names]
}
