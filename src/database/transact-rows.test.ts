// Rows against forms: the same datoms, or an error for both.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { VarveError } from '../base/errors.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { double, type Edn, EdnMap, type Keyword, keyword, type Scalar } from '../fact/value.ts'
import { Catalog } from './catalog.ts'
import { type EntityRows, formsOfRows, rowsBeside, type RowValue } from './transact-rows.ts'
import { speculateTransaction, type TransactRequest, type Writer } from './writer.ts'

const SCHEMA = readEdn(`[
  {:db/ident :p/id :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :p/n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :p/tags :db/valueType :db.type/string :db/cardinality :db.cardinality/many}
  {:db/ident :p/price :db/valueType :db.type/double :db/cardinality :db.cardinality/one :db/noHistory true}
  {:db/ident :q/at :db/valueType :db.type/instant :db/cardinality :db.cardinality/one}
  {:db/ident :p/code :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/value}
  {:db/ident :p/friend :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}
  {:db/ident :p/id+n :db/valueType :db.type/tuple :db/cardinality :db.cardinality/one :db/tupleAttrs [:q/part :q/at]}
  {:db/ident :q/part :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :state/id :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :state/count :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]`).value

const few = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const CELLS: ReadonlyMap<Keyword, fc.Arbitrary<RowValue>> = new Map<Keyword, fc.Arbitrary<RowValue>>([
  [keyword('p/id'), few],
  [keyword('p/n'), fc.constantFrom<RowValue>(0, 1, 2, double(2), 'wrong', 1.5)],
  [keyword('p/tags'), fc.oneof(fc.array(few, { maxLength: 12 }) as fc.Arbitrary<readonly Scalar[]>, few)],
  [keyword('p/price'), fc.constantFrom<RowValue>(0.5, double(1), -0, NaN, 3)],
  [keyword('q/at'), fc.constantFrom(new Date(0), new Date(1))],
  [keyword('q/part'), fc.constantFrom(1, 2)],
  [keyword('p/code'), few],
  [keyword('p/friend'), fc.constantFrom<RowValue>(keyword('p/id'), 2 ** 40)],
  [keyword('state/count'), fc.constantFrom(7)],
])

function rowsOf(attributes: readonly Keyword[], rows: readonly (readonly RowValue[])[]): EntityRows {
  const columns = attributes.map((_, place) => rows.map((row) => row[place]))
  return { attributes, rowCount: rows.length, columns }
}

const rowsArbitrary: fc.Arbitrary<EntityRows> = fc
  .oneof(
    // Mostly shapes that are plain, so that most runs compare what is to be compared.
    {
      weight: 5,
      arbitrary: fc.shuffledSubarray(['p/id', 'p/n', 'p/tags', 'p/price'].map(keyword), { minLength: 1 }),
    },
    { weight: 1, arbitrary: fc.shuffledSubarray([...CELLS.keys()], { minLength: 1, maxLength: 5 }) },
  )
  .chain((attributes) => {
    const cells = attributes.map((attribute) => fc.option(CELLS.get(attribute)!, { nil: undefined, freq: 6 }))
    return fc
      .array(fc.tuple(...cells), { minLength: 1, maxLength: 6 })
      .map((rows) => rowsOf(attributes, rows as readonly (readonly RowValue[])[]))
  })

/** Rows of things that nobody has spoken of, mostly. */
const newRowsArbitrary: fc.Arbitrary<EntityRows> = fc
  .array(
    fc.tuple(fc.nat(500), fc.constantFrom<RowValue>(undefined, 1, 2 ** 53 - 1), fc.constantFrom(0.5, 7.5)),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((rows) =>
    rowsOf(
      ['p/id', 'p/n', 'p/price'].map(keyword),
      rows.map(([id, ...others]) => [`new ${id}`, ...others]),
    ),
  )

const step = (from: Edn, to: number): Edn => [
  keyword('db/cas'),
  [keyword('state/id'), 's'],
  keyword('state/count'),
  from,
  to,
]
const about = new EdnMap([
  [keyword('db/id'), 'datomic.tx'],
  [keyword('db/doc'), 'an import'],
])
const besideArbitrary: fc.Arbitrary<readonly Edn[]> = fc.constantFrom<readonly Edn[]>(
  [],
  [about],
  [step(0, 1), about],
  [step(5, 1)],
  [
    new EdnMap([
      [keyword('p/id'), 'a'],
      [keyword('p/n'), 9],
    ]),
  ],
)

it('mean what map forms of them mean, on whatever was there before', async () => {
  await using catalog = Catalog.openMemory(nodeEnv())
  await catalog.create('db', { schema: SCHEMA })
  const writer = await catalog.writer('db')
  await writer.transact({ tx: readEdn('[{:state/id "s" :state/count 0}]').value })
  let value = (await writer.sync()).with([])
  const empty = value
  let comparedCount = 0
  const outcome = (request: TransactRequest): object => {
    try {
      const { datoms, tempids } = speculateTransaction(value, request, 1e12, new Map())
      return { datoms, tempids: [...tempids] }
    } catch (error) {
      if (error instanceof VarveError) return error.toJSON()
      throw error
    }
  }
  fc.assert(
    fc.property(
      fc.array(fc.tuple(rowsArbitrary, besideArbitrary), { minLength: 1, maxLength: 4 }),
      (steps) => {
        value = empty
        for (const [rows, tx] of steps) {
          const found = outcome({ rows, tx })
          expect(found).toEqual(outcome({ tx: [...formsOfRows(rows), ...tx] }))
          if ('code' in found) continue
          comparedCount++
          value = speculateTransaction(value, { rows, tx }, 1e12, new Map()).after
        }
      },
    ),
    { numRuns: 1_500 },
  )
  expect(comparedCount).toBeGreaterThan(1_000)
})

it('leave log, novelty and index as map forms of them leave them', async () => {
  const moment = (ms: number): Edn =>
    new EdnMap([
      [keyword('db/id'), 'datomic.tx'],
      [keyword('db/txInstant'), new Date(ms)],
    ])
  let blockCount = 0
  const sameBothWays = async (steps: readonly EntityRows[], indexAfter: number): Promise<void> => {
    await using catalog = Catalog.openMemory(nodeEnv())
    const [asRows, asForms] = await Promise.all(
      ['rows', 'forms'].map(async (name) => {
        await catalog.create(name, { schema: SCHEMA })
        return catalog.writer(name)
      }),
    )
    for (const [index, rows] of steps.entries()) {
      const { facts } = asRows!.value()
      const tx = [moment(index)]
      const sent = await settled(asRows!.enqueue({ rows, tx }).then(({ durable }) => durable))
      const told = await settled(asForms!.transact({ tx: [...formsOfRows(rows), ...tx] }))
      expect(sent).toBe(told)
      if (sent && rowsBeside([], rows, facts)?.ofRows.kind === 'block') blockCount++
      if (index === indexAfter) for (const writer of [asRows!, asForms!]) await writer.index()
    }
    const told = await Promise.all([asRows!, asForms!].map(allOf))
    expect(told[0]).toStrictEqual(told[1])
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(rowsArbitrary, newRowsArbitrary), { minLength: 1, maxLength: 5 }),
      fc.nat(5),
      sameBothWays,
    ),
    { numRuns: 40 },
  )
  expect(blockCount).toBeGreaterThan(20)
})

function settled(promise: Promise<unknown>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  )
}

/** Transactions of the log, the history, and what holds, by value too. */
async function allOf(writer: Writer): Promise<unknown> {
  const transactions = []
  for await (const { t, datoms } of writer.transactions({ from: 1, to: Infinity, isLive: false }))
    transactions.push({ t, datoms })
  const { facts } = writer.value()
  const now = [...facts.range('eavt', { prefix: [] })]
  const held = now.map(({ a, v }) => [...facts.match(undefined, a, v)])
  const history = [...writer.value().history().facts.range('avet', { prefix: [] })]
  return { transactions, now, held, history, t: facts.basisT }
}

it('name the row and the attribute of a value that does not fit', async () => {
  await using catalog = Catalog.openMemory(nodeEnv())
  await catalog.create('db', { schema: SCHEMA })
  const writer = await catalog.writer('db')
  const rows = rowsOf(
    [keyword('p/id'), keyword('p/n')],
    [
      ['a', 1],
      ['b', 'two'],
    ],
  )
  await expect(writer.enqueue({ rows, tx: [] })).rejects.toMatchObject({
    code: 'db.error/wrong-type-for-attribute',
    data: { place: { path: [1, ':p/n'] } },
  })
})

it('enter in the order in which they are sent, and become durable', async () => {
  await using catalog = Catalog.openMemory(nodeEnv())
  await catalog.create('db', { schema: SCHEMA })
  const writer = await catalog.writer('db')
  const attributes = [keyword('p/id'), keyword('p/n')]
  const sent = []
  for (let n = 0; n < 50; n++)
    sent.push(await writer.enqueue({ rows: rowsOf(attributes, [['a', n]]), tx: [] }))
  await sent.at(-1)!.durable
  expect(sent.map(({ t }) => t)).toEqual([...Array(50).keys()].map((n) => n + 1))
  const { facts, schema } = writer.value()
  const held = [...facts.match(undefined, schema.attributeNamed(attributes[1]!)!.id, undefined)]
  expect(held.map(({ v }) => v)).toEqual([49])
})

it('under an idempotency key are the same as their forms', async () => {
  await using catalog = Catalog.openMemory(nodeEnv())
  await catalog.create('db', { schema: SCHEMA })
  const writer = await catalog.writer('db')
  const rows = rowsOf([keyword('p/id')], [['a']])
  const first = await writer.transact({ rows, tx: [], idempotencyKey: 'k' })
  expect((await writer.transact({ tx: formsOfRows(rows), idempotencyKey: 'k' })).t).toBe(first.t)
  const other = rowsOf([keyword('p/id')], [['b']])
  await expect(writer.transact({ rows: other, tx: [], idempotencyKey: 'k' })).rejects.toMatchObject({
    code: 'varve.error/idempotency-conflict',
  })
})
