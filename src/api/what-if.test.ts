// What would be: `with` on any value, and the database after it asked by every way, wherever it lives.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Place, placesIn } from '../testing/places.ts'
import { connect, type Database, defineSchema, type SchemaOf, type Varve } from './index.ts'

const schema = defineSchema('shop', {
  ':article/code': { type: 'string', unique: 'identity' },
  ':article/cents': { type: 'long' },
  ':article/since': { type: 'instant' },
})
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

  it('asks a database after what was speculated as any other, by every way', async () => {
    const { t } = await shop.transact([{ ':article/code': 'tea', ':article/cents': 450 }])
    const before = shop.db()
    const { tempids, dbAfter, dbBefore } = await before.with([
      { ':db/id': 'new', ':article/code': 'pot', ':article/cents': 900, ':article/since': new Date(7) },
      [':db/add', [':article/code', 'tea'], ':article/cents', 480],
    ])
    // Another transaction changes neither what was, nor what would have been.
    await shop.transact([{ ':article/code': 'jug', ':article/cents': 1 }])
    const prices = '[:find ?code ?c :where [?a :article/code ?code] [?a :article/cents ?c]]'
    const [pot, tea] = [
      ['pot', 900],
      ['tea', 480],
    ] as const
    const twice = await dbAfter.with([{ ':article/code': 'pot', ':article/cents': 1000 }])
    expect([...(await dbAfter.q(prices))]).toEqual([pot, tea])
    expect([...(await twice.dbAfter.q(prices))]).toEqual([['pot', 1000], tea])
    expect([...(await dbBefore.q(prices))]).toEqual([['tea', 450]])
    expect([dbAfter.basisT, twice.dbAfter.basisT, dbBefore.basisT]).toEqual([t + 1, t + 2, t])
    expect([...(await dbAfter.asOf(t).q(prices))]).toEqual([['tea', 450]])
    expect([...(await twice.dbAfter.since(t + 1).q('[:find ?c :where [_ :article/cents ?c]]'))]).toEqual([
      [1000],
    ])
    const changes = '[:find ?c ?added :where [?a :article/code "tea"] [?a :article/cents ?c _ ?added]]'
    expect([...(await dbAfter.history().q(changes))]).toEqual([
      [450, false],
      [450, true],
      [480, true],
    ])
    const both = `[:find ?code ?was ?is :in $ $after :where [?a :article/code ?code] [?a :article/cents ?was]
      [$after ?a :article/cents ?is]]`
    expect([...(await before.q(both, dbAfter))]).toEqual([['tea', 450, 480]])
    expect([...(await dbAfter.q(both, before))]).toEqual([['tea', 480, 450]])
    expect([...(await dbAfter.q(both, twice.dbAfter))]).toEqual([
      ['pot', 900, 1000],
      ['tea', 480, 480],
    ])
    const id = tempids['new']!
    expect(await dbAfter.pull([':article/code', ':article/since'], id)).toEqual({
      ':article/code': 'pot',
      ':article/since': new Date(7),
    })
    expect((await dbAfter.entity([':article/code', 'pot']))!.get(':article/cents')).toBe(900)
    const found: unknown[] = []
    for await (const { e, v } of dbAfter.datoms('avet', ':article/code')) found.push([e === id, v])
    expect(found).toEqual([
      [true, 'pot'],
      [false, 'tea'],
    ])
    const explanation = await dbAfter.explain(prices)
    expect(explanation.rowCount).toBe(2)
    expect(
      (await varve.answer({ query: prices.replace(':where', ':in $ :where'), args: [dbAfter] })).basis,
    ).toEqual({
      shop: t,
    })
    await expect(dbAfter.with([[':db/add', id, ':article/code', 'tea']])).rejects.toMatchObject({
      code: 'db.error/unique-conflict',
    })
  })

  it('speculates with a schema of its own, from EDN text, too', async () => {
    const db = shop.db()
    const { dbAfter } = await db.with(
      '[{:db/ident :article/shelf :db/valueType :db.type/uuid :db/cardinality :db.cardinality/one}]',
    )
    const shelf = [{ 'article/code': 'tea', 'article/shelf': UUID }] as never
    const filled = (await dbAfter.with(shelf)).dbAfter
    const query: string = '[:find ?shelf . :where [_ :article/shelf ?shelf]]'
    expect(await filled.q(query)).toBe(UUID)
    const tea = await filled.entity([':article/code', 'tea'])
    expect(tea!.attributes()).toEqual([':article/code', ':article/shelf'])
    await expect(db.q(query)).rejects.toMatchObject({ code: 'db.error/not-an-entity' })
  })
})
