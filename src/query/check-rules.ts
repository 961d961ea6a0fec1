// What can be checked of a query once its rules are there: calls of rules that exist, with as many arguments as
// their heads, bound where they must be, over sources that are declared.

import { nearest } from '../base/nearest.ts'
import { ruleArityWrong, ruleUnknown } from '../engine/errors.ts'
import { functionNamed } from '../plan/functions.ts'
import { showClause } from '../plan/show-clause.ts'
import type { Query, RuleSet, SourceName } from '../plan/syntax.ts'
import { BindingCheck } from './bound.ts'
import { defaultSourceMissing, rulesNotDeclared } from './errors.ts'
import { checkBound } from './parse-query.ts'
import { callsOf, type RuleCall, sourcesOf } from './variables.ts'

export const NO_RULES: RuleSet = new Map()

/** What was found right with which rules: a question that is asked again is not looked at again. */
const known = new WeakMap<Query, { readonly rules: RuleSet; readonly checked: Query }>()

/** The query, with the sources from the catalog that its rules name added to its own. */
export function checkRules(query: Query, rules: RuleSet): Query {
  const before = known.get(query)
  if (before?.rules === rules) return before.checked
  const checked = checkedQuery(query, rules)
  known.set(query, { rules, checked })
  return checked
}

function checkedQuery(query: Query, rules: RuleSet): Query {
  const declared = new Set(query.inputs.map((input) => (input.kind === 'source' ? input.name : '')))
  const catalogSources = new Set(query.catalogSources)
  for (const { call, source } of callsOf(query.where)) {
    checkCall(call, rules)
    for (const name of sourcesOfRule(call.name, source, rules)) {
      if (declared.has(name)) continue
      if (name === '$') throw defaultSourceMissing(showClause(call), call.place)
      catalogSources.add(name)
    }
  }
  checkBound(query, new BindingCheck(rules))
  return { ...query, catalogSources: [...catalogSources] }
}

/** That the rule exists and takes as many arguments. */
export function checkCall(call: RuleCall, rules: RuleSet): void {
  const rule = rules.get(call.name)?.[0]
  if (rule === undefined) {
    if (functionNamed(call.name) !== undefined) {
      throw rulesNotDeclared(call.name, `Functions stand in brackets: [${showClause(call)}]`, call.place)
    }
    throw ruleUnknown(call.name, nearest(call.name, rules.keys()), call.place)
  }
  const expected = rule.parameters.length
  if (call.args.length !== expected) throw ruleArityWrong(call.name, expected, call.args.length, call.place)
}

/** Every source that a rule and the rules it calls read, where its `$` means `source`. */
function sourcesOfRule(name: string, source: SourceName, rules: RuleSet): ReadonlySet<SourceName> {
  const found = new Set<SourceName>()
  const seen = new Set<string>()
  const pending = [{ name, source }]
  while (pending.length > 0) {
    const next = pending.pop()!
    const key = `${next.source} ${next.name}`
    if (seen.has(key)) continue
    seen.add(key)
    for (const { body } of rules.get(next.name) ?? []) {
      for (const use of sourcesOf(body, next.source)) found.add(use.source)
      for (const { call, source: inner } of callsOf(body, next.source)) {
        pending.push({ name: call.name, source: inner })
      }
    }
  }
  return found
}
