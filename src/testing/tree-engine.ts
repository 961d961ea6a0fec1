// The engine that answers questions from the syntax tree as it stands, without a planner: the judge of the native engine,
// and fast enough to judge thousands of random questions. Read on in the order in which a question passes through: what every
// engine begins with (engine/question.ts), one clause after the other over batches of rows (tree-solver.ts with tree-tables.ts
// and tree-walks.ts; tree-pattern.ts, tree-call.ts), then find tuples as every engine forms them (engine/find.ts).
// The same meaning, slow and in one file, is naive-query.ts: random questions compare all of them.

import { formAnswer } from '../engine/find.ts'
import { type EngineOptions, prepare, type Question } from '../engine/question.ts'
import { ClauseOrder } from '../plan/clause-order.ts'
import type { Answer, Engine } from '../plan/engine.ts'
import { type ExplainMode, type Explanation, explanationOf } from '../plan/explain.ts'
import { findVariables } from '../plan/finish.ts'
import { Solver } from './tree-solver.ts'
import { withWalks } from './tree-walks.ts'

export function treeEngine(options: EngineOptions): Engine {
  return {
    name: 'tree',
    // Not an async function: nothing in it waits, and errors must still arrive as a rejection.
    answer: (query, inputs, catalog, limits) =>
      new Promise((resolve) => resolve(treeAnswer({ query, inputs, catalog, limits }, options))),
    explain: (query, inputs, catalog, limits, mode) =>
      new Promise((resolve) => resolve(explained({ query, inputs, catalog, limits }, options, mode))),
  }
}

/** The answer, on this thread and at once. Throws what is wrong with the question. */
export function treeAnswer(question: Question, options: EngineOptions): Answer {
  const { goals, setting } = prepare(question, options)
  const { query } = question
  const { rules, walks } = withWalks(setting.context.rules)
  const context = { ...setting.context, rules, walks }
  const solver = new Solver(context, new ClauseOrder(context))
  const rows = solver.solve([...goals, ...query.where], findVariables(query), setting.scope)
  return formAnswer(query, rows, setting)
}

/** It has no plan to show. */
function explained(question: Question, options: EngineOptions, mode: ExplainMode): Explanation {
  const { clock } = options
  const sinceMs = clock.nowMs()
  const answer = mode === 'run' ? treeAnswer(question, options) : undefined
  if (answer === undefined) prepare(question, options)
  return explanationOf({
    engine: 'tree',
    mode,
    parts: [],
    ...(answer && { rowCount: answer.rows.length, timeMs: clock.nowMs() - sinceMs }),
    warnings: answer?.warnings ?? [],
  })
}
