// What a route is, and what all routes share: the service they answer for, and how they read and answer.

import type { HttpRequest, HttpResponse } from '../base/env.ts'
import { type Span, traced } from '../base/span.ts'
import type { Edn } from '../fact/value.ts'
import { readEdn } from '../fact/edn-reader.ts'
import type { Catalog } from '../database/catalog.ts'
import type { Connection } from '../database/connection.ts'
import type { PlaceOf } from '../plan/spot.ts'
import type { QueryRunner } from '../query/ask.ts'
import type { WaitingScans } from '../query/waiting-scans.ts'
import type { Format, Notation } from '../query/written.ts'
import { answerToSend, type Field } from './answer.ts'
import type { Schema } from './answer-schema.ts'
import type { Answering } from './answering.ts'
import { type Fields, readFields } from './body.ts'
import { fieldInvalid, parameterInvalid, parameterUnknown } from './errors.ts'
import { CALLER_LIMITS, type CallersInFlight, type InFlight, limitsFor } from './caller-limits.ts'
import type { LogEntry } from './log-entry.ts'
import type { Metrics } from './metrics.ts'
import type { Caller, CallerLimits, Scope } from '../access/caller.ts'
import type { Admission, Place } from './admission.ts'
import type { Arrivals } from './arrivals.ts'
import type { AccessControl } from './access-control.ts'
import type { AuditLog } from './audit/audit-log.ts'
import type { RowSets } from '../access/row-sets.ts'
import type { CallerDatabases } from './caller-databases.ts'
import type { Grants } from './system/grants.ts'
import type { SavedQueries } from './system/saved-queries.ts'
import type { StoredProcedures } from './system/stored-procedures.ts'
import type { SystemFolder } from './system/system-folder.ts'
import type { Tokens } from './system/tokens.ts'
import type { Tracing } from './tracing/tracing.ts'
import type { Quarantine } from './quarantine.ts'
import { send } from './sending.ts'
import type { WaitingAnswers } from './waiting-answers.ts'

export type ServiceLimits = {
  readonly bodyBytesMax: number
  readonly rowCountMax: number
  /** What a query may hold that does not say it, and what it may say at most. */
  readonly memoryBytes: number
  readonly memoryBytesMax: number
  readonly answerBytesMax: number
  /** Of all answers together that their clients have not read yet. */
  readonly waitingBytesMax: number
  readonly timeoutMs: number
  readonly timeoutMsMax: number
  /** What any caller may have, unless its token says less. */
  readonly callers: CallerLimits
}
export const SERVICE_LIMITS: ServiceLimits = {
  bodyBytesMax: 16 << 20,
  rowCountMax: 1_000_000,
  memoryBytes: 2 ** 30,
  memoryBytesMax: 2 ** 32,
  answerBytesMax: 256 << 20,
  waitingBytesMax: 1 << 30,
  timeoutMs: 60_000,
  timeoutMsMax: 600_000,
  callers: CALLER_LIMITS,
}

/** What a service is told beside its defaults: bounds of all questions take the place of its own, the others join them. */
export function serviceLimitsOf(given: CallerLimits): ServiceLimits {
  const limits = SERVICE_LIMITS
  const {
    timeoutMs: timeoutMsMax = limits.timeoutMsMax,
    rowCount: rowCountMax = limits.rowCountMax,
    memoryBytes: memoryBytesMax = limits.memoryBytesMax,
    answerBytes: answerBytesMax = limits.answerBytesMax,
    ...callers
  } = given
  return {
    ...limits,
    timeoutMs: Math.min(limits.timeoutMs, timeoutMsMax),
    timeoutMsMax,
    rowCountMax,
    memoryBytes: Math.min(limits.memoryBytes, memoryBytesMax),
    memoryBytesMax,
    answerBytesMax,
    callers: { ...limits.callers, ...callers },
  }
}

export type Service = {
  readonly catalog: Catalog
  readonly runner: QueryRunner
  /** Those that wait for its workers. */
  readonly scans: WaitingScans
  readonly limits: ServiceLimits
  readonly waiting: WaitingAnswers
  readonly metrics: Metrics
  readonly inFlight: CallersInFlight
  readonly admission: Admission
  readonly arrivals: Arrivals
  readonly quarantine: Quarantine
  readonly access: AccessControl
  readonly system: SystemFolder
  readonly audit: AuditLog
  readonly tokens: Tokens
  readonly grants: Grants
  readonly queries: SavedQueries
  readonly procedures: StoredProcedures
  readonly rowSets: RowSets
  readonly answering: Answering
  /** Bound to loopback: only a loopback Host and no foreign Origin is answered, but for those below. */
  readonly isLoopback: boolean
  /** Origins whose pages may ask, as browsers write them. */
  readonly origins: ReadonlySet<string>
  /** One entry for each request, once its answer has left; undefined where nobody reads them. */
  readonly log: ((entry: LogEntry) => void) | undefined
  /** Undefined where no traces are wanted. */
  readonly tracing: Tracing | undefined
  /** Unforeseen errors, for the log: never shown to callers. */
  readonly onFault: (error: unknown) => void
}

export type RouteContext = {
  readonly service: Service
  readonly request: HttpRequest
  readonly route: Route
  /** Among the requests that are worked at; of an open route none. */
  readonly place: Place
  readonly caller: Caller
  readonly inFlight: InFlight
  /** How long it waited until it was its turn. */
  readonly waitedMs: number
  /** What the caller sees: the only way of a route to facts. */
  readonly databases: CallerDatabases
  /** What the caller wants of what the route offers. */
  readonly format: Format
  /** What fields are written in: the format where it has fields, else the request's own notation. */
  readonly notation: Notation
  /** Values of `:name` places of the path. */
  readonly parameters: Readonly<Record<string, string>>
  readonly search: URLSearchParams
  /** What its parts belong to in the trace of the request; undefined where it has none. */
  readonly span: Span | undefined
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** The type of a field in JSON, for OpenAPI, and what it is. */
export type FieldDescription = { readonly type: string | readonly string[]; readonly about: string }

export type Route = {
  readonly method: Method
  readonly path: string
  readonly about: string
  /** What a caller must be allowed to do; `open` answers everybody. */
  readonly scope: Scope | 'open'
  /** What it answers where nothing is wrong, in JSON. */
  readonly answers: Schema
  /** With which statuses; 200 where left out. */
  readonly statuses?: readonly number[]
  /** Fields of the body. */
  readonly fields?: Readonly<Record<string, FieldDescription>>
  readonly requiredFields?: readonly string[]
  /** The body, of a route that reads its own and has no fields. */
  readonly message?: Schema
  /** Parameters behind the `?` of the URL. */
  readonly search?: Readonly<Record<string, string>>
  /** Answers in one type of its own, whatever `Accept` says. */
  readonly contentType?: string
  /** What it answers in, where that is more than JSON and EDN. */
  readonly formats?: readonly Format[]
  readonly answer: (context: RouteContext) => Promise<HttpResponse>
}

export function ok(
  { service, request, notation, caller }: RouteContext,
  fields: Readonly<Record<string, Field>>,
  status: number = 200,
): Promise<HttpResponse> {
  const { answerBytesMax: bytesMax } = limitsFor(service.limits, caller)
  return send(answerToSend(status, fields, notation), { request, waiting: service.waiting, bytesMax })
}

export function connectionOf({ databases, parameters }: RouteContext): Promise<Connection> {
  return databases.connection(parameters['name']!)
}

export function fieldsOf(
  { request, service, span }: RouteContext,
  known: Readonly<Record<string, FieldDescription>>,
  options: { readonly recover: boolean },
): Promise<Fields> {
  const { bodyBytesMax } = service.limits
  const reading = { bodyBytesMax, known: Object.keys(known), recover: options.recover }
  return traced(span, 'read body', () => readFields(request, reading))
}

/** Refuses parameters of the URL that the route does not have: a misspelled one would silently do nothing. */
export function checkSearch({ search }: RouteContext, { search: known = {} }: Route): void {
  for (const name of search.keys()) {
    if (!Object.hasOwn(known, name)) throw parameterUnknown(name, Object.keys(known))
  }
}

/** A parameter that is true or false; false where it is missing. */
export function flagOf(search: URLSearchParams, name: string): boolean {
  const text = search.get(name)
  if (text === null || text === 'false') return false
  if (text === 'true' || text === '') return true
  throw parameterInvalid(name, 'true or false')
}

/** Named forms, wherever they come from. */
export type Forms = Pick<Fields, 'form'>

/** A parameter that is a whole number. */
export function countIn(search: URLSearchParams, name: string, least = 0): number | undefined {
  const text = search.get(name)
  if (text === null) return undefined
  if (!/^\d{1,15}$/.test(text) || Number(text) < least)
    throw parameterInvalid(name, least > 0 ? 'a positive whole number' : 'a whole number, 0 or more')
  return Number(text)
}

export function textOf(fields: Forms, name: string): string | undefined {
  const value = fields.form(name, 'value')
  if (value !== undefined && typeof value !== 'string') throw fieldInvalid(name, 'a text')
  return value
}

export function textListOf(fields: Forms, name: string): readonly string[] | undefined {
  const value = fields.form(name, 'value')
  if (value === undefined) return undefined
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string'))
    throw fieldInvalid(name, 'a list of texts')
  return value
}

/** False where it is missing. */
export function booleanOf(fields: Fields, name: string): boolean {
  const value = fields.form(name, 'value') ?? false
  if (typeof value !== 'boolean') throw fieldInvalid(name, 'true or false')
  return value
}

export function countOf(fields: Fields, name: string, least = 1): number | undefined {
  const value = fields.form(name, 'value')
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least)
    throw fieldInvalid(name, least > 0 ? 'a positive whole number' : 'a whole number, 0 or more')
  return value
}

export type ReadForm = {
  readonly form: Edn
  readonly placeOf: PlaceOf
  /** Read from JSON: text may stand for a uuid, an instant and the like. */
  readonly isPlainData: boolean
}

/** A field that is data, or a string of EDN text. */
export function dataOf(fields: Fields, name: string, mode: 'transaction' | 'schema'): ReadForm | undefined {
  const form = fields.form(name, mode)
  if (form === undefined) return undefined
  if (typeof form !== 'string')
    return { form, placeOf: fields.placeOf, isPlainData: fields.notation === 'json' }
  const { value, places } = readEdn(form, { source: name })
  return { form: value, placeOf: places.placeOf, isPlainData: false }
}
