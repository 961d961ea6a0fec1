// Whether some order of the clauses binds every variable before it is needed. The engine finds its own order;
// here it is only proved that there is one, and if there is none, which clause waits for which variable.
//
//   pattern              needs nothing and binds all its variables
//   function             needs its arguments and binds its result; a predicate binds nothing
//   not                  needs all its variables; not-join those of its join
//   or                   needs what its branches need; or-join its bracketed variables besides
//   rule                 needs its bracketed parameters, and those that its body cannot bind by itself
//
// Rules are judged by what is bound at the call. A call met while it is judged itself counts as possible: the
// answer is the greatest fixed point, since bottom-up evaluation starts a recursion from its other rules.

import { insufficientBinding } from '../plan/errors.ts'
import type { VarveError } from '../base/errors.ts'
import { showClause } from '../plan/show-clause.ts'
import type { Clause, Rule, RuleSet, Variable } from '../plan/syntax.ts'
import { orBranchesDiffer } from './errors.ts'
import { argumentVariables, variablesOf, variablesOfAll } from '../plan/variables.ts'
import type { RuleCall } from './variables.ts'

/** A clause that cannot run, and the variables it waits for. */
export type Missing = { readonly clause: Clause; readonly variables: readonly Variable[] }

type Solution = { readonly bound: ReadonlySet<Variable>; readonly missing: Missing | undefined }

export class BindingCheck {
  readonly #rules: RuleSet | undefined
  readonly #impossible = new Set<string>()
  #possible = new Set<string>()
  #isAssessing = false

  /** Without rules every call counts as possible. */
  constructor(rules: RuleSet | undefined) {
    this.#rules = rules
  }

  /** What the clauses bind, beginning from `bound`; an error where one of them can never run. */
  boundBy(clauses: readonly Clause[], bound: Iterable<Variable>): ReadonlySet<Variable> {
    const solution = this.#solve(clauses, bound)
    if (solution.missing !== undefined) throw missingError(solution.missing)
    return solution.bound
  }

  /** Why the body of a rule cannot run with these parameters bound, if it cannot. */
  missingInRule(rule: Rule, bound: Iterable<Variable>): Missing | undefined {
    return this.#solve(rule.body, bound).missing
  }

  #solve(clauses: readonly Clause[], start: Iterable<Variable>): Solution {
    const bound = new Set(start)
    let waiting = [...clauses]
    let missing: Missing | undefined
    do {
      const still: Clause[] = []
      missing = undefined
      for (const clause of waiting) {
        const why = this.#missing(clause, bound)
        if (why === undefined) for (const name of variablesOf(clause)) bound.add(name)
        else {
          still.push(clause)
          missing ??= why
        }
      }
      if (still.length === waiting.length) break
      waiting = still
    } while (waiting.length > 0)
    return { bound, missing }
  }

  #missing(clause: Clause, bound: ReadonlySet<Variable>): Missing | undefined {
    switch (clause.kind) {
      case 'pattern':
        return undefined
      case 'predicate':
      case 'function':
        return absent(clause, argumentVariables(clause.args), bound)
      case 'not': {
        const outside = clause.join ?? variablesOfAll(clause.clauses)
        return absent(clause, outside, bound) ?? this.#solve(clause.clauses, outside).missing
      }
      case 'or':
        return this.#missingInOr(clause, bound)
      case 'rule':
        return this.#missingInCall(clause, bound)
    }
  }

  #missingInOr(
    clause: Extract<Clause, { readonly kind: 'or' }>,
    bound: ReadonlySet<Variable>,
  ): Missing | undefined {
    const { join } = clause
    const shared = variablesOf(clause)
    const unbound = join === undefined ? undefined : absent(clause, join.required, bound)
    if (unbound !== undefined) return unbound
    const known = [...shared].filter((name) => bound.has(name))
    for (const branch of clause.branches) {
      const solution = this.#solve(branch, known)
      const missing = solution.missing ?? absent(clause, shared, solution.bound)
      if (missing !== undefined) return missing
    }
    return undefined
  }

  #missingInCall(call: RuleCall, bound: ReadonlySet<Variable>): Missing | undefined {
    if (this.#rules === undefined) return undefined
    const isBound = call.args.map(
      (arg) => arg.kind === 'constant' || (arg.kind === 'variable' && bound.has(arg.name)),
    )
    if (this.#isPossible(call.name, isBound)) return undefined
    const variables = call.args.flatMap((arg, index) =>
      isBound[index] ? [] : [arg.kind === 'variable' ? arg.name : '_'],
    )
    return { clause: call, variables }
  }

  /** Repeats until no further call turned out impossible: what was found possible before may rest on it. */
  #isPossible(name: string, isBound: readonly boolean[]): boolean {
    if (this.#isAssessing) return this.#assess(name, isBound)
    this.#isAssessing = true
    try {
      for (;;) {
        const impossibleCount = this.#impossible.size
        const isPossible = this.#assess(name, isBound)
        if (this.#impossible.size === impossibleCount) return isPossible
        this.#possible = new Set()
      }
    } finally {
      this.#isAssessing = false
    }
  }

  #assess(name: string, isBound: readonly boolean[]): boolean {
    const key = `${name} ${isBound.map(Number).join('')}`
    if (this.#impossible.has(key)) return false
    if (this.#possible.has(key)) return true
    this.#possible.add(key)
    const isPossible = (this.#rules?.get(name) ?? []).every((rule) => this.#isRulePossible(rule, isBound))
    if (!isPossible) {
      this.#possible.delete(key)
      this.#impossible.add(key)
    }
    return isPossible
  }

  #isRulePossible(rule: Rule, isBound: readonly boolean[]): boolean {
    const known = new Set(rule.parameters.filter((_, index) => isBound[index]))
    if (rule.required.some((name) => !known.has(name))) return false
    const { bound, missing } = this.#solve(rule.body, known)
    return missing === undefined && rule.parameters.every((name) => bound.has(name))
  }
}

/** That all branches of every plain `or` name the same variables; those of or-join may differ. */
export function checkBranches(clauses: readonly Clause[]): void {
  for (const clause of clauses) {
    if (clause.kind === 'not') checkBranches(clause.clauses)
    if (clause.kind !== 'or') continue
    if (clause.join === undefined) checkSameVariables(clause)
    for (const branch of clause.branches) checkBranches(branch)
  }
}

function checkSameVariables(clause: Extract<Clause, { readonly kind: 'or' }>): void {
  const all = variablesOf(clause)
  for (const [index, branch] of clause.branches.entries()) {
    const named = variablesOfAll(branch)
    const lacking = [...all].find((name) => !named.has(name))
    if (lacking !== undefined) throw orBranchesDiffer(showClause(clause), lacking, index + 1, clause.place)
  }
}

export function missingError({ clause, variables }: Missing): VarveError {
  return insufficientBinding(variables, showClause(clause), clause.place)
}

function absent(
  clause: Clause,
  needed: Iterable<Variable>,
  bound: ReadonlySet<Variable>,
): Missing | undefined {
  const variables = [...new Set(needed)].filter((name) => !bound.has(name))
  return variables.length === 0 ? undefined : { clause, variables }
}
