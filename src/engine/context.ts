// What answering a question needs beside its clauses: sources and rules, bounds, the functions of the program.

import { RestrictedFacts } from '../database/restricted-facts.ts'
import type { StoredFunctions } from '../plan/functions.ts'
import type { PlanContext } from '../plan/scope.ts'
import type { ValueFunction } from './functions.ts'
import type { Budget } from './budget.ts'

export type QueryContext = PlanContext & {
  /** True where longs beyond 2^53 were met. */
  readonly hasLargeLongs: boolean
  readonly budget: Budget
  readonly userFunctions: ReadonlyMap<string, ValueFunction>
  /** What this question brought along: functions here are called for many rows at once. */
  readonly stored: StoredFunctions
}

/** True where some source shows a part of its database: then nobody is told how facts lie, which rests on all of them. */
export function asksRestricted({ sources }: Pick<QueryContext, 'sources'>): boolean {
  return [...sources.values()].some(
    (source) => source.kind === 'facts' && source.facts instanceof RestrictedFacts,
  )
}
