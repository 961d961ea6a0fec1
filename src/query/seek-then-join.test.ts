// A pattern that seeks its first rows and joins the rest loses none of them on the way.

import { expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { ask } from './ask.ts'
import { momentSources } from './moment.ts'
import { InThreadRunner } from './run-here.ts'
import { createEngine } from '../engine/create.ts'

const COUNT = 5_000
const SCHEMA = `[
  {:db/ident :a/key :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :b/key :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :b/n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]`

it('finds every row when it goes over from seeking to joining', async () => {
  const env = nodeEnv()
  await using catalog = Catalog.openMemory(env)
  await catalog.create('pairs', { schema: readEdn(SCHEMA).value })
  const writer = await catalog.writer('pairs')
  const items = Array.from({ length: COUNT }, (_, i) => `{:a/key "k${i}"} {:b/key "k${i}" :b/n ${i}}`)
  await writer.transact({ tx: readEdn(`[${items.join(' ')}]`).value })
  await using runner = new InThreadRunner(createEngine(env), env.clock)
  const query = '[:find ?k ?n :where [$pairs ?a :a/key ?k] [$pairs ?b :b/key ?k] [$pairs ?b :b/n ?n]]'
  for (const attempt of ['first', 'second']) {
    const { answer } = await ask({ query, args: [], sourceNamed: momentSources(catalog, {}) }, runner)
    expect([attempt, answer.rows.length]).toEqual([attempt, COUNT])
  }
})
