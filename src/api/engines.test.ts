// Who answers: the engine that a question, a connection or nobody names, over databases in memory and in a folder.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { queryOutOfMemory } from '../query/run-errors.ts'
import { EngineRunner } from '../query/run-engines.ts'
import type { QueryJob, QueryRunner } from '../query/ask.ts'
import { connect, defineSchema } from './index.ts'

const schema = defineSchema('shop', { ':item/name': { type: 'string' }, ':item/price': { type: 'long' } })
const root = mkdtempSync(join(tmpdir(), 'varve-engines-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const SUM =
  '[:find (sum ?price) . :with ?i :where [?i :item/price ?price] [?i :item/name ?name] [(not= ?name "tea")]]'

describe.each([
  ['memory', (): string => 'memory:'],
  ['a folder', (): string => `file:${join(root, 'data')}`],
])('in %s', (_, urlOf) => {
  it('DuckDB answers what is indexed, what is not yet, the past and what would be', async () => {
    await using varve = await connect(urlOf(), { engine: 'duckdb' })
    const shop = await varve.open(schema)
    await shop.transact([
      { ':item/name': 'milk', ':item/price': 3 },
      { ':item/name': 'tea', ':item/price': 5 },
    ])
    const before = shop.db()
    await shop.transact([{ ':item/name': 'bread', ':item/price': 4 }])
    expect(await shop.db().q(SUM)).toBe(7)
    expect(await before.q(SUM)).toBe(3)
    expect(await shop.db().asOf(1).q(SUM)).toBe(3)
    const { dbAfter } = await shop.db().with([{ ':item/name': 'jam', ':item/price': 10 }])
    expect(await dbAfter.q(SUM)).toBe(17)
    const explained = await varve.explain({ query: SUM, database: 'shop', engine: 'duckdb' })
    expect(explained.engine).toBe('duckdb')
    expect(explained.text).toContain('SELECT')
  })

  it('a question says who answers, and is told why it is refused', async () => {
    await using varve = await connect(urlOf())
    await varve.open(schema)
    const failing = {
      query: '[:find ?x . :in $ ?x :where (not [(even? ?x)])]',
      args: ['a'],
      database: 'shop',
    } as const
    await expect(varve.query({ ...failing, engine: 'duckdb' })).rejects.toMatchObject({
      code: 'varve.error/engine-refused',
    })
    await expect(varve.query({ ...failing, engine: 'native' })).rejects.toMatchObject({ kind: 'incorrect' })
    await expect(varve.query({ ...failing, engine: 'duckd' as 'duckdb' })).rejects.toMatchObject({
      code: 'varve.error/engine-unknown',
      fix: 'Did you mean duckdb?',
    })
  })

  it('a question that may hold too little memory for the native engine is answered by DuckDB', async () => {
    await using varve = await connect(urlOf())
    const shop = await varve.open(schema)
    await shop.transact([{ ':item/name': 'salt', ':item/price': 1 }])
    const asked = { query: SUM, database: 'shop', memoryBytes: 100 } as const
    expect(await varve.query(asked)).toBe(
      await varve.query({ query: SUM, database: 'shop', engine: 'native' }),
    )
    await expect(varve.query({ ...asked, engine: 'native' })).rejects.toMatchObject({
      code: 'varve.error/query-out-of-memory',
      kind: 'incorrect',
      data: {
        memoryBytesMax: 100,
        where: expect.stringContaining(':item/') as unknown,
      },
    })
  })
})

describe('auto', () => {
  const runner = (run: () => Promise<never>): QueryRunner => ({
    warm: () => undefined,
    run,
    write: run,
    explain: run,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
  const fails = (error: Error) =>
    runner(async () => {
      throw error
    })
  const job = (engine: QueryJob['engine']): QueryJob => ({ engine }) as QueryJob
  const refused = Object.assign(new Error('asked'), { code: 'asked duckdb' })

  it('goes on with DuckDB where memory ends, and nowhere else', async () => {
    const full = fails(queryOutOfMemory(new Error('heap')))
    const engines = new EngineRunner(full, () => Promise.resolve(fails(refused)))
    await expect(engines.run(job('auto'))).rejects.toBe(refused)
    await expect(engines.run(job('native'))).rejects.toMatchObject({
      code: 'varve.error/query-out-of-memory',
    })
    const other = new EngineRunner(fails(new Error('other')), () => Promise.resolve(fails(refused)))
    await expect(other.run(job('auto'))).rejects.toThrow('other')
  })
})
