// A wrong answer becomes a small case file that `varve cases` runs: proved with mistakes planted in an engine.

import { expect, it } from 'vitest'
import { nodeEnv } from '../../src/base/env-node.ts'
import { type Case, parseCases } from '../../src/cli/cases/case-file.ts'
import { runCase } from '../../src/cli/cases/run-cases.ts'
import { writeEdn } from '../../src/fact/edn-writer.ts'
import { compareQuestions, WrongAnswer } from '../../src/testing/compare-questions.ts'
import { type PlantedBug, withPlantedBug } from '../../src/testing/planted.ts'

async function shrunk(bug: PlantedBug, seed: number): Promise<Case> {
  const run = withPlantedBug(bug, () => compareQuestions({ seed, questionCount: 3_000 }))
  const error: unknown = await run.catch((thrown: unknown) => thrown)
  if (!(error instanceof WrongAnswer)) throw new Error('nobody answered wrongly', { cause: error })
  return parseCases(error.caseText, 'wrong-answer.edn')[0]!
}

const failureOf = (made: Case): Promise<unknown> =>
  runCase(nodeEnv(), made, { folder: '', layouts: ['novelty', 'segments', 'mixed'] })

it.each([
  ['lookup-misses-the-last', 1],
  ['find-forgets-with', 1],
  ['aggregate-variance-of-a-sample', 1],
] as const)(
  '%s leaves a small case that fails with the bug alone',
  { timeout: 300_000 },
  async (bug, seed) => {
    const made = await shrunk(bug, seed)
    // A dozen clauses and a hundred facts became so little.
    expect(made.facts.transactions.flat().length).toBeLessThanOrEqual(5)
    expect(writeEdn(made.ask.kind === 'query' ? made.ask.query : null).length).toBeLessThan(200)
    expect(await failureOf(made)).toBeUndefined()
    expect(await withPlantedBug(bug, () => failureOf(made))).toBeDefined()
  },
)
