// Who sent a request. While no token was ever made, a server on loopback takes everybody for `local`, who may do
// everything; from the first token on, or with an identity provider, only callers who show one are answered. A server
// for the machine of one person may keep `local` beside them.

import type { HttpRequest } from '../base/env.ts'
import { type Caller, LOCAL_CALLER, type Scope } from '../access/caller.ts'
import { fieldInvalid } from './errors.ts'
import { scopeMissing, tokenMissing, tokenUnknown } from '../access/errors.ts'
import type { IdentityVerifier } from '../access/identity.ts'
import { TOKEN_PREFIX } from '../access/token.ts'
import type { Tokens } from './system/tokens.ts'

export const PURPOSE_HEADER = 'varve-purpose'
const PURPOSE_LENGTH_MAX = 200

export interface AccessControl {
  /** Throws errors of kind `unauthorized`. */
  callerOf(request: HttpRequest): Promise<Caller>
}

/** Takes everybody for `local`. */
export const OPEN_ACCESS: AccessControl = {
  callerOf: (request) => Promise.resolve(withPurpose(LOCAL_CALLER, request)),
}

export type AccessRules = {
  readonly isLoopback: boolean
  /** On loopback whoever shows nothing stays `local`, also once there are tokens. */
  readonly isLocalKept?: boolean | undefined
  readonly identities?: IdentityVerifier | undefined
}

export class TokenAccess implements AccessControl {
  readonly #tokens: Tokens
  readonly #isLoopback: boolean
  readonly #isLocalKept: boolean
  readonly #identities: IdentityVerifier | undefined

  constructor(tokens: Tokens, { isLoopback, isLocalKept = false, identities }: AccessRules) {
    this.#tokens = tokens
    this.#isLoopback = isLoopback
    this.#isLocalKept = isLocalKept
    this.#identities = identities
  }

  /** True where nobody is taken for `local`. */
  async isGuarded(): Promise<boolean> {
    if (this.#isLocalKept) return false
    return this.#identities !== undefined || this.#tokens.areInUse()
  }

  async callerOf(request: HttpRequest): Promise<Caller> {
    const text = request.headers.get('authorization')
    if (text !== undefined) return withPurpose(await this.#bearer(bearerOf(text)), request)
    if (!this.#isLoopback || (await this.isGuarded())) throw tokenMissing()
    return withPurpose(LOCAL_CALLER, request)
  }

  #bearer(token: string): Promise<Caller> {
    const isOurs = token.startsWith(TOKEN_PREFIX) || this.#identities === undefined
    return isOurs ? this.#tokens.callerOf(token) : this.#identities.callerOf(token)
  }
}

/** Throws `varve.error/scope-missing`. */
export function checkScope({ scopes }: Caller, scope: Scope): void {
  if (!scopes.includes(scope)) throw scopeMissing(scope, scopes)
}

function bearerOf(authorization: string): string {
  const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? []
  if (token === undefined) throw tokenUnknown()
  return token
}

function withPurpose(caller: Caller, request: HttpRequest): Caller {
  const purpose = request.headers.get(PURPOSE_HEADER)
  if (purpose === undefined || purpose === '') return caller
  if (purpose.length > PURPOSE_LENGTH_MAX)
    throw fieldInvalid(PURPOSE_HEADER, `a text of at most ${PURPOSE_LENGTH_MAX} characters`)
  return { ...caller, purpose }
}
