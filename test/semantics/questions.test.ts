// The rules of questions that case files cannot say: the types and the order of what comes back, chance, bounds,
// text with a bracket too many, other ways to write a question. Each test is named after its rule.

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VarveError } from '../../src/base/errors.ts'
import { SeededRandom } from '../../src/base/seeded-random.ts'
import { treeEngine } from '../../src/testing/tree-engine.ts'
import { readEdn } from '../../src/fact/edn-reader.ts'
import { writeEdn } from '../../src/fact/edn-writer.ts'
import { double, type Edn } from '../../src/fact/value.ts'
import type { Answer, EngineInput, EngineLimits } from '../../src/plan/engine.ts'
import { parseQuery } from '../../src/query/parse-query.ts'
import { parseRequest } from '../../src/query/parse-request.ts'
import { attributes, NaiveDatabase } from '../../src/testing/naive-database.ts'
import { refusal } from '../../src/testing/refusal.ts'
import { connect, type Database, type Varve } from 'varve'

const clock = { nowMs: () => performance.now() }
const NO_LIMITS: EngineLimits = { deadlineMs: Infinity, rowCountMax: 1_000_000, memoryBytesMax: Infinity }

type Asking = {
  readonly inputs?: readonly EngineInput[]
  readonly limits?: Partial<EngineLimits>
  readonly functions?: Parameters<typeof treeEngine>[0]['functions']
}

/** What the engine itself answers, with the types of its values and its own order of rows. */
function answer(text: string, { inputs = [], limits, functions }: Asking = {}): Promise<Answer> {
  const engine = treeEngine({ clock, random: new SeededRandom(7), ...(functions && { functions }) })
  return engine.answer(parseQuery(text), inputs, new Map(), { ...NO_LIMITS, ...limits })
}

async function failure(asked: Promise<unknown>): Promise<VarveError> {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(VarveError)
  return error as VarveError
}

const value = (text: string): EngineInput => ({ kind: 'value', value: readEdn(text).value })
const shown = ({ rows }: Answer): string => Array.from(rows, (row) => writeEdn(row)).join(' ')

describe('aggregates', () => {
  const numbers = (text: string): Asking => ({ inputs: [value(text)] })

  it('avg, variance and stddev are doubles, also where they are whole', async () => {
    const asked = '[:find (avg ?n) (variance ?n) (stddev ?n) :in [?n ...]]'
    const { rows, columns } = await answer(asked, numbers('[2 4]'))
    expect(shown({ rows } as Answer)).toBe('[3.0 1.0 1.0]')
    expect(columns.map(({ type }) => type)).toEqual(['double', 'double', 'double'])
  })

  it('min and max of n: the least first, the greatest first', async () => {
    const asked = '[:find (min 2 ?n) (max 2 ?n) :in [?n ...]]'
    expect(shown(await answer(asked, numbers('[3 1 2]')))).toBe('[[1 2] [3 2]]')
  })

  it('sample and rand draw from the random source they are given, sample no value twice', async () => {
    const asked = '[:find (sample 5 ?n) (rand 5 ?n) :in [?n ...]]'
    const first = await answer(asked, numbers('[1 2 3 4 5 6 7 8 9]'))
    expect(shown(await answer(asked, numbers('[9 8 7 6 5 4 3 2 1]')))).toBe(shown(first))
    const [sample, rand] = first.rows.at(0) as readonly (readonly number[])[]
    expect(new Set(sample).size).toBe(5)
    expect([...sample!, ...rand!].every((n) => n >= 1 && n <= 9)).toBe(true)
  })

  it('sum, avg and variance of doubles: one result whatever the order of rows', async () => {
    const asked = '[:find (sum ?n) (avg ?n) (variance ?n) :with ?k :in [[?k ?n]]]'
    const doubles = fc.array(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), {
      minLength: 1,
      maxLength: 30,
    })
    await fc.assert(
      fc.asyncProperty(doubles, fc.integer(), async (given, seed) => {
        const random = new SeededRandom(seed)
        const rows = given.map((n, k) => `[${k} ${writeEdn(double(n))}]`)
        const shuffled = rows.map((row) => [random.next(), row] as const).sort(([x], [y]) => x - y)
        const straight = await answer(asked, numbers(`[${rows.join(' ')}]`))
        const other = await answer(asked, numbers(`[${shuffled.map(([, row]) => row).join(' ')}]`))
        expect(shown(other)).toBe(shown(straight))
      }),
      { numRuns: 50 },
    )
  })
})

describe('the total order', () => {
  const MIXED =
    '["b" "a" 2 1.5 :b/a :a #inst "2014-01-01" true nil [2] [1 5] 1N #uuid "ffffffff-0000-0000-0000-000000000000"]'

  it('is that of the rows of a relation, over all types, whatever order they came in', async () => {
    const asked = '[:find ?x :in [?x ...]]'
    const straight = await answer(asked, { inputs: [value(MIXED)] })
    const { value: items } = readEdn(MIXED)
    const reversed: EngineInput = { kind: 'value', value: [...(items as readonly Edn[])].reverse() }
    expect(shown(await answer(asked, { inputs: [reversed] }))).toBe(shown(straight))
    expect(straight.rows).toHaveLength(13)
  })

  it('a scalar or a tuple of several rows is the least', async () => {
    expect(shown(await answer('[:find ?x . :in [?x ...]]', { inputs: [value('[3 1 2]')] }))).toBe('[1]')
    const tuple = await answer('[:find [?x ?y] :in [[?x ?y]]]', { inputs: [value('[[2 0] [1 9] [1 8]]')] })
    expect(shown(tuple)).toBe('[1 8]')
  })

  it(':limit and :offset are obeyed in it, and the answer says when it was cut', async () => {
    const asked = '[:find ?x :in [?x ...] :offset 1 :limit 2]'
    const cut = await answer(asked, { inputs: [value('[5 4 3 2 1]')] })
    expect([shown(cut), cut.isTruncated]).toEqual(['[2] [3]', true])
    const whole = await answer(asked, { inputs: [value('[3 2 1]')] })
    expect([shown(whole), whole.isTruncated]).toEqual(['[2] [3]', false])
  })
})

describe('the order of clauses', () => {
  const facts = (): EngineInput => {
    const database = new NaiveDatabase(attributes('p/n long', 'p/f ref', 'p/k string', 'p/tag string many'))
    database.transact(`[{:db/id "a" :p/n 0 :p/f "b" :p/k "a" :p/tag ["x" "y"]} {:db/id "b" :p/n 2 :p/f "c" :p/k "b" :p/tag "x"}
                        {:db/id "c" :p/n 3 :p/f "a" :p/k "c"}]`)
    return { kind: 'facts', facts: database.facts }
  }

  it.each([
    [
      'a function that fails on a row another clause rejects',
      '[?e :p/n ?n] [(quot 6 ?n) ?q] [(not= ?n 0)] [?e :p/k ?k]',
    ],
    [
      'not, or and predicates',
      '[?e :p/k ?k] (not [?e :p/tag "y"]) (or-join [?e ?n] [?e :p/n ?n] (and [?e :p/f ?x] [?x :p/n ?n])) [(> ?n 1)] [(str ?k) ?q]',
    ],
    [
      'functions that wait for each other',
      '[(+ ?n 1) ?q] [?e :p/n ?n] [?e :p/f ?f] [?f :p/n ?m] [(< ?n ?m)] [?e :p/k ?k]',
    ],
    [
      'joins that bind through values',
      '[?e :p/n ?n] [?g :p/f ?e] [?g :p/k ?k] [?g :p/n ?m] [(- ?m ?n) ?q] (not-join [?e] [?e :p/tag "y"])',
    ],
  ])('never matters to the answer: %s', async (_, where) => {
    const clauses = readEdn(`[${where}]`).value as readonly Edn[]
    const ask = async (ordered: readonly Edn[]): Promise<string> => {
      const text = `[:find ?k ?n ?q :where ${ordered.map((clause) => writeEdn(clause)).join(' ')}]`
      return shown(await answer(text, { inputs: [facts()] }))
    }
    const first = await ask(clauses)
    expect(first).not.toBe('')
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...clauses], { minLength: clauses.length }), async (shuffled) => {
        expect(await ask(shuffled)).toBe(first)
      }),
      { numRuns: 60 },
    )
  })
})

describe('bounds', () => {
  const many = value(`[${Array.from({ length: 2000 }, (_, i) => i).join(' ')}]`)
  const PRODUCT =
    '[:find (count ?x) . :with ?y ?z :in [?x ...] [?y ...] [?z ...] :where [(+ ?x ?y ?z) ?s] [(< ?s 0)]]'

  it('a query stops promptly at its time', async () => {
    const from = performance.now()
    const limits = { deadlineMs: from + 100, rowCountMax: Infinity, memoryBytesMax: Infinity }
    const error = await failure(answer(PRODUCT, { inputs: [many, many, many], limits }))
    expect([error.code, error.kind]).toEqual(['varve.error/query-timeout', 'interrupted'])
    expect(performance.now() - from).toBeLessThan(5_000)
  })

  it('a relation on the way that grows beyond the bound of rows is an error that names it', async () => {
    const error = await failure(
      answer(PRODUCT, { inputs: [many, many, many], limits: { rowCountMax: 10_000 } }),
    )
    expect(error.code).toBe('varve.error/too-many-rows')
    expect(error.message).toContain('More than 10000 rows in ')
  })

  it('a query whose asker went away stops', async () => {
    const gone = new AbortController()
    gone.abort(new Error('left'))
    const error = await failure(
      answer(PRODUCT, { inputs: [many, many, many], limits: { signal: gone.signal } }),
    )
    expect(error).toMatchObject({ code: 'varve.error/query-cancelled', cause: new Error('left') })
  })

  it('recursion that makes new values for ever ends at a bound', async () => {
    const rules = '[[(up ?x ?y) [(inc ?x) ?y]] [(up ?x ?y) (up ?x ?z) [(inc ?z) ?y]]]'
    const varve = await connect('memory:')
    const empty = await varve.open('empty', { schema: [] })
    const asked = varve.query({
      query: '[:find (count ?y) . :in $ % :where (up 1 ?y)]',
      args: [rules],
      database: empty.name,
      timeoutMs: 200,
    })
    expect((await failure(asked)).code).toBe('varve.error/query-timeout')
    await varve.close()
  })
})

describe('functions', () => {
  it('of the program are called by name, and what they throw is the failure of the row', async () => {
    const functions = {
      functions: new Map([
        ['my/double', ([x]: readonly Edn[]): Edn => (x as number) * 2],
        [
          'my/broken',
          (): Edn => {
            throw new TypeError('no such thing')
          },
        ],
      ]),
      aggregates: new Map([['my/last', (values: readonly Edn[]): Edn => values.at(-1)!]]),
    }
    const one = { inputs: [value('[4]')], functions }
    expect(shown(await answer('[:find ?y :in [?x ...] :where [(my/double ?x) ?y]]', one))).toBe('[8]')
    expect(shown(await answer('[:find (my/last ?x) :in [?x ...]]', one))).toBe('[4]')
    const error = await failure(answer('[:find ?y :in [?x ...] :where [(my/broken ?x) ?y]]', one))
    expect(error).toMatchObject({
      code: 'varve.error/function-failed',
      message: 'my/broken failed: no such thing',
      data: { place: { path: [5] } },
    })
  })

  it('that nobody has are named with the nearest', async () => {
    const error = await failure(
      answer('[:find ?y :in ?x :where [(my/dubble ?x) ?y]]', { inputs: [value('1')] }),
    )
    expect(error.code).toBe('varve.error/function-unknown')
  })

  it('a result that the binding form cannot take apart is an error that points at the clause', async () => {
    const error = await failure(
      answer('[:find ?a :in ?x :where [(inc ?x) [?a ?b]]]', { inputs: [value('1')] }),
    )
    expect(error).toMatchObject({ code: 'varve.error/result-shape-wrong', data: { place: { path: [5] } } })
  })
})

describe('inputs', () => {
  it('that do not have the shape of their form are named by it', async () => {
    const error = await failure(answer('[:find ?x :in [?x ...]]', { inputs: [value('5')] }))
    expect(error.code).toBe('varve.error/input-shape-wrong')
    expect(error.message).toBe('[?x ...] of :in takes a collection, and 5 came')
  })

  it('of another number than :in, and sources that nobody knows, are refused by the engine itself', async () => {
    expect((await failure(answer('[:find ?x :in ?x]'))).code).toBe('varve.error/input-count-wrong')
    const error = await failure(answer('[:find ?x :where [$pur ?x :p/n]]'))
    expect(error.code).toBe('varve.error/source-unknown')
  })
})

describe('text', () => {
  it('a bracket too many is recovered where the meaning is plain, with a warning that points at it', () => {
    const text = '{:query {:find [?x]]\n :in [?x]} :args [1]}'
    const warnings: unknown[] = []
    const request = parseRequest(text, undefined, { warn: (warning) => warnings.push(warning) })
    expect(request.args).toEqual([1])
    expect(warnings).toMatchObject([
      { code: 'varve.warning/bracket-recovered', place: { line: 1, column: 20 } },
    ])
  })

  it('where it is not, the error gives line, column and the bracket that was opened', () => {
    const error = refusal(() => parseQuery('[:find ?x\n :in ?x)'))
    expect(error.code).toBe('varve.error/edn-bracket')
    expect(error.message).toBe('The ) at line 2, column 8 does not close the [ opened at line 1, column 1')
    expect(error.data['place']).toMatchObject({ line: 2, column: 8 })
  })
})

describe('a question asked of several databases', () => {
  let varve: Varve
  let purchases: Database
  let customers: Database

  beforeAll(async () => {
    varve = await connect('memory:')
    const schema = (name: string, ...names: readonly string[]): string =>
      `[{:db/ident :${name}/id :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
        ${names.map((one) => `{:db/ident :${name}/${one} :db/valueType :db.type/string :db/cardinality :db.cardinality/one}`).join(' ')}]`
    purchases = await varve.open('purchases', { alias: 'pur', schema: schema('purchase', 'customer') })
    customers = await varve.open('customers', { alias: 'cus', schema: schema('customer', 'name') })
    const at = (day: number): string => `{:db/id "datomic.tx" :db/txInstant #inst "2014-11-0${day}"}`
    await customers.transact(`[${at(1)} {:customer/id "c1" :customer/name "Ada"}]`)
    await purchases.transact(`[${at(2)} {:purchase/id "p1" :purchase/customer "c1"}]`)
    await customers.transact(`[${at(3)} {:customer/id "c1" :customer/name "Eda"}]`)
  })
  afterAll(() => varve.close())

  // As a string, since the schemas are not told to the compiler here.
  const NAME: string =
    '[:find ?name . :in ?id :where [$pur ?p :purchase/id ?id] [$pur ?p :purchase/customer ?c] [$cus ?k :customer/id ?c] [$cus ?k :customer/name ?name]]'

  it('a source that :in does not declare is the database of that alias, or of that name', async () => {
    expect(await varve.query({ query: NAME, args: ['p1'] })).toBe('Eda')
    const byName = NAME.replaceAll('$pur', '$purchases').replaceAll('$cus', '$customers')
    expect(await varve.query({ query: byName, args: ['p1'] })).toBe('Eda')
  })

  it('a moment is meant for all of them, cursors for each', async () => {
    const asked = { query: NAME, args: ['p1'] }
    expect(await varve.query({ ...asked, asOf: new Date('2014-11-02T12:00:00Z') })).toBe('Ada')
    expect(await varve.query({ ...asked, asOf: new Date('2014-11-01T12:00:00Z') })).toBeNull()
    const { basis } = await varve.answer({ ...asked, asOf: new Date('2014-11-02T12:00:00Z') })
    expect(basis).toEqual({ purchases: 1, customers: 1 })
    expect(await varve.query({ ...asked, cursors: basis })).toBe('Ada')
  })

  it('an alias that nobody has is pointed at, with the nearest', async () => {
    const query: string = '[:find ?p\n :where [$puer ?p :purchase/id]]'
    const error = await failure(varve.query({ query }))
    expect([error.code, error.fix]).toEqual(['varve.error/database-unknown', 'Did you mean pur?'])
    expect(error.data['place']).toMatchObject({ line: 2, column: 9 })
  })

  it('entity gives the ident of a referenced entity that has one; pull and queries never do', async () => {
    const typed = await varve.open('typed', {
      schema:
        '[{:db/ident :p/state :db/valueType :db.type/ref :db/cardinality :db.cardinality/one} {:db/ident :state/open}]',
    })
    const { tempids } = await typed.transact('[{:db/id "a" :p/state :state/open}]')
    const a = tempids['a']!
    const db = typed.db()
    const found: string = '[:find ?s . :where [_ :p/state ?s]]'
    const id = await db.q(found)
    expect((await db.entity(a))?.get(':p/state')).toBe(':state/open')
    expect(await db.pull('[:p/state]', a)).toEqual({ ':p/state': { ':db/id': id } })
    expect(id).toBeTypeOf('number')
  })
})
