// What a question can touch, from its text and the schemas alone.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { parsePullPattern } from '../plan/parse-pull.ts'
import { parsedQuery, parsedRules } from './parsed.ts'
import { touchedAttributes } from './touched.ts'

const catalog = Catalog.openMemory(nodeEnv())
let shop: DatabaseValue
let bills: DatabaseValue

const attribute = (name: string, type: string, more = ''): string =>
  `{:db/ident :${name} :db/valueType :db.type/${type} :db/cardinality :db.cardinality/one ${more}}`

beforeAll(async () => {
  const schema = readEdn(
    `[${attribute('item/id', 'string', ':db/unique :db.unique/identity')} ${attribute('item/price', 'long')}
      ${attribute('item/maker', 'ref')} ${attribute('item/parts', 'ref', ':db/isComponent true')}]`,
  ).value
  shop = (await catalog.create('shop', { schema })).value()
  bills = (
    await catalog.create('bills', { schema: readEdn(`[${attribute('bill/cents', 'long')}]`).value })
  ).value()
})
afterAll(() => catalog[Symbol.asyncDispose]())

function touched(text: string, rules = '[]'): readonly string[] {
  const { query } = parsedQuery(readEdn(text).value)
  const databases = new Map([
    ['$', shop],
    ['$b', bills],
  ])
  return touchedAttributes(query, parsedRules(readEdn(rules).value), databases)
}

describe('a question touches', () => {
  it('the attributes of its patterns, in the database that each source means', () => {
    expect(
      touched(
        '[:find ?e :in $ $b :where [?e :item/id "a"] [$b ?x :bill/cents ?c] (not [?e :item/price ?c])]',
      ),
    ).toEqual(['bills/:bill/cents', 'shop/:item/id', 'shop/:item/price'])
  })

  it('everything of a database where an attribute is a variable, or is left open', () => {
    expect(touched('[:find ?a :where [_ ?a 7]]')).toEqual(['shop/*'])
    expect(touched('[:find ?e :in $ $b :where [?e :item/id] (or [$b ?e] [?e :item/price])]')).toEqual([
      'bills/*',
      'shop/:item/id',
      'shop/:item/price',
    ])
  })

  it('what lookup refs and functions of a source look into', () => {
    expect(touched('[:find ?m . :where [[:item/id "a"] :item/maker ?m]]')).toEqual([
      'shop/:item/id',
      'shop/:item/maker',
    ])
    expect(touched('[:find ?p :where [?e :item/id] [(get-else $ ?e :item/price 0) ?p]]')).toEqual([
      'shop/:item/id',
      'shop/:item/price',
    ])
    expect(touched('[:find ?e :in $ ?a :where [?e :item/id] [(missing? $ ?e ?a)]]')).toEqual([
      'shop/*',
      'shop/:item/id',
    ])
  })

  it('what its rules look at, recursive ones too, where `$` is the source of the call', () => {
    const rules = '[[(near ?a ?b) [?a :item/maker ?b]] [(near ?a ?b) [?a :item/maker ?c] (near ?c ?b)]]'
    expect(touched('[:find ?b :in $ % :where (near 7 ?b)]', rules)).toEqual(['shop/:item/maker'])
    const cents = '[[(cheap ?x) [?x :bill/cents ?c]]]'
    expect(touched('[:find ?x :in $ $b % :where ($b cheap ?x)]', cents)).toEqual(['bills/:bill/cents'])
  })

  it('what it pulls: components whole', () => {
    const pulled = (pattern: string): readonly string[] =>
      touchedAttributes(
        parsedQuery(readEdn('[:find (pull ?e ?pattern) :in $ ?e ?pattern]').value).query,
        new Map(),
        new Map([['$', shop]]),
        () => parsePullPattern(readEdn(pattern).value),
      )
    expect(pulled('[:item/id {:item/maker [:item/price]} :item/_maker]')).toEqual([
      'shop/:item/id',
      'shop/:item/maker',
      'shop/:item/price',
    ])
    expect(pulled('[:item/parts]')).toEqual(['shop/*', 'shop/:item/parts'])
    expect(pulled('[*]')).toEqual(['shop/*'])
    expect(touched('[:find (pull ?e [:item/price]) :where [?e :item/id]]')).toEqual([
      'shop/:item/id',
      'shop/:item/price',
    ])
  })
})
