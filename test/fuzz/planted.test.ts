// Mistakes planted in engines, the planner, the index, aggregates and pull: random questions or cases find every one.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeEnv } from '../../src/base/env-node.ts'
import { parseCases } from '../../src/cli/cases/case-file.ts'
import { runCase } from '../../src/cli/cases/run-cases.ts'
import { compareQuestions, WrongAnswer } from '../../src/testing/compare-questions.ts'
import { manyFacts } from '../../src/testing/many-facts.ts'
import { asked, LOOK_COUNT_MIN } from '../../src/testing/question-ends.ts'
import { type PlantedBug, withPlantedBug } from '../../src/testing/planted.ts'

const CASES = globSync(join(import.meta.dirname, '../cases/**/*.edn'))
  .sort()
  .flatMap((file) => parseCases(readFileSync(file, 'utf8'), file))

/** The first case of these names that does not pass. */
async function failingCase(bug: PlantedBug, names: RegExp): Promise<string | undefined> {
  return withPlantedBug(bug, async () => {
    for (const made of CASES) {
      if (!names.test(made.name)) continue
      const failure = await runCase(nodeEnv(), made, { folder: '', layouts: ['novelty'] })
      if (failure !== undefined) return failure.name
    }
    return undefined
  })
}

describe('random questions', () => {
  // Each begins with a seed that finds it soon.
  it.each([
    ['since-one-too-early', 1],
    ['history-without-retractions', 1],
    ['index-names-views-alike', 1],
    ['index-takes-runs-whole', 1],
    ['index-forgets-late-retractions', 1],
    ['aggregate-variance-of-a-sample', 1],
    ['aggregate-median-is-the-upper', 2],
    ['aggregate-max-least-first', 1],
    ['aggregate-mean-is-cut', 1],
    ['find-forgets-with', 1],
    ['rule-stops-at-the-first-answers', 1],
    ['match-before-rules-end', 3],
    ['pattern-loop-unchecked', 3],
    ['pattern-of-any-transaction', 1],
    ['domain-without-decimals', 4],
    ['plan-forgets-blanks', 1],
    ['order-of-codes', 1],
    ['lookup-misses-the-last', 1],
    ['closure-forgets-the-way-back', 4],
    ['closure-never-comes-back', 5],
    ['intersect-takes-one-list-for-all', 4],
    ['intersect-misses-the-last', 1],
    ['range-takes-its-ends', 1],
    ['semi-join-by-one-of-two', 9],
    ['equality-forgotten-where-it-stays', 1],
    ['stored-answers-of-the-row-before', 1],
  ] as const)('find the planted bug %s', { timeout: 300_000 }, async (bug, seed) => {
    const run = withPlantedBug(bug, () => compareQuestions({ seed, questionCount: 3_000, isShrunk: false }))
    await expect(run).rejects.toBeInstanceOf(WrongAnswer)
  })
})

describe('questions that are too much', () => {
  it('find the planted bug batches-without-checks', async () => {
    const open = await manyFacts(20_000)
    const looks = async (): Promise<number> => asked('a table', await open()).lookCount
    expect(await looks()).toBeGreaterThan(LOOK_COUNT_MIN)
    expect(await withPlantedBug('batches-without-checks', looks)).toBeLessThan(LOOK_COUNT_MIN)
  })

  it('find the planted bug budget-without-bytes', async () => {
    const open = await manyFacts(1_000)
    const answered = async (): Promise<unknown> => asked('a table', await open(), Infinity, 1_000).rows
    await expect(answered()).rejects.toMatchObject({ code: 'varve.error/query-out-of-memory' })
    expect(await withPlantedBug('budget-without-bytes', answered)).toBeDefined()
  })
})

describe('cases', () => {
  it.each([
    ['pull-one-more-than-the-limit', /pull/],
    ['pull-recursion-one-short', /pull/],
    ['pull-without-defaults', /pull/],
    ['get-else-takes-false-for-nothing', /get/],
    ['text-order-of-units', /value|compare|numbers|results|find/],
    ['name-found-before-it-is-given', /names/],
    ['twins-need-not-be-equal', /bindings/],
    ['failures-are-forgotten', /failure|failing|bindings/],
  ] as const)('find the planted bug %s', async (bug, names) => {
    expect(await failingCase(bug, names)).toBeDefined()
  })
})
