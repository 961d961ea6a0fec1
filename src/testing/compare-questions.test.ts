// A few random questions, put to all engines; test/fuzz asks twenty thousand, `npm run torture` the rest.

import { describe, expect, it } from 'vitest'
import { compareQuestions } from './compare-questions.ts'

describe('engines', () => {
  it('answer random questions as brute force does, or refuse (I6)', async () => {
    const seed = Number(process.env['VARVE_SEED'] ?? 0)
    const { asked, filled, joined, judged, variants, tooLarge } = await compareQuestions({
      seed,
      questionCount: 500,
    })
    expect(filled / asked).toBeGreaterThan(0.6)
    expect(joined / asked).toBeGreaterThan(0.2)
    expect(judged / asked).toBeGreaterThan(0.5)
    expect(variants / asked).toBeGreaterThan(0.5)
    expect(tooLarge / asked).toBeLessThan(0.1)
  })
})
