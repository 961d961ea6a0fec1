// HTTP without a network: what each route takes and answers in JSON and in EDN, and what it refuses.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { HttpHandler } from '../base/env.ts'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import { createEngine } from '../engine/create.ts'
import { InThreadRunner } from '../query/run-here.ts'
import type { QueryRunner } from '../query/ask.ts'
import { createHandler } from './handler.ts'
import { Metrics } from './metrics.ts'
import { SERVICE_LIMITS, type ServiceLimits } from './route.ts'
import { ROUTES } from './routes.ts'

const SCHEMA = `[
  {:db/ident :item/id :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :item/price :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :item/key :db/valueType :db.type/uuid :db/cardinality :db.cardinality/one}]`

const env = nodeEnv()
let catalog: Catalog
let handle: HttpHandler
let faults: unknown[]

beforeEach(() => {
  catalog = Catalog.openMemory(env)
  faults = []
  handle = handlerOf({})
})
afterEach(async () => {
  await catalog[Symbol.asyncDispose]()
  if (faults.length > 0) throw new AggregateError(faults, 'The service met faults of its own')
})

function handlerOf(
  limits: Partial<ServiceLimits>,
  runner: QueryRunner = new InThreadRunner(createEngine(env), env.clock),
): HttpHandler {
  return createHandler({
    catalog,
    runner,
    limits: { ...SERVICE_LIMITS, ...limits },
    metrics: new Metrics(),
    isLoopback: true,
    onFault: (error) => faults.push(error),
  })
}

type Sent = {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}
type Got = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

async function send(method: string, target: string, { body, headers, signal }: Sent = {}): Promise<Got> {
  const bytes = new TextEncoder().encode(
    body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
  )
  const response = await handle({
    method,
    target,
    headers: new Map(
      Object.entries({
        host: '127.0.0.1:8470',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      }),
    ),
    remoteAddress: '127.0.0.1',
    readBody: () => Promise.resolve(bytes),
    signal: signal ?? new AbortController().signal,
  })
  const answered = response.body ?? ''
  return {
    status: response.status,
    headers: response.headers ?? {},
    text: typeof answered === 'string' ? answered : new TextDecoder().decode(answered as Uint8Array),
  }
}

const EDN = { 'content-type': 'application/edn' }

async function json(method: string, target: string, body?: unknown): Promise<unknown> {
  const { status, text } = await send(method, target, body === undefined ? {} : { body })
  if (status >= 300) throw new Error(`${status} ${text}`)
  return JSON.parse(text)
}

type Problem = {
  readonly code: string
  readonly kind: string
  readonly message: string
  readonly fix: string
  readonly data: { readonly place?: unknown; readonly [key: string]: unknown }
}

async function problem(method: string, target: string, sent: Sent = {}): Promise<[number, Problem]> {
  const { status, text } = await send(method, target, sent)
  return [status, (JSON.parse(text) as { error: Problem }).error]
}

async function shop(): Promise<void> {
  await json('PUT', '/v1/databases/shop', { schema: SCHEMA, alias: 'sh' })
  await json('POST', '/v1/databases/shop/transact', {
    tx: [
      { 'item/id': 'tea', 'item/price': 450 },
      { 'item/id': 'pot', 'item/price': 900 },
    ],
  })
}

const PRICES = '[:find ?id ?price :where [$sh ?i :item/id ?id] [$sh ?i :item/price ?price]]'

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
      tempids: { new: expect.any(Number), 'datomic.tx': expect.any(Number) },
      datomCount: 4,
      warnings: [],
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
      /^\{:t 2, :tx-instant #inst "[^"]+", :tempids \{"x" \d+[^}]*\}, :datom-count \d+, :warnings \[\]\}$/,
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
    expect(await json('POST', '/v1/query', { query: PRICES })).toEqual({
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
    handle = handlerOf({ rowCountMax: 1 })
    const [status, error] = await problem('POST', '/v1/query', { body: { query: PRICES } })
    expect([status, error.code]).toEqual([400, 'varve.error/too-many-rows'])
    handle = handlerOf({ answerBytesMax: 10 })
    const [, tooLarge] = await problem('POST', '/v1/query', { body: { query: PRICES } })
    expect(tooLarge.code).toBe('varve.error/answer-too-large')
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
    expect([status, error.code]).toEqual([404, 'varve.error/moment-unknown'])
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

describe('pull and log', () => {
  it('pull gives what the pattern describes, now and then', async () => {
    await shop()
    await json('POST', '/v1/databases/shop/transact', { tx: [{ 'item/id': 'tea', 'item/price': 480 }] })
    const body = { database: 'sh', pattern: [':item/price'], eid: [':item/id', 'tea'] }
    expect(await json('POST', '/v1/pull', body)).toEqual({
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

describe('the protocol', () => {
  it('answers in the notation that Accept asks for, else in that of the request', async () => {
    const typeOf = async (headers: Readonly<Record<string, string>>): Promise<string> =>
      (await send('GET', '/v1/databases', { headers })).headers['content-type']!
    expect(await typeOf({})).toBe('application/json; charset=utf-8')
    expect(await typeOf(EDN)).toBe('application/edn; charset=utf-8')
    expect(await typeOf({ ...EDN, accept: '*/*' })).toBe('application/edn; charset=utf-8')
    expect(await typeOf({ ...EDN, accept: 'application/json' })).toBe('application/json; charset=utf-8')
    expect(await typeOf({ accept: 'application/json;q=0.1, application/edn' })).toContain('edn')
    const [status, error] = await problem('GET', '/v1/databases', { headers: { accept: 'text/html' } })
    expect([status, error.code]).toEqual([406, 'varve.error/not-acceptable'])
  })

  it('knows its routes and their methods', async () => {
    expect(await problem('GET', '/v2/query')).toMatchObject([404, { code: 'varve.error/route-unknown' }])
    const wrong = await send('GET', '/v1/query')
    expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'POST, OPTIONS'])
    expect(JSON.parse(wrong.text)).toMatchObject({ error: { code: 'varve.error/method-not-allowed' } })
    const options = await send('OPTIONS', '/v1/databases/x')
    expect([options.status, options.headers['allow']]).toEqual([204, 'PUT, GET, DELETE, HEAD, OPTIONS'])
    expect((await send('HEAD', '/healthz')).status).toBe(200)
  })

  it('refuses bodies that are not JSON or EDN, not UTF-8, no map, or of unknown fields', async () => {
    const codeOf = async (body: string, headers: Readonly<Record<string, string>>): Promise<unknown> => {
      const [status, { code }] = await problem('POST', '/v1/query', { body, headers })
      return [status, code]
    }
    const JSON_BODY = { 'content-type': 'application/json' }
    expect(await codeOf('a=b', { 'content-type': 'application/x-www-form-urlencoded' })).toEqual([
      415,
      'varve.error/content-type-unsupported',
    ])
    expect(await codeOf('[1]', JSON_BODY)).toEqual([400, 'varve.error/body-invalid'])
    expect(await codeOf('[:find ?x]', { ...EDN, accept: 'application/json' })).toEqual([
      400,
      'varve.error/body-invalid',
    ])
    expect(await codeOf('{"a" 1}', { ...EDN, accept: 'application/json' })).toEqual([
      400,
      'varve.error/body-invalid',
    ])
    expect(await codeOf('{"query": ', JSON_BODY)).toEqual([400, 'varve.error/json-syntax'])
    expect(await codeOf('{"qeury": 1}', JSON_BODY)).toEqual([400, 'varve.error/field-unknown'])
    expect(await codeOf('{"limit": 0, "query": "[:find ?x :where [_ _ ?x]]"}', JSON_BODY)).toEqual([
      400,
      'varve.error/field-invalid',
    ])
    expect(await codeOf(`{"query": ${'['.repeat(200)}${']'.repeat(200)}}`, JSON_BODY)).toEqual([
      400,
      'varve.error/notation-limit',
    ])
    expect(
      await codeOf(`{:query ${'['.repeat(200)}${']'.repeat(200)}}`, {
        ...EDN,
        accept: '*/*;q=0, application/json',
      }),
    ).toEqual([400, 'varve.error/notation-limit'])
  })

  it('answers on loopback only a loopback Host and no foreign Origin', async () => {
    const refused = async (headers: Readonly<Record<string, string>>): Promise<unknown> => {
      const [status, { code }] = await problem('GET', '/healthz', { headers })
      return [status, code]
    }
    expect(await refused({ host: 'evil.example' })).toEqual([403, 'varve.error/host-refused'])
    expect(await refused({ host: '127.0.0.1.evil.example:8470' })).toEqual([403, 'varve.error/host-refused'])
    expect(await refused({ origin: 'https://evil.example' })).toEqual([403, 'varve.error/origin-refused'])
    expect(await refused({ origin: 'null' })).toEqual([403, 'varve.error/origin-refused'])
    for (const host of ['localhost', 'LOCALHOST:1', '[::1]:8470', '127.0.0.1'])
      expect((await send('GET', '/healthz', { headers: { host } })).status).toBe(200)
    const own = await send('GET', '/healthz', { headers: { origin: 'http://127.0.0.1:8470' } })
    expect(own.status).toBe(200)
  })

  it('shows nothing of a fault of its own, and tells the log', async () => {
    await shop()
    const broken: QueryRunner = {
      warm: () => undefined,
      run: () => Promise.reject(new TypeError('secret detail')),
      write: () => Promise.reject(new TypeError('secret detail')),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
    handle = handlerOf({}, broken)
    const [status, error] = await problem('POST', '/v1/query', { body: { query: PRICES } })
    expect([status, error.code]).toEqual([500, 'varve.error/fault'])
    expect(JSON.stringify(error)).not.toContain('secret')
    expect(faults.splice(0)).toEqual([new TypeError('secret detail')])
  })

  it('says nothing to the log when the client went away', async () => {
    await shop()
    const gone = AbortSignal.abort(new Error('The client went away'))
    await send('POST', '/v1/query', { body: { query: PRICES }, signal: gone })
    const { text } = await send('GET', '/metrics')
    expect(text).toContain('route="/v1/query",status="499"')
  })
})

describe('health and description', () => {
  it('lives, is ready, and gives its figures', async () => {
    await shop()
    expect(await json('GET', '/healthz')).toEqual({ status: 'ok' })
    expect(await json('GET', '/readyz')).toEqual({ status: 'ready', databaseCount: 1 })
    await send('GET', '/nowhere/at/all')
    const { headers, text } = await send('GET', '/metrics', { headers: { accept: 'text/plain' } })
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text).toContain('varve_database_basis_t{database="shop"} 1\n')
    expect(text).toContain('varve_http_request_duration_seconds_count{route="/healthz",status="200"} 1\n')
    expect(text).toContain('route="none",status="404"')
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{[^}]+\})? -?[\d.e+-]+)$/)
  })

  it('describes every route, its fields and parameters', async () => {
    const description = (await json('GET', '/openapi.json')) as {
      readonly openapi: string
      readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
    }
    expect(description.openapi).toBe('3.1.0')
    const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )
    expect(operations).toHaveLength(ROUTES.length)
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(ROUTES.length)
    for (const { path, operation } of operations) {
      const inPath = operation.parameters.filter((parameter) => parameter.in === 'path')
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
    }
    const query = description.paths['/v1/query']!['post']!.requestBody!.content['application/json']!.schema
    expect(Object.keys(query.properties)).toEqual([
      'query',
      'args',
      'database',
      'asOf',
      'cursors',
      'timeoutMs',
      'limit',
    ])
    expect(query.required).toEqual(['query'])
  })
})

type Operation = {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: {
    readonly content: Readonly<
      Record<
        string,
        { readonly schema: { readonly properties: object; readonly required?: readonly string[] } }
      >
    >
  }
}
