// Every case by DuckDB, each on one layout: three in turn, and sometimes reopened from disk, which takes long. `npx varve cases FILE… --engine duckdb` runs them on all.

import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { DuckDbEngine } from '../src/adapter/duckdb/engine.ts'
import { nodeEnv } from '../src/base/env-node.ts'
import { parseCases } from '../src/cli/cases/case-file.ts'
import { type Layout, LAYOUTS } from '../src/cli/cases/layouts.ts'
import { Refusals } from '../src/cli/cases/refusals.ts'
import { runCase } from '../src/cli/cases/run-cases.ts'

const env = nodeEnv()
const engine = new DuckDbEngine(env)
const folder = mkdtempSync(join(tmpdir(), 'varve-duckdb-cases-'))
afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const CASES = globSync(join(import.meta.dirname, 'cases/**/*.edn'))
  .sort()
  .flatMap((file) => parseCases(readFileSync(file, 'utf8'), file))

function layoutOf(index: number): Layout {
  return index % 20 === 19 ? 'reopened' : LAYOUTS[index % 3]!
}

it('gives the answer of every case, or refuses one in twenty at most (I6)', async () => {
  const refusals = new Refusals()
  const failures = []
  for (const [index, made] of CASES.entries()) {
    const layouts = [layoutOf(index)]
    const refused = refusals.add.bind(refusals, engine.name)
    const failure = await runCase(env, made, { folder, layouts, engine, refused })
    if (failure !== undefined) failures.push(failure)
  }
  console.log(refusals.text())
  expect(failures).toEqual([])
  expect(refusals.count(engine.name) / CASES.length).toBeLessThanOrEqual(0.05)
})
