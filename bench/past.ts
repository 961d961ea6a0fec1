// Questions as of a hundred random moments of a history ten times as long as the present, beside the same questions of
// the present, of a database without a history, and of one with a third of it. A loop that replays the changes
// judges the answers.

import { SeededRandom } from '../src/base/seeded-random.ts'
import type { Question } from '../src/engine/question.ts'
import type { T } from '../src/fact/attribute.ts'
import type { IndexedFacts } from '../src/index/indexed-facts.ts'
import { asked, atMost, questionOf } from './ask/ask.ts'
import { type BenchContext, type Figure, median, runBench } from './harness.ts'
import { indexItems, type Items, makeChanges } from './past/items.ts'
import { BOUND, type Bound, PRESENT, type Scan, SCANS } from './past/questions.ts'

const ITEM_COUNT = 100_000
const HISTORY = 10
const SHORT_HISTORY = 3
const MOMENT_COUNT = 100
const WARM_UP_COUNT = 10
/** Items that are asked for at each moment, one by one. */
const BOUND_COUNT = 20
/** Moments at which the loop judges the answers of a scan. */
const JUDGED_COUNT = 8
const BOUND_RATIO_MAX = 1.5
const SCAN_RATIO_MAX = 2.5
const SECOND_RATIO_MAX = 1.2
/** What must not grow, and not be slower, may differ by the noise of the machine. */
const EQUAL_RATIO_MAX = 1.15

type Databases = { readonly long: Items; readonly short: Items; readonly none: Items }

await runBench(
  { name: 'past', about: 'questions as of 100 moments, history ten times the present', run },
  Number(process.argv[2] ?? 1),
)

async function run({ scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const itemCount = Math.max(1_000, Math.round(ITEM_COUNT * scale))
  const changes = makeChanges(itemCount, HISTORY)
  const long = await indexItems(changes, itemCount)
  say('history indexed')
  const short = await indexItems(makeChanges(itemCount, SHORT_HISTORY), itemCount)
  const none = await indexItems(changes, itemCount, { isPresentOnly: true })
  note('items', itemCount)
  note('datoms', long.datomCount)
  note('datoms of the present', none.datomCount)
  note('bytes of segments', long.segmentBytes)
  note('bytes of segments, present alone', none.segmentBytes)
  return [...boundFigures(long, none), ...SCANS.flatMap((scan) => scanFigures(scan, { long, short, none }))]
}

function boundFigures(long: Items, none: Items): readonly Figure[] {
  const figures: Figure[] = []
  for (const bound of BOUND) {
    const runs: { past: number[]; present: number[]; alone: number[] } = { past: [], present: [], alone: [] }
    for (const [at, t] of momentsOf(long, 1).entries()) {
      const past = boundRuns(bound, { long, facts: bound.view(long.facts, t), t })
      const present = boundRuns(PRESENT, { long, facts: long.facts, t: Infinity })
      const alone = boundRuns(PRESENT, { long, facts: none.facts, t: Infinity })
      if (at < WARM_UP_COUNT) continue
      runs.past.push(past)
      runs.present.push(present)
      runs.alone.push(alone)
    }
    const ratio = median(runs.past) / median(runs.present)
    const isTarget = bound === PRESENT
    if (isTarget) {
      const aloneRatio = median(runs.present) / median(runs.alone)
      figures.push(
        {
          name: 'one item now',
          unit: 'µs',
          runs: runs.present,
          target: atMost(aloneRatio, EQUAL_RATIO_MAX, 'of the same without a history'),
        },
        { name: 'one item now, no history there', unit: 'µs', runs: runs.alone },
      )
    }
    figures.push({
      name: bound.name,
      unit: isTarget ? 'µs' : `µs, ${ratio.toFixed(2)} × one item now`,
      runs: runs.past,
      ...(isTarget && { target: atMost(ratio, BOUND_RATIO_MAX, 'of now') }),
    })
  }
  return figures
}

/** Microseconds of one question, the median of several items. */
function boundRuns(
  { name, query, hasNow, view }: Bound,
  { long, facts, t }: { readonly long: Items; readonly facts: IndexedFacts; readonly t: T },
): number {
  const random = new SeededRandom(t === Infinity ? 0 : t)
  const times: number[] = []
  for (let i = 0; i < BOUND_COUNT; i++) {
    const number = random.below(long.itemCount)
    const question = questionOf(query, facts, { args: [number] })
    const [source, argument] = question.inputs
    const inputs = hasNow
      ? [source!, { kind: 'facts', facts: long.facts } as const, argument!]
      : question.inputs
    const from = performance.now()
    const rows = asked({ ...question, inputs })
    times.push((performance.now() - from) * 1_000)
    if (i === 0) checkBound(name, rows, view, { long, number, t })
  }
  return median(times)
}

function checkBound(
  name: string,
  rows: readonly (readonly unknown[])[],
  view: Bound['view'],
  { long, number, t }: { readonly long: Items; readonly number: number; readonly t: T },
): void {
  const { items, prices, stocks, ts } = long.changes
  const all = [...items.keys()].filter((i) => items[i] === number)
  const until = all.filter((i) => ts[i]! <= t)
  const last = view === PRESENT.view ? until.at(-1)! : all.at(-1)!
  const expected =
    view === BOUND[2]!.view
      ? until.length * 2 - 1
      : view === BOUND[1]!.view && ts[last]! <= t
        ? 0
        : `${prices[last]} ${stocks[last]}`
  const found = typeof expected === 'number' ? rows.length : rows[0]?.slice(-2).join(' ')
  if (found !== expected)
    throw new Error(`${name}: item ${number} at ${t} is ${found} instead of ${expected}`)
}

function scanFigures(scan: Scan, { long, short, none }: Databases): readonly Figure[] {
  const names = ['now', 'alone', 'first', 'second', 'short'] as const
  const runs = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    (typeof names)[number],
    number[]
  >
  const seed = 10 + SCANS.indexOf(scan)
  const shortMoments = momentsOf(short, seed)
  for (const [at, t] of momentsOf(long, seed).entries()) {
    const asOf = scanOf(scan, long.facts.asOf(t))
    const times = {
      now: scanOf(scan, long.facts)(),
      alone: scanOf(scan, none.facts)(),
      first: asOf(),
      second: asOf(),
      short: scanOf(scan, short.facts.asOf(shortMoments[at]!))(),
    }
    if (at < JUDGED_COUNT) checkScan(scan, long, t)
    if (at >= WARM_UP_COUNT) for (const name of names) runs[name].push(times[name])
  }
  const ms = Object.fromEntries(names.map((name) => [name, median(runs[name])])) as Record<
    (typeof names)[number],
    number
  >
  const { name } = scan
  return [
    {
      name: `${name}, now`,
      unit: 'ms',
      runs: runs.now,
      target: atMost(ms.now / ms.alone, EQUAL_RATIO_MAX, 'of the same without a history'),
    },
    { name: `${name}, now, no history there`, unit: 'ms', runs: runs.alone },
    {
      name: `${name}, first at a moment`,
      unit: 'ms',
      runs: runs.first,
      target: atMost(ms.first / ms.now, SCAN_RATIO_MAX, 'of now'),
    },
    {
      name: `${name}, second at it`,
      unit: 'ms',
      runs: runs.second,
      target: atMost(ms.second / ms.now, SECOND_RATIO_MAX, 'of now'),
    },
    {
      name: `${name}, first, history of ${SHORT_HISTORY}`,
      unit: 'ms',
      runs: runs.short,
      target: {
        text: `the long one ${(ms.first / ms.short).toFixed(2)} × of this, ≤ ${EQUAL_RATIO_MAX}`,
        isMet: ms.first / ms.short <= EQUAL_RATIO_MAX,
      },
    },
  ]
}

/** Asks and gives the milliseconds. */
function scanOf({ query }: Scan, facts: IndexedFacts): () => number {
  const question = questionOf(query, facts)
  return () => {
    const from = performance.now()
    asked(question)
    return performance.now() - from
  }
}

function checkScan({ name, query, expected }: Scan, items: Items, t: T): void {
  const question: Question = questionOf(query, items.facts.asOf(t))
  const found = JSON.stringify(
    asked(question)
      .map((row) => row.join(' '))
      .toSorted(),
  )
  const wanted = JSON.stringify(expected(items, t))
  if (found !== wanted) throw new Error(`${name} as of ${t} is ${found} instead of ${wanted}`)
}

/** Random moments after everything was there, those to warm up first. */
function momentsOf({ changes, loadedT }: Items, seed: number): readonly T[] {
  const random = new SeededRandom(seed)
  const lastT = changes.ts.at(-1)!
  const count = WARM_UP_COUNT + MOMENT_COUNT
  return Array.from({ length: count }, () => loadedT + random.below(lastT - loadedT))
}
