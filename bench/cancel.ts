// How soon a question stops that nobody waits for any more: long questions of every kind are given up at random moments,
// and the time from that moment to the error is measured. The signal is a clock, as a worker thread sees it: nothing
// tells the engine, it has to look.

import { SeededRandom } from '../src/base/seeded-random.ts'
import { VarveError } from '../src/base/errors.ts'
import { Budget } from '../src/engine/budget.ts'
import { answerNow, type Question } from '../src/engine/naive.ts'
import { nativeAnswer } from '../src/engine/native/native.ts'
import { Refusal } from '../src/plan/refusal.ts'
import { writeAnswer } from '../src/query/written.ts'
import type { FactsMaker } from './ask/facts.ts'
import { questionOf } from './ask/ask.ts'
import { LONG_QUESTIONS, type LongQuestion } from './cancel/questions.ts'
import { indexStaff } from './cancel/staff.ts'
import { type BenchContext, type Figure, percentile, runBench } from './harness.ts'

const PEOPLE_COUNT = 1_000_000
const ABORT_COUNT = 12
/** Questions are given up within this time, however long they would take. */
const ASKED_MS_MAX = 1_500
const WAIT_MS_MAX = 50

const OPTIONS = { clock: { nowMs: () => performance.now() }, random: { next: () => 0.5 } }
const BYTES_MAX = 2 ** 32

await runBench(
  { name: 'cancel', about: 'from the moment a question is given up to its error', run },
  Number(process.argv[2] ?? 1),
)

async function run({ scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const staff = await indexStaff(Math.round(PEOPLE_COUNT * scale))
  say('indexed')
  note('people', Math.round(PEOPLE_COUNT * scale))
  note('datoms', staff.datomCount)
  const random = new SeededRandom(3)
  const only = process.argv[3]
  const asked = LONG_QUESTIONS.filter(({ name }) => only === undefined || name.includes(only))
  const all: number[] = []
  const figures: Figure[] = []
  for (const long of asked) {
    const waits = await waitsOf(long, staff, random)
    const sorted = Float64Array.from(waits.ms).sort()
    say(
      `${long.name.padEnd(28)} ${waits.wholeMs.toFixed(0).padStart(6)} ms whole; given up ${sorted.length} times: ` +
        `p50 ${percentile(sorted, 0.5).toFixed(1)}, max ${sorted.at(-1)!.toFixed(1)} ms`,
    )
    figures.push(figureOf(long.name, 1, sorted))
    all.push(...waits.ms)
  }
  const sorted = Float64Array.from(all).sort()
  return [figureOf('all, p50', 0.5, sorted), figureOf('all, p99', 0.99, sorted), ...figures]
}

function figureOf(name: string, fraction: number, sorted: Float64Array): Figure {
  const ms = fraction === 1 ? sorted.at(-1)! : percentile(sorted, fraction)
  const target = { text: `≤ ${WAIT_MS_MAX}`, isMet: ms <= WAIT_MS_MAX }
  return { name: fraction === 1 ? `${name}, longest` : name, unit: 'ms', runs: [ms], target }
}

type Waits = { readonly wholeMs: number; readonly ms: readonly number[] }

async function waitsOf(long: LongQuestion, staff: FactsMaker, random: SeededRandom): Promise<Waits> {
  const opened = async (): Promise<Question> => {
    const facts = long.isCold ? await staff.reopened() : staff.facts()
    return questionOf(long.query, facts, long.rules === undefined ? {} : { rules: long.rules })
  }
  // Once to make what is kept, and once for its time.
  for (let i = 0; i < (long.isCold ? 0 : 1); i++) givenUp(await opened(), long, ASKED_MS_MAX)
  const whole = givenUp(await opened(), long, ASKED_MS_MAX)
  const wholeMs = whole ?? ASKED_MS_MAX
  const ms: number[] = []
  for (let i = 0; i < ABORT_COUNT; i++) {
    const question = await opened()
    const afterMs = (wholeMs * (i + random.below(1_000) / 1_000)) / ABORT_COUNT
    const fromMs = performance.now()
    if (givenUp(question, long, afterMs) !== undefined) continue
    ms.push(performance.now() - fromMs - afterMs)
  }
  return { wholeMs, ms }
}

/** The time of an answer; undefined where the question ended as one that was given up after so long. */
function givenUp(question: Question, { isWritten }: LongQuestion, afterMs: number): number | undefined {
  const fromMs = performance.now()
  const { signal } = new AbortController()
  Object.defineProperty(signal, 'aborted', { get: () => performance.now() - fromMs >= afterMs })
  const limits = { ...question.limits, signal }
  try {
    const found = nativeAnswer({ ...question, limits }, OPTIONS)
    const answer = found instanceof Refusal ? answerNow({ ...question, limits }, OPTIONS) : found
    const { checks: check } = Budget.of(limits, OPTIONS.clock.nowMs)
    if (isWritten) writeAnswer(question.query, answer, { notation: 'json', bytesMax: BYTES_MAX, check })
    return performance.now() - fromMs
  } catch (error) {
    if (error instanceof VarveError && error.code === 'varve.error/query-cancelled') return undefined
    throw error
  }
}
