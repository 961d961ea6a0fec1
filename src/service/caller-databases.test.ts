// What a caller sees over HTTP is what grants show: on every route, in every list, in no error more (I12).

import { beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import {
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

type Headers = Readonly<Record<string, string>>
let manager: Headers
let ada: Headers

beforeEach(async () => {
  await shop()
  await json('PUT', '/v1/databases/secrets', { schema: '[]' })
  serveWith({}, undefined, new TokenAccess(new Tokens(nodeEnv(), system), { isLoopback: true }))
  manager = await tokenOf('boss', ['manage', 'query', 'transact'], {})
  ada = await tokenOf('ada', ['query', 'transact'], manager)
})

async function tokenOf(caller: string, scopes: readonly string[], by: Headers): Promise<Headers> {
  const { text } = await send('POST', '/v1/tokens', {
    body: { caller, scopes, roles: ['finance'] },
    headers: { 'content-type': 'application/json', ...by },
  })
  return { authorization: `Bearer ${(JSON.parse(text) as { readonly token: string }).token}` }
}

async function grant(body: object): Promise<string> {
  const sent = { body: { principal: 'ada', database: 'shop', ...body }, headers: posted(manager) }
  const { text, status } = await send('POST', '/v1/grants', sent)
  expect([status, text]).toEqual([201, text])
  return (JSON.parse(text) as { readonly id: string }).id
}

function posted(headers: Headers): Headers {
  return { 'content-type': 'application/json', ...headers }
}

async function ask(query: string, headers: Headers = ada, more: object = {}): Promise<unknown> {
  const { text } = await send('POST', '/v1/query', { body: { query, ...more }, headers: posted(headers) })
  const answer = JSON.parse(text) as { readonly result?: unknown; readonly error?: { readonly code: string } }
  return answer.error?.code ?? answer.result
}

const ALL = '[:find ?id ?price :where [$sh ?i :item/id ?id] [$sh ?i :item/price ?price]]'
const IDS = '[:find [?id ...] :where [$sh _ :item/id ?id]]'

describe('a caller', () => {
  it('without a grant finds no database, under no name, in no list', async () => {
    expect(await ask(ALL)).toBe('varve.error/database-unknown')
    const { text } = await send('GET', '/v1/databases', { headers: ada })
    expect(JSON.parse(text)).toEqual({ databases: [] })
    const body = { database: 'shop', pattern: '[*]', eid: 1 }
    for (const [method, path, sent] of [
      ['GET', '/v1/databases/shop', {}],
      ['GET', '/v1/databases/sh/schema', {}],
      ['GET', '/v1/databases/sh/log', {}],
      ['POST', '/v1/databases/sh/transact', { body: { tx: [] } }],
      ['POST', '/v1/databases/sh/with', { body: { tx: [] } }],
      ['POST', '/v1/databases/sh@1 history/datoms', { body: { index: 'eavt' } }],
      ['POST', '/v1/pull', { body }],
      ['POST', '/v1/query', { body: { query: '[:find ?e :where [?e]]', database: 'sh@1 history' } }],
      ['POST', '/v1/query', { body: { query: '[:find ?e :where [$other ?e]]', cursors: { shop: 1 } } }],
    ] as const) {
      const [status, error] = await problem(method, path, { ...sent, headers: posted(ada) })
      expect([path, status, error.code]).toEqual([path, 404, 'varve.error/database-unknown'])
      // Neither names nor counts of what is there.
      expect(JSON.stringify(error)).not.toContain('secrets')
    }
  })

  it('sees the attributes that are granted, on every route', async () => {
    await grant({ attributes: [':item/id'] })
    expect(await ask(IDS)).toEqual(['pot', 'tea'])
    expect(await ask(ALL)).toBe('db.error/not-an-entity')
    const { text: schema } = await send('GET', '/v1/databases/sh/schema', { headers: ada })
    expect(schema).toContain('item/id')
    expect(schema).not.toContain('price')
    const { text: log } = await send('GET', '/v1/databases/sh/log', { headers: ada })
    expect(log).toContain('"pot"')
    expect(log).not.toMatch(/price|\b(450|900)\b/)
    for (const name of ['sh', 'sh history', 'sh@1 as-of 1']) {
      const sent = { body: { index: 'eavt' }, headers: posted(ada) }
      const { text: datoms } = await send('POST', `/v1/databases/${name}/datoms`, sent)
      expect([name, datoms]).toEqual([name, expect.stringContaining('"pot"')])
      expect(datoms).not.toMatch(/price|\b(450|900)\b/)
    }
    const pull = { database: 'sh', pattern: '[*]', eid: [':item/id', 'tea'] }
    const { text: pulled } = await send('POST', '/v1/pull', { body: pull, headers: posted(ada) })
    expect(pulled).toContain('"tea"')
    expect(pulled).not.toMatch(/price|\b450\b/)
    expect(await ask('[:find ?e :where [$secrets ?e]]')).toBe('varve.error/database-unknown')
  })

  it('speculates only where it sees all, and learns nothing by trying', async () => {
    await grant({ attributes: [':item/id'] })
    const speculations = [{ tx: [{ 'item/id': 'new', 'item/price': 450 }] }]
    // This one would tell by its error that there is a pot, and that it costs 900.
    const guess = [{ tx: [[':db/cas', [':item/id', 'pot'], ':item/price', 1, 2]] }]
    const bodies: readonly (readonly [string, object])[] = [
      ['/v1/query', { query: IDS, database: 'sh with 0' }],
      ['/v1/query', { query: IDS, args: [{ '#tag': ['varve/db', 'sh@1 with 0'] }] }],
      ['/v1/pull', { database: 'sh with 0', pattern: '[*]', eid: [':item/id', 'tea'] }],
      ['/v1/databases/sh%20with%200/datoms', { index: 'eavt' }],
      ['/v1/databases/sh%20with%200/with', { tx: [] }],
    ]
    for (const [path, body] of bodies)
      for (const said of [speculations, guess]) {
        const { status, text } = await send('POST', path, {
          body: { ...body, speculations: said },
          headers: posted(ada),
        })
        expect([path, status, text]).toEqual([path, 403, expect.stringContaining('transact-restricted')])
        expect(text).not.toMatch(/pot|\b(450|900)\b/)
      }
    await grant({ principal: 'boss', attributes: ['*'] })
    const { text } = await send('POST', '/v1/query', {
      body: { query: '[:find [?id ...] :where [_ :item/id ?id]]', database: 'sh with 0', speculations },
      headers: posted(manager),
    })
    expect((JSON.parse(text) as { readonly result: unknown }).result).toEqual(['new', 'pot', 'tea'])
  })

  it('sees the entities that rules let through, judged at the moment asked, and masked values', async () => {
    await grant({ attributes: ['*'], rowRule: '[[(visible ?e) [?e :item/price ?p] [(< ?p 500)]]]' })
    expect(await ask(ALL)).toEqual([['tea', 450]])
    await grant({ principal: 'boss', attributes: ['*'] })
    const tx = { tx: [{ 'item/id': 'tea', 'item/price': 700 }] }
    const sent = await send('POST', '/v1/databases/sh/transact', { body: tx, headers: posted(manager) })
    expect(sent.status).toBe(200)
    const rows = '[:find ?id ?p ?added :where [?i :item/id ?id] [?i :item/price ?p _ ?added]]'
    const t = (JSON.parse(sent.text) as { readonly t: number }).t
    expect(await ask(rows, ada, { database: 'sh history' })).toEqual([])
    expect(await ask(rows, ada, { database: `sh@${t - 1} history` })).toEqual([['tea', 450, true]])
    await grant({ principal: 'role:finance', attributes: [':item/id'], mask: 'last-four' })
    expect(await ask(IDS, ada)).toEqual(['****a', '****t'])
  })

  it('sees for a purpose what is granted for it, and nothing once a grant is taken back', async () => {
    const id = await grant({ attributes: ['*'], purposes: ['billing'] })
    expect(await ask(IDS)).toBe('varve.error/database-unknown')
    expect(await ask(IDS, { ...ada, 'varve-purpose': 'billing' })).toEqual(['pot', 'tea'])
    await send('DELETE', `/v1/grants/${id}`, { headers: manager })
    expect(await ask(IDS, { ...ada, 'varve-purpose': 'billing' })).toBe('varve.error/database-unknown')
  })

  it('asks of a pattern those databases alone that it sees', async () => {
    const body = { query: '[:find [?id ...] :where [_ :item/id ?id]]', database: 's*' }
    expect((await send('PUT', '/v1/queries/ids', { body, headers: posted(manager) })).status).toBe(201)
    const asked = { body: {}, headers: posted(ada) }
    expect((await problem('POST', '/v1/queries/ids/run', asked))[1].code).toBe(
      'varve.error/saved-query-unknown',
    )
    await grant({ attributes: ['*'] })
    const { text } = await send('POST', '/v1/queries/ids/run', asked)
    expect(JSON.parse(text)).toMatchObject({ result: ['pot', 'tea'], basis: { shop: 1 } })
    expect(text).not.toContain('secrets')
  })

  it('gets no answer from memory that another was given', async () => {
    const pinned = { asOf: '2100-01-01T00:00:00Z' }
    await grant({ principal: 'boss', attributes: ['*'] })
    const whole = await send('POST', '/v1/query', {
      body: { query: ALL, ...pinned },
      headers: posted(manager),
    })
    const place = whole.headers['content-location']!
    await grant({ attributes: ['*'], rowRule: '[[(visible ?e) [?e :item/id "pot"]]]' })
    expect(await ask(ALL, ada, pinned)).toEqual([['pot', 900]])
    const { text } = await send('GET', place, { headers: ada })
    expect(text).not.toContain('tea')
    const { receipt } = JSON.parse(whole.text) as { readonly receipt: { readonly id: string } }
    expect((await send('GET', `/v1/receipts/${receipt.id}`, { headers: ada })).status).toBe(404)
    const replay = await send('POST', '/v1/receipts/replay', { body: { receipt }, headers: posted(ada) })
    // Nor does she learn from what is kept of his which rows he saw beyond hers.
    const { equal, differences } = JSON.parse(replay.text) as {
      readonly equal: boolean
      readonly differences: readonly { readonly field: string }[]
    }
    expect(equal).toBe(false)
    expect(differences.find(({ field }) => field === 'rows')).toEqual({ field: 'rows', untold: 'not-kept' })
    const his = await send('POST', '/v1/receipts/replay', { body: { receipt }, headers: posted(manager) })
    expect(JSON.parse(his.text)).toMatchObject({ equal: true, differences: [] })
  })

  it('writes only what it sees whole', async () => {
    const tx = { body: { tx: [{ 'item/id': 'cup' }] }, headers: posted(ada) }
    await grant({ attributes: [':item/id'] })
    for (const path of [
      '/v1/databases/sh/transact',
      '/v1/databases/sh/with',
      '/v1/databases/sh@1 history/with',
    ]) {
      const [status, error] = await problem('POST', path, tx)
      expect([path, status, error.code]).toEqual([path, 403, 'varve.error/transact-restricted'])
    }
    await grant({ attributes: ['*'] })
    expect((await send('POST', '/v1/databases/sh/transact', tx)).status).toBe(200)
  })

  it('asks the service about itself where that is granted, and only then', async () => {
    expect(await ask('[:find ?c :where [$system _ :token/caller ?c]]')).toBe('varve.error/database-unknown')
  })
})

describe('a grant', () => {
  it('is listed, and refused where it means nothing', async () => {
    await grant({ attributes: [':item/*'], purposes: ['billing'] })
    const { text } = await send('GET', '/v1/grants', { headers: manager })
    expect(JSON.parse(text)).toMatchObject({
      grants: [{ principal: 'ada', database: 'shop', attributes: [':item/*'], createdBy: 'boss' }],
    })
    for (const [body, code] of [
      [{ attributes: [':item/prise'] }, 'db.error/not-an-entity'],
      [{ attributes: ['item'] }, 'varve.error/grant-malformed'],
      [{ attributes: ['*'], mask: 'half' }, 'varve.error/grant-malformed'],
      [{ attributes: ['*'], rowRule: '[[(seen ?e) [?e :item/id]]]' }, 'varve.error/row-rule-malformed'],
      [{ attributes: ['*'], database: 'nowhere' }, 'varve.error/database-unknown'],
      [{ attributes: ['*'], principal: '' }, 'varve.error/grant-malformed'],
    ] as const) {
      const sent = { body: { principal: 'ada', database: 'shop', ...body }, headers: posted(manager) }
      const [, error] = await problem('POST', '/v1/grants', sent)
      expect([body, error.code]).toEqual([body, code])
    }
    const [, error] = await problem('DELETE', '/v1/grants/x', { headers: manager })
    expect(error.code).toBe('varve.error/grant-not-found')
  })
})
