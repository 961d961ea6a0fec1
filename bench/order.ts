// Every order of the clauses of thirty questions over skewed data. What is measured is how much the slowest order
// costs beside the fastest: all orders take turns, then these two are timed again, in alternation.

import type { Question } from '../src/engine/question.ts'
import type { IndexedFacts } from '../src/index/indexed-facts.ts'
import { asked, askedNaively, questionOf } from './ask/ask.ts'
import { type BenchContext, type Figure, median, runBench } from './harness.ts'
import { makeShop } from './order/shop.ts'
import { type Shape, SHAPES } from './order/shapes.ts'

const ROUND_COUNT = 5
const AGAIN_COUNT = 15
const RATIO_MAX = 1.5
/** The naive engine judges answers where it gives them in time. */
const JUDGED_SCALE_MAX = 0.2

await runBench(
  { name: 'order', about: 'all orders of the clauses of thirty questions: slowest beside fastest', run },
  Number(process.argv[2] ?? 1),
)

async function run({ scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const { facts, datomCount } = await makeShop(scale)
  note('datoms', datomCount)
  const figures: Figure[] = []
  let orderCount = 0
  for (const shape of SHAPES) {
    const orders = permutations(shape.clauses)
    orderCount += orders.length
    figures.push(measuredShape(shape, orders, facts, scale <= JUDGED_SCALE_MAX))
    say(`${shape.name}: ${median(figures.at(-1)!.runs).toFixed(2)}`)
  }
  note('questions', SHAPES.length)
  note('orders', orderCount)
  const ratios = figures.map(({ runs }) => median(runs))
  const worst = Math.max(...ratios)
  const metCount = ratios.filter((ratio) => ratio <= RATIO_MAX).length
  return [
    ...figures,
    {
      name: 'slowest to fastest, worst of all',
      unit: '×',
      runs: [worst],
      target: { text: `≤ ${RATIO_MAX}`, isMet: worst <= RATIO_MAX },
    },
    { name: 'questions within it', unit: `of ${SHAPES.length}`, runs: [metCount] },
  ]
}

function measuredShape(
  { name, find, clauses }: Shape,
  orders: readonly (readonly string[])[],
  facts: IndexedFacts,
  isJudged: boolean,
): Figure {
  const questions = orders.map((order) => questionOf(`[:find ${find} :where ${order.join(' ')}]`, facts))
  const rowCount = asked(questions[0]!).length
  if (rowCount === 0) throw new Error(`${name} finds nothing`)
  if (isJudged && askedNaively(questions[0]!).length !== rowCount) throw new Error(`${name} is wrong`)
  const best = questions.map(() => Infinity)
  // Until the code that answers was compiled.
  for (let count = 0; count < 200; count += questions.length)
    for (const question of questions) asked(question)
  for (let round = 0; round < ROUND_COUNT; round++) {
    questions.forEach((question, at) => (best[at] = Math.min(best[at]!, msOf(question, rowCount, name))))
  }
  const fastest = best.indexOf(Math.min(...best))
  const slowest = best.indexOf(Math.max(...best))
  const runs: number[] = []
  for (let again = 0; again < AGAIN_COUNT; again++) {
    const slowMs = msOf(questions[slowest]!, rowCount, name)
    runs.push(slowMs / msOf(questions[fastest]!, rowCount, name))
  }
  return {
    name,
    unit: `×, ${clauses.length} clauses, ${orders.length} orders, ${rowCount} rows, ${best[fastest]!.toFixed(2)} ms`,
    runs,
    target: { text: `≤ ${RATIO_MAX}`, isMet: median(runs) <= RATIO_MAX },
  }
}

function msOf(question: Question, rowCount: number, name: string): number {
  const from = performance.now()
  const rows = asked(question)
  const ms = performance.now() - from
  if (rows.length !== rowCount) throw new Error(`${name} found ${rows.length} rows instead of ${rowCount}`)
  return ms
}

function permutations<X>(items: readonly X[]): readonly (readonly X[])[] {
  if (items.length <= 1) return [items]
  return items.flatMap((first, at) => permutations(items.toSpliced(at, 1)).map((rest) => [first, ...rest]))
}
