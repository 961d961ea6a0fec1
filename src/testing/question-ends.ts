// Questions that are given up: a signal that counts how often somebody looks at it, and says at one of these times that
// nobody waits any more. So it is told on any machine, and without a clock, whether a long step looks up from its work.

import { VarveError } from '../base/errors.ts'
import type { Question } from '../engine/question.ts'
import { nativeAnswer } from '../engine/native/native.ts'
import type { IndexedFacts } from '../index/indexed-facts.ts'
import type { AnswerRow } from '../plan/answer-rows.ts'
import { parseQuery } from '../query/parse-query.ts'
import { parseRules } from '../query/parse-rules.ts'
import { writeAnswer } from '../query/written.ts'
import { Budget } from '../engine/budget.ts'
import { NO_BOUNDS } from './no-bounds.ts'

const OPTIONS = { clock: { nowMs: () => 0 }, random: { next: () => 0.5 } }
const REACH = parseRules('[[(reach ?x ?y) [?x :p/next ?y]] [(reach ?x ?y) [?x :p/next ?z] (reach ?z ?y)]]')

/** One question or more for every kind of step that may take long. */
export const LONG_QUESTIONS = {
  'a table': '[:find (count ?n) . :where [?e :p/name ?n]]',
  'a lookup': '[:find (count ?f) . :with ?e :where [?e :p/n 7] [?e :p/score ?s] [?f :p/score ?s]]',
  'sorting numbers': '[:find ?s ?e :where [?e :p/score ?s]]',
  'sorting texts': '[:find ?n ?e :where [?e :p/name ?n]]',
  'distinct rows': '[:find ?a ?b :where [?e :p/a ?a] [?e :p/b ?b]]',
  groups: '[:find ?n (sum ?a) :where [?e :p/name ?n] [?e :p/a ?a]]',
  product: '[:find (sum ?x) . :with ?e ?f :where [?e :p/n ?x] [(< ?x 40)] [?f :p/b ?b] [(< ?b 300)]]',
  or: '[:find (count ?v) . :with ?e :where [?e :p/n] (or [?e :p/a ?v] [?e :p/b ?v])]',
  recursion: '[:find (max ?y) . :in $ % :where (reach ?x ?y)]',
  pull: '[:find (pull ?e [* {:p/_next [:p/name]}]) :where [?e :p/a ?a] [(< ?a 100)]]',
  functions: '[:find (max ?s) . :where [?e :p/name ?n] [(upper-case ?n) ?u] [(str ?u "-" ?n) ?s]]',
  'any attribute': '[:find (count ?e) . :where [?e ?a 30]]',
  'the engine without a plan': '[:find (count ?e) . :where [?e :p/a ?a] [(< (+ ?a 1) 30)]]',
  'writing the answer': '[:find ?e ?n :where [?e :p/name ?n]]',
} as const
export type LongQuestion = keyof typeof LONG_QUESTIONS

/** Of 20,000 things: nobody reads so many without looking up in each loop over them. */
export const LOOK_COUNT_MIN = 40

/** What came of a question, and how often it looked at its signal. */
export type Ended = { readonly rows: readonly AnswerRow[] | undefined; readonly lookCount: number }

/** Asks, and gives up at the look of this number. Throws every error but that of a question given up. */
export function asked(
  name: LongQuestion,
  facts: IndexedFacts,
  lastLook = Infinity,
  memoryBytesMax = Infinity,
): Ended {
  let lookCount = 0
  const { signal } = new AbortController()
  Object.defineProperty(signal, 'aborted', { get: () => ++lookCount >= lastLook })
  const query = parseQuery(LONG_QUESTIONS[name])
  const inputs: Question['inputs'] = query.inputs.map(({ kind }) => {
    if (kind === 'rules') return { kind, rules: REACH }
    return { kind: 'facts', facts }
  })
  const question = {
    query,
    inputs,
    catalog: new Map<string, never>(),
    limits: { ...NO_BOUNDS, memoryBytesMax, signal },
  }
  try {
    const answer = nativeAnswer(question, OPTIONS)
    const { checks: check } = Budget.of(question.limits, OPTIONS.clock.nowMs)
    if (name === 'writing the answer')
      writeAnswer(query, answer, { format: 'json', engine: 'native', bytesMax: Infinity, check })
    return { rows: answer.rows.toArray(), lookCount }
  } catch (error) {
    if (!(error instanceof VarveError) || error.code !== 'varve.error/query-cancelled') throw error
    return { rows: undefined, lookCount }
  }
}
