// A few random questions, put to all engines; test/fuzz asks twenty thousand, `npm run torture` the rest.

import { describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { compareQuestions } from './compare-questions.ts'
import { CONTESTANTS, inThreads } from './contestants.ts'
import { TestTeam } from './test-team.ts'

function seedOr(usual: number): number {
  return Number(process.env['VARVE_SEED'] ?? usual)
}

describe('engines', () => {
  it('answer random questions as brute force does, or refuse (I6)', async () => {
    const { asked, filled, joined, judged, variants, tooLarge } = await compareQuestions({
      seed: seedOr(0),
      questionCount: 500,
    })
    expect(filled / asked).toBeGreaterThan(0.6)
    expect(joined / asked).toBeGreaterThan(0.2)
    expect(judged / asked).toBeGreaterThan(0.5)
    expect(variants / asked).toBeGreaterThan(0.5)
    expect(tooLarge / asked).toBeLessThan(0.1)
  })

  it('answer in several threads as in one', async () => {
    await using team = await TestTeam.start(nodeEnv())
    const contestants = [CONTESTANTS[1]!, inThreads(team)]
    const { asked, filled } = await compareQuestions({ seed: seedOr(1), questionCount: 100, contestants })
    expect(filled / asked).toBeGreaterThan(0.6)
    // Each question is asked over two layouts, and some of them in other words.
    expect(team.helpedCount / asked).toBeGreaterThan(0.25)
    expect(team.helpedCount / team.offeredCount).toBeGreaterThan(0.9)
  })
})
