// Callers by OpenID Connect: a JWT of the issuer, signed with one of the keys that it publishes, for this audience and in
// its time. Keys are fetched when they are first needed and when a token names a new one, at most twice a minute.

import type * as jose from 'jose'
import type { Env } from '../../base/env.ts'
import { VarveError } from '../../base/errors.ts'
import { type Caller, oidcName, type Scope, SCOPES } from '../../access/caller.ts'
import { identityUnavailable, tokenExpired, tokenUnknown } from '../../access/errors.ts'
import type { IdentityVerifier } from '../../access/identity.ts'

export type OidcOptions = {
  /** Its URL, as it stands in `iss`; keys are found through its discovery document. */
  readonly issuer: string
  /** What `aud` must name. */
  readonly audience: string
  /** The claim that names the caller. */
  readonly nameClaim?: string
  /** The claim that lists the caller's roles. */
  readonly rolesClaim?: string
}

/** A scope of Varve in the claim `scope`, as in `openid varve:query varve:transact`. */
const SCOPE_PREFIX = 'varve:'
/** Signatures with keys of the issuer alone: none that a secret, or nobody, could make. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]
/** OpenID Connect Core 1.0, section 2: `sub` has at most 255 characters. */
const SUBJECT = /^[^\n]{1,255}$/
const FETCH_MS_MAX = 5_000
const KEYS_MS_MAX = 600_000
const COOLDOWN_MS = 30_000
const CLOCK_TOLERANCE_SECONDS = 30

type Jose = typeof jose
type Keys = ReturnType<Jose['createRemoteJWKSet']>

export class OidcVerifier implements IdentityVerifier {
  readonly #env: Env
  readonly #options: OidcOptions
  #opening: Promise<{ readonly jose: Jose; readonly keys: Keys }> | undefined

  constructor(env: Env, options: OidcOptions) {
    this.#env = env
    this.#options = options
  }

  async callerOf(token: string): Promise<Caller> {
    const { issuer, audience } = this.#options
    const { jose, keys } = await this.#opened()
    try {
      const { payload } = await jose.jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(this.#env.clock.nowMs()),
      })
      return callerOfClaims(payload, this.#options)
    } catch (error) {
      throw refusalOf(error, jose, issuer)
    }
  }

  /** What fails is tried again by the next. */
  #opened(): Promise<{ readonly jose: Jose; readonly keys: Keys }> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error instanceof VarveError ? error : identityUnavailable(this.#options.issuer, error)
    })
    return this.#opening
  }

  async #open(): Promise<{ readonly jose: Jose; readonly keys: Keys }> {
    const { issuer } = this.#options
    const jose = await import('jose')
    const response = await this.#fetchInTime(`${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`)
    if (!response.ok) throw new Error(`its discovery document answers ${response.status}`)
    const found = (await response.json()) as { readonly issuer?: unknown; readonly jwks_uri?: unknown }
    if (found.issuer !== issuer) throw new Error(`its discovery document is of ${String(found.issuer)}`)
    const keys = jose.createRemoteJWKSet(new URL(String(found.jwks_uri)), {
      [jose.customFetch]: (url, init) => this.#env.network.fetch(url, init),
      timeoutDuration: FETCH_MS_MAX,
      cacheMaxAge: KEYS_MS_MAX,
      cooldownDuration: COOLDOWN_MS,
    })
    return { jose, keys }
  }

  async #fetchInTime(url: string): Promise<Response> {
    const { network, timers } = this.#env
    const patience = new AbortController()
    const answered = new AbortController()
    timers.sleep(FETCH_MS_MAX, answered.signal).then(
      () => patience.abort(new Error(`no answer within ${FETCH_MS_MAX} ms`)),
      () => undefined,
    )
    try {
      return await network.fetch(url, { signal: patience.signal, redirect: 'error' })
    } finally {
      answered.abort()
    }
  }
}

type Claims = Readonly<Record<string, unknown>>

function callerOfClaims(claims: Claims, { nameClaim = 'sub', rolesClaim = 'roles' }: OidcOptions): Caller {
  const name = claims[nameClaim]
  if (typeof name !== 'string' || !SUBJECT.test(name)) throw tokenUnknown(new Error(`no claim ${nameClaim}`))
  const roles = claims[rolesClaim]
  const words = typeof claims['scope'] === 'string' ? claims['scope'].split(' ') : []
  const scopes = SCOPES.filter((scope: Scope) => words.includes(`${SCOPE_PREFIX}${scope}`))
  return {
    name: oidcName(name),
    kind: 'oidc',
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
    scopes: scopes.length === 0 ? ['query'] : scopes,
  }
}

function refusalOf(error: unknown, { errors }: Jose, issuer: string): VarveError {
  if (error instanceof VarveError) return error
  if (error instanceof errors.JWTExpired) {
    const { exp } = error.payload
    return tokenExpired(exp === undefined ? undefined : new Date(exp * 1_000), error)
  }
  const isOfToken =
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout) &&
    !(error instanceof errors.JWKSInvalid) &&
    error.code !== 'ERR_JOSE_GENERIC'
  return isOfToken ? tokenUnknown(error) : identityUnavailable(issuer, error)
}
