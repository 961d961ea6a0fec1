// Attributes of the same entities lie alike, row by row, over several chunks; one that some entities lack does not. A
// join finds the same either way.

import { describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import { createEngine } from '../engine/create.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { ask } from './ask.ts'
import { momentSources } from './moment.ts'
import { InThreadRunner } from './run-here.ts'

const COUNT = 9_000
const SCHEMA = `[
  {:db/ident :i/n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :i/rest :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :i/odd :db/valueType :db.type/boolean :db/cardinality :db.cardinality/one}
  {:db/ident :i/some :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]`

type Item = {
  readonly n: number
  readonly rest: number
  readonly isOdd: boolean
  readonly some: number | undefined
}

const ITEMS = Array.from({ length: COUNT }, (_, n): Item => {
  return { n, rest: n % 7, isOdd: n % 2 === 1, some: n % 3 === 0 ? n % 5 : undefined }
})

const QUESTIONS: readonly (readonly [query: string, rows: readonly (readonly number[])[]])[] = [
  ['[:find ?n ?r :where [?i :i/n ?n] [?i :i/rest ?r]]', ITEMS.map(({ n, rest }) => [n, rest])],
  [
    '[:find ?n ?r :where [?i :i/n ?n] [?i :i/rest ?r] [?i :i/odd true] [(< ?r 3)]]',
    ITEMS.flatMap(({ n, rest, isOdd }) => (isOdd && rest < 3 ? [[n, rest]] : [])),
  ],
  [
    '[:find ?n ?s ?r :where [?i :i/some ?s] [?i :i/n ?n] [?i :i/rest ?r]]',
    ITEMS.flatMap(({ n, rest, some }) => (some === undefined ? [] : [[n, some, rest]])),
  ],
  [
    '[:find ?r (sum ?n) (count ?i) :where [?i :i/n ?n] [?i :i/rest ?r] [?i :i/some]]',
    [0, 1, 2, 3, 4, 5, 6].map((r) => {
      const group = ITEMS.filter(({ rest, some }) => rest === r && some !== undefined)
      return [r, group.reduce((sum, { n }) => sum + n, 0), group.length]
    }),
  ],
  [
    '[:find ?n :where [?i :i/n ?n] (or [?i :i/rest 2] [?i :i/some 4]) (not [?i :i/odd true])]',
    ITEMS.flatMap(({ n, rest, some, isOdd }) => ((rest === 2 || some === 4) && !isOdd ? [[n]] : [])),
  ],
  [
    '[:find ?n :where (or [?i :i/rest 2] [?i :i/some 4]) [?i :i/n ?n]]',
    ITEMS.flatMap(({ n, rest, some }) => (rest === 2 || some === 4 ? [[n]] : [])),
  ],
]

describe('joins over several chunks', () => {
  it('find the same where tables lie alike and where they do not', async () => {
    const env = nodeEnv()
    await using catalog = Catalog.openMemory(env)
    await catalog.create('items', { schema: readEdn(SCHEMA).value })
    const writer = await catalog.writer('items')
    const forms = ITEMS.map(
      ({ n, rest, isOdd, some }) =>
        `{:i/n ${n} :i/rest ${rest} :i/odd ${isOdd}${some === undefined ? '' : ` :i/some ${some}`}}`,
    )
    await writer.transact({ tx: readEdn(`[${forms.join(' ')}]`).value })
    await using runner = new InThreadRunner(createEngine(env), env.clock)
    const database = (await catalog.connection('items')).value()
    for (const [query, wanted] of QUESTIONS) {
      const asking = { query, args: [], database, sourceNamed: momentSources(catalog, {}) }
      const { answer } = await ask(asking, runner)
      expect(answer.rows.toArray(), query).toEqual(wanted)
    }
  })
})
