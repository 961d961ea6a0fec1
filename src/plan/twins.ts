// A variable that stands twice where nothing binds it yet: `[?e :p/likes ?e]`, `(friends ?x ?x)`. Its second place gets a
// variable of its own, its twin, and an equality says that the two hold the same: so steps need not know of it.

import { isPlanted } from '../base/planted.ts'
import type { Clause, Term, Variable } from './syntax.ts'

type Predicate = Extract<Clause, { kind: 'predicate' }>

/** Terms of which none of the unbound variables stands twice, and what then has to hold. */
export function withTwins(
  terms: readonly Term[],
  isBound: (name: Variable) => boolean,
): { readonly terms: readonly Term[]; readonly tests: readonly Predicate[] } {
  const seen = new Set<Variable>()
  const tests: Predicate[] = []
  const made = terms.map((term, at): Term => {
    if (term.kind !== 'variable' || isBound(term.name)) return term
    if (!seen.has(term.name)) {
      seen.add(term.name)
      return term
    }
    // A space cannot stand in a name that somebody wrote.
    const twin: Term = { kind: 'variable', name: `${term.name} twin ${at}` }
    if (!isPlanted('twins-need-not-be-equal'))
      tests.push({ kind: 'predicate', name: '=', args: [term, twin] })
    return twin
  })
  return { terms: tests.length === 0 ? terms : made, tests }
}
