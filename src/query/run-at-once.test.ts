// Questions about few things are answered where they come in; what outgrows the bounds goes to the workers, with the same
// answer.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import { createEngine } from '../engine/create.ts'
import { shapeAnswer } from '../engine/shape.ts'
import { readEdn } from '../fact/edn-reader.ts'
import type { Edn } from '../fact/value.ts'
import type { Engine } from '../plan/engine.ts'
import { ask, askWritten, type AskRequest, explain, type QueryJob, type QueryRunner } from './ask.ts'
import { momentSources } from './moment.ts'
import { AT_ONCE_LIMITS, type AtOnceLimits, AtOnceRunner } from './run-at-once.ts'
import { InThreadRunner } from './run-here.ts'

const env = nodeEnv()
const clock = env.clock
const engine = createEngine(env)
const ITEM_COUNT = 5_000
let catalog: Catalog

/** Answers, and remembers what it was asked. */
class Others extends InThreadRunner {
  readonly asked: QueryJob[] = []

  constructor() {
    super(engine, clock)
  }

  override run(job: QueryJob): ReturnType<QueryRunner['run']> {
    this.asked.push(job)
    return super.run(job)
  }
}

const PRICE = '[:find ?price . :in $th ?id :where [$th ?i :item/id ?id] [$th ?i :item/price ?price]]'
const PRICES = '[:find ?id ?price :where [$th ?i :item/id ?id] [$th ?i :item/price ?price]]'
const SOME = '[:find ?id :where [$th ?i :item/rare true] [$th ?i :item/id ?id]]'

beforeAll(async () => {
  catalog = Catalog.openMemory(env)
  const schema = `[
    {:db/ident :item/id :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
    {:db/ident :item/price :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
    {:db/ident :item/rare :db/valueType :db.type/boolean :db/cardinality :db.cardinality/one}]`
  await catalog.create('things', { alias: 'th', schema: readEdn(schema).value })
  const writer = await catalog.writer('things')
  const items = Array.from({ length: ITEM_COUNT }, (_, i) => `{:item/id "i${i}" :item/price ${i % 100}}`)
  await writer.transact({ tx: readEdn(`[${items.join(' ')} {:item/id "i7" :item/rare true}]`).value })
})
afterAll(() => catalog[Symbol.asyncDispose]())

function requestOf(query: string, ...args: readonly Edn[]): AskRequest {
  return {
    query,
    args: args.map((value) => ({ kind: 'value', value }) as const),
    sourceNamed: momentSources(catalog, {}),
  }
}

async function asked(runner: QueryRunner, request: AskRequest): Promise<Edn> {
  const { query, answer } = await ask(request, runner)
  return shapeAnswer(query, answer)
}

function runnerWith(limits: Partial<AtOnceLimits> = {}): {
  readonly runner: AtOnceRunner
  readonly others: Others
} {
  const others = new Others()
  return { runner: new AtOnceRunner(engine, clock, others, limits), others }
}

describe('a question about few things', () => {
  it('is answered at once, as values and as text', async () => {
    const { runner, others } = runnerWith({ answerMsMax: 1_000 })
    expect(await asked(runner, requestOf(PRICE, 'i42'))).toBe(42)
    expect(await asked(runner, requestOf(PRICE, 'nobody'))).toBeNull()
    expect(await asked(runner, requestOf(SOME))).toEqual([['i7']])
    const { answer } = await askWritten(requestOf(PRICE, 'i43'), runner, 'json')
    expect(Buffer.concat(answer.pieces).toString()).toBe('43')
    expect(others.asked).toEqual([])
  })

  it('may be a pull; one that leads far goes to the others, and so does its pattern alone for a while', async () => {
    const { runner, others } = runnerWith({ answerMsMax: 1_000 })
    const ITEM = '[:find (pull $th ?i [:item/price]) . :in $th ?id :where [$th ?i :item/id ?id]]'
    expect(await asked(runner, requestOf(ITEM, 'i42'))).toEqual(readEdn('{:item/price 42}').value)
    const ALL = '[:find (pull $th ?i pattern) :in $th [?id ...] pattern :where [$th ?i :item/id ?id]]'
    const ids = Array.from({ length: 2_000 }, (_, i) => `i${i}`)
    expect(await asked(runner, requestOf(ALL, ['i1'], '[:item/price]'))).toHaveLength(1)
    expect(others.asked).toEqual([])
    expect(await asked(runner, requestOf(ALL, ids, '[:item/id :item/price]'))).toHaveLength(2_000)
    expect(await asked(runner, requestOf(ALL, ['i1'], '[:item/id :item/price]'))).toHaveLength(1)
    expect(others.asked).toHaveLength(2)
    expect(await asked(runner, requestOf(ALL, ['i1'], '[:item/price]'))).toHaveLength(1)
    expect(others.asked).toHaveLength(2)
  })

  it('is known by its plan where nothing else is known, and then by how it fared', async () => {
    const told: string[] = []
    const asker = {
      share: { name: '', workerCountMax: 1 },
      onClass: (kind: string): void => void told.push(kind),
    }
    const { runner, others } = runnerWith({ answerMsMax: 1_000, rowCountMax: 100 })
    const classesOf = async (request: AskRequest): Promise<readonly string[]> => {
      told.length = 0
      await asked(runner, { ...request, asker })
      return [...told]
    }
    const { answer } = await explain(requestOf(PRICES), runner, 'plan')
    expect([answer.class, answer.expectedRowCount]).toEqual(['scan', ITEM_COUNT])
    expect(await classesOf(requestOf(PRICES))).toEqual(['scan'])
    expect(await classesOf(requestOf(PRICES))).toEqual(['scan'])
    // Then it is tried again, whatever the plan expects.
    expect(await classesOf(requestOf(PRICES))).toEqual(['point', 'scan'])
    expect(others.asked).toHaveLength(3)
    expect((await explain(requestOf(PRICE, 'i1'), runner, 'plan')).answer).toMatchObject({ class: 'point' })
    expect(await classesOf(requestOf(PRICE, 'i1'))).toEqual(['point'])
    expect((await explain(requestOf(PRICE, 'i1'), runner, 'run')).answer.text).toContain('class: point')
  })

  it('that meets a bound of its own is told so, and is no scan', async () => {
    const { runner, others } = runnerWith({ answerMsMax: 1_000 })
    const bounds = {
      timeoutMs: Infinity,
      rowCountMax: 1,
      memoryBytesMax: Infinity,
      answerBytesMax: Infinity,
    }
    const asker = { share: { name: '', workerCountMax: 1 }, boundsOf: () => bounds }
    await expect(
      asked(runner, {
        ...requestOf('[:find ?p :where [$th ?i :item/rare true] [$th ?j :item/price ?p] [(< ?p 3)]]'),
        asker,
      }),
    ).rejects.toMatchObject({ code: 'varve.error/too-many-rows' })
    expect(others.asked).toEqual([])
  })

  it('is told what is wrong with it', async () => {
    const { runner, others } = runnerWith({ answerMsMax: 1_000 })
    await expect(asked(runner, requestOf(PRICE.replaceAll('price', 'prize'), 'i1'))).rejects.toMatchObject({
      code: 'db.error/not-an-entity',
    })
    expect(others.asked).toEqual([])
  })

  it.each([
    ['a function of texts', '[:find ?n . :in $th ?id :where [$th ?i :item/id ?id] [(subs ?id 1) ?n]]'],
    ['a call in a call', '[:find ?i . :in $th ?id :where [$th ?i :item/id ?id] [(= (count ?id) 2)]]'],
    ['any attribute', '[:find ?v . :in $th ?id :where [$th ?i :item/id ?id] [$th ?i ?a ?v]]'],
    ['such a part', '[:find ?i . :in $th ?id :where [$th ?i :item/id ?id] (not [(re-find "x" ?id)])]'],
  ])('goes to the others where it is %s', async (_, query) => {
    const { runner, others } = runnerWith({ answerMsMax: 1_000 })
    expect(await asked(runner, requestOf(query, 'i1'))).not.toBeNull()
    expect(others.asked).toHaveLength(1)
  })

  it('goes to the others where it has many clauses, or was given up before', async () => {
    const { runner, others } = runnerWith({ clauseCountMax: 1 })
    expect(await asked(runner, requestOf(PRICE, 'i1'))).toBe(1)
    expect(others.asked).toHaveLength(1)
    const once = runnerWith()
    const signal = AbortSignal.abort(new Error('gone'))
    await expect(asked(once.runner, { ...requestOf(PRICE, 'i1'), signal })).rejects.toThrow()
    expect(once.others.asked).toHaveLength(1)
  })
})

describe('what outgrows a bound', () => {
  it.each([
    ['rows', PRICES, {}],
    ['rows of facts that are sought', PRICES, { memoryBytesMax: 1 << 30 }],
    [
      'memory',
      '[:find (sum ?price) . :with ?i :where [$th ?i :item/price ?price]]',
      { memoryBytesMax: 1 << 10 },
    ],
    ['text', SOME, { answerBytesMax: 4 }],
  ])('goes to the others: %s', async (_, query, limits) => {
    const { runner, others } = runnerWith(limits)
    const expected = await asked(new InThreadRunner(engine, clock), requestOf(query))
    const { answer } = await askWritten(requestOf(query), runner, 'edn')
    expect(others.asked).toHaveLength(1)
    const written = await askWritten(requestOf(query), new InThreadRunner(engine, clock), 'edn')
    expect(answer.pieces).toEqual(written.answer.pieces)
    expect(await asked(runner, requestOf(query))).toEqual(expected)
  })

  it('goes to the others: time, counted from when it came in', async () => {
    let nowMs = 0
    const slow = { ...clock, monotonicMs: () => (nowMs += 1) }
    const others = new Others()
    const runner = new AtOnceRunner(createEngine({ ...env, clock: slow }), slow, others, { answerMsMax: 5 })
    expect(await asked(runner, requestOf(PRICE, 'i42'))).toBe(42)
    expect(others.asked).toHaveLength(1)
    expect(others.asked[0]!.timeoutMs).toBe(60_000)
  })

  it('is tried once more where only time went by, and the query had been quick before', async () => {
    let [nowMs, slowCount] = [0, 0]
    const clock = { ...env.clock, monotonicMs: () => (slowCount > 0 ? (nowMs += 100) : nowMs) }
    const native = createEngine({ ...env, clock })
    const engine: Engine = {
      ...native,
      answerAtOnce: (...question) => {
        try {
          return native.answerAtOnce!(...question)
        } finally {
          slowCount--
        }
      },
    }
    const others = new Others()
    const runner = new AtOnceRunner(engine, clock, others)
    const othersAfter = async (slowTryCount: number): Promise<number> => {
      slowCount = slowTryCount
      expect(await asked(runner, requestOf(PRICE, 'i42'))).toBe(42)
      return others.asked.length
    }
    expect([await othersAfter(0), await othersAfter(1), await othersAfter(2)]).toEqual([0, 0, 1])
  })

  it('is tried again ever more rarely, and each time once it went well', async () => {
    let tryCount = 0
    const counting: Engine = {
      ...engine,
      answerAtOnce: (...question) => {
        tryCount++
        return engine.answerAtOnce!(...question)
      },
    }
    const runner = new AtOnceRunner(counting, clock, new Others(), { rowCountMax: 10 })
    const BELOW = '[:find ?i :in $th ?below :where [$th ?i :item/price ?p] [(< ?p ?below)]]'
    const triesOf = async (below: number, count: number): Promise<number> => {
      const before = tryCount
      for (let i = 0; i < count; i++) await asked(runner, requestOf(BELOW, below))
      return tryCount - before
    }
    // One is seen to expect too much, one passes; one is tried, three pass; then seven.
    expect(await triesOf(50, 2 + 4 + 8)).toBe(3)
    expect(await triesOf(50, 1_000)).toBeLessThan(20)
    const { restCountMax } = AT_ONCE_LIMITS
    await triesOf(-1, restCountMax + 1)
    expect(await triesOf(-1, 10)).toBe(10)
  })
})
