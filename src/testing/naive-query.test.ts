// The engines against the meaning of questions by brute force, over random facts, views and questions.

import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { VarveError } from '../base/errors.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { compareValues, type Edn, textKey } from '../fact/value.ts'
import type { EngineInput } from '../plan/engine.ts'
import type { Query, RuleSet } from '../plan/syntax.ts'
import { checkRules } from '../query/check-rules.ts'
import { parseQuery } from '../query/parse-query.ts'
import { parseRules } from '../query/parse-rules.ts'
import { arbitraryFacts, arbitraryQuestion, arbitraryView, RULES_TEXT } from './arbitrary-queries.ts'
import type { NaiveFacts } from './naive-facts.ts'
import { type Bindings, naiveBindings, valuesOf } from './naive-query.ts'
import { SeededRandom } from './seeded-random.ts'
import { inputRows } from '../engine/binding.ts'
import { bindingVariables } from '../plan/variables.ts'
import { findVariables } from '../plan/finish.ts'
import { answerNow, type Question } from '../engine/naive.ts'
import { nativeAnswer } from '../engine/native/native.ts'
import { Refusal } from '../plan/refusal.ts'

const RUN_COUNT = 200
/** A product of products is not worth the wait: what one question may cost by brute force, and rows in an engine. */
const LOOK_COUNT_MAX = 300_000
const ROW_COUNT_MAX = 100_000
const RULES = parseRules(readEdn(RULES_TEXT).value)
const OPTIONS = { clock: { nowMs: () => 0 }, random: new SeededRandom(1) }

let askedCount = 0
let filledCount = 0
let refusedCount = 0
let tooLargeCount = 0
const kinds = new Map<string, number>()

describe('engines', () => {
  it('answer as brute force does, or refuse (I6)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(2 ** 31), async (seed) => {
        const random = new SeededRandom(seed)
        const all = arbitraryFacts(random)
        for (let i = 0; i < 5; i++) {
          const facts = arbitraryView(random, all)
          const asked = arbitraryQuestion(random, facts)
          if (asked === undefined) continue
          const query = checkedQuery(asked.query)
          const wanted = bruteForce(query, facts, asked.args)
          if (wanted === 'fails') continue
          askedCount++
          if (wanted === 'too large') {
            tooLargeCount++
            continue
          }
          if (wanted.length > 0) filledCount++
          for (const kind of asked.clauseKinds) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
          const question = questionOf(query, facts, asked.args)
          const naive = unlessTooLarge(() => answerNow(question, OPTIONS))
          if (naive !== undefined) expect(texts(naive.rows.toArray()), asked.query).toEqual(wanted)
          const native = unlessTooLarge(() => nativeAnswer(question, OPTIONS))
          if (native instanceof Refusal) refusedCount++
          else if (native !== undefined)
            expect(texts(native.rows.toArray()), `native: ${asked.query}`).toEqual(wanted)
          if (naive === undefined || native === undefined) tooLargeCount++
        }
      }),
      { numRuns: RUN_COUNT },
    )
  })

  it('were asked questions of every kind, most of them with an answer, and refused few', () => {
    expect(filledCount / askedCount).toBeGreaterThan(0.5)
    expect(refusedCount / askedCount).toBeLessThan(0.05)
    expect(tooLargeCount / askedCount).toBeLessThan(0.05)
    for (const kind of ['predicate', 'function', 'not', 'not-join', 'or', 'or-join', 'rule']) {
      expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(RUN_COUNT / 20)
    }
  })
})

function checkedQuery(text: string): Query {
  const query = parseQuery(readEdn(text).value)
  return checkRules(query, query.inputs.some(({ kind }) => kind === 'rules') ? RULES : new Map())
}

function questionOf(query: Query, facts: NaiveFacts, args: readonly Edn[]): Question {
  const rest = [...args]
  const inputs = query.inputs.map((input): EngineInput => {
    if (input.kind === 'source') return { kind: 'facts', facts }
    return input.kind === 'rules' ? { kind: 'rules', rules: RULES } : { kind: 'value', value: rest.shift()! }
  })
  return { query, inputs, catalog: new Map(), limits: { deadlineMs: Infinity, rowCountMax: ROW_COUNT_MAX } }
}

/**
 * `fails` where a function does, as a comparison of a number with a text: whether the question fails then depends on
 * rows that other clauses reject.
 */
function bruteForce(
  query: Query,
  facts: NaiveFacts,
  args: readonly Edn[],
): readonly string[] | 'fails' | 'too large' {
  const rules: RuleSet = RULES
  const setting = { sources: new Map([['$', facts]]), rules, patience: { looksLeft: LOOK_COUNT_MAX } }
  let bindings: readonly Bindings[] | undefined
  try {
    bindings = naiveBindings(query.where, inputBindings(query, args), setting)
  } catch (error) {
    if (error instanceof VarveError && error.kind === 'incorrect') return 'fails'
    throw error
  }
  return bindings === undefined ? 'too large' : texts(aggregated(query, distinctRows(query, bindings)))
}

/** How many rows stand between depends on the way: an engine may find a question too large alone. */
function unlessTooLarge<Answer>(answer: () => Answer): Answer | undefined {
  try {
    return answer()
  } catch (error) {
    if (error instanceof VarveError && error.code === 'varve.error/too-many-rows') return undefined
    throw error
  }
}

function inputBindings(query: Query, args: readonly Edn[]): readonly Bindings[] {
  const rest = [...args]
  let bindings: readonly Bindings[] = [new Map()]
  for (const input of query.inputs) {
    if (input.kind !== 'binding') continue
    const names = bindingVariables(input.binding)
    const rows = inputRows(input.binding, rest.shift()!)
    bindings = bindings.flatMap((held) =>
      rows.map((row) => new Map([...held, ...names.map((name, i) => [name, row[i]!] as const)])),
    )
  }
  return bindings
}

/** Find tuples, the variables of `:with` behind them, each once. */
function distinctRows(query: Query, bindings: readonly Bindings[]): readonly (readonly Edn[])[] {
  const rows = new Map(
    bindings.map((binding) => valuesOf(binding, findVariables(query))).map((row) => [keyOf(row), row]),
  )
  return [...rows.values()]
}

/** The few aggregates that questions are made with. */
function aggregated(query: Query, rows: readonly (readonly Edn[])[]): readonly (readonly Edn[])[] {
  const { elements } = query.find
  const places = elements.map((element) =>
    findVariables(query).indexOf(element.kind === 'variable' ? element.name : element.variable),
  )
  if (elements.every(({ kind }) => kind === 'variable'))
    return rows.map((row) => places.map((place) => row[place]!))
  const groups = Map.groupBy(rows, (row) =>
    keyOf(places.filter((_, i) => elements[i]!.kind === 'variable').map((place) => row[place]!)),
  )
  return [...groups.values()].map((group) =>
    elements.map((element, i) => {
      const values = group.map((row) => row[places[i]!]!)
      return element.kind === 'aggregate' ? aggregate(element.name, values) : values[0]!
    }),
  )
}

function aggregate(name: string, values: readonly Edn[]): Edn {
  const sorted = [...values].sort(compareValues)
  switch (name) {
    case 'count':
      return values.length
    case 'count-distinct':
      return new Set(values.map(textKey)).size
    case 'min':
      return sorted[0]!
    case 'max':
      return sorted.at(-1)!
    default:
      throw new VarveError({ code: 'varve.error/fault', kind: 'fault', message: name, fix: '' })
  }
}

function keyOf(row: readonly Edn[]): string {
  return row.map(textKey).join(' ')
}

function texts(rows: readonly (readonly Edn[])[]): readonly string[] {
  return rows.map(keyOf).sort()
}
