// Who is answered: everybody while no token was made, and from then on who shows one that is good for it.

import { beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { freshServiceForEachTest, json, problem, send, serveWith, system } from '../testing/test-service.ts'
import { TokenAccess } from './access-control.ts'
import { ROUTES } from './routes.ts'
import { Tokens } from './system/tokens.ts'

freshServiceForEachTest()

beforeEach(() => {
  const access = new TokenAccess(new Tokens(nodeEnv(), system), { isLoopback: true })
  serveWith({}, undefined, access)
})

describe('a service for the machine of one person', () => {
  it('keeps local beside callers with tokens, and refuses tokens that are none', async () => {
    const tokens = new Tokens(nodeEnv(), system)
    const access = new TokenAccess(tokens, { isLoopback: true, isLocalKept: true })
    serveWith({}, undefined, access)
    const made = await token({})
    expect(await json('GET', '/v1/whoami')).toMatchObject({ name: 'local' })
    const { text } = await send('GET', '/v1/whoami', bearer(made))
    expect(JSON.parse(text)).toMatchObject({ name: 'ada', kind: 'token' })
    const [status] = await problem('GET', '/v1/whoami', { headers: { authorization: 'Bearer x' } })
    expect(status).toBe(401)
    // Where others could reach it there is no local, and it counts as unguarded, so that it does not even start.
    const wide = new TokenAccess(tokens, { isLoopback: false, isLocalKept: true })
    serveWith({}, undefined, wide)
    expect((await problem('GET', '/v1/whoami'))[1].code).toBe('varve.error/token-missing')
    expect(await wide.isGuarded()).toBe(false)
  })
})

type Made = { readonly id: string; readonly token: string }

async function token(body: object): Promise<Made> {
  return (await json('POST', '/v1/tokens', { caller: 'ada', ...body })) as Made
}

function bearer({ token: text }: Made): { readonly headers: { readonly authorization: string } } {
  return { headers: { authorization: `Bearer ${text}` } }
}

describe('a service on loopback', () => {
  it('takes everybody for local while no token was made', async () => {
    expect(await json('GET', '/v1/whoami')).toEqual({
      name: 'local',
      kind: 'local',
      roles: [],
      scopes: ['query', 'transact', 'manage'],
    })
  })

  it('answers nobody without a token from the first one on, on any route but the open ones', async () => {
    await token({})
    const open = ROUTES.filter(({ scope }) => scope === 'open').map(({ path }) => path)
    expect(open).toEqual(['/healthz', '/readyz', '/openapi.json'])
    for (const { method, path, scope } of ROUTES) {
      const { status, headers, text } = await send(method, path.replace(/:\w+/g, 'x'))
      if (scope === 'open') expect([path, status]).toEqual([path, 200])
      else {
        expect([method, path, status]).toEqual([method, path, 401])
        expect(text).toContain('varve.error/token-missing')
        expect(headers['www-authenticate']).toContain('Bearer')
      }
    }
  })

  it('opens to a token what its scopes say, and nothing else', async () => {
    const asking = await token({ roles: ['finance'] })
    const managing = await json('POST', '/v1/tokens', { caller: 'x' }).catch(() => 'refused')
    expect(managing).toBe('refused')
    const { text } = await send('GET', '/v1/whoami', bearer(asking))
    expect(JSON.parse(text)).toEqual({
      name: 'ada',
      kind: 'token',
      roles: ['finance'],
      scopes: ['query'],
      limits: {},
    })
    for (const { method, path, scope } of ROUTES.filter(({ scope: each }) => each !== 'open')) {
      const [status, error] = await problem(method, path.replace(/:\w+/g, 'x'), bearer(asking)).catch(
        () => [],
      )
      if (scope === 'query') expect([path, status]).not.toEqual([path, 403])
      else expect([path, status, error?.code]).toEqual([path, 403, 'varve.error/scope-missing'])
    }
  })

  it('refuses tokens that are unknown, changed, expired or taken back, and tells nothing apart that is secret', async () => {
    const good = await token({ scopes: ['query', 'manage'] })
    const code = async (text: string): Promise<string> => {
      const [status, error] = await problem('GET', '/v1/whoami', { headers: { authorization: text } })
      expect(status).toBe(401)
      return error.code
    }
    const unknown = await code('Bearer varve_0000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')
    const changed = await code(`Bearer ${good.token.slice(0, -1)}${good.token.endsWith('A') ? 'B' : 'A'}`)
    expect([unknown, changed]).toEqual(['varve.error/token-unknown', 'varve.error/token-unknown'])
    expect(await code('Basic YTpi')).toBe('varve.error/token-unknown')
    expect(await code('Bearer x')).toBe('varve.error/token-unknown')
    const old = JSON.parse(
      (
        await send('POST', '/v1/tokens', {
          ...bearer(good),
          headers: { ...bearer(good).headers, 'content-type': 'application/json' },
          body: { caller: 'bob', expiresAt: '2001-01-01T00:00:00Z' },
        })
      ).text,
    ) as Made
    expect(await code(`Bearer ${old.token}`)).toBe('varve.error/token-expired')
    await send('DELETE', `/v1/tokens/${good.id}`, bearer(good))
    expect(await code(`Bearer ${good.token}`)).toBe('varve.error/token-revoked')
  })

  it('lists tokens without their secrets', async () => {
    const made = await token({ scopes: ['manage'] })
    const { text } = await send('GET', '/v1/tokens', bearer(made))
    expect(JSON.parse(text)).toMatchObject({ tokens: [{ id: made.id, caller: 'ada', createdBy: 'local' }] })
    expect(text).not.toContain(made.token.slice(-43))
    const [, error] = await problem('DELETE', '/v1/tokens/nobody', bearer(made))
    expect(error.code).toBe('varve.error/token-not-found')
  })

  it('refuses a token that says nothing, or something that nobody knows', async () => {
    for (const body of [
      { caller: '' },
      { caller: '*' },
      ...['local', 'nobody', 'varve', 'oidc:ada', 'role:finance'].map((caller) => ({ caller })),
      { scopes: ['all'] },
      { roles: 'x' },
      { expiresAt: 7 },
    ]) {
      const [status] = await problem('POST', '/v1/tokens', { body: { caller: 'ada', ...body } })
      expect([body, status]).toEqual([body, 400])
    }
  })
})
