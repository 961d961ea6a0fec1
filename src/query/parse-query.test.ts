import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VarveError, type Warning } from '../base/errors.ts'
import { Double, type Edn, EdnMap, keyword, symbol } from '../fact/value.ts'
import type { Query } from '../plan/syntax.ts'
import { refusal } from '../testing/refusal.ts'
import { checkRules } from './check-rules.ts'
import { parseQuery } from './parse-query.ts'
import { isRequest, parseRequest } from './parse-request.ts'
import { parseRules } from './parse-rules.ts'

const refused = (text: string): VarveError => refusal(() => parseQuery(text))
const codeOf = (text: string): string => refused(text).code

function asked(text: string, rules: string): Query {
  return checkRules(parseQuery(text), parseRules(rules))
}

describe('a query', () => {
  it('has four shapes of find, in a vector and in a map', () => {
    const shapes = ['?a ?b', '[?a ...]', '[?a ?b]', '?a .']
    const kinds = ['relation', 'collection', 'tuple', 'scalar']
    for (const [index, shape] of shapes.entries()) {
      expect(parseQuery(`[:find ${shape} :in ?a ?b]`).find.kind).toBe(kinds[index])
      expect(parseQuery(`{:find [${shape}] :in [?a ?b]}`).find.kind).toBe(kinds[index])
    }
  })

  it('asks the source $ where it does not say, unless it names databases by their alias', () => {
    expect(parseQuery('[:find ?x :where [?x :a]]').inputs).toEqual([{ kind: 'source', name: '$' }])
    const byAlias = parseQuery('{:find [?x] :where [[$pur ?x :a] (not [$bil ?x :b])]}')
    expect(byAlias.inputs).toEqual([])
    expect(byAlias.catalogSources).toEqual(['$pur', '$bil'])
  })

  it('takes from the catalog only what :in does not declare', () => {
    const query = parseQuery('[:find (pull $cus ?x [:b]) :in $pur ?y :where [$pur ?x :a ?y]]')
    expect(query.catalogSources).toEqual(['$cus'])
  })

  it('gives sources inside a clause with a source of its own that source', () => {
    const query = parseQuery('[:find ?x :in $a ?x :where ($a not [?x :b] [(missing? $ ?x :c)])]')
    expect(query.catalogSources).toEqual([])
    expect(codeOf('[:find ?x :in $a ?x :where (not [?x :b])]')).toBe('varve.error/default-source-missing')
  })

  it('answers the request of the talk that Varve grew out of, its stray bracket warned about', () => {
    const warnings: Warning[] = []
    const request = parseRequest(
      `{:as-of #inst "2014-11-15T13:37:42Z" :args ["pur-8"]
        :query {:find [?name (max ?amount)]]
                :in [?purchase-id]
                :where [[$pur ?purchase :purchase/id ?purchase-id]
                        [$cus ?customer :customer/name ?name]
                        [$pur ?purchase :purchase/amount ?amount]]}}`,
      undefined,
      { warn: (warning) => warnings.push(warning) },
    )
    expect(request.query.catalogSources).toEqual(['$pur', '$cus'])
    expect(request.args).toEqual(['pur-8'])
    expect(request.asOf).toEqual(new Date('2014-11-15T13:37:42Z'))
    expect(warnings.map(({ place }) => place?.line)).toEqual([2])
  })

  it('allows what Datomic does not: doubles in find, a find variable in :with, nested calls, lookup refs', () => {
    parseQuery('[:find ?e ?e (pull ?e [:a]) :with ?e :where [?e :a]]')
    parseQuery('[:find ?y :in ?x :where [(+ 1 (* ?x (inc ?x))) ?y]]')
    parseQuery('[:find ?n :where [$ [:p/k "k"] :p/n ?n]]')
    expect(parseQuery('[:find ?n :where [[:p/k "k"] :p/n ?n]]').where[0]).toMatchObject({ kind: 'pattern' })
  })

  it('reads arrays of JSON, where lists and vectors are the same', () => {
    const s = symbol
    const form: Edn = [
      keyword('find'),
      [s('max'), s('?n')],
      keyword('where'),
      [s('not'), [s('_'), keyword('p/m'), new Double(1)]],
      [[s('+'), 1, 2], s('?n')],
    ]
    expect(parseQuery(form).where.map(({ kind }) => kind)).toEqual(['not', 'function'])
    expect(parseQuery(form).find.elements[0]).toMatchObject({ kind: 'aggregate', name: 'max' })
  })

  it('knows functions by their usual other names', () => {
    const names = [
      'clojure.core/+',
      'clojure.string/lower-case',
      'lower-case',
      'str/lower-case',
      '.toLowerCase',
    ]
    const calls = names.map((name) => parseQuery(`[:find ?y :in ?x :where [(${name} ?x) ?y]]`).where[0])
    expect(calls.map((call) => (call?.kind === 'function' ? call.name : ''))).toEqual([
      '+',
      ...Array.from({ length: 4 }, () => 'clojure.string/lower-case'),
    ])
  })

  it('calls stored procedures, and others only where nobody knows which are stored', () => {
    const text = '[:find ?y :in ?x :where [(my/score ?x) ?y]]'
    expect(parseQuery(text, undefined, { isFunction: (name) => name === 'my/score' }).where).toHaveLength(1)
    expect(parseQuery(text).where).toHaveLength(1)
    expect(refusal(() => parseQuery(text, undefined, { isFunction: () => false })).code).toBe(
      'varve.error/function-unknown',
    )
  })

  it('may hold constants of hundreds of thousands of members', () => {
    const members = Array.from({ length: 300_000 }, (_, index) => index)
    const where: Edn = [[symbol('?x'), keyword('a'), members]]
    expect(parseQuery([keyword('find'), symbol('?x'), keyword('where'), ...where]).where).toHaveLength(1)
  })

  it('keeps limit, offset and names of maps', () => {
    const query = parseQuery('[:find [?x ?y] :keys a b :in ?x ?y :limit 3 :offset 0]')
    expect(query).toMatchObject({ limit: 3, offset: 0, returnKeys: { kind: 'keys', names: ['a', 'b'] } })
  })
})

describe('a wrong query', () => {
  it.each([
    ['[:find ?x :were [?x :a]]', 'varve.error/query-key-unknown'],
    ['[:find ?x :where [?x :a] :where [?x :b]]', 'varve.error/query-key-twice'],
    ['[:find ?e (sum ?x ?y) :in ?e ?x ?y]', 'varve.error/call-arity-wrong'],
    ['[:find (sample ?x) :in ?x]', 'varve.error/call-arity-wrong'],
    ['[:find (max 0 ?x) :in ?x]', 'varve.error/query-malformed'],
    ['[:find (max ?n ?x) :in ?x]', 'db.error/unbound-query-variables'],
    ['[:find (summ ?x) :in ?x]', 'varve.error/function-unknown'],
    ['[:find (pull ?e ?p) :in $ ?e]', 'db.error/unbound-query-variables'],
    ['[:find ?x :in [[?x [?y ...]]]]', 'varve.error/query-malformed'],
    ['[:find ?x :in $ $ ?x]', 'varve.error/query-malformed'],
    ['[:find ?x :limit 0 :in ?x]', 'varve.error/query-malformed'],
    ['[:find ?x :offset -1 :in ?x]', 'varve.error/query-malformed'],
    ['[:find ?x :where [?x :a 1 2 true 6]]', 'varve.error/query-malformed'],
    ['[:find ?x :where [?x :a [:b ?y]] [?y :c]]', 'varve.error/query-malformed'],
    ['[:find ?x :where (r ?x)]', 'varve.error/rules-not-declared'],
    ['[:find ?x :where [?x :a] (< ?x 5)]', 'varve.error/rules-not-declared'],
    ['[:find ?x :where [?x :a] [(< ?x 5) ?y ?z]]', 'varve.error/query-malformed'],
    ['[:find ?x :where [?x :a] [(even? ?x 1)]]', 'varve.error/call-arity-wrong'],
    ['[:find ?x :where [?x :a] [(missing? ?x :a :b)]]', 'varve.error/query-malformed'],
    ['[:find ?x :where [?x :a] [(inc $) ?y]]', 'varve.error/query-malformed'],
    ['[:find ?x :where [?x :a] (not-join [?y] [?x :b ?y])]', 'db.error/insufficient-binding'],
    ['[:find ?x :where [?x :a] (or-join [[?y] ?x] [?x :b ?y])]', 'db.error/insufficient-binding'],
    ['[:find ?x :where [?x :a] [(< ?y 5)]]', 'db.error/insufficient-binding'],
    ['{:find [?x] :where [?x :a 1]}', 'varve.error/query-malformed'],
    ['{:find ?x :where [[?x :a 1]]}', 'varve.error/query-malformed'],
    ['[?x :where [?x :a]]', 'varve.error/query-malformed'],
    ['[:where [?x :a]]', 'varve.error/query-malformed'],
    ['5', 'varve.error/query-malformed'],
  ])('%s is refused', (text, code) => {
    expect(codeOf(text)).toBe(code)
  })

  it('is pointed at by line and column, and by path where there is no text', () => {
    const text = '[:find ?x\n :where [?x :a ?y]\n        [(< ?zz 5)]]'
    expect(refused(text).data['place']).toMatchObject({ line: 3, column: 9, path: [4] })
    const form = new EdnMap([
      [keyword('find'), [symbol('?x')]],
      [keyword('in'), [symbol('?x')]],
      [keyword('where'), [[[symbol('evne?'), symbol('?x')]]]],
    ])
    const error = refusal(() => parseQuery(form))
    expect(error.data['place']).toEqual({ path: ['where', 0, 0, 0] })
    expect(error.fix).toBe('Did you mean even??')
  })

  it('names the variable and the clause', () => {
    const error = refused('[:find ?x :where [?x :a ?n] (not [?x :b ?m] [(< ?m ?n)])]')
    expect(error.message).toContain('?m')
    expect(error.message).toContain('(not [?x :b ?m] [(< ?m ?n)])')
  })

  it('is told what was probably meant', () => {
    expect(refused('[:find ?x :were [?x :a]]').fix).toBe('Did you mean :where?')
    expect(refused('[:find ?nmae :where [_ :a ?name]]').fix).toBe('Did you mean ?name?')
    expect(refused('[:find ?x :where [?x :a] (< ?x 5)]').fix).toContain('[(< ?x 5)]')
  })

  it('is no stack overflow, however deep', () => {
    let deep: Edn = [symbol('?x'), keyword('a')]
    for (let depth = 0; depth < 100_000; depth++) deep = [symbol('or'), deep]
    const form: Edn = [keyword('find'), symbol('?x'), keyword('where'), deep]
    expect(refusal(() => parseQuery(form)).code).toBe('varve.error/query-malformed')
  })
})

describe('the order of clauses', () => {
  const clauses = [
    '[?e :a ?x]',
    '[(inc ?x) ?y]',
    '[(< ?y ?z)]',
    '(not [?e :b ?z])',
    '[(+ ?y 1) ?z]',
    '(or [?e :c ?z] [?z :c ?e])',
  ]

  it('never matters to what is refused', () => {
    const shuffled = fc.shuffledSubarray(clauses)
    fc.assert(
      fc.property(shuffled, shuffled, (some, others) => {
        const sorted = [...some].sort()
        const again = [
          ...others.filter((one) => some.includes(one)),
          ...some.filter((one) => !others.includes(one)),
        ]
        const outcome = (where: readonly string[]): string => {
          try {
            parseQuery(`[:find ?k :in $ ?k :where ${where.join(' ')}]`)
            return 'taken'
          } catch (error) {
            return error instanceof VarveError ? error.code : 'broken'
          }
        }
        expect(outcome(again)).toBe(outcome(sorted))
        expect(outcome(sorted)).not.toBe('broken')
      }),
    )
  })
})

describe('rules', () => {
  it('come as a form or a text, and may be none', () => {
    expect(parseRules([]).size).toBe(0)
    expect([...parseRules('[[(r ?e) [?e :a]] [(s [?x] ?y) [(inc ?x) ?y]]]').keys()]).toEqual(['r', 's'])
    expect(parseRules('[[(s [?x] ?y) [(inc ?x) ?y]]]').get('s')).toMatchObject([
      { parameters: ['?x', '?y'], required: ['?x'] },
    ])
  })

  it('add the sources that they name, and need $ where they read it', () => {
    const rules = '[[(r ?e) [$b ?e :a] (s ?e)] [(s ?e) [?e :b]]]'
    expect(asked('[:find ?e :in $ % :where (r ?e)]', rules).catalogSources).toEqual(['$b'])
    expect(asked('[:find ?e :in $a % :where ($a r ?e)]', rules).catalogSources).toEqual(['$b'])
    const error = refusal(() => asked('[:find ?e :in $a % :where (r ?e)]', rules))
    expect(error.code).toBe('varve.error/default-source-missing')
  })

  it('may be called before their inputs are bound, if anything binds them', () => {
    const rules = '[[(r ?n ?m) [(* ?n 10) ?m]]]'
    expect(asked('[:find ?m :in $ % :where (r ?n ?m) [_ :a ?n]]', rules).where).toHaveLength(2)
    expect(refusal(() => asked('[:find ?m :in $ % :where (r ?n ?m)]', rules)).code).toBe(
      'db.error/insufficient-binding',
    )
  })

  it('are judged through each other, recursion included', () => {
    const rules = `[[(down ?x ?y) [?x :a ?y]]
                    [(down ?x ?y) (down ?x ?z) (step ?z ?y)]
                    [(step ?x ?y) [(inc ?x) ?y]]
                    [(bad ?x ?y) (good ?x ?y)]
                    [(good ?x ?y) [(inc ?x) ?y]]
                    [(good ?x ?y) (bad ?x ?y)]]`
    expect(asked('[:find ?y :in $ % :where (down ?x ?y)]', rules).where).toHaveLength(1)
    const error = refusal(() => asked('[:find ?y :in $ % :where (bad ?x ?y)]', rules))
    expect(error.data['variables']).toEqual(['?x', '?y'])
  })

  it.each([
    ['[[(r ?e)]]', 'varve.error/rule-malformed'],
    ['[[(or ?e) [?e :a]]]', 'varve.error/rule-malformed'],
    ['[(r ?e) [?e :a]]', 'varve.error/rule-malformed'],
    ['{}', 'varve.error/rule-malformed'],
    ['[[(r ?e 5) [?e :a]]]', 'varve.error/query-malformed'],
    ['[[(r ?e ?e) [?e :a]]]', 'varve.error/query-malformed'],
    ['[[(r ?e) [?e :a] (s ?e)]]', 'varve.error/rule-unknown'],
    ['[[(r ?e) (or [?e :a ?x] [?e :b])]]', 'varve.error/or-branches-differ'],
    ['[[(r ?e) [?e :a] [(< ?x 5)]]]', 'db.error/insufficient-binding'],
    ['[[(r ?e) [?e :a] (not (s ?e))] [(s ?e) [?e :b] (r ?e)]]', 'varve.error/recursion-through-not'],
  ])('%s are refused', (text, code) => {
    expect(refusal(() => parseRules(text)).code).toBe(code)
  })

  it('may negate what does not lead back', () => {
    expect(parseRules('[[(r ?e) [?e :a] (not (s ?e))] [(s ?e) [?e :b] (s ?e)]]').size).toBe(2)
  })
})

describe('a request', () => {
  it('may hold its query as text, and settings beside it', () => {
    const request = parseRequest('{:query "[:find ?x :in ?x]" :args [1] :limit 5}')
    expect(request.query.find.kind).toBe('relation')
    expect(request.options?.get(keyword('limit'))).toBe(5)
    expect(parseRequest('[:find ?x :in ?x]').args).toEqual([])
    expect(isRequest(parseRequest('{:query [:find ?x :in ?x] :limit 5}').options ?? null)).toBe(false)
  })

  it.each([
    ['{:query [:find ?x :in ?x] :arg [1]}'],
    ['{:query [:find ?x :in ?x] :args 1}'],
    ['{:query [:find ?x :in ?x] :as-of "yesterday"}'],
    ['{:query [:find ?x :in ?x] :as-of -1}'],
  ])('%s is refused', (text) => {
    expect(refusal(() => parseRequest(text)).code).toBe('varve.error/request-malformed')
  })
})
