// Errors of the HTTP door, and the one place where kinds become status codes.

import { type ErrorKind, type Place, VarveError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import type { QuestionClass } from '../plan/question-class.ts'
import type { Plain } from '../fact/plain-edn.ts'

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

export const ERROR_KINDS: readonly string[] = Object.keys(STATUS)

/** Refusals of the protocol itself have a status of their own in HTTP. */
const STATUS_OF_CODE: ReadonlyMap<string, number> = new Map([
  ['varve.error/method-not-allowed', 405],
  ['varve.error/not-acceptable', 406],
  ['varve.error/body-too-large', 413],
  ['varve.error/content-type-unsupported', 415],
])

export function statusOf({ code, kind }: VarveError): number {
  return STATUS_OF_CODE.get(code) ?? STATUS[kind]
}

/** An error as it is answered. */
export function errorField({ code, kind, message, fix, data }: VarveError): { readonly error: Plain } {
  return { error: { code, kind, message, fix, data: plainData(data) } }
}

function plainData(data: Readonly<Record<string, unknown>>): Plain {
  return JSON.parse(
    JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
  ) as Plain
}

/** What callers learn of a mistake of our own; the log of the server has the rest. */
export function ourFault(cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/fault',
    kind: 'fault',
    message: 'Varve failed; nothing half done was kept',
    fix: 'See the log of the server, and report it',
    cause,
  })
}

export function bodyInvalid(message: string, cause?: unknown, place?: Place): VarveError {
  return new VarveError({
    code: 'varve.error/body-invalid',
    kind: 'incorrect',
    message,
    fix: 'Send a JSON object or an EDN map with the matching Content-Type',
    data: { ...(place && { place }) },
    cause,
  })
}

export function answersWaiting(byteCount: number, bytesMax: number): VarveError {
  return new VarveError({
    code: 'varve.error/answers-waiting',
    kind: 'busy',
    message: `Answers of ${byteCount} bytes wait for clients that are slow to read them, of ${bytesMax} that may`,
    fix: 'Read the answers that were asked for, or give a limit; then ask again',
    data: { byteCount, bytesMax },
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

export function methodNotAllowed(method: string, path: string, allow: readonly string[]): VarveError {
  return new VarveError({
    code: 'varve.error/method-not-allowed',
    kind: 'unsupported',
    message: `${path} does not take ${method}`,
    fix: `Use ${allow.join(' or ')}`,
    data: { method, path, allow },
  })
}

export function notAcceptable(accept: string, types: readonly string[]): VarveError {
  return new VarveError({
    code: 'varve.error/not-acceptable',
    kind: 'unsupported',
    message: `This is answered as ${types.join(', ')}, and Accept: ${accept.slice(0, 200)} takes none of them`,
    fix: `Send Accept: ${types[0]}, or leave it out`,
    data: { accept: accept.slice(0, 200) },
  })
}

export function parameterUnknown(name: string, known: readonly string[]): VarveError {
  const meant = nearest(name, known)
  return new VarveError({
    code: 'varve.error/parameter-unknown',
    kind: 'incorrect',
    message: `The URL has a parameter ${name}, which nothing reads`,
    fix:
      meant !== undefined
        ? `Did you mean ${meant}?`
        : known.length === 0
          ? 'Leave it out: this route takes none'
          : `The parameters are ${known.join(', ')}`,
    data: { name, known },
  })
}

export function parameterInvalid(name: string, wanted: string): VarveError {
  return new VarveError({
    code: 'varve.error/parameter-invalid',
    kind: 'incorrect',
    message: `The parameter ${name} of the URL is not ${wanted}`,
    fix: `Give ${name} as ${wanted}`,
    data: { name, wanted },
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

export function speculationUnknown(place: number, count: number): VarveError {
  return new VarveError({
    code: 'varve.error/speculation-unknown',
    kind: 'incorrect',
    message: `A database is asked with speculation ${place}, and the request brings ${count}`,
    fix: 'Name a place in the list of speculations, from 0',
    data: { place, count },
  })
}

export function tooManySpeculations(countMax: number): VarveError {
  return new VarveError({
    code: 'varve.error/too-many-speculations',
    kind: 'incorrect',
    message: `A request speculates more than ${countMax} times`,
    fix: 'Say several transactions as one, or ask fewer databases at once',
    data: { countMax },
  })
}

export function originRefused(origin: string): VarveError {
  return new VarveError({
    code: 'varve.error/origin-refused',
    kind: 'forbidden',
    message: `Pages of ${origin} are not answered`,
    fix: `Ask from a program, or let its pages in: varve serve --origin ${origin}`,
    data: { origin },
  })
}

export function doorOpen(host: string): VarveError {
  return new VarveError({
    code: 'varve.error/door-open',
    kind: 'unsupported',
    message: `Others can reach ${host}, so it is served only to callers with tokens, over TLS`,
    fix: 'Make a token (varve token create) and give --tls-cert and --tls-key, or listen on loopback behind a proxy',
    data: { host },
  })
}

export function receiptUnknown(id: string): VarveError {
  return new VarveError({
    code: 'varve.error/receipt-unknown',
    kind: 'not-found',
    message: `There is no receipt ${id}`,
    fix: 'Look at the end of the answer: it stands there, too, unless the answer failed',
    data: { id },
  })
}

export function transactRestricted(database: string): VarveError {
  return new VarveError({
    code: 'varve.error/transact-restricted',
    kind: 'forbidden',
    message: `Only who sees all of ${database} may write it: errors would tell of what is hidden`,
    fix: 'Ask for a grant of * without rules and mask, or let a service that has one write',
    data: { database },
  })
}

/** Where `kind` is there, of this class. */
export function tooManyRequests(countMax: number, kind?: QuestionClass): VarveError {
  const what = kind === undefined ? 'requests' : `${kind}s`
  return new VarveError({
    code: 'varve.error/too-many-requests',
    kind: 'busy',
    message: `${countMax} ${what} of this caller are being answered already`,
    fix: 'Wait until one of them is answered',
    data: { countMax, ...(kind && { class: kind }) },
  })
}

export function serviceBusy(): VarveError {
  return new VarveError({
    code: 'varve.error/service-busy',
    kind: 'busy',
    message: 'More is asked than the service can answer',
    fix: 'Ask again later, with longer pauses each time',
    data: {},
  })
}

export function queryQuarantined(queryHash: string, until: Date): VarveError {
  return new VarveError({
    code: 'varve.error/query-quarantined',
    kind: 'forbidden',
    message: `The query ${queryHash} has ended two workers, so it is not asked again until ${until.toISOString()}`,
    fix: 'Bind more, aggregate, or ask shard by shard with (mod ?e n); who manages the service lets it be asked again with DELETE /v1/quarantine/HASH',
    data: { queryHash, until: until.toISOString() },
  })
}

export function quarantineUnknown(queryHash: string): VarveError {
  return new VarveError({
    code: 'varve.error/quarantine-unknown',
    kind: 'not-found',
    message: `No query ${queryHash.slice(0, 80)} is kept from being asked`,
    fix: 'See GET /v1/quarantine for those that are',
    data: { queryHash: queryHash.slice(0, 80) },
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

export function resultForgotten(hash: string): VarveError {
  return new VarveError({
    code: 'varve.error/result-forgotten',
    kind: 'not-found',
    message: `No question is known by ${hash.slice(0, 80)}: this server never answered it, or forgot it`,
    fix: 'Ask again with POST /v1/query; a receipt can be asked again with POST /v1/receipts/replay',
    data: { hash: hash.slice(0, 80) },
  })
}
