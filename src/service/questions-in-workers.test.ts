// Questions over HTTP that run in real worker threads: what becomes of them, and of the workers, when their client leaves or
// they take their worker with them.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { HttpHandler } from '../base/env.ts'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { createEngine } from '../engine/create.ts'
import { AtOnceRunner } from '../query/run-at-once.ts'
import { WorkerRunner } from '../query/run-in-workers.ts'
import { WaitingScans } from '../query/waiting-scans.ts'
import { procedures, SCHEMA } from '../testing/test-service.ts'
import { OPEN_ACCESS } from './access-control.ts'
import { createHandler } from './handler.ts'
import type { LogEntry } from './log-entry.ts'
import type { Service } from './route.ts'
import { createService } from './server.ts'
import { SystemFolder } from './system/system-folder.ts'

const env = nodeEnv()
const folder = env.files.makeTemporaryFolder('varve-service-workers')
let catalog: Catalog
let workers: WorkerRunner
let system: SystemFolder
let service: Service
let handle: HttpHandler
let logged: LogEntry[]

beforeAll(async () => {
  catalog = await Catalog.openFolder(env, folder)
  await catalog.create('shop', { schema: readEdn(SCHEMA).value })
  const writer = await catalog.writer('shop')
  await writer.transact({ tx: readEdn('[{:item/id "tea" :item/price 450}]').value })
  workers = new WorkerRunner(env, [folder], { workerCountMax: 1, workerHeapBytesMax: 16 << 20 })
})
afterAll(async () => {
  await workers[Symbol.asyncDispose]()
  await catalog[Symbol.asyncDispose]()
  env.files.remove(folder)
})
beforeEach(async () => {
  system = await SystemFolder.inMemory(env)
  logged = []
  const scans = new WaitingScans()
  scans.add(workers)
  const runner = new AtOnceRunner(createEngine(env), env.clock, workers, { answerMsMax: 1_000 })
  const log = (entry: LogEntry): number => logged.push(entry)
  const onFault = (error: unknown): never => {
    throw error
  }
  const admission = { runningCountMax: 3 }
  const options = { catalog, runner, scans, admission, procedures, system, log, version: '1.2.3', onFault }
  service = createService(options, {
    audit: await system.openAudit(),
    access: OPEN_ACCESS,
    isLoopback: true,
  })
  handle = createHandler(service)
})
afterEach(async () => {
  await service.audit.settled()
  await system[Symbol.asyncDispose]()
})

type Asked = {
  readonly status: number
  readonly retryAfter?: string
  readonly error?: Record<string, unknown>
  readonly result?: unknown
}

async function ask(method: string, target: string, body?: object, signal?: AbortSignal): Promise<Asked> {
  const response = await handle({
    method,
    target,
    headers: new Map([
      ['host', '127.0.0.1'],
      ['content-type', 'application/json'],
    ]),
    remoteAddress: '127.0.0.1',
    readBody: () => Promise.resolve(new TextEncoder().encode(JSON.stringify(body))),
    signal: signal ?? new AbortController().signal,
  })
  response.onEnd?.(signal?.aborted !== true)
  const retryAfter = response.headers?.['retry-after']
  return {
    status: response.status,
    ...(retryAfter && { retryAfter }),
    ...(JSON.parse(Buffer.from(response.body as Uint8Array).toString()) as object),
  }
}

function query(text: string, signal?: AbortSignal): Promise<Asked> {
  return ask('POST', '/v1/query', { query: text, database: 'shop' }, signal)
}

const numbers = Array.from({ length: 900 }, (_, i) => i).join(' ')
const triples = ['?x', '?y', '?z'].map((name) => `[(ground [${numbers}]) [${name} ...]]`).join(' ')
const COUNT = '[:find (count ?i) . :where [?i :item/id]]'
const ENDLESS = `[:find (count ?x) . :with ?y ?z :where ${triples}]`
/** Texts, which are made one by one and kept, since each of them is another. */
const DEADLY = `[:find ?text :where ${triples} [(str ?x "-" ?y "-" ?z) ?text]]`
/** Waits for a worker, since texts may be long. */
const IN_WORKER = '[:find ?id . :where [_ :item/id ?id] [(count ?id) ?n] [(= ?n 3)]]'

async function outcomes(): Promise<readonly string[]> {
  await service.audit.settled()
  const { facts } = service.audit.value()
  const ends: string[] = []
  for (const { a, v } of facts.match(undefined, undefined, undefined))
    if (facts.schema.attribute(a)!.ident.text === 'outcome/end') ends.push(String(v))
  return ends.sort((x, y) => (x < y ? -1 : 1))
}

describe('a client that goes away', () => {
  it('frees its worker, and its place among those who wait, and the audit says that it left', async () => {
    const [running, waiting] = [new AbortController(), new AbortController()]
    const first = query(ENDLESS, running.signal)
    await env.timers.sleep(100)
    const second = query(ENDLESS, waiting.signal)
    const third = query(IN_WORKER)
    while (service.scans.waitingCount < 2) await env.timers.sleep(5)
    waiting.abort(new Error('gone'))
    expect((await second).error).toMatchObject({ code: 'varve.error/query-cancelled' })
    expect(service.scans.waitingCount).toBe(1)
    running.abort(new Error('gone'))
    await first
    expect(await third).toMatchObject({ status: 200, result: 'tea' })
    expect(await outcomes()).toEqual(['answered', 'left', 'left'])
    expect(service.inFlight.count).toBe(0)
    expect(logged.map(({ class: kind, error, whole }) => [kind, error, whole])).toEqual([
      ['scan', 'varve.error/query-cancelled', false],
      ['scan', 'varve.error/query-cancelled', false],
      ['scan', undefined, true],
    ])
  })
})

describe('a service without a free place', () => {
  it('lets a scan that waits go, and answers the point', async () => {
    const going = new AbortController()
    const running = query(ENDLESS, going.signal)
    const waiting = [query(IN_WORKER), query(IN_WORKER)]
    while (service.scans.waitingCount < 2) await env.timers.sleep(5)
    expect(await query(COUNT)).toMatchObject({ status: 200, result: 1 })
    expect(await waiting[1]).toMatchObject({
      status: 429,
      retryAfter: '1',
      error: { code: 'varve.error/query-shed' },
    })
    going.abort(new Error('gone'))
    await running
    expect(await waiting[0]).toMatchObject({ status: 200 })
    const figures = service.metrics.write([])
    expect(figures).toContain('varve_question_duration_seconds_count{class="scan"} 3')
    expect(figures).toContain('varve_question_duration_seconds_count{class="point"} 1')
    expect(figures).toContain('varve_question_errors_total{class="scan",code="varve.error/query-shed"} 1')
  })
})

describe('a query that ends its worker', () => {
  it('is told so, is not asked a third time until that is lifted, and costs no other question anything', async () => {
    for (let i = 0; i < 2; i++) {
      const [killed, beside, point] = await Promise.all([query(DEADLY), query(IN_WORKER), query(COUNT)])
      expect(killed).toMatchObject({ status: 400, error: { code: 'varve.error/query-out-of-memory' } })
      expect([beside, point]).toMatchObject([{ result: 'tea' }, { result: 1 }])
    }
    const refused = await query(DEADLY)
    expect(refused).toMatchObject({ status: 403, error: { code: 'varve.error/query-quarantined' } })
    const { queryHash } = (refused.error?.['data'] ?? {}) as { readonly queryHash: string }
    expect(refused.error?.['message']).toContain(queryHash)
    expect(await ask('GET', '/v1/quarantine')).toMatchObject({ queries: [{ queryHash }] })
    expect(await ask('DELETE', `/v1/quarantine/${queryHash}`)).toMatchObject({ lifted: queryHash })
    expect(await ask('GET', '/v1/quarantine')).toEqual({ status: 200, queries: [] })
    expect(() => service.quarantine.check(queryHash)).not.toThrow()
  })
})
