// Queries in worker threads: the same answers as in this thread, bounded in time, memory and number, while commits
// go on beside them.

import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Asker } from './asker.ts'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import type { VarveError } from '../base/errors.ts'
import { createEngine } from '../engine/create.ts'
import { shapeAnswer } from '../engine/shape.ts'
import { type EntityId, VALUE_TYPES } from '../fact/attribute.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import {
  ask,
  type AskArgument,
  askWritten,
  ASK_LIMITS,
  type AskLimits,
  type Asked,
  explain,
  type QueryRunner,
} from './ask.ts'
import { atMoment, momentSources } from './moment.ts'
import { pullEntity, pullRequest } from './pull.ts'
import { InThreadRunner } from './run-here.ts'
import { QUERY_WORKER } from './query-worker.ts'
import { type PoolLimits, WorkerRunner } from './run-in-workers.ts'
import { FORMATS } from './written.ts'

const env = nodeEnv()
const folder = env.files.makeTemporaryFolder('varve-workers')
let catalog: Catalog
/** For the tests that leave their workers alive. */
let workers: WorkerRunner
let entity: EntityId

const SCHEMA = VALUE_TYPES.filter((type) => type !== 'ref' && type !== 'tuple')
  .map((type) => `{:db/ident :v/${type} :db/valueType :db.type/${type} :db/cardinality :db.cardinality/many}`)
  .join(' ')

beforeAll(async () => {
  catalog = await Catalog.openFolder(env, folder)
  await catalog.create('things', { alias: 'th', schema: readEdn(`[${SCHEMA}]`).value })
  const writer = await catalog.writer('things')
  workers = pool()
  const tx = `[{:db/id "things" :v/string ["a" "?x" "ü\\n"] :v/keyword [:k/a :b] :v/symbol [s] :v/boolean [true false]
    :v/long [1 -2 9007199254740993] :v/bigint [12345678901234567890123N] :v/float [1.5] :v/double [2.0 0.1]
    :v/bigdec [1.50M] :v/instant [#inst "2014-11-15T13:37:42.001Z"] :v/uuid [#uuid "9a2f1c0e-7d3b-4f5a-8c1d-2e3f4a5b6c7d"]
    :v/uri [#uri "https://example.com/a"] :v/bytes [#bytes "AAEC"]}]`
  const { tempids } = await writer.transact({ tx: readEdn(tx).value })
  entity = tempids.get('things')!
})
afterAll(async () => {
  await workers[Symbol.asyncDispose]()
  await catalog[Symbol.asyncDispose]()
  env.files.remove(folder)
})

/** Counts triples out of `count` numbers: as long as one likes. */
function heavy(count: number): string {
  const numbers = Array.from({ length: count }, (_, i) => i).join(' ')
  const source = (name: string): string => `[(ground [${numbers}]) [${name} ...]]`
  return `[:find (count ?x) . :with ?y ?z :where [$th _ :v/string "a"] ${source('?x')} ${source('?y')} ${source('?z')}]`
}

function asked(
  runner: QueryRunner,
  query: string,
  more: { timeoutMs?: number; signal?: AbortSignal; asker?: Asker } = {},
  limits: AskLimits = ASK_LIMITS,
): Promise<Asked> {
  return ask({ query, args: [], sourceNamed: momentSources(catalog, {}), ...more }, runner, limits)
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
    return 'none'
  } catch (error) {
    return (error as { code?: unknown }).code ?? error
  }
}

function value(given: string): AskArgument {
  return { kind: 'value', value: given }
}

function pool(limits: Partial<PoolLimits> = {}): WorkerRunner {
  return new WorkerRunner(env, [folder], limits)
}

const ALL = '[:find ?name ?v :where [$th ?e ?a ?v] [$th ?a :db/ident ?name] [$th ?e :v/string]]'

describe('a pool of workers', () => {
  it('pulls as this thread does, what is not there and what is wrong included', async () => {
    const value = await atMoment(catalog, 'th', {})
    const pulls: [string, string][] = [
      ['[*]', String(entity)],
      ['[:v/string (:v/long :limit 1 :as "one")]', String(entity)],
      ['[:v/string (:v/long :default 7)]', '4'],
      ['[:v/string]', '4'],
      ['[:db/id]', ':v/string'],
      ['[:v/strong]', '4'],
      ['[:v/string', '4'],
    ]
    for (const [pattern, eid] of pulls) {
      const read = readEdn(eid).value
      const told = async (work: () => Promise<unknown>): Promise<unknown> => {
        try {
          return await work()
        } catch (error) {
          return (error as VarveError).toJSON()
        }
      }
      const here = await told(async () => writeEdn((await pullEntity(value, pattern, read)).result))
      const there = await told(async () => {
        const { query, answer } = await ask(pullRequest(value, pattern, read, {}), workers)
        return writeEdn(shapeAnswer(query, answer))
      })
      expect([pattern, there]).toEqual([pattern, here])
    }
  })

  it('serves those who ask in turn, and gives nobody more workers at once than it may have', async () => {
    await using both = pool({ workerCountMax: 2 })
    const order: string[] = []
    const of = (name: string, workerCountMax: number, i: number): Promise<unknown> =>
      asked(both, heavy(100), { asker: { share: { name, workerCountMax } } }).then(() =>
        order.push(`${name}${i}`),
      )
    // One worker at a time: while two of them run, the third of ada waits behind the first of bob.
    await Promise.all([asked(both, heavy(2)), asked(both, heavy(2))])
    await Promise.all([of('ada', 1, 1), of('ada', 1, 2), of('ada', 1, 3), of('bob', 1, 1)])
    expect(order.indexOf('bob1')).toBeLessThan(order.indexOf('ada3'))
    expect(order.filter((each) => each.startsWith('ada'))).toEqual(['ada1', 'ada2', 'ada3'])
  })

  it('answers as this thread does, every type of value included', async () => {
    const here = new InThreadRunner(createEngine(env), env.clock)
    const [there, hereAnswer] = [await asked(workers, ALL), await asked(here, ALL)]
    expect(hereAnswer.answer.rows).toHaveLength(20)
    expect(writeEdn(there.answer.rows.toArray())).toBe(writeEdn(hereAnswer.answer.rows.toArray()))
    expect(there.answer.columns).toEqual(hereAnswer.answer.columns)
    const doubles = '[:find ?v ?k ?n :where [$th ?e :v/double ?v] [$th ?e :v/keyword ?k] [$th ?e :v/long ?n]]'
    expect(writeEdn((await asked(workers, doubles)).answer.rows.toArray())).toBe(
      writeEdn((await asked(here, doubles)).answer.rows.toArray()),
    )
  })

  it('writes answers as text, in batches and in one piece', async () => {
    const here = new InThreadRunner(createEngine(env), env.clock)
    const numbers = Array.from({ length: 3_000 }, (_, i) => i).join(' ')
    const request = {
      query: `[:find [?x ...] :where [$th _ :v/string "a"] [(ground [${numbers}]) [?x ...]]]`,
      args: [],
      sourceNamed: momentSources(catalog, {}),
    }
    for (const format of ['json', 'edn'] as const) {
      const there = await askWritten(request, workers, format)
      const text = Buffer.concat(there.answer.pieces).toString()
      const written = await askWritten(request, here, format)
      expect(text).toBe(Buffer.concat(written.answer.pieces).toString())
      expect(text).toBe(`[${numbers.replaceAll(' ', format === 'json' ? ',' : ' ')}]`)
    }
    for (const format of FORMATS) {
      const [there, written] = [
        await askWritten({ ...request, query: ALL }, workers, format),
        await askWritten({ ...request, query: ALL }, here, format),
      ]
      expect(Buffer.concat(there.answer.pieces).equals(Buffer.concat(written.answer.pieces))).toBe(true)
      expect(there.answer.resultHash).toBe(written.answer.resultHash)
      expect(there.answer).toMatchObject({ rowCount: 20, engine: 'native', isTruncated: false })
    }
    const large = { ...request, query: '[:find ?x :in ?x]', args: [value('😀é'.repeat(100_000))] }
    const { pieces } = (await askWritten(large, workers, 'json')).answer
    expect(Buffer.concat(pieces).toString()).toBe(`[["${'😀é'.repeat(100_000)}"]]`)
    expect(pieces.length).toBeGreaterThan(3)
    for (const piece of pieces) expect(piece.byteLength).toBeLessThanOrEqual(3 * (64 << 10))
    const tooLarge = askWritten(request, workers, 'json', { ...ASK_LIMITS, answerBytesMax: 5_000 })
    expect(await codeOf(tooLarge)).toBe('varve.error/answer-too-large')
  })

  it('follows the writer, and keeps answering as of then', async () => {
    const writer = await catalog.writer('things')
    const count = '[:find (count ?v) . :where [$th _ :v/long ?v]]'
    const before = await atMoment(catalog, 'things', {})
    for (let i = 0; i < 5; i++) {
      const { t } = await writer.transact({ tx: readEdn(`[{:v/long ${1_000 + i}}]`).value })
      const { answer, basis } = await asked(workers, count)
      expect(answer.rows.toArray()).toEqual([[4 + i]])
      expect(basis).toEqual({ things: t })
    }
    const then = await ask({ query: count, args: [], sourceNamed: () => Promise.resolve(before) }, workers)
    expect(then.answer.rows.toArray()).toEqual([[3]])
  })

  it('passes errors on with code, data and the place in the text', async () => {
    const failing = asked(workers, '[:find ?x\n :where [$th ?x :v/nothing]]')
    await expect(failing).rejects.toMatchObject({
      code: 'db.error/not-an-entity',
      data: { place: { line: 2, column: 9 } },
    })
  })

  it('lets commits go on while queries compute', async () => {
    const writer = await catalog.writer('things')
    const going = new AbortController()
    const running = [1, 2].map(() => codeOf(asked(workers, heavy(2_000), { signal: going.signal })))
    const slowestMs = await slowestOf(20, () => writer.transact({ tx: readEdn('[{:v/long 7}]').value }))
    // On this thread each of the queries would hold up everything for its whole time.
    expect(slowestMs).toBeLessThan(1_000)
    going.abort(new Error('enough'))
    expect(await Promise.all(running)).toEqual([new Error('enough'), new Error('enough')])
    expect(
      (await asked(workers, '[:find (count ?v) . :where [$th _ :v/string ?v]]')).answer.rows.toArray(),
    ).toEqual([[3]])
  })

  it('gives a query up when its time is over, waiting for a worker included', async () => {
    await using workers = pool({ workerCountMax: 1 })
    const first = codeOf(asked(workers, heavy(2_000), { timeoutMs: 400 }))
    const second = codeOf(asked(workers, heavy(2), { timeoutMs: 100 }))
    expect(await second).toBe('varve.error/query-timeout')
    expect(await first).toBe('varve.error/query-timeout')
    expect((await asked(workers, heavy(2))).answer.rows.toArray()).toEqual([[8]])
  })

  it('works on one question in several workers, once they are there', async () => {
    const team = { sharedRowCountMin: 0, morselRowCount: 1, beginMsMax: 1_000, patienceMsMin: 1_000 }
    await using workers = pool({ workerCountMax: 2, team })
    await catalog.create('many', { schema: readEdn(`[${SCHEMA}]`).value })
    const things = Array.from({ length: 50 }, (_, i) => `{:v/keyword :k/k${i % 7}}`)
    await (await catalog.writer('many')).transact({ tx: readEdn(`[${things.join(' ')}]`).value })
    const query = '[:find ?e ?v :where [$many ?e :v/keyword ?v]]'
    const request = { query, args: [], sourceNamed: momentSources(catalog, {}) }
    let workerCount: number | undefined
    // The first question calls for the second worker.
    for (let i = 0; i < 10_000 && workerCount !== 2; i++) {
      workerCount = (await explain(request, workers, 'run')).answer.workerCount
    }
    expect(workerCount).toBe(2)
    const here = new InThreadRunner(createEngine(env), env.clock)
    const rows = (await ask(request, workers)).answer.rows.toArray()
    expect(writeEdn(rows)).toBe(writeEdn((await ask(request, here)).answer.rows.toArray()))
  })

  it('refuses what would wait in too long a line', async () => {
    await using workers = pool({ workerCountMax: 1, queueCountMax: 1 })
    const going = new AbortController()
    const first = codeOf(asked(workers, heavy(2_000), { signal: going.signal }))
    const waiting = codeOf(asked(workers, heavy(2), { signal: going.signal }))
    expect(await codeOf(asked(workers, heavy(2)))).toBe('varve.error/query-queue-full')
    going.abort(new Error('enough'))
    expect(await Promise.all([first, waiting])).toEqual([new Error('enough'), new Error('enough')])
    expect((await asked(workers, heavy(3))).answer.rows.toArray()).toEqual([[27]])
  })

  it('lets go at once what would wait longer than it may take, and what others need room for', async () => {
    await using workers = pool({ workerCountMax: 1 })
    const going = new AbortController()
    await codeOf(asked(workers, heavy(2_000), { timeoutMs: 300 }))
    const first = codeOf(asked(workers, heavy(2_000), { signal: going.signal }))
    const late = asked(workers, heavy(2), { timeoutMs: 100 })
    await expect(late).rejects.toMatchObject({ code: 'varve.error/query-overdue', kind: 'busy' })
    const waiting = codeOf(asked(workers, heavy(2)))
    while (workers.waitingCount === 0) await env.timers.sleep(1)
    expect([workers.waitingCount, workers.shed(), workers.shed(), workers.waitingCount]).toEqual([
      1,
      true,
      false,
      0,
    ])
    expect(await waiting).toBe('varve.error/query-shed')
    going.abort(new Error('enough'))
    await first
  })

  it('asks another worker where one ended before it began, and then says so, without blaming the question', async () => {
    let endCount = 0
    const asker: Asker = {
      share: { name: 'ada', workerCountMax: 1 },
      onWorkerEnd: () => endCount++,
    }
    const marker = `${folder}/.once`
    const once = `import { existsSync, writeFileSync } from 'node:fs'
      if (existsSync(${JSON.stringify(marker)})) await import(${JSON.stringify(QUERY_WORKER.href)})
      else { writeFileSync(${JSON.stringify(marker)}, ''); process.exit(1) }`
    const module = `${folder}/.worker.mjs`
    writeFileSync(module, once)
    await using workers = new WorkerRunner(env, [folder], {}, { queries: pathToFileURL(module) })
    expect((await asked(workers, heavy(3), { asker })).answer.rows.toArray()).toEqual([[27]])
    await using nowhere = new WorkerRunner(env, [`${folder}/nowhere`])
    expect(await codeOf(asked(nowhere, ALL, { asker }))).toBe('varve.error/query-worker-ended')
    expect(endCount).toBe(0)
  })

  it('ends a worker that runs out of memory, says so, and goes on with another', async () => {
    await using workers = pool({ workerCountMax: 1, workerHeapBytesMax: 32 << 20 })
    const limits = { ...ASK_LIMITS, rowCountMax: 1e9 }
    // Texts, which are made one by one and kept, since each of them is another.
    const rows = heavy(3_000)
      .replace('(count ?x) . :with ?y ?z', '?text')
      .replace(/]$/, ' [(str ?x "-" ?y "-" ?z) ?text]]')
    let endCount = 0
    const asker: Asker = { share: { name: '', workerCountMax: 1 }, onWorkerEnd: () => endCount++ }
    expect(await codeOf(asked(workers, rows, { asker }, limits))).toBe('varve.error/query-out-of-memory')
    expect(endCount).toBe(1)
    expect((await asked(workers, heavy(3))).answer.rows.toArray()).toEqual([[27]])
  })

  it('ends a worker that does not hear that it should stop', async () => {
    await using workers = pool({ workerCountMax: 1, graceMs: 0 })
    // With no grace the thread is ended before the evaluator looks at the clock.
    expect(await codeOf(asked(workers, heavy(2_000), { timeoutMs: 50 }))).toBe('varve.error/query-timeout')
    expect((await asked(workers, heavy(3))).answer.rows.toArray()).toEqual([[27]])
  })

  it('answers nobody once it is closed', async () => {
    const closing = pool({ workerCountMax: 1 })
    const running = codeOf(asked(closing, heavy(2_000)))
    const waiting = codeOf(asked(closing, heavy(2)))
    // Both have been handed over by then.
    await env.timers.sleep(50)
    await closing[Symbol.asyncDispose]()
    const outcomes = [await running, await waiting, await codeOf(asked(closing, heavy(2)))]
    expect(outcomes).toEqual(outcomes.map(() => 'varve.error/connection-closed'))
  })
})

async function slowestOf(count: number, work: () => Promise<unknown>): Promise<number> {
  let slowestMs = 0
  for (let i = 0; i < count; i++) {
    const fromMs = env.clock.monotonicMs()
    await work()
    slowestMs = Math.max(slowestMs, env.clock.monotonicMs() - fromMs)
  }
  return slowestMs
}
