// Errors of the system folder.

import { VarveError } from '../../base/errors.ts'
import type { LockHolder } from '../../base/env.ts'

export function systemOwned(holder: unknown, cause: unknown): VarveError {
  const owner = holder as LockHolder | undefined
  const who = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}`
  return new VarveError({
    code: 'varve.error/system-owned',
    kind: 'conflict',
    message: `The system database belongs to ${who}; this one only follows it`,
    fix: 'Send the change to the service process that owns it, or stop that one and send it here again; one that hangs loses it after 30 s without a sign',
    data: { owner },
    cause,
  })
}

export function instanceInvalid(instance: string): VarveError {
  return new VarveError({
    code: 'varve.error/instance-invalid',
    kind: 'incorrect',
    message: `${instance} cannot name a service process`,
    fix: 'Use lower-case letters, digits, - and _, at most 41 of them',
    data: { instance },
  })
}

export function instanceTaken(instance: string, cause: VarveError): VarveError {
  return new VarveError({
    code: 'varve.error/instance-taken',
    kind: 'conflict',
    message: `Another service process is the instance ${instance} of this system folder`,
    fix: 'Give this one another name, or leave --instance out',
    data: { instance, holder: cause.data['holder'] },
    cause,
  })
}

export function tooManyInstances(countMax: number): VarveError {
  return new VarveError({
    code: 'varve.error/too-many-instances',
    kind: 'busy',
    message: `${countMax} service processes share this system folder already`,
    fix: 'Stop one of them, or name this one with --instance',
    data: { countMax },
  })
}

export function tokenNotFound(id: string): VarveError {
  return new VarveError({
    code: 'varve.error/token-not-found',
    kind: 'not-found',
    message: `There is no token ${id}`,
    fix: 'See the list of tokens for their ids',
    data: { id },
  })
}

export function queryNameInvalid(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/query-name-invalid',
    kind: 'incorrect',
    message: `${name} cannot name a saved query`,
    fix: 'Use lower-case letters, digits, and - _ . /, a letter first, at most 100 of them',
    data: { name },
  })
}

export function queryUnknown(name: string, meant: string | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/saved-query-unknown',
    kind: 'not-found',
    message: `No query is saved as ${name}`,
    fix: meant === undefined ? 'See the list of saved queries' : `Did you mean ${meant}?`,
    data: { name },
  })
}

export function queryRetired(name: string, at: Date): VarveError {
  return new VarveError({
    code: 'varve.error/saved-query-retired',
    kind: 'conflict',
    message: `The query ${name} is not run any more, since ${at.toISOString()}`,
    fix: 'Ask its owner, or save it again',
    data: { name },
  })
}

export function versionUnknown(name: string, version: number | undefined, count: number): VarveError {
  return new VarveError({
    code: 'varve.error/version-unknown',
    kind: 'not-found',
    message: `The query ${name} has no version ${version}`,
    fix: `Its versions are 1 to ${count}`,
    data: { name, version, count },
  })
}

export function savedTextTooLong(lengthMax: number): VarveError {
  return new VarveError({
    code: 'varve.error/saved-query-too-long',
    kind: 'incorrect',
    message: `A saved query has at most ${lengthMax} characters, its rules included`,
    fix: 'Pass data as arguments',
    data: { lengthMax },
  })
}

export function grantNotFound(id: string): VarveError {
  return new VarveError({
    code: 'varve.error/grant-not-found',
    kind: 'not-found',
    message: `There is no grant ${id}`,
    fix: 'See the list of grants for their ids',
    data: { id },
  })
}

/** `owner` undefined: the caller does not see whose it is. */
export function notTheOwner(name: string, owner: string | undefined): VarveError {
  const who = owner ?? 'somebody else'
  return new VarveError({
    code: 'varve.error/not-the-owner',
    kind: 'forbidden',
    message: `The query ${name} belongs to ${who}`,
    fix: `Ask ${who} to change it, or save yours under another name`,
    data: { name, owner },
  })
}

export function expectationUnknown(name: string, expectation: string): VarveError {
  return new VarveError({
    code: 'varve.error/expectation-unknown',
    kind: 'not-found',
    message: `The query ${name} has no expectation ${expectation}`,
    fix: 'See the query for its expectations',
    data: { name, expectation },
  })
}

export function procedureNotFound(name: string, meant: string | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/procedure-not-found',
    kind: 'not-found',
    message: `There is no procedure ${name}`,
    fix: meant === undefined ? 'See the list of procedures' : `Did you mean ${meant}?`,
    data: { name },
  })
}

export function procedureOfStarter(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/procedure-of-starter',
    kind: 'conflict',
    message: `${name} is a procedure of the starter library`,
    fix: 'Save yours under a name of its own',
    data: { name },
  })
}
