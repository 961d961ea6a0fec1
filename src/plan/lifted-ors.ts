// Recursion through an `or`: `(reach ?x ?y) if (or [?x :to ?y] (and [?x :to ?z] (reach ?z ?y)))`. An `or` within a
// recursive rule that leads back to it becomes part of the rules, since what recursion finds is kept by rule. Where it is
// all that a rule says, each of its branches is a body of the rule; else it is a rule of its own.

import { reachesRule } from './bodies.ts'
import type { Clause, Rule, RuleSet, Variable } from './syntax.ts'
import { variablesOf } from './variables.ts'

type OrClause = Extract<Clause, { kind: 'or' }>

const known = new WeakMap<RuleSet, RuleSet>()

/** Rules that say the same, of which none calls itself through an `or`. */
export function withLiftedOrs(rules: RuleSet): RuleSet {
  let lifted = known.get(rules)
  if (lifted === undefined) known.set(rules, (lifted = new Lifting(rules).lifted()))
  return lifted
}

class Lifting {
  readonly #rules: RuleSet
  readonly #made = new Map<string, readonly Rule[]>()

  constructor(rules: RuleSet) {
    this.#rules = rules
  }

  lifted(): RuleSet {
    const ofNames = [...this.#rules].map(
      ([name, rules]) => [name, rules.flatMap((rule) => this.#bodies(rule))] as const,
    )
    return new Map([...ofNames, ...this.#made])
  }

  /** A rule as one or several, of which none leads back to its name through an `or`. */
  #bodies(rule: Rule): readonly Rule[] {
    const [only, ...others] = rule.body
    if (only?.kind === 'or' && others.length === 0 && isWhole(rule, only) && this.#leadsBack(only, rule.name))
      return only.branches.flatMap((body) => this.#bodies({ ...rule, body }))
    return [{ ...rule, body: rule.body.map((clause) => this.#clause(clause, rule.name)) }]
  }

  #clause(clause: Clause, name: string): Clause {
    if (clause.kind !== 'or' || !this.#leadsBack(clause, name)) return clause
    const parameters = [...variablesOf(clause)]
    const required = clause.join?.required ?? []
    // A space cannot stand in a name that somebody wrote.
    const lifted = `${name} or ${this.#made.size + 1}`
    this.#made.set(lifted, [])
    const rules = clause.branches.map((branch): Rule => {
      const body = branch.map((inner) => this.#clause(inner, name))
      return { name: lifted, parameters, required, body }
    })
    this.#made.set(lifted, rules)
    const args = parameters.map((parameter) => ({ kind: 'variable', name: parameter }) as const)
    return {
      kind: 'rule',
      source: clause.source,
      name: lifted,
      args,
      ...(clause.place && { place: clause.place }),
    }
  }

  #leadsBack({ branches }: OrClause, name: string): boolean {
    return branches.some((branch) => reachesRule(branch, name, this.#rules))
  }
}

/** True where the branches see the same variables and the same source as the rule does. */
function isWhole({ parameters }: Rule, clause: OrClause): boolean {
  const seen: ReadonlySet<Variable> = variablesOf(clause)
  return clause.source === undefined && parameters.every((parameter) => seen.has(parameter))
}
