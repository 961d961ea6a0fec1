// A compiled plan goes on over the facts of now where it only seeks them, and answers as one that was made for them.

import { describe, expect, it } from 'vitest'
import { bound, checked, type Question } from '../engine/question.ts'
import { Executable } from '../engine/native/executable.ts'
import { tableCounts } from '../engine/native/statistics.ts'
import type { Chunk } from '../engine/native/operator.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { compareValues, type Edn } from '../fact/value.ts'
import type { IndexedFacts } from '../index/indexed-facts.ts'
import { INDEX_LIMITS } from '../index/merge-policy.ts'
import type { Plan } from '../plan/plan.ts'
import { planOf } from '../plan/planner.ts'
import { parseQuery } from '../query/parse-query.ts'
import { indexed } from './layouts.ts'
import { attributes, NaiveDatabase } from './naive-database.ts'
import { NO_BOUNDS } from './no-bounds.ts'

const OPTIONS = { clock: { nowMs: () => 0 }, random: { next: () => 0.5 } }
/** More than are read as a table at once. */
const MANY = 600
const SEEKS =
  '[:find ?age ?friend :in $ ?name :where [?p :p/name ?name] [?p :p/age ?age] [?p :p/knows ?q] [?q :p/name ?friend]]'

const database = new NaiveDatabase(
  attributes('p/name string identity', 'p/age long', 'p/knows ref many', 'p/rare long'),
)
database.transact(
  `[${Array.from({ length: MANY }, (_, i) => `{:db/id "p${i}" :p/name "n${i}" :p/age ${i} :p/knows "p${(i * 7) % MANY}"}`).join(' ')}]`,
)
const before = await indexed(database.facts, INDEX_LIMITS, (t) => t === 1)
database.transact(
  '[[:db/add [:p/name "n1"] :p/age 1000] {:p/name "late" :p/age 7 :p/knows [[:p/name "n2"]]} {:p/name "n3" :p/rare 1}]',
)
database.transact(
  '[[:db/retract [:p/name "n2"] :p/age 2] [:db/add [:p/name "n1"] :p/knows [:p/name "late"]]]',
)
const after = await indexed(database.facts, INDEX_LIMITS, (t) => t === 1)

describe('a compiled plan', () => {
  it('answers over the facts of now, and over those of before again', () => {
    const { plan, executable } = compiled(SEEKS, before, 'n1')
    expect(answer(executable)).toEqual([[1, 'n7']])
    for (const [facts, name, expected] of [
      [
        after,
        'n1',
        [
          [1000, 'late'],
          [1000, 'n7'],
        ],
      ],
      [after, 'late', [[7, 'n2']]],
      [after, 'n2', []],
      [before, 'n2', [[2, 'n14']]],
      [before, 'late', []],
    ] as const) {
      const question = questionOf(SEEKS, facts, name)
      expect(executable.renew(bound(question, OPTIONS))).toBe(true)
      expect(answer(executable)).toEqual(expected)
      expect(answer(new Executable({ ...plan, inputs: inputsOf(question) }, contextOf(question)))).toEqual(
        expected,
      )
    }
  })

  it('is made anew where it reads tables, any attribute, or facts by a function', () => {
    for (const query of [
      '[:find ?p :in $ ?name :where [?p :p/age ?age] [?p :p/name ?name] [(< ?age 5)] [?q :p/age ?age]]',
      '[:find ?v :in $ ?name :where [?p :p/name ?name] [?p ?a ?v]]',
      '[:find ?v :in $ ?name :where [?p :p/name ?name] [(get-else $ ?p :p/age 0) ?v]]',
      '[:find ?v :in $ ?name :where [?p :p/name ?name] [?p :p/rare ?v]]',
    ]) {
      const { executable } = compiled(query, before, 'n1')
      expect(executable.renew(bound(questionOf(query, before, 'n2'), OPTIONS))).toBe(true)
      expect(executable.renew(bound(questionOf(query, after, 'n2'), OPTIONS))).toBe(false)
    }
  })
})

function compiled(
  query: string,
  facts: IndexedFacts,
  name: string,
): { readonly plan: Plan; readonly executable: Executable } {
  const question = questionOf(query, facts, name)
  const { goals, setting } = checked(question.query, bound(question, OPTIONS))
  const { context, scope } = setting
  const plan = planOf(question.query, goals, scope, { context, counts: tableCounts(context) })
  return { plan, executable: new Executable(plan, context) }
}

function questionOf(query: string, facts: IndexedFacts, name: string): Question {
  return {
    query: parseQuery(readEdn(query).value),
    inputs: [
      { kind: 'facts', facts },
      { kind: 'value', value: name },
    ],
    catalog: new Map(),
    limits: NO_BOUNDS,
  }
}

function contextOf(question: Question) {
  return bound(question, OPTIONS).setting.context
}

function inputsOf(question: Question): Plan['inputs'] {
  return new Map(bound(question, OPTIONS).goals.map(({ index, rows }) => [index, rows]))
}

/** The rows that come out, sorted. */
function answer(executable: Executable): readonly (readonly Edn[])[] {
  const rows: Edn[][] = []
  const { places, domains } = executable
  const take = ({ rowCount, columns }: Chunk): void => {
    for (let row = 0; row < rowCount; row++)
      rows.push(places.map((place, at) => domains[at]!.decode(columns[place]![row]!)))
  }
  executable.run({ push: take, finish: () => undefined })
  return rows.sort(compareValues)
}
