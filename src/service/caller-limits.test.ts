// What one caller may have at once, and queries that end their workers.

import { beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { createEngine } from '../engine/create.ts'
import type { QueryJob, QueryRunner } from '../query/ask.ts'
import { workerEnded } from '../query/run-errors.ts'
import { InThreadRunner } from '../query/run-here.ts'
import {
  freshServiceForEachTest,
  json,
  PRICES,
  problem,
  send,
  serveWith,
  shop,
  system,
} from '../testing/test-service.ts'
import { TokenAccess } from './access-control.ts'
import { CallersInFlight, limitsFor } from './caller-limits.ts'
import { SERVICE_LIMITS } from './route.ts'
import { Tokens } from './system/tokens.ts'

freshServiceForEachTest()

const env = nodeEnv()
let jobs: QueryJob[]
let failure: Error | undefined
let held: Promise<void>

/** Remembers what it runs; fails, or waits, where a test says so. */
function runner(): QueryRunner {
  const here = new InThreadRunner(createEngine(env), env.clock)
  return {
    warm: () => undefined,
    run: (job) => here.run(job),
    explain: (job, mode) => here.explain(job, mode),
    write: async (job, format) => {
      jobs.push(job)
      await held
      if (failure !== undefined) throw failure
      return here.write(job, format)
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

beforeEach(async () => {
  jobs = []
  failure = undefined
  held = Promise.resolve()
  serveWith({}, runner())
  await shop()
})

async function limited(limits: object): Promise<Readonly<Record<string, string>>> {
  const { token } = (await json('POST', '/v1/tokens', { caller: 'ada', limits })) as {
    readonly token: string
  }
  await json('POST', '/v1/grants', { principal: 'ada', database: 'shop', attributes: ['*'] })
  serveWith({}, runner(), new TokenAccess(new Tokens(env, system), { isLoopback: true }))
  return { 'content-type': 'application/json', authorization: `Bearer ${token}` }
}

describe('a token with limits', () => {
  it('bounds rows, memory, time and workers of its questions', async () => {
    const headers = await limited({ rowCount: 1, memoryBytes: 1 << 20, timeoutMs: 500, workers: 1 })
    await send('POST', '/v1/query', {
      body: { query: PRICES, timeoutMs: 60_000, memoryBytes: 1 << 30 },
      headers,
    })
    expect(jobs).toMatchObject([
      {
        rowCountMax: 1,
        memoryBytesMax: 1 << 20,
        timeoutMs: 500,
        share: { name: 'token ada', workerCountMax: 1 },
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
    const first = send('POST', '/v1/query', { body: { query: PRICES }, headers })
    await new Promise((next) => setTimeout(next, 50))
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
    for (const each of [leave, leave, other]) each()
    expect(callers.count).toBe(0)
    callers.enter(caller)
  })
})

describe('a query that ends its worker', () => {
  it('is not asked a third time, and no other query is refused for it', async () => {
    failure = workerEnded('failed', Object.assign(new Error(), { code: 'ERR_WORKER_OUT_OF_MEMORY' }))
    for (let count = 0; count < 2; count++) {
      const [status] = await problem('POST', '/v1/query', { body: { query: PRICES } })
      expect(status).toBe(400)
    }
    failure = undefined
    const [status, error] = await problem('POST', '/v1/query', { body: { query: PRICES } })
    expect([status, error.code, jobs.length]).toEqual([403, 'varve.error/query-quarantined', 2])
    expect(
      (await send('POST', '/v1/query', { body: { query: '[:find ?x :in ?x]', args: [1] } })).status,
    ).toBe(200)
  })
})
