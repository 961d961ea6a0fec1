// How soon a question stops that nobody waits for any more: long questions of every kind are given up at random moments,
// and the time from that moment to the error is measured. The signal is a clock, as a worker thread sees it: nothing
// tells the engine, it has to look. Beside it stands the processor time between two looks, the longest of all: what others
// do on the machine does not show in it.

import { setImmediate as turn } from 'node:timers/promises'
import { SeededRandom } from '../src/base/seeded-random.ts'
import { VarveError } from '../src/base/errors.ts'
import { Budget } from '../src/engine/budget.ts'
import type { Question } from '../src/engine/question.ts'
import { treeAnswer } from '../src/testing/tree-engine.ts'
import { nativeAnswer } from '../src/engine/native/native.ts'
import { Refusal } from '../src/plan/refusal.ts'
import { writeAnswer } from '../src/query/written.ts'
import type { FactsMaker } from './ask/facts.ts'
import { questionOf } from './ask/ask.ts'
import { LONG_QUESTIONS, type LongQuestion } from './cancel/questions.ts'
import { indexStaff } from './cancel/staff.ts'
import { type BenchContext, type Figure, percentile, runBench } from './harness.ts'

const PEOPLE_COUNT = 1_000_000
const ABORT_COUNT = 8
/** Questions are given up within this time, however long they would take. */
const ASKED_MS_MAX = 1_000
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
  const stretches: number[] = []
  const figures: Figure[] = []
  for (const long of asked) {
    const waits = await waitsOf(long, staff, random)
    const sorted = Float64Array.from(waits.ms).sort()
    const longest = sorted.length === 0 ? 'answered each time' : `${sorted.at(-1)!.toFixed(1)} ms at most`
    say(
      `${long.name.padEnd(28)} ${waits.wholeMs.toFixed(0).padStart(6)} ms whole; given up ${sorted.length} times: ` +
        `${longest}; processor between two looks ${waits.stretchMs.toFixed(1)} ms`,
    )
    if (sorted.length > 0) figures.push(figureOf(long.name, 1, sorted))
    all.push(...waits.ms)
    stretches.push(waits.stretchMs)
  }
  const sorted = Float64Array.from(all).sort()
  const stretch = figureOf('processor time between two looks', 1, Float64Array.from(stretches).sort())
  return [figureOf('all, p50', 0.5, sorted), figureOf('all, p99', 0.99, sorted), stretch, ...figures]
}

function figureOf(name: string, fraction: number, sorted: Float64Array): Figure {
  const ms = fraction === 1 ? sorted.at(-1)! : percentile(sorted, fraction)
  const target = { text: `≤ ${WAIT_MS_MAX}`, isMet: ms <= WAIT_MS_MAX }
  return { name: fraction === 1 ? `${name}, longest` : name, unit: 'ms', runs: [ms], target }
}

type Waits = { readonly wholeMs: number; readonly ms: readonly number[]; readonly stretchMs: number }

async function waitsOf(long: LongQuestion, staff: FactsMaker, random: SeededRandom): Promise<Waits> {
  const opened = async (): Promise<Question> => {
    // Every question comes to a worker in a turn of its own: what is weakly referred to lives until a turn ends.
    await turn()
    const facts = long.isCold ? await staff.reopened() : staff.facts()
    return questionOf(long.query, facts, long.rules === undefined ? {} : { rules: long.rules })
  }
  // Once to make what is kept, and once for its time.
  for (let i = 0; i < (long.isCold ? 0 : 1); i++) givenUp(await opened(), long, ASKED_MS_MAX)
  const { ms: whole, stretchMs } = givenUp(await opened(), long, ASKED_MS_MAX)
  const wholeMs = whole ?? ASKED_MS_MAX
  const ms: number[] = []
  for (let i = 0; i < ABORT_COUNT; i++) {
    const question = await opened()
    const afterMs = (wholeMs * (i + random.below(1_000) / 1_000)) / ABORT_COUNT
    const fromMs = performance.now()
    if (givenUp(question, long, afterMs).ms !== undefined) continue
    ms.push(performance.now() - fromMs - afterMs)
  }
  return { wholeMs, ms, stretchMs }
}

type Course = {
  /** Undefined where the question ended as one that was given up. */
  readonly ms: number | undefined
  /** The longest between two looks, of processor time. */
  readonly stretchMs: number
}

/** Asks, and gives the question up after so long. */
function givenUp(question: Question, { isWritten }: LongQuestion, afterMs: number): Course {
  const fromMs = performance.now()
  const { signal } = new AbortController()
  let lookedMs = processorMs()
  let stretchMs = 0
  const look = (): void => {
    const nowMs = processorMs()
    stretchMs = Math.max(stretchMs, nowMs - lookedMs)
    lookedMs = nowMs
  }
  const isGivenUp = (): boolean => {
    look()
    return performance.now() - fromMs >= afterMs
  }
  Object.defineProperty(signal, 'aborted', { get: isGivenUp })
  const limits = { ...question.limits, signal }
  try {
    const found = nativeAnswer({ ...question, limits }, OPTIONS)
    const answer = found instanceof Refusal ? treeAnswer({ ...question, limits }, OPTIONS) : found
    const { checks: check } = Budget.of(limits, OPTIONS.clock.nowMs)
    if (isWritten)
      writeAnswer(question.query, answer, { format: 'json', engine: 'native', bytesMax: BYTES_MAX, check })
    look()
    return { ms: performance.now() - fromMs, stretchMs }
  } catch (error) {
    if (error instanceof VarveError && error.code === 'varve.error/query-cancelled')
      return { ms: undefined, stretchMs }
    throw error
  }
}

/** Of this thread, in milliseconds. */
function processorMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
