// "Never lost, never wrong" as figures: what is run how often, in slices that add up, and the guards that tell
// whether a tier really did its work. `npm test` does a hundredth of each (test/durability).

import { compareQuestions, type QuestionCounters } from '../../src/testing/compare-questions.ts'
import { compareTransactions } from '../../src/testing/compare-transactions.ts'
import { simulateBlobStore } from '../../src/testing/simulate-blob-store.ts'
import { simulateDamage } from '../../src/testing/simulate-damage.ts'
import { simulateDatabase } from '../../src/testing/simulate-database.ts'
import { simulateFlips } from '../../src/testing/simulate-flips.ts'
import { simulateLog } from '../../src/testing/simulate-log.ts'
import { simulateEveryPoint } from '../../src/testing/simulate-points.ts'
import { CONTESTANTS } from '../../src/testing/contestants.ts'
import { DuckDbContestant } from '../fuzz/duckdb.ts'
import { killChildren } from './kills.ts'

export type Counts = Readonly<Record<string, number>>

export type Slice = { readonly done: number; readonly counts: Counts }

export type Tier = {
  readonly name: string
  /** What `target` counts. */
  readonly unit: string
  readonly target: number
  /** Runs the slice of this number, from 0 on; how many units it did, and what else it counted. */
  readonly slice: (number: number) => Promise<Slice>
  /** What must be true of the sums, so that the tier proves something: each with the least share of `done`. */
  readonly guards: Readonly<Record<string, number>>
  /** What may be counted at most, as a share of `done`. */
  readonly most?: Readonly<Record<string, number>>
}

/** Every kind of clause, input, view and find in its share, so that none is forgotten unseen. */
const QUESTION_KINDS = {
  pattern: 0.9,
  predicate: 0.1,
  range: 0.03,
  equality: 0.05,
  'dead variable': 0.5,
  'hanging part': 0.1,
  function: 0.2,
  not: 0.05,
  'not-join': 0.05,
  or: 0.04,
  'or-join': 0.04,
  rule: 0.08,
  recursion: 0.04,
  'get-else': 0.03,
  'get-some': 0.01,
  'missing?': 0.01,
  'scalar input': 0.03,
  'collection input': 0.03,
  'tuple input': 0.03,
  'relation input': 0.03,
  'two sources': 0.15,
  'two databases': 0.04,
  asOf: 0.15,
  since: 0.05,
  isHistory: 0.05,
  relation: 0.4,
  collection: 0.05,
  tuple: 0.05,
  scalar: 0.05,
  aggregate: 0.2,
  with: 0.05,
  circle: 0.02,
  pull: 0.02,
  'return map': 0.03,
  limit: 0.02,
}

const QUESTION_GUARDS = {
  filled: 0.6,
  joined: 0.25,
  judged: 0.6,
  variants: 0.5,
  prefixes: 0.05,
  answeredDuckDb: 0.02,
  ...QUESTION_KINDS,
}

export const TIERS: readonly Tier[] = [
  {
    name: 'seeds',
    unit: 'seeds',
    target: 100_000,
    slice: simulateSeeds,
    guards: { powerCuts: 4, acknowledged: 20, takeovers: 0.3, fenced: 0.1, kept: 0.1, reread: 2 },
  },
  {
    name: 'points',
    unit: 'points of a life',
    target: 9_000,
    slice: simulatePoints,
    guards: { powerCuts: 1.8, recoveryPowerCuts: 0.9, faults: 2.9, readFaults: 0.3, kept: 0.05 },
  },
  {
    name: 'kills',
    unit: 'kills',
    target: 3_000,
    slice: async (number) => {
      const { kills, ...counts } = await killChildren({ seed: 1 + number, childCount: 5 })
      return { done: kills, counts }
    },
    guards: { acknowledged: 3, unacknowledged: 0.01 },
  },
  {
    name: 'transactions',
    unit: 'transactions',
    target: 5_000_000,
    slice: async (number) => {
      const { runs, done, failed } = compareTransactions({ runCount: 500, seed: 1 + number })
      return { done: done + failed, counts: { runs, done, failed } }
    },
    guards: { done: 0.3, failed: 0.1 },
  },
  {
    name: 'flips',
    unit: 'bit flips',
    target: 1_000_000,
    slice: flipBits,
    guards: { found: 0.3, logFlips: 0.2, segmentFlips: 0.1, rootFlips: 0.01 },
  },
  {
    name: 'queries',
    unit: 'queries',
    target: 300_000,
    slice: askQuestions,
    guards: QUESTION_GUARDS,
    most: { tooLarge: 0.05, failing: 0.03, refusedNative: 0, refusedDuckDb: 0.003 },
  },
]

/** Of twenty seeds three play with a whole database, the others with its log and its blobs. */
async function simulateSeeds(number: number): Promise<Slice> {
  const first = number * 20
  const database = await simulateDatabase({ firstSeed: 1 + first, seedCount: 3 })
  const log = await simulateLog({ firstSeed: 4 + first, seedCount: 13 })
  const blobs = await simulateBlobStore({ firstSeed: 17 + first, seedCount: 4 })
  return {
    done: 20,
    counts: {
      databaseSeeds: 3,
      powerCuts: database.powerCuts + log.powerCuts + blobs.powerCuts,
      acknowledged: database.acknowledged + log.acknowledged,
      faults: database.faults + log.faults + blobs.faults,
      processKills: database.kills + log.kills,
      takeovers: database.takeovers + log.takeovers,
      fenced: database.fenced + log.fenced,
      kept: database.keptUnacknowledged + log.keptUnacknowledged,
      reread: database.valuesReread + log.framesRead,
      renewals: database.renewals,
      repeated: database.repeated,
    },
  }
}

/** Every eighth point of a life; the next slice takes those beside them, and after eight another life. */
async function simulatePoints(number: number): Promise<Slice> {
  const made = await simulateEveryPoint({ seed: 1 + Math.floor(number / 8), stride: 8, first: number % 8 })
  const { powerCuts, recoveryPowerCuts, faults, readFaults, database } = made
  const { acknowledged, keptUnacknowledged: kept } = database
  return {
    done: faults / 3,
    counts: { powerCuts, recoveryPowerCuts, faults, readFaults, acknowledged, kept },
  }
}

async function flipBits(number: number): Promise<Slice> {
  const whole = await simulateFlips({ seed: 1 + number, flipCount: 400 })
  const log = await simulateDamage({ firstSeed: 1 + 100 * number, damageCount: 100 })
  const { found, harmless, logFlips, segmentFlips, rootFlips } = whole
  return {
    done: whole.flips + log.flips + log.cuts,
    counts: {
      found: found + log.found,
      harmless: harmless + log.harmless,
      cuts: log.cuts,
      logFlips: logFlips + log.flips,
      segmentFlips,
      rootFlips,
    },
  }
}

/** DuckDB takes ten times as long as all others together. */
const DUCKDB_SLICE_STEP = 20

/** Five hundred questions, in worlds that no other number has. DuckDB answers those of every twentieth slice, too. */
async function askQuestions(number: number): Promise<Slice> {
  const asking = { seed: 1 + number, questionCount: 500 }
  if (number % DUCKDB_SLICE_STEP !== 0) return questionSlice(await compareQuestions(asking))
  await using duckDb = new DuckDbContestant()
  const contestants = [duckDb, ...CONTESTANTS]
  const { done, counts } = questionSlice(await compareQuestions({ ...asking, contestants }))
  const { answeredCount: answeredDuckDb, refusedCount: refusedDuckDb } = duckDb
  return { done, counts: { ...counts, answeredDuckDb, refusedDuckDb } }
}

function questionSlice({ asked, kinds, refused, ...counts }: QuestionCounters): Slice {
  const { native: refusedNative = 0 } = refused
  return { done: asked, counts: { ...counts, refusedNative, ...kinds } }
}

export type Sum = Slice & { readonly slices: number }
export const NOTHING: Sum = { slices: 0, done: 0, counts: {} }

export function addSlice(sum: Sum, slice: Slice): Sum {
  const counts: Record<string, number> = { ...sum.counts }
  for (const [name, count] of Object.entries(slice.counts)) counts[name] = (counts[name] ?? 0) + count
  return { slices: sum.slices + 1, done: sum.done + slice.done, counts }
}

/** What a tier did too little of: it would prove less than its figure says. */
export function brokenGuards({ guards, most = {} }: Tier, { done, counts }: Sum): readonly string[] {
  const countOf = (name: string): number => counts[name] ?? 0
  const few = Object.entries(guards)
    .filter(([name, share]) => countOf(name) < share * done)
    .map(([name, share]) => `${name} ${countOf(name)}, at least ${Math.ceil(share * done)} expected`)
  const many = Object.entries(most)
    .filter(([name, share]) => countOf(name) > share * done)
    .map(([name, share]) => `${name} ${countOf(name)}, at most ${Math.floor(share * done)} expected`)
  return [...few, ...many]
}

export function showSum({ name, unit, target }: Tier, { done, counts }: Sum): string {
  const share = ((100 * done) / target).toFixed(1)
  const others = Object.entries(counts).map(([what, count]) => `${what} ${count.toLocaleString('en')}`)
  return `${name.padEnd(13)} ${done.toLocaleString('en')} ${unit} of ${target.toLocaleString('en')} (${share} %): ${others.join(', ')}`
}
