// What a clause would leave of the rows so far, judged by true counts: what the planner orders clauses by.
//
// Rows of a value that was met as the value of another fact are counted as such a fact sees them: whom many refer to is
// met often, and has many facts itself. A pattern is judged with the comparisons that can run right after it.

import type { Attribute, EntityId } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import { isComparison, SWAPPED } from './comparison.ts'
import type { BoundSide, Counts, Side, ValueTest } from './counts.ts'
import { constantFor } from './entity.ts'
import { functionNamed } from './functions.ts'
import { type Predicate } from './pattern-step.ts'
import { attributeOf } from './places.ts'
import type { Goal, InputGoal, PatternClause } from './scope.ts'
import type { Term, Variable } from './syntax.ts'
import { argumentVariables, variablesOf } from './variables.ts'

export type Cost = {
  /** The clause with the least rank is taken next. */
  readonly rank: number
  /** Rows that are expected after it. */
  readonly rowCount: number
}

/** The facts whose values a variable holds. */
export type Origin = { readonly facts: FactSource; readonly attribute: Attribute }

/** How far a conjunction has come. */
export type Standing = {
  readonly rowCount: number
  readonly isBound: (name: Variable) => boolean
  readonly originOf: (name: Variable) => Origin | undefined
  /** The entity that a variable stands for in all rows; undefined where nobody knows it. */
  readonly entityOf: (name: Variable) => EntityId | undefined
  readonly counts: Counts
  /** Where a variable was bound, known if rows are to be counted exactly: among patterns that close circles. */
  readonly sideOf?: (name: Variable) => BoundSide | undefined
}

/**
 * Facts that share nothing with the rows so far multiply them, and what joins them later mostly multiplies again: worth it
 * only where every join brings so many times more.
 */
const PRODUCT_WEIGHT = 100

/** Facts of all attributes, where nobody counts them. */
const OPEN_ROW_COUNT = 10_000_000
/** What a predicate is taken to leave where nobody knows. */
const UNKNOWN_SHARE = 1 / 3

/** What a goal costs that can run now; `patternCost` judges patterns. */
export function costOf(goal: Goal, standing: Standing, patternCost: (pattern: PatternClause) => Cost): Cost {
  const { rowCount, isBound } = standing
  switch (goal.kind) {
    case 'predicate':
      return { rank: -3, rowCount: rowCount * shareOf([goal], standing) }
    case 'function':
      return goal.binding.kind === 'variable' || goal.binding.kind === 'tuple'
        ? { rank: -2, rowCount }
        : { rank: rowCount * 8, rowCount: rowCount * 8 }
    case 'not':
      return { rank: -1, rowCount }
    case 'input': {
      const expected = rowsJoined(goal, standing)
      // What somebody gives is mostly what they ask about.
      return { rank: goal.rows.length <= 1 ? -4 : expected, rowCount: expected }
    }
    case 'pattern':
      return patternCost(goal)
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
  { rowCount, isBound }: Standing,
): number {
  const isJoined = terms.some((term) => isTermGiven(term, isBound))
  return rowCount * (isJoined ? Math.min(1, rows.length) : rows.length)
}

/** A join with the facts of a pattern; `after` are the predicates that wait. */
export function factsCost(
  pattern: PatternClause,
  facts: FactSource,
  standing: Standing,
  after: readonly Predicate[],
): Cost {
  const attribute = attributeOf(facts, pattern.terms[1])
  const expected = factsJoined(pattern, facts, attribute, standing)
  const names = variablesOf(pattern)
  const value = pattern.terms[2]
  const then: Standing = {
    ...standing,
    isBound: (name) => names.has(name) || standing.isBound(name),
    originOf: (name) =>
      attribute !== undefined && value?.kind === 'variable' && value.name === name
        ? { facts, attribute }
        : standing.originOf(name),
  }
  const next = after.filter(({ args }) => {
    const asked = [...argumentVariables(args)]
    return asked.every(then.isBound) && !asked.every(standing.isBound)
  })
  const isTouching = (asked: Iterable<Variable>): boolean => [...asked].some(standing.isBound)
  const isApart =
    standing.rowCount > 1 &&
    names.size > 0 &&
    !isTouching(names) &&
    !next.some(({ args }) => isTouching(argumentVariables(args)))
  const rank = (isApart ? expected * PRODUCT_WEIGHT : expected) * shareOf(next, then)
  return { rank, rowCount: expected }
}

function factsJoined(
  { terms }: PatternClause,
  facts: FactSource,
  attribute: Attribute | undefined,
  { rowCount, isBound, originOf, entityOf, counts, sideOf }: Standing,
): number {
  const [hasE, hasV, hasTx] = [0, 2, 3].map((place) => isTermGiven(terms[place], isBound))
  if (attribute === undefined) return rowCount * (hasE ? 8 : OPEN_ROW_COUNT)
  const statistics = counts.statisticsOf(facts, attribute)
  if (!hasE && !hasV) return rowCount * (hasTx ? 4 : statistics.rowCount)
  const isSkewed = (term: Term): boolean =>
    term.kind === 'variable' &&
    originOf(term.name)?.attribute.unique === undefined &&
    originOf(term.name) !== undefined
  const exactly = (term: Term, place: Side['place']): number | undefined => {
    const side = term.kind === 'variable' ? sideOf?.(term.name) : undefined
    return side && counts.meetingPerFact(side, { facts, attribute, place })
  }
  const perEntity = (): number =>
    exactly(terms[0]!, 'entity') ??
    (isSkewed(terms[0]!)
      ? statistics.skewedPerEntity
      : statistics.rowCount / Math.max(1, statistics.entityCount))
  if (!hasV) return rowCount * perEntity()
  const perValue = (): number => {
    const v = terms[2]!
    const exact = exactly(v, 'value')
    if (exact !== undefined) return exact
    const known = v.kind === 'variable' ? entityOf(v.name) : undefined
    if (known !== undefined) return counts.countOfValue(facts, attribute, known)
    if (isSkewed(v)) return statistics.skewedPerValue
    if (v.kind !== 'constant') return statistics.rowCount / Math.max(1, statistics.valueCount)
    const value = constantFor(facts, attribute, v.value)
    return value === undefined ? 0 : counts.countOfValue(facts, attribute, value)
  }
  if (!hasE) return rowCount * perValue()
  return rowCount * Math.min(1, (perEntity() * perValue()) / Math.max(1, statistics.rowCount))
}

/** The share of rows that predicates are taken to leave. Those about one value are judged together: bounds hang together. */
export function shareOf(predicates: readonly Predicate[], { originOf, counts }: Standing): number {
  const tests = new Map<Variable, ValueTest[]>()
  let share = 1
  for (const predicate of predicates) {
    const [name, found] = testsOf(predicate)
    if (name === undefined || originOf(name) === undefined) share *= UNKNOWN_SHARE
    else tests.set(name, [...(tests.get(name) ?? []), ...found])
  }
  for (const [name, asked] of tests) {
    const { facts, attribute } = originOf(name)!
    share *= counts.shareOf(facts, attribute, asked) ?? UNKNOWN_SHARE ** asked.length
  }
  return share
}

/** What a comparison says of the one variable in it; no variable where it is no comparison of one with constants. */
function testsOf({ name, args }: Predicate): readonly [Variable | undefined, readonly ValueTest[]] {
  const comparison = functionNamed(name)?.name ?? name
  const variable = args.find((arg) => arg.kind === 'variable')?.name
  if (!isComparison(comparison) || args.length < 2) return [undefined, []]
  const tests: ValueTest[] = []
  for (let at = 1; at < args.length; at++) {
    const [x, y] = [args[at - 1]!, args[at]!]
    if (x.kind === 'variable' && y.kind === 'constant') tests.push({ comparison, constant: y.value })
    else if (x.kind === 'constant' && y.kind === 'variable')
      tests.push({ comparison: SWAPPED[comparison], constant: x.value })
    else return [undefined, []]
  }
  const isAboutOne = args.every(
    (arg) => arg.kind === 'constant' || (arg.kind === 'variable' && arg.name === variable),
  )
  return isAboutOne ? [variable, tests] : [undefined, []]
}

function isTermGiven(term: Term | undefined, isBound: Standing['isBound']): boolean {
  return term?.kind === 'constant' || (term?.kind === 'variable' && isBound(term.name))
}
