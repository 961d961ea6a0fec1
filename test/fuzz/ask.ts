// Half of the twenty thousand random questions of `npm test`, as a test: two files ask them, so that two cores share
// the work. `VARVE_SEED=7 npm test -- test/fuzz` asks others.

import { expect, it } from 'vitest'
import { addSlice, brokenGuards, NOTHING, showSum, TIERS } from '../torture/tiers.ts'

const QUESTION_COUNT = 10_000
/** Slices before this one are those of the full tier. */
const FIRST_SLICE = 1_000_000

/** Asks the questions of one half: 0 or 1. */
export function askHalf(half: 0 | 1): void {
  it('engines, brute force and questions with the same answer agree', { timeout: 900_000 }, async () => {
    const tier = TIERS.find(({ name }) => name === 'queries')!
    const first = FIRST_SLICE + Number(process.env['VARVE_SEED'] ?? 0) * 100 + half * 50
    let sum = NOTHING
    while (sum.done < QUESTION_COUNT) sum = addSlice(sum, await tier.slice(first + sum.slices))
    process.stdout.write(`${showSum(tier, sum)}\n`)
    expect(brokenGuards(tier, sum)).toEqual([])
  })
}
