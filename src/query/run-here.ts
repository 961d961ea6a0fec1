// Runs queries in this thread: for memory databases, for what a user registered as functions, for the simulator.

import type { Check } from '../base/batches.ts'
import type { Clock } from '../base/env.ts'
import { type Span, traced } from '../base/span.ts'
import { type DatabaseValue, isBlobMissing, RENEWAL_COUNT_MAX } from '../database/database-value.ts'
import { Budget } from '../engine/budget.ts'
import type { Answer, Engine, EngineInput } from '../plan/engine.ts'
import type { ExplainMode, Explanation } from '../plan/explain.ts'
import type { ProcedureRuntime } from '../procedures/runtime.ts'
import type { QueryJob, QueryRunner } from './ask.ts'
import { storedFunctions } from './stored-functions.ts'
import { type Format, writeAnswer, type WrittenAnswer } from './written.ts'

export class InThreadRunner implements QueryRunner {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #procedures: ProcedureRuntime | undefined

  /** `procedures` runs the stored procedures that a question calls. */
  constructor(engine: Engine, clock: Clock, procedures?: ProcedureRuntime) {
    this.#engine = engine
    this.#clock = clock
    this.#procedures = procedures
  }

  warm(): void {
    // This thread is always ready.
  }

  run(job: QueryJob): Promise<Answer> {
    return traced(job.span, 'answer', async (span) => {
      const answer = await this.#asked(job, span, (...question) => this.#engine.answer(...question))
      tellAnswer(span, this.#engine, answer.rows.length)
      return answer
    })
  }

  explain(job: QueryJob, mode: ExplainMode): Promise<Explanation> {
    return traced(job.span, 'explain', (span) =>
      this.#asked(job, span, (...question) => this.#engine.explain(...question, mode)),
    )
  }

  /** Asks an engine, again with the newest index where a file is gone. */
  async #asked<A>(
    job: QueryJob,
    span: Span | undefined,
    ask: (...question: Parameters<Engine['answer']>) => Promise<A>,
  ): Promise<A> {
    const deadlineMs = this.#clock.monotonicMs() + job.timeoutMs
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask(...questionOf(job, deadlineMs, span, this.#procedures))
      } catch (error) {
        if (!isBlobMissing(error) || attempt >= RENEWAL_COUNT_MAX) throw error
        job = await renewedJob(job)
      }
    }
  }

  async write(job: QueryJob, format: Format): Promise<WrittenAnswer> {
    const check = checkOf(job, this.#clock)
    const answer = await this.run(job)
    const options = { format, engine: this.#engine.name, bytesMax: job.answerBytesMax, check }
    return traced(job.span, 'write answer', async () => writeAnswer(job.query, answer, options))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]?.()
    await this.#procedures?.[Symbol.asyncDispose]()
  }
}

/** Throws once the job has had its time, from now on, or was given up. */
export function checkOf({ timeoutMs, rowCountMax, memoryBytesMax, signal }: QueryJob, clock: Clock): Check {
  const limits = { rowCountMax, memoryBytesMax, ...(signal && { signal }) }
  const nowMs = (): number => clock.monotonicMs()
  return Budget.of({ ...limits, deadlineMs: nowMs() + timeoutMs }, nowMs).checks
}

/** Who answered, and how much; never what. */
export function tellAnswer(span: Span | undefined, engine: Engine, rowCount: number): void {
  span?.set('varve.engine', engine.name)
  span?.set('varve.rows', rowCount)
}

/** What an engine is asked. */
export function questionOf(
  job: QueryJob,
  deadlineMs: number,
  span: Span | undefined,
  procedures?: ProcedureRuntime,
): Parameters<Engine['answer']> {
  const { query, inputs, catalog, limit, rowCountMax, memoryBytesMax, signal } = job
  const cut = limit === undefined ? query : { ...query, limit: Math.min(limit, query.limit ?? Infinity) }
  const sources = new Map([...catalog].map(([name, value]) => [name, value.facts]))
  const stored = storedFunctions(job.procedures, procedures)
  const own = { deadlineMs, rowCountMax, memoryBytesMax, stored }
  const limits = { ...own, ...(signal && { signal }), ...(span && { span }) }
  return [cut, inputs.map(engineInput), sources, limits]
}

function engineInput(input: QueryJob['inputs'][number]): EngineInput {
  return input.kind === 'facts' ? { kind: 'facts', facts: input.value.facts } : input
}

async function renewedJob(job: QueryJob): Promise<QueryJob> {
  const renewed = new Map<DatabaseValue, DatabaseValue>()
  const renew = async (value: DatabaseValue): Promise<DatabaseValue> => {
    const made = renewed.get(value) ?? (await value.renewed())
    renewed.set(value, made)
    return made
  }
  const inputs = await Promise.all(
    job.inputs.map(async (input) =>
      input.kind === 'facts' ? { ...input, value: await renew(input.value) } : input,
    ),
  )
  const catalog = new Map(
    await Promise.all([...job.catalog].map(async ([name, value]) => [name, await renew(value)] as const)),
  )
  return { ...job, inputs, catalog }
}
