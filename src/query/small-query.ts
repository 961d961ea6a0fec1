// Which queries may be tried at once, on the thread that takes transactions (run-at-once.ts): those of few clauses whose
// single steps take next to no time whatever they are given. Functions of texts and collections take as long as these
// are, and a pattern of any attribute may look through all of one that has no order. A pull goes as far as facts lead, but
// counts each entity and each value that it holds.

import { aggregateNamed } from '../plan/functions.ts'
import type { Argument, Clause, FindElement, Query, Rule, RuleSet } from '../plan/syntax.ts'

const QUICK_FUNCTIONS: ReadonlySet<string> = new Set(
  [
    '= == != not= < > <= >= + - * / quot rem mod inc dec abs min max',
    'even? odd? zero? pos? neg? nil? some? true? false? not',
    'identity ground tuple untuple inst-ms missing? get-else get-some',
  ].flatMap((names) => names.split(' ')),
)

/** Counts `where` with what is within; `rules` are those that it may call. */
export function isSmallQuery(
  { find, where }: Query,
  rules: RuleSet | undefined,
  clauseCountMax: number,
): boolean {
  const bodies = [where, ...[...(rules?.values() ?? [])].flat().map(({ body }: Rule) => body)]
  const isFlat = find.elements.every(isQuickElement)
  return isFlat && bodies.every(isQuick) && sum(bodies.map(clauseCount)) <= clauseCountMax
}

function isQuickElement(element: FindElement): boolean {
  return element.kind !== 'aggregate' || aggregateNamed(element.name) !== undefined
}

function isQuick(clauses: readonly Clause[]): boolean {
  return clauses.every((clause) => {
    switch (clause.kind) {
      case 'pattern':
        return clause.terms[1]?.kind === 'constant'
      case 'predicate':
      case 'function':
        return isQuickCall(clause)
      case 'not':
        return isQuick(clause.clauses)
      case 'or':
        return clause.branches.every(isQuick)
      case 'rule':
        return true
    }
  })
}

function isQuickCall({ name, args }: { readonly name: string; readonly args: readonly Argument[] }): boolean {
  return QUICK_FUNCTIONS.has(name) && args.every((arg) => arg.kind !== 'call' || isQuickCall(arg))
}

function clauseCount(clauses: readonly Clause[]): number {
  const within = clauses.map((clause) => {
    if (clause.kind === 'not') return clauseCount(clause.clauses)
    return clause.kind === 'or' ? sum(clause.branches.map(clauseCount)) : 0
  })
  return clauses.length + sum(within)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
