// The native engine: a question becomes a plan of operators over columns of numbers (compiler.ts), values stay numbers
// until the answer is formed. What it cannot answer exactly as the meaning demands it refuses, with a reason; then
// the engine that defines the meaning answers (naive.ts).

import type { Answer, Engine } from '../../plan/engine.ts'
import { planOf } from '../../plan/planner.ts'
import type { Query } from '../../plan/syntax.ts'
import { AnswerRows, type AnswerColumn } from '../../plan/answer-rows.ts'
import { elementVariable, findVariables, isAggregated, isOne } from '../../plan/finish.ts'
import { cutAnswer, finishAnswer } from '../find.ts'
import { type NaiveEngineOptions, naiveEngine, prepare, type Prepared, type Question } from '../naive.ts'
import { Compiler } from './compiler.ts'
import { type Domain, NumberDomain, SortedTextDomain } from './domain.ts'
import { columnOf, gather, step } from './operator.ts'
import { groupedRows } from './groups.ts'
import { Refusal } from '../../plan/refusal.ts'
import { leastRow, type NumberColumn, orderOf } from './row-order.ts'
import { RowSet } from './row-set.ts'
import { tableCounts } from './statistics.ts'

/** Answers by columns where it can, and as the naive engine does elsewhere. */
export function nativeEngine(options: NaiveEngineOptions): Engine {
  const naive = naiveEngine(options)
  return {
    name: 'native',
    answer: async (query, inputs, catalog, limits) => {
      const answer = nativeAnswer({ query, inputs, catalog, limits }, options)
      return answer instanceof Refusal ? naive.answer(query, inputs, catalog, limits) : answer
    },
  }
}

/** The answer, or why this engine gives none. Throws what is wrong with the question. */
export function nativeAnswer(question: Question, options: NaiveEngineOptions): Answer | Refusal {
  const prepared = prepare(question, options)
  try {
    return answered(question, prepared)
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

function answered({ query }: Question, { goals, setting }: Prepared): Answer {
  const { context, scope } = setting
  const { budget } = context
  const plan = planOf(query, goals, scope, { context, counts: tableCounts })
  const inputs = new Map(goals.map(({ index, rows }) => [index, rows]))
  const pipeline = new Compiler(context, inputs).conjunction(plan.body)
  const { outputs } = plan.body
  const found = new RowSet(outputs.length)
  const places = outputs.map((name) => columnOf(pipeline.layout, name))
  pipeline.connect({
    push: (chunk) => {
      step(budget, chunk.rowCount)
      if (pipeline.isDistinct) found.appendAll(chunk, places)
      else found.addAll(chunk, places)
      budget.holdRows(found.rowCount, () => 'the answer')
    },
    finish: () => undefined,
  })
  pipeline.first.push({ rowCount: 1, columns: [] })
  pipeline.complete()
  budget.check()
  const domains = places.map((place) => pipeline.layout.domains[place]!)
  if (isAggregated(query)) return finishAnswer(query, groupedRows(query, found, domains, setting), setting)
  return cutAnswer(query, sortedRows(query, found, domains), setting)
}

/** The rows that were found, in the total order; of a tuple or scalar the least. They stay columns. */
function sortedRows(query: Query, { rowCount, columns }: RowSet, domains: readonly Domain[]): AnswerRows {
  const variables = findVariables(query)
  const read = query.find.elements.map((element): NumberColumn => {
    const place = variables.indexOf(elementVariable(element))
    return { numbers: columns[place]!, domain: domains[place]! }
  })
  const order =
    isOne(query) && rowCount > 0 ? Int32Array.of(leastRow(read, rowCount)) : orderOf(read, rowCount)
  const count = order?.length ?? rowCount
  const answerColumns = read.map(({ numbers, domain }): AnswerColumn => {
    if (order === undefined) return answerColumn(domain, numbers.subarray(0, count))
    const sorted = new Float64Array(count)
    gather(numbers, order, count, sorted)
    return answerColumn(domain, sorted)
  })
  return new AnswerRows(count, answerColumns)
}

/** Values of a domain up to this many are read once each, not once a row. */
const CODED_COUNT_MAX = 1 << 16

function answerColumn(domain: Domain, numbers: Float64Array): AnswerColumn {
  const isWhole = domain instanceof NumberDomain && (domain.type === 'long' || domain.type === 'ref')
  if (isWhole) return { kind: 'numbers', numbers }
  const isCoded = domain instanceof SortedTextDomain && domain.valueCount <= CODED_COUNT_MAX
  return { kind: isCoded ? 'coded' : 'decoded', numbers, decode: (number) => domain.decode(number) }
}
