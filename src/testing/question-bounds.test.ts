// What a question may hold, step by step: it is answered with just as much memory as it tells that it needs, and with
// one byte less it ends with an error that names the step.

import { beforeAll, describe, expect, it } from 'vitest'
import { VarveError } from '../base/errors.ts'
import { SeededRandom } from '../base/seeded-random.ts'
import { nativeAnswer, nativeEngine } from '../engine/native/native.ts'
import type { Question } from '../engine/question.ts'
import { INDEX_LIMITS } from '../index/merge-policy.ts'
import type { IndexedFacts } from '../index/indexed-facts.ts'
import type { Answer } from '../plan/engine.ts'
import { parseQuery } from '../query/parse-query.ts'
import { parseRules } from '../query/parse-rules.ts'
import { indexed } from './layouts.ts'
import { attributes, NaiveDatabase } from './naive-database.ts'
import { NO_BOUNDS } from './no-bounds.ts'

const ENTITY_COUNT = 3_000
const OPTIONS = { clock: { nowMs: () => 0 }, random: new SeededRandom(1) }
const RULES = parseRules('[[(reach ?x ?y) [?x :p/next ?y]] [(reach ?x ?y) [?x :p/next ?z] (reach ?z ?y)]]')

let facts: IndexedFacts
beforeAll(async () => {
  const random = new SeededRandom(7)
  const database = new NaiveDatabase(
    attributes('p/n long', 'p/name string', 'p/a long', 'p/b long', 'p/score double', 'p/next ref'),
  )
  const entities = Array.from({ length: ENTITY_COUNT }, (_, n) => {
    // Chains of forty.
    const next = n % 40 === 0 ? '' : `:p/next "${n - 1}"`
    const [a, b, score] = [random.below(1_000), random.below(1_000), random.below(1e9) / 7]
    return `{:db/id "${n}" :p/n ${n} :p/name "name ${n}" :p/a ${a} :p/b ${b} :p/score ${score} ${next}}`
  })
  database.transact(`[${entities.join(' ')}]`)
  facts = await indexed(database.facts, INDEX_LIMITS, (t) => t === database.facts.basisT)
})

/** Questions, and what an error calls the step that has no room where there is this share of what they need. */
const QUESTIONS: Readonly<Record<string, readonly [query: string, share: number, where: RegExp]>> = {
  'reading a table': ['[:find (count ?e) . :where [?e :p/name ?n]]', 0.5, /^\[\?e :p\/name \?n\]$/],
  'distinct rows': ['[:find ?a ?b :where [?e :p/a ?a] [?e :p/b ?b]]', 0.6, /^the answer$/],
  grouping: ['[:find ?a ?b (count ?e) :where [?e :p/a ?a] [?e :p/b ?b]]', 0.9, /^the answer$/],
  'a product': [
    '[:find (count ?x) . :with ?a :where [?x :p/n 7] [?y :p/a ?a] [?y :p/b ?b] [(< ?a ?b)]]',
    0.99,
    /^what shares nothing|^the answer$/,
  ],
  'an or': ['[:find (count ?e) . :with ?v :where [?e :p/n] (or [?e :p/a ?v] [?e :p/b ?v])]', 0.5, /^\(or /],
  recursion: ['[:find (max ?y) . :in $ % :where (reach ?x ?y)]', 0.5, /reach/],
  'a function': [
    '[:find (max ?s) . :where [?e :p/n ?n] [(str ?n "x") ?s]]',
    0.5,
    /^\[\(str \?n "x"\) \?s\]$/,
  ],
  sorting: ['[:find ?s ?e :where [?e :p/score ?s]]', 0.99, /^sorting the answer$/],
  pull: ['[:find (pull ?e [*]) :where [?e :p/n]]', 0.9, /^\(pull \?e\)$/],
}

function questionOf(text: string, memoryBytesMax = Infinity): Question {
  const query = parseQuery(text)
  const rules = { kind: 'rules', rules: RULES } as const
  const inputs = query.inputs.map(({ kind }) =>
    kind === 'rules' ? rules : ({ kind: 'facts', facts } as const),
  )
  return { query, inputs, catalog: new Map(), limits: { ...NO_BOUNDS, memoryBytesMax } }
}

function answered(text: string, memoryBytesMax?: number): Answer {
  const answer = nativeAnswer(questionOf(text, memoryBytesMax), OPTIONS)
  return answer
}

async function memoryBytesOf(text: string): Promise<number> {
  const { query, inputs, catalog, limits } = questionOf(text)
  const { memoryBytes } = await nativeEngine(OPTIONS).explain(query, inputs, catalog, limits, 'run')
  return memoryBytes!
}

describe('memory (I9)', () => {
  it.each(Object.entries(QUESTIONS))('of %s is bounded, and told', async (_, [text, share, where]) => {
    const { rows } = answered(text)
    expect(rows.length).toBeGreaterThan(0)
    // Its tables are there by now.
    const memoryBytes = await memoryBytesOf(text)
    expect(answered(text, memoryBytes).rows.toArray()).toEqual(rows.toArray())
    expect(outcomeOf(() => answered(text, memoryBytes - 1))).toMatchObject({
      code: 'varve.error/query-out-of-memory',
      data: { memoryBytesMax: memoryBytes - 1 },
    })
    const failure = outcomeOf(() => answered(text, memoryBytes * share))
    expect(failure).toBeInstanceOf(VarveError)
    const { data, message, fix } = failure as VarveError
    expect(data['where']).toMatch(where)
    expect(message).toContain(data['where'])
    expect(fix).toContain('memoryBytes')
  })

  it('of a clause is an error that points at the clause', () => {
    const failure = outcomeOf(() =>
      answered('[:find (count ?e) . :where [?e :p/name ?n]]', 1_000),
    ) as VarveError
    expect(failure.data).toMatchObject({ place: { path: expect.anything() as unknown } })
  })

  it('that a question did without is free for the next', () => {
    for (let i = 0; i < 3; i++) {
      expect(() => answered(QUESTIONS['sorting']![0], 10_000)).toThrow('needs more memory')
      expect(answered(QUESTIONS['sorting']![0]).rows.length).toBe(ENTITY_COUNT)
    }
  })
})

function outcomeOf(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
