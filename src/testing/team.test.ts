// Questions that two threads work on: the same answers and errors as from one, whatever becomes of the helper.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askingSignal } from '../base/asking-signal.ts'
import { nodeEnv } from '../base/env-node.ts'
import type { PlantedMistake } from '../base/planted.ts'
import { VarveError } from '../base/errors.ts'
import { Catalog } from '../database/catalog.ts'
import type { FactSource } from '../fact/datom.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import type { EngineLimits } from '../plan/engine.ts'
import type { Explanation } from '../plan/explain.ts'
import { parseQuery } from '../query/parse-query.ts'
import { parseRules } from '../query/parse-rules.ts'
import { withPlantedBug } from './planted.ts'
import { type Conduct, TestTeam } from './test-team.ts'
import { engineOptions } from '../engine/create.ts'
import { shapeAnswer } from '../engine/shape.ts'
import { nativeEngine } from '../engine/native/native.ts'

const env = nodeEnv()
const catalog = Catalog.openMemory(env)
let facts: FactSource
let team: TestTeam

const SCHEMA = `[{:db/ident :n/group :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :n/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :n/tag :db/valueType :db.type/keyword :db/cardinality :db.cardinality/many}
  {:db/ident :n/weight :db/valueType :db.type/double :db/cardinality :db.cardinality/one}
  {:db/ident :n/next :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}]`

beforeAll(async () => {
  await catalog.create('numbers', { schema: readEdn(SCHEMA).value })
  const writer = await catalog.writer('numbers')
  const things = Array.from({ length: 60 }, (_, i) => {
    const weight = i === 7 ? '1e300' : `${i}.1`
    return `{:db/id "${i}" :n/group ${i % 7} :n/name "name ${i % 11}" :n/tag [:t/a :t/b${i % 3}] :n/weight ${weight} :n/next "${(i * 7) % 60}"}`
  })
  await writer.transact({ tx: readEdn(`[${things.join(' ')}]`).value })
  facts = writer.value().facts
  team = await TestTeam.start(env)
})
afterAll(async () => {
  await team[Symbol.asyncDispose]()
  await catalog[Symbol.asyncDispose]()
})

const BOUNDS: EngineLimits = { deadlineMs: Infinity, rowCountMax: 1_000_000, memoryBytesMax: Infinity }

type Asked = { readonly rules?: string; readonly limits?: Partial<EngineLimits>; readonly value?: string }

/** The answer as text, or the error's code. */
async function told(text: string, by: TestTeam | undefined, asked: Asked = {}): Promise<string> {
  const { rules, limits, value } = asked
  const engine = nativeEngine({ ...engineOptions(env), ...(by && { team: by }) })
  const query = parseQuery(readEdn(text).value)
  const inputs = [
    { kind: 'facts', facts } as const,
    ...(rules === undefined ? [] : [{ kind: 'rules', rules: parseRules(readEdn(rules).value) } as const]),
    ...(value === undefined ? [] : [{ kind: 'value', value: readEdn(value).value } as const]),
  ]
  const bounds: EngineLimits = { ...BOUNDS, ...limits }
  try {
    return writeEdn(shapeAnswer(query, await engine.answer(query, inputs, new Map(), bounds)))
  } catch (error) {
    if (error instanceof VarveError) return error.code
    throw error
  }
}

const SCAN = '[:find ?e ?g :where [?e :n/group ?g]]'

describe('a question that two threads work on', () => {
  it.each([
    ['rows', SCAN],
    ['a value', '[:find ?e ?w :where [?e :n/name "name 3"] [?e :n/weight ?w]]'],
    ['rows that repeat', '[:find ?g ?t :where [?e :n/group ?g] [?e :n/tag ?t]]'],
    ['a column that repeats', '[:find ?g :where [_ :n/group ?g]]'],
    ['several facts of one entity', '[:find ?e ?t ?name :where [?e :n/tag ?t] [?e :n/name ?name]]'],
    ['a comparison', '[:find ?e ?w :where [?e :n/weight ?w] [(> ?w 20.0)]]'],
    ['a function that tests', '[:find ?e :where [?e :n/name ?n] [(clojure.string/ends-with? ?n "1")]]'],
    ['a join by value', '[:find ?e ?f :where [?e :n/next ?f] [?f :n/group 3]]'],
    ['not', '[:find ?e :where [?e :n/group ?g] (not [?e :n/tag :t/b1])]'],
    ['or', '[:find ?e :where (or [?e :n/group 2] [?e :n/tag :t/b2])]'],
    [
      'count, sum, mean of longs',
      '[:find ?t (count ?e) (sum ?g) (avg ?g) :with ?e :where [?e :n/group ?g] [?e :n/tag ?t]]',
    ],
    [
      'sum and mean of doubles',
      '[:find ?g (sum ?w) (avg ?w) :with ?e :where [?e :n/weight ?w] [?e :n/group ?g]]',
    ],
    ['extremes', '[:find ?t (min ?n) (max ?w) :where [?e :n/name ?n] [?e :n/weight ?w] [?e :n/tag ?t]]'],
    ['without keys', '[:find (sum ?g) . :with ?e :where [?e :n/group ?g]]'],
    ['distinct values counted', '[:find ?g (count-distinct ?n) :where [?e :n/group ?g] [?e :n/name ?n]]'],
    ['all values', '[:find ?g (median ?w) :where [?e :n/group ?g] [?e :n/weight ?w]]'],
    ['the least alone', '[:find [?n ?e] :where [?e :n/name ?n]]'],
    ['a pull', '[:find (pull ?e [:n/name {:n/next [:n/group]}]) :where [?e :n/group 4]]'],
  ])('%s', async (_, query) => {
    const before = team.helpedCount
    expect(await told(query, team)).toBe(await told(query, undefined))
    expect(team.helpedCount).toBe(before + 1)
  })

  it.each<readonly [string, string, Asked]>([
    ['an input', '[:find ?e ?g :in $ ?n :where [?e :n/name ?n] [?e :n/group ?g]]', { value: '"name 5"' }],
    [
      'inputs',
      '[:find ?e ?n :in $ [?n ...] :where [?e :n/name ?n]]',
      { value: '["name 5" "name 1" "none"]' },
    ],
    ['a rule', '[:find ?e :in $ % :where (odd ?e)]', { rules: '[[(odd ?e) [?e :n/group ?g] [(odd? ?g)]]]' }],
  ])('%s', async (_, query, asked) => {
    const before = team.helpedCount
    expect(await told(query, team, asked)).toBe(await told(query, undefined, asked))
    expect(team.helpedCount).toBe(before + 1)
  })

  it.each<readonly [string, string, Asked]>([
    ['too many rows', SCAN, { limits: { rowCountMax: 40 } }],
    ['a function that fails on a row', '[:find ?x :where [?e :n/name ?n] [(subs ?n 7) ?x]]', {}],
    [
      'a sum that is too large',
      '[:find (sum ?x) . :with ?e :where [?e :n/group ?g] [(* ?g 2000000000000000000) ?x]]',
      {},
    ],
  ])('errors: %s', async (_, query, asked) => {
    const alone = await told(query, undefined, asked)
    expect(alone).toMatch(/^(?:varve|db)\.error/)
    expect(await told(query, team, asked)).toBe(alone)
  })
})

describe('an explanation', () => {
  it('counts the rows of both threads, and the threads', async () => {
    const explained = async (by: TestTeam | undefined): Promise<Explanation> => {
      const engine = nativeEngine({ ...engineOptions(env), ...(by && { team: by }) })
      const query = parseQuery(readEdn('[:find ?e :where [?e :n/group ?g] (not [?e :n/tag :t/b1])]').value)
      return engine.explain(query, [{ kind: 'facts', facts }], new Map(), BOUNDS, 'run')
    }
    const [together, alone] = [await explained(team), await explained(undefined)]
    const rowCounts = (parts: Explanation['parts']): unknown =>
      parts.map((part) => [part.rowCount, rowCounts(part.parts ?? [])])
    expect(rowCounts(together.parts)).toEqual(rowCounts(alone.parts))
    expect([together.workerCount, alone.workerCount]).toEqual([2, undefined])
    expect(together.text).toContain('by 2 workers')
  })
})

describe('a helper that delivers nothing', () => {
  async function withHelper<Result>(
    conduct: Conduct,
    work: (with_: TestTeam) => Promise<Result>,
  ): Promise<Result> {
    await using other = await TestTeam.start(env, conduct)
    return await work(other)
  }

  it.each(['leaves', 'dies', 'stays'] as const)(
    '%s with its part: that is worked on again',
    async (conduct) => {
      const alone = await told(SCAN, undefined)
      await withHelper(conduct, async (other) => {
        expect(await told(SCAN, other)).toBe(alone)
        expect([other.offeredCount, other.helpedCount]).toEqual([1, 0])
      })
    },
  )

  it('is offered nothing while it works for others', async () => {
    await withHelper('helps', async (other) => {
      other.setHelperBusy(true)
      const alone = await told(SCAN, undefined)
      expect(await told(SCAN, other)).toBe(alone)
      expect(other.offeredCount).toBe(0)
      other.setHelperBusy(false)
      expect(await told(SCAN, other)).toBe(alone)
      expect(other.helpedCount).toBe(1)
    })
  })

  it('may stay while the question is given up', async () => {
    await withHelper('stays', async (other) => {
      let lookCount = 0
      const signal = askingSignal(() => ++lookCount >= 5)
      expect(await told(SCAN, other, { limits: { signal } })).toBe('varve.error/query-cancelled')
      expect(lookCount).toBe(5)
    })
  })
})

describe('these tests find', () => {
  it.each<readonly [PlantedMistake, Conduct, string]>([
    ['shares-are-not-compared', 'helps', '[:find ?g :where [_ :n/group ?g]]'],
    ['split-forgets-the-missing', 'leaves', SCAN],
  ])('%s', async (mistake, conduct, query) => {
    const alone = await told(query, undefined)
    await using other = await TestTeam.start(env, conduct)
    const together = await withPlantedBug(mistake, () => told(query, other))
    expect(together).not.toBe(alone)
  })
})
