// Which changes of schema are refused, and which are taken on the state that their own transaction leaves.

import { describe, expect, it } from 'vitest'
import { readEdn } from '../fact/edn-reader.ts'
import { keyword } from '../fact/value.ts'
import { attributes, NaiveDatabase, thrown } from '../testing/naive-database.ts'
import { diffSchema } from './transact.ts'

const SCHEMA = attributes('p/k string identity', 'p/n long', 'p/m long many', 'p/f ref', 'p/b bytes')

function database(): NaiveDatabase {
  const made = new NaiveDatabase(SCHEMA)
  made.transact('[{:db/id "a" :p/k "a" :p/n 1 :p/m [1 2]} {:db/id "b" :p/n 1}]')
  return made
}

const INSTALL = 'db.error/invalid-install-attribute'
const ALTER = 'db.error/invalid-alter-attribute'

const long = ':db/valueType :db.type/long :db/cardinality :db.cardinality/one'
const tuple = ':db/valueType :db.type/tuple :db/cardinality :db.cardinality/one'

const REFUSED: readonly [what: string, tx: string, code: string][] = [
  ['no ident', `[{${long}}]`, 'db.error/attribute-ident-missing'],
  ['no cardinality', '[{:db/ident :x/y :db/valueType :db.type/long}]', 'db.error/invalid-install-attribute'],
  ['no type', '[{:db/ident :x/y :db/cardinality :db.cardinality/one}]', 'db.error/invalid-install-attribute'],
  ['no such type', `[{:db/ident :x/y :db/valueType :db.cardinality/one}]`, 'db.error/not-a-value-type'],
  [
    'no such cardinality',
    '[{:db/ident :x/y :db/valueType :db.type/long :db/cardinality :db.type/long}]',
    'db.error/not-a-cardinality',
  ],
  [
    'no such uniqueness',
    `[{:db/ident :x/y :db/unique :db.type/long ${long}}]`,
    'varve.error/not-a-uniqueness',
  ],
  ['a component that is no reference', `[{:db/ident :x/y :db/isComponent true ${long}}]`, INSTALL],
  ['a tuple without members', `[{:db/ident :x/y ${tuple}}]`, INSTALL],
  ['a composite of nobody', `[{:db/ident :x/y ${tuple} :db/tupleAttrs [:p/n :p/zz]}]`, INSTALL],
  ['a composite of many', `[{:db/ident :x/y ${tuple} :db/tupleAttrs [:p/n :p/m]}]`, INSTALL],
  ['members on no tuple', `[{:db/ident :x/y ${long} :db/tupleType :db.type/long}]`, INSTALL],
  ['an old entity', `[{:db/id #tempid "a" :db/ident :x/y ${long}}]`, 'db.error/not-in-system-partition'],
  ['another type', '[{:db/id :p/n :db/valueType :db.type/string}]', ALTER],
  ['one of many', '[{:db/id :p/m :db/cardinality :db.cardinality/one}]', ALTER],
  ['no cardinality', '[[:db/retract :p/n :db/cardinality :db.cardinality/one]]', ALTER],
  ['unique over duplicates', '[{:db/id :p/n :db/unique :db.unique/identity}]', ALTER],
  [
    'unique over a new duplicate',
    '[{:db/id :p/k :db/doc "x"} {:db/id :p/n :db/unique :db.unique/value}]',
    ALTER,
  ],
  ['gone', '[[:db/retractEntity :p/n]]', ALTER],
  ['a component that is no reference', '[{:db/id :p/n :db/isComponent true}]', ALTER],
  [
    'what every database has',
    '[{:db/id :db/doc :db/cardinality :db.cardinality/many}]',
    'db.error/datom-cannot-be-altered',
  ],
]

describe('a change of schema', () => {
  it.each(REFUSED)('is refused: %s, %s', (_what, tx, code) => {
    const made = database()
    const { schema } = made.facts
    expect(thrown(() => made.transact(tx))).toMatchObject({ code })
    expect(made.facts.schema).toBe(schema)
  })

  it('is judged on the state after its transaction', () => {
    const made = database()
    made.transact('[[:db/retract #tempid "a" :p/m 1] {:db/id :p/m :db/cardinality :db.cardinality/one}]')
    made.transact('[[:db/add #tempid "b" :p/n 2] {:db/id :p/n :db/unique :db.unique/identity}]')
    made.transact('[{:p/n 2 :p/k "found"}]')
    expect(made.values(made.e('b'), 'p/k')).toEqual(['found'])
  })

  it('may take uniqueness, rename, and give many', () => {
    const made = database()
    made.transact('[[:db/retract :p/k :db/unique :db.unique/identity] {:db/id :p/n :db/ident :p/count}]')
    made.transact('[{:db/id :p/count :db/cardinality :db.cardinality/many}]')
    made.transact('[{:p/k "a" :p/n [5 6]}]')
    expect(made.facts.schema.attributeNamed(keyword('p/n'))?.ident).toBe(keyword('p/count'))
  })
})

describe('diffSchema', () => {
  const { schema } = database().facts
  const diff = (text: string): ReturnType<typeof diffSchema> => diffSchema(schema, readEdn(text).value)

  it('adds what is missing and leaves alone what it does not know', () => {
    const wanted = readEdn(attributes('p/n long', 'x/new string')).value
    expect(diffSchema(schema, wanted)).toEqual({
      additions: [(wanted as readonly unknown[])[1]],
      changes: [],
    })
    expect(diff('[{:db/ident :p/k :db/doc "other" :db/index true}]')).toEqual({ additions: [], changes: [] })
  })

  it('says every difference', () => {
    const { additions, changes } = diff(
      attributes('p/n string many identity', 'p/k string', 'p/f ref component'),
    )
    expect(additions).toEqual([])
    expect(changes).toEqual([
      ':p/n has :db/valueType :db.type/long, and :db.type/string was given',
      ':p/n has :db/cardinality :db.cardinality/one, and :db.cardinality/many was given',
      ':p/n has :db/unique nothing, and :db.unique/identity was given',
      ':p/f has :db/isComponent false, and true was given',
    ])
  })

  it('compares predicates as a set and refuses what is no map with a name', () => {
    const made = database()
    made.transact('[{:db/id :p/n :db.attr/preds [pos? even?]}]')
    const of = (text: string): readonly string[] => diffSchema(made.facts.schema, readEdn(text).value).changes
    expect(of('[{:db/ident :p/n :db.attr/preds #{even? pos?}}]')).toEqual([])
    expect(of('[{:db/ident :p/n :db.attr/preds pos?}]')).toHaveLength(1)
    expect(thrown(() => of('[[:db/add "x" :p/n 1]]'))).toMatchObject({
      code: 'db.error/not-transaction-data',
    })
  })
})
