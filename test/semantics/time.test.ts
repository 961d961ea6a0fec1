// The rules of time that case files cannot say: values of Db that never change their mind, logs and indexes with
// their ranges, idempotency, what t is. Each test is named after its rule.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { VarveError } from '../../src/base/errors.ts'
import { connect, type Database, type Db, type Varve } from 'varve'

const SCHEMA = `[
  {:db/ident :p/k :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :p/n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :p/f :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}]`
/** A string, not a literal: the compiler is not told this schema. */
const N: string = '[:find ?n . :where [?e :p/k "a"] [?e :p/n ?n]]'

let varve: Varve
let people: Database

beforeEach(async () => {
  varve = await connect('memory:')
  people = await varve.open('people', { schema: SCHEMA })
})
afterEach(() => varve.close())

const day = (n: number): Date => new Date(Date.UTC(2014, 10, n))
const put = (n: number, date?: Date): Promise<{ readonly t: number }> => {
  const moment = date === undefined ? '' : `{:db/id "datomic.tx" :db/txInstant #inst "${date.toISOString()}"}`
  return people.transact(`[${moment} {:p/k "a" :p/n ${n}}]`)
}
async function all<X>(items: AsyncIterable<X>): Promise<readonly X[]> {
  const found: X[] = []
  for await (const item of items) found.push(item)
  return found
}
const rowsOf = async (db: Db, query: string): Promise<readonly unknown[]> => [
  ...((await db.q(query)) as Iterable<unknown>),
]

async function failure(asked: Promise<unknown>): Promise<VarveError> {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(VarveError)
  return error as VarveError
}

describe('a value of Db', () => {
  it('answers the same for ever, whatever is transacted later', async () => {
    await put(1)
    const before = people.db()
    await put(2)
    await people.transact('[[:db/retractEntity [:p/k "a"]]]')
    expect([await before.q(N), before.basisT]).toEqual([1, 1])
    expect(await people.db().q(N)).toBeNull()
  })

  it('keeps the schema it was taken with: what is declared later is unknown to it, and to its views', async () => {
    await put(1)
    const before = people.db()
    await people.transact(
      '[{:db/ident :p/late :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]',
    )
    const late: string = '[:find ?e :where [?e :p/late]]'
    for (const db of [before, before.asOf(0), before.history()]) {
      expect((await failure(db.q(late))).code).toBe('db.error/not-an-entity')
    }
    // Taken from a value that knows the attribute, a view of the time before it knows it too.
    expect(await rowsOf(people.db().asOf(1), late)).toEqual([])
  })
})

describe('t', () => {
  it('is dense: each transaction has the next, one that changes nothing as well', async () => {
    const given = [await put(1), await put(1), await people.transact([]), await put(2)]
    expect(given.map(({ t }) => t)).toEqual([1, 2, 3, 4])
  })

  it('is not used up by a transaction that is refused', async () => {
    await put(1)
    await failure(people.transact('[{:p/n "text"}]'))
    expect((await put(2)).t).toBe(2)
  })
})

describe('as-of, since, history', () => {
  beforeEach(async () => {
    await put(1, day(1))
    await put(2, day(3))
    await put(3, day(3))
    await put(4, day(5))
  })

  it('as-of includes its t, and of an instant the last t at or before it', async () => {
    const at = (moment: number | Date): Promise<unknown> => people.db().asOf(moment).q(N)
    expect([await at(1), await at(2), await at(0)]).toEqual([1, 2, null])
    expect([await at(day(3)), await at(day(4)), await at(new Date(+day(3) - 1))]).toEqual([3, 3, 1])
    expect(await at(new Date(0))).toBeNull()
  })

  it('since excludes its t', async () => {
    const numbers = async (db: Db): Promise<unknown> => db.q('[:find ?n . :where [_ :p/n ?n]]')
    expect(await numbers(people.db().since(3))).toBe(4)
    expect(await numbers(people.db().since(4))).toBeNull()
    expect(await numbers(people.db().since(day(3)))).toBe(4)
  })

  it('history refuses pull and entity', async () => {
    const history = people.db().history()
    expect((await failure(history.pull('[*]', [':p/k', 'a']))).code).toBe(
      'varve.error/history-has-no-entities',
    )
    expect((await failure(history.entity([':p/k', 'a']))).code).toBe('varve.error/history-has-no-entities')
  })

  it('as-of a t beyond the value is the value: there is nothing that it could know more', async () => {
    expect(await people.db().asOf(99).q(N)).toBe(4)
  })

  it('views combine: a history up to a moment', async () => {
    const rows: string = '[:find ?n ?added :where [_ :p/n ?n _ ?added]]'
    expect(await rowsOf(people.db().asOf(2).history(), rows)).toEqual([
      [1, false],
      [1, true],
      [2, true],
    ])
  })
})

describe('ranges', () => {
  beforeEach(async () => {
    for (const n of [1, 2, 3]) await people.transact(`[{:p/k "${n}" :p/n ${n}}]`)
  })

  it('of the log: from included, to excluded', async () => {
    const log = async (range: object): Promise<readonly number[]> =>
      (await all(people.log(range))).map(({ t }) => t)
    expect(await log({ from: 2, to: 3 })).toEqual([2])
    expect(await log({ from: 2 })).toEqual([2, 3])
    expect(await log({ from: 1, to: 1 })).toEqual([])
    const [item] = await all(people.log({ from: 3 }))
    expect(
      item!.datoms.filter(([, attribute]) => attribute === ':p/n').map(([, , v, added]) => [v, added]),
    ).toEqual([[3, true]])
  })

  it('of an index by value: from included, to excluded, whether or not the attribute has :db/index', async () => {
    const range = async (from?: number, to?: number): Promise<readonly unknown[]> =>
      (await all(people.db().indexRange(':p/n', from, to))).map(({ v }) => v)
    expect(await range(1, 3)).toEqual([1, 2])
    expect(await range(2)).toEqual([2, 3])
    expect(await range(undefined, 2)).toEqual([1])
    expect(await range(3, 3)).toEqual([])
  })

  it('datoms come in the order of their index', async () => {
    await people.transact('[{:p/k "0" :p/n 9}]')
    const values = async (...args: Parameters<Db['datoms']>): Promise<readonly unknown[]> =>
      (await all(people.db().datoms(...args))).map(({ v }) => v)
    expect(await values('avet', ':p/k')).toEqual(['0', '1', '2', '3'])
    expect(await values('aevt', ':p/n')).toEqual([1, 2, 3, 9])
    expect(await values('avet', ':p/n', 2)).toEqual([2])
  })
})

describe('with', () => {
  it('on an as-of database: a database as of then, and the new facts', async () => {
    await put(1)
    await put(2)
    const { dbAfter, t } = await people.db().asOf(1).with('[{:p/k "b" :p/n 7}]')
    const rows: string = '[:find ?k ?n :where [?e :p/k ?k] [?e :p/n ?n]]'
    expect(await rowsOf(dbAfter, rows)).toEqual([
      ['a', 1],
      ['b', 7],
    ])
    expect(t).toBe(2)
    expect(await people.db().q(N)).toBe(2)
  })
})

describe('the same idempotency key again', () => {
  it('gives the first result again, and nothing is written', async () => {
    const tx = '[{:db/id "new" :p/k "a" :p/n 1}]'
    const first = await people.transact(tx, { idempotencyKey: 'msg-1' })
    await put(2)
    const again = await people.transact(tx, { idempotencyKey: 'msg-1' })
    expect([again.t, again.tempids]).toEqual([first.t, first.tempids])
    expect(people.db().basisT).toBe(2)
    expect(await people.db().q(N)).toBe(2)
  })

  it('with other content is a conflict', async () => {
    await people.transact('[{:p/k "a" :p/n 1}]', { idempotencyKey: 'msg-1' })
    const error = await failure(people.transact('[{:p/k "a" :p/n 2}]', { idempotencyKey: 'msg-1' }))
    expect([error.code, error.kind]).toEqual(['varve.error/idempotency-conflict', 'conflict'])
  })

  it('is a key of one database, and of a transaction that was accepted', async () => {
    const options = { idempotencyKey: 'msg-1' }
    await failure(people.transact('[{:p/k "a" :p/n "text"}]', options))
    await people.transact('[{:p/k "a" :p/n 1}]', options)
    expect(await people.db().q(N)).toBe(1)
  })
})
