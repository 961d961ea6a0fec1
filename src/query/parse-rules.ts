// Rules from their data form (or a string of EDN) to a checked set: heads of one arity, parameters that bodies
// use, calls of rules that exist, no recursion through `not`, bodies that some order of clauses can run.

import { insufficientBinding } from '../plan/errors.ts'
import { recursionThroughNot } from '../engine/errors.ts'
import type { Edn } from '../fact/value.ts'
import { show } from '../plan/show.ts'
import { showClause } from '../plan/show-clause.ts'
import { isPlainName, type PlaceOf, Spot } from '../plan/spot.ts'
import type { Rule, RuleSet } from '../plan/syntax.ts'
import { BindingCheck, checkBranches } from './bound.ts'
import { checkCall } from './check-rules.ts'
import { ruleHeadsDiffer, ruleMalformed, ruleParameterUnused } from './errors.ts'
import type { Names } from './parse-call.ts'
import { parseClauses, RESERVED_NAMES, splitRequired } from './parse-clause.ts'
import { namesOf, type ParseOptions, readSpot } from './parse-query.ts'
import { callsOf } from './variables.ts'
import { variablesOfAll } from '../plan/variables.ts'

/** How many rules of different names one set holds: calls follow each other this deep at most. */
export const RULE_NAME_COUNT_MAX = 1000

/** The rules that a form, or a string of EDN, says. */
export function parseRules(form: Edn, placeOf?: PlaceOf, options: ParseOptions = {}): RuleSet {
  const spot = typeof form === 'string' ? readSpot(form, 'rules', options) : Spot.root(form, placeOf)
  const members = spot.members()
  if (members === undefined) {
    throw ruleMalformed(
      spot,
      `${show(spot.form)} is no set of rules`,
      'Rules are a vector: [[(r ?e) [?e :a]]]',
    )
  }
  const names = namesOf(options)
  const rules = new Map<string, Rule[]>()
  for (const member of members) {
    const rule = parseRule(member, names)
    const others = rules.get(rule.name)
    if (others === undefined) rules.set(rule.name, [rule])
    else if (others[0]!.parameters.length === rule.parameters.length) others.push(rule)
    else throw ruleHeadsDiffer(rule.name, rule.place)
  }
  if (rules.size > RULE_NAME_COUNT_MAX) {
    throw ruleMalformed(
      spot,
      `There are more than ${RULE_NAME_COUNT_MAX} rules`,
      'Leave out those that nothing calls',
    )
  }
  checkSet(rules)
  return rules
}

function parseRule(spot: Spot, names: Names): Rule {
  const [head, ...body] = spot.items() ?? []
  const parts = head?.items()
  const name = parts?.[0]?.symbol
  if (head === undefined || parts === undefined || !isPlainName(name)) {
    throw ruleMalformed(
      spot,
      `${show(spot.form)} is not a rule`,
      'A rule is a head and clauses: [(r ?e) [?e :a]]',
    )
  }
  if (RESERVED_NAMES.has(name))
    throw ruleMalformed(head, `No rule can be called ${name}`, 'Give it another name')
  if (body.length === 0) throw ruleMalformed(spot, `Rule ${name} has no body`, 'Put clauses after the head')
  const { required, free } = splitRequired(parts.slice(1))
  const clauses = parseClauses(body, names)
  const parameters = [...required, ...free]
  const used = variablesOfAll(clauses)
  const unused = parameters.find((parameter) => !used.has(parameter))
  if (unused !== undefined) throw ruleParameterUnused(name, unused, head.place())
  return { name, parameters, required, body: clauses, place: spot.place() }
}

function checkSet(rules: RuleSet): void {
  const check = new BindingCheck(rules)
  for (const ofOneName of rules.values()) {
    for (const rule of ofOneName) {
      checkBranches(rule.body)
      for (const { call } of callsOf(rule.body)) checkCall(call, rules)
    }
  }
  refuseRecursionThroughNot(rules)
  for (const ofOneName of rules.values()) {
    for (const rule of ofOneName) {
      const missing = check.missingInRule(rule, rule.parameters)
      if (missing === undefined) continue
      throw insufficientBinding(
        missing.variables,
        showClause(missing.clause),
        missing.clause.place ?? rule.place,
      )
    }
  }
}

/** No rule may need to know that it does not hold itself: an edge out of a `not` must not lead back. */
function refuseRecursionThroughNot(rules: RuleSet): void {
  for (const [name, ofOneName] of rules) {
    for (const { body } of ofOneName) {
      for (const { call, isNegated } of callsOf(body)) {
        if (isNegated && reaches(call.name, name, rules)) throw recursionThroughNot(name, call.place)
      }
    }
  }
}

function reaches(from: string, to: string, rules: RuleSet): boolean {
  const seen = new Set([from])
  const pending = [from]
  while (pending.length > 0) {
    const name = pending.pop()!
    if (name === to) return true
    for (const { body } of rules.get(name) ?? []) {
      for (const { call } of callsOf(body)) {
        if (seen.has(call.name)) continue
        seen.add(call.name)
        pending.push(call.name)
      }
    }
  }
  return false
}
