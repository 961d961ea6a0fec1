// Which rows differ, when a receipt is asked again.

import { describe, expect, it } from 'vitest'
import { NEVER_ENDS } from '../base/batches.ts'
import { nodeEnv } from '../base/env-node.ts'
import { createEngine } from '../engine/create.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { type Edn, type EdnMap, keyword } from '../fact/value.ts'
import { AnswerRows } from '../plan/answer-rows.ts'
import type { QueryRunner } from '../query/ask.ts'
import { InThreadRunner } from '../query/run-here.ts'
import { writeAnswer } from '../query/written.ts'
import {
  EDN,
  freshServiceForEachTest,
  json,
  PRICES,
  problem,
  send,
  serveWith,
  shop,
} from '../testing/test-service.ts'

freshServiceForEachTest()

type Difference = { readonly field: string; readonly [name: string]: unknown }
type Told = { readonly equal: boolean; readonly differences: readonly Difference[] }
type Answered = { readonly receipt: { readonly [field: string]: unknown }; readonly result: unknown[] }

async function ask(body: object): Promise<Answered> {
  return (await json('POST', '/v1/query', body)) as Answered
}

async function replay(body: object): Promise<Told> {
  return (await json('POST', '/v1/receipts/replay', body)) as Told
}

function rowsIn({ differences }: Told): Difference | undefined {
  return differences.find(({ field }) => field === 'rows')
}

/** Answers with other rows from some moment on, as an engine with a mistake would. */
class MistakenRunner extends InThreadRunner {
  rows: readonly (readonly Edn[])[] | undefined

  override async write(...[job, format]: Parameters<QueryRunner['write']>): ReturnType<QueryRunner['write']> {
    if (this.rows === undefined) return super.write(job, format)
    const answer = { ...(await this.run(job)), rows: AnswerRows.of(this.rows) }
    return writeAnswer(job.query, answer, {
      format,
      engine: 'native',
      bytesMax: 1 << 24,
      check: NEVER_ENDS,
    })
  }
}

async function mistaken(): Promise<MistakenRunner> {
  const env = nodeEnv()
  const runner = new MistakenRunner(createEngine(env), env.clock)
  serveWith({}, runner)
  await shop()
  return runner
}

describe('rows that differ', () => {
  it('are told from the result that is sent', async () => {
    await shop()
    const { receipt, result } = await ask({ query: PRICES })
    expect(await replay({ receipt, result })).toMatchObject({ equal: true, differences: [] })
    expect(rowsIn(await replay({ receipt, result: [...result].reverse() }))).toBeUndefined()
    const other = [
      ['tea', 449],
      ['pot', 900],
      ['cup', 1],
    ]
    expect(await replay({ receipt, result: other })).toMatchObject({
      equal: true,
      differences: [
        {
          field: 'result',
          receipt: receipt['resultHash'],
          sent: expect.stringMatching(/^sha256:/) as string,
        },
        {
          field: 'rows',
          from: 'sent',
          missing: [
            ['cup', 1],
            ['tea', 449],
          ],
          missingCount: 2,
          new: [['tea', 450]],
          newCount: 1,
        },
      ],
    })
    for (const wrong of ['x', [1], [['tea']], null])
      expect(
        await problem('POST', '/v1/receipts/replay', { body: { receipt, result: wrong } }),
      ).toMatchObject([400, { code: 'varve.error/field-invalid', data: { name: 'result' } }])
  })

  it('are values, maps, one row or one value, as the query finds', async () => {
    await shop()
    const difference = async (query: string, result: unknown): Promise<unknown> => {
      const { receipt } = await ask({ query, database: 'sh' })
      return rowsIn(await replay({ receipt, result }))
    }
    expect(await difference('[:find [?p ...] :where [_ :item/price ?p]]', [450])).toMatchObject({
      missing: [],
      new: [900],
    })
    expect(await difference('[:find (max ?p) . :where [_ :item/price ?p]]', null)).toMatchObject({
      new: [900],
    })
    const tuple = '[:find [?p ?id] :where [?i :item/price ?p] [(< ?p 500)] [?i :item/id ?id]]'
    expect(await difference(tuple, [450, 'tee'])).toMatchObject({
      missing: [[450, 'tee']],
      new: [[450, 'tea']],
    })
    const maps = [{ id: 'tea' }, { id: 'tea' }]
    expect(await difference('[:find ?id :strs id :where [_ :item/id ?id]]', maps)).toMatchObject({
      missing: [{ id: 'tea' }],
      missingCount: 1,
      new: [{ id: 'pot' }],
    })
  })

  it('are told in EDN, too, numbers of other types being the same', async () => {
    await shop()
    const { text } = await send('POST', '/v1/query', { body: `{:query ${PRICES}}`, headers: EDN })
    const receipt = text.slice(text.lastIndexOf(':receipt ') + 9, -1)
    const { text: told } = await send('POST', '/v1/receipts/replay', {
      body: `{:receipt ${receipt}, :result [["tea" 450N] ["pot" 901]]}`,
      headers: EDN,
    })
    const [, rows] = (readEdn(told).value as EdnMap).get(keyword('differences')) as readonly EdnMap[]
    expect(rows?.get(keyword('missing'))).toEqual([['pot', 901]])
    expect(rows?.get(keyword('new-count'))).toBe(1)
  })

  it('are told from the result that is kept, of a question that was pinned', async () => {
    const runner = await mistaken()
    const { receipt } = await ask({ query: PRICES, cursors: { shop: 1 } })
    const { receipt: unpinned } = await ask({ query: PRICES.replace('?id ?price', '?price ?id') })
    runner.rows = [
      ['pot', 900],
      ['tea', 451],
    ]
    expect(await replay({ receipt })).toMatchObject({
      equal: false,
      differences: [
        { field: 'resultHash' },
        {
          field: 'rows',
          from: 'kept',
          missing: [['tea', 450]],
          missingCount: 1,
          new: [['tea', 451]],
          newCount: 1,
        },
      ],
    })
    expect(rowsIn(await replay({ receipt: unpinned }))).toEqual({ field: 'rows', untold: 'not-kept' })
  })

  it('are a hundred of each side at most, and none of what is too long to be read', async () => {
    const runner = await mistaken()
    const { receipt, result } = await ask({ query: PRICES, cursors: { shop: 1 } })
    runner.rows = Array.from({ length: 250 }, (_, index) => [`item ${String(index).padStart(3, '0')}`, index])
    const rows = rowsIn(await replay({ receipt }))
    expect(rows).toMatchObject({ missingCount: 2, newCount: 250 })
    const told = rows?.['new'] as readonly unknown[]
    expect([told.length, told[0], told[99]]).toEqual([100, ['item 000', 0], ['item 099', 99]])
    runner.rows = [['x'.repeat(1 << 20), 1]]
    expect(rowsIn(await replay({ receipt, result }))).toEqual({ field: 'rows', untold: 'too-long' })
    runner.rows = undefined
    const long = Array.from({ length: 100_001 }, () => ['tea', 450])
    expect(rowsIn(await replay({ receipt, result: long }))).toEqual({ field: 'rows', untold: 'too-long' })
  })
})
