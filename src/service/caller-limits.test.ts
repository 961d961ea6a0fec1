// What one caller may have: at once, and of each question, of points and scans apart.

import { beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { createEngine } from '../engine/create.ts'
import type { QueryJob, QueryRunner } from '../query/ask.ts'
import { AtOnceRunner } from '../query/run-at-once.ts'
import { InThreadRunner } from '../query/run-here.ts'
import {
  freshServiceForEachTest,
  json,
  logged,
  PRICES,
  problem,
  send,
  serveWith,
  shop,
  system,
} from '../testing/test-service.ts'
import { TokenAccess } from './access-control.ts'
import { CallersInFlight, limitsFor } from './caller-limits.ts'
import { SERVICE_LIMITS, serviceLimitsOf } from './route.ts'
import { Tokens } from './system/tokens.ts'

freshServiceForEachTest()

const env = nodeEnv()
let jobs: QueryJob[]
let held: Promise<void>

/** Remembers what it runs, and waits where a test says so. */
function runner(): QueryRunner {
  const here = new InThreadRunner(createEngine(env), env.clock)
  return {
    warm: () => undefined,
    run: (job) => here.run(job),
    explain: (job, mode) => here.explain(job, mode),
    write: async (job, format) => {
      jobs.push(job)
      await held
      return here.write(job, format)
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

beforeEach(async () => {
  jobs = []
  held = Promise.resolve()
  serveWith({}, runner())
  await shop()
})

type Headers = Readonly<Record<string, string>>

/** Of a caller with a token of these limits; the service takes points for itself and leaves scans to others. */
async function limited(limits: object): Promise<Headers> {
  const headers = await tokenOf('ada', limits)
  serveGuarded()
  return headers
}

async function tokenOf(caller: string, limits: object): Promise<Headers> {
  const made = (await json('POST', '/v1/tokens', { caller, limits })) as { readonly token: string }
  await json('POST', '/v1/grants', { principal: caller, database: 'shop', attributes: ['*'] })
  return { 'content-type': 'application/json', authorization: `Bearer ${made.token}` }
}

function serveGuarded(): void {
  const access = new TokenAccess(new Tokens(env, system), { isLoopback: true })
  serveWith({}, new AtOnceRunner(createEngine(env), env.clock, runner(), { answerMsMax: 1_000 }), access)
}

/** Functions of texts take as long as these are: a scan, whatever it finds. */
const SCAN = '[:find ?id :where [$sh _ :item/id ?id] [(subs ?id 0) ?text]]'

describe('a token with limits', () => {
  it('bounds rows, memory, time and workers of its questions', async () => {
    const headers = await limited({ rowCount: 1, memoryBytes: 1 << 20, timeoutMs: 500, workers: 1 })
    await send('POST', '/v1/query', {
      body: { query: SCAN, timeoutMs: 60_000, memoryBytes: 1 << 30 },
      headers,
    })
    expect(jobs).toMatchObject([
      {
        rowCountMax: 1,
        memoryBytesMax: 1 << 20,
        timeoutMs: 500,
        asker: { share: { name: 'token ada', workerCountMax: 1 } },
      },
    ])
    expect(
      limitsFor(SERVICE_LIMITS, {
        name: 'x',
        kind: 'token',
        roles: [],
        scopes: [],
        limits: { rowCount: 1e9 },
      }),
    ).toEqual(SERVICE_LIMITS)
  })

  it('refuses what comes while as many requests are being answered as it may have', async () => {
    const headers = await limited({ concurrency: 1 })
    const { promise, resolve } = Promise.withResolvers<void>()
    held = promise
    const first = send('POST', '/v1/query', { body: { query: SCAN }, headers })
    while (jobs.length === 0) await env.timers.sleep(1)
    const {
      status,
      headers: told,
      text,
    } = await send('POST', '/v1/query', { body: { query: PRICES }, headers })
    expect([status, told['retry-after']]).toEqual([429, '1'])
    expect(text).toContain('varve.error/too-many-requests')
    resolve()
    expect((await first).status).toBe(200)
    expect((await send('POST', '/v1/query', { body: { query: PRICES }, headers })).status).toBe(200)
  })

  it('counts each caller by itself, and forgets who has left', () => {
    const callers = new CallersInFlight()
    const caller = { name: 'ada', kind: 'token', roles: [], scopes: [], limits: { concurrency: 1 } } as const
    const leave = callers.enter(caller)
    const other = callers.enter({ ...caller, kind: 'oidc' })
    expect(callers.count).toBe(2)
    for (const each of [leave, leave, other]) each.leave()
    expect(callers.count).toBe(0)
    callers.enter(caller)
  })
})

describe('a limit of one class', () => {
  it('bounds questions of that class alone, and a point that meets its own is no scan', async () => {
    const headers = await limited({ 'scan.rowCount': 7, 'scan.timeoutMs': 700, 'point.rowCount': 1 })
    await send('POST', '/v1/query', { body: { query: SCAN }, headers })
    expect(jobs).toMatchObject([{ rowCountMax: 7, timeoutMs: 700, memoryBytesMax: 2 ** 30 }])
    const [status, error] = await problem('POST', '/v1/query', { body: { query: PRICES }, headers })
    expect([status, error.code, jobs.length]).toEqual([400, 'varve.error/too-many-rows', 1])
  })

  it('of requests lets the others in, and says of which there are too many', async () => {
    const headers = await limited({ 'scan.concurrency': 1 })
    const { promise, resolve } = Promise.withResolvers<void>()
    held = promise
    const first = send('POST', '/v1/query', { body: { query: SCAN }, headers })
    while (jobs.length === 0) await env.timers.sleep(1)
    const [status, error] = await problem('POST', '/v1/query', { body: { query: SCAN }, headers })
    expect([status, error.code, error.message, error.data]).toEqual([
      429,
      'varve.error/too-many-requests',
      '1 scans of this caller are being answered already',
      { countMax: 1, class: 'scan' },
    ])
    expect((await send('POST', '/v1/query', { body: { query: PRICES }, headers })).status).toBe(200)
    resolve()
    expect((await first).status).toBe(200)
    expect((await send('POST', '/v1/query', { body: { query: SCAN }, headers })).status).toBe(200)
    expect(logged.slice(-4).map((entry) => entry.class)).toEqual(['scan', 'point', 'scan', 'scan'])
  })

  it('is the least of what the service and the token say', () => {
    const callers = new CallersInFlight({ concurrency: 9, 'scan.rowCount': 5, 'point.timeoutMs': 3 })
    const caller = { name: 'ada', kind: 'token', roles: [], scopes: [] } as const
    const limits = { 'scan.rowCount': 6, 'point.timeoutMs': 2, workers: 1 }
    expect(callers.enter({ ...caller, limits }).limits).toEqual({
      concurrency: 9,
      workers: 1,
      'scan.rowCount': 5,
      'point.timeoutMs': 2,
    })
  })

  it('is written in either notation, and refused where nobody knows it', async () => {
    const edn = { 'content-type': 'application/edn', accept: 'application/json' }
    const body = '{:caller "ada" :limits {:scan.row-count 5 :concurrency 2}}'
    expect(JSON.parse((await send('POST', '/v1/tokens', { body, headers: edn })).text)).toMatchObject({
      limits: { 'scan.rowCount': 5, concurrency: 2 },
    })
    for (const limits of [{ 'scan.speed': 1 }, { 'point.workers': 1 }, { 'scan.rowCount': 0 }]) {
      const [status, error] = await problem('POST', '/v1/tokens', { body: { caller: 'ada', limits } })
      expect([status, error.code]).toEqual([400, 'varve.error/field-invalid'])
    }
  })
})

describe('the bytes of an answer', () => {
  it('are bounded on every route that tells facts: beyond it there is an error', async () => {
    const headers = await limited({ answerBytes: 20 })
    for (const [method, path, body] of [
      ['POST', '/v1/query', { query: PRICES }],
      ['POST', '/v1/query', { query: SCAN.replace('?id :where', '?id ?text :where') }],
      ['GET', '/v1/databases/shop/log', undefined],
      ['POST', '/v1/databases/shop/datoms', { index: 'eavt' }],
    ] as const) {
      const [status, error] = await problem(method, path, { headers, ...(body && { body }) })
      expect([path, status, error.code]).toEqual([path, 400, 'varve.error/answer-too-large'])
    }
  })

  it('and its rows are bounded where it comes from memory, too', async () => {
    const [rich, poor, poorer] = [
      await tokenOf('rich', {}),
      await tokenOf('poor', { 'scan.rowCount': 1 }),
      await tokenOf('poorer', { answerBytes: 3 }),
    ]
    serveGuarded()
    const body = { query: SCAN, asOf: 1 }
    const codeFor = async (headers: Headers): Promise<unknown> => {
      const { text } = await send('POST', '/v1/query', { body, headers })
      return (JSON.parse(text) as { readonly error?: { readonly code: string } }).error?.code
    }
    expect([await codeFor(rich), await codeFor(poor), await codeFor(poorer), await codeFor(rich)]).toEqual([
      undefined,
      'varve.error/too-many-rows',
      'varve.error/answer-too-large',
      undefined,
    ])
    expect(jobs).toHaveLength(1)
  })
})

describe('the class of a question', () => {
  it('is told by explain before anything is known, and as it turned out later', async () => {
    const headers = await limited({})
    const classOf = async (query: string): Promise<unknown> => {
      const { text } = await send('POST', '/v1/query', { body: { query, explain: 'plan' }, headers })
      return (JSON.parse(text) as { readonly explain: { readonly class?: string } }).explain.class
    }
    expect([await classOf(PRICES), await classOf(SCAN)]).toEqual(['point', 'scan'])
  })
})

describe('limits that a service is told', () => {
  it('take the place of its own where they bound any question, and join them elsewhere', () => {
    expect(serviceLimitsOf({ rowCount: 5_000_000, timeoutMs: 1_000, 'scan.concurrency': 2 })).toEqual({
      ...SERVICE_LIMITS,
      rowCountMax: 5_000_000,
      timeoutMs: 1_000,
      timeoutMsMax: 1_000,
      callers: { concurrency: 256, 'scan.concurrency': 2 },
    })
    expect(serviceLimitsOf({})).toEqual(SERVICE_LIMITS)
  })
})
