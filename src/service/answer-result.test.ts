// Answers in every format, compressed and not, with their receipts; pinned results by their names; receipts asked
// again.

import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { VarveError } from '../base/errors.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { EdnMap, keyword } from '../fact/value.ts'
import { createEngine } from '../engine/create.ts'
import type { QueryRunner } from '../query/ask.ts'
import { InThreadRunner } from '../query/run-here.ts'
import {
  EDN,
  freshServiceForEachTest,
  json,
  PRICES,
  problem,
  send,
  serveWith,
  shop,
} from '../testing/test-service.ts'
import { OPEN_ACCESS } from './access-control.ts'
import { type AnswerEnd, type Answering, createAnswering, type Meaning } from './answering.ts'

freshServiceForEachTest()

const env = nodeEnv()

type Receipt = { readonly [name: string]: unknown }

const accept = (type: string): { readonly headers: Readonly<Record<string, string>> } => ({
  headers: { accept: type },
})

function ask(body: object, headers: Readonly<Record<string, string>> = {}): ReturnType<typeof send> {
  return send('POST', '/v1/query', { body, headers })
}

async function receiptOf(body: object): Promise<Receipt> {
  return (JSON.parse((await ask(body)).text) as { readonly receipt: Receipt }).receipt
}

/** Counts how often anything is run. */
function countingRunner(): QueryRunner & { count: number } {
  const runner = new InThreadRunner(createEngine(env), env.clock)
  const counting = {
    count: 0,
    warm: () => undefined,
    run: runner.run.bind(runner),
    explain: runner.explain.bind(runner),
    write: (...question: Parameters<QueryRunner['write']>) => {
      counting.count++
      return runner.write(...question)
    },
    [Symbol.asyncDispose]: () => runner[Symbol.asyncDispose](),
  }
  return counting
}

async function manyItems(count: number): Promise<void> {
  await shop()
  const tx = Array.from({ length: count }, (_, i) => ({ 'item/id': `item number ${i}`, 'item/price': i }))
  await json('POST', '/v1/databases/shop/transact', { tx })
}

describe('an answer', () => {
  it('is NDJSON: what the rows are, the rows, what became of them', async () => {
    await shop()
    const { headers, text } = await ask({ query: PRICES, limit: 1 }, { accept: 'application/x-ndjson' })
    expect(headers['content-type']).toBe('application/x-ndjson; charset=utf-8')
    const lines = text.split('\n')
    expect(lines.pop()).toBe('')
    const [first, row, last] = lines.map((line) => JSON.parse(line) as object)
    expect(lines).toHaveLength(3)
    expect(first).toEqual({
      columns: [
        { name: '?id', type: 'string' },
        { name: '?price', type: 'long' },
      ],
      basis: { shop: 1 },
      warnings: [],
    })
    expect(row).toEqual(['pot', 900])
    expect(last).toMatchObject({ truncated: true, rowCount: 1, receipt: { truncated: true, limit: 1 } })
  })

  it('is CSV or Arrow, with the receipt behind it', async () => {
    await shop()
    const inJson = await receiptOf({ query: PRICES })
    for (const type of ['text/csv', 'application/vnd.apache.arrow.stream']) {
      const { headers, text, trailers } = await ask({ query: PRICES }, { accept: type })
      expect(headers['content-type']).toContain(type)
      expect(headers['trailer']).toBe('varve-receipt')
      const receipt = JSON.parse(trailers['varve-receipt']!) as Receipt
      const { id, at, ...rest } = receipt
      expect(inJson).toMatchObject(rest)
      expect(at).toBeDefined()
      expect(headers['varve-receipt-id']).toBe(id)
      expect(headers['link']).toBe(`</v1/receipts/${String(id)}>; rel="describedby"`)
      if (type === 'text/csv') expect(text).toBe('?id,?price\r\npot,900\r\ntea,450\r\n')
      else expect(text.startsWith('\ufffd'.repeat(4))).toBe(true)
    }
  })

  it('has warnings in a header where the format has no place for them', async () => {
    await shop()
    const { headers } = await ask({ query: `${PRICES}]` }, { accept: 'text/csv' })
    expect(JSON.parse(headers['varve-warnings']!)).toMatchObject([
      { code: expect.stringContaining('varve.') as string },
    ])
  })

  it('leaves query and arguments out of a trailer that would be too long', async () => {
    await shop()
    const body = { query: '[:find ?x :in ?x]', args: ['\u{1f600}'.repeat(3_000)] }
    const { trailers } = await ask(body, { accept: 'text/csv' })
    const receipt = JSON.parse(trailers['varve-receipt']!) as Receipt
    expect(receipt).not.toHaveProperty('args')
    expect(receipt).toMatchObject({ rowCount: 1, queryHash: (await receiptOf(body))['queryHash'] })
  })

  it('carries its receipt last in EDN, in kebab case', async () => {
    await shop()
    const body = `{:query ${PRICES}, :as-of #inst "2100-01-01"}`
    const { text } = await send('POST', '/v1/query', { body, headers: EDN })
    const answer = readEdn(text).value as EdnMap
    const [name, receipt] = answer.entries.at(-1)!
    expect(name).toBe(keyword('receipt'))
    const of = (key: string): unknown => (receipt as EdnMap).get(keyword(key))
    expect(of('query-hash')).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(of('as-of')).toEqual(new Date('2100-01-01'))
    expect(of('basis')).toEqual(new EdnMap([[keyword('shop'), 1]]))
  })

  it('has one hash in all formats, and another when the facts are others', async () => {
    await shop()
    const { resultHash } = await receiptOf({ query: PRICES })
    const lines = (await ask({ query: PRICES }, { accept: 'application/x-ndjson' })).text
      .trimEnd()
      .split('\n')
    expect(lines.at(-1)).toContain(resultHash)
    await json('POST', '/v1/databases/shop/transact', { tx: [{ 'item/id': 'tea', 'item/price': 451 }] })
    expect((await receiptOf({ query: PRICES }))['resultHash']).not.toBe(resultHash)
    expect((await receiptOf({ query: PRICES, cursors: { shop: 1 } }))['resultHash']).toBe(resultHash)
  })

  it('that is an error is told in the notation of the request, whatever was to come', async () => {
    await shop()
    const { status, headers, text } = await ask({ query: '[:find ?x]' }, { accept: 'text/csv' })
    expect([status, headers['content-type']]).toEqual([400, 'application/json; charset=utf-8'])
    expect(JSON.parse(text)).toMatchObject({ error: { kind: 'incorrect' } })
    const edn = { ...EDN, accept: 'application/vnd.apache.arrow.stream' }
    const { text: told } = await send('POST', '/v1/query', { body: '{:query [:find ?x]}', headers: edn })
    expect(told).toMatch(/^\{:error \{:code :/)
  })

  it('of an explanation or a pull is JSON or EDN alone', async () => {
    await shop()
    const explained = { body: { query: PRICES, explain: 'plan' }, ...accept('text/csv') }
    expect(await problem('POST', '/v1/query', explained)).toMatchObject([
      406,
      { code: 'varve.error/not-acceptable' },
    ])
    const pulled = {
      body: { database: 'sh', pattern: '[*]', eid: [':item/id', 'tea'] },
      ...accept('text/csv'),
    }
    expect(await problem('POST', '/v1/pull', pulled)).toMatchObject([
      406,
      { fix: expect.stringContaining('json') as string },
    ])
  })
})

describe('compression', () => {
  it('is what the client takes, of answers that are worth it', async () => {
    await manyItems(3_000)
    const body = { query: PRICES }
    const encodingOf = async (encoding: string, asked: object = body): Promise<string | undefined> =>
      (await ask(asked, { 'accept-encoding': encoding })).headers['content-encoding']
    expect(await encodingOf('gzip, deflate, br, zstd')).toBe('zstd')
    expect(await encodingOf('gzip, deflate, br')).toBe('gzip')
    expect(await encodingOf('br;q=1.0, *;q=0.1')).toBe('zstd')
    expect(await encodingOf('gzip;q=0, zstd;q=0')).toBe(undefined)
    expect(await encodingOf('identity, gzip;q=0.5')).toBe(undefined)
    expect(await encodingOf('gzip', { ...body, limit: 1 })).toBe(undefined)
    const { headers } = await ask(body)
    expect(headers['vary']).toContain('Accept-Encoding')
  })

  it.each([3_000, 20_000])('of %i rows comes back as what went in', async (count) => {
    await manyItems(count)
    const body = { query: PRICES }
    const csv = { accept: 'text/csv' }
    const plain = await ask(body, csv)
    const zipped = await ask(body, { ...csv, 'accept-encoding': 'gzip' })
    const zstd = await ask(body, { ...csv, 'accept-encoding': 'zstd' })
    expect(gunzipSync(zipped.bytes).equals(plain.bytes)).toBe(true)
    expect(zstdDecompressSync(zstd.bytes).equals(plain.bytes)).toBe(true)
    expect(zipped.bytes.byteLength).toBeLessThan(plain.bytes.byteLength / 2)
    expect(zipped.trailers['varve-receipt']).toContain(`"rowCount":${count + 2}`)
  })
})

describe('a pinned result', () => {
  it('has a name, a tag, and is asked once', async () => {
    await shop()
    const runner = countingRunner()
    serveWith({}, runner)
    const body = { query: PRICES, cursors: { shop: 1 } }
    const first = await ask(body)
    expect(first.headers).toMatchObject({
      'content-location': expect.stringMatching(/^\/v1\/results\/[0-9a-f]{64}$/) as string,
      etag: expect.stringMatching(/^W\/"sha256:[0-9a-f]{64}\.json"$/) as string,
      'cache-control': 'private, no-cache',
    })
    const place = first.headers['content-location']!
    const again = await ask({ ...body, query: PRICES.replaceAll(' ', '  ') })
    const named = await send('GET', place)
    expect(runner.count).toBe(1)
    const { receipt, ...rest } = JSON.parse(first.text) as { readonly receipt: Receipt }
    for (const { text, headers } of [again, named]) {
      const other = JSON.parse(text) as { readonly receipt: Receipt }
      expect(other).toMatchObject(rest)
      expect(headers['etag']).toBe(first.headers['etag'])
      expect(other.receipt['resultHash']).toBe(receipt['resultHash'])
      // Each answer is an answer of its own.
      expect(other.receipt['id']).not.toBe(receipt['id'])
    }
    const csv = await send('GET', place, accept('text/csv'))
    expect([csv.text, runner.count]).toEqual(['?id,?price\r\npot,900\r\ntea,450\r\n', 2])
  })

  it('is not sent again to whoever has it', async () => {
    await shop()
    const body = { query: PRICES, asOf: '2100-01-01T00:00:00Z' }
    const { headers } = await ask(body)
    const tag = headers['etag']!
    for (const known of [tag, tag.slice(2), `"x", ${tag}`, '*']) {
      const answer = await ask(body, { 'if-none-match': known })
      expect([answer.status, answer.text, answer.headers['etag']]).toEqual([304, '', tag])
    }
    expect((await ask(body, { 'if-none-match': tag, accept: 'text/csv' })).status).toBe(200)
    // As of a moment that is not over: there is more before it now.
    await json('POST', '/v1/databases/shop/transact', { tx: [{ 'item/id': 'tea', 'item/price': 451 }] })
    expect((await ask(body, { 'if-none-match': tag })).status).toBe(200)
  })

  it('is made again when only its question is remembered, and forgotten when that is not', async () => {
    await shop()
    const place = (await ask({ query: PRICES, asOf: 1, database: 'shop' })).headers['content-location']!
    await json('POST', '/v1/databases/shop/transact', { tx: [{ 'item/id': 'tea', 'item/price': 451 }] })
    const runner = countingRunner()
    serveWith({}, runner)
    expect(await problem('GET', place)).toMatchObject([404, { code: 'varve.error/result-forgotten' }])
    expect(
      (await ask({ query: PRICES, cursors: { sh: 1 } }, { accept: 'text/csv' })).headers['content-location'],
    ).toBe(place)
    expect(JSON.parse((await send('GET', place)).text)).toMatchObject({
      result: [
        ['pot', 900],
        ['tea', 450],
      ],
      basis: { shop: 1 },
    })
    expect(runner.count).toBe(2)
  })

  it('is none where the newest is asked, or chance has a part', async () => {
    await shop()
    expect((await ask({ query: PRICES })).headers).not.toHaveProperty('etag')
    const random = '[:find (rand 2 ?id) . :where [$sh _ :item/id ?id]]'
    const { status, headers } = await ask({ query: random, cursors: { shop: 1 } })
    expect(status).toBe(200)
    expect(headers).not.toHaveProperty('content-location')
  })
})

describe('whoever must know of answers', () => {
  it('is told of each before anything is run, from memory or not', async () => {
    await shop()
    const told: (Meaning & { readonly runCount: number })[] = []
    const runner = countingRunner()
    const ends: AnswerEnd[] = []
    const onAnswer: Answering['onAnswer'] = (meaning) => {
      told.push({ ...meaning, runCount: runner.count })
      return Promise.resolve((end) => void ends.push(end))
    }
    serveWith(
      {},
      runner,
      OPEN_ACCESS,
      createAnswering(env, '1.2.3', { onAnswer, newReceiptId: () => `r-${told.length + 1}` }),
    )
    const body = { query: PRICES, cursors: { shop: 1 } }
    const first = await ask(body)
    await ask(body)
    await send('GET', first.headers['content-location']!)
    await ask(body, { 'if-none-match': first.headers['etag']! })
    await ask({ ...body, explain: 'plan' })
    await json('POST', '/v1/pull', { database: 'sh', pattern: '[*]', eid: [':item/id', 'tea'] })
    const { receipt } = JSON.parse(first.text) as { readonly receipt: Receipt }
    await json('POST', '/v1/receipts/replay', { receipt })
    expect(told.map(({ kind, receiptId, runCount }) => [kind, receiptId, runCount])).toEqual([
      ['query', 'r-1', 0],
      ['query', 'r-2', 1],
      ['result', 'r-3', 1],
      ['query', 'r-4', 1],
      ['explain', 'r-5', 1],
      ['pull', 'r-6', 1],
      ['replay', 'r-7', 2],
    ])
    expect(told[0]).toMatchObject({
      question: { query: PRICES, args: [], basis: { shop: 1 }, schemaT: { shop: 0 } },
      caller: { name: 'local' },
      prepared: { job: { query: { find: { kind: 'relation' } } } },
    })
    await ask({ query: PRICES, timeoutMs: 1_000, engine: 'none' })
    await ask({ query: '[:find ?q :where [$sh ?i :item/price ?p] [(quot ?p 0) ?q]]' })
    expect(ends.map(({ kind }) => kind)).toEqual([...told.map(() => 'answered').slice(1), 'failed'])
    expect(ends[0]).toMatchObject({ isWhole: true, receipt: { id: 'r-1', rowCount: 2 } })
  })

  it('may refuse', async () => {
    await shop()
    const runner = countingRunner()
    const refused = new VarveError({
      code: 'varve.error/read-only',
      kind: 'forbidden',
      message: 'Not you',
      fix: 'Ask somebody else',
    })
    serveWith(
      {},
      runner,
      OPEN_ACCESS,
      createAnswering(env, '1.2.3', { onAnswer: () => Promise.reject(refused) }),
    )
    expect(await problem('POST', '/v1/query', { body: { query: PRICES } })).toMatchObject([
      403,
      { message: 'Not you' },
    ])
    // Nothing of a long answer waits for a client that will never get it.
    const numbers = Array.from({ length: 60_000 }, (_, i) => i)
    const long = { query: '[:find [?x ...] :in [?x ...]]', args: [numbers] }
    expect((await ask(long, { accept: 'text/csv' })).status).toBe(403)
    expect((await send('GET', '/metrics')).text).toContain('varve_http_waiting_answer_bytes 0\n')
  })
})

describe('a receipt', () => {
  it('is asked again, and tells whether the answer is the same', async () => {
    await shop()
    const receipt = await receiptOf({
      query: '[:find ?id ?price :in $ % ?most :where (dear ?id ?price ?most)]',
      args: ['[[(dear ?id ?p ?most) [?i :item/id ?id] [?i :item/price ?p] [(<= ?p ?most)]]]', 500],
      database: 'sh',
    })
    await json('POST', '/v1/databases/shop/transact', { tx: [{ 'item/id': 'tea', 'item/price': 451 }] })
    const replayed = await json('POST', '/v1/receipts/replay', { receipt })
    expect(replayed).toMatchObject({ equal: true, differences: [], receipt: { basis: { shop: 1 } } })
    const changed = { ...receipt, resultHash: 'sha256:0', rowCount: 7 }
    expect(await json('POST', '/v1/receipts/replay', { receipt: changed })).toMatchObject({
      equal: false,
      differences: [
        { field: 'resultHash', receipt: 'sha256:0', replay: receipt['resultHash'] },
        { field: 'rowCount', receipt: 7, replay: 1 },
        { field: 'rows', untold: 'not-kept' },
      ],
    })
    const other = { ...receipt, version: '0.0.1' }
    expect(await json('POST', '/v1/receipts/replay', { receipt: other })).toMatchObject({
      equal: true,
      differences: [{ field: 'version', receipt: '0.0.1', replay: '1.2.3' }],
    })
  })

  it('in EDN is asked again as well', async () => {
    await shop()
    const { text } = await send('POST', '/v1/query', { body: `{:query ${PRICES}}`, headers: EDN })
    const receipt = (readEdn(text).value as EdnMap).get(keyword('receipt')) as EdnMap
    const { text: told } = await send('POST', '/v1/receipts/replay', {
      body: `{:receipt ${text.slice(text.lastIndexOf(':receipt ') + 9, -1)}}`,
      headers: EDN,
    })
    expect(receipt.get(keyword('row-count'))).toBe(2)
    expect((readEdn(told).value as EdnMap).get(keyword('equal'))).toBe(true)
  })

  it('holds the schema by which was asked, whatever became of it', async () => {
    await shop()
    const receipt = await receiptOf({ query: PRICES })
    const younger = await (async () => {
      const tx = [
        { 'db/ident': ':item/new', 'db/valueType': ':db.type/long', 'db/cardinality': ':db.cardinality/one' },
      ]
      await json('POST', '/v1/databases/shop/transact', { tx })
      return receiptOf({ query: '[:find ?n :where [$sh _ :item/new ?n]]', cursors: { shop: 1 } })
    })()
    expect([receipt['schemaT'], younger['schemaT']]).toEqual([{ shop: 0 }, { shop: 2 }])
    // Known in the past by the schema of today, unknown by that of the time.
    expect(await json('POST', '/v1/receipts/replay', { receipt: younger })).toMatchObject({ equal: true })
    const older = { body: { receipt: { ...younger, schemaT: { shop: 0 } } } }
    expect(await problem('POST', '/v1/receipts/replay', older)).toMatchObject([
      400,
      { message: expect.stringContaining(':item/new') as string },
    ])
  })

  it('of a pull, or as of an instant, is asked again', async () => {
    await shop()
    const pulled = (await json('POST', '/v1/pull', {
      database: 'sh',
      pattern: '[:item/price]',
      eid: [':item/id', 'tea'],
    })) as { readonly receipt: Receipt }
    expect(await json('POST', '/v1/receipts/replay', { receipt: pulled.receipt })).toMatchObject({
      equal: true,
    })
    const asOf = await receiptOf({ query: PRICES, asOf: '2100-01-01T00:00:00Z' })
    expect(asOf['asOf']).toEqual({ '#inst': '2100-01-01T00:00:00.000Z' })
    expect(await json('POST', '/v1/receipts/replay', { receipt: asOf })).toMatchObject({ equal: true })
  })

  it.each([
    ['no receipt', {}, 'id is not a text'],
    ['another query', { query: '[:find ?x :in ?x]' }, 'queryHash is not that of query'],
    ['no basis', { basis: null }, 'basis is not a t for each database'],
    ['the basis of another', { basis: { other: 1 } }, 'nothing of shop'],
    ['a count that is none', { rowCount: '2' }, 'rowCount is not a whole number'],
  ])('that is %s is refused', async (what, change, message) => {
    await shop()
    const receipt = what === 'no receipt' ? change : { ...(await receiptOf({ query: PRICES })), ...change }
    expect(await problem('POST', '/v1/receipts/replay', { body: { receipt } })).toMatchObject([
      400,
      { code: 'varve.error/receipt-invalid', message: expect.stringContaining(message) as string },
    ])
  })
})

describe('a cursor ahead of its database', () => {
  it('is waited for, and named with where the database is when time is over', async () => {
    await shop()
    const waiting = json('POST', '/v1/query', { query: PRICES, cursors: { shop: 2 } })
    await json('POST', '/v1/databases/shop/transact', { tx: [{ 'item/id': 'tea', 'item/price': 451 }] })
    expect(await waiting).toMatchObject({ basis: { shop: 2 } })
    const { status, headers, text } = await send('POST', '/v1/query', {
      body: JSON.stringify({ query: PRICES, cursors: { sh: 9 }, timeoutMs: 20 }),
      headers: { 'content-type': 'application/json' },
    })
    expect([status, headers['retry-after']]).toEqual([503, '1'])
    expect(JSON.parse(text)).toMatchObject({
      error: { code: 'varve.error/database-behind', data: { name: 'shop', t: 9, basisT: 2 } },
    })
  })

  it('is named on every route that takes cursors, or a t in a name', async () => {
    await shop()
    const behind = [503, { code: 'varve.error/database-behind', data: { name: 'shop', t: 9, basisT: 1 } }]
    const late = { cursors: { shop: 9 }, timeoutMs: 20 }
    const query = '[:find ?id . :where [?i :item/id ?id]]'
    await json('PUT', '/v1/queries/first', { query, database: 'shop' })
    for (const [path, body] of [
      ['/v1/query', { query: PRICES, ...late }],
      ['/v1/query', { query, database: 'shop@9', timeoutMs: 20 }],
      ['/v1/pull', { database: 'shop', pattern: '[*]', eid: '[:item/id "tea"]', ...late }],
      ['/v1/databases/shop/datoms', { index: 'eavt', ...late }],
      ['/v1/databases/shop@9/datoms', { index: 'eavt', timeoutMs: 20 }],
      ['/v1/queries/first/run', late],
    ] as const)
      expect([path, await problem('POST', path, { body })]).toMatchObject([path, behind])
  })
})
