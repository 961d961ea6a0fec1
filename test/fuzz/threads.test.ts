// Questions that two threads work on, however little there is to share: every case, and a share of the random questions.

import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../src/base/env-node.ts'
import { parseCases } from '../../src/cli/cases/case-file.ts'
import { runCase } from '../../src/cli/cases/run-cases.ts'
import { createEngine } from '../../src/engine/create.ts'
import { compareQuestions } from '../../src/testing/compare-questions.ts'
import { CONTESTANTS, inThreads } from '../../src/testing/contestants.ts'
import { TestTeam } from '../../src/testing/test-team.ts'

const env = nodeEnv()
const FILES = globSync(join(import.meta.dirname, '../cases/**/*.edn')).sort()
const QUESTION_COUNT = 1_000

let team: TestTeam
beforeAll(async () => {
  team = await TestTeam.start(env)
})
afterAll(() => team[Symbol.asyncDispose]())

describe('every case in two threads', () => {
  it.each(FILES.map((file) => [basename(file), file]))('%s', { timeout: 120_000 }, async (_name, file) => {
    const engine = createEngine(env, {}, team)
    const failures = []
    for (const made of parseCases(readFileSync(file, 'utf8'), file)) {
      const failure = await runCase(env, made, { folder: '', layouts: ['mixed'], engine })
      if (failure !== undefined) failures.push(failure)
    }
    expect(failures).toEqual([])
  })

  it('was helped with many of them', () => {
    expect(team.helpedCount).toBeGreaterThan(100)
    expect(team.helpedCount / team.offeredCount).toBeGreaterThan(0.9)
  })
})

it('random questions have one answer in one thread and in two', { timeout: 900_000 }, async () => {
  const before = team.helpedCount
  // The fastest of those who answer in one thread.
  const contestants = [CONTESTANTS[1]!, inThreads(team)]
  const seed = 700_000 + Number(process.env['VARVE_SEED'] ?? 0)
  const { asked, filled } = await compareQuestions({ seed, questionCount: QUESTION_COUNT, contestants })
  expect(filled / asked).toBeGreaterThan(0.6)
  expect((team.helpedCount - before) / asked).toBeGreaterThan(0.25)
})
