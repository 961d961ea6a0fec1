// What goes into the bodies of steps (`or`, `not`, rules) and what comes out of them.

import { type Draft, kindOfValue } from './pattern-step.ts'
import type { Passed, UnionStep, VariableKind } from './plan.ts'
import type { Clause, RuleSet, Variable } from './syntax.ts'

type Kinds = ReadonlyMap<Variable, VariableKind>

/** The variables of a body that rows outside have. */
export function passedVariables(
  variables: readonly Variable[],
  names: readonly Variable[],
): readonly Passed[] {
  return variables.flatMap((name): readonly Passed[] =>
    names.includes(name) ? [{ name, from: { kind: 'bound', name } }] : [],
  )
}

/** What variables inside stand for as they begin. */
export function startOf(passed: readonly Passed[], kinds: Kinds): Kinds {
  return new Map(
    passed.map(({ name, from }) => [
      name,
      from.kind === 'bound' ? (kinds.get(from.name) ?? 'any') : kindOfValue(from.value),
    ]),
  )
}

/** A step that finds what any of the branches does. */
export function unionOf(
  clause: Extract<Clause, { kind: 'or' | 'rule' }>,
  branches: UnionStep['branches'],
  fresh: readonly Variable[],
): Draft {
  const kindOf = (at: number): VariableKind => {
    const kinds = new Set(branches.map(({ body, fresh: inside }) => body.kinds.get(inside[at]!)))
    const [kind] = kinds
    return kinds.size === 1 ? (kind ?? 'any') : 'any'
  }
  return {
    step: { kind: 'union', clause, branches },
    binds: new Map(fresh.map((name, at) => [name, kindOf(at)])),
  }
}

/** True for a rule that calls itself, perhaps through others. */
export function isRecursive(name: string, rules: RuleSet): boolean {
  return (rules.get(name) ?? []).some(({ body }) => reachesRule(body, name, rules))
}

/** True where these clauses call the rule, perhaps through others. */
export function reachesRule(clauses: readonly Clause[], name: string, rules: RuleSet): boolean {
  const seen = new Set<string>()
  const visit = (inside: readonly Clause[]): void => {
    for (const clause of inside) {
      if (clause.kind === 'not') visit(clause.clauses)
      else if (clause.kind === 'or') clause.branches.forEach(visit)
      else if (clause.kind === 'rule' && !seen.has(clause.name)) {
        seen.add(clause.name)
        for (const { body } of rules.get(clause.name) ?? []) visit(body)
      }
    }
  }
  visit(clauses)
  return seen.has(name)
}
