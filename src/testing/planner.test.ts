// Plans of random questions: the order in which clauses were written does not matter, and what shares no variable with
// the rest stands apart.

import { describe, expect, it } from 'vitest'
import { VarveError } from '../base/errors.ts'
import { prepare } from '../engine/question.ts'
import { tableCounts } from '../engine/native/statistics.ts'
import { readEdn } from '../fact/edn-reader.ts'
import type { EngineInput } from '../plan/engine.ts'
import { explainedPlan, type ExplainedPart } from '../plan/explain.ts'
import { planOf } from '../plan/planner.ts'
import type { Query } from '../plan/syntax.ts'
import { parseQuery } from '../query/parse-query.ts'
import { arbitraryQuestion } from './arbitrary-question.ts'
import { arbitraryWorld, makeWorld } from './arbitrary-world.ts'
import { type ParsedQuestion, parseScenario, viewed, type Scenario } from './question.ts'
import type { NaiveFacts } from './naive-facts.ts'
import { SeededRandom } from './seeded-random.ts'

const WORLD_COUNT = 20
const QUESTION_COUNT = 15
const ORDER_COUNT = 3
const OPTIONS = { clock: { nowMs: () => 0 }, random: new SeededRandom(1) }
const LIMITS = { deadlineMs: Infinity, rowCountMax: Infinity, memoryBytesMax: Infinity }

describe('a plan', () => {
  it('is the same in whatever order clauses are written', () => {
    const random = new SeededRandom(Number(process.env['VARVE_SEED'] ?? 1))
    let comparedCount = 0
    for (let i = 0; i < WORLD_COUNT; i++) {
      const world = arbitraryWorld(random, { entityCount: 8, transactionCount: 4 })
      for (let j = 0; j < QUESTION_COUNT; j++) {
        const asked = arbitraryQuestion(random, { worlds: [world], favouriteT: world.facts.basisT })
        const parsed = asked && parseScenario(asked.scenario, world.entities)
        if (asked === undefined || parsed === undefined || parsed.query.where.length < 2) continue
        // What is counted for a plan is kept, so the second one knows as much as those after it.
        planned(parsed, sourcesOf(asked.scenario, world.facts))
        const first = planned(parsed, sourcesOf(asked.scenario, world.facts))
        if (first === undefined) continue
        for (let order = 0; order < ORDER_COUNT; order++) {
          const query = { ...parsed.query, where: random.shuffled(parsed.query.where) }
          expect(planned({ ...parsed, query }, sourcesOf(asked.scenario, world.facts))).toEqual(first)
          comparedCount++
        }
      }
    }
    expect(comparedCount).toBeGreaterThan(WORLD_COUNT * QUESTION_COUNT)
  })

  it('answers apart what shares no variable with the rest', () => {
    const schema = '[{:db/ident :p/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]'
    const transactions = [readEdn('[{:db/id "a" :p/name "x"} {:db/id "b" :p/name "y"}]').value as readonly []]
    const world = makeWorld({ schema: readEdn(schema).value as readonly [], transactions })!
    const query = parseQuery(
      readEdn('[:find ?v2 :where [?v4 ?v3 0.5] [?v1 ?v0 ?v7] [?v1 :p/name ?v7] [?v2 :p/name _]]').value,
    )
    const parts = planned({ query, rules: new Map(), values: [] }, [world.facts])
    // What is only asked whether it is there comes first, and multiplies nothing.
    expect(parts?.slice(0, 3).map(({ kind, expectedRowCount }) => [kind, expectedRowCount])).toEqual([
      ['product', 1],
      ['product', 1],
      ['pattern', 2],
    ])
  })
})

function sourcesOf({ sources }: Scenario, facts: NaiveFacts): readonly NaiveFacts[] {
  return sources.map(({ view }) => viewed(facts, view))
}

/** What explain shows of the plan; undefined where there is none. */
function planned(
  { query, rules, values }: ParsedQuestion,
  sources: readonly NaiveFacts[],
): readonly ExplainedPart[] | undefined {
  const facts = [...sources]
  const rest = [...values]
  const inputs = query.inputs.map((input): EngineInput => {
    if (input.kind === 'source') return { kind: 'facts', facts: facts.shift()! }
    return input.kind === 'rules' ? { kind: 'rules', rules } : { kind: 'value', value: rest.shift()! }
  })
  const catalog = new Map(
    query.catalogSources.map((name): [Query['catalogSources'][0], NaiveFacts] => [name, sources[0]!]),
  )
  try {
    const { goals, setting } = prepare({ query, inputs, catalog, limits: LIMITS }, OPTIONS)
    return explainedPlan(
      planOf(query, goals, setting.scope, { context: setting.context, counts: tableCounts(setting.context) }),
    )
  } catch (error) {
    if (error instanceof VarveError) return undefined
    throw error
  }
}
