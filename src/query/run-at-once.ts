// Points are answered where they come in, within bounds so small that a commit hardly waits: the way to a worker and back
// takes longer than most of them. All else is a scan and goes to the workers: what is no small query, what the plan expects
// many rows of where nothing else is known, and what outgrows the bounds, as if nothing had been tried; its query is tried
// again ever more rarely.

import { NEVER_ENDS } from '../base/batches.ts'
import type { Clock } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import { Recent } from '../base/recent.ts'
import { isBlobMissing } from '../database/database-value.ts'
import type { Answer, Engine } from '../plan/engine.ts'
import { type ExplainMode, type Explanation, explanationOf } from '../plan/explain.ts'
import type { QuestionClass } from '../plan/question-class.ts'
import type { Clause } from '../plan/syntax.ts'
import { boundedAs, classed, type QuestionBounds, withinBounds } from './asker.ts'
import { textOfForm } from './parsed.ts'
import type { QueryJob, QueryRunner } from './ask.ts'
import { questionOf, tellAnswer } from './run-here.ts'
import { isSmallQuery } from './small-query.ts'
import { type Format, writeAnswer, type WrittenAnswer } from './written.ts'

export type AtOnceLimits = {
  /** A commit that comes meanwhile waits so long, and for the one step that is being done. */
  readonly answerMsMax: number
  /** Also of what the plan expects. */
  readonly rowCountMax: number
  /** Facts that are read as a table are counted with it: nobody makes a large one here. */
  readonly memoryBytesMax: number
  /** Of the answer as text. */
  readonly answerBytesMax: number
  /** Clauses of a query and its rules: planning takes time as well. */
  readonly clauseCountMax: number
  /** So many askings of a query are not tried, at most, after one that was tried in vain: twice as many each time. */
  readonly restCountMax: number
}
export const AT_ONCE_LIMITS: AtOnceLimits = {
  answerMsMax: 5,
  rowCountMax: 2_048,
  memoryBytesMax: 512 << 10,
  answerBytesMax: 256 << 10,
  clauseCountMax: 64,
  restCountMax: 63,
}

/** Pull patterns given as inputs of which it is known how they fared. */
const PATTERN_COUNT_MAX = 1_000

/** How a query fared. */
type Course = {
  readonly isSmall: boolean
  /** It was asked before: how it fared tells more than what the plan expects. */
  isKnown: boolean
  /** Askings that are not tried after one in vain, and how many of these are still to come. */
  restCount: number
  restLeft: number
}

export class AtOnceRunner implements QueryRunner {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #others: QueryRunner
  readonly #limits: AtOnceLimits
  readonly #courses = new WeakMap<readonly Clause[], Course>()
  readonly #courseByPattern = new Recent<string, Course>(PATTERN_COUNT_MAX)

  /** `others` answer what takes longer. */
  constructor(engine: Engine, clock: Clock, others: QueryRunner, limits: Partial<AtOnceLimits> = {}) {
    this.#engine = engine
    this.#clock = clock
    this.#others = others
    this.#limits = { ...AT_ONCE_LIMITS, ...limits }
  }

  warm(): void {
    this.#others.warm()
  }

  async run(job: QueryJob): Promise<Answer> {
    return this.#tried(job, (answer) => answer) ?? this.#others.run(classed(job, 'scan'))
  }

  async write(job: QueryJob, format: Format): Promise<WrittenAnswer> {
    const written = this.#tried(job, (answer, { answerBytesMax: bytesMax }) =>
      writeAnswer(job.query, answer, { format, engine: this.#engine.name, bytesMax, check: NEVER_ENDS }),
    )
    return written ?? this.#others.write(classed(job, 'scan'), format)
  }

  /** Explaining is a scan; the class that is told is that of asking. */
  async explain(job: QueryJob, mode: ExplainMode): Promise<Explanation> {
    const explanation = await this.#others.explain(classed(job, 'scan'), mode)
    const { expectedRowCount = 0 } = explanation
    const { isKnown, restCount } = this.#courseOf(job)
    const findsFew = isKnown ? restCount === 0 : expectedRowCount <= this.#limits.rowCountMax
    const kind: QuestionClass = this.#mayBePoint(job) && findsFew ? 'point' : 'scan'
    return explanationOf({ ...explanation, class: kind })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]?.()
    await this.#others[Symbol.asyncDispose]()
  }

  /** Undefined where the question is for others. Throws what is wrong with it, as they would. */
  #tried<A>(job: QueryJob, then: (answer: Answer, bounds: QueryJob) => A): A | undefined {
    if (!this.#mayBePoint(job) || job.signal?.aborted === true) return undefined
    const course = this.#courseOf(job)
    if (course.restLeft > 0) {
      course.restLeft--
      return undefined
    }
    const expectedMax = course.isKnown ? Infinity : this.#limits.rowCountMax
    const fared = course.isKnown && course.restCount === 0 ? 'well' : 'otherwise'
    const result = this.#answered(boundedAs(job, 'point'), { expectedMax, fared }, then)
    course.isKnown = true
    course.restCount =
      result === undefined ? Math.min(this.#limits.restCountMax, course.restCount * 2 + 1) : 0
    course.restLeft = course.restCount
    return result
  }

  #answered<A>(
    job: QueryJob,
    { expectedMax, fared }: { readonly expectedMax: number; readonly fared: 'well' | 'otherwise' },
    then: (answer: Answer, bounds: QueryJob) => A,
  ): A | undefined {
    const { answerMsMax: timeoutMs, ...bounds } = this.#limits
    const within = withinBounds(job, { ...bounds, timeoutMs })
    const untilMs = this.#clock.monotonicMs() + within.timeoutMs
    const span = job.span?.begin('answer at once')
    const [query, inputs, catalog, limits] = questionOf(within, untilMs, span)
    try {
      const answer = this.#engine.answerAtOnce?.(query, inputs, catalog, limits, (expectedRowCount) => {
        const isPoint = expectedRowCount <= expectedMax
        if (isPoint) job.asker?.onClass?.('point')
        return isPoint
      })
      const result = answer && then(answer, within)
      if (answer === undefined) span?.set('varve.outgrown', true)
      else tellAnswer(span, this.#engine, answer.rows.length)
      span?.end()
      return result
    } catch (error) {
      const bound = outgrownBound(error, job, within)
      if (!isBlobMissing(error) && bound === undefined) {
        span?.end(error)
        throw error
      }
      span?.set('varve.outgrown', true)
      span?.end()
      // Where the query fared well before, others may have had the processor.
      if (bound !== 'timeoutMs' || fared !== 'well') return undefined
      return this.#answered(job, { expectedMax, fared: 'otherwise' }, then)
    }
  }

  /** As far as the query itself tells. */
  #mayBePoint(job: QueryJob): boolean {
    return this.#courseOf(job).isSmall && !job.inputs.some(({ kind }) => kind === 'rows')
  }

  /** By the clauses, which stay the same object as long as a query is asked again; by the pattern where one is given. */
  #courseOf(job: QueryJob): Course {
    const pattern = givenPattern(job)
    if (pattern !== undefined) {
      let course = this.#courseByPattern.get(pattern)
      if (course === undefined) this.#courseByPattern.set(pattern, (course = this.#newCourse(job)))
      return course
    }
    const { where } = job.query
    let course = this.#courses.get(where)
    if (course === undefined) this.#courses.set(where, (course = this.#newCourse(job)))
    return course
  }

  #newCourse({ query, inputs }: QueryJob): Course {
    const given = inputs.find((input) => input.kind === 'rules')
    const isSmall = isSmallQuery(query, given?.rules, this.#limits.clauseCountMax)
    return { isSmall, isKnown: false, restCount: 0, restLeft: 0 }
  }
}

/** The text of a pull pattern that is an input. */
function givenPattern({ query, inputs }: QueryJob): string | undefined {
  for (const element of query.find.elements) {
    if (element.kind !== 'pull' || element.pattern.kind !== 'input') continue
    const { name } = element.pattern
    const index = query.inputs.findIndex(
      (input) => input.kind === 'binding' && input.binding.kind === 'variable' && input.binding.name === name,
    )
    const given = inputs[index]
    if (given?.kind !== 'value') return undefined
    return typeof given.value === 'string' ? given.value : textOfForm(given.value)
  }
  return undefined
}

/** What bounds a question, by the code of the error at the bound. */
const BOUNDS: ReadonlyMap<string, keyof QuestionBounds> = new Map([
  ['varve.error/too-many-rows', 'rowCountMax'],
  ['varve.error/query-timeout', 'timeoutMs'],
  ['varve.error/query-out-of-memory', 'memoryBytesMax'],
  ['varve.error/answer-too-large', 'answerBytesMax'],
])

/** The bound that it met, where others have that wider for it. */
function outgrownBound(error: unknown, job: QueryJob, within: QueryJob): keyof QuestionBounds | undefined {
  const bound = error instanceof VarveError ? BOUNDS.get(error.code) : undefined
  return bound !== undefined && within[bound] < job[bound] ? bound : undefined
}
