// Errors of those who cannot say who they are, or may not do what they ask for.

import { VarveError } from '../base/errors.ts'

export function tokenUnknown(cause?: unknown): VarveError {
  return unauthorized(
    'varve.error/token-unknown',
    'Nobody knows this token',
    'Ask for one: varve token create',
    cause,
  )
}

export function tokenExpired(at: Date | undefined, cause?: unknown): VarveError {
  const since = at === undefined ? '' : `, since ${at.toISOString()}`
  return unauthorized(
    'varve.error/token-expired',
    `The time of this token is over${since}`,
    'Ask for a new one',
    cause,
  )
}

export function tokenRevoked(at: Date): VarveError {
  const message = `This token was taken back at ${at.toISOString()}`
  return unauthorized('varve.error/token-revoked', message, 'Ask for a new one')
}

export function tokenMissing(): VarveError {
  return unauthorized(
    'varve.error/token-missing',
    'This server answers only who says who it is',
    'Send Authorization: Bearer TOKEN',
  )
}

function unauthorized(code: string, message: string, fix: string, cause?: unknown): VarveError {
  return new VarveError({ code, kind: 'unauthorized', message, fix, cause })
}

export function identityUnavailable(issuer: string, cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/identity-unavailable',
    kind: 'unavailable',
    message: `The identity provider ${issuer} cannot be asked for its keys`,
    fix: 'Ask again in a moment; see that the server reaches the provider',
    data: { issuer },
    cause,
  })
}

export function scopeMissing(scope: string, has: readonly string[]): VarveError {
  return new VarveError({
    code: 'varve.error/scope-missing',
    kind: 'forbidden',
    message: `This takes the scope ${scope}, and the caller has ${has.join(', ') || 'none'}`,
    fix: 'Ask with a token of that scope',
    data: { scope, has },
  })
}

export function grantMalformed(part: string, given: string, fix: string): VarveError {
  return new VarveError({
    code: 'varve.error/grant-malformed',
    kind: 'incorrect',
    message: `A grant cannot have the ${part} ${given}`,
    fix,
    data: { part, given },
  })
}

export function rowRuleMalformed(message: string, fix: string, rule: string): VarveError {
  return new VarveError({
    code: 'varve.error/row-rule-malformed',
    kind: 'incorrect',
    message,
    fix,
    data: { rule },
  })
}

/** What went wrong may name what the caller does not see, so it is the cause, for the log, and nothing more. */
export function rowRuleFailed(database: string, cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/row-rule-failed',
    kind: 'fault',
    message: `What you may see of database ${database} cannot be found out: a rule of a grant fails`,
    fix: 'Tell whoever manages the grants of this database; the log of the service says why',
    data: { database },
    cause,
  })
}
