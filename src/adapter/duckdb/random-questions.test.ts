// DuckDB among those who answer random questions (docs/internals/random-questions.md): the same answers, or refusals,
// which are counted by reason and must stay few (I6).

import { afterAll, expect, it } from 'vitest'
import { nodeEnv } from '../../base/env-node.ts'
import { VarveError } from '../../base/errors.ts'
import type { Question } from '../../engine/naive.ts'
import { compareQuestions } from '../../testing/compare-questions.ts'
import { answerOutcome, type Contestant, CONTESTANTS, type Outcome } from '../../testing/contestants.ts'
import { DuckDbEngine } from './engine.ts'

const QUESTION_COUNT = Number(process.env['VARVE_QUESTIONS'] ?? 50)

const env = nodeEnv()
const engine = new DuckDbEngine(env)
afterAll(() => engine[Symbol.asyncDispose]())

const refusals = new Map<string, number>()
let answeredCount = 0

const duckDb: Contestant = {
  name: 'duckdb',
  layouts: ['mixed'],
  answerAll: async (questions) => {
    const outcomes: Outcome[] = []
    for (const question of questions) outcomes.push(await outcomeOf(question))
    return outcomes
  },
}

async function outcomeOf({ query, inputs, catalog, limits }: Question): Promise<Outcome> {
  try {
    // The others count their work; this one has a clock.
    const answer = await engine.answer(query, inputs, catalog, { ...limits, deadlineMs: Infinity })
    answeredCount++
    return answerOutcome(query, answer)
  } catch (error) {
    if (!(error instanceof VarveError)) throw error
    if (error.code === 'varve.error/too-many-rows') return { kind: 'too large' }
    if (error.code !== 'varve.error/engine-refused') return { kind: 'error', code: error.code }
    const reason = String(error.data['reason']).replace(/ \(.*/s, '')
    refusals.set(reason, (refusals.get(reason) ?? 0) + 1)
    return { kind: 'refused', reason }
  }
}

it('answers random questions as all others do, or refuses one in twenty at most', async () => {
  const contestants = [...CONTESTANTS.filter(({ name }) => name === 'native'), duckDb]
  const seed = 900 + Number(process.env['VARVE_SEED'] ?? 0)
  await compareQuestions({ seed, questionCount: QUESTION_COUNT, contestants })
  const refusedCount = [...refusals.values()].reduce((sum, count) => sum + count, 0)
  process.stdout.write(
    `DuckDB answered ${answeredCount}, refused ${refusedCount} ${JSON.stringify(Object.fromEntries(refusals))}\n`,
  )
  expect(refusedCount / (answeredCount + refusedCount)).toBeLessThanOrEqual(0.05)
})
