// What becomes of a question when DuckDB, its process or somebody's patience does not last.

import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../base/env-node.ts'
import type { WorkerThread } from '../../base/env.ts'
import { readEdn } from '../../fact/edn-reader.ts'
import type { Edn } from '../../fact/value.ts'
import type { Answer, EngineLimits } from '../../plan/engine.ts'
import { checkRules } from '../../query/check-rules.ts'
import { parseQuery } from '../../query/parse-query.ts'
import { DuckDbEngine, duckDbLimits } from './engine.ts'
import type { SqlMessage, SqlRequest } from './protocol.ts'

const env = nodeEnv()
const engines: DuckDbEngine[] = []
afterAll(async () => {
  for (const engine of engines) await engine[Symbol.asyncDispose]()
})

function opened(made: DuckDbEngine): DuckDbEngine {
  engines.push(made)
  return made
}

const LIMITS: EngineLimits = { deadlineMs: Infinity, rowCountMax: 10_000, memoryBytesMax: Infinity }
const ONE = '[:find ?x . :in ?x]'

function ask(engine: DuckDbEngine, text: string, args: readonly Edn[], limits = LIMITS): Promise<Answer> {
  const query = checkRules(parseQuery(readEdn(text).value), new Map())
  return engine.answer(
    query,
    args.map((value) => ({ kind: 'value', value })),
    new Map(),
    limits,
  )
}

async function codeOf(answering: Promise<unknown>): Promise<unknown> {
  return answering.then(
    () => 'no error',
    (error: { readonly code?: unknown }) => error.code ?? error,
  )
}

/** Numbers thrice multiplied with each other: as many rows as one likes. */
const MANY = '[:find (count ?x) . :with ?y ?z :in [?x ...] [?y ...] [?z ...] :where [(not= ?x -1)]]'
const numbers = (count: number): readonly Edn[] => Array.from({ length: count }, (_, number) => number)

describe('a question that takes too long', () => {
  const engine = opened(new DuckDbEngine(env))
  const endless = [numbers(3_000), numbers(3_000), numbers(3_000)]

  it('ends at its deadline, and the next one is answered', async () => {
    const deadlineMs = env.clock.monotonicMs() + 1_500
    expect(await codeOf(ask(engine, MANY, endless, { ...LIMITS, deadlineMs }))).toBe(
      'varve.error/query-timeout',
    )
    expect((await ask(engine, ONE, [7])).rows.at(0)).toEqual([7])
  })

  it('ends when it is cancelled', async () => {
    const controller = new AbortController()
    const asking = codeOf(ask(engine, MANY, endless, { ...LIMITS, signal: controller.signal }))
    await env.timers.sleep(300)
    controller.abort(new Error('enough'))
    expect(await asking).toBe('varve.error/query-cancelled')
  })

  it('waits for the one before it no longer than it may', async () => {
    const first = new AbortController()
    const asking = codeOf(ask(engine, MANY, endless, { ...LIMITS, signal: first.signal }))
    const deadlineMs = env.clock.monotonicMs() + 100
    expect(await codeOf(ask(engine, ONE, [6], { ...LIMITS, deadlineMs }))).toBe('varve.error/query-timeout')
    const second = new AbortController()
    const waiting = codeOf(ask(engine, ONE, [6], { ...LIMITS, signal: second.signal }))
    second.abort()
    expect(await waiting).toBe('varve.error/query-cancelled')
    first.abort()
    expect(await asking).toBe('varve.error/query-cancelled')
    expect((await ask(engine, ONE, [6])).rows.at(0)).toEqual([6])
  })

  it('has so many rows at most', async () => {
    const question = '[:find ?x ?y :in [?x ...] [?y ...]]'
    expect(await codeOf(ask(engine, question, [numbers(300), numbers(300)]))).toBe(
      'varve.error/too-many-rows',
    )
    expect((await ask(engine, ONE, [8])).rows.at(0)).toEqual([8])
  })
})

it('a question that outgrows memory and disk is told so', async () => {
  const limits = { ...duckDbLimits(env), memoryBytesMax: 2 ** 22, diskBytesMax: 2 ** 20 }
  const engine = opened(new DuckDbEngine(env, {}, limits))
  const question =
    '[:find (count ?s) . :in [?x ...] [?y ...] [?z ...] :where [(+ ?x (* 300 ?y)) ?xy] [(+ ?xy (* 90000 ?z)) ?s]]'
  const args = [numbers(300), numbers(300), numbers(5)]
  expect(await codeOf(ask(engine, question, args))).toBe('varve.error/query-out-of-memory')
})

describe('a function that fails on a row', () => {
  const engine = opened(new DuckDbEngine(env))

  it('is an error of the question, with its place, where nothing else rejects the row', async () => {
    const asking = ask(engine, '[:find ?z :in [?x ...] :where [(inc ?x) ?y] [(even? ?y) ?z]]', [[1, 'a']])
    await expect(asking).rejects.toMatchObject({
      code: 'varve.error/function-arguments-wrong',
      data: { name: '+', place: { path: [5] } },
    })
  })

  it('is nothing where a clause rejects the row', async () => {
    const question = '[:find [?x ...] :in [?x ...] [[?x _]] :where [(even? ?x)]]'
    const { rows } = await ask(engine, question, [
      [1, 2, 'a'],
      [
        [2, 0],
        [1, 0],
      ],
    ])
    expect([...rows]).toEqual([[2]])
  })

  it('is refused where another call may reject the row, or the call stands within a clause', async () => {
    for (const where of ['[(even? ?x)] [(string? ?x)]', '(not [(even? ?x)])']) {
      await expect(ask(engine, `[:find ?x :in [?x ...] :where ${where}]`, [[1, 'a']])).rejects.toMatchObject({
        code: 'varve.error/engine-refused',
        kind: 'unsupported',
        data: { engine: 'duckdb', reason: expect.stringContaining('fails on a row') },
      })
    }
  })
})

it('a process that is killed takes its question along, which is told so, and the next one gets another', async () => {
  const before = new Set(childrenOf(process.pid))
  const startedOnes = (): readonly number[] => childrenOf(process.pid).filter((pid) => !before.has(pid))
  const engine = opened(new DuckDbEngine(env))
  const asking = ask(engine, MANY, [numbers(3_000), numbers(3_000), numbers(3_000)])
  asking.catch(() => undefined)
  let [killed] = startedOnes()
  for (; killed === undefined; [killed] = startedOnes()) await env.timers.sleep(5)
  await env.timers.sleep(300)
  process.kill(killed, 'SIGKILL')
  await expect(asking).rejects.toMatchObject({
    code: 'varve.error/duckdb-ended',
    data: { endedWorker: true },
    cause: new Error('DuckDB ended with SIGKILL'),
  })
  expect((await ask(engine, ONE, [9])).rows.at(0)).toEqual([9])
  expect(startedOnes()).toHaveLength(1)
})

/** Processes that this one started. */
function childrenOf(parent: number): readonly number[] {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return all.filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
    } catch {
      return false
    }
  })
}

describe('a process that says', () => {
  /** An engine whose process answers every request with what `say` makes of it. */
  function engineOf(say: (request: SqlRequest) => SqlMessage): DuckDbEngine {
    const startProcess = (): WorkerThread => {
      let handler: (message: unknown) => void = () => undefined
      const stop = (): Promise<void> => Promise.resolve()
      return {
        post: (request) => handler(say(request as SqlRequest)),
        onMessage: (given) => void (handler = given),
        ended: new Promise(() => undefined),
        stop,
        [Symbol.asyncDispose]: stop,
      }
    }
    return opened(new DuckDbEngine({ ...env, processes: { ...env.processes, startProcess } }))
  }

  it('that there is no DuckDB', async () => {
    const engine = engineOf(() => ({
      kind: 'unopened',
      isDriverMissing: true,
      message: 'Cannot find package',
    }))
    expect(await codeOf(ask(engine, ONE, [1]))).toBe('varve.error/duckdb-missing')
  })

  it('that DuckDB does not start', async () => {
    const engine = engineOf(() => ({ kind: 'unopened', isDriverMissing: false, message: 'no such option' }))
    expect(await codeOf(ask(engine, ONE, [1]))).toBe('varve.error/sql-failed')
  })

  it('that it does not take the SQL', async () => {
    const engine = engineOf(({ id }) => ({
      kind: 'failed',
      id,
      failure: { kind: 'fault', message: 'Binder Error' },
    }))
    expect(await codeOf(ask(engine, ONE, [1]))).toBe('varve.error/sql-failed')
  })
})
