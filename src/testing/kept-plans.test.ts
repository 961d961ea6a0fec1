// Plans are kept for questions with names, lookup refs, attributes and patterns among their inputs, and answer for what
// these mean now: as a plan that is made for them does.

import { describe, expect, it } from 'vitest'
import { bound, type Question } from '../engine/question.ts'
import { nativeAnswer } from '../engine/native/native.ts'
import { groundOf, PlanCache } from '../engine/native/plan-cache.ts'
import { readEdn } from '../fact/edn-reader.ts'
import type { FactSource } from '../fact/datom.ts'
import type { Edn } from '../fact/value.ts'
import type { Query } from '../plan/syntax.ts'
import { parseQuery } from '../query/parse-query.ts'
import { attributes, NaiveDatabase } from './naive-database.ts'
import { NO_BOUNDS } from './no-bounds.ts'

const OPTIONS = { clock: { nowMs: () => 0 }, random: { next: () => 0.5 } }

const database = new NaiveDatabase(
  attributes(
    'p/name string identity',
    'p/age long',
    'p/rank keyword',
    'p/state ref',
    'p/knows ref many',
    'p/weight float',
  ),
)
database.transact(`[{:db/id "open" :db/ident :state/open} {:db/id "shut" :db/ident :state/shut}
  {:db/id "ann" :p/name "ann" :p/age 1 :p/rank :rank/high :p/state "open" :p/weight 1.5}
  {:db/id "bob" :p/name "bob" :p/age 2 :p/rank :rank/low :p/state "shut" :p/weight 2.5 :p/knows ["ann"]}
  {:db/id "cid" :p/name "cid" :p/age 3 :p/rank :rank/low :p/state "open" :p/knows ["ann" "bob"]}]`)
const before = database.facts
// Another has the name of ann, and what was open is called otherwise.
database.transact('[[:db/add #tempid "ann" :p/name "eve"]]')
database.transact('[[:db/add #tempid "cid" :p/name "ann"] [:db/add #tempid "open" :db/ident :state/wide]]')
const after = database.facts

const CASES: readonly (readonly [name: string, query: string, first: string, others: readonly string[]])[] = [
  [
    'a lookup ref',
    '[:find ?age :in $ ?p :where [?p :p/age ?age]]',
    '[[:p/name "ann"]]',
    ['[[:p/name "bob"]]'],
  ],
  [
    'several',
    '[:find ?p ?age :in $ [?p ...] :where [?p :p/age ?age]]',
    '[[[:p/name "ann"] [:p/name "bob"]]]',
    ['[[[:p/name "bob"] [:p/name "cid"]]]'],
  ],
  [
    'a name of an entity',
    '[:find ?n :in $ ?s :where [?p :p/state ?s] [?p :p/name ?n]]',
    '[:state/shut]',
    ['[:state/shut]'],
  ],
  [
    'a keyword as a value',
    '[:find ?n :in $ ?r :where [?p :p/rank ?r] [?p :p/name ?n]]',
    '[:rank/low]',
    ['[:rank/high]', '[:rank/none]'],
  ],
  [
    'one in a not',
    '[:find ?n :in $ ?p :where [?q :p/name ?n] (not [?q :p/knows ?p])]',
    '[[:p/name "ann"]]',
    ['[[:p/name "bob"]]'],
  ],
  [
    'one in an or',
    '[:find ?n :in $ ?p :where [?q :p/name ?n] (or [?q :p/knows ?p] [?p :p/knows ?q])]',
    '[[:p/name "ann"]]',
    ['[[:p/name "bob"]]'],
  ],
  [
    'one that is compared',
    '[:find ?n :in $ ?p :where [?q :p/name ?n] [?q :p/knows ?o] [(!= ?o ?p)]]',
    '[[:p/name "ann"]]',
    ['[[:p/name "bob"]]'],
  ],
  ['a float', '[:find ?n :in $ ?w :where [?p :p/weight ?w] [?p :p/name ?n]]', '[1.5]', ['[2.5]']],
  ['an attribute', '[:find ?v :in $ ?a :where [_ ?a ?v]]', '[:p/age]', ['[:p/age]']],
  ['any attribute', '[:find ?a ?v :in $ ?p :where [?p ?a ?v]]', '[[:p/name "bob"]]', ['[[:p/name "cid"]]']],
  [
    'a pull pattern',
    '[:find (pull ?p pattern) :in $ pattern ?n :where [?p :p/name ?n]]',
    '[[:p/age] "bob"]',
    ['[[:p/name :p/rank] "bob"]', '[[:p/age] "nobody"]'],
  ],
]

describe('a plan is kept for', () => {
  it.each(CASES)('%s', (_, text, first, others) => {
    const query = parseQuery(readEdn(text).value)
    const plans = new PlanCache()
    for (const facts of [before, after]) {
      for (const args of [first, ...others]) {
        const question = questionOf(query, facts, args)
        expect(answered(question, plans)).toEqual(answered(question, new PlanCache()))
      }
    }
    expect(isKept(questionOf(query, before, first), plans)).toBe(true)
  })

  it('each attribute that an input names', () => {
    const query = parseQuery(readEdn('[:find ?v :in $ ?a :where [_ ?a ?v]]').value)
    const plans = new PlanCache()
    for (const args of ['[:p/age]', '[:p/name]', '[:p/age]']) {
      const question = questionOf(query, before, args)
      expect(answered(question, plans)).toEqual(answered(question, new PlanCache()))
      expect(isKept(question, plans)).toBe(true)
    }
    expect(isKept(questionOf(query, before, '[:p/rank]'), plans)).toBe(false)
  })
})

describe('a kept plan', () => {
  it('does not hide what is wrong with a name, a lookup ref or a pattern', () => {
    const plans = new PlanCache()
    const state = parseQuery(readEdn('[:find ?n :in $ ?s :where [?p :p/state ?s] [?p :p/name ?n]]').value)
    expect(answered(questionOf(state, before, '[:state/open]'), plans)).toHaveLength(2)
    expect(codeOf(questionOf(state, before, '[:state/none]'), plans)).toBe('db.error/not-an-entity')
    expect(codeOf(questionOf(state, before, '[[:p/age 1]]'), plans)).toBe(
      'db.error/lookup-ref-attr-not-unique',
    )
    expect(answered(questionOf(state, before, '[[:p/name "nobody"]]'), plans)).toEqual([])
    // The name of another schema is the same entity.
    expect(answered(questionOf(state, after, '[:state/wide]'), plans)).toHaveLength(2)
    const pull = parseQuery(
      readEdn('[:find (pull ?p pattern) :in $ pattern ?n :where [?p :p/name ?n]]').value,
    )
    expect(answered(questionOf(pull, before, '[[:p/age] "nobody"]'), plans)).toEqual([])
    const wrong = questionOf(pull, before, '[[:p/aeg] "nobody"]')
    expect(codeOf(wrong, plans)).toBe(codeOf(wrong, new PlanCache()))
  })
})

function questionOf(query: Query, facts: FactSource, args: string): Question {
  const values = readEdn(args).value as readonly Edn[]
  const inputs = [
    { kind: 'facts', facts } as const,
    ...values.map((value) => ({ kind: 'value', value }) as const),
  ]
  return { query, inputs, catalog: new Map(), limits: NO_BOUNDS }
}

function answered(question: Question, plans: PlanCache): unknown {
  const answer = nativeAnswer(question, OPTIONS, plans)
  return answer.rows.toArray()
}

function codeOf(question: Question, plans: PlanCache): unknown {
  try {
    answered(question, plans)
    return 'none'
  } catch (error) {
    return (error as { readonly code?: unknown }).code
  }
}

function isKept(question: Question, plans: PlanCache): boolean {
  const ground = groundOf(question.query, bound(question, OPTIONS))
  return ground !== undefined && plans.find(question.query, ground) !== undefined
}
