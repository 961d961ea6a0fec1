// `npm run fuzz -- --seed N`: one random run of everything that is random, exactly as that seed has it. Without a
// seed it takes one and prints it. `--only NAME` runs one kind.

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compareQuestions, WrongAnswer } from '../../src/testing/compare-questions.ts'
import { compareTransactions } from '../../src/testing/compare-transactions.ts'
import { simulateBlobStore } from '../../src/testing/simulate-blob-store.ts'
import { simulateDamage } from '../../src/testing/simulate-damage.ts'
import { simulateDatabase } from '../../src/testing/simulate-database.ts'
import { simulateFlips } from '../../src/testing/simulate-flips.ts'
import { simulateLog } from '../../src/testing/simulate-log.ts'
import { simulateEveryPoint } from '../../src/testing/simulate-points.ts'
import { killChildren } from '../torture/kills.ts'

const KINDS: Readonly<Record<string, (seed: number) => unknown>> = {
  database: (seed) => simulateDatabase({ firstSeed: seed, seedCount: 1 }),
  log: (seed) => simulateLog({ firstSeed: seed, seedCount: 1 }),
  blobs: (seed) => simulateBlobStore({ firstSeed: seed, seedCount: 1 }),
  damage: (seed) => simulateDamage({ firstSeed: seed, damageCount: 1 }),
  points: (seed) => simulateEveryPoint({ seed, stride: 40, first: seed % 40 }),
  transactions: (seed) => compareTransactions({ runCount: 100, seed }),
  queries: (seed) => compareQuestions({ seed, questionCount: 500 }),
  flips: (seed) => simulateFlips({ seed, flipCount: 100 }),
  kills: (seed) => killChildren({ seed, childCount: 2 }),
}

const { values } = parseArgs({ options: { seed: { type: 'string' }, only: { type: 'string' } } })
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const kinds = Object.keys(KINDS).filter((kind) => values.only === undefined || kind === values.only)
if (!Number.isSafeInteger(seed) || kinds.length === 0) {
  process.stderr.write(
    `give --seed N, a whole number, and perhaps --only ${Object.keys(KINDS).join(' | ')}\n`,
  )
  process.exit(2)
}
process.stdout.write(`seed ${seed}\n`)
for (const kind of kinds) {
  try {
    console.log(kind, await KINDS[kind]!(seed))
  } catch (error) {
    console.error(`${kind} failed; again with: npm run fuzz -- --seed ${seed} --only ${kind}\n`, error)
    process.exitCode = 1
    if (error instanceof WrongAnswer) tellCase(error)
  }
}

/** What is wrong, made small, as a file that `varve cases` runs. */
function tellCase({ caseText }: WrongAnswer): void {
  const path = join(mkdtempSync(join(tmpdir(), 'varve-fuzz-')), 'wrong-answer.edn')
  writeFileSync(path, caseText)
  console.error(`As a case: npx varve cases ${path}`)
}
