// What is the client's own beside the interface, whose suite (api/varve.test.ts) runs against a service as well: what goes over
// the wire, what is sent again, what is fetched of an entity, and errors of the way.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { webEnv } from '../base/env-web.ts'
import { startTestServer, type TestServer } from '../testing/test-server.ts'
import { Schema } from '../fact/schema.ts'
import { connect, connectRemote } from './connect.ts'
import { defineSchema } from './index.ts'
import { RemoteDatabase, RemoteVarve } from './remote-varve.ts'
import { Wire } from './wire.ts'

const schema = defineSchema('shop', {
  ':item/id': { type: 'string', unique: 'identity' },
  ':item/price': { type: 'long' },
  ':item/next': { type: 'ref' },
  ':my-shop/opens-at': { type: 'instant' },
})
const PRICES = '[:find ?id ?price :where [?i :item/id ?id] [?i :item/price ?price]]'

let server: TestServer
beforeEach(async () => {
  server = await startTestServer()
})
afterEach(() => server[Symbol.asyncDispose]())

describe('a request', () => {
  it('says which trace it is part of, each time anew, where that is a header', async () => {
    const sent: (readonly [string | null, string | null])[] = []
    const traces: ({ readonly [name: string]: string } | undefined)[] = [
      {
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'a=b',
        baggage: 'no',
      },
      { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00', tracestate: 'a\r\nb: c' },
      { traceparent: 'a\r\nb: c', tracestate: 'a=b' },
      {},
      undefined,
    ]
    const fetch: typeof globalThis.fetch = async (url, init) => {
      const headers = new Headers(init?.headers)
      sent.push([headers.get('traceparent'), headers.get('tracestate')])
      expect([headers.has('baggage'), headers.has('b')]).toEqual([false, false])
      return globalThis.fetch(url, init)
    }
    const count = traces.length
    await using varve = await connect(server.url, { fetch, trace: () => traces.shift() })
    for (let asked = 0; asked < count; asked++) await varve.databases()
    expect(sent).toEqual([
      ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'a=b'],
      ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00', null],
      [null, null],
      [null, null],
      [null, null],
    ])
  })
})

describe('a value of a database', () => {
  it('is asked as it was, whatever was written since, and through every view and several at once', async () => {
    await using varve = await connect(server.url)
    const shop = await varve.open(schema)
    const first = await shop.transact([{ ':item/id': 'tea', ':item/price': 1 }])
    const before = shop.db()
    const second = await shop.transact([{ ':item/id': 'tea', ':item/price': 2 }])
    const price = '[:find ?p . :where [_ :item/price ?p]]'
    expect([await before.q(price), await shop.db().q(price)]).toEqual([1, 2])
    expect(await shop.db().asOf(first.txInstant).q(price)).toBe(1)
    expect(await before.asOf(second.txInstant).q(price)).toBe(1)
    const changes = '[:find ?p ?added :where [_ :item/price ?p _ ?added]]'
    expect([...(await shop.db().history().since(first.t).q(changes))]).toEqual([
      [1, false],
      [2, true],
    ])
    const both = '[:find ?was ?is :in $was $is :where [$was _ :item/price ?was] [$is _ :item/price ?is]]'
    expect([...(await shop.db().q(both, before, shop.db()))]).toEqual([[1, 2]])
    expect(await before.pull([':item/price'], [':item/id', 'tea'])).toEqual({ ':item/price': 1 })
    const found: unknown[] = []
    for await (const { v, added } of shop.db().history().datoms('aevt', ':item/price')) found.push([v, added])
    expect(found).toEqual([
      [1, true],
      [1, false],
      [2, true],
    ])
  })

  it('is named in receipts as it was seen, so that they can be asked again', async () => {
    await using varve = await connect(server.url)
    const shop = await varve.open(schema)
    await shop.transact([{ ':item/id': 'tea', ':item/price': 1 }])
    await shop.transact([{ ':item/id': 'tea', ':item/price': 2 }])
    const asked = await post('/v1/query', {
      query: '[:find ?p ?q :in $ $b :where [_ :item/price ?p] [$b _ :item/price ?q]]',
      database: 'shop history',
      args: [{ '#tag': ['varve/db', 'shop@1'] }],
    })
    const t = shop.db().basisT
    expect(asked).toMatchObject({
      result: [
        [1, 1],
        [2, 1],
      ],
      receipt: { database: `shop@${t} history`, args: [{ '#tag': ['varve/db', 'shop@1'] }] },
    })
    await shop.transact([{ ':item/id': 'tea', ':item/price': 3 }])
    const { receipt } = asked as { readonly receipt: unknown }
    expect(await post('/v1/receipts/replay', { receipt })).toMatchObject({ equal: true, differences: [] })
  })

  it('is seen with the schema of then', async () => {
    await using varve = await connect(server.url)
    const shop = await varve.open(schema)
    const { t } = await shop.transact([{ ':item/id': 'tea' }])
    await varve.open('shop', {
      schema: '[{:db/ident :item/shelf :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]',
    })
    const shelves = { query: '[:find ?s :where [_ :item/shelf ?s]]' }
    const now = (await post('/v1/query', { ...shelves, database: 'shop' })) as { readonly receipt: unknown }
    expect(now).toMatchObject({ result: [] })
    expect(await post('/v1/query', { ...shelves, database: `shop@${t}` })).toMatchObject({
      error: { code: 'db.error/not-an-entity' },
    })
    expect(await post('/v1/query', { ...shelves, database: `shop as-of ${t}` })).toMatchObject({ result: [] })
    expect(await post('/v1/receipts/replay', { receipt: now.receipt })).toMatchObject({ equal: true })
  })

  it('brings along what is speculated on top, and its receipt says it', async () => {
    await using varve = await connect(server.url)
    const shop = await varve.open(schema)
    const { t } = await shop.transact([{ ':item/id': 'tea', ':item/price': 1 }])
    const price = '[:find ?p :in $ $b :where [?i :item/price ?p] [$b ?i :item/price 1]]'
    const { dbAfter } = await shop.db().with([{ ':item/id': 'tea', ':item/price': 2 }])
    const told = await varve.answer({ query: price, args: [dbAfter, shop.db()] })
    expect([...(told.result as Iterable<unknown>), told.basis]).toEqual([[2], { shop: t }])
    const { edn } = told.receipt!
    expect(edn).toContain(`#varve/db "shop@${t} with 0"`)
    await shop.transact([{ ':item/id': 'tea', ':item/price': 3 }])
    const replay = await post('/v1/receipts/replay', `{:receipt ${edn}}`)
    expect(replay).toMatchObject({ equal: true, differences: [] })
    expect(await post('/v1/receipts/replay', `{:receipt ${edn.replace('{:tx ', '{:no ')}}`)).toMatchObject({
      error: { code: 'varve.error/receipt-invalid' },
    })
    // The same in EDN, twice on top of a moment.
    const asked = `{:query [:find ?p . :where [_ :item/price ?p]] :database "shop with 0 with 1" :cursors {:shop ${t + 1}}
      :speculations [{:tx "[[:db/add [:item/id \\"tea\\"] :item/price 4]]"} {:tx [{:item/id "tea" :item/price 5}] :strict true}]}`
    expect(await post('/v1/query', asked)).toMatchObject({
      result: 5,
      basis: { shop: t + 1 },
      receipt: {
        database: `shop@${t + 1} as-of ${t + 1} with 0 with 1`,
        speculations: [expect.any(String), expect.any(String)],
      },
    })
  })

  it('is refused where what it speculates is not said, or too much, or wrong', async () => {
    await using varve = await connect(server.url)
    await varve.open(schema)
    const ask = (database: string, speculations?: unknown): Promise<unknown> =>
      post('/v1/query', { query: PRICES, database, speculations })
    const tx = [{ ':item/id': 'tea' }]
    const refused = (code: string): object => ({ error: { code } })
    expect(await ask('shop with 0')).toMatchObject(refused('varve.error/speculation-unknown'))
    expect(await ask('shop with 1', [{ tx }])).toMatchObject(refused('varve.error/speculation-unknown'))
    expect(await ask('shop with', [{ tx }])).toMatchObject(refused('varve.error/view-invalid'))
    expect(
      await ask(
        'shop',
        Array.from({ length: 17 }, () => ({ tx })),
      ),
    ).toMatchObject(refused('varve.error/too-many-speculations'))
    const many = Array.from({ length: 10 }, () => ({ '#tag': ['varve/db', `shop${' with 0'.repeat(16)}`] }))
    const body = { query: PRICES, args: many, speculations: [{ tx }] }
    expect(await post('/v1/query', body)).toMatchObject(refused('varve.error/too-many-speculations'))
    expect(await ask('shop with 0', [{ tx, at: 1 }])).toMatchObject(refused('varve.error/field-unknown'))
    expect(await ask('shop with 0', [{ tx, txInstant: 'soon' }])).toMatchObject(
      refused('varve.error/literal-invalid'),
    )
    expect(await ask('shop with 0', [{ tx, txInstant: 7 }])).toMatchObject(
      refused('varve.error/field-invalid'),
    )
    for (const wrong of [{ tx }, [tx], 7])
      expect(await ask('shop with 0', wrong)).toMatchObject(refused('varve.error/field-invalid'))
    expect(await ask('shop with 0', [{ tx: [{ ':item/price': 'many' }] }])).toMatchObject({
      error: { code: 'db.error/wrong-type-for-attribute', data: { place: { path: [0, ':item/price'] } } },
    })
  })

  it('is refused where its text names none', async () => {
    for (const database of ['shop@x', 'shop@1 upto 2', 'shop since', '@4', `shop${' history'.repeat(20)}`])
      expect(await post('/v1/query', { query: PRICES, database })).toMatchObject({
        error: { code: 'varve.error/view-invalid' },
      })
  })
})

describe('a saved query', () => {
  it('is run by its name, and its receipt can be asked again', async () => {
    await using varve = await connect(server.url)
    const shop = await varve.open(schema)
    const since = new Date('2014-11-15')
    await shop.transact([{ ':item/id': 'tea', ':item/price': 2, ':my-shop/opens-at': since }])
    await put('/v1/queries/price-of', {
      query:
        '[:find ?p ?at :in $ ?id :where [?i :item/id ?id] [?i :item/price ?p] [?i :my-shop/opens-at ?at]]',
      database: 'shop',
      parameters: [{ name: 'id', type: 'string' }],
    })
    const answer = await varve.run('price-of', { id: 'tea' }, { cursors: { shop: shop.db().basisT } })
    expect(answer).toMatchObject({
      columns: [
        { name: '?p', type: 'long' },
        { name: '?at', type: 'instant' },
      ],
      basis: { shop: shop.db().basisT },
      truncated: false,
    })
    expect([...(answer.result as Iterable<unknown>)]).toEqual([[2, since]])
    const { receipt } = answer
    expect(await post('/v1/receipts/replay', `{:receipt ${receipt!.edn}}`)).toMatchObject({ equal: true })
    await expect(varve.run('price-off')).rejects.toMatchObject({ kind: 'not-found' })
  })
})

describe('an entity', () => {
  it('is walked to its neighbours; what lies further away is told', async () => {
    await using varve = await connect(server.url)
    const shop = await varve.open(schema)
    await shop.transact([
      { ':db/id': 'a', ':item/id': 'a', ':item/next': 'b' },
      { ':db/id': 'b', ':item/id': 'b', ':item/next': 'c' },
      { ':db/id': 'c', ':item/id': 'c' },
    ])
    const a = (await shop.db().entity([':item/id', 'a']))!
    const b = a.get(':item/next')
    if (typeof b !== 'object') throw new Error('b is an entity')
    expect([b.get(':item/id'), b.touch()[':item/id'], b.attributes()]).toEqual([
      'b',
      'b',
      [':item/id', ':item/next'],
    ])
    const c = b.get(':item/next')
    if (typeof c !== 'object') throw new Error('c is an entity')
    for (const walk of [() => c.get(':item/id'), () => c.touch(), () => c.attributes()])
      expect(walk).toThrow(expect.objectContaining({ code: 'varve.error/entity-not-fetched' }))
    expect((await shop.db().entity(c.id))!.get(':item/id')).toBe('c')
  })
})

describe('the wire', () => {
  it('shows its token and its purpose, and errors arrive as they were thrown', async () => {
    const token = await server.token('query')
    await using stranger = await connect(server.url)
    await expect(stranger.databases()).rejects.toMatchObject({ kind: 'unauthorized' })
    const seen: string[] = []
    await using varve = await connect(server.url, {
      token,
      purpose: 'billing',
      fetch: (url, init) => {
        seen.push(new Headers(init?.headers).get('varve-purpose')!)
        return fetch(url, init)
      },
    })
    expect(await varve.databases()).toEqual([])
    expect(seen).toEqual(['billing'])
    // Whoever may only ask opens what is there.
    await expect(varve.open(schema)).rejects.toMatchObject({ code: 'varve.error/database-unknown' })
  })

  it('sends again what may be sent again, a few times, and nothing else', async () => {
    let failing = 2
    let count = 0
    const failingFetch: typeof fetch = (url, init) => {
      count++
      return failing-- > 0 ? Promise.reject(new TypeError('no network')) : fetch(url, init)
    }
    await using varve = connectRemote(server.url, { fetch: failingFetch })
    const shop = await varve.open(schema)
    expect(count).toBe(4)
    failing = 1
    await shop.transact([{ ':item/id': 'tea' }], { idempotencyKey: 'one' })
    failing = 1
    await expect(shop.transact([{ ':item/id': 'set' }])).rejects.toMatchObject({
      code: 'varve.error/server-unreachable',
    })
    failing = 3
    await expect(varve.databases()).rejects.toMatchObject({ code: 'varve.error/server-unreachable' })
  })

  it('goes on with a live log where a connection broke, with nothing lost and nothing twice', async () => {
    let breaking = 0
    await using varve = await connect(server.url, {
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        if (!addressOf(url).includes('/log') || breaking-- <= 0) return response
        // The service answered, and that never came.
        await response.text()
        throw new TypeError('terminated')
      },
    })
    const shop = await varve.open(schema)
    const first = shop.db().basisT + 1
    const seen: number[] = []
    const items = shop.log({ from: first, live: true })[Symbol.asyncIterator]()
    for (let round = 0; round < 6; round++) {
      breaking = round % 3
      const coming = items.next()
      // The last is written while nobody waits: it comes with the page of the one before.
      if (round < 5) await shop.transact([{ ':item/id': `item ${round}` }])
      if (round === 4) await shop.transact([{ ':item/id': 'between' }])
      seen.push((await coming).value!.t - first)
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5])
    await items.return?.()
  })

  it('asks anew where a live log stays silent for too long', async () => {
    const asked: string[] = []
    const answers = ['', '{:transactions [] :next-t 5}', '{:transactions []}']
    const env = webEnv((url, init) => {
      asked.push(new URL(addressOf(url)).search)
      const answer = answers.shift()!
      if (answer !== '') return Promise.resolve(new Response(answer))
      return new Promise((_, reject) =>
        init!.signal!.addEventListener('abort', () => reject(new Error('given up'))),
      )
    })
    const patience: number[] = []
    const timeout = (ms: number): AbortSignal => {
      patience.push(ms)
      return patience.length === 1 ? AbortSignal.timeout(1) : new AbortController().signal
    }
    const varve = new RemoteVarve(new Wire({ ...env, timeout }, 'http://somewhere'))
    const newest = { basisT: 4, schema: Schema.bootstrap }
    const shop = new RemoteDatabase(varve, { name: 'shop', alias: 'shop' }, newest)
    for await (const item of shop.log({ from: 4, live: true })) expect.unreachable(String(item.t))
    expect(asked).toEqual(['?from=4&waitMs=20000', '?from=4&waitMs=20000', '?from=5&waitMs=20000'])
    expect(patience).toEqual([30_000, 30_000, 30_000])
  })

  it('tells an answer that is none of ours', async () => {
    const answering = (text: string) => (): Promise<Response> =>
      Promise.resolve(new Response(text, { status: 502 }))
    for (const text of ['<html>Bad gateway</html>', '42', '{:a'])
      await expect(
        connectRemote(server.url, { fetch: answering(text) }).delete('shop'),
      ).rejects.toMatchObject({ code: 'varve.error/answer-unreadable', data: { status: 502 } })
  })

  it('stops when it is told to, and when it is closed', async () => {
    const varve = await connect(server.url)
    const shop = await varve.open(schema)
    const reason = new Error('enough')
    const stop = new AbortController()
    const reading = shop.log({ from: 99, live: true, signal: stop.signal })[Symbol.asyncIterator]().next()
    stop.abort(reason)
    await expect(reading).rejects.toBe(reason)
    const waiting = shop.sync(99)
    await varve.close()
    await expect(waiting).rejects.toMatchObject({ code: 'varve.error/connection-closed' })
  })

  it('goes to services alone', async () => {
    await expect(connect('file:./data')).rejects.toMatchObject({ code: 'varve.error/url-unsupported' })
  })
})

function put(path: string, body: unknown): Promise<unknown> {
  return post(path, body, 'PUT')
}

/** Text is EDN. */
async function post(path: string, body: unknown, method = 'POST'): Promise<unknown> {
  const isEdn = typeof body === 'string'
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: { 'content-type': isEdn ? 'application/edn' : 'application/json', accept: 'application/json' },
    body: isEdn ? body : JSON.stringify(body),
  })
  return response.json()
}

function addressOf(asked: Parameters<typeof fetch>[0]): string {
  return asked instanceof Request ? asked.url : asked.toString()
}
