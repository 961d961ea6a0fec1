// Which type each element of a find is said to have: the same over no rows as over some, and by every engine.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import { createEngine, engineOptions } from '../engine/create.ts'
import { treeEngine } from '../testing/tree-engine.ts'
import { VALUE_TYPES } from '../fact/attribute.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { ask } from './ask.ts'
import { atMoment, momentSources } from './moment.ts'
import { InThreadRunner } from './run-here.ts'

const env = nodeEnv()
const catalog = Catalog.openMemory(env)
const ENGINES = [createEngine(env), treeEngine(engineOptions(env))]
const TYPES = VALUE_TYPES.filter((type) => type !== 'tuple')

beforeAll(async () => {
  const attributes = TYPES.map(
    (type) => `{:db/ident :v/${type} :db/valueType :db.type/${type} :db/cardinality :db.cardinality/one}`,
  )
  const pair = `{:db/ident :v/tuple :db/valueType :db.type/tuple :db/tupleTypes [:db.type/long :db.type/string] :db/cardinality :db.cardinality/one}`
  const schema = readEdn(`[${attributes.join(' ')} ${pair}]`).value
  await catalog.create('full', { schema })
  await catalog.create('empty', { schema })
  const writer = await catalog.writer('full')
  await writer.transact({
    tx: readEdn(`[{:db/id "a" :v/string "a" :v/keyword :a/b :v/symbol a :v/boolean true :v/long 1 :v/bigint 1N :v/float #float 1.5
           :v/double 1.0 :v/bigdec 1M :v/instant #inst "2014" :v/uuid #uuid "6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10"
           :v/uri #uri "m:a" :v/bytes #bytes "AQI=" :v/ref "a" :v/tuple [1 "a"]}]`).value,
  })
})
afterAll(() => catalog[Symbol.asyncDispose]())

async function typesOf(
  find: string,
  where: string,
  database: string,
): Promise<readonly (readonly string[])[]> {
  const value = await atMoment(catalog, database, {})
  return Promise.all(
    ENGINES.map(async (engine) => {
      const request = {
        query: `[:find ${find} :where ${where}]`,
        args: [],
        database: value,
        sourceNamed: momentSources(catalog, {}),
      }
      const { answer } = await ask(request, new InThreadRunner(engine, env.clock))
      return answer.columns.map(({ type }) => type)
    }),
  )
}

describe('the type of a column', () => {
  it.each(VALUE_TYPES)('of a variable that an attribute of type %s binds is that', async (type) => {
    for (const database of ['full', 'empty'])
      expect(await typesOf('?e ?v ?t ?added', `[?e :v/${type} ?v ?t ?added]`, database)).toEqual([
        ['ref', type, 'ref', 'boolean'],
        ['ref', type, 'ref', 'boolean'],
      ])
  })

  it.each([
    ['(count ?v)', 'string', 'long'],
    ['(count-distinct ?v)', 'keyword', 'long'],
    ['(sum ?v)', 'long', 'long'],
    ['(sum ?v)', 'double', 'double'],
    ['(sum ?v)', 'float', 'double'],
    ['(sum ?v)', 'bigint', 'bigint'],
    ['(sum ?v)', 'bigdec', 'bigdec'],
    ['(avg ?v)', 'long', 'double'],
    ['(variance ?v)', 'bigdec', 'double'],
    ['(stddev ?v)', 'double', 'double'],
    ['(min ?v)', 'instant', 'instant'],
    ['(max ?v)', 'uuid', 'uuid'],
    ['(pull ?e [*])', 'long', 'map'],
  ])('of %s over %s is %s', async (element, of, type) => {
    for (const database of ['full', 'empty'])
      expect(await typesOf(element, `[?e :v/${of} ?v]`, database)).toEqual([[type], [type]])
  })

  it.each([
    ['(median ?v)', '[?e :v/long ?v]', 'long'],
    ['(max 2 ?v)', '[?e :v/long ?v]', 'tuple'],
    ['(distinct ?v)', '[?e :v/long ?v]', 'any'],
    ['?x', '[?e :v/long ?v] [(str ?v) ?x]', 'string'],
    ['?x', '[?e :v/long ?v] [(ground [1 "a"]) [?x ...]]', 'any'],
    ['?v', '[?e :v/string] [?e ?a ?v]', 'any'],
  ])('of %s where %s is that of the values: %s', async (element, where, type) => {
    expect(await typesOf(element, where, 'full')).toEqual([[type], [type]])
    expect(await typesOf(element, where, 'empty')).toEqual([['any'], ['any']])
  })
})
