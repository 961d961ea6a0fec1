// What somebody restricted is told, case by case: by the native engine here and in worker threads, by the one that
// defines the meaning, by DuckDB, and by every other way to facts.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DuckDbEngine } from '../../src/adapter/duckdb/engine.ts'
import { LocalEntity } from '../../src/api/entity.ts'
import { nodeEnv } from '../../src/base/env-node.ts'
import { Catalog } from '../../src/database/catalog.ts'
import type { DatabaseValue } from '../../src/database/database-value.ts'
import type { MaskName } from '../../src/database/mask.ts'
import { restrictTransaction } from '../../src/database/restricted-log.ts'
import { entitySet, restriction, type Restriction, type Window } from '../../src/database/restriction.ts'
import { speculateTransaction, type Writer } from '../../src/database/writer.ts'
import { engineOptions } from '../../src/engine/create.ts'
import { treeEngine } from '../../src/testing/tree-engine.ts'
import { nativeEngine } from '../../src/engine/native/native.ts'
import { shapeAnswer } from '../../src/engine/shape.ts'
import { type EntityId, TX_BASE } from '../../src/fact/attribute.ts'
import type { Datom } from '../../src/fact/datom.ts'
import { readEdn } from '../../src/fact/edn-reader.ts'
import { writeEdn } from '../../src/fact/edn-writer.ts'
import { schemaForms } from '../../src/fact/schema-forms.ts'
import { keyword } from '../../src/fact/value.ts'
import { ask, explain, type QueryRunner } from '../../src/query/ask.ts'
import { pullEntity } from '../../src/query/pull.ts'
import { InThreadRunner } from '../../src/query/run-here.ts'
import { WorkerRunner } from '../../src/query/run-in-workers.ts'

const env = nodeEnv()
const folder = env.files.makeTemporaryFolder('varve-restricted')
const runners = new Map<string, QueryRunner>()
let catalog: Catalog
let writer: Writer
let ids: ReadonlyMap<string, EntityId>

const SCHEMA = `[
  {:db/ident :person/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :person/salary :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/doc "a secret"}
  {:db/ident :person/card :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/value}
  {:db/ident :person/phone :db/valueType :db.type/string :db/cardinality :db.cardinality/many}
  {:db/ident :person/born :db/valueType :db.type/instant :db/cardinality :db.cardinality/one}
  {:db/ident :person/boss :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}
  {:db/ident :person/seat :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :person/place :db/valueType :db.type/tuple :db/cardinality :db.cardinality/one
   :db/tupleAttrs [:person/name :person/seat]}
  {:db/ident :person/grade :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}
  {:db/ident :grade/high}]`

const FIRST = `[
  {:db/id "ann" :person/name "Ann" :person/salary 100 :person/card "4000-1234" :person/phone ["030-5551111" "040-7771111"]
   :person/born #inst "1980-05-17T10:00:00Z" :person/seat 1 :person/grade :grade/high}
  {:db/id "ben" :person/name "Ben" :person/salary 200 :person/card "4000-9999" :person/phone ["030-5552222"]
   :person/born #inst "1980-11-02T00:00:00Z" :person/boss "ann" :person/seat 2}
  {:db/id "cem" :person/name "Cem" :person/salary 300 :person/card "12" :person/boss "ben"}]`

beforeAll(async () => {
  catalog = await Catalog.openFolder(env, folder)
  await catalog.create('staff', { alias: 'st', schema: readEdn(SCHEMA).value })
  writer = await catalog.writer('staff')
  ids = (await writer.transact({ tx: readEdn(FIRST).value })).tempids
  const [ann, ben] = [ids.get('ann')!, ids.get('ben')!]
  await writer.transact({
    tx: readEdn(`[[:db/add ${ann} :person/salary 110] [:db/add ${ben} :person/salary 220]
      [:db/retract ${ann} :person/phone "030-5551111"] [:db/add "datomic.tx" :person/seat 7]]`).value,
  })
  const options = engineOptions(env)
  runners.set('native', new InThreadRunner(nativeEngine(options), env.clock))
  runners.set('tree', new InThreadRunner(treeEngine(options), env.clock))
  runners.set('duckdb', new InThreadRunner(new DuckDbEngine(env), env.clock))
  runners.set('workers', new WorkerRunner(env, [folder]))
})
afterAll(async () => {
  for (const runner of runners.values()) await runner[Symbol.asyncDispose]()
  await catalog[Symbol.asyncDispose]()
  env.files.remove(folder)
})

type Names = Readonly<Record<string, Window | readonly Window[]>>

function allowed(names: Names, hashKey = 'k'): Restriction {
  const { schema } = writer.value()
  const idOf = (name: string): number => schema.attributeNamed(keyword(name))!.id
  return restriction(
    Object.entries(names).map(([name, windows]) => [idOf(name), [windows].flat()] as const),
    hashKey,
  )
}

function only(...who: readonly string[]): Float64Array {
  return entitySet(who.map((name) => ids.get(name)!))
}

const masked = (mask: MaskName): Window => ({ mask })
const NAMES: Names = { 'person/name': {} }

async function told(value: DatabaseValue, query: string): Promise<string> {
  const texts = new Set<string>()
  for (const [name, runner] of runners) {
    const request = { query, args: [], database: value, sourceNamed: () => Promise.reject(new Error(name)) }
    texts.add(
      await ask(request, runner).then(
        ({ query: parsed, answer }) => writeEdn(shapeAnswer(parsed, answer)),
        (error: Error & { code: string; fix: string }) => `${error.code}: ${error.message}. ${error.fix}`,
      ),
    )
  }
  return [...texts].join('\nbut ')
}

describe('questions about a restricted value', () => {
  const cases: readonly (readonly [title: string, names: Names, query: string, answer: string])[] = [
    ['what shows whole', NAMES, '[:find [?n ...] :where [_ :person/name ?n]]', '["Ann" "Ben" "Cem"]'],
    [
      'a hidden attribute is none',
      NAMES,
      '[:find ?s :where [_ :person/salary ?s]]',
      'db.error/not-an-entity: There is no attribute :person/salary in the schema. Transact its schema first',
    ],
    [
      'no guess leads to a hidden name',
      { 'person/phone': {} },
      '[:find ?s :where [_ :person/salar ?s]]',
      'db.error/not-an-entity: There is no attribute :person/salar in the schema. Transact its schema first',
    ],
    [
      'a guess leads to one that shows',
      { 'person/seat': {} },
      '[:find ?s :where [_ :person/seet ?s]]',
      'db.error/not-an-entity: There is no attribute :person/seet in the schema. Did you mean :person/seat?',
    ],
    [
      'an open attribute',
      NAMES,
      '[:find [?i ...] :where [_ :person/name ?n] [?e ?a ?n] [?a :db/ident ?i]]',
      '[:person/name]',
    ],
    [
      'names of attributes',
      NAMES,
      '[:find [?i ...] :where [?a :db/ident ?i] [(namespace ?i) ?ns] [(= ?ns "person")]]',
      '[:person/name]',
    ],
    ['docs of attributes', { ...NAMES, 'db/doc': {} }, '[:find [?d ...] :where [_ :db/doc ?d]]', '[]'],
    [
      'docs of those that show',
      { 'person/salary': {} },
      '[:find [?d ...] :where [_ :db/doc ?d]]',
      '["a secret"]',
    ],
    [
      'a name of an entity that is no attribute',
      { ...NAMES, 'person/grade': {} },
      '[:find ?i :where [?e :person/grade ?g] [?g :db/ident ?i]]',
      '[]',
    ],
    [
      'such a name where it is let through',
      { ...NAMES, 'person/grade': {}, 'db/ident': {} },
      '[:find ?n ?i :where [?e :person/grade ?g] [?g :db/ident ?i] [?e :person/name ?n]]',
      '[["Ann" :grade/high]]',
    ],
    [
      'an ident that does not show',
      { 'person/grade': {} },
      '[:find ?e :where [?e :person/grade :grade/high]]',
      'db.error/not-an-entity: There is no ident :grade/high. Transact an entity with this :db/ident first',
    ],
    [
      'rows of some',
      {
        ...NAMES,
        'person/salary': {
          get entities() {
            return only('ann')
          },
        },
      },
      '[:find ?n ?s :where [?e :person/name ?n] [?e :person/salary ?s]]',
      '[["Ann" 110]]',
    ],
    [
      'sums of some',
      {
        'person/salary': {
          get entities() {
            return only('ann', 'ben')
          },
        },
      },
      '[:find (sum ?s) (count ?e) (max ?s) :where [?e :person/salary ?s]]',
      '[[330 2 220]]',
    ],
    [
      'a unique value of somebody hidden',
      {
        'person/name': {
          get entities() {
            return only('ann')
          },
        },
      },
      '[:find ?e . :where [?e :person/name "Ben"]]',
      'nil',
    ],
    [
      'nobody is found by the name of somebody hidden',
      {
        'person/name': {
          get entities() {
            return only('ann')
          },
        },
        'person/seat': {},
      },
      '[:find ?s . :where [[:person/name "Ben"] :person/seat ?s]]',
      'nil',
    ],
    [
      'not',
      {
        ...NAMES,
        'person/boss': {
          get entities() {
            return only('ann', 'ben')
          },
        },
      },
      '[:find [?n ...] :where [?e :person/name ?n] (not [?e :person/boss _])]',
      '["Ann" "Cem"]',
    ],
    [
      'missing?',
      {
        ...NAMES,
        'person/salary': {
          get entities() {
            return only('ben')
          },
        },
      },
      '[:find [?n ...] :where [?e :person/name ?n] [(missing? $ ?e :person/salary)]]',
      '["Ann" "Cem"]',
    ],
    [
      'get-else',
      {
        ...NAMES,
        'person/salary': {
          get entities() {
            return only('ben')
          },
        },
      },
      '[:find ?n ?s :where [?e :person/name ?n] [(get-else $ ?e :person/salary 0) ?s]]',
      '[["Ann" 0] ["Ben" 220] ["Cem" 0]]',
    ],
    [
      'a rule that follows references',
      {
        ...NAMES,
        'person/boss': {
          get entities() {
            return only('ben')
          },
        },
      },
      '[:find ?n ?m :in $ :where [?e :person/name ?n] [?e :person/boss ?b] [?b :person/name ?m]]',
      '[["Ben" "Ann"]]',
    ],
    [
      'last four',
      { ...NAMES, 'person/card': masked('last-four') },
      '[:find ?n ?c :where [?e :person/name ?n] [?e :person/card ?c]]',
      '[["Ann" "****1234"] ["Ben" "****9999"] ["Cem" "****2"]]',
    ],
    [
      'nobody is found by the value behind a mask',
      { 'person/card': masked('last-four') },
      '[:find ?e . :where [?e :person/card "4000-1234"]]',
      'nil',
    ],
    [
      'by what a mask shows one is found',
      { ...NAMES, 'person/card': masked('last-four') },
      '[:find ?n . :where [?e :person/card "****1234"] [?e :person/name ?n]]',
      '"Ann"',
    ],
    [
      'values behind a mask have no order',
      { 'person/salary': masked('hash') },
      '[:find (count ?e) . :where [?e :person/salary ?s] [(< 0 ?s 1000)]]',
      'nil',
    ],
    [
      'a year',
      { ...NAMES, 'person/born': masked('year') },
      '[:find ?b (count ?e) :where [?e :person/born ?b]]',
      '[[#inst "1980-01-01T00:00:00.000-00:00" 2]]',
    ],
    [
      'the oldest of facts that look alike',
      { 'person/phone': masked('last-four') },
      '[:find ?p (count ?e) :where [?e :person/phone ?p]]',
      '[["****1111" 1] ["****2222" 1]]',
    ],
    [
      'null',
      { ...NAMES, 'person/salary': masked('null') },
      '[:find [?s ...] :where [_ :person/salary ?s]]',
      '[]',
    ],
    [
      'the least mask counts',
      {
        ...NAMES,
        'person/card': [
          masked('hash'),
          masked('last-four'),
          {
            get entities() {
              return only('ben')
            },
          },
        ],
      },
      '[:find ?n ?c :where [?e :person/name ?n] [?e :person/card ?c]]',
      '[["Ann" "****1234"] ["Ben" "4000-9999"] ["Cem" "****2"]]',
    ],
    [
      'a masked attribute is not unique',
      { 'person/card': masked('last-four') },
      '[:find ?u . :where [?a :db/ident :person/card] [?a :db/unique ?u]]',
      'nil',
    ],
    [
      'a composite tuple of a hidden part',
      { ...NAMES, 'person/place': {} },
      '[:find ?p :where [_ :person/place ?p]]',
      'db.error/not-an-entity: There is no attribute :person/place in the schema. Did you mean :person/name?',
    ],
    [
      'a composite tuple where its parts show',
      {
        ...NAMES,
        'person/place': {},
        'person/seat': {
          get entities() {
            return only('ben')
          },
        },
      },
      '[:find [?p ...] :where [_ :person/place ?p]]',
      '[["Ben" 2]]',
    ],
    [
      'a composite tuple of a masked part',
      { 'person/name': masked('hash'), 'person/place': {}, 'person/seat': {} },
      '[:find [?p ...] :where [_ :person/place ?p]]',
      '[]',
    ],
    ['transactions and their instants', {}, '[:find (count ?t) . :where [?t :db/txInstant _]]', '3'],
    [
      'what else is said of transactions',
      {
        'person/seat': {
          get entities() {
            return only('ann')
          },
        },
      },
      '[:find [?s ...] :where [_ :person/seat ?s]]',
      '[1]',
    ],
    [
      'pull in a question',
      {
        ...NAMES,
        'person/boss': {},
        'person/salary': {
          get entities() {
            return only('ann')
          },
        },
      },
      '[:find (pull ?e [* {:person/_boss [:person/name]}]) . :where [?e :person/name "Ann"]]',
      '{:db/id ANN, :person/name "Ann", :person/salary 110, :person/_boss [{:person/name "Ben"}]}',
    ],
  ]
  it.each(cases)('%s', async (_title, names, query, answer) => {
    const expected = answer.replace('ANN', String(ids.get('ann')))
    expect(await told(writer.value().restricted(allowed(names)), query)).toBe(expected)
  })

  it('views are no less restricted', async () => {
    const value = writer.value().restricted(allowed({ 'person/salary': { entities: only('ben') } }))
    const query = '[:find [?s ...] :where [_ :person/salary ?s]]'
    expect(await told(value, query)).toBe('[220]')
    expect(await told(value.asOf(1), query)).toBe('[200]')
    expect(await told(value.since(1), query)).toBe('[220]')
    expect(await told(value.history().asOf(1), query)).toBe('[200]')
    expect(await told(value.asOf(1).newest(), query)).toBe('[220]')
    expect(await told(await value.asOf(1).renewed(), query)).toBe('[200]')
    expect(await told((await value.asOf(1).renewed()).newest(), query)).toBe('[220]')
    const before = writer.value().asOf(1)
    expect(
      await told(before.restricted(allowed({ 'person/salary': { entities: only('ben') } })), query),
    ).toBe('[200]')
  })

  it('two restrictions let through what both do', async () => {
    const value = writer.value().restricted(allowed({ 'person/salary': { entities: only('ann', 'ben') } }))
    const less = value.restricted(allowed({ 'person/salary': { entities: only('ben', 'cem') } }))
    expect(await told(less, '[:find [?s ...] :where [_ :person/salary ?s]]')).toBe('[220]')
  })

  it('one database may be asked whole and restricted in one question', async () => {
    const value = writer.value()
    const query = '[:find ?s ?o :in $ $b :where [$ ?e :person/salary ?s] [$b ?e :person/salary ?o]]'
    const args = [value, value.restricted(allowed({ 'person/salary': { entities: only('cem') } }))]
    const request = {
      query,
      args: args.map((each) => ({ kind: 'database', value: each }) as const),
      sourceNamed: () => Promise.reject(new Error('no other')),
    }
    const { query: parsed, answer } = await ask(request, runners.get('native')!)
    expect(writeEdn(shapeAnswer(parsed, answer))).toBe('[[300 300]]')
  })
})

describe('other ways to a restricted value', () => {
  const salaries = (): DatabaseValue =>
    writer.value().restricted(allowed({ ...NAMES, 'person/salary': { entities: only('ann') } }))
  const shown = (datoms: Iterable<Datom>): readonly string[] =>
    Array.from(datoms, ({ e, v, t, added }) => {
      const who = [...ids].find(([, id]) => id === e)?.[0] ?? (e >= TX_BASE ? 'tx' : String(e))
      return `${who} ${writeEdn(v)} ${t}${added ? '' : ' retracted'}`
    })

  it('pull', async () => {
    const { result } = await pullEntity(salaries(), readEdn('[*]').value, ids.get('ben')!)
    expect(writeEdn(result)).toBe(`{:db/id ${ids.get('ben')}, :person/name "Ben"}`)
  })

  it('entity', () => {
    const ben = LocalEntity.of(salaries().facts, ids.get('ben')!)!
    expect(ben.attributes()).toEqual([':person/name'])
    expect(() => ben.get(':person/boss')).toThrow('no attribute :person/boss')
  })

  it('datoms', () => {
    const { facts } = salaries()
    const a = facts.schema.attributeNamed(keyword('person/salary'))!.id
    expect(shown(facts.range('avet', { prefix: [a] }))).toEqual(['ann 110 2'])
    expect(shown(facts.range('eavt', { prefix: [ids.get('ben')!] }))).toEqual(['ben "Ben" 1'])
    expect(shown(facts.history().range('aevt', { prefix: [a] }))).toEqual([
      'ann 100 1',
      'ann 100 2 retracted',
      'ann 110 2',
    ])
  })

  it('datoms of a masked attribute come in the order of what shows', () => {
    const { facts } = writer.value().restricted(allowed({ 'person/card': masked('last-four') }))
    const a = facts.schema.attributeNamed(keyword('person/card'))!.id
    expect(shown(facts.range('avet', { prefix: [a] }))).toEqual([
      'ann "****1234" 1',
      'cem "****2" 1',
      'ben "****9999" 1',
    ])
    expect(shown(facts.range('avet', { prefix: [a], from: '****2' }))).toEqual([
      'cem "****2" 1',
      'ben "****9999" 1',
    ])
  })

  it('a history of masked values', () => {
    const { facts } = writer.value().restricted(allowed({ 'person/phone': masked('last-four') }))
    const a = facts.schema.attributeNamed(keyword('person/phone'))!.id
    expect(shown(facts.history().match(ids.get('ann'), a, undefined))).toEqual([
      'ann "****1111" 1',
      'ann "****1111" 2 retracted',
    ])
    // The other number that ends alike still holds.
    expect(shown(facts.match(ids.get('ann'), a, undefined))).toEqual(['ann "****1111" 1'])
  })

  it('the log', async () => {
    const restricted = allowed({
      'person/phone': masked('last-four'),
      'person/salary': { entities: only('ben') },
    })
    const { schema } = writer.value()
    const items: string[][] = []
    for await (const { datoms } of writer.transactions({ from: 1, to: Infinity, isLive: false }))
      items.push([...shown(restrictTransaction(datoms, restricted, schema))])
    const instants = items.map((item) => item.filter((text) => text.startsWith('tx')).length)
    expect(instants).toEqual([1, 1])
    expect(items.map((item) => item.filter((text) => !text.startsWith('tx')))).toEqual([
      ['ann "****1111" 1', 'ben 200 1', 'ben "****2222" 1'],
      ['ann "****1111" 2 retracted', 'ben 200 2 retracted', 'ben 220 2'],
    ])
  })

  it('the log of an attribute that came later', () => {
    const before = writer.value().schema
    const a = 900
    const added = (e: number, attribute: number, v: Datom['v']): Datom => ({
      e,
      a: attribute,
      v,
      t: 9,
      added: true,
    })
    const datoms = [
      added(TX_BASE + 9, 1, new Date(5)),
      added(a, 0, keyword('x/y')),
      added(a, 2, 27),
      added(5, a, 1),
    ]
    const shownOf = restrictTransaction(datoms, allowed({ 'db/ident': {} }), before)
    expect(shownOf.map(({ e }) => e)).toEqual([TX_BASE + 9])
  })

  it('the schema', () => {
    const forms = schemaForms(salaries().facts).map((form) => writeEdn(form))
    expect(forms.map((text) => /:db\/ident (\S+?)[,}]/.exec(text)?.[1])).toEqual([
      ':person/name',
      ':person/salary',
    ])
  })

  it('explain', async () => {
    const request = {
      query: '[:find ?n ?s :where [?e :person/name ?n] [?e :person/salary ?s]]',
      args: [],
      database: salaries(),
      sourceNamed: () => Promise.reject(new Error('no other')),
    }
    const { answer } = await explain(request, runners.get('native')!, 'run')
    expect(answer.memoryBytes).toBeUndefined()
    expect(answer.parts.find(({ text }) => text.includes('salary'))).toMatchObject({
      expectedRowCount: 1,
      rowCount: 1,
    })
    expect(answer.parts.some(({ memoryBytes }) => memoryBytes !== undefined)).toBe(false)
    expect((await explain(request, runners.get('duckdb')!, 'run')).answer.sql).toBeUndefined()
  })

  it('no speculation', () => {
    const value = salaries()
    const refused = expect.objectContaining({ code: 'varve.error/restricted-speculation' }) as Error
    const tx = readEdn('[{:person/name "Dee"}]').value
    expect(() => speculateTransaction(value, { tx }, 0, new Map())).toThrow(refused)
    expect(() => value.with([])).toThrow(refused)
    expect(() => writer.value().with([]).restricted(allowed(NAMES))).toThrow(refused)
  })

  it('no mask that a type does not have', () => {
    const refused = expect.objectContaining({ code: 'varve.error/mask-unfit' }) as Error
    expect(() => writer.value().restricted(allowed({ 'person/salary': masked('year') }))).toThrow(refused)
    expect(() => writer.value().restricted(allowed({ 'db/ident': masked('hash') }))).toThrow(refused)
  })
})
