// Runs each query by the engine that it names. DuckDB is an adapter, which loads when somebody first asks for it; whatever
// it is asked is a scan.

import { VarveError } from '../base/errors.ts'
import type { Answer } from '../plan/engine.ts'
import { type ExplainMode, type Explanation, explanationOf } from '../plan/explain.ts'
import { classed } from './asker.ts'
import type { QueryJob, QueryRunner } from './ask.ts'
import type { Format, WrittenAnswer } from './written.ts'

type Work<A> = (runner: QueryRunner, job: QueryJob) => Promise<A>

export class EngineRunner implements QueryRunner {
  readonly #native: QueryRunner
  readonly #openDuckDb: () => Promise<QueryRunner>
  #duckDb: Promise<QueryRunner> | undefined

  constructor(native: QueryRunner, openDuckDb: () => Promise<QueryRunner>) {
    this.#native = native
    this.#openDuckDb = openDuckDb
  }

  warm(): void {
    this.#native.warm()
  }

  run(job: QueryJob): Promise<Answer> {
    return this.#chosen(job, (runner, asked) => runner.run(asked))
  }

  write(job: QueryJob, format: Format): Promise<WrittenAnswer> {
    return this.#chosen(job, (runner, asked) => runner.write(asked, format))
  }

  explain(job: QueryJob, mode: ExplainMode): Promise<Explanation> {
    return this.#chosen(job, async (runner, asked) => {
      const explanation = await runner.explain(asked, mode)
      return explanation.engine === 'duckdb' ? explanationOf({ ...explanation, class: 'scan' }) : explanation
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#native[Symbol.asyncDispose]()
    await (await this.#duckDb)?.[Symbol.asyncDispose]()
  }

  async #chosen<A>(job: QueryJob, work: Work<A>): Promise<A> {
    if (job.engine === 'duckdb') return work(await this.#opened(), classed(job, 'scan'))
    try {
      return await work(this.#native, job)
    } catch (error) {
      if (job.engine === 'native' || !isOutOfMemory(error)) throw error
      return this.#afterNative(error, job, work)
    }
  }

  /** DuckDB goes on where memory ends; what it refuses keeps the error of the native engine. */
  async #afterNative<A>(error: unknown, job: QueryJob, work: Work<A>): Promise<A> {
    try {
      return await work(await this.#opened(), classed(job, 'scan'))
    } catch (again) {
      throw again instanceof VarveError && again.kind === 'unsupported' ? error : again
    }
  }

  #opened(): Promise<QueryRunner> {
    this.#duckDb ??= this.#openDuckDb()
    return this.#duckDb
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof VarveError && error.code === 'varve.error/query-out-of-memory'
}
