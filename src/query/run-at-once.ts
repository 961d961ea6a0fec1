// Questions about few things are answered where they come in, within bounds so small that a commit hardly waits: the way to
// a worker and back takes longer than most of them. What outgrows the bounds goes to the workers as if nothing had been
// tried, and its query is tried again ever more rarely.

import { NEVER_ENDS } from '../base/batches.ts'
import type { Clock } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import { isBlobMissing } from '../database/database-value.ts'
import type { Answer, Engine, EngineLimits } from '../plan/engine.ts'
import type { ExplainMode, Explanation } from '../plan/explain.ts'
import type { Clause } from '../plan/syntax.ts'
import type { QueryJob, QueryRunner } from './ask.ts'
import { questionOf, tellAnswer } from './run-here.ts'
import { isSmallQuery } from './small-query.ts'
import { type Format, writeAnswer, type WrittenAnswer } from './written.ts'

export type AtOnceLimits = {
  /** A commit that comes meanwhile waits so long, and for the one step that is being done. */
  readonly answerMsMax: number
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

/** How a query fared. */
type Course = {
  readonly isSmall: boolean
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
    return this.#tried(job, (answer) => answer) ?? this.#others.run(job)
  }

  async write(job: QueryJob, format: Format): Promise<WrittenAnswer> {
    const bytesMax = Math.min(job.answerBytesMax, this.#limits.answerBytesMax)
    const written = this.#tried(job, (answer) =>
      writeAnswer(job.query, answer, { format, engine: this.#engine.name, bytesMax, check: NEVER_ENDS }),
    )
    return written ?? this.#others.write(job, format)
  }

  explain(job: QueryJob, mode: ExplainMode): Promise<Explanation> {
    return this.#others.explain(job, mode)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]?.()
    await this.#others[Symbol.asyncDispose]()
  }

  /** Undefined where the question is for others. Throws what is wrong with it, as they would. */
  #tried<A>(job: QueryJob, then: (answer: Answer) => A): A | undefined {
    const course = this.#courseOf(job)
    const isForOthers = !course.isSmall || job.signal?.aborted === true
    if (isForOthers || job.inputs.some(({ kind }) => kind === 'rows')) return undefined
    if (course.restLeft > 0) {
      course.restLeft--
      return undefined
    }
    const result = this.#answered(job, then)
    course.restCount =
      result === undefined ? Math.min(this.#limits.restCountMax, course.restCount * 2 + 1) : 0
    course.restLeft = course.restCount
    return result
  }

  #answered<A>(job: QueryJob, then: (answer: Answer) => A): A | undefined {
    const { answerMsMax, rowCountMax, memoryBytesMax } = this.#limits
    const untilMs = this.#clock.monotonicMs() + Math.min(job.timeoutMs, answerMsMax)
    const span = job.span?.begin('answer at once')
    const [query, inputs, catalog, own] = questionOf(job, untilMs, { span })
    const limits: EngineLimits = {
      ...own,
      rowCountMax: Math.min(own.rowCountMax, rowCountMax),
      memoryBytesMax: Math.min(own.memoryBytesMax, memoryBytesMax),
    }
    try {
      const answer = this.#engine.answerAtOnce?.(query, inputs, catalog, limits)
      const result = answer && then(answer)
      if (answer === undefined) span?.set('varve.outgrown', true)
      else tellAnswer(span, this.#engine, answer.rows.length)
      span?.end()
      return result
    } catch (error) {
      if (!isBound(error) && !isBlobMissing(error)) {
        span?.end(error)
        throw error
      }
      span?.set('varve.outgrown', true)
      span?.end()
      return undefined
    }
  }

  /** By the clauses, which stay the same object as long as a query is asked again. */
  #courseOf({ query, inputs }: QueryJob): Course {
    let course = this.#courses.get(query.where)
    if (course === undefined) {
      const given = inputs.find((input) => input.kind === 'rules')
      const isSmall = isSmallQuery(query, given?.rules, this.#limits.clauseCountMax)
      this.#courses.set(query.where, (course = { isSmall, restCount: 0, restLeft: 0 }))
    }
    return course
  }
}

const BOUNDS: ReadonlySet<string> = new Set([
  'varve.error/too-many-rows',
  'varve.error/query-timeout',
  'varve.error/query-out-of-memory',
  'varve.error/answer-too-large',
])

/** True for a bound that others may have wider. */
function isBound(error: unknown): boolean {
  return error instanceof VarveError && BOUNDS.has(error.code)
}
