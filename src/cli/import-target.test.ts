import { expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { connectLocal } from '../api/connect.ts'
import { LocalVarve } from '../api/varve.ts'
import { keyword } from '../fact/value.ts'
import { SessionTarget } from './import-target.ts'
import { LocalSession } from './local-session.ts'
import { RowConverter } from '../etl/convert-rows.ts'
import { planImport } from '../etl/import-plan.ts'
import { Import, type ImportRun, type ImportTarget } from '../etl/import-rows.ts'
import type { RowBatch, RowSource } from '../etl/source.ts'

/** Numbers from 0, in batches, with one that is none. */
class Numbers implements RowSource {
  readonly about = 'numbers'
  readonly typing = 'text'
  readonly columns = [{ name: 'n' }]
  readonly extent = 0
  readonly #count: number
  constructor(count: number) {
    this.#count = count
  }
  async *rows(): AsyncGenerator<RowBatch> {
    for (let first = 0; first < this.#count; first += 700) {
      const numbers = Array.from({ length: Math.min(700, this.#count - first) }, (_, i) => first + i)
      yield await Promise.resolve({
        lines: numbers.map((n) => n + 1),
        columns: [numbers.map((n) => (n === 5 ? 'five' : String(n)))],
        malformed: new Map(),
        position: 0,
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function runOver(target: ImportTarget, source: RowSource): ImportRun {
  const inferred = [{ type: 'long', isMany: false, order: 'mdy', isOrderAssumed: false }] as const
  const options = { columns: new Map() }
  const plan = planImport({ columns: source.columns, inferred, options, entity: 'x', known: new Map() })
  return {
    id: 'numbers',
    file: 'numbers.csv',
    plan,
    target,
    converter: new RowConverter(plan, source, nodeEnv().clock.nowMs()),
    rows: source.rows(),
    firstMs: undefined,
    onReject: () => undefined,
    onProgress: () => undefined,
  }
}

it('tells the one of two imports of a file that comes too late, and every row is there once', async () => {
  const varve = await connectLocal('memory:')
  await using session = new LocalSession(varve)
  await session.create('db')
  const target = new SessionTarget(session, 'db')
  // While the one is about to send its first rows, the other imports half of them.
  const slow: ImportTarget = {
    attributes: () => target.attributes(),
    lastMoment: () => target.lastMoment(),
    find: (id) => target.find(id),
    transact: (tx) => target.transact(tx),
    index: () => target.index(),
    send: async (rows, tx) => {
      await new Import(runOver(target, new Numbers(2_500))).run()
      return target.send(rows, tx)
    },
  }
  await expect(new Import(runOver(slow, new Numbers(5_000))).run()).rejects.toMatchObject({
    code: 'varve.error/import-overtaken',
    kind: 'conflict',
  })
  // Started again, it ends with what one alone would have given.
  await new Import(runOver(target, new Numbers(5_000))).run()
  const value = (await varve.catalog.connection('db')).value()
  const n = [...value.schema.attributes()].find(({ ident }) => ident.text === 'x/n')!
  const numbers = [...value.facts.match(undefined, n.id, undefined)].map(({ v }) => Number(v))
  expect(numbers.toSorted((x, y) => x - y)).toEqual([...Array(5_000).keys()].filter((number) => number !== 5))
})

it('asks for its own facts where the rows are sent, without a thread that would follow the database', async () => {
  const varve = await connectLocal('memory:')
  const refuse = (): Promise<never> => Promise.reject(new Error('a thread was asked'))
  const threads = {
    warm: () => undefined,
    run: refuse,
    write: refuse,
    explain: refuse,
    [Symbol.asyncDispose]: () => varve.runner[Symbol.asyncDispose](),
  }
  await using session = new LocalSession(new LocalVarve(varve.catalog, threads, varve))
  await session.create('db')
  const run = runOver(new SessionTarget(session, 'db'), new Numbers(10))
  expect(await new Import(run).run()).toMatchObject({ rowCount: 9, doneCount: 0 })
  await expect(session.pull([keyword('db/id')], 1, { database: 'db' })).rejects.toThrow('a thread was asked')
})
