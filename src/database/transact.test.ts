// Forms that are refused, each with its code and the path of the place, and forms whose meaning is easily missed.
// What transactions do to facts is told by the cases and by transact.property.test.ts.

import { describe, expect, it } from 'vitest'
import { DB_KIND, entityId, indexOf, kindOf } from '../fact/attribute.ts'
import { BUILTIN_COUNT } from '../fact/bootstrap.ts'
import { BigInteger, Float, keyword, Tagged } from '../fact/value.ts'
import { attributes, NaiveDatabase, thrown } from '../testing/naive-database.ts'

const SCHEMA = attributes(
  'p/k string identity',
  'p/c string value',
  'p/n long',
  'p/m long many',
  'p/f ref',
  'p/fs ref many',
  'p/part ref many component',
  'q/n long',
  'q/id uuid identity',
)

function database(): NaiveDatabase {
  const made = new NaiveDatabase(SCHEMA)
  made.transact('[{:db/id "a" :p/k "a" :p/n 1 :p/m [1 2]} {:db/ident :red}]')
  return made
}

const REFUSED: readonly [tx: string, code: string, path: readonly (string | number)[]][] = [
  ['5', 'db.error/not-transaction-data', []],
  ['[nil]', 'db.error/not-transaction-data', [0]],
  ['[[]]', 'db.error/not-transaction-data', [0]],
  ['[{} [[:db/add "x" :p/n 1]]]', 'db.error/not-transaction-data', [1]],
  ['[[:db/add "x" :p/n]]', 'db.error/not-transaction-data', [0]],
  ['[[:db/nope "x"]]', 'db.error/not-a-data-function', [0]],
  ['[{:p/zz 1}]', 'db.error/not-an-entity', [0, ':p/zz']],
  ['[{:red 1}]', 'db.error/not-an-attribute', [0, ':red']],
  ['[{"n" 1}]', 'db.error/not-a-keyword', [0, '"n"']],
  ['[{:p/n nil}]', 'db.error/nil-value', [0, ':p/n']],
  ['[{:p/m [1 nil]}]', 'db.error/nil-value', [0, ':p/m', 1]],
  ['[{:p/n 1} {:p/fs [{:p/n 1}]}]', 'db.error/invalid-nested-entity', [1, ':p/fs', 0]],
  ['[{:p/_n "x"}]', 'varve.error/reverse-not-reference', [0, ':p/_n']],
  ['[[:db/add [:p/n 1] :p/n 1]]', 'db.error/lookup-ref-attr-not-unique', [0]],
  ['[[:db/add [:p/k "a" 1] :p/n 1]]', 'db.error/invalid-lookup-ref', [0]],
  ['[[:db/add [:p/k "b"] :p/n 1]]', 'db.error/not-an-entity', [0]],
  ['[[:db/add 1.5 :p/n 1]]', 'db.error/not-an-entity', [0]],
  ['[[:db/add 99999999999 :p/n 1]]', 'db.error/invalid-entity-id', [0]],
  ['[{:p/k "b" :p/f 99999999999}]', 'db.error/invalid-entity-id', [0, ':p/f']],
  ['[{:p/k "b" :p/f "x"}]', 'db.error/tempid-not-an-entity', [0, ':p/f']],
  ['[[:db/cas "x" :p/n nil 1]]', 'varve.error/tempid-not-allowed', [0]],
  ['[[:db/cas #tempid "a" :p/n 1 nil]]', 'db.error/invalid-cas', [0]],
  ['[[:db/cas #tempid "a" :p/m 1 2]]', 'db.error/invalid-cas-many', [0]],
  ['[[:db/cas #tempid "a" :p/n 2 3]]', 'db.error/cas-failed', [0]],
  ['[{:p/k "a" :p/n 1} {:p/k "a" :p/n 2}]', 'db.error/datoms-conflict', [1, ':p/n']],
  ['[{:p/c "x"} {:p/c "x"}]', 'db.error/datoms-conflict', [1, ':p/c']],
  ['[[:db/add "x" :p/n 1] [:db/add #tempid "red" :p/k "a"]]', 'db.error/unique-conflict', [1]],
  ['[[:db/add #tx 1 :db/txInstant #inst "2000"]]', 'db.error/reset-tx-instant', [0]],
  ['[[:db/retractEntity :db.type/long]]', 'db.error/datom-cannot-be-altered', [0]],
]

describe('a transaction is refused', () => {
  it.each(REFUSED)('%s: %s', (tx, code, path) => {
    const made = database()
    made.tempids.set('red', made.facts.schema.entityNamed(keyword('red'))!)
    const basisT = made.facts.basisT
    expect(thrown(() => made.transact(tx))).toMatchObject({ code, data: { place: { path } } })
    expect(made.facts.basisT).toBe(basisT)
  })
})

describe('new entities', () => {
  it('take the kind of the namespace that first describes them, and the next index of it', () => {
    const made = database()
    const { tempids } = made.transact(
      '[{:db/id "q" :db/doc "first" :q/n 1 :p/n 1} {:db/id "p" :p/n 2} {:db/id "d" :db/ident :x/y :db/doc "d"}]',
    )
    const kindOfAttribute = (name: string): number => made.facts.schema.attributeNamed(keyword(name))!.id
    expect(tempids.get('q')).toBe(entityId(kindOfAttribute('q/n'), 0))
    expect(tempids.get('p')).toBe(entityId(kindOfAttribute('p/k'), 1))
    expect(kindOf(tempids.get('d')!)).toBe(DB_KIND)
  })

  it('that are attributes are of the kind of the database whatever else is said of them', () => {
    const made = database()
    made.transact(
      '[{:db/id "new" :p/n 5 :db/ident :r/x :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]',
    )
    expect(kindOf(made.e('new'))).toBe(DB_KIND)
    expect(indexOf(made.e('new'))).toBeGreaterThanOrEqual(BUILTIN_COUNT)
    made.transact('[{:r/x 1}]')
  })

  it('are named in the result by every tempid that means them, and by no other', () => {
    const made = database()
    const { tempids } = made.transact(
      '[{:db/id "x" :p/k "new"} {:db/id -1 :p/k "new" :p/n 2} {:db/id "y" :p/k "a"} {:db/id "z"} {:db/id "datomic.tx" :db/doc "d"}]',
    )
    expect(tempids.get('x')).toBe(tempids.get('-1'))
    expect(tempids.get('y')).toBe(made.e('a'))
    expect([...tempids.keys()].sort()).toEqual(['-1', 'datomic.tx', 'x', 'y'])
  })
})

describe('forms', () => {
  it('of old transaction data name tempids by #db/id', () => {
    const made = database()
    const id = (...parts: [string, number?]): Tagged =>
      new Tagged(
        'db/id',
        parts.map((part) => (typeof part === 'string' ? keyword(part) : part!)),
      )
    made.transact([
      [keyword('db/add'), id('db.part/user', -7), keyword('p/n'), 5],
      [keyword('db/add'), -7, keyword('p/f'), id('db.part/tx')],
      [keyword('db/add'), id('db.part/user'), keyword('p/n'), 6],
    ])
    expect(made.values(made.e('-7'), 'p/n')).toEqual([5])
    expect(made.values(made.e('-7'), 'p/f')).toEqual([made.e('datomic.tx')])
  })

  it('take a set for many values, and a lookup ref among many in a vector of its own', () => {
    const made = database()
    made.transact('[{:db/id "b" :p/m #{7 8} :p/fs [[:p/k "a"] :red] :p/part [{:p/n 3} {:p/n 4}]}]')
    expect(made.values(made.e('b'), 'p/m')).toEqual([7, 8])
    expect(made.values(made.e('b'), 'p/fs')).toHaveLength(2)
    expect(made.values(made.e('b'), 'p/part')).toHaveLength(2)
  })

  it('take maps, vectors and lookup refs under a reverse attribute', () => {
    const made = database()
    made.transact('[{:db/id "b" :p/n 9 :p/_f [[:p/k "a"] {:db/id "c" :p/n 10}] :p/_fs [:p/k "a"]}]')
    expect(made.values(made.e('a'), 'p/f')).toEqual([made.e('b')])
    expect(made.values(made.e('c'), 'p/f')).toEqual([made.e('b')])
    expect(made.values(made.e('a'), 'p/fs')).toEqual([made.e('b')])
  })

  it('take tempids inside tuples', () => {
    const made = new NaiveDatabase(
      `[{:db/ident :p/t :db/valueType :db.type/tuple :db/cardinality :db.cardinality/one
         :db/tupleTypes [:db.type/ref :db.type/string]}
        {:db/ident :p/n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]`,
    )
    made.transact('[{:db/id "b" :p/n 1} {:db/id "a" :p/t ["b" "s"]} {:db/id "c" :p/t ["datomic.tx" "b"]}]')
    expect(made.values(made.e('a'), 'p/t')).toEqual([[made.e('b'), 's']])
    expect(made.values(made.e('c'), 'p/t')).toEqual([[4294967297, 'b']])
  })

  it('of plain data may say a uuid as text', () => {
    const made = database()
    const text = '00000000-0000-0000-0000-000000000001'
    const tx = `[{:db/id "x" :q/id "${text}"}]`
    expect(thrown(() => made.transact(tx))).toMatchObject({ code: 'db.error/wrong-type-for-attribute' })
    made.transact(tx, { isPlainData: true })
    made.transact(`[{:q/id #uuid "${text}" :q/n 5}]`)
    expect(made.values(made.e('x'), 'q/n')).toEqual([5])
  })
})

describe('many operations on one place', () => {
  it('are a set: what is said twice is said once', () => {
    const made = database()
    const many = Array.from({ length: 40 }, (_, i) => `[:db/add #tempid "a" :p/m ${i % 20}]`)
    const { datoms } = made.transact(`[${many.join(' ')} [:db/retract #tempid "a" :p/m 50]]`)
    expect(datoms).toHaveLength(1 + 18)
  })

  it('contradict each other also among many', () => {
    const many = Array.from({ length: 40 }, (_, i) => `[:db/add #tempid "a" :p/m ${i}]`)
    const tx = `[${many.join(' ')} [:db/retract #tempid "a" :p/m 30]]`
    expect(thrown(() => database().transact(tx))).toMatchObject({ code: 'db.error/datoms-conflict' })
  })
})

describe('numbers', () => {
  it('NaN is refused and −0.0 becomes 0.0', () => {
    const made = new NaiveDatabase(attributes('p/w double', 'p/x float', 'p/b bigint'))
    const nan = thrown(() => made.transact('[{:p/w ##NaN}]'))
    expect(nan).toMatchObject({ data: { place: { path: [0, ':p/w'] } } })
    made.transact('[{:db/id "a" :p/w -0.0 :p/x 0.1 :p/b 5}]')
    const [w] = made.values(made.e('a'), 'p/w') as [{ value: number }]
    expect(Object.is(w.value, 0)).toBe(true)
    expect(made.values(made.e('a'), 'p/x')).toEqual([new Float(0.1)])
    expect(made.values(made.e('a'), 'p/b')).toEqual([new BigInteger(5n)])
  })
})
