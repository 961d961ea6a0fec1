// Calls of rules that have one body and do not call themselves: the body takes the place of the call, with the arguments for
// its parameters, so that its clauses are ordered among all others (an adult of one name: the name is asked first).
//
// Correct where the body sees the same facts as `$`, where every parameter stands in it, and where the arguments are
// different variables that are no inputs: a body takes what it is given as it is, while a pattern would understand the name of
// an entity. Other variables of a body get names that nobody else has; whether rows repeat is for the plan to see, as it
// is of all clauses.

import { isRecursive } from './bodies.ts'
import { type Goal, type PlanContext, realName, type Scope } from './scope.ts'
import { showGoal } from './show-clause.ts'
import type { Argument, Binding, Clause, Rule, RuleSet, Term, Variable } from './syntax.ts'
import { variablesOf, variablesOfAll } from './variables.ts'
import { standingFor } from './written-as.ts'

type RuleCall = Extract<Clause, { kind: 'rule' }>
export type Rename = (name: Variable) => Variable

/** The goals with the bodies of such calls in their place; `taken` are names that stand for something else already. */
export function withInlinedRules(
  goals: readonly Goal[],
  scope: Scope,
  { rules }: PlanContext,
  taken: Iterable<Variable>,
): readonly Goal[] {
  const names = new Set([
    ...taken,
    ...scope.inputs.keys(),
    ...goals.flatMap((goal) => [...variablesOf(goal)]),
  ])
  for (let left = goals; ;) {
    const calls = left.filter(isRuleCall).filter((call) => isLikeItsBody(call, onlyRule(call, rules), scope))
    if (calls.length === 0) return left
    // Names have nothing to do with the order in which clauses were written.
    if (calls.length > 1) calls.sort((x, y) => (showGoal(x) < showGoal(y) ? -1 : 1))
    const bodies = new Map<Goal, readonly Goal[]>()
    for (const call of calls) bodies.set(call, bodyOf(call, onlyRule(call, rules)!, names))
    left = left.flatMap((goal) => bodies.get(goal) ?? [goal])
  }
}

function isRuleCall(goal: Goal): goal is RuleCall {
  return goal.kind === 'rule'
}

/** The rule of this name where there is one alone, which does not call itself. */
function onlyRule({ name }: RuleCall, rules: RuleSet): Rule | undefined {
  const [rule, another] = rules.get(name) ?? []
  return another === undefined && !isRecursive(name, rules) ? rule : undefined
}

function isLikeItsBody({ source, args }: RuleCall, rule: Rule | undefined, scope: Scope): boolean {
  if (rule === undefined) return false
  const { parameters, body } = rule
  if (source !== undefined && realName(source, scope) !== scope.defaultSource) return false
  const inside = variablesOfAll(body)
  if (!parameters.every((name) => inside.has(name))) return false
  const given = args.flatMap((arg) => (arg.kind === 'variable' ? [arg.name] : []))
  return (
    args.every(({ kind }) => kind !== 'constant') &&
    new Set(given).size === given.length &&
    !given.some((name) => scope.inputs.has(name))
  )
}

function bodyOf({ args }: RuleCall, { parameters, body }: Rule, taken: Set<Variable>): readonly Clause[] {
  const names = new Map<Variable, Variable>()
  for (const [place, arg] of args.entries())
    if (arg.kind === 'variable') names.set(parameters[place]!, arg.name)
  const nameOf: Rename = (name) => {
    let known = names.get(name)
    if (known === undefined) names.set(name, (known = newName(name, taken)))
    return known
  }
  return body.map((clause) => renamed(clause, nameOf))
}

/** The name itself where nobody has it yet. */
function newName(wanted: Variable, taken: Set<Variable>): Variable {
  let name = wanted
  for (let count = 2; taken.has(name); count++) name = `${wanted}-${count}`
  taken.add(name)
  return name
}

/** The clause with other names for its variables, each with one of its own. */
export function renamed(clause: Clause, nameOf: Rename): Clause {
  switch (clause.kind) {
    case 'pattern':
      return { ...clause, terms: clause.terms.map((term) => renamedTerm(term, nameOf)) }
    case 'rule':
      return { ...clause, args: clause.args.map((term) => renamedTerm(term, nameOf)) }
    case 'predicate':
      return standingFor({ ...clause, args: clause.args.map((arg) => renamedArgument(arg, nameOf)) }, clause)
    case 'function': {
      const args = clause.args.map((arg) => renamedArgument(arg, nameOf))
      return standingFor({ ...clause, args, binding: renamedBinding(clause.binding, nameOf) }, clause)
    }
    case 'not': {
      const clauses = clause.clauses.map((inner) => renamed(inner, nameOf))
      return { ...clause, join: clause.join?.map(nameOf), clauses }
    }
    case 'or': {
      const branches = clause.branches.map((branch) => branch.map((inner) => renamed(inner, nameOf)))
      const { join } = clause
      return {
        ...clause,
        join: join && { required: join.required.map(nameOf), free: join.free.map(nameOf) },
        branches,
      }
    }
  }
}

export function renamedTerm(term: Term, nameOf: Rename): Term {
  return term.kind === 'variable' ? { ...term, name: nameOf(term.name) } : term
}

function renamedArgument(arg: Argument, nameOf: Rename): Argument {
  if (arg.kind === 'variable') return { ...arg, name: nameOf(arg.name) }
  if (arg.kind === 'call') return { ...arg, args: arg.args.map((inner) => renamedArgument(inner, nameOf)) }
  return arg
}

function renamedBinding(binding: Binding, nameOf: Rename): Binding {
  switch (binding.kind) {
    case 'variable':
      return { ...binding, name: nameOf(binding.name) }
    case 'blank':
      return binding
    case 'collection':
      return { ...binding, item: renamedBinding(binding.item, nameOf) }
    default:
      return { ...binding, items: binding.items.map((item) => renamedBinding(item, nameOf)) }
  }
}
