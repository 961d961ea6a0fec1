// Rows are made distinct where they may repeat: once at the end, and wherever what is dropped told them apart.

import { afterAll, expect, it } from 'vitest'
import { nodeEnv } from '../../base/env-node.ts'
import { readEdn } from '../../fact/edn-reader.ts'
import { checkRules } from '../../query/check-rules.ts'
import { parseQuery } from '../../query/parse-query.ts'
import { makeWorld } from '../../testing/arbitrary-world.ts'
import { DuckDbEngine } from './engine.ts'

const engine = new DuckDbEngine(nodeEnv())
afterAll(() => engine[Symbol.asyncDispose]())

const SCHEMA = `[{:db/ident :p/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :p/age :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :p/tag :db/valueType :db.type/string :db/cardinality :db.cardinality/many}]`
const FACTS = '[{:db/id "a" :p/name "x" :p/age 1 :p/tag ["s" "t"]} {:db/id "b" :p/name "x" :p/age 1}]'
const world = makeWorld({
  schema: readEdn(SCHEMA).value as readonly [],
  transactions: [readEdn(FACTS).value as readonly []],
})!

async function distinctCount(text: string, isHistory: boolean): Promise<number> {
  const query = checkRules(parseQuery(readEdn(text).value), new Map())
  const facts = isHistory ? world.facts.history() : world.facts
  const limits = { deadlineMs: Infinity, rowCountMax: 1_000, memoryBytesMax: Infinity }
  const { sql } = await engine.explain(query, [{ kind: 'facts', facts }], new Map(), limits, 'plan')
  return sql!.split('DISTINCT').length - 1
}

it.each([
  [
    'an age follows from the entity that stays',
    '[:find ?e ?n :where [?e :p/age ?a] [(odd? ?a)] [?e :p/name ?n]]',
    1,
    2,
  ],
  ['a tag does not', '[:find ?e ?n :where [?e :p/tag ?t] [(< "a" ?t)] [?e :p/name ?n]]', 2, 2],
] as const)('%s', async (_, text, now, inHistory) => {
  expect(await distinctCount(text, false)).toBe(now)
  expect(await distinctCount(text, true)).toBe(inHistory)
})
