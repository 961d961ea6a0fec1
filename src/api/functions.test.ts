import { describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { VarveError } from '../base/errors.ts'
import { connectLocal } from './connect.ts'
import {
  attributePredicate,
  entityPredicate,
  type NamedFunctions,
  transactionFunction,
  xform,
} from './functions.ts'
import type { LocalDatabase } from './varve.ts'

const SCHEMA = `[
  {:db/ident :p/id :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :p/n :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db.attr/preds [p/small?]}
  {:db/ident :p/at :db/valueType :db.type/instant :db/cardinality :db.cardinality/one}
  {:db/ident :p/friend :db/valueType :db.type/ref :db/cardinality :db.cardinality/many}
  {:db/ident :p/befriended :db.entity/preds [p/has-friend?]}]`

const FUNCTIONS: NamedFunctions = {
  'p/increment': transactionFunction((db, id: string) => {
    const n = db.q('[:find ?n . :in $ ?id :where [?e :p/id ?id] [?e :p/n ?n]]', id) as number
    return [{ ':p/id': id, ':p/n': n + 1 }]
  }),
  'p/befriend-all': transactionFunction((db, id: string, rules: unknown) => {
    const found = db.q('[:find [?e ...] :in $ % :where (person ?e)]', rules) as number[]
    return found.map((e) => [':db/add', [':p/id', id], ':p/friend', e])
  }),
  'p/copy': transactionFunction((db, id: string) => {
    const { ':p/n': n } = db.pull([':p/n'], [':p/id', id]) as { ':p/n': number }
    return [{ ':p/id': `${id}'`, ':p/n': n, ':p/at': new Date(5) }]
  }),
  'p/elsewhere': transactionFunction((db) => db.q('[:find ?e :where [$other ?e :p/id]]') as []),
  'p/broken': transactionFunction(() => {
    throw new TypeError('no such thing')
  }),
  'p/small?': attributePredicate((n) => (n as number) < 100 || 'it is too large'),
  'p/has-friend?': entityPredicate((db, e) => db.entity(e)?.get(':p/friend') !== undefined),
  'p/shout': xform((text) => `${String(text).toUpperCase()}!`),
}

async function people(url = 'memory:'): Promise<LocalDatabase> {
  const varve = await connectLocal(url, { functions: FUNCTIONS })
  const database = await varve.open('people', { schema: SCHEMA })
  await database.transact([
    { ':p/id': 'a', ':p/n': 1 },
    { ':p/id': 'b', ':p/n': 2 },
  ])
  return database
}

async function failureOf(work: Promise<unknown>): Promise<VarveError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(VarveError)
  return error as VarveError
}

const N = '[:find ?n . :in $ ?id :where [?e :p/id ?id] [?e :p/n ?n]]'

describe('registered functions', () => {
  it('read the database before the transaction and give plain operations', async () => {
    const database = await people()
    await database.transact([['p/increment', 'a']])
    await database.transact('[[p/increment "a"] [p/copy "b"]]')
    expect(await database.db().q(N, 'a')).toBe(3)
    expect(await database.db().q(N, "b'")).toBe(2)
    expect(await database.db().q('[:find ?at . :where [?e :p/at ?at]]')).toEqual(new Date(5))
  })

  it('ask with rules', async () => {
    const database = await people()
    await database.transact([['p/befriend-all', 'a', '[[(person ?e) [?e :p/id]]]']])
    expect(await database.db().q('[:find (count ?f) . :where [_ :p/friend ?f]]')).toBe(2)
  })

  it('see one database only', async () => {
    const { code } = await failureOf((await people()).transact([['p/elsewhere']]))
    expect(code).toBe('varve.error/source-missing')
  })

  it('refuse the transaction by throwing, and nothing of it is kept', async () => {
    const database = await people()
    const { basisT } = database.db()
    const error = await failureOf(database.transact([['p/increment', 'a'], ['p/broken']]))
    expect(error.message).toContain('p/broken')
    expect(database.db().basisT).toBe(basisT)
  })

  it('judge values and entities', async () => {
    const database = await people()
    expect((await failureOf(database.transact([{ ':p/id': 'a', ':p/n': 100 }]))).message).toContain(
      'too large',
    )
    const lonely = [{ ':p/id': 'a', ':db/ensure': ':p/befriended' }]
    expect((await failureOf(database.transact(lonely))).code).toBe('db.error/entity-pred')
    await database.transact([{ ':p/id': 'a', ':db/ensure': ':p/befriended', ':p/friend': [[':p/id', 'b']] }])
  })

  it('change what pull gives, alone and in a query', async () => {
    const database = await people()
    expect(await database.db().pull('[(:p/id :xform p/shout)]', [':p/id', 'a'])).toEqual({ ':p/id': 'A!' })
    const query = '[:find [(pull ?e [(:p/id :xform p/shout)]) ...] :where [?e :p/n 2]]'
    expect(await database.db().q(query)).toEqual([{ ':p/id': 'B!' }])
    expect((await failureOf(database.db().pull('[(:p/id :xform p/whisper)]', 1))).code).toBe(
      'varve.error/xform-unknown',
    )
  })

  it('change what a query pulls over a folder, whose queries run in workers otherwise', async () => {
    const { files } = nodeEnv()
    const folder = files.makeTemporaryFolder('varve-functions')
    const database = await people(`file:${folder}`)
    const query = '[:find [(pull ?e [(:p/id :xform p/shout)]) ...] :where [?e :p/n 2]]'
    expect(await database.db().q(query)).toEqual([{ ':p/id': 'B!' }])
    expect(await database.db().q(N, 'a')).toBe(1)
    await database.varve.close()
    files.remove(folder)
  })

  it('must be registered by whoever writes', async () => {
    const varve = await connectLocal('memory:')
    const database = await varve.open('people', { schema: SCHEMA })
    expect((await failureOf(database.transact([['p/increment', 'a']]))).code).toBe(
      'db.error/not-a-data-function',
    )
    expect((await failureOf(database.transact([{ ':p/n': 1 }]))).code).toBe('varve.error/predicate-unknown')
  })
})
