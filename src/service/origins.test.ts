// Pages of other origins: what a browser hears before and beside an answer, and who is turned away.

import { describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import {
  freshServiceForEachTest,
  json,
  PRICES,
  problem,
  send,
  serveAs,
  serveWith,
  shop,
  system,
} from '../testing/test-service.ts'
import { TokenAccess } from './access-control.ts'
import { parseOrigin } from './origins.ts'
import { ROUTES } from './routes.ts'
import { Tokens } from './system/tokens.ts'

freshServiceForEachTest()

const APP = 'https://app.example'
const EVIL = 'https://evil.example'
const asking = (origin: string, method = 'POST'): Readonly<Record<string, string>> => ({
  origin,
  'access-control-request-method': method,
  'access-control-request-headers': 'authorization,content-type',
})

function corsOf(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'))
}

describe('pages of an origin that is let in', () => {
  it('hear which requests they may send, on every route, and may read its answer', async () => {
    await shop()
    serveWith({}, undefined, new TokenAccess(new Tokens(nodeEnv(), system), { isLoopback: true }))
    serveAs({ origins: new Set([APP, 'http://localhost:5173']) })
    await json('POST', '/v1/tokens', { caller: 'ada' })
    for (const { method, path, scope } of ROUTES) {
      const target = path.replace(/:\w+/g, 'x')
      const { status, headers } = await send('OPTIONS', target, { headers: asking(APP, method) })
      expect([target, status, headers['access-control-allow-origin']]).toEqual([target, 204, APP])
      expect(headers['access-control-allow-methods']!.split(', ')).toContain(method)
      expect(headers['access-control-allow-headers']).toMatch(/authorization, content-type.*varve-purpose/)
      expect(headers['access-control-allow-credentials']).toBeUndefined()
      // Being let in opens nothing: whoever asks shows a token, as everybody does.
      const asked = await send(method, target, { headers: { origin: APP } })
      expect([target, asked.status]).toEqual([target, scope === 'open' ? 200 : 401])
      expect(asked.headers).toMatchObject({ 'access-control-allow-origin': APP })
      expect(asked.headers['vary']).toMatch(/(^|, )Origin$/)
    }
  })

  it('see the receipt and the name of an answer, and errors', async () => {
    await shop()
    serveAs({ origins: new Set([APP]) })
    const { headers } = await send('POST', '/v1/query', {
      body: { query: PRICES, asOf: 1 },
      headers: { origin: APP },
    })
    const exposed = headers['access-control-expose-headers']!.split(', ')
    for (const name of ['varve-receipt-id', 'content-location', 'etag', 'link'])
      expect([name, exposed.includes(name), name in headers]).toEqual([name, true, true])
    const wrong = await send('POST', '/v1/query', { body: { query: '[' }, headers: { origin: APP } })
    expect([wrong.status, wrong.headers['access-control-allow-origin']]).toEqual([400, APP])
  })
})

describe('pages of any other origin', () => {
  it('are turned away by a server on loopback, and find no way around', async () => {
    serveAs({ origins: new Set([APP]) })
    for (const origin of [EVIL, 'null', `${APP}.evil.example`, 'http://app.example', `${APP}:8443`, '*'])
      for (const method of ['OPTIONS', 'GET']) {
        const { status, headers, text } = await send(method, '/healthz', { headers: asking(origin, 'GET') })
        expect([origin, status, corsOf(headers)]).toEqual([origin, 403, []])
        expect(text).toContain('varve.error/origin-refused')
      }
    const [, error] = await problem('GET', '/healthz', { headers: { origin: EVIL } })
    expect(error.fix).toContain(`--origin ${EVIL}`)
    // Whoever is let in does not choose under which name the server is reached.
    const [, rebound] = await problem('GET', '/healthz', { headers: { origin: APP, host: 'app.example' } })
    expect(rebound.code).toBe('varve.error/host-refused')
  })

  it('read nothing elsewhere, and of pages of this machine none that is not let in', async () => {
    for (const origin of ['http://localhost:5173', 'http://127.0.0.1:8470']) {
      const { status, headers } = await send('OPTIONS', '/v1/query', { headers: asking(origin) })
      expect([status, corsOf(headers), headers['allow']]).toEqual([204, [], 'POST, OPTIONS'])
    }
    serveAs({ isLoopback: false, origins: new Set([APP]) })
    for (const method of ['OPTIONS', 'GET']) {
      const { headers } = await send(method, '/healthz', { headers: asking(EVIL, 'GET') })
      expect(corsOf(headers)).toEqual([])
      // A cache that keeps what they got gives it to nobody who is let in.
      expect(headers['vary']).toMatch(/(^|, )Origin$/)
    }
  })
})

it('an origin is scheme, host and port, and nothing else', () => {
  expect(
    ['https://app.example', 'https://App.Example/', 'http://localhost:5173', 'https://app.example:443'].map(
      parseOrigin,
    ),
  ).toEqual([APP, APP, 'http://localhost:5173', APP])
  for (const text of [
    '*',
    'null',
    'app.example',
    'https://app.example/path',
    'https://*.example',
    'file:///x',
  ])
    expect([text, parseOrigin(text)]).toEqual([text, undefined])
})
