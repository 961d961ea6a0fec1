// Errors of the HTTP door, and the one place where kinds become status codes.

import { type ErrorKind, VarveError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'

const STATUS: Readonly<Record<ErrorKind, number>> = {
  incorrect: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  unsupported: 422,
  busy: 429,
  fault: 500,
  unavailable: 503,
  interrupted: 504,
}

export function statusOf(kind: ErrorKind): number {
  return STATUS[kind]
}

export function bodyInvalid(message: string, cause?: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/body-invalid',
    kind: 'incorrect',
    message,
    fix: 'Send a JSON object or an EDN map with the matching Content-Type',
    cause,
  })
}

export function contentTypeUnsupported(contentType: string | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/content-type-unsupported',
    kind: 'unsupported',
    message: `Bodies of type ${contentType ?? '(none given)'} are not taken`,
    fix: 'Send Content-Type: application/json or application/edn',
    data: { contentType },
  })
}

export function fieldUnknown(name: string, known: readonly string[]): VarveError {
  const meant = nearest(name, known)
  return new VarveError({
    code: 'varve.error/field-unknown',
    kind: 'incorrect',
    message: `Nobody knows the field ${name}`,
    fix: meant === undefined ? `The fields are ${known.join(', ')}` : `Did you mean ${meant}?`,
    data: { name, known },
  })
}

export function fieldInvalid(name: string, wanted: string): VarveError {
  return new VarveError({
    code: 'varve.error/field-invalid',
    kind: 'incorrect',
    message: `The field ${name} is missing or not ${wanted}`,
    fix: `Give ${name} as ${wanted}`,
    data: { name, wanted },
  })
}

export function routeUnknown(method: string, path: string): VarveError {
  return new VarveError({
    code: 'varve.error/route-unknown',
    kind: 'not-found',
    message: `There is nothing at ${method} ${path}`,
    fix: 'See /openapi.json for what there is',
    data: { method, path },
  })
}

export function hostRefused(host: string | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/host-refused',
    kind: 'forbidden',
    message: `A server on loopback does not answer for the host ${host ?? '(none)'}`,
    fix: 'Use 127.0.0.1 or localhost in the URL',
    data: { host },
  })
}

export function originRefused(origin: string): VarveError {
  return new VarveError({
    code: 'varve.error/origin-refused',
    kind: 'forbidden',
    message: `A server on loopback does not answer pages of ${origin}`,
    fix: 'Ask from a program, or from a page of this server',
    data: { origin },
  })
}

export function confirmationMissing(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/confirmation-missing',
    kind: 'incorrect',
    message: `Deleting ${name} is for ever and was not confirmed`,
    fix: `Send DELETE with ?confirm=${name}`,
    data: { name },
  })
}
