// The interface as users hold it, on databases in memory, in a folder and of a service: what stands in the reference page, and the
// errors of this folder.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BigNumber } from 'bignumber.js'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Place, placesIn } from '../testing/places.ts'
import { connect, defineSchema, type Database, type SchemaOf, type Varve } from './index.ts'

const schema = defineSchema(
  'shop',
  { alias: 'sho' },
  {
    ':article/code': { type: 'string', unique: 'identity' },
    ':article/cents': { type: 'long' },
    ':article/weight': { type: 'double' },
    ':article/price': { type: 'bigdec' },
    ':article/serial': { type: 'bigint' },
    ':article/state': { type: 'keyword' },
    ':article/since': { type: 'instant' },
    ':article/uuid': { type: 'uuid', unique: 'identity' },
    ':article/page': { type: 'uri' },
    ':article/picture': { type: 'bytes' },
    ':article/tags': { type: 'string', many: true },
    ':article/kind': { type: 'ref' },
    ':article/parts': { type: 'ref', many: true, component: true },
    ':article/size': { type: 'tuple', types: ['instant', 'long'] },
    ':kind/book': { type: 'ident' },
  },
)
const customers = defineSchema(
  'customers',
  { alias: 'cus' },
  {
    ':customer/id': { type: 'string', unique: 'identity' },
    ':customer/name': { type: 'string' },
  },
)

const UUID = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'
const root = mkdtempSync(join(tmpdir(), 'varve-api-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
describe.each(placesIn(root))('in %s', (_, openPlace) => {
  let place: Place
  let varve: Varve
  let shop: Database<SchemaOf<typeof schema>>
  beforeEach(async () => {
    place = await openPlace()
    varve = await connect(place.url)
    shop = await varve.open(schema)
  })
  afterEach(async () => {
    await varve.close()
    await place[Symbol.asyncDispose]()
  })

  it('transacts, and tells everything about it', async () => {
    const before = shop.db()
    const result = await shop.transact([{ ':db/id': 'a', ':article/code': 'tea', ':article/cents': 450 }], {
      meta: { ':db/doc': '?first' },
    })
    const id = result.tempids['a']!
    const transaction = result.datoms.find(([, attribute]) => attribute === ':db/doc')![0]
    expect(result).toMatchObject({ t: before.basisT + 1, warnings: [] })
    expect(result.txInstant).toBeInstanceOf(Date)
    expect(result.datoms).toEqual([
      [transaction, ':db/txInstant', result.txInstant, true],
      [transaction, ':db/doc', '?first', true],
      [id, ':article/code', 'tea', true],
      [id, ':article/cents', 450, true],
    ])
    expect([result.dbBefore.basisT, result.dbAfter.basisT]).toEqual([before.basisT, result.t])
    expect(await result.dbAfter.q('[:find ?c . :where [_ :article/cents ?c]]')).toBe(450)
    expect(await result.dbBefore.q('[:find ?c . :where [_ :article/cents ?c]]')).toBeNull()
  })

  it('takes a transaction as EDN text', async () => {
    const { tempids } = await shop.transact(
      '[{:db/id "a" :article/code "tea" :article/price 1.50M} [:db/add "a" :article/tags "x"]]',
    )
    const db = shop.db()
    expect(await db.pull([':article/price', ':article/tags'], tempids['a']!)).toEqual({
      ':article/price': new BigNumber('1.5'),
      ':article/tags': ['x'],
    })
  })

  it('points into EDN text that is wrong, by source, line and column', async () => {
    const wrong = '[{:article/code "a"}\n {:article/code "b" :article/cents "many"}]'
    const place = { source: 'tx', line: 2, column: 36, path: [1, ':article/cents'] }
    const code = 'db.error/wrong-type-for-attribute'
    await expect(shop.transact(wrong)).rejects.toMatchObject({ code, data: { place } })
    await expect(shop.db().with(wrong)).rejects.toMatchObject({ code, data: { place } })
    await expect(shop.transact('[1\n 07]')).rejects.toMatchObject({
      code: 'varve.error/number-unreadable',
      data: { place: { source: 'tx', line: 2, column: 2 } },
    })
    await expect(
      varve.open('other', { schema: '[{:db/ident :a/b\n  :db/valueType :db.type/lung}]' }),
    ).rejects.toMatchObject({
      data: { place: { source: 'schema', line: expect.any(Number) as number } },
    })
  })

  it('applies an idempotency key once, and refuses it for other content', async () => {
    const tx = [{ ':db/id': 'a', ':article/code': 'tea' }] as const
    const first = await shop.transact(tx, { idempotencyKey: 'k' })
    const again = await shop.transact(tx, { idempotencyKey: 'k' })
    expect(again).toMatchObject({ t: first.t, tempids: first.tempids })
    expect(Object.keys(again.tempids)).toEqual(['a'])
    expect(shop.db().basisT).toBe(first.t)
    await expect(shop.transact([{ ':article/code': 'set' }], { idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'varve.error/idempotency-conflict',
    })
  })

  it('refuses meta that is no map', async () => {
    const meta = 'why' as never
    await expect(shop.transact([], { meta })).rejects.toMatchObject({ code: 'db.error/not-transaction-data' })
  })

  it('gives and takes every type as plain JavaScript', async () => {
    const article = {
      ':article/code': '?tea',
      ':article/cents': 9007199254740993n,
      ':article/weight': 2,
      ':article/price': 0.1,
      ':article/serial': 12345678901234567890n,
      ':article/state': ':state/open',
      ':article/since': '2014-11-15T13:37:42Z',
      ':article/uuid': UUID,
      ':article/page': 'https://varve.example/a',
      ':article/picture': new Uint8Array([1, 2]),
      ':article/tags': ['$5', 'b'],
      ':article/kind': ':kind/book',
      ':article/size': [new Date(5), 7],
    } as const
    await shop.transact([article])
    const db = shop.db()
    const pulled = await db.pull(['*'], [':article/uuid', UUID])
    expect(pulled).toMatchObject({
      ...article,
      ':article/price': new BigNumber('0.1'),
      ':article/since': new Date('2014-11-15T13:37:42Z'),
      ':article/kind': { ':db/id': await db.q('[:find ?k . :where [?k :db/ident :kind/book]]') },
    })
    // Facts cannot change, whatever is done to a result.
    pulled![':article/since']!.setTime(0)
    pulled![':article/picture']![0] = 9
    expect(await db.pull([':article/since', ':article/picture'], [':article/code', '?tea'])).toEqual({
      ':article/since': new Date('2014-11-15T13:37:42Z'),
      ':article/picture': new Uint8Array([1, 2]),
    })
    // What a result gives can be asked for.
    for (const [attribute, value] of Object.entries(pulled!)) {
      if (attribute === ':db/id' || attribute === ':article/kind') continue
      const [one] = attribute === ':article/tags' ? (value as string[]) : [value]
      const given =
        attribute === ':article/since'
          ? '2014-11-15T13:37:42Z'
          : attribute === ':article/picture'
            ? new Uint8Array([1, 2])
            : one
      const query: string = `[:find ?e . :in $ ?v :where [?e ${attribute} ?v]]`
      const found = await db.q(query, given)
      expect([attribute, found]).toEqual([attribute, pulled![':db/id']])
    }
  })

  it('types arguments by the attributes they meet, in every shape of :in', async () => {
    await shop.transact([
      {
        ':article/code': 'tea',
        ':article/state': ':state/open',
        ':article/uuid': UUID,
        ':article/kind': ':kind/book',
      },
      { ':article/code': ':odd', ':article/state': ':state/shut', ':article/since': new Date(5) },
    ])
    const db = shop.db()
    const codes = '[:find [?c ...] :in $ [?s ...] :where [?a :article/state ?s] [?a :article/code ?c]]'
    expect(await db.q(codes, [':state/open', ':state/shut'])).toEqual([':odd', 'tea'])
    const rows = '[:find ?c . :in $ [[?s ?c]] :where [?a :article/state ?s] [?a :article/code ?c]]'
    expect(
      await db.q(rows, [
        [':state/shut', ':odd'],
        [':state/open', 'set'],
      ]),
    ).toBe(':odd')
    const tuple =
      '[:find ?c . :in $ [?s ?x] :where [?a :article/since ?s] (not [?a :article/since ?x]) [?a :article/code ?c]]'
    expect(await db.q(tuple, ['1970-01-01T00:00:00.005Z', new Date(9)])).toBe(':odd')
    const within =
      '[:find ?c . :in $ ?u :where [?a :article/code ?c] (not-join [?a ?u] [?a :article/uuid ?u])]'
    expect(await db.q(within, UUID)).toBe(':odd')
    const entity = '[:find ?c . :in $ ?a :where [?a :article/code ?c]]'
    expect(await db.q(entity, [':article/uuid', UUID])).toBe('tea')
    const ident = '[:find ?c . :in $ ?k :where [?a :article/kind ?k] [?a :article/code ?c]]'
    expect(await db.q(ident, ':kind/book')).toBe('tea')
    const rules = [
      [
        ['open', '?a'],
        ['?a', ':article/state', ':state/open'],
      ],
    ]
    expect(await db.q('[:find ?c . :in $ % :where (open ?a) [?a :article/code ?c]]', rules)).toBe('tea')
    expect(
      await db.q(
        '[:find ?c . :in $ % :where (open ?a) [?a :article/code ?c]]',
        '[[(open ?a) [?a :article/state :state/open]]]',
      ),
    ).toBe('tea')
  })

  it('looks up an entity that is given to a rule by its name', async () => {
    await shop.transact([
      { ':db/id': 'tea', ':article/code': 'tea', ':article/uuid': UUID, ':article/kind': ':kind/book' },
      { ':article/code': 'pot', ':article/kind': 'tea' },
    ])
    const db = shop.db()
    const rules = `[[(of ?kind ?a) [?a :article/kind ?kind]]
                    [(below ?kind ?a) [?a :article/kind ?kind]]
                    [(below ?kind ?a) [?x :article/kind ?kind] (below ?x ?a)]]`
    const of = '[:find [?c ...] :in $ % ?kind :where (of ?kind ?a) [?a :article/code ?c]]'
    const below = '[:find [?c ...] :in $ % ?kind :where (below ?kind ?a) [?a :article/code ?c]]'
    expect(await db.q(of, rules, ':kind/book')).toEqual(['tea'])
    expect(await db.q(of, rules, [':article/uuid', UUID])).toEqual(['pot'])
    expect(await db.q(below, rules, ':kind/book')).toEqual(['pot', 'tea'])
    expect(await db.q(below, rules, [':article/code', 'tea'])).toEqual(['pot'])
  })

  it('gives a relation as rows, in the total order', async () => {
    await shop.transact([
      { ':article/code': 'b', ':article/cents': 2 },
      { ':article/code': 'a', ':article/cents': 3 },
    ])
    const rows = await shop
      .db()
      .q('[:find ?code ?cents :where [?a :article/code ?code] [?a :article/cents ?cents]]')
    expect(rows).toHaveLength(2)
    expect(rows.columns).toEqual(
      [
        { name: 'code', type: 'string' },
        { name: 'cents', type: 'long' },
      ].map(({ name, type }) => ({ name: `?${name}`, type })),
    )
    expect(rows.toArray()).toEqual([
      ['a', 3],
      ['b', 2],
    ])
    expect([...rows]).toEqual(rows.toArray())
    expect([rows.at(0), rows.at(-1), rows.at(2)]).toEqual([['a', 3], ['b', 2], undefined])
    expect(JSON.stringify(rows)).toBe('[["a",3],["b",2]]')
  })

  it('gives a collection, a tuple, a scalar, and maps', async () => {
    await shop.transact([{ ':article/code': 'b', ':article/cents': 2 }])
    const db = shop.db()
    const where = '[?a :article/code ?code] [?a :article/cents ?cents]'
    expect(
      await db.q(
        `[:find [?code ...] :where ${where}]` as '[:find [?code ...] :where [?a :article/code ?code]]',
      ),
    ).toEqual(['b'])
    expect(
      await db.q({
        find: [['?code', '?cents']],
        where: [
          ['?a', ':article/code', '?code'],
          ['?a', ':article/cents', '?cents'],
        ],
      }),
    ).toEqual(['b', 2])
    expect(await db.q('[:find ?c . :where [_ :article/weight ?c]]')).toBeNull()
    expect(await db.q('[:find [?c ?a] :where [?a :article/weight ?c]]')).toBeNull()
    expect(await db.q(`[:find ?code ?cents :keys code cents :where ${where}]`)).toEqual([
      { ':code': 'b', ':cents': 2 },
    ])
    expect(await db.q(`[:find [?code ?cents] :strs code cents :where ${where}]`)).toEqual({
      code: 'b',
      cents: 2,
    })
    expect(await db.q('[:find (distinct ?code) . :where [_ :article/code ?code]]')).toEqual(new Set(['b']))
  })

  it('asks several databases: by alias, by name, and as arguments', async () => {
    const people = await varve.open(customers)
    await people.transact([{ ':customer/id': 'tea', ':customer/name': 'Ada' }])
    await shop.transact([{ ':article/code': 'tea' }])
    const typed = varve.typed(schema, customers)
    const byAlias = await typed.query({
      query:
        '[:find ?n . :in ?code :where [$sho _ :article/code ?code] [$cus ?c :customer/id ?code] [$customers ?c :customer/name ?n]]',
      args: ['tea'],
    })
    expect(byAlias).toBe('Ada')
    const other =
      '[:find ?n . :in $ $b :where [_ :article/code ?code] [$b ?c :customer/id ?code] [$b ?c :customer/name ?n]]'
    expect(await shop.db().q(other, people.db())).toBe('Ada')
    expect(await varve.query({ query: other, args: [shop.db(), people.db()] })).toBe('Ada')
    expect(await varve.query({ query: other, database: 'sho', args: [people.db()] })).toBe('Ada')
    const rows = '[:find ?code . :in $ $rows :where [$rows ?code ?n] [_ :article/code ?code]]'
    expect(
      await shop.db().q(rows, [
        ['set', 1],
        ['tea', 2],
      ]),
    ).toBe('tea')
    const answer = await typed.answer({ query: '[:find ?n :where [$cus _ :customer/name ?n]]', limit: 1 })
    expect(answer).toMatchObject({ basis: { customers: people.db().basisT }, warnings: [], truncated: false })
    expect([...answer.result]).toEqual([['Ada']])
  })

  it('looks back, and asks what if', async () => {
    const first = await shop.transact([{ ':article/code': 'tea', ':article/cents': 450 }])
    await shop.transact([{ ':article/code': 'tea', ':article/cents': 480 }])
    const cents = '[:find ?c . :where [_ :article/cents ?c]]'
    const db = shop.db()
    expect(await db.q(cents)).toBe(480)
    expect(await db.asOf(first.t).q(cents)).toBe(450)
    expect(await db.since(first.t).q(cents)).toBe(480)
    const changes = await db.history().q('[:find ?c ?added :where [_ :article/cents ?c _ ?added]]')
    expect(changes.toArray()).toEqual([
      [450, false],
      [450, true],
      [480, true],
    ])
    const speculated = await db
      .asOf(first.t)
      .with([[':db/add', [':article/code', 'tea'], ':article/cents', 1]], { meta: { ':db/doc': 'x' } })
    expect(speculated.datoms.map(([, attribute, v, added]) => [attribute, v, added])).toEqual([
      [':db/txInstant', speculated.txInstant, true],
      [':db/doc', 'x', true],
      [':article/cents', 450, false],
      [':article/cents', 1, true],
    ])
    const { dbAfter } = speculated
    expect([await dbAfter.q(cents), await dbAfter.q('[:find ?d . :where [?tx :db/doc ?d]]')]).toEqual([
      1,
      'x',
    ])
    expect(await shop.db().q(cents)).toBe(480)
    await expect(db.history().entity(17)).rejects.toMatchObject({ kind: 'incorrect' })
  })

  it('walks entities', async () => {
    await shop.transact([
      {
        ':article/code': 'set',
        ':article/kind': ':kind/book',
        ':article/tags': ['x'],
        ':article/parts': [{ ':article/code': 'cup' }],
      },
    ])
    const db = shop.db()
    const set = (await db.entity([':article/code', 'set']))!
    expect(set.get(':article/kind')).toBe(':kind/book')
    expect(set.get(':article/tags')).toEqual(['x'])
    expect(set.get(':article/cents')).toBeUndefined()
    expect(set.get(':db/id')).toBe(set.id)
    expect(set.attributes().toSorted()).toEqual([
      ':article/code',
      ':article/kind',
      ':article/parts',
      ':article/tags',
    ])
    const [part] = set.get(':article/parts')!
    if (typeof part !== 'object') throw new Error('a part is an entity')
    expect(part.get(':article/code')).toBe('cup')
    const whole = part.get(':article/_parts')
    expect(typeof whole === 'object' && whole.id).toBe(set.id)
    expect(set.touch()).toMatchObject({
      ':article/code': 'set',
      ':article/parts': [{ ':article/code': 'cup' }],
    })
    expect(await db.entity([':article/code', 'nobody'])).toBeNull()
    expect(() => set.get(':article/kode' as ':article/code')).toThrow('kode')
  })

  it('reads indices and ranges', async () => {
    await shop.transact([
      { ':db/id': 'a', ':article/code': 'a', ':article/cents': 1 },
      { ':article/code': 'b', ':article/cents': 2 },
      { ':article/code': 'c', ':article/cents': 3 },
    ])
    const db = shop.db()
    const values = async (items: AsyncIterable<{ readonly v: unknown }>): Promise<unknown[]> => {
      const found: unknown[] = []
      for await (const { v } of items) found.push(v)
      return found
    }
    expect(await values(db.indexRange(':article/cents', 2))).toEqual([2, 3])
    expect(await values(db.indexRange(':article/cents', undefined, 2))).toEqual([1])
    expect(await values(db.datoms('aevt', ':article/code'))).toEqual(['a', 'b', 'c'])
    expect(await values(db.datoms('eavt', [':article/code', 'a'], ':article/cents'))).toEqual([1])
    expect(await values(db.datoms('avet', ':article/code', 'b'))).toEqual(['b'])
    expect(await values(db.datoms('eavt', [':article/code', 'nobody']))).toEqual([])
    const one = await db.datoms('avet', ':article/code', 'b')[Symbol.asyncIterator]().next()
    expect(one.value).toMatchObject({ a: ':article/code', v: 'b', t: db.basisT, added: true })
    await expect(values(db.datoms('eavt', 1, ':article/code', 'x', 4))).rejects.toMatchObject({
      code: 'varve.error/too-many-components',
    })
    await expect(values(db.datoms('evat' as 'eavt'))).rejects.toMatchObject({
      code: 'varve.error/index-unknown',
    })
  })

  it('reads the log: from included, to excluded, and on as it grows', async () => {
    const first = await shop.transact([{ ':article/code': 'a' }])
    const second = await shop.transact([{ ':article/code': 'b' }])
    const ts = async (items: AsyncIterable<{ readonly t: number }>): Promise<number[]> => {
      const found: number[] = []
      for await (const { t } of items) found.push(t)
      return found
    }
    expect(await ts(shop.log({ from: first.t, to: second.t }))).toEqual([first.t])
    expect(await ts(shop.log({ from: first.t }))).toEqual([first.t, second.t])
    expect((await ts(shop.log({ from: first.txInstant }))).at(-1)).toBe(second.t)
    const stop = new AbortController()
    const seen: number[] = []
    const reading = (async () => {
      for await (const { t, datoms } of shop.log({ from: second.t, live: true, signal: stop.signal })) {
        seen.push(t)
        if (datoms.some(([, , v]) => v === 'last')) break
      }
    })()
    await shop.transact([{ ':article/code': 'last' }])
    await reading
    expect(seen).toEqual([second.t, second.t + 1])
    expect((await shop.sync()).basisT).toBe(second.t + 1)
    expect((await shop.sync(first.t)).basisT).toBeGreaterThanOrEqual(first.t)
  })

  it('adds to a schema what is missing, and refuses a change with the difference', async () => {
    await varve.open('shop', {
      schema:
        '[{:db/ident :article/colour :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]',
    })
    await varve.open('sho', {
      schema: [
        {
          ':db/ident': ':article/sold',
          ':db/valueType': ':db.type/boolean',
          ':db/cardinality': ':db.cardinality/one',
        },
      ],
    })
    const { basisT } = shop.db()
    // The same again, by a service that knows nothing of the colour: nothing happens.
    await varve.open(schema)
    expect(shop.db().basisT).toBe(basisT)
    await shop.transact([[':db/add', 'a', ':article/colour' as ':article/code', 'red']])
    const changed = defineSchema('shop', {
      ':article/code': { type: 'string' },
      ':article/cents': { type: 'double' },
    })
    await expect(varve.open(changed)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(
        /:article\/cents has :db\/valueType :db\.type\/long, and :db\.type\/double was given/,
      ),
    })
  })

  it('lists, finds by alias, and deletes databases', async () => {
    expect(await varve.databases()).toEqual([{ name: 'shop', alias: 'sho', basisT: shop.db().basisT }])
    expect((await varve.open('sho')).name).toBe('shop')
    await expect(varve.open('shp')).rejects.toMatchObject({
      code: 'varve.error/database-unknown',
      fix: expect.stringContaining('sho'),
    })
    await expect(varve.open('shop', { alias: 'other' })).rejects.toMatchObject({
      code: 'varve.error/alias-differs',
    })
    await varve.delete('sho')
    expect(await varve.databases()).toEqual([])
  })

  it('gives bigints of what is declared exact, wherever it comes out', async () => {
    const stock = defineSchema('stock', {
      ':item/code': { type: 'string', unique: 'identity' },
      ':item/count': { type: 'long', exact: true },
      ':item/weight': { type: 'long' },
      ':item/parts': { type: 'ref', many: true, component: true },
    })
    const items = await varve.open(stock)
    const { datoms } = await items.transact([
      {
        ':item/code': 'a',
        ':item/count': 5,
        ':item/weight': 5,
        ':item/parts': [{ ':item/code': 'b', ':item/count': 7n }],
      },
    ])
    expect(datoms.filter(([, attribute]) => attribute === ':item/count').map(([, , v]) => v)).toEqual([
      5n,
      7n,
    ])
    const db = items.db()
    const where = '[?a :item/count ?n] [?a :item/code ?code]'
    const rows = await db.q(
      '[:find ?code ?n ?w :where [?a :item/count ?n] [?a :item/code ?code] [?a :item/weight ?w]]',
    )
    expect(rows.toArray()).toEqual([['a', 5n, 5]])
    expect(
      await db.q(`[:find [(sum ?n) (count ?n) (max 1 ?n) (distinct ?n) (avg ?n)] :where ${where}]`),
    ).toEqual([12n, 2, [7n], new Set([5n, 7n]), 6])
    expect(
      await db.q('[:find ?n . :where (or [?a :item/count ?n] [?a :item/code ?n]) [?a :item/code "b"]]'),
    ).toBe(7n)
    expect(await db.q('[:find ?e . :where [?e :item/weight ?w] (not [?e :item/count 6])]')).toBeTypeOf(
      'number',
    )
    const whole = {
      ':item/code': 'a',
      ':item/count': 5n,
      ':item/weight': 5,
      ':item/parts': [{ ':item/code': 'b', ':item/count': 7n }],
    }
    const pattern = [
      '*',
      {
        ':item/parts': [
          [':item/count', ':as', 'n'],
          [':item/weight', ':default', 0],
        ],
      },
    ] as const
    const a = [':item/code', 'a'] as const
    expect(await db.pull(['*'], a)).toMatchObject(whole)
    expect(await db.pull(pattern, a)).toMatchObject({
      ':item/count': 5n,
      ':item/parts': [{ n: 7n, ':item/weight': 0 }],
    })
    expect(await db.pull([[':item/count', ':default', 5]], a)).toEqual({ ':item/count': 5 })
    expect(await db.q('[:find (pull ?a [:item/count]) . :where [?a :item/code "a"]]')).toEqual({
      ':item/count': 5n,
    })
    const entity = (await db.entity(a))!
    expect([entity.get(':item/count'), entity.get(':item/weight')]).toEqual([5n, 5])
    expect(entity.touch()).toMatchObject(whole)
    for await (const { v } of db.indexRange(':item/count', 6)) expect(v).toBe(7n)
    expect(await varve.query({ query: '[:find [?n ...] :where [$stock _ :item/count ?n]]' })).toEqual([
      5n,
      7n,
    ])
  })

  it('refuses what is no moment and nothing to open', async () => {
    const db = shop.db()
    const code = 'varve.error/moment-invalid'
    for (const moment of ['2014-11-15', new Date(NaN), -1, 1.5, undefined] as never[]) {
      expect(() => db.asOf(moment)).toThrow(expect.objectContaining({ code }))
      expect(() => db.since(moment)).toThrow(expect.objectContaining({ code }))
    }
    const asOf = 'now' as never
    await expect(
      varve.query({ query: '[:find ?c :where [$sho _ :article/code ?c]]', asOf }),
    ).rejects.toMatchObject({ code })
    await expect(shop.sync(-1)).rejects.toMatchObject({ code })
    await expect(shop.log({ from: asOf })[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code })
    await expect(varve.open({} as never)).rejects.toMatchObject({ code: 'varve.error/nothing-to-open' })
  })

  it('takes nothing more once it is closed', async () => {
    await varve.close()
    const closed = { code: 'varve.error/connection-closed' }
    await expect(shop.transact([{ ':article/code': 'tea' }])).rejects.toMatchObject(closed)
    await expect(varve.open(schema)).rejects.toMatchObject(closed)
    await expect(varve.open('shop')).rejects.toMatchObject(closed)
  })

  it('gives up when it is told to', async () => {
    await shop.transact([{ ':article/code': 'a' }])
    const query = '[:find ?c :where [$sho _ :article/code ?c]]'
    await expect(varve.query({ query, signal: AbortSignal.abort() })).rejects.toBeDefined()
    await expect(varve.query({ query, timeoutMs: 0 })).rejects.toMatchObject({
      code: 'varve.error/query-timeout',
    })
  })
})
