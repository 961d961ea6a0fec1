// Saved queries over HTTP, from saving to checking.

import { beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import {
  EDN,
  freshServiceForEachTest,
  json,
  problem,
  send,
  serveWith,
  shop,
  system,
} from '../testing/test-service.ts'
import { TokenAccess } from './access-control.ts'
import { Tokens } from './system/tokens.ts'

freshServiceForEachTest()

beforeEach(() => shop())

const PRICE = {
  query: '[:find ?price . :in $ ?id :where [?i :item/id ?id] [?i :item/price ?price]]',
  database: 'sh',
  parameters: [{ name: 'id', type: 'string', default: 'tea' }],
  doc: 'What an item costs',
  tags: ['prices'],
}

function run(body: object, name = 'price'): Promise<unknown> {
  return json('POST', `/v1/queries/${name}/run`, body)
}

describe('a saved query', () => {
  it('is saved, found, and run by name', async () => {
    const { status } = await send('PUT', '/v1/queries/price', { body: PRICE })
    expect(status).toBe(201)
    expect(await json('GET', '/v1/queries?tag=prices')).toMatchObject({
      queries: [{ name: 'price', doc: PRICE.doc, owner: 'local', version: 1, text: PRICE.query }],
    })
    expect(await json('GET', '/v1/queries?tag=other')).toEqual({ queries: [] })
    expect(await run({})).toMatchObject({
      result: 450,
      basis: { shop: 1 },
      receipt: { query: expect.any(String) },
    })
    expect(await run({ arguments: { id: 'pot' } })).toMatchObject({ result: 900 })
    const { text } = await send('POST', '/v1/queries/price/run', {
      body: '{:arguments {:id "pot"}}',
      headers: EDN,
    })
    expect(text).toContain(':result 900')
    const csv = await send('POST', '/v1/queries/price/run', {
      body: {},
      headers: { 'content-type': 'application/json', accept: 'text/csv' },
    })
    expect(csv.text).toBe('?price\r\n450\r\n')
    const [, error] = await problem('POST', '/v1/queries/price/run', {
      body: { arguments: { idd: 'pot' } },
    })
    expect(error).toMatchObject({ code: 'varve.error/parameter-of-query-unknown', fix: 'Did you mean id?' })
  })

  it('is run as of a moment, and in an older version', async () => {
    await json('PUT', '/v1/queries/price', PRICE)
    await json('POST', '/v1/databases/sh/transact', { tx: [{ 'item/id': 'tea', 'item/price': 500 }] })
    expect(await run({ cursors: { sh: 1 } })).toMatchObject({ result: 450 })
    expect(await run({})).toMatchObject({ result: 500 })
    const query = '[:find ?price ?id :in $ ?id :where [?i :item/id ?id] [?i :item/price ?price]]'
    const { versions } = (await json('PUT', '/v1/queries/price', {
      ...PRICE,
      query,
      note: 'with the id',
    })) as {
      readonly versions: readonly unknown[]
    }
    expect(versions).toMatchObject([{ version: 1 }, { version: 2, note: 'with the id', savedBy: 'local' }])
    expect(await run({})).toMatchObject({ result: [[500, 'tea']] })
    expect(await run({ version: 1 })).toMatchObject({ result: 500 })
    const { lines } = (await json('GET', '/v1/queries/price/difference')) as {
      readonly lines: readonly string[]
    }
    expect(lines.filter((line) => !line.startsWith(' ')).length).toBeGreaterThan(0)
    expect(lines.join('\n')).toMatch(/- .*\?price \.[\s\S]*\+ .*\?price \?id/)
  })

  it('is held to what it must answer, at the basis where that was so', async () => {
    await json('PUT', '/v1/queries/price', PRICE)
    await json('PUT', '/v1/queries/price/expectations/tea', { arguments: { id: 'tea' } })
    await json('PUT', '/v1/queries/price/expectations/wrong', { resultHash: 'sha256:0' })
    await json('POST', '/v1/databases/sh/transact', { tx: [{ 'item/id': 'tea', 'item/price': 500 }] })
    expect(await json('POST', '/v1/queries/price/check', {})).toMatchObject({
      version: 1,
      holds: false,
      checks: [
        { name: 'tea', holds: true, cursors: { shop: 1 } },
        { name: 'wrong', holds: false, expected: { resultHash: 'sha256:0' }, found: { rowCount: 1 } },
      ],
    })
    await json('DELETE', '/v1/queries/price/expectations/wrong')
    expect(await json('POST', '/v1/queries/price/check', {})).toMatchObject({ holds: true })
    // A version that answers otherwise does not hold, nor does one that cannot be asked so.
    await json('PUT', '/v1/queries/price', { query: '[:find ?x :in ?x]' })
    expect(await json('POST', '/v1/queries/price/check', {})).toMatchObject({
      holds: false,
      checks: [{ holds: false, error: { code: 'varve.error/parameter-of-query-unknown' } }],
    })
    const [, error] = await problem('DELETE', '/v1/queries/price/expectations/gone')
    expect(error.code).toBe('varve.error/expectation-unknown')
  })

  it('belongs to its owner, and is not there for who sees nothing of its databases', async () => {
    await json('PUT', '/v1/queries/price', PRICE)
    const ids = '[:find ?id :where [?i :item/id ?id]]'
    await json('PUT', '/v1/queries/by-pattern', { query: ids, database: 'sho*' })
    await json('PUT', '/v1/queries/by-source', { query: '[:find ?id :where [$sh ?i :item/id ?id]]' })
    await json('PUT', '/v1/queries/by-input', {
      query: '[:find ?id :in $shop :where [$shop ?i :item/id ?id]]',
    })
    await json('PUT', '/v1/queries/by-rule', {
      query: '[:find ?id :in $ % :where (item ?id)]',
      rules: '[[(item ?id) [$sh ?i :item/id ?id]]]',
    })
    const bearerOf = async (caller: string): Promise<Readonly<Record<string, string>>> => {
      const { token } = (await json('POST', '/v1/tokens', { caller })) as { readonly token: string }
      return { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    }
    await json('POST', '/v1/grants', { principal: 'ada', database: 'shop', attributes: [':item/id'] })
    const [ada, bob] = [await bearerOf('ada'), await bearerOf('bob')]
    serveWith({}, undefined, new TokenAccess(new Tokens(nodeEnv(), system), { isLoopback: true }))
    const names = async (headers: Readonly<Record<string, string>>): Promise<unknown> => {
      const { text } = await send('GET', '/v1/queries', { headers })
      return (JSON.parse(text) as { readonly queries: readonly { name: string }[] }).queries.map(
        ({ name }) => name,
      )
    }
    const all = ['by-input', 'by-pattern', 'by-rule', 'by-source', 'price']
    expect([await names(ada), await names(bob)]).toEqual([all, []])
    for (const [method, path, body] of [
      ['PUT', '/v1/queries/price', PRICE],
      ['DELETE', '/v1/queries/price', undefined],
      ['DELETE', '/v1/queries/price/expectations/tea', undefined],
    ] as const) {
      const [status, error] = await problem(method, path, { headers: ada, ...(body && { body }) })
      expect([path, status, error.code]).toEqual([path, 403, 'varve.error/not-the-owner'])
      expect(error.message).toContain('local')
    }
    for (const [method, path] of [
      ['GET', '/v1/queries/price'],
      ['GET', '/v1/queries/pricee'],
      ['DELETE', '/v1/queries/price'],
      ['GET', '/v1/queries/price/difference'],
      ['POST', '/v1/queries/price/run'],
      ['POST', '/v1/queries/price/check'],
      ['PUT', '/v1/queries/price/expectations/tea'],
    ] as const) {
      const [status, { code, fix }] = await problem(method, path, { headers: bob, body: {} })
      expect([path, status, code]).toEqual([path, 404, 'varve.error/saved-query-unknown'])
      expect(fix).not.toContain('mean')
    }
    // Names are of all together: that one is taken cannot be hidden, whose it is can.
    const [, taken] = await problem('PUT', '/v1/queries/price', { headers: bob, body: PRICE })
    expect(taken).toMatchObject({ code: 'varve.error/not-the-owner', data: { name: 'price' } })
    expect(JSON.stringify(taken)).not.toContain('local')
    expect((await send('PUT', '/v1/queries/mine', { headers: bob, body: PRICE })).status).toBe(201)
    // It shows what the caller may see: nothing, without a grant.
    const [, error] = await problem('POST', '/v1/queries/mine/run', { headers: bob, body: {} })
    expect(error.code).toBe('varve.error/database-unknown')
  })

  it('is refused under a name, or with parameters, that mean nothing', async () => {
    const refused = async (name: string, body: object): Promise<unknown> =>
      (await problem('PUT', `/v1/queries/${name}`, { body }))[1].code
    expect(await refused('A%20b', PRICE)).toBe('varve.error/query-name-invalid')
    expect(await refused('a', { ...PRICE, parameters: [{ name: 'id', type: 'text' }] })).toBe(
      'varve.error/field-invalid',
    )
    expect(await refused('a', { ...PRICE, parameters: { id: 'string' } })).toBe('varve.error/field-invalid')
    expect(await refused('a', { doc: 'x' })).toBe('varve.error/field-invalid')
    const [, error] = await problem('GET', '/v1/queries/a')
    expect(error.code).toBe('varve.error/saved-query-unknown')
  })
})
