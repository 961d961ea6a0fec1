// What a clause would leave of the rows so far, judged by true counts: what the planner orders clauses by.

import type { FactSource } from '../fact/datom.ts'
import type { Counts } from './counts.ts'
import { attributeOf } from './places.ts'
import { constantFor } from './entity.ts'
import type { Goal, InputGoal, PatternClause } from './scope.ts'
import type { Term, Variable } from './syntax.ts'
import { variablesOf } from './variables.ts'

export type Cost = {
  /** The clause with the least rank is taken next. */
  readonly rank: number
  /** Rows that are expected after it. */
  readonly rowCount: number
}

/** Facts of all attributes, where nobody counts them. */
const OPEN_ROW_COUNT = 10_000_000

type IsBound = (name: Variable) => boolean

/** What a goal costs that can run now; `facts` are those of a pattern on a database, `rows` those of any other. */
export function costOf(
  goal: Goal,
  rowCount: number,
  isBound: IsBound,
  patternRows: (pattern: PatternClause) => number,
): Cost {
  switch (goal.kind) {
    case 'predicate':
      return { rank: -3, rowCount: rowCount / 3 }
    case 'function':
      return goal.binding.kind === 'variable' || goal.binding.kind === 'tuple'
        ? { rank: -2, rowCount }
        : { rank: rowCount * 8, rowCount: rowCount * 8 }
    case 'not':
      return { rank: -1, rowCount }
    case 'input': {
      const expected = rowsJoined(goal, rowCount, isBound)
      // What somebody gives is mostly what they ask about.
      return { rank: goal.rows.length <= 1 ? -4 : expected, rowCount: expected }
    }
    case 'pattern': {
      const expected = patternRows(goal)
      return { rank: expected, rowCount: expected }
    }
    case 'or':
    case 'rule': {
      // Whether what is inside can run with what is bound shows when it is planned: wait for all that may come.
      const isTouched = [...variablesOf(goal)].some(isBound)
      const expected = rowCount * (isTouched ? 4 : 1_000)
      return { rank: expected + 1, rowCount: expected }
    }
  }
}

/** Rows after a join with rows that are given. */
export function rowsJoined(
  { terms, rows }: Pick<InputGoal, 'terms' | 'rows'>,
  rowCount: number,
  isBound: IsBound,
): number {
  const isJoined = terms.some((term) => isTermGiven(term, isBound))
  return rowCount * (isJoined ? Math.min(1, rows.length) : rows.length)
}

/** Rows after a join with the facts of a pattern. */
export function factsJoined(
  { terms }: PatternClause,
  facts: FactSource,
  {
    rowCount,
    isBound,
    counts,
  }: { readonly rowCount: number; readonly isBound: IsBound; readonly counts: Counts },
): number {
  const attribute = attributeOf(facts, terms[1])
  const [hasE, hasV, hasTx] = [0, 2, 3].map((place) => isTermGiven(terms[place], isBound))
  if (attribute === undefined) return rowCount * (hasE ? 8 : OPEN_ROW_COUNT)
  const statistics = counts.statisticsOf(facts, attribute)
  if (!hasE && !hasV) return rowCount * (hasTx ? 4 : statistics.rowCount)
  const perEntity = (): number => statistics.rowCount / Math.max(1, statistics.entityCount)
  if (!hasV) return rowCount * perEntity()
  const perValue = (): number => {
    const v = terms[2]!
    if (v.kind !== 'constant') return statistics.rowCount / Math.max(1, statistics.valueCount)
    const value = constantFor(facts, attribute, v.value)
    return value === undefined ? 0 : counts.countOfValue(facts, attribute, value)
  }
  if (!hasE) return rowCount * perValue()
  return rowCount * Math.min(1, (perEntity() * perValue()) / Math.max(1, statistics.rowCount))
}

export function isTermGiven(term: Term | undefined, isBound: IsBound): boolean {
  return term?.kind === 'constant' || (term?.kind === 'variable' && isBound(term.name))
}
