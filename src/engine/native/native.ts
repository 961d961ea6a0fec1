// The native engine: a question becomes a plan of operators over columns of numbers (compiler.ts), values stay numbers
// until the answer is formed. Rows on which a function fails are left out, and then it is found out whether any of them
// makes an error of the question (find-failure.ts).

import type { Answer, Engine } from '../../plan/engine.ts'
import { rowsWithMeanings } from '../../plan/named-inputs.ts'
import { planOf } from '../../plan/planner.ts'
import type { Query } from '../../plan/syntax.ts'
import type { Edn } from '../../fact/value.ts'
import { AnswerRows, type AnswerColumn } from '../../plan/answer-rows.ts'
import { elementVariable, findVariables, isOne } from '../../plan/finish.ts'
import { type ExplainMode, type Explanation, explainedPlan, explanationOf } from '../../plan/explain.ts'
import type { FinishStep, Plan } from '../../plan/plan.ts'
import { planWarnings } from '../../plan/plan-warnings.ts'
import { mostRowsExpected } from '../../plan/question-class.ts'
import type { InputGoal } from '../../plan/scope.ts'
import type { PlanLimits } from '../../plan/semi-joins.ts'
import { asksRestricted } from '../context.ts'
import { withWarnings } from '../errors.ts'
import { checkFind, cutAnswer, finishAnswer } from '../find.ts'
import { bound, type BoundQuestion, checked, type EngineOptions, type Question } from '../question.ts'
import type { Budget } from '../budget.ts'
import { Profile } from './profile.ts'
import { Executable } from './executable.ts'
import { type Domain, NumberDomain, SortedTextDomain } from './domain.ts'
import { Found } from './found.ts'
import { gather } from './operator.ts'
import { VarveError } from '../../base/errors.ts'
import { findFailure } from './find-failure.ts'
import { LargeLong } from './table-numbers.ts'
import { leastRow, type NumberColumn, orderOf } from './row-order.ts'
import { type Ground, groundOf, type Kept, PlanCache } from './plan-cache.ts'
import type { RowSet } from './row-set.ts'
import { sharedFloats } from './shared-memory.ts'
import { tableCounts } from './statistics.ts'
import type { Asking, Team } from './team.ts'

export type NativeEngineOptions = EngineOptions & {
  /** Threads that may work on parts of a question. */
  readonly team?: Team
  readonly planLimits?: PlanLimits
}

/** Answers by columns. */
export function nativeEngine(options: NativeEngineOptions): Engine {
  const plans = new PlanCache()
  return {
    name: 'native',
    answer: async (query, inputs, catalog, limits) => {
      const answer = nativeAnswer({ query, inputs, catalog, limits }, options, plans)
      options.team?.announce()
      return answer
    },
    answerAtOnce: (query, inputs, catalog, limits, begins) => {
      const found = plannedQuestion({ query, inputs, catalog, limits }, options, plans)
      return begins(mostRowsExpected(found.plan.body)) ? answerPlanned(found, options, plans) : undefined
    },
    explain: async (query, inputs, catalog, limits, mode) =>
      nativeExplanation({ query, inputs, catalog, limits }, options, mode),
  }
}

/** The answer. Throws what is wrong with the question. */
export function nativeAnswer(
  question: Question,
  options: NativeEngineOptions,
  plans: PlanCache = new PlanCache(),
): Answer {
  return answerPlanned(plannedQuestion(question, options, plans), options, plans)
}

type PlannedQuestion = {
  readonly question: Question
  readonly asked: Asked
  readonly plan: Plan
  /** What is kept of the plan; undefined where it depends on too much. */
  readonly used: Kept | undefined
}

/** By the plan that is kept for such questions, or a new one. */
function plannedQuestion(
  question: Question,
  options: NativeEngineOptions,
  plans: PlanCache,
): PlannedQuestion {
  const planning = question.limits.span?.begin('plan')
  const given = bound(question, options)
  const ground = groundOf(question.query, given)
  const found = ground && plans.find(question.query, ground)
  const renewed = found && renewedGoals(question.query, found, given)
  const kept = renewed && found
  const goals = renewed ?? checked(question.query, given).goals
  const asked = { goals, setting: given.setting, given }
  const plan =
    kept === undefined ? planned(question, asked, options.planLimits) : withInputs(kept.plan, goals)
  planning?.set('varve.plan.kept', kept !== undefined)
  planning?.end()
  return { question, asked, plan, used: kept ?? (ground && keptOf(ground, plan)) }
}

function answerPlanned(
  { question, asked, plan, used }: PlannedQuestion,
  options: NativeEngineOptions,
  plans: PlanCache,
): Answer {
  const team = teamFor(asked, options)
  if (used === undefined) return run(question, asked, plan, { team }).answer
  const sinceMs = options.clock.nowMs()
  const compiled = (): Executable => {
    const held = used.executable?.deref()
    if (held?.renew(asked) === true) return held
    const executable = new Executable(plan, asked.setting.context)
    used.executable = new WeakRef(executable)
    return executable
  }
  const { answer } = run(question, asked, plan, { compiled, team })
  plans.keep(question.query, used, options.clock.nowMs() - sinceMs)
  return answer
}

/** `given` are the inputs as they came. */
type Asked = BoundQuestion & { readonly given: BoundQuestion }

/**
 * What a plan of the time before asks of the inputs of now. Undefined where one of them names nobody: whether that is an
 * error is found out anew.
 */
function renewedGoals(
  query: Query,
  { plan, inputIndexes }: Kept,
  { goals, setting }: BoundQuestion,
): readonly InputGoal[] | undefined {
  // A pattern that is given is no part of the plan.
  if (hasGivenPattern(query)) checkFind(query, setting)
  const asked = goals.filter(({ index }) => inputIndexes.has(index))
  if (plan.meanings.length === 0) return asked
  const meant = asked.map((goal) => ({
    ...goal,
    rows: rowsWithMeanings(goal, plan.meanings, setting.context),
  }))
  return meant.every(({ rows }) => rows.every(isOfSomebody)) ? meant : undefined
}

function hasGivenPattern({ find }: Query): boolean {
  return find.elements.some((element) => element.kind === 'pull' && element.pattern.kind === 'input')
}

function isOfSomebody(row: readonly Edn[]): boolean {
  return !row.includes(null)
}

function withInputs(plan: Plan, goals: readonly InputGoal[]): Plan {
  return { ...plan, inputs: new Map(goals.map(({ index, rows }) => [index, rows])) }
}

/** Undefined where a name names nobody: the plan may have been made for that. */
function keptOf(ground: Ground, plan: Plan): Kept | undefined {
  for (const rows of plan.inputs.values()) if (!rows.every(isOfSomebody)) return undefined
  return { ground, plan, inputIndexes: new Set(plan.inputs.keys()), executable: undefined }
}

function nativeExplanation(question: Question, options: NativeEngineOptions, mode: ExplainMode): Explanation {
  const nowMs = (): number => options.clock.nowMs()
  const sinceMs = nowMs()
  const given = bound(question, options)
  const prepared = { ...checked(question.query, given), given }
  const plan = planned(question, prepared, options.planLimits)
  const told = { engine: 'native', mode, expectedRowCount: Math.ceil(mostRowsExpected(plan.body)) }
  if (mode === 'plan')
    return explanationOf({ ...told, parts: explainedPlan(plan), warnings: planWarnings(plan) })
  const profile = new Profile(nowMs)
  const compiled = (): Executable => new Executable(plan, prepared.setting.context, profile)
  const team = teamFor(prepared, options)
  const { answer, workerCount } = run(question, prepared, plan, { compiled, profile, team })
  const { budget } = prepared.setting.context
  const isTold = !asksRestricted(prepared.setting.context)
  const parts = explainedPlan(plan, profile.measured(isTold ? (part) => budget.peakBytesOf(part) : undefined))
  return explanationOf({
    ...told,
    parts,
    rowCount: answer.rows.length,
    timeMs: nowMs() - sinceMs,
    ...(isTold && { memoryBytes: budget.questionPeakBytes }),
    ...(workerCount > 1 && { workerCount }),
    warnings: answer.warnings,
  })
}

/** The threads that may work on parts of it: what a question brought along is known in this one alone. */
function teamFor({ setting }: BoundQuestion, { team }: NativeEngineOptions): Team | undefined {
  const { functions, aggregates } = setting.context.stored
  return functions.size + aggregates.size > 0 ? undefined : team
}

function planned(
  { query }: Question,
  { goals, setting: { context, scope } }: BoundQuestion,
  limits: PlanLimits | undefined,
): Plan {
  return planOf(query, goals, scope, { context, counts: tableCounts(context), limits })
}

type Means = {
  /** The plan compiled: kept from before, or anew. */
  readonly compiled?: () => Executable
  readonly profile?: Profile
  readonly team: Team | undefined
}

/** An answer, and how many threads worked on it. */
type Answered = { readonly answer: Answer; readonly workerCount: number }

function run({ query }: Question, asked: Asked, plan: Plan, means: Means): Answered {
  const warnings = planWarnings(plan)
  try {
    const { answer, workerCount } = answeredAnyway(query, asked, plan, means)
    return {
      answer: warnings.length === 0 ? answer : { ...answer, warnings: [...warnings, ...answer.warnings] },
      workerCount,
    }
  } catch (error) {
    throw withWarnings(error, warnings)
  }
}

/** Asks anew where a long beyond 2^53 was met that nobody had thought of. */
function answeredAnyway(query: Query, asked: Asked, plan: Plan, means: Means): Answered {
  try {
    return answered(query, asked, plan, means)
  } catch (error) {
    if (!(error instanceof LargeLong)) throw error
    const context = { ...asked.setting.context, hasLargeLongs: true }
    const again = { ...asked, setting: { ...asked.setting, context } }
    return answered(query, again, plan, { ...means, compiled: () => new Executable(plan, context) })
  }
}

function answered(query: Query, { setting, given }: Asked, plan: Plan, means: Means): Answered {
  const { compiled = () => new Executable(plan, setting.context), profile, team } = means
  const budget = setting.context.budget.ofStep(plan.finish[0]!, { name: () => 'the answer' })
  const asking: Asking = { query, plan, executable: compiled(), setting, budget, profile }
  const { failures } = asking.executable
  failures.clear()
  const { found, workerCount } = unlessFailed(
    () =>
      failures.clauses.size > 0 &&
      findFailure(query, { ...checked(query, given), setting }, failures.clauses),
    () => {
      const together = team?.find(asking) ?? { found: foundAlone(asking), workerCount: 1 }
      together.found.groupRows()
      return together
    },
  )
  profile?.count(plan.finish[0]!, found.rowCount)
  const sorting = setting.context.budget.ofStep(plan.finish.find(isSort) ?? plan, {
    name: () => 'sorting the answer',
  })
  const { groups, rows } = found
  const answer =
    groups === undefined
      ? cutAnswer(query, sortedRows(query, rows, asking.executable.domains, sorting), setting)
      : finishAnswer(query, groups.rows(), setting)
  // Operators may go on to another question; what is left here is the answer's.
  sorting.releaseAll()
  budget.releaseAll()
  return { answer, workerCount }
}

/** What the work gives, unless it left out rows that make an error of the question: that is thrown before any other. */
function unlessFailed<X>(failure: () => VarveError | false | undefined, work: () => X): X {
  let done: X
  try {
    done = work()
  } catch (error) {
    const own = error instanceof VarveError && error.kind === 'incorrect' ? failure() : undefined
    throw own instanceof VarveError ? own : error
  }
  const own = failure()
  if (own instanceof VarveError) throw own
  return done
}

function foundAlone(asking: Asking): Found {
  const found = new Found(asking)
  asking.executable.run(found)
  return found
}

function isSort({ kind }: FinishStep): boolean {
  return kind === 'sort' || kind === 'least'
}

/** The rows that were found, in the total order; of a tuple or scalar the least. They stay columns. */
function sortedRows(
  query: Query,
  { rowCount, columns }: RowSet,
  domains: readonly Domain[],
  budget: Budget,
): AnswerRows {
  const variables = findVariables(query)
  const read = query.find.elements.map((element): NumberColumn => {
    const place = variables.indexOf(elementVariable(element))
    return { numbers: columns[place]!, domain: domains[place]! }
  })
  const order =
    rowCount < 2
      ? undefined
      : isOne(query)
        ? Int32Array.of(leastRow(read, rowCount, budget))
        : orderOf(read, rowCount, budget)
  const count = order?.length ?? rowCount
  if (count <= FEW_ROWS_COUNT) return new AnswerRows(count, fewValues(read, order, count))
  const answerColumns = read.map(({ numbers, domain }): AnswerColumn => {
    if (order === undefined) return answerColumn(domain, numbers.subarray(0, count))
    budget.check()
    budget.hold(count * Float64Array.BYTES_PER_ELEMENT)
    const sorted = sharedFloats(count)
    gather(numbers, order, count, sorted)
    return answerColumn(domain, sorted)
  })
  return new AnswerRows(count, answerColumns)
}

/** Rows of which each value is read at once: that takes less than columns that read it later. */
const FEW_ROWS_COUNT = 4

function fewValues(
  columns: readonly NumberColumn[],
  order: Int32Array | undefined,
  count: number,
): readonly AnswerColumn[] {
  return columns.map(({ numbers, domain }): AnswerColumn => {
    const values: Edn[] = []
    for (let at = 0; at < count; at++) values.push(domain.decode(numbers[order?.[at] ?? at]!))
    return { kind: 'values', values }
  })
}

/** Values of a domain up to this many are read once each, not once a row. */
const CODED_COUNT_MAX = 1 << 16

function answerColumn(domain: Domain, numbers: Float64Array): AnswerColumn {
  const isWhole = domain instanceof NumberDomain && (domain.type === 'long' || domain.type === 'ref')
  if (isWhole) return { kind: 'numbers', numbers }
  const isCoded = domain instanceof SortedTextDomain && domain.valueCount <= CODED_COUNT_MAX
  return { kind: isCoded ? 'coded' : 'decoded', numbers, decode: (number) => domain.decode(number) }
}
