// DuckDB among those who answer random questions (docs/internals/random-questions.md): the same answers, or refusals,
// which are counted (I6).

import { DuckDbEngine } from '../../src/adapter/duckdb/engine.ts'
import { nodeEnv } from '../../src/base/env-node.ts'
import { VarveError } from '../../src/base/errors.ts'
import type { Question } from '../../src/engine/question.ts'
import { answerOutcome, type Contestant, type Outcome } from '../../src/testing/contestants.ts'

/** Dispose to end DuckDB's process. */
export class DuckDbContestant implements Contestant, AsyncDisposable {
  readonly name = 'duckdb'
  readonly layouts = ['mixed'] as const
  answeredCount = 0
  refusedCount = 0
  readonly #engine = new DuckDbEngine(nodeEnv())

  readonly answerAll = async (questions: readonly Question[]): Promise<readonly Outcome[]> => {
    const outcomes: Outcome[] = []
    for (const question of questions) outcomes.push(await this.#outcomeOf(question))
    return outcomes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine[Symbol.asyncDispose]()
  }

  async #outcomeOf({ query, inputs, catalog, limits }: Question): Promise<Outcome> {
    try {
      // The others count their work; this one has a clock.
      const answer = await this.#engine.answer(query, inputs, catalog, { ...limits, deadlineMs: Infinity })
      this.answeredCount++
      return answerOutcome(query, answer)
    } catch (error) {
      if (!(error instanceof VarveError)) throw error
      if (error.code === 'varve.error/too-many-rows') return { kind: 'too large' }
      if (error.code !== 'varve.error/engine-refused') return { kind: 'error', code: error.code }
      this.refusedCount++
      return { kind: 'refused', reason: String(error.data['reason']) }
    }
  }
}
