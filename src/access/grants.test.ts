// Grants: what they say as text, for whom they are, and what callers see by them.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import type { Writer } from '../database/writer.ts'
import { createEngine } from '../engine/create.ts'
import { shapeAnswer } from '../engine/shape.ts'
import type { EntityId } from '../fact/attribute.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { ask, type QueryJob } from '../query/ask.ts'
import { InThreadRunner } from '../query/run-here.ts'
import type { Caller } from './caller.ts'
import { accessibleDatabases, checkGrant, type Grant, type GrantText, parseGrant } from './grant.ts'
import { restrictionOf, valueFor } from './restriction-of.ts'
import { RowSets } from './row-sets.ts'

const SCHEMA = `[
  {:db/ident :order/id :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :order/region :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :order/owner :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :order/card :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :order/at :db/valueType :db.type/instant :db/cardinality :db.cardinality/one}
  {:db/ident :note/text :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]`

const ORDERS = `[
  {:order/id 1 :order/region "north" :order/owner "ann" :order/card "4000-1111" :order/at #inst "2020-05-05"}
  {:order/id 2 :order/region "north" :order/owner "ben" :order/card "4000-2222" :order/at #inst "2021-05-05"}
  {:order/id 3 :order/region "south" :order/owner "ann" :order/card "4000-3333" :order/at #inst "2022-05-05"}
  {:db/id "note" :note/text "mind the gap"}]`

class CountingRunner extends InThreadRunner {
  count = 0
  override run(job: QueryJob): ReturnType<InThreadRunner['run']> {
    this.count++
    return super.run(job)
  }
}

const env = nodeEnv()
const catalog = Catalog.openMemory(env)
const runner = new CountingRunner(createEngine(env), env.clock)
let writer: Writer
let note: EntityId

beforeAll(async () => {
  await catalog.create('orders', { schema: readEdn(SCHEMA).value })
  writer = await catalog.writer('orders')
  note = (await writer.transact({ tx: readEdn(ORDERS).value })).tempids.get('note')!
})
afterAll(() => catalog[Symbol.asyncDispose]())

const ANN: Caller = { name: 'ann', kind: 'token', roles: ['sales'], scopes: ['query'] }

function grant(text: Partial<GrantText>): Grant {
  return parseGrant({ principal: '*', database: 'orders', attributes: ['*'], ...text })
}

function options(): { readonly rowSets: RowSets; readonly hashKey: string } {
  return { rowSets: new RowSets(runner), hashKey: 'k' }
}

/** What the caller finds of these attributes, joined by entity. */
async function seen(grants: readonly Grant[], query: string, caller: Caller = ANN): Promise<string> {
  const value = await valueFor(grants, caller, writer.value(), options())
  if (value === undefined) return 'no database'
  const request = {
    query,
    args: [],
    database: value,
    sourceNamed: () => Promise.reject(new Error('no other')),
  }
  try {
    const { query: parsed, answer } = await ask(request, runner)
    return writeEdn(shapeAnswer(parsed, answer))
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

const IDS = '[:find [?id ...] :where [_ :order/id ?id]]'
const NORTH = '[[(visible ?e) [?e :order/region "north"]]]'
const OWN = '[[(visible ?e ?caller) [?e :order/owner ?caller]]]'

describe('what a grant says', () => {
  it('is read from text', () => {
    const read = grant({ principal: 'role:sales', attributes: [':order/*', ':note/text'], mask: 'hash' })
    expect(read).toMatchObject({
      principal: { kind: 'role', name: 'sales' },
      attributes: [
        { kind: 'namespace', namespace: 'order' },
        { kind: 'one', ident: 'note/text' },
      ],
      mask: 'hash',
      purposes: [],
    })
    expect(grant({ rowRule: OWN }).rowRule).toMatchObject({ takesCaller: true })
  })

  it.each([
    ['principal', { principal: '' }],
    ['principal', { principal: 'role:' }],
    ['database', { database: '' }],
    ['attributes', { attributes: [] }],
    ['attributes', { attributes: ['order/id'] }],
    ['attributes', { attributes: [':order*'] }],
    ['mask', { mask: 'blur' }],
  ] as const)('has no such %s: %o', (part, text) => {
    const refused = expect.objectContaining({
      code: 'varve.error/grant-malformed',
      data: expect.objectContaining({ part }) as unknown,
    })
    expect(() => grant(text)).toThrow(refused as Error)
  })

  it.each([
    ['[[(seen ?e) [?e :order/id]]]', 'varve.error/row-rule-malformed'],
    ['[[(visible ?e ?caller ?more) [?e :order/id ?caller ?more]]]', 'varve.error/row-rule-malformed'],
    ['[[(visible ?e) [$other ?e :order/id]]]', 'varve.error/row-rule-malformed'],
    ['[[(visible ?e) (other ?e)]]', 'varve.error/rule-unknown'],
    ['[(visible ?e)', 'varve.error/edn-bracket'],
  ])('has no such rule: %s', (rowRule, code) => {
    let found: unknown
    try {
      grant({ rowRule })
    } catch (error) {
      found = (error as { readonly code: string }).code
    }
    expect(found).toBe(code)
  })

  it.each([
    [{ attributes: [':order/ib'] }, 'db.error/not-an-entity'],
    [{ attributes: [':order/region'], mask: 'year' }, 'varve.error/mask-unfit'],
    [
      { rowRule: '[[(visible ?e) (or [?e :order/regian "north"] [?e :order/id 1])]]' },
      'db.error/not-an-entity',
    ],
  ])('fits no such schema: %o', (text, code) => {
    expect(() => checkGrant(grant(text), writer.value().schema)).toThrow(
      expect.objectContaining({ code }) as Error,
    )
  })

  it('fits the schema', () => {
    const { schema } = writer.value()
    checkGrant(grant({ attributes: ['*'], mask: 'year', rowRule: NORTH }), schema)
    checkGrant(grant({ attributes: [':order/at', ':new/*'], mask: 'year' }), schema)
  })
})

describe('for whom a grant is', () => {
  it.each([
    ['anybody', { principal: '*' }, '[1 2 3]'],
    ['one by name', { principal: 'ann' }, '[1 2 3]'],
    ['one with the role', { principal: 'role:sales' }, '[1 2 3]'],
    ['another', { principal: 'ben' }, 'no database'],
    ['who has no such role', { principal: 'role:ann' }, 'no database'],
    ['who is called like a role', { principal: 'sales' }, 'no database'],
    ['another database', { database: 'others' }, 'no database'],
    ['a purpose', { purposes: ['billing'] }, 'no database'],
  ] as const)('%s', async (_title, text, ids) => {
    expect(await seen([grant(text)], IDS)).toBe(ids)
  })

  it('a purpose that the caller has', async () => {
    const grants = [grant({ purposes: ['billing', 'audit'] })]
    expect(await seen(grants, IDS, { ...ANN, purpose: 'audit' })).toBe('[1 2 3]')
    expect(await seen(grants, IDS, { ...ANN, purpose: 'gossip' })).toBe('no database')
  })

  it('databases that a caller has no grant for are not there', () => {
    const databases = [{ name: 'orders' }, { name: 'wages' }]
    const grants = [grant({ principal: 'ann' }), grant({ principal: 'ben', database: 'wages' })]
    expect(accessibleDatabases(grants, ANN, databases)).toEqual([{ name: 'orders' }])
    expect(accessibleDatabases([], ANN, databases)).toEqual([])
  })
})

describe('what a caller sees', () => {
  it('everything by a grant of all', async () => {
    expect(await restrictionOf([grant({}), grant({ mask: 'hash' })], ANN, writer.value(), options())).toBe(
      'all',
    )
  })

  it('attributes by name and namespace', async () => {
    expect(await seen([grant({ attributes: [':order/id'] })], '[:find ?r :where [_ :order/region ?r]]')).toBe(
      'db.error/not-an-entity',
    )
    expect(
      await seen([grant({ attributes: [':order/*'] })], '[:find [?r ...] :where [_ :order/region ?r]]'),
    ).toBe('["north" "south"]')
  })

  it('rows by a rule', async () => {
    expect(await seen([grant({ rowRule: NORTH })], IDS)).toBe('[1 2]')
    expect(await seen([grant({ rowRule: OWN })], IDS)).toBe('[1 3]')
    expect(await seen([grant({ rowRule: OWN }), grant({ rowRule: NORTH })], IDS)).toBe('[1 2 3]')
    expect(await seen([grant({ rowRule: OWN })], IDS, { ...ANN, name: 'nobody' })).toBe('[]')
  })

  it('a rule reads what the caller does not see', async () => {
    const grants = [grant({ attributes: [':order/id'], rowRule: NORTH })]
    expect(await seen(grants, IDS)).toBe('[1 2]')
    expect(await seen(grants, '[:find ?r :where [_ :order/region ?r]]')).toBe('db.error/not-an-entity')
  })

  it('masks, and as it is where another grant says so', async () => {
    const grants = [
      grant({ attributes: [':order/id'] }),
      grant({ attributes: [':order/card'], mask: 'last-four' }),
      grant({ attributes: [':order/card'], rowRule: OWN }),
    ]
    const query = '[:find ?id ?c :where [?o :order/id ?id] [?o :order/card ?c]]'
    expect(await seen(grants, query)).toBe('[[1 "4000-1111"] [2 "****2222"] [3 "4000-3333"]]')
  })

  it('nothing of what a mask of all does not fit', async () => {
    const grants = [grant({ mask: 'year' })]
    expect(await seen(grants, IDS)).toBe('[]')
    expect(await seen(grants, '[:find (count ?at) . :where [_ :order/at ?at]]')).toBe('3')
  })

  it('hashes that differ by the key', async () => {
    const grants = [grant({ attributes: [':order/card'], mask: 'hash' })]
    const [one, other] = await Promise.all(
      ['k', 'l'].map((hashKey) => restrictionOf(grants, ANN, writer.value(), { ...options(), hashKey })),
    )
    expect(one).not.toEqual(other)
  })
})

describe('judging rules', () => {
  const judged = async (rowSets: RowSets, rowRule: string, caller: Caller = ANN, value = writer.value()) => {
    const before = runner.count
    await restrictionOf([grant({ rowRule })], caller, value, { rowSets, hashKey: '' })
    return runner.count - before
  }

  it('is done once while nothing that a rule reads changes', async () => {
    const rowSets = new RowSets(runner)
    expect(await judged(rowSets, NORTH)).toBe(1)
    expect(await judged(rowSets, NORTH)).toBe(0)
    await writer.transact({ tx: [[keywordOf('db/add'), note, keywordOf('note/text'), 'mind the step']] })
    expect(await judged(rowSets, NORTH)).toBe(0)
    await writer.transact({ tx: readEdn('[{:order/id 4 :order/region "north" :order/owner "ann"}]').value })
    expect(await judged(rowSets, NORTH)).toBe(1)
    expect(await seen([grant({ rowRule: NORTH })], IDS)).toBe('[1 2 4]')
  })

  it('is done for each caller that a rule asks for, and together for all who wait', async () => {
    const rowSets = new RowSets(runner)
    expect(await judged(rowSets, OWN)).toBe(1)
    expect(await judged(rowSets, OWN, { ...ANN, name: 'ben' })).toBe(1)
    const before = runner.count
    await Promise.all([1, 2, 3].map(() => judged(rowSets, OWN, { ...ANN, name: 'cem' })))
    expect(runner.count - before).toBe(1)
  })

  it('is done at the moment asked', async () => {
    const value = await valueFor([grant({ rowRule: NORTH })], ANN, writer.value().asOf(1), options())
    const request = {
      query: IDS,
      args: [],
      database: value!,
      sourceNamed: () => Promise.reject(new Error('no other')),
    }
    const { query, answer } = await ask(request, runner)
    expect(writeEdn(shapeAnswer(query, answer))).toBe('[1 2]')
  })

  it('is done anew for rules of which nobody knows what they read', async () => {
    const rowSets = new RowSets(runner)
    const open = '[[(visible ?e) [?e ?a "north"]]]'
    expect(await judged(rowSets, open)).toBe(1)
    expect(await judged(rowSets, open)).toBe(0)
    await writer.transact({ tx: [[keywordOf('db/add'), note, keywordOf('note/text'), 'mind the door']] })
    expect(await judged(rowSets, open)).toBe(1)
  })

  it('keeps sets within its bound', async () => {
    const rowSets = new RowSets(runner, { keptBytesMax: 2_000 })
    await judged(rowSets, NORTH)
    await judged(rowSets, OWN)
    expect(rowSets.keptBytes).toBeLessThanOrEqual(2_000)
    expect(await judged(rowSets, NORTH)).toBe(1)
  })

  it('tells nothing of a rule that fails', async () => {
    const failing = '[[(visible ?e) [?e :order/owner ?o] [(+ ?o 1) ?n] [(< 0 ?n)]]]'
    const failure = restrictionOf([grant({ rowRule: failing })], ANN, writer.value(), options())
    const error = (await failure.catch((thrown: unknown) => thrown)) as Error & { toJSON(): unknown }
    expect(error).toMatchObject({ code: 'varve.error/row-rule-failed', kind: 'fault' })
    expect(JSON.stringify(error.toJSON())).not.toContain('owner')
    expect(error.cause).toBeDefined()
  })
})

function keywordOf(text: string): ReturnType<typeof readEdn>['value'] {
  return readEdn(`:${text}`).value
}
