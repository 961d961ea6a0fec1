// Callers by OpenID Connect, with a provider of our own on loopback: keys, discovery, and every way to be refused.

import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isTokenName } from '../../access/caller.ts'
import { nodeEnv } from '../../base/env-node.ts'
import type { HttpServer } from '../../base/env.ts'
import { OidcVerifier } from './verifier.ts'

const env = nodeEnv()
const AUDIENCE = 'varve'
let keys: Awaited<ReturnType<typeof generateKeyPair>>
let provider: HttpServer
let issuer: string
let keyRequestCount = 0
let published: object

beforeAll(async () => {
  keys = await generateKeyPair('ES256')
  published = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] }
  provider = await env.network.listen({
    host: '127.0.0.1',
    port: 0,
    handle: async ({ target }) => {
      const isDiscovery = target === '/.well-known/openid-configuration'
      if (!isDiscovery) keyRequestCount++
      const body = isDiscovery ? { issuer, jwks_uri: `${issuer}/keys` } : published
      return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    },
  })
  issuer = `http://127.0.0.1:${provider.port}`
})
afterAll(() => provider[Symbol.asyncDispose]())

type Claims = JWTPayload & { readonly lifeSeconds?: number; readonly from?: string; readonly to?: string }

function signed(
  { lifeSeconds = 60, from = issuer, to = AUDIENCE, ...claims }: Claims,
  kid = 'k1',
): Promise<string> {
  const nowSeconds = Math.floor(Date.now() / 1_000)
  return new SignJWT({ sub: 'ada', ...claims })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer(from)
    .setAudience(to)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + lifeSeconds)
    .sign(keys.privateKey)
}

function verifier(options = {}): OidcVerifier {
  return new OidcVerifier(env, { issuer, audience: AUDIENCE, ...options })
}

describe('a token of the provider', () => {
  it('names its caller, with roles and scopes from its claims', async () => {
    const token = await signed({
      roles: ['finance', 7],
      groups: ['x'],
      scope: 'openid varve:query varve:transact',
    })
    expect(await verifier().callerOf(token)).toEqual({
      name: 'oidc:ada',
      kind: 'oidc',
      roles: ['finance'],
      scopes: ['query', 'transact'],
    })
    const named = await signed({ email: 'ada@example.com', groups: ['x'] })
    expect(await verifier({ nameClaim: 'email', rolesClaim: 'groups' }).callerOf(named)).toMatchObject({
      name: 'oidc:ada@example.com',
      roles: ['x'],
      scopes: ['query'],
    })
  })

  it('names nobody as another is named, whatever the provider calls them', async () => {
    for (const sub of ['local', 'varve', 'ada', 'role:finance', 'oidc:ada', '*']) {
      const { name } = await verifier().callerOf(await signed({ sub }))
      expect([name, isTokenName(name)]).toEqual([`oidc:${sub}`, false])
    }
    await expect(verifier().callerOf(await signed({ sub: 'a\nb' }))).rejects.toMatchObject({
      code: 'varve.error/token-unknown',
    })
  })

  it('is verified with keys that are fetched once', async () => {
    const one = verifier()
    keyRequestCount = 0
    for (let i = 0; i < 5; i++) await one.callerOf(await signed({}))
    expect(keyRequestCount).toBe(1)
  })

  it('is refused where it is not signed by the provider, for another audience, or of another issuer', async () => {
    const one = verifier()
    const stranger = await generateKeyPair('ES256')
    const forged = new SignJWT({ sub: 'ada' })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer(issuer)
      .setAudience(AUDIENCE)
      .setExpirationTime('1h')
    const shared = Buffer.from(JSON.stringify(published))
    const bad = [
      'x.y.z',
      '',
      await signed({ to: 'other' }),
      await signed({ from: 'https://example.com' }),
      await signed({}, 'k2'),
      await forged.sign(stranger.privateKey),
      new UnsecuredJWT({ sub: 'ada' })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setExpirationTime('1h')
        .encode(),
      await new SignJWT({ sub: 'ada' })
        .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setExpirationTime('1h')
        .sign(shared),
      await new SignJWT({ sub: 'ada' })
        .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .sign(keys.privateKey),
      await signed({ sub: '' }),
    ]
    for (const token of bad)
      await expect(one.callerOf(token)).rejects.toMatchObject({ code: 'varve.error/token-unknown' })
    await expect(one.callerOf(await signed({ lifeSeconds: -60 }))).rejects.toMatchObject({
      code: 'varve.error/token-expired',
      kind: 'unauthorized',
    })
  })

  it('is not answered while the provider cannot be asked, and is when it can again', async () => {
    const gone = await env.network.listen({
      host: '127.0.0.1',
      port: 0,
      handle: async () => ({ status: 500 }),
    })
    const url = `http://127.0.0.1:${gone.port}`
    const token = await signed({})
    const unavailable = { code: 'varve.error/identity-unavailable', kind: 'unavailable' }
    const one = verifier({ issuer: url })
    await expect(one.callerOf(token)).rejects.toMatchObject(unavailable)
    await gone[Symbol.asyncDispose]()
    await expect(one.callerOf(token)).rejects.toMatchObject(unavailable)
    // A discovery document that speaks for another issuer.
    await expect(verifier({ issuer: `${issuer}/` }).callerOf(token)).rejects.toMatchObject(unavailable)
  })
})
