// What each route takes and answers, in JSON and in EDN.

import { describe, expect, it } from 'vitest'
import {
  EDN,
  freshServiceForEachTest,
  json,
  PRICES,
  problem,
  SCHEMA,
  send,
  serveWith,
  shop,
} from '../testing/test-service.ts'

freshServiceForEachTest()

describe('databases', () => {
  it('are created, listed, described, and deleted once that is confirmed', async () => {
    const created = await send('PUT', '/v1/databases/shop', { body: { schema: SCHEMA, alias: 'sh' } })
    expect(created.status).toBe(201)
    expect(JSON.parse(created.text)).toMatchObject({ name: 'shop', alias: 'sh', basisT: 0, isWritable: true })
    const again = await send('PUT', '/v1/databases/shop', { body: { schema: SCHEMA } })
    expect(again.status).toBe(200)
    expect(await json('GET', '/v1/databases')).toMatchObject({ databases: [{ name: 'shop', alias: 'sh' }] })
    expect(await json('GET', '/v1/databases/sh')).toMatchObject({ name: 'shop' })
    const [status, error] = await problem('DELETE', '/v1/databases/shop')
    expect([status, error.code]).toEqual([400, 'varve.error/confirmation-missing'])
    const [other] = await problem('DELETE', '/v1/databases/shop?confirm=sh')
    expect(other).toBe(400)
    expect(await json('DELETE', '/v1/databases/shop?confirm=shop')).toEqual({ deleted: 'shop' })
    expect(await json('GET', '/v1/databases')).toEqual({ databases: [] })
  })

  it('take schema as forms, as EDN text, and as an EDN body, and give it back', async () => {
    await json('PUT', '/v1/databases/a', {
      schema: [
        { 'db/ident': ':a/n', 'db/valueType': ':db.type/long', 'db/cardinality': ':db.cardinality/one' },
      ],
    })
    await send('PUT', '/v1/databases/b', { body: `{:schema ${SCHEMA} :alias "bb"}`, headers: EDN })
    const { text } = await send('GET', '/v1/databases/b/schema', { headers: { accept: 'application/edn' } })
    expect(text).toContain(':db/ident :item/price')
    expect(await json('GET', '/v1/databases/a/schema')).toMatchObject({
      schema: [{ ':db/ident': { '#kw': 'a/n' }, ':db/valueType': { '#kw': 'db.type/long' } }],
      basisT: 0,
    })
  })

  it('refuse a change of the schema, saying what differs', async () => {
    await shop()
    const schema = SCHEMA.replace(':db.type/long', ':db.type/double')
    const [status, error] = await problem('PUT', '/v1/databases/shop', { body: { schema } })
    expect([status, error.code]).toEqual([409, 'varve.error/schema-conflict'])
    expect(error.message).toContain(':item/price')
  })

  it('have plain names of their own, shared with the aliases', async () => {
    await shop()
    const refused = async (name: string, body: object = {}): Promise<unknown> => {
      const [status, { code }] = await problem('PUT', `/v1/databases/${name}`, { body })
      return [status, code]
    }
    expect(await refused('sh')).toEqual([409, 'varve.error/database-exists'])
    expect(await refused('other', { alias: 'shop' })).toEqual([409, 'varve.error/database-exists'])
    for (const name of ['Shop', '9a', '..', 'a%2Fb', 'a'.repeat(64)])
      expect(await refused(name)).toEqual([400, 'varve.error/database-name-invalid'])
  })

  it('are not there if their schema cannot be, and keep their alias', async () => {
    const [status] = await problem('PUT', '/v1/databases/bad', {
      body: { schema: '[{:db/ident :a/b :db/valueType :db.type/strong}]' },
    })
    expect(status).toBe(400)
    expect(await json('GET', '/v1/databases')).toEqual({ databases: [] })
    await shop()
    expect(await problem('PUT', '/v1/databases/shop', { body: { alias: 'other' } })).toMatchObject([
      409,
      { code: 'varve.error/alias-differs' },
    ])
  })

  it('are not found, with the nearest name', async () => {
    await shop()
    const [status, error] = await problem('GET', '/v1/databases/shoop')
    expect([status, error.code, error.fix]).toEqual([
      404,
      'varve.error/database-unknown',
      'Did you mean shop?',
    ])
  })
})

describe('transact', () => {
  it('answers t, instant, tempids, the number of datoms and warnings', async () => {
    await shop()
    const answer = await json('POST', '/v1/databases/sh/transact', {
      tx: [{ 'db/id': 'new', 'item/id': 'cup', 'item/price': 200 }],
      meta: { 'db/doc': 'first cups' },
    })
    expect(answer).toEqual({
      t: 2,
      txInstant: { '#inst': expect.stringMatching(/^\d{4}-/) },
      tempids: { new: expect.any(Number) },
      datomCount: 4,
      warnings: [],
    })
  })

  it('names the tempids of the transaction alone, whatever goes along with it', async () => {
    await shop()
    const along = { meta: { 'db/doc': 'why' }, idempotencyKey: 'k' }
    const plain = { tx: [{ 'item/id': 'cup' }], ...along }
    expect(await json('POST', '/v1/databases/shop/transact', plain)).toHaveProperty('tempids', {})
    const own = { tx: [{ 'db/id': 'datomic.tx', 'db/doc': 'why else' }], idempotencyKey: 'k-2' }
    expect(await json('POST', '/v1/databases/shop/transact', own)).toMatchObject({
      tempids: { 'datomic.tx': expect.any(Number) },
    })
    const query = '[:find [?doc ...] :where [?tx :db/txInstant] [?tx :db/doc ?doc]]'
    expect(await json('POST', '/v1/query', { database: 'shop', query })).toMatchObject({
      result: ['why', 'why else'],
    })
  })

  it('speaks EDN with kebab-case keywords', async () => {
    await shop()
    const { status, text } = await send('POST', '/v1/databases/shop/transact', {
      body: '{:tx [{:db/id "x" :item/id "cup"}] :idempotency-key "k-1"}',
      headers: EDN,
    })
    expect(status).toBe(200)
    expect(text).toMatch(
      /^\{:t 2, :tx-instant #inst "[^"]+", :tempids \{"x" \d+\}, :datom-count \d+, :warnings \[\]\}$/,
    )
  })

  it('gives the first answer again under the same idempotency key, and refuses other content', async () => {
    await shop()
    const body = { tx: [{ 'db/id': 'x', 'item/id': 'cup' }], idempotencyKey: 'msg-991' }
    const first = await json('POST', '/v1/databases/shop/transact', body)
    expect(await json('POST', '/v1/databases/shop/transact', body)).toEqual(first)
    const [status, error] = await problem('POST', '/v1/databases/shop/transact', {
      body: { ...body, tx: [{ 'item/id': 'jug' }] },
    })
    expect([status, error.code]).toEqual([409, 'varve.error/idempotency-conflict'])
  })

  it('takes text for a uuid from JSON data, and only a uuid from EDN text', async () => {
    await shop()
    const key = '9a2f1c0e-7d3b-4f5a-8c1d-2e3f4a5b6c7d'
    await json('POST', '/v1/databases/shop/transact', { tx: [{ 'item/id': 'tea', 'item/key': key }] })
    const [status, error] = await problem('POST', '/v1/databases/shop/transact', {
      body: { tx: `[{:item/id "tea" :item/key "${key}"}]` },
    })
    expect([status, error.code]).toEqual([400, 'db.error/wrong-type-for-attribute'])
  })

  it('says where in the text a value was wrong', async () => {
    await shop()
    const inEdn = await problem('POST', '/v1/databases/shop/transact', {
      body: { tx: '[{:item/id "tea"}\n {:item/id "pot"\n  :item/price "dear"}]' },
    })
    expect(inEdn[1].data.place).toMatchObject({ source: 'tx', line: 3, column: 15, path: [1, ':item/price'] })
    const inJson = await problem('POST', '/v1/databases/shop/transact', {
      body: '{"tx": [\n  {"item/id": "tea", "item/prize": 3}]}',
    })
    expect(inJson[1].code).toBe('db.error/not-an-entity')
    expect(inJson[1].data.place).toMatchObject({ source: 'body', line: 2 })
  })

  it('writes nothing of a body with a bracket too many', async () => {
    await shop()
    const [status, error] = await problem('POST', '/v1/databases/shop/transact', {
      body: '{:tx [{:item/id "tea" :item/price 1}]]}',
      headers: { ...EDN, accept: 'application/json' },
    })
    expect([status, error.kind]).toEqual([400, 'incorrect'])
    expect(await json('GET', '/v1/databases/shop')).toMatchObject({ basisT: 1 })
  })
})

describe('query', () => {
  it('answers result, columns, basis and warnings', async () => {
    await shop()
    expect(await json('POST', '/v1/query', { query: PRICES })).toMatchObject({
      result: [
        ['pot', 900],
        ['tea', 450],
      ],
      columns: [
        { name: '?id', type: 'string' },
        { name: '?price', type: 'long' },
      ],
      basis: { shop: 1 },
      warnings: [],
    })
  })

  it('takes the body of a request alone, in EDN, and answers in EDN', async () => {
    await shop()
    const body = `{:args ["tea"]
      :query {:find [?price]] :in [?id] ; a bracket too many
              :where [[$shop ?i :item/id ?id] [$shop ?i :item/price ?price]]}}`
    const { status, text } = await send('POST', '/v1/query', { body, headers: EDN })
    expect(status).toBe(200)
    expect(text).toContain(
      '{:result [[450]], :columns [{:name "?price", :type "long"}], :basis {:shop 1}, :warnings [{',
    )
    expect(text).toContain(':code :varve.warning/bracket-recovered')
    expect(text).toContain(':place {:source "body", :line 2, :column 29')
  })

  it('explains what it did, or what it would do', async () => {
    await shop()
    const asked = await json('POST', '/v1/query', { query: PRICES, explain: true })
    const parts = [expect.objectContaining({ kind: 'pattern', rowCount: 2 })]
    expect(asked).toMatchObject({
      explain: {
        engine: 'native',
        mode: 'run',
        rowCount: 2,
        parts: expect.arrayContaining(parts) as unknown,
      },
      basis: { shop: 1 },
    })
    expect(asked).not.toHaveProperty('result')
    expect(asked).toHaveProperty('explain.text', expect.stringContaining('engine: native, 2 rows'))
    const planned = await json('POST', '/v1/query', { query: PRICES, explain: 'plan' })
    expect(planned).toHaveProperty('explain.mode', 'plan')
    expect(planned).not.toHaveProperty('explain.rowCount')
    const [status, error] = await problem('POST', '/v1/query', { body: { query: PRICES, explain: 'fully' } })
    expect([status, error.message]).toEqual([400, expect.stringContaining('explain')])
  })

  it('takes the name of an engine, and refuses one that is none', async () => {
    await shop()
    const body = { query: PRICES, database: 'shop', engine: 'duckdb' }
    const { result } = (await json('POST', '/v1/query', body)) as { result: unknown }
    const native = (await json('POST', '/v1/query', { ...body, engine: 'native' })) as { result: unknown }
    expect(result).toEqual(native.result)
    const [status, error] = await problem('POST', '/v1/query', { body: { ...body, engine: 'ducks' } })
    expect([status, error.code]).toEqual([400, 'varve.error/engine-unknown'])
  })

  it('takes a request as text within JSON', async () => {
    await shop()
    const query =
      '{:args ["tea"] :limit 1 :query [:find ?p . :in ?id :where [$sh ?i :item/id ?id] [$sh ?i :item/price ?p]]}'
    expect(await json('POST', '/v1/query', { query })).toMatchObject({ result: 450 })
  })

  it('takes a query as JSON data', async () => {
    await shop()
    const query = {
      find: ['?id'],
      in: ['$', '?least'],
      where: [['?i', ':item/id', '?id'], ['?i', ':item/price', '?p'], [['>', '?p', '?least']]],
    }
    expect(await json('POST', '/v1/query', { query, args: [500], database: 'sh' })).toMatchObject({
      result: [['pot']],
    })
  })

  it('takes a bare argument as the type of the attribute that it meets', async () => {
    await shop()
    const { txInstant } = (await json('POST', '/v1/databases/shop/transact', {
      tx: [{ 'item/id': 'tea', 'item/price': 480 }],
    })) as { txInstant: { '#inst': string } }
    const query = '[:find ?p . :in ?at :where [$sh ?tx :db/txInstant ?at] [$sh _ :item/price ?p ?tx]]'
    const args = [txInstant['#inst']]
    expect(await json('POST', '/v1/query', { query, args })).toMatchObject({ result: 480 })
  })

  it('answers as of an instant or a t, and at the cursors of an earlier answer', async () => {
    await shop()
    const before = (await json('POST', '/v1/query', { query: PRICES })) as { basis: object; result: unknown }
    const { txInstant } = (await json('POST', '/v1/databases/shop/transact', {
      tx: [{ 'item/id': 'tea', 'item/price': 480 }],
    })) as { txInstant: { '#inst': string } }
    const ask = async (more: object): Promise<unknown> =>
      ((await json('POST', '/v1/query', { query: PRICES, ...more })) as { result: unknown }).result
    expect(await ask({ cursors: before.basis })).toEqual(before.result)
    expect(await ask({ asOf: 1 })).toEqual(before.result)
    expect(await ask({ asOf: txInstant['#inst'] })).toContainEqual(['tea', 480])
    expect(await ask({ asOf: '2001-01-01T00:00:00Z' })).toEqual([])
    expect(await ask({})).toContainEqual(['tea', 480])
    expect(await json('POST', '/v1/query', { query: PRICES, asOf: 1 })).toMatchObject({ basis: { shop: 1 } })
  })

  it('cuts at a limit in the total order and says so; its own bound is an error', async () => {
    await shop()
    expect(await json('POST', '/v1/query', { query: PRICES, limit: 1 })).toMatchObject({
      result: [['pot', 900]],
      truncated: true,
    })
    expect(await json('POST', '/v1/query', { query: PRICES, limit: 2 })).not.toHaveProperty('truncated')
    serveWith({ rowCountMax: 1 })
    const [status, error] = await problem('POST', '/v1/query', { body: { query: PRICES } })
    expect([status, error.code]).toEqual([400, 'varve.error/too-many-rows'])
    serveWith({ answerBytesMax: 10 })
    const [, tooLarge] = await problem('POST', '/v1/query', { body: { query: PRICES } })
    expect(tooLarge.code).toBe('varve.error/answer-too-large')
  })

  it('holds as much memory as a query says, up to its own bound', async () => {
    await shop()
    const failureOf = async (fields: Readonly<Record<string, unknown>>): Promise<unknown> => {
      const [, error] = await problem('POST', '/v1/query', {
        body: { query: PRICES, engine: 'native', ...fields },
      })
      return error
    }
    const code = 'varve.error/query-out-of-memory'
    expect(await failureOf({ memoryBytes: 10 })).toMatchObject({ code, data: { memoryBytesMax: 10 } })
    expect(await failureOf({ memoryBytes: -1 })).toMatchObject({ code: 'varve.error/field-invalid' })
    serveWith({ memoryBytesMax: 20 })
    expect(await failureOf({ memoryBytes: 1e9 })).toMatchObject({ code, data: { memoryBytesMax: 20 } })
  })

  it('refuses a t for two databases, and cursors for none', async () => {
    await shop()
    await json('PUT', '/v1/databases/other', { schema: SCHEMA })
    const query = '[:find ?id :where [$sh ?i :item/id ?id] [$other ?o :item/id ?id]]'
    const [status, error] = await problem('POST', '/v1/query', { body: { query, asOf: 0 } })
    expect([status, error.code]).toEqual([400, 'varve.error/moment-ambiguous'])
    const [missing] = await problem('POST', '/v1/query', { body: { query, cursors: { shoop: 1 } } })
    expect(missing).toBe(404)
  })

  it('waits for the t of a cursor, within the time of the query', async () => {
    await shop()
    const asked = json('POST', '/v1/query', { query: PRICES, cursors: { sh: 2 } })
    await json('POST', '/v1/databases/shop/transact', { tx: [{ 'item/id': 'tea', 'item/price': 480 }] })
    expect(await asked).toMatchObject({
      basis: { shop: 2 },
      result: [
        ['pot', 900],
        ['tea', 480],
      ],
    })
    const [status, error] = await problem('POST', '/v1/query', {
      body: { query: PRICES, cursors: { sh: 99 }, timeoutMs: 20 },
    })
    expect([status, error.code]).toEqual([503, 'varve.error/database-behind'])
  })

  it('says what is wrong and where, whatever the notation', async () => {
    await shop()
    const edn = '{:query {:find [?id]\n :where [[$sh ?i :item/id ?id]\n [$sh ?i :item/pricee ?p]]}}'
    const { status, text } = await send('POST', '/v1/query', { body: edn, headers: EDN })
    expect(status).toBe(400)
    expect(text).toContain('{:error {:code :db.error/not-an-entity')
    expect(text).toContain(':line 3')
    const [, inJson] = await problem('POST', '/v1/query', {
      body: '{"query": {"find": ["?x"],\n "where": [["$sh", "?i", ":item/id"]]}}',
    })
    expect(inJson.code).toBe('db.error/unbound-query-variables')
    const [, inText] = await problem('POST', '/v1/query', { body: { query: '[:find ?x :where [$sh ?x' } })
    expect(inText.data.place).toMatchObject({ source: 'query', line: 1 })
    const [, count] = await problem('POST', '/v1/query', { body: { query: PRICES, args: [1] } })
    expect(count.code).toBe('varve.error/argument-count')
    const [, source] = await problem('POST', '/v1/query', {
      body: { query: '[:find ?x :where [?x :item/id]]' },
    })
    expect(source.code).toBe('varve.error/source-missing')
  })

  it('gives up after timeoutMs', async () => {
    await shop()
    const query = `[:find (count ?x) . :with ?y ?z :where [(range 3000) [?x ...]] [(range 3000) [?y ...]] [(range 3000) [?z ...]] [(+ ?x ?y ?z) ?s] [(< ?s 0)]]`
    const [status, error] = await problem('POST', '/v1/query', {
      body: {
        query: query.replaceAll(
          '(range 3000)',
          `(ground [${Array.from({ length: 400 }, (_, i) => i).join(' ')}])`,
        ),
        timeoutMs: 20,
        database: 'sh',
      },
    })
    expect([status, error.code]).toEqual([504, 'varve.error/query-timeout'])
  })
})

describe('a long answer', () => {
  const numbers = Array.from({ length: 500 }, (_, i) => i).join(' ')
  const query = `[:find ?x ?y :where [$sh _ :item/id "tea"] [(ground [${numbers}]) [?x ...]] [(ground [${numbers}]) [?y ...]]]`

  it('goes out in pieces that together are what was announced', async () => {
    await shop()
    const { status, headers, text } = await send('POST', '/v1/query', { body: { query } })
    expect([status, headers['content-length']]).toEqual([200, String(Buffer.byteLength(text))])
    const { result } = JSON.parse(text) as { result: unknown[] }
    expect(result).toHaveLength(250_000)
    expect(result.slice(499, 502)).toEqual([
      [0, 499],
      [1, 0],
      [1, 1],
    ])
  })

  it('is refused while too much waits for slow clients', async () => {
    await shop()
    serveWith({ waitingBytesMax: 1_000_000 })
    const [status, error] = await problem('POST', '/v1/query', { body: { query } })
    expect([status, error.code]).toEqual([429, 'varve.error/answers-waiting'])
  })
})

describe('pull and log', () => {
  it('pull gives what the pattern describes, now and then', async () => {
    await shop()
    await json('POST', '/v1/databases/shop/transact', { tx: [{ 'item/id': 'tea', 'item/price': 480 }] })
    const body = { database: 'sh', pattern: [':item/price'], eid: [':item/id', 'tea'] }
    expect(await json('POST', '/v1/pull', body)).toMatchObject({
      result: { ':item/price': 480 },
      basis: { shop: 2 },
      warnings: [],
    })
    expect(await json('POST', '/v1/pull', { ...body, pattern: '[:item/price]', asOf: 1 })).toMatchObject({
      result: { ':item/price': 450 },
      basis: { shop: 1 },
    })
    const nobody = { ...body, eid: [':item/id', 'nobody'] }
    expect(await json('POST', '/v1/pull', nobody)).toMatchObject({ result: null })
    const [, error] = await problem('POST', '/v1/pull', { body: { pattern: '[*]', eid: 1 } })
    expect([error.code, error.message]).toEqual([
      'varve.error/field-invalid',
      'The field database is missing or not the name of a database',
    ])
  })

  it('pull points at what is wrong in its pattern, and obeys its time', async () => {
    await shop()
    const wrong = { database: 'shop', pattern: ['*', ':item/prise'], eid: [':item/id', 'tea'] }
    const [status, error] = await problem('POST', '/v1/pull', { body: wrong })
    expect([status, error.code, error.fix]).toEqual([
      400,
      'db.error/not-an-entity',
      'Did you mean :item/price?',
    ])
    expect(error.data).toMatchObject({ place: { line: 1, path: [1] } })
    const ref = '{:db/ident :item/near :db/valueType :db.type/ref :db/cardinality :db.cardinality/many}'
    await json('POST', '/v1/databases/shop/transact', { tx: `[${ref}]` })
    // Everybody is near everybody: more paths than anybody can walk.
    const names = Array.from({ length: 16 }, (_, i) => `n${i}`)
    const tx = names.map((id) => ({ 'db/id': id, 'item/id': id, 'item/near': names }))
    await json('POST', '/v1/databases/shop/transact', { tx })
    const endless = { database: 'shop', pattern: '[{:item/near ...}]', eid: [':item/id', 'n0'] }
    const [late, timeout] = await problem('POST', '/v1/pull', { body: { ...endless, timeoutMs: 50 } })
    expect([late, timeout.code]).toEqual([504, 'varve.error/query-timeout'])
  })

  it('log gives transactions from, included, to, excluded, in pages', async () => {
    await shop()
    await json('POST', '/v1/databases/shop/transact', { tx: [{ 'item/id': 'tea', 'item/price': 480 }] })
    const page = await json('GET', '/v1/databases/sh/log?from=1&to=3')
    expect(page).toMatchObject({ transactions: [{ t: 1 }, { t: 2 }] })
    expect(page).not.toHaveProperty('nextT')
    const { transactions } = page as { transactions: { datoms: unknown[][] }[] }
    expect(transactions[1]!.datoms).toContainEqual([expect.any(Number), { '#kw': 'item/price' }, 450, false])
    expect(await json('GET', '/v1/databases/sh/log?from=1&limit=1')).toMatchObject({
      transactions: [{ t: 1 }],
      nextT: 2,
    })
    expect(await json('GET', '/v1/databases/sh/log?from=2035-01-01')).toEqual({ transactions: [] })
    const edn = await send('GET', '/v1/databases/sh/log?from=2', { headers: { accept: 'application/edn' } })
    expect(edn.text).toMatch(/^\{:transactions \[\{:t 2, :tx \d+, :tx-instant #inst/)
    const [, bad] = await problem('GET', '/v1/databases/sh/log?from=yesterday')
    expect(bad.code).toBe('varve.error/parameter-invalid')
    const [, unknown] = await problem('GET', '/v1/databases/sh/log?form=1')
    expect([unknown.code, unknown.fix]).toEqual(['varve.error/parameter-unknown', 'Did you mean from?'])
  })
})
