// Runs queries in workers, but in this thread those that call a function registered in it: a function of this
// process cannot be sent to a worker.

import type { Answer } from '../plan/engine.ts'
import type { ExplainMode, Explanation } from '../plan/explain.ts'
import type { PullPattern, Query } from '../plan/syntax.ts'
import type { QueryJob, QueryRunner } from './ask.ts'
import type { Format, WrittenAnswer } from './written.ts'

export class EitherRunner implements QueryRunner {
  readonly #here: QueryRunner
  readonly #workers: QueryRunner
  readonly #names: ReadonlySet<string>

  /** `names` are those of the functions that only `here` knows. */
  constructor(here: QueryRunner, workers: QueryRunner, names: Iterable<string>) {
    this.#here = here
    this.#workers = workers
    this.#names = new Set(names)
  }

  warm(): void {
    this.#workers.warm()
  }

  run(job: QueryJob): Promise<Answer> {
    return this.#runnerFor(job).run(job)
  }

  write(job: QueryJob, format: Format): Promise<WrittenAnswer> {
    return this.#runnerFor(job).write(job, format)
  }

  explain(job: QueryJob, mode: ExplainMode): Promise<Explanation> {
    return this.#runnerFor(job).explain(job, mode)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#here[Symbol.asyncDispose]()
    await this.#workers[Symbol.asyncDispose]()
  }

  #runnerFor(job: QueryJob): QueryRunner {
    return callsOneOf(job.query, this.#names) ? this.#here : this.#workers
  }
}

function callsOneOf({ find }: Query, names: ReadonlySet<string>): boolean {
  if (names.size === 0) return false
  return find.elements.some((element) => {
    if (element.kind !== 'pull') return false
    // A pattern that comes as an input may name anything.
    return element.pattern.kind === 'input' || namesOneOf(element.pattern, names)
  })
}

function namesOneOf({ attributes }: PullPattern, names: ReadonlySet<string>): boolean {
  return attributes.some(
    ({ xform, nested }) =>
      (xform !== undefined && names.has(xform)) ||
      (nested.kind === 'pattern' && namesOneOf(nested.pattern, names)),
  )
}
