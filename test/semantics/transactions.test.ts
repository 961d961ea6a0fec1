// The rows of the table of transactions that case files cannot say: functions, options, clocks, and what an
// error tells. Each test is named after its row.

import { describe, expect, it } from 'vitest'
import { VarveError } from '../../src/base/errors.ts'
import type { FunctionRegistry, RegisteredFunction } from '../../src/database/functions.ts'
import { SpeculativeFacts } from '../../src/database/speculative.ts'
import { prepareTransaction } from '../../src/database/transact.ts'
import { TX_BASE } from '../../src/fact/attribute.ts'
import { readEdn } from '../../src/fact/edn-reader.ts'
import type { FactSource } from '../../src/fact/datom.ts'
import { keyword, type Edn } from '../../src/fact/value.ts'
import { attributes, NaiveDatabase, thrown } from '../../src/testing/naive-database.ts'

const PEOPLE = attributes(
  'p/k string identity',
  'p/s string identity',
  'p/code string value',
  'p/n long',
  'p/m long',
  'p/tag string many',
  'p/f ref',
  'p/part ref component',
)

const N = keyword('p/n')

function read(db: FactSource, e: Edn, attribute: string): number {
  const { id } = db.schema.attributeNamed(keyword(attribute))!
  const [datom] = db.match(e as number, id, undefined)
  return (datom?.v as number | undefined) ?? 0
}

const increment: RegisteredFunction = {
  kind: 'transaction',
  run: (db, e) => [[keyword('db/add'), e!, N, read(db, e, 'p/n') + 1]],
}
/** [:copy e]: m becomes what n was. */
const copy: RegisteredFunction = {
  kind: 'transaction',
  run: (db, e) => [[keyword('db/add'), e!, keyword('p/m'), read(db, e, 'p/n')]],
}
const twice: RegisteredFunction = {
  kind: 'transaction',
  run: (_db, e) => [
    [keyword('increment'), e!],
    [keyword('db/add'), e!, keyword('p/tag'), 'incremented'],
  ],
}
const broken: RegisteredFunction = {
  kind: 'transaction',
  run: () => {
    throw new TypeError('no such thing')
  },
}
const endless: RegisteredFunction = { kind: 'transaction', run: () => [[keyword('endless')]] }
const short: RegisteredFunction = {
  kind: 'attribute-predicate',
  run: (value) => (String(value).length < 5 ? true : 'it is too long'),
}
const hasEvenN: RegisteredFunction = {
  kind: 'entity-predicate',
  run: (db, e) => (read(db, e, 'p/n') % 2 === 0 ? true : 'n is odd'),
}

const functions: FunctionRegistry = new Map<string, RegisteredFunction>([
  ['increment', increment],
  ['copy', copy],
  ['twice', twice],
  ['broken', broken],
  ['endless', endless],
  ['short?', short],
  ['even-n?', hasEvenN],
])

function people(tx = '[{:db/id "a" :p/k "a" :p/n 1}]'): NaiveDatabase {
  const database = new NaiveDatabase(PEOPLE, functions)
  database.transact(tx)
  return database
}

function failure(act: () => unknown): VarveError {
  const error = thrown(act)
  expect(error).toBeInstanceOf(VarveError)
  return error as VarveError
}

describe('functions', () => {
  it('a transaction function that increments, used twice, value 1 before: 2', () => {
    const database = people()
    const { warnings } = database.transact('[[:increment #tempid "a"] [:increment #tempid "a"]]')
    expect(database.values(database.e('a'), 'p/n')).toEqual([2])
    expect(warnings.map(({ place }) => place?.path)).toEqual([[0], [1]])
  })

  it("reads that meet another operation's writes: a warning, by the strict option an error", () => {
    const tx = '[[:copy #tempid "a"] [:db/add #tempid "a" :p/n 7]]'
    const database = people()
    const { code, data } = failure(() => database.transact(tx, { isStrict: true }))
    expect([code, data['place']]).toEqual(['varve.error/reads-meet-writes', { path: [0] }])
    expect(database.values(database.e('a'), 'p/n')).toEqual([1])
    const { warnings } = database.transact(tx)
    expect(warnings.map((warning) => warning.code)).toEqual(['varve.warning/reads-meet-writes'])
    expect(database.values(database.e('a'), 'p/m')).toEqual([1])
  })

  it('reads that meet nothing but facts which hold already, or own writes, are no matter', () => {
    const database = people()
    const options = { isStrict: true }
    database.transact('[[:copy #tempid "a"] {:p/k "a" :p/n 1}]', options)
    database.transact('[[:increment #tempid "a"] {:p/k "a" :p/tag "x"}]', options)
    database.transact('[[:twice #tempid "a"] [:db/add "other" :p/n 9]]', options)
    expect(database.values(database.e('a'), 'p/n')).toEqual([3])
  })

  it('functions in it see the database before it', () => {
    const database = people()
    database.transact('[[:db/add #tempid "a" :p/n 10] (copy #tempid "a")]')
    expect(database.values(database.e('a'), 'p/m')).toEqual([1])
  })

  it('functions return operations, map forms and calls', () => {
    const database = people()
    database.transact('[[:twice #tempid "a"]]')
    expect(database.values(database.e('a'), 'p/n')).toEqual([2])
    expect(database.values(database.e('a'), 'p/tag')).toEqual(['incremented'])
  })

  it('tempid as argument of a function: error', () => {
    expect(failure(() => people().transact('[[:increment -1]]')).code).toBe('varve.error/tempid-not-allowed')
  })

  it('a function that fails, is unknown or never ends stops the transaction', () => {
    const database = people()
    expect(failure(() => database.transact('[[:broken]]'))).toMatchObject({
      code: 'varve.error/transaction-function-failed',
      data: { name: 'broken', place: { path: [0] } },
    })
    const unknown = failure(() => database.transact('[{:p/n 1} [:incremnt 5]]'))
    expect(unknown).toMatchObject({ code: 'db.error/not-a-data-function', fix: 'Did you mean increment?' })
    expect(failure(() => database.transact('[[:endless]]')).code).toBe('varve.error/transaction-too-large')
    expect(database.facts.basisT).toBe(1)
  })
})

describe('clocks', () => {
  it('the schema a database is created with belongs to its bootstrap, at instant 0', () => {
    const { facts } = new NaiveDatabase(PEOPLE)
    expect(facts.basisT).toBe(0)
    expect(facts.tAt(0)).toBe(0)
    expect(facts.asOf(0).schema.attributeNamed(N)?.valueType).toBe('long')
    expect([...facts.match(TX_BASE, undefined, undefined)].map(({ v }) => v)).toEqual([new Date(0)])
  })

  it('history can be imported with its own moments', () => {
    const database = new NaiveDatabase(PEOPLE)
    const at = (ms: number): string =>
      `{:db/id "datomic.tx" :db/txInstant #inst "${new Date(ms).toISOString()}"}`
    expect(database.transact(`[${at(5)} {:p/k "a"}]`).txInstantMs).toBe(5)
    expect(database.transact(`[${at(5)} {:p/k "b"}]`).txInstantMs).toBe(5)
    expect(failure(() => database.transact(`[${at(4)}]`)).code).toBe('db.error/past-tx-instant')
    const future = failure(() => database.transact(`[{:p/k "c"} ${at(database.nowMs + 1)}]`))
    expect(future.code).toBe('db.error/future-tx-instant')
    expect(future.data['place']).toEqual({ path: [1, ':db/txInstant'] })
  })

  it('a clock that goes back never takes time back', () => {
    const database = people()
    database.nowMs -= 500
    expect(database.transact('[{:p/k "b"}]').txInstantMs).toBe(1_000_000)
    database.nowMs += 501
    expect(database.transact('[{:p/k "c"}]').txInstantMs).toBe(1_000_001)
  })

  it('the transaction entity comes first, and is made also by a transaction that changes nothing', () => {
    const database = people()
    const { datoms, t } = database.transact('[{:p/k "a" :p/n 1}]')
    expect(datoms).toMatchObject([{ e: TX_BASE + t, v: new Date(database.nowMs), added: true }])
    expect(database.transact('[]').datoms).toHaveLength(1)
  })
})

describe('predicates', () => {
  const ruled = (): NaiveDatabase => {
    const database = people()
    database.transact(
      '[{:db/id :p/tag :db.attr/preds [short?]} {:db/ident :spec :db.entity/preds [even-n?]}]',
    )
    return database
  }

  it('attribute predicates: those in force before, on the value alone, never at a retract', () => {
    const database = ruled()
    const error = failure(() => database.transact('[{:p/k "a" :p/tag ["ok" "far too long"]}]'))
    expect(error.code).toBe('db.error/attr-pred')
    expect(error.message).toContain('it is too long')
    expect(error.data['place']).toEqual({ path: [0, ':p/tag', 1] })
    database.transact('[[:db/retract #tempid "a" :p/tag "far too long"]]')
  })

  it('entity specs: on the database after, exactly true', () => {
    const database = ruled()
    const error = failure(() => database.transact('[{:p/k "a" :p/n 3 :db/ensure :spec}]'))
    expect(error.code).toBe('db.error/entity-pred')
    expect(error.message).toContain('n is odd')
    database.transact('[{:p/k "a" :p/n 4 :db/ensure :spec}]')
    expect(database.values(database.e('a'), 'p/n')).toEqual([4])
    expect(database.values(database.e('a'), 'db/ensure')).toEqual([])
  })

  it('a predicate that nobody registered is an error that names it', () => {
    const database = people()
    database.transact('[{:db/id :p/n :db.attr/preds nobody/knows?}]')
    const error = failure(() => database.transact('[{:p/n 1}]'))
    expect([error.code, error.data['name']]).toEqual(['varve.error/predicate-unknown', 'nobody/knows?'])
  })
})

describe('what an error tells', () => {
  it('one tempid, two identity values of two entities: unique-conflict, naming both', () => {
    const database = people('[{:db/id "a" :p/k "a"} {:db/id "b" :p/s "b"}]')
    const error = failure(() => database.transact('[{:p/k "a" :p/s "b"}]'))
    expect(error.code).toBe('db.error/unique-conflict')
    expect(error.data['entities']).toEqual([database.e('a'), database.e('b')])
  })

  it('making an attribute unique over duplicates: an error that shows two of them', () => {
    const database = people('[{:db/id "a" :p/n 5} {:db/id "b" :p/n 5} {:p/n 6}]')
    const error = failure(() => database.transact('[{:db/id :p/n :db/unique :db.unique/value}]'))
    expect(error.code).toBe('db.error/invalid-alter-attribute')
    expect(error.data['entities']).toEqual([database.e('a'), database.e('b')])
  })

  it('lookup ref to an entity made in the same transaction: "use a tempid"', () => {
    const error = failure(() => people().transact('[{:p/k "new"} [:db/add [:p/k "new"] :p/n 1]]'))
    expect(error.code).toBe('db.error/not-an-entity')
    expect(error.fix).toContain('use a tempid')
    expect(error.data['place']).toEqual({ path: [1] })
  })

  it('a name that nearly exists', () => {
    const error = failure(() => people().transact('[{:p/kk "a"}]'))
    expect([error.code, error.fix]).toEqual(['db.error/not-an-entity', 'Did you mean :p/k?'])
  })
})

describe('other databases', () => {
  it('with on an as-of database: a database as of then, and the new facts', () => {
    const database = people()
    database.transact('[{:p/k "a" :p/n 2}]')
    const then = database.facts.asOf(1)
    const { datoms, t } = prepareTransaction(readEdn('[{:p/k "a" :p/m 7}]').value, {
      before: then,
      nowMs: 0,
    })
    const speculative = new SpeculativeFacts(then, datoms)
    expect(t).toBe(2)
    expect(read(speculative, database.e('a'), 'p/n')).toBe(1)
    expect(read(speculative, database.e('a'), 'p/m')).toBe(7)
    expect(read(speculative.asOf(1), database.e('a'), 'p/m')).toBe(0)
  })

  it('a history takes no transaction', () => {
    const before = people().facts.history()
    const { code } = failure(() => prepareTransaction([], { before, nowMs: 0 }))
    expect(code).toBe('varve.error/with-on-history')
  })
})

describe('size', () => {
  it('components are retracted recursively, however deep', () => {
    const count = 20_000
    const chain = Array.from({ length: count }, (_, i) => `{:db/id "${i}" :p/n ${i} :p/part "${i + 1}"}`)
    const database = people(`[${chain.join(' ')} {:db/id "${count}" :p/n 0}]`)
    database.transact('[[:db/retractEntity #tempid "0"]]')
    expect([
      ...database.facts.match(undefined, database.facts.schema.attributeNamed(N)!.id, undefined),
    ]).toEqual([])
  })

  it('maps nested without end are refused before the stack is', () => {
    const depth = 5_000
    const text = `[${'{:p/part '.repeat(depth)}{:p/n 1}${'}'.repeat(depth)}]`
    const form = readEdn(text, { depthMax: 100_000 }).value
    const { code } = failure(() => prepareTransaction(form, { before: people().facts, nowMs: 1_000_000 }))
    expect(code).toBe('varve.error/transaction-too-deep')
  })
})
