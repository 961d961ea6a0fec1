// How benchmarks ask the engine in this process, and how works that must find the same are timed in turns.

import type { Question } from '../../src/engine/question.ts'
import { treeAnswer } from '../../src/testing/tree-engine.ts'
import { nativeAnswer } from '../../src/engine/native/native.ts'
import { PlanCache } from '../../src/engine/native/plan-cache.ts'
import type { FactSource } from '../../src/fact/datom.ts'
import { readEdn } from '../../src/fact/edn-reader.ts'
import type { Edn } from '../../src/fact/value.ts'
import type { AnswerRow } from '../../src/plan/answer-rows.ts'
import { Refusal } from '../../src/plan/refusal.ts'
import { parseQuery } from '../../src/query/parse-query.ts'
import { parseRules } from '../../src/query/parse-rules.ts'
import { type Figure, timed } from '../harness.ts'

const OPTIONS = { clock: { nowMs: () => performance.now() }, random: { next: () => 0.5 } }
const LIMITS = { deadlineMs: Infinity, rowCountMax: 50_000_000, memoryBytesMax: Infinity }
const NO_CATALOG = new Map<string, never>()

/** A query over facts: `$` first, then `rules` where there are some, then other arguments. */
export function questionOf(
  text: string,
  facts: FactSource,
  { rules, args = [] }: { readonly rules?: string; readonly args?: readonly Edn[] } = {},
): Question {
  return {
    query: parseQuery(readEdn(text).value),
    inputs: [
      { kind: 'facts', facts },
      ...(rules === undefined ? [] : [{ kind: 'rules', rules: parseRules(readEdn(rules).value) } as const]),
      ...args.map((value) => ({ kind: 'value', value }) as const),
    ],
    catalog: NO_CATALOG,
    limits: LIMITS,
  }
}

/** As an engine keeps them: what is asked again is not planned again. */
const plans = new PlanCache()

/** The rows that the native engine answers, each delivered. Fails where it refuses: a benchmark measures nothing else. */
export function asked(question: Question): readonly AnswerRow[] {
  const answer = nativeAnswer(question, OPTIONS, plans)
  if (answer instanceof Refusal) throw new Error(`The native engine refused: ${answer.reason}`)
  return answer.rows.toArray()
}

export function askedNaively(question: Question): readonly AnswerRow[] {
  return treeAnswer(question, OPTIONS).rows.toArray()
}

/** One of several works that take turns; what they give is compared as text. */
export type Work = { readonly name: string; readonly run: () => unknown }

/** What a work gives that knows better how long it took: another process, which was asked. */
export class TimedElsewhere {
  readonly result: unknown
  readonly ms: number

  constructor(result: unknown, ms: number) {
    this.result = result
    this.ms = ms
  }
}

export type Turns = {
  /** Each work is repeated for so long before its first turn: until the code that answers was compiled. */
  readonly warmUpMs: number
  readonly runCount: number
}

/** Repetitions to warm up that nobody needs more of. */
const WARM_UP_COUNT_MAX = 10_000

/** A run repeats its work for so long and gives the mean: one asking of 0.1 ms tells what the caches forgot meanwhile. */
const RUN_MS = 20

/** A work that takes longer at first is not asked again: that is its figure. */
const LONG_MS = 5_000

/** Milliseconds of an asking in each run of each work, taking turns after a warm-up. Fails where two give different results. */
export async function inTurns(
  works: readonly Work[],
  { warmUpMs, runCount }: Turns,
): Promise<readonly (readonly number[])[]> {
  let expected: string | undefined
  const once = async ({ name, run }: Work): Promise<number> => {
    const { ms, result } = await timed(run)
    const [ownResult, ownMs] = result instanceof TimedElsewhere ? [result.result, result.ms] : [result, ms]
    const found = JSON.stringify(ownResult)
    expected ??= found
    if (found !== expected) throw new Error(`${name} gave ${found}, ${works[0]!.name} ${expected}`)
    return ownMs
  }
  const firstMs: number[] = []
  for (const work of works) firstMs.push(await warmUp(() => once(work), warmUpMs))
  const runs = firstMs.map((ms) => (ms > LONG_MS ? [ms] : []))
  for (let turn = 0; turn < runCount; turn++) {
    for (const [at, work] of works.entries())
      if (firstMs[at]! <= LONG_MS) runs[at]!.push(await meanOf(() => once(work)))
  }
  return runs
}

/** The mean of as many repetitions as fit, one at least. */
async function meanOf(once: () => Promise<number>): Promise<number> {
  let sumMs = 0
  let count = 0
  do {
    sumMs += await once()
    count++
  } while (sumMs < RUN_MS)
  return sumMs / count
}

/** What the first time took. */
async function warmUp(once: () => Promise<number>, warmUpMs: number): Promise<number> {
  const firstMs = await once()
  let sumMs = firstMs
  for (let count = 1; count < WARM_UP_COUNT_MAX && sumMs < warmUpMs; count++) sumMs += await once()
  return firstMs
}

/** A target that is a ratio to something measured in the same run. */
export function atMost(ratio: number, max: number, what: string): NonNullable<Figure['target']> {
  const shown = ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(3)
  return { text: `${shown} × ${what}, ≤ ${max}`, isMet: ratio <= max }
}
