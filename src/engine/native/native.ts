// The native engine: a question becomes a plan of operators over columns of numbers (compiler.ts), values stay numbers
// until the answer is formed. What it cannot answer exactly as the meaning demands it refuses, with a reason; then
// the engine that defines the meaning answers (naive.ts).

import type { Answer, Engine } from '../../plan/engine.ts'
import { planOf } from '../../plan/planner.ts'
import type { Query } from '../../plan/syntax.ts'
import { AnswerRows, type AnswerColumn } from '../../plan/answer-rows.ts'
import { elementVariable, findVariables, isAggregated, isOne } from '../../plan/finish.ts'
import { type ExplainMode, type Explanation, explainedPlan, explanationOf } from '../../plan/explain.ts'
import type { Plan } from '../../plan/plan.ts'
import { planWarnings } from '../../plan/plan-warnings.ts'
import { withWarnings } from '../errors.ts'
import { cutAnswer, finishAnswer } from '../find.ts'
import {
  naiveEngine,
  type NaiveEngineOptions,
  naiveExplanation,
  prepare,
  type Prepared,
  type Question,
} from '../naive.ts'
import { Profile } from './profile.ts'
import { Compiler } from './compiler.ts'
import { type Domain, NumberDomain, SortedTextDomain } from './domain.ts'
import { columnOf, gather, step } from './operator.ts'
import { Groups } from './groups.ts'
import { Refusal } from '../../plan/refusal.ts'
import { leastRow, type NumberColumn, orderOf } from './row-order.ts'
import { RowSet } from './row-set.ts'
import { tableCounts } from './statistics.ts'

/** Answers by columns where it can, and as the naive engine does elsewhere. */
export function nativeEngine(options: NaiveEngineOptions): Engine {
  const naive = naiveEngine(options)
  return {
    name: 'native',
    answer: async (query, inputs, catalog, limits) => {
      const answer = nativeAnswer({ query, inputs, catalog, limits }, options)
      return answer instanceof Refusal ? naive.answer(query, inputs, catalog, limits) : answer
    },
    explain: async (query, inputs, catalog, limits, mode) => {
      const question = { query, inputs, catalog, limits }
      const explained = nativeExplanation(question, options, mode)
      if (!(explained instanceof Refusal)) return explained
      return naiveExplanation(question, options, mode, explained.reason)
    },
  }
}

/** The answer, or why this engine gives none. Throws what is wrong with the question. */
export function nativeAnswer(question: Question, options: NaiveEngineOptions): Answer | Refusal {
  const prepared = prepare(question, options)
  return unlessRefused(() => run(question, prepared, planned(question, prepared)))
}

function nativeExplanation(
  question: Question,
  options: NaiveEngineOptions,
  mode: ExplainMode,
): Explanation | Refusal {
  const nowMs = (): number => options.clock.nowMs()
  const sinceMs = nowMs()
  const prepared = prepare(question, options)
  return unlessRefused(() => {
    const plan = planned(question, prepared)
    const told = { engine: 'native', mode }
    if (mode === 'plan')
      return explanationOf({ ...told, parts: explainedPlan(plan), warnings: planWarnings(plan) })
    const profile = new Profile(nowMs)
    const { rows, warnings } = run(question, prepared, plan, profile)
    const parts = explainedPlan(plan, profile.measured)
    return explanationOf({ ...told, parts, rowCount: rows.length, timeMs: nowMs() - sinceMs, warnings })
  })
}

function unlessRefused<X>(work: () => X): X | Refusal {
  try {
    return work()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

function planned({ query }: Question, { goals, setting: { context, scope } }: Prepared): Plan {
  return planOf(query, goals, scope, { context, counts: tableCounts })
}

function run(question: Question, prepared: Prepared, plan: Plan, profile?: Profile): Answer {
  const warnings = planWarnings(plan)
  try {
    const answer = answered(question, prepared, plan, profile)
    return { ...answer, warnings: [...warnings, ...answer.warnings] }
  } catch (error) {
    throw withWarnings(error, warnings)
  }
}

function answered(
  { query }: Question,
  { setting }: Prepared,
  { body, inputs, finish: [distinct] }: Plan,
  profile: Profile | undefined,
): Answer {
  const { budget } = setting.context
  const pipeline = new Compiler(setting.context, inputs, profile).conjunction(body, distinct!)
  const places = body.outputs.map((name) => columnOf(pipeline.layout, name))
  const domains = places.map((place) => pipeline.layout.domains[place]!)
  const found = new RowSet(places.length)
  const groups = isAggregated(query) ? new Groups(query, domains, setting) : undefined
  const isGroupedAtOnce = groups !== undefined && pipeline.isDistinct
  pipeline.connect({
    push: (chunk) => {
      step(budget, chunk.rowCount)
      if (isGroupedAtOnce) {
        const columns = places.map((place) => chunk.columns[place]!)
        return groups.take({ rowCount: chunk.rowCount, columns })
      }
      if (pipeline.isDistinct) found.appendAll(chunk, places)
      else found.addAll(chunk, places)
      budget.holdRows(found.rowCount, () => 'the answer')
    },
    finish: () => undefined,
  })
  pipeline.first.push({ rowCount: 1, columns: [] })
  pipeline.complete()
  budget.check()
  if (groups !== undefined) for (const chunk of found.chunks()) groups.take(chunk)
  profile?.count(distinct!, groups?.rowCount ?? found.rowCount)
  return groups === undefined
    ? cutAnswer(query, sortedRows(query, found, domains), setting)
    : finishAnswer(query, groups.rows(), setting)
}

/** The rows that were found, in the total order; of a tuple or scalar the least. They stay columns. */
function sortedRows(query: Query, { rowCount, columns }: RowSet, domains: readonly Domain[]): AnswerRows {
  const variables = findVariables(query)
  const read = query.find.elements.map((element): NumberColumn => {
    const place = variables.indexOf(elementVariable(element))
    return { numbers: columns[place]!, domain: domains[place]! }
  })
  const order =
    isOne(query) && rowCount > 0 ? Int32Array.of(leastRow(read, rowCount)) : orderOf(read, rowCount)
  const count = order?.length ?? rowCount
  const answerColumns = read.map(({ numbers, domain }): AnswerColumn => {
    if (order === undefined) return answerColumn(domain, numbers.subarray(0, count))
    const sorted = new Float64Array(count)
    gather(numbers, order, count, sorted)
    return answerColumn(domain, sorted)
  })
  return new AnswerRows(count, answerColumns)
}

/** Values of a domain up to this many are read once each, not once a row. */
const CODED_COUNT_MAX = 1 << 16

function answerColumn(domain: Domain, numbers: Float64Array): AnswerColumn {
  const isWhole = domain instanceof NumberDomain && (domain.type === 'long' || domain.type === 'ref')
  if (isWhole) return { kind: 'numbers', numbers }
  const isCoded = domain instanceof SortedTextDomain && domain.valueCount <= CODED_COUNT_MAX
  return { kind: isCoded ? 'coded' : 'decoded', numbers, decode: (number) => domain.decode(number) }
}
