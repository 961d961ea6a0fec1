// What clauses name: the sources they read, the rules they call. Their variables: plan/variables.ts.

import type { Place } from '../base/errors.ts'
import { showClause } from '../plan/show-clause.ts'
import type { Argument, Clause, SourceName } from '../plan/syntax.ts'

export type RuleCall = Extract<Clause, { readonly kind: 'rule' }>

/** One place that reads a source, with its text and its place for messages. */
export type SourceUse = {
  readonly source: SourceName
  readonly what: () => string
  readonly place: Place | undefined
}

/** Every source that clauses read themselves, where `$` means `current`. */
export function* sourcesOf(clauses: readonly Clause[], current: SourceName = '$'): Iterable<SourceUse> {
  for (const clause of clauses) {
    switch (clause.kind) {
      case 'pattern':
        yield use(clause.source === '$' ? current : clause.source, clause)
        break
      case 'predicate':
      case 'function':
        for (const source of argumentSources(clause.args)) {
          yield use(source === '$' ? current : source, clause)
        }
        break
      case 'not':
        yield* sourcesOf(clause.clauses, inner(clause.source, current))
        break
      case 'or':
        for (const branch of clause.branches) yield* sourcesOf(branch, inner(clause.source, current))
        break
      case 'rule':
        // What the rule reads is known with the rules; a source that the call names is read whatever they say.
        if (clause.source !== undefined) yield use(inner(clause.source, current), clause)
        break
    }
  }
}

/** Calls of rules, each with the source that `$` means there and whether it stands inside a `not`. */
export type CallUse = { readonly call: RuleCall; readonly source: SourceName; readonly isNegated: boolean }

export function* callsOf(
  clauses: readonly Clause[],
  current: SourceName = '$',
  isNegated: boolean = false,
): Iterable<CallUse> {
  for (const clause of clauses) {
    if (clause.kind === 'rule') yield { call: clause, source: inner(clause.source, current), isNegated }
    else if (clause.kind === 'not') yield* callsOf(clause.clauses, inner(clause.source, current), true)
    else if (clause.kind === 'or') {
      for (const branch of clause.branches) yield* callsOf(branch, inner(clause.source, current), isNegated)
    }
  }
}

function use(source: SourceName, clause: Clause): SourceUse {
  return { source, what: () => showClause(clause), place: clause.place }
}

/** What `$` means inside a clause that may name a source. */
function inner(source: SourceName | undefined, current: SourceName): SourceName {
  return source === undefined || source === '$' ? current : source
}

function* argumentSources(args: readonly Argument[]): Iterable<SourceName> {
  for (const arg of args) {
    if (arg.kind === 'source') yield arg.name
    else if (arg.kind === 'call') yield* argumentSources(arg.args)
  }
}
