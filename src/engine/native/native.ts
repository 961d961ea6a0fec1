// The native engine: a question becomes a plan of operators over columns of numbers (compiler.ts), values stay numbers
// until the answer is formed. What it cannot answer exactly as the meaning demands it refuses, with a reason; then
// the engine that defines the meaning answers (naive.ts).

import { type Edn, numberType } from '../../fact/value.ts'
import type { Answer, Engine } from '../../plan/engine.ts'
import type { Query, Variable } from '../../plan/syntax.ts'
import { AnswerRows, type AnswerColumn } from '../../plan/answer-rows.ts'
import { cutAnswer, elementVariable, findVariables, finishAnswer, isAggregated, isOne } from '../find.ts'
import { type NaiveEngineOptions, naiveEngine, prepare, type Prepared, type Question } from '../naive.ts'
import type { InputGoal } from '../../plan/scope.ts'
import { Compiler } from './compiler.ts'
import { CollectedDomain, type Domain, NumberDomain, SortedTextDomain } from './domain.ts'
import { type Chunk, CHUNK_ROW_COUNT, columnOf, gather, type Layout, step } from './operator.ts'
import { groupedRows } from './groups.ts'
import { Refusal } from '../../plan/refusal.ts'
import { leastRow, type NumberColumn, orderOf } from './row-order.ts'
import { RowSet } from './row-set.ts'

/** Rows of inputs that are multiplied with each other before anything else. */
const INPUT_ROW_COUNT_MAX = 100_000

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
  const start = startOf(goals)
  const outputs = findVariables(query)
  const plan = new Compiler(context).conjunction(query.where, start.layout, outputs, {
    scope,
    rowCount: Math.max(1, start.rowCount),
  })
  const found = new RowSet(outputs.length)
  const places = outputs.map((name) => columnOf(plan.layout, name))
  if (places.some((place) => place < 0)) throw new Refusal('a variable that nothing binds')
  plan.connect({
    push: (chunk) => {
      step(budget, chunk.rowCount)
      if (plan.isDistinct) found.appendAll(chunk, places)
      else found.addAll(chunk, places)
      budget.holdRows(found.rowCount, () => 'the answer')
    },
    finish: () => undefined,
  })
  for (const chunk of chunksOf(start)) plan.first.push(chunk)
  plan.complete()
  budget.check()
  const domains = places.map((place) => plan.layout.domains[place]!)
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

type Start = { readonly layout: Layout; readonly columns: readonly Float64Array[]; readonly rowCount: number }

/** Every combination of the rows of the inputs: what the first operator begins with. */
function startOf(goals: readonly InputGoal[]): Start {
  let rowCount = 1
  for (const { rows } of goals) rowCount *= rows.length
  if (rowCount > INPUT_ROW_COUNT_MAX) throw new Refusal('large inputs')
  const names: Variable[] = []
  const domains: Domain[] = []
  const columns: Float64Array[] = []
  let repeat = 1
  for (const { terms, rows } of goals) {
    terms.forEach((term, place) => {
      if (term.kind !== 'variable') return
      if (names.includes(term.name)) throw new Refusal('a variable that stands in two inputs')
      const { domain, numbers } = numbersOf(rows.map((row) => row[place]!))
      names.push(term.name)
      domains.push(domain)
      columns.push(
        Float64Array.from({ length: rowCount }, (_, i) => numbers[Math.floor(i / repeat) % rows.length]!),
      )
    })
    repeat *= rows.length
  }
  return { layout: { names, domains }, columns, rowCount }
}

function numbersOf(values: readonly Edn[]): { readonly domain: Domain; readonly numbers: readonly number[] } {
  if (values.every((value) => typeof value === 'number' && numberType(value) === 'long')) {
    return { domain: new NumberDomain('long'), numbers: values as readonly number[] }
  }
  if (values.every((value) => value instanceof Date)) {
    return { domain: new NumberDomain('instant'), numbers: values.map((value) => value.getTime()) }
  }
  const domain = new CollectedDomain()
  return { domain, numbers: values.map((value) => domain.collect(value)) }
}

function* chunksOf({ columns, rowCount }: Start): Iterable<Chunk> {
  for (let first = 0; first < rowCount; first += CHUNK_ROW_COUNT) {
    const count = Math.min(CHUNK_ROW_COUNT, rowCount - first)
    yield { rowCount: count, columns: columns.map((column) => column.subarray(first, first + count)) }
  }
}
