import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VarveError } from '../base/errors.ts'
import { errorOf } from '../testing/error-of.ts'
import { defineProcedure } from '../procedures/define-procedure.ts'
import { ProcedureSet } from '../procedures/procedure-set.ts'
import { connectLocal } from './connect.ts'
import type { LocalDatabase, LocalVarve } from './varve.ts'

const SCHEMA = `[
  {:db/ident :bill/id :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :bill/due :db/valueType :db.type/instant :db/cardinality :db.cardinality/one}
  {:db/ident :bill/paid :db/valueType :db.type/instant :db/cardinality :db.cardinality/one}
  {:db/ident :bill/cents :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db.attr/preds [t/small?]}
  {:db/ident :bill/state :db/valueType :db.type/keyword :db/cardinality :db.cardinality/one}]`

const DAYS_LATE = {
  name: 't/days-late',
  parameters: { due: 'instant', paid: 'instant' },
  returns: 'long',
  source: '(due: Date, paid: Date): number => Math.floor((paid.getTime() - due.getTime()) / 86_400_000)',
} as const

const PROCEDURES = [
  defineProcedure(DAYS_LATE),
  defineProcedure({
    ...DAYS_LATE,
    version: 2,
    source: '(due, paid) => Math.max(0, (paid - due) / 86400000)',
  }),
  defineProcedure({
    name: 't/late?',
    kind: 'predicate',
    parameters: { days: 'long' },
    source: '(days) => days > 0',
  }),
  defineProcedure({
    name: 't/small?',
    kind: 'predicate',
    parameters: { n: 'long' },
    source: '(n) => n < 10000',
  }),
  defineProcedure({
    name: 't/spread',
    kind: 'aggregate',
    parameters: { unit: 'long', values: 'any' },
    source: '(unit, values) => (values.at(-1) - values[0]) / unit',
  }),
  defineProcedure({
    name: 't/first-only',
    parameters: { id: 'string' },
    source: '(id) => { if (id !== "b1") throw new Error("no " + id); return 1 }',
  }),
  defineProcedure({ name: 't/ever', source: '() => { for (;;); }' }),
  defineProcedure({
    name: 't/pay',
    kind: 'transaction',
    parameters: { id: 'string', cents: 'long' },
    source: `(db, id: string, cents: number) => {
      const bill = [':bill/id', id]
      if (db.entity(bill) === null) throw new Error('there is no bill ' + id)
      const rest = db.value(bill, ':bill/cents') - cents
      const [same] = db.q('[:find [?c ...] :in $ ?id :where [?b :bill/id ?id] [?b :bill/cents ?c]]', id)
      const { ':bill/id': written } = db.pull([':bill/id'], bill)
      if (same !== rest + cents || written !== id || db.basisT < 1) throw new Error('reads disagree')
      return [[':db/add', bill, ':bill/cents', rest], { ':bill/id': id, ':bill/state': keyword('state/part') }]
    }`,
  }),
  defineProcedure({
    name: 't/read-on',
    kind: 'transaction',
    source: '(db) => { for (;;) try { db.basisT } catch {} }',
  }),
  defineProcedure({
    name: 't/read-much',
    kind: 'transaction',
    source: `(db) => db.q('[:find (count ?c) . :with ?x ?y ?z ?u ?v :where [?x :db/ident] [?y :db/ident] [?z :db/ident] [?u :db/ident] [?v :db/ident] [(+ ?x ?y ?z ?u ?v) ?c]]')`,
  }),
  defineProcedure({
    name: 't/hang',
    kind: 'transaction',
    source: '() => [].indexOf.call({ length: 2 ** 53 - 1 }, 1)',
  }),
]

const BILLS = [
  {
    ':bill/id': 'b1',
    ':bill/due': new Date('2024-01-01'),
    ':bill/paid': new Date('2024-01-04'),
    ':bill/cents': 500,
  },
  {
    ':bill/id': 'b2',
    ':bill/due': new Date('2024-01-10'),
    ':bill/paid': new Date('2024-01-08'),
    ':bill/cents': 700,
  },
]

async function opened(url: string): Promise<{ readonly varve: LocalVarve; readonly bills: LocalDatabase }> {
  const varve = await connectLocal(url, { procedures: PROCEDURES })
  const bills = await varve.open('bills', { schema: SCHEMA })
  await bills.transact(BILLS)
  return { varve, bills }
}

const DAYS =
  '[:find ?id ?d :where [?b :bill/id ?id] [?b :bill/due ?due] [?b :bill/paid ?paid] [(t/days-late#1 ?due ?paid) ?d]]'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'varve-procedures-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.each(['memory:', 'file:'])('procedures of questions over %s', (scheme) => {
  let varve: LocalVarve
  let bills: LocalDatabase
  beforeAll(async () => {
    ;({ varve, bills } = await opened(scheme === 'file:' ? `file:${folder}/bills` : scheme))
  })
  afterAll(() => varve.close())
  const asked = async (query: string, ...args: readonly unknown[]): Promise<unknown> => {
    const result = await bills.db().q(query, ...args)
    return typeof result === 'object' && result !== null ? [...(result as Iterable<unknown>)] : result
  }

  it('are called as functions, pinned or newest', async () => {
    expect(await asked(DAYS)).toEqual([
      ['b1', 3],
      ['b2', -2],
    ])
    expect(await asked(DAYS.replace('#1', ''))).toEqual([
      ['b1', 3],
      ['b2', 0],
    ])
  })

  it('are called as predicates, in rules, within calls and in finds', async () => {
    const late =
      '[[(late ?b ?d) [?b :bill/due ?due] [?b :bill/paid ?paid] [(t/days-late ?due ?paid) ?d] [(t/late? ?d)]]]'
    expect(await asked('[:find [?id ...] :in $ % :where (late ?b _) [?b :bill/id ?id]]', late)).toEqual([
      'b1',
    ])
    expect(
      await asked(
        '[:find ?id . :where [?b :bill/id ?id] [?b :bill/due ?due] [?b :bill/paid ?paid] [(< 0 (t/days-late ?due ?paid))]]',
      ),
    ).toBe('b1')
    expect(await asked('[:find (t/spread 2 ?c) . :where [_ :bill/cents ?c]]')).toBe(100)
    const { answer } = await varve
      .ask({ query: DAYS, database: 'bills' })
      .then((told) => ({ answer: told.procedures }))
    expect(answer).toEqual([{ name: 't/days-late#1', hash: PROCEDURES[0]!.hash }])
  })

  it('fail where they fail, and not on a row that another clause rejects', async () => {
    const error = await errorOf(asked('[:find ?x :where [_ :bill/id ?id] [(t/first-only ?id) ?x]]'))
    expect({ ...error, message: error.message }).toMatchObject({
      code: 'varve.error/procedure-failed',
      message: 't/first-only#1 failed: no b2 (line 1, column 43)',
    })
    expect(error.data).toMatchObject({
      place: { line: 1, column: 35 },
      procedure: { name: 't/first-only', place: { line: 1, column: 43 } },
    })
    expect(
      await asked('[:find ?x . :where [?b :bill/id ?id] [(t/first-only ?id) ?x] [?b :bill/cents 500]]'),
    ).toBe(1)
  })

  it('are refused before they run where the call is wrong', async () => {
    const wrong: readonly (readonly [string, string])[] = [
      ['[:find ?x :where [(t/days-lat 1 2) ?x]]', 'varve.error/function-unknown'],
      ['[:find ?x :where [(t/days-late#7 1 2) ?x]]', 'varve.error/function-unknown'],
      ['[:find ?x :where [(t/days-late 1) ?x]]', 'varve.error/procedure-arguments-wrong'],
      ['[:find ?x :where [(t/days-late 1 2) ?x]]', 'varve.error/procedure-arguments-wrong'],
      ['[:find ?x :where [(t/pay "b1" 2) ?x]]', 'varve.error/procedure-kind-wrong'],
      ['[:find (t/late? ?c) . :where [_ :bill/cents ?c]]', 'varve.error/procedure-kind-wrong'],
      ['[:find ?x :where [(t/spread 1 [2]) ?x]]', 'varve.error/procedure-kind-wrong'],
    ]
    for (const [query, code] of wrong) expect(await errorOf(asked(query)), query).toMatchObject({ code })
  })

  it('end with the time of their question', async () => {
    const question = varve.query({
      query: '[:find ?x :where [(t/ever) ?x]]',
      database: 'bills',
      timeoutMs: 300,
    })
    expect(await errorOf(question)).toMatchObject({ code: 'varve.error/query-timeout' })
    expect(await asked(DAYS)).toHaveLength(2)
  })

  it('are of the set that the connection holds', async () => {
    const before = varve.procedures.set
    const three = defineProcedure({ ...DAYS_LATE, version: 3, source: '() => 42' })
    varve.procedures.use(new ProcedureSet([...before.all, three]))
    expect(await asked(DAYS.replace('#1', ''))).toEqual([
      ['b1', 42],
      ['b2', 42],
    ])
    varve.procedures.use(before)
    expect(await asked(DAYS.replace('#1', ''))).toEqual([
      ['b1', 3],
      ['b2', 0],
    ])
  })
})

describe('procedures of transactions', () => {
  it('read the database before and give operations', async () => {
    const { varve, bills } = await opened('memory:')
    await bills.transact([['t/pay', 'b1', 100]])
    await bills.transact('[[:t/pay#1 "b1" 50]]')
    expect(await bills.db().pull([':bill/cents', ':bill/state'], [':bill/id', 'b1'])).toEqual({
      ':bill/cents': 350,
      ':bill/state': ':state/part',
    })
    expect(await errorOf(bills.transact([['t/pay', 'b9', 1]]))).toMatchObject({
      code: 'varve.error/procedure-failed',
      message: expect.stringContaining('there is no bill b9 (line 3, column') as string,
    })
    expect(await errorOf(bills.transact([['t/pay', 'b1']]))).toMatchObject({
      code: 'varve.error/procedure-arguments-wrong',
    })
    await varve.close()
  })

  it('judge values as predicates of attributes', async () => {
    const { varve, bills } = await opened('memory:')
    const error = await errorOf(bills.transact([{ ':bill/id': 'b3', ':bill/cents': 20_000 }]))
    expect(error.code).toBe('db.error/attr-pred')
    await varve.close()
  })

  it('are ended where they hang, and writing goes on', async () => {
    const { varve, bills } = await opened('memory:')
    expect((await errorOf(bills.transact([['t/read-on']]))).code).toBe('varve.error/procedure-timeout')
    const much = await errorOf(bills.transact([['t/read-much']]))
    expect(['varve.error/query-timeout', 'varve.error/too-many-rows']).toContain(much.code)
    expect(await errorOf(bills.transact([['t/hang']]))).toMatchObject({
      code: 'varve.error/procedure-timeout',
      kind: 'interrupted',
    })
    await bills.transact([['t/pay', 'b1', 100]])
    expect(await bills.db().q('[:find ?c . :where [?b :bill/id "b1"] [?b :bill/cents ?c]]')).toBe(400)
    await varve.close()
  })
})

it('a procedure that is to be stored is read before', async () => {
  const { varve } = await opened('memory:')
  const check = async (source: string): Promise<void> =>
    varve.procedures.check(defineProcedure({ name: 't/new', source }))
  await check('() => 1')
  expect(await errorOf(check('() => {'))).toMatchObject({ code: 'varve.error/procedure-source-invalid' })
  expect(await errorOf(check('1'))).toMatchObject({ code: 'varve.error/procedure-failed' })
  await varve.close()
})

it('a question whose procedure runs in a worker can be given up', async () => {
  const { varve } = await opened(`file:${folder}/cancelled`)
  const given = new AbortController()
  const query = '[:find ?x :where [(t/ever) ?x]]'
  const question = errorOf(varve.query({ query, database: 'bills', signal: given.signal }))
  await varve.query({ query: '[:find (count ?b) . :where [?b :bill/id]]', database: 'bills' })
  given.abort(
    new VarveError({ code: 'varve.error/query-cancelled', kind: 'interrupted', message: 'gone', fix: '' }),
  )
  expect(await question).toMatchObject({ message: 'gone' })
  expect(await varve.query({ query: DAYS, database: 'bills' })).toHaveLength(2)
  await varve.close()
})

it('DuckDB refuses a question whose clauses call a procedure, with the reason, and aggregates by one', async () => {
  const { varve } = await opened('memory:')
  const spread = '[:find (t/spread 2 ?c) . :where [_ :bill/cents ?c]]'
  expect(await varve.query({ query: spread, database: 'bills', engine: 'duckdb' })).toBe(100)
  const question = varve.query({ query: DAYS, database: 'bills', engine: 'duckdb' })
  expect(await errorOf(question)).toMatchObject({
    kind: 'unsupported',
    message: expect.stringContaining('t/days-late#1') as string,
  })
  await varve.close()
})
