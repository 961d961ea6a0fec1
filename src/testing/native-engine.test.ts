// The native engine against the naive one over 400 entities, indexed in runs with novelty on top: so many that
// buffers fill, plans change from seeking to joining, and tables are merged. What both mean, brute force says
// (naive-query.test.ts).

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../base/errors.ts'
import { MemoryBlobStore } from '../blob/memory-store.ts'
import { answerNow, type Question } from '../engine/naive.ts'
import { nativeAnswer } from '../engine/native/native.ts'
import { Refusal } from '../plan/refusal.ts'
import type { Datom } from '../fact/datom.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { type Edn, textKey } from '../fact/value.ts'
import { buildIndex } from '../index/build.ts'
import { Index } from '../index/index.ts'
import { IndexedFacts } from '../index/indexed-facts.ts'
import { INDEX_LIMITS } from '../index/merge-policy.ts'
import { Novelty } from '../index/novelty.ts'
import type { EngineInput } from '../plan/engine.ts'
import { checkRules } from '../query/check-rules.ts'
import { parseQuery } from '../query/parse-query.ts'
import { parseRules } from '../query/parse-rules.ts'
import { arbitraryFacts, arbitraryQuestion, type AskedText, RULES_TEXT } from './arbitrary-queries.ts'
import type { NaiveFacts } from './naive-facts.ts'
import { SeededRandom } from './seeded-random.ts'
import { TINY_INDEX } from './simulated-storage.ts'

const RUN_COUNT = 2
const ENTITY_COUNT = 400
const QUESTION_COUNT = 30
/** Products of everything with everything cost the naive engine minutes. */
const ROW_COUNT_MAX = 40_000
const RULES = parseRules(readEdn(RULES_TEXT).value)
/** A product that a filter empties holds few rows and takes for ever: each question has this long on each engine. */
const TIMEOUT_MS = 1_000
const OPTIONS = { clock: { nowMs: () => performance.now() }, random: new SeededRandom(1) }

let comparedCount = 0
let largeCount = 0

describe('the native engine', () => {
  it('answers over many facts as the naive one does (I6)', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2 ** 31), async (seed) => {
        const random = new SeededRandom(seed)
        const naive = arbitraryFacts(random, ENTITY_COUNT)
        const facts = await indexed(naive, random)
        for (let i = 0; i < QUESTION_COUNT; i++) {
          const seen = viewOf(random, naive.basisT)
          const asked = arbitraryQuestion(random, seen(naive))
          const view = seen(facts)
          if (asked === undefined) continue
          const wanted = outcomeOf(() => answerNow(questionOf(asked, view), OPTIONS).rows.toArray())
          const got = outcomeOf(() => {
            const answer = nativeAnswer(questionOf(asked, view), OPTIONS)
            return answer instanceof Refusal ? undefined : answer.rows.toArray()
          })
          // How many rows stand between depends on the way: each engine may find a question too large alone.
          if (wanted === undefined || got === undefined) continue
          comparedCount++
          if (wanted.length > 200) largeCount++
          expect(got, `${asked.query} seed ${seed}`).toEqual(wanted)
        }
      }),
      { numRuns: RUN_COUNT },
    )
  })

  it('was compared often, and over large answers', () => {
    expect(comparedCount).toBeGreaterThan((RUN_COUNT * QUESTION_COUNT) / 2)
    expect(largeCount).toBeGreaterThan(0)
  })
})

/** The same view of whatever facts: now, as of some t, since one, or all of history. */
function viewOf(random: SeededRandom, basisT: number): <Facts extends Views<Facts>>(facts: Facts) => Facts {
  const t = 1 + random.below(basisT)
  switch (random.below(6)) {
    case 0:
      return (facts) => facts.asOf(t)
    case 1:
      return (facts) => facts.since(t - 1)
    case 2:
      return (facts) => facts.asOf(t).since(Math.floor(t / 2))
    case 3:
      return (facts) => facts.history()
    default:
      return (facts) => facts
  }
}

type Views<Facts> = { asOf(t: number): Facts; since(t: number): Facts; history(): Facts }

/** The same facts in runs and novelty, cut at random. */
async function indexed(naive: NaiveFacts, random: SeededRandom): Promise<IndexedFacts> {
  const store = new MemoryBlobStore()
  const byT = Map.groupBy(naive.datoms, ({ t }) => t)
  const limits = random.below(2) === 0 ? TINY_INDEX : INDEX_LIMITS
  let index = Index.empty('p')
  let novelty = new Novelty(-1)
  for (let t = 0; t <= naive.basisT; t++) {
    novelty.add(t, byT.get(t) ?? ([] as Datom[]))
    if (random.below(3) > 0) continue
    const input = { before: index, novelty, toT: t, schema: naive.schema, epoch: 1 }
    index = await Index.open(store, await buildIndex(store, input, limits), index)
    novelty = novelty.after(t)
  }
  return IndexedFacts.at(index, novelty, naive.schema, naive.basisT)
}

function questionOf(asked: AskedText, facts: IndexedFacts): Question {
  const parsed = parseQuery(readEdn(asked.query).value)
  const query = checkRules(parsed, parsed.inputs.some(({ kind }) => kind === 'rules') ? RULES : new Map())
  const rest = [...asked.args]
  const inputs = query.inputs.map((input): EngineInput => {
    if (input.kind === 'source') return { kind: 'facts', facts }
    return input.kind === 'rules' ? { kind: 'rules', rules: RULES } : { kind: 'value', value: rest.shift()! }
  })
  return {
    query,
    inputs,
    catalog: new Map(),
    limits: { deadlineMs: performance.now() + TIMEOUT_MS, rowCountMax: ROW_COUNT_MAX },
  }
}

/** Rows as text, in their order; undefined where the question is refused, an error, or too large. */
function outcomeOf(answer: () => readonly (readonly Edn[])[] | undefined): readonly string[] | undefined {
  try {
    const rows = answer()
    return rows && texts(rows)
  } catch (error) {
    if (error instanceof VarveError) return undefined
    throw error
  }
}

function texts(rows: readonly (readonly Edn[])[]): readonly string[] {
  return rows.map((row) => row.map(textKey).join(' '))
}
