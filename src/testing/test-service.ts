// A service without a network, over databases in memory: tests send it requests as values. Each test gets a fresh one,
// and fails when the service met a fault of its own, or answered what its description does not tell of.

import { afterEach, beforeEach } from 'vitest'
import type { HttpHandler, HttpResponse } from '../base/env.ts'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import type { Writer } from '../database/writer.ts'
import { createEngine } from '../engine/create.ts'
import { InThreadRunner } from '../query/run-here.ts'
import type { QueryRunner } from '../query/ask.ts'
import type { AuditLog } from '../service/audit/audit-log.ts'
import { NO_PROCEDURES, type ProcedureSet } from '../procedures/procedure-set.ts'
import type { HeldProcedures } from '../service/system/stored-procedures.ts'
import { SystemFolder } from '../service/system/system-folder.ts'
import { type AccessControl, OPEN_ACCESS } from '../service/access-control.ts'
import type { Answering } from '../service/answering.ts'
import { createHandler } from '../service/handler.ts'
import type { LogEntry } from '../service/log-entry.ts'
import { createService } from '../service/server.ts'
import { undescribed } from './described-answer.ts'
import type { Quarantine } from '../service/quarantine.ts'
import type { Service, ServiceLimits } from '../service/route.ts'

export const SCHEMA = `[
  {:db/ident :item/id :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :item/price :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :item/key :db/valueType :db.type/uuid :db/cardinality :db.cardinality/one}]`

const env = nodeEnv()
/** Holds them; nothing here runs one. */
export const procedures: HeldProcedures & { set: ProcedureSet } = {
  set: NO_PROCEDURES,
  use: (set) => void (procedures.set = set),
  check: () => undefined,
}
let catalog: Catalog
export let system: SystemFolder
export let auditWriter: Writer
export let audit: AuditLog
let handle: HttpHandler
let service: Service
export let faults: unknown[]
/** What the log would say. */
export const logged: LogEntry[] = []

/** To be called once by each file of tests. */
export function freshServiceForEachTest(): void {
  beforeEach(async () => {
    catalog = Catalog.openMemory(env)
    system = await SystemFolder.inMemory(env)
    faults = []
    logged.length = 0
    auditWriter = await system.openAudit()
    serveWith({})
  })
  afterEach(async () => {
    await audit.settled()
    await catalog[Symbol.asyncDispose]()
    await system[Symbol.asyncDispose]()
    if (faults.length > 0) throw new AggregateError(faults, 'The service met faults of its own')
  })
}

/** Another handler over the same databases. */
export function serveWith(
  limits: Partial<ServiceLimits>,
  runner: QueryRunner = new InThreadRunner(createEngine(env), env.clock),
  access: AccessControl = OPEN_ACCESS,
  answering: Partial<Answering> = {},
): void {
  // A request that a test left running may end after it: what it meets is no fault of the next test.
  const own = faults
  const onFault = (error: unknown): number => own.push(error)
  const log = (entry: LogEntry): number => logged.push(entry)
  const options = { catalog, runner, procedures, log, system, limits, version: '1.2.3', answering, onFault }
  service = createService(options, { audit: auditWriter, access, isLoopback: true })
  audit = service.audit
  handle = createHandler(service)
}

/** Of the service that is asked. */
export function quarantine(): Quarantine {
  return service.quarantine
}

/** The same service at another door, or traced. */
export function serveAs(door: Partial<Pick<Service, 'isLoopback' | 'origins' | 'tracing'>>): void {
  handle = createHandler({ ...service, ...door })
}

export type Sent = {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}
export type Got = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly bytes: Uint8Array
  readonly trailers: Readonly<Record<string, string>>
}

export async function send(
  method: string,
  target: string,
  { body, headers, signal }: Sent = {},
): Promise<Got> {
  const bytes = new TextEncoder().encode(
    body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
  )
  const response = await handle({
    method,
    target,
    headers: new Map(
      Object.entries({
        host: '127.0.0.1:8470',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      }),
    ),
    remoteAddress: '127.0.0.1',
    readBody: () => Promise.resolve(bytes),
    signal: signal ?? new AbortController().signal,
  })
  const received = await bytesOf(response)
  response.onEnd?.(true)
  const { status, headers: told = {} } = response
  const text = received.toString()
  const problems = undescribed(method, target, { status, headers: told, text })
  if (problems.length > 0) throw new Error(`${method} ${target}: ${problems.join('; ')}`)
  return {
    status,
    headers: told,
    text,
    bytes: received,
    trailers: response.trailers ?? {},
  }
}

/** What a client makes of the body that it reads to its end. */
async function bytesOf({ body = '' }: HttpResponse): Promise<Buffer> {
  if (typeof body === 'string') return Buffer.from(body)
  const pieces: Uint8Array[] = []
  if (body instanceof Uint8Array) pieces.push(body)
  else for await (const piece of body) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

export const EDN = { 'content-type': 'application/edn' }

export async function json(method: string, target: string, body?: unknown): Promise<unknown> {
  const { status, text } = await send(method, target, body === undefined ? {} : { body })
  if (status >= 300) throw new Error(`${status} ${text}`)
  return JSON.parse(text)
}

export type Problem = {
  readonly code: string
  readonly kind: string
  readonly message: string
  readonly fix: string
  readonly data: { readonly place?: unknown; readonly [key: string]: unknown }
}

export async function problem(method: string, target: string, sent: Sent = {}): Promise<[number, Problem]> {
  const { status, text } = await send(method, target, sent)
  return [status, (JSON.parse(text) as { error: Problem }).error]
}

export async function shop(): Promise<void> {
  await json('PUT', '/v1/databases/shop', { schema: SCHEMA, alias: 'sh' })
  await json('POST', '/v1/databases/shop/transact', {
    tx: [
      { 'item/id': 'tea', 'item/price': 450 },
      { 'item/id': 'pot', 'item/price': 900 },
    ],
  })
}

export const PRICES = '[:find ?id ?price :where [$sh ?i :item/id ?id] [$sh ?i :item/price ?price]]'
