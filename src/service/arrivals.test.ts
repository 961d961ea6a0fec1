// Requests that wait for what is yet to come: answered when it is there, for as long as they may, with what shows by then.

import { beforeEach, describe, expect, it } from 'vitest'
import { LOCAL_CALLER } from '../access/caller.ts'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import {
  freshServiceForEachTest,
  json,
  problem,
  send,
  serveWith,
  shop,
  system,
} from '../testing/test-service.ts'
import type { Got, Sent } from '../testing/test-service.ts'
import { TokenAccess } from './access-control.ts'
import { Arrivals } from './arrivals.ts'
import { Tokens } from './system/tokens.ts'

freshServiceForEachTest()
beforeEach(shop)

const LONG_MS = 30_000
const env = nodeEnv()

type Made = { readonly id: string; readonly token: string }

async function madeToken(body: object, by?: Made): Promise<Made> {
  const headers = { 'content-type': 'application/json', ...(by && { authorization: `Bearer ${by.token}` }) }
  return JSON.parse((await send('POST', '/v1/tokens', { headers, body })).text) as Made
}

function buy(id: string): Promise<unknown> {
  return json('POST', '/v1/databases/shop/transact', { tx: [{ 'item/id': id, 'item/price': 1 }] })
}

describe('a live log', () => {
  it('is answered when there is a transaction, and says from where to go on', async () => {
    const waiting = json('GET', `/v1/databases/shop/log?from=2&waitMs=${LONG_MS}`)
    await buy('jug')
    expect(await waiting).toMatchObject({ transactions: [{ t: 2 }], nextT: 3 })
    expect(await json('GET', '/v1/databases/shop/log?from=3&waitMs=1')).toEqual({
      transactions: [],
      nextT: 3,
    })
    // What is there need not be waited for, and where the range ends nothing is.
    const first = await json('GET', `/v1/databases/shop/log?from=2&waitMs=${LONG_MS}`)
    expect(first).toMatchObject({ transactions: [{ t: 2 }], nextT: 3 })
    const all = (await json('GET', `/v1/databases/shop/log?to=3&waitMs=${LONG_MS}`)) as object
    expect(Object.keys(all)).toEqual(['transactions'])
    expect(await json('GET', `/v1/databases/shop/log?from=9&to=9&waitMs=${LONG_MS}`)).toEqual({
      transactions: [],
    })
  })

  it('shows a caller what the grants of the moment show, and nothing after they were taken back', async () => {
    serveWith({}, undefined, new TokenAccess(new Tokens(env, system), { isLoopback: true }))
    const grant = { principal: 'ada', database: 'shop', attributes: [':item/id'] }
    const { id } = (await json('POST', '/v1/grants', grant)) as { readonly id: string }
    await json('POST', '/v1/grants', { principal: 'bob', database: 'shop', attributes: ['*'] })
    const bob = await madeToken({ caller: 'bob', scopes: ['transact', 'manage'] })
    const as = ({ token }: Made, body?: object): Sent => ({
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body,
    })
    const [ada, gone] = [await madeToken({ caller: 'ada' }, bob), await madeToken({ caller: 'ada' }, bob)]
    const write = (name: string): Promise<Got> => {
      const tx = [{ 'item/id': name, 'item/price': 4711 }]
      return send('POST', '/v1/databases/shop/transact', as(bob, { tx }))
    }
    const follow = (t: number, by: Made): Promise<Got> =>
      send('GET', `/v1/databases/shop/log?from=${t}&waitMs=${LONG_MS}`, as(by))

    const seen = follow(2, ada)
    await write('jug')
    expect((await seen).text).toContain('jug')
    expect((await seen).text).not.toContain('4711')
    const refused = follow(3, gone)
    await send('DELETE', `/v1/tokens/${gone.id}`, as(bob))
    await write('cup')
    expect([(await refused).status, (await refused).text]).toEqual([
      401,
      expect.stringContaining('varve.error/token-revoked'),
    ])
    const hidden = follow(4, ada)
    await send('DELETE', `/v1/grants/${id}`, as(bob))
    await write('pan')
    expect([(await hidden).status, (await hidden).text]).toEqual([
      404,
      expect.stringContaining('varve.error/database-unknown'),
    ])
  })

  it('refuses a wait that is none', async () => {
    const [status, { code }] = await problem('GET', '/v1/databases/shop/log?waitMs=long')
    expect([status, code]).toEqual([400, 'varve.error/parameter-invalid'])
  })
})

it('a t is waited for', async () => {
  const waiting = json('GET', `/v1/databases/shop?t=2&waitMs=${LONG_MS}`)
  await buy('jug')
  expect(await waiting).toMatchObject({ name: 'shop', basisT: 2 })
  expect(await json('GET', '/v1/databases/shop?t=3&waitMs=1')).toMatchObject({ basisT: 2 })
})

describe('whoever waits', () => {
  it('does so with few others of the same name, until the time is over, the client gone or the service stopped', async () => {
    await using catalog = Catalog.openMemory(env)
    const connection = await catalog.create('shop')
    const arrivals = new Arrivals(env.timers, { waitMsMax: LONG_MS, callerCountMax: 2 })
    const wait = (waitMs = LONG_MS, signal = new AbortController().signal): Promise<void> =>
      arrivals.reached(connection, 99, { waitMs, signal, caller: LOCAL_CALLER })
    const gone = new AbortController()
    const leaving = wait(LONG_MS, gone.signal)
    const staying = wait()
    await expect(wait()).rejects.toMatchObject({ code: 'varve.error/too-many-requests', kind: 'busy' })
    await arrivals.reached(connection, 0, {
      waitMs: LONG_MS,
      signal: gone.signal,
      caller: { ...LOCAL_CALLER, name: 'ada' },
    })
    gone.abort(new Error('gone'))
    await expect(leaving).rejects.toThrow('gone')
    await wait(1)
    expect(arrivals.waitingCount).toBe(1)
    arrivals.stop()
    await staying
    await wait()
    expect(arrivals.waitingCount).toBe(0)
  })
})
