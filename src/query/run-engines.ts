// Runs each query by the engine that it names. DuckDB is an adapter, which loads when somebody first asks for it.

import { VarveError } from '../base/errors.ts'
import type { Answer } from '../plan/engine.ts'
import type { ExplainMode, Explanation } from '../plan/explain.ts'
import type { QueryJob, QueryRunner } from './ask.ts'
import type { Format, WrittenAnswer } from './written.ts'

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
    return this.#chosen(job, (runner) => runner.run(job))
  }

  write(job: QueryJob, format: Format): Promise<WrittenAnswer> {
    return this.#chosen(job, (runner) => runner.write(job, format))
  }

  explain(job: QueryJob, mode: ExplainMode): Promise<Explanation> {
    return this.#chosen(job, (runner) => runner.explain(job, mode))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#native[Symbol.asyncDispose]()
    await (await this.#duckDb)?.[Symbol.asyncDispose]()
  }

  async #chosen<A>({ engine }: QueryJob, work: (runner: QueryRunner) => Promise<A>): Promise<A> {
    if (engine === 'duckdb') return work(await this.#opened())
    try {
      return await work(this.#native)
    } catch (error) {
      if (engine === 'native' || !isOutOfMemory(error)) throw error
      return this.#afterNative(error, work)
    }
  }

  /** DuckDB goes on where memory ends; what it refuses keeps the error of the native engine. */
  async #afterNative<A>(error: unknown, work: (runner: QueryRunner) => Promise<A>): Promise<A> {
    try {
      return await work(await this.#opened())
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
