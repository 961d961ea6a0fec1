// Semi-joins: what hangs on the rows by one variable and is asked for by nobody only tells which values of that variable
// are good. `[?p :part/film ?f] [?r :release/film ?f] [?r :release/company ?c] [?c :company/country "se"]`: where many
// rows have a `?f`, the films of Swedish companies are found once, and rows keep those.
//
// Correct where the part is made of patterns, all its other variables stand in it alone (no other clause, output or row
// has them), and a set of rows is meant: then a row stays exactly if its value is among those that the part finds.
// Worth it where finding them from their own end makes fewer rows than going on from those that are there, which the
// planner finds out by planning both. So a chain that is thinned at its far end is thinned before it is gone through.

import { isPlanted } from '../base/planted.ts'
import { componentsOf } from './components.ts'
import type { Step } from './plan.ts'
import type { Goal } from './scope.ts'
import type { Variable } from './syntax.ts'
import { variablesOf } from './variables.ts'

/** Goals that only tell which values of a variable are good. */
export type HangingPart = { readonly variable: Variable; readonly goals: readonly Goal[] }

export type PlanLimits = {
  /** Rows below which planning twice costs more than it may save. */
  readonly semiJoinRowCountMin: number
}
export const PLAN_LIMITS: PlanLimits = { semiJoinRowCountMin: 1_000 }

/** What hangs on one of the variables of the rows. One pattern alone is a test as it stands. */
export function hangingParts(
  waiting: readonly Goal[],
  names: readonly Variable[],
  outputs: readonly Variable[],
): readonly HangingPart[] {
  if (waiting.filter(({ kind }) => kind === 'pattern').length < 2) return []
  return names.flatMap((variable) => {
    if (!waiting.some((goal) => variablesOf(goal).has(variable))) return []
    const isOfOthers = (name: Variable): boolean =>
      (names.includes(name) && !isPlanted('semi-join-by-one-of-two')) || outputs.includes(name)
    return componentsOf(waiting, variable).flatMap(({ goals, names: inside }) => {
      const isHanging =
        goals.length > 1 &&
        goals.every(({ kind }) => kind === 'pattern') &&
        goals.some((goal) => variablesOf(goal).has(variable)) &&
        ![...inside].some(isOfOthers)
      return isHanging ? [{ variable, goals }] : []
    })
  })
}

/** Rows that steps are expected to make. */
export function workOf(steps: readonly Step[]): number {
  return steps.reduce((sum, { rowCount }) => sum + rowCount, 0)
}
