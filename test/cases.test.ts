// Every case file, over four layouts of the same facts. `npx varve cases FILE` runs one of them by hand.

import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { nodeEnv } from '../src/base/env-node.ts'
import { parseCases } from '../src/cli/cases/case-file.ts'
import { runCase } from '../src/cli/cases/run-cases.ts'

const env = nodeEnv()
const folder = mkdtempSync(join(tmpdir(), 'varve-cases-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const FILES = globSync(join(import.meta.dirname, 'cases/**/*.edn')).sort()
const names = new Set<string>()

it.each(FILES.map((file) => [basename(file), file]))('%s', { timeout: 120_000 }, async (_name, file) => {
  const cases = parseCases(readFileSync(file, 'utf8'), file)
  expect(cases.length).toBeGreaterThan(0)
  const failures = []
  for (const made of cases) {
    const failure = await runCase(env, made, { folder })
    if (failure !== undefined) failures.push(failure)
  }
  for (const { name } of cases) {
    expect(names, 'two cases of one name').not.toContain(name)
    names.add(name)
  }
  expect(failures).toEqual([])
})

it('runs all of them', () => {
  expect(names.size).toBeGreaterThanOrEqual(1325)
})
