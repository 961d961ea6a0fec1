// Tokens as facts of the system database: made, listed, taken back, and found again for each request.

import type { Env } from '../../base/env.ts'
import { Recent } from '../../base/recent.ts'
import type { T } from '../../fact/attribute.ts'
import { type Caller, type CallerLimits, type Scope, SCOPES } from '../../access/caller.ts'
import { isSecret, newToken, parseToken } from '../../access/token.ts'
import { tokenExpired, tokenRevoked, tokenUnknown } from '../../access/errors.ts'
import { tokenNotFound } from './errors.ts'
import { entitiesWith, type EntityFields, fieldsOf, formOf, textsOf } from './entities.ts'
import type { SystemFolder } from './system-folder.ts'

export type TokenInfo = {
  readonly id: string
  readonly caller: string
  readonly roles: readonly string[]
  readonly scopes: readonly Scope[]
  readonly limits: CallerLimits
  readonly createdAt: Date
  readonly createdBy: string
  readonly expiresAt: Date | undefined
  readonly revokedAt: Date | undefined
}

export type TokenRequest = Pick<TokenInfo, 'caller' | 'roles' | 'scopes' | 'limits' | 'expiresAt'>

type StoredToken = { readonly info: TokenInfo; readonly secretHash: string }
/** Tokens that are kept as they were read. */
const READ_COUNT_MAX = 10_000

export class Tokens {
  readonly #env: Env
  readonly #system: SystemFolder
  #read: { readonly basisT: T; readonly tokens: Recent<string, StoredToken> } | undefined

  constructor(env: Env, system: SystemFolder) {
    this.#env = env
    this.#system = system
  }

  /** The token's text is given this once. */
  async create(
    { caller, roles, scopes, limits, expiresAt }: TokenRequest,
    by: Caller,
  ): Promise<{ readonly info: TokenInfo; readonly text: string }> {
    const { id, secretHash, text } = newToken(this.#env.random)
    const createdAt = new Date(this.#env.clock.nowMs())
    await this.#system.change([
      formOf({
        'token/id': id,
        'token/secret-hash': secretHash,
        'token/caller': caller,
        'token/roles': roles.length === 0 ? undefined : roles,
        'token/scopes': scopes,
        'token/created-at': createdAt,
        'token/created-by': by.name,
        'token/expires-at': expiresAt,
        'token/limits': Object.keys(limits).length === 0 ? undefined : JSON.stringify(limits),
      }),
    ])
    const info = {
      id,
      caller,
      roles,
      scopes,
      limits,
      createdAt,
      createdBy: by.name,
      expiresAt,
      revokedAt: undefined,
    }
    return { info, text }
  }

  async list(): Promise<readonly TokenInfo[]> {
    return entitiesWith((await this.#system.system()).facts, 'token/id').map(infoOf)
  }

  /** It opens nothing any more, from the next request on. Throws `varve.error/token-not-found`. */
  async revoke(id: string): Promise<void> {
    const { facts } = await this.#system.system()
    if (fieldsOf(facts, 'token/id', id) === undefined) throw tokenNotFound(id)
    await this.#system.change([
      formOf({ 'token/id': id, 'token/revoked-at': new Date(this.#env.clock.nowMs()) }),
    ])
  }

  /** True where somebody has to show a token: from the first one that is made on, for ever. */
  async areInUse(): Promise<boolean> {
    return entitiesWith((await this.#system.system()).facts, 'token/id', 1).length > 0
  }

  /** Whose it is. Throws `varve.error/token-unknown`, `token-expired`, `token-revoked`. */
  async callerOf(text: string): Promise<Caller> {
    const parsed = parseToken(text)
    if (parsed === undefined) throw tokenUnknown()
    const found = await this.#stored(parsed.id)
    if (found === undefined || !isSecret(parsed.secret, found.secretHash)) throw tokenUnknown()
    const { caller, roles, scopes, limits, expiresAt, revokedAt } = found.info
    if (revokedAt !== undefined) throw tokenRevoked(revokedAt)
    if (expiresAt !== undefined && expiresAt.getTime() <= this.#env.clock.nowMs())
      throw tokenExpired(expiresAt)
    return { name: caller, kind: 'token', roles, scopes, limits }
  }

  /** As it stands in the newest facts, which are read for it once at each basis. */
  async #stored(id: string): Promise<StoredToken | undefined> {
    const { facts, basisT } = await this.#system.system()
    if (this.#read?.basisT !== basisT) this.#read = { basisT, tokens: new Recent(READ_COUNT_MAX) }
    const { tokens } = this.#read
    const known = tokens.get(id)
    if (known !== undefined) return known
    const fields = fieldsOf(facts, 'token/id', id)
    if (fields === undefined) return undefined
    const stored = { info: infoOf(fields), secretHash: String(fields.get('token/secret-hash')) }
    tokens.set(id, stored)
    return stored
  }
}

function infoOf(fields: EntityFields): TokenInfo {
  return {
    id: String(fields.get('token/id')),
    caller: String(fields.get('token/caller')),
    roles: textsOf(fields, 'token/roles'),
    scopes: SCOPES.filter((scope) => textsOf(fields, 'token/scopes').includes(scope)),
    limits: JSON.parse(String(fields.get('token/limits') ?? '{}')) as CallerLimits,
    createdAt: fields.get('token/created-at') as Date,
    createdBy: String(fields.get('token/created-by')),
    expiresAt: fields.get('token/expires-at') as Date | undefined,
    revokedAt: fields.get('token/revoked-at') as Date | undefined,
  }
}
