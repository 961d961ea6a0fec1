// Random questions, put to all contestants over all layouts and compared with each other, with brute force, and with
// other questions that must have the same answer. What differs is made small and told as a case file.

import { VarveError } from '../base/errors.ts'
import { findVariables } from '../plan/finish.ts'
import { hangingParts } from '../plan/semi-joins.ts'
import type { Variable } from '../plan/syntax.ts'
import { variablesOf } from '../plan/variables.ts'
import { type Edn, textKey } from '../fact/value.ts'
import { arbitraryQuestion, type ArbitraryQuestion } from './arbitrary-question.ts'
import { arbitraryWorld, type MadeWorld, makeWorld } from './arbitrary-world.ts'
import { Arena, type ArenaOptions, type Judged, type Quarrel } from './arena.ts'
import { BrokenPromise } from './broken-promise.ts'
import { caseText } from './case-text.ts'
import { type Contestant, CONTESTANTS, type Outcome } from './contestants.ts'
import { arbitraryVariant, type Variant } from './metamorphic.ts'
import { parseScenario, type Scenario } from './question.ts'
import { SeededRandom } from './seeded-random.ts'
import { shrinkScenario } from './shrink-question.ts'

export type QuestionCounters = {
  /** Questions that were asked, variants of them not counted. */
  asked: number
  filled: number
  /** Three joins or more. */
  joined: number
  /** Compared with brute force. */
  judged: number
  /** A function that fails on some row: only engines are compared. */
  failing: number
  /** Too large for one of those who answer, by its bound of rows or of work. */
  tooLarge: number
  variants: number
  /** Of the same database, rebuilt from a prefix of its log. */
  prefixes: number
  /** Times that somebody refused, one layout for all. */
  readonly refused: Record<string, number>
  /** How many questions have a clause, input, view or find of each kind. */
  readonly kinds: Record<string, number>
}

export type QuestionComparison = {
  readonly seed: number
  /** About so many questions, in worlds of their own. */
  readonly questionCount: number
  readonly contestants?: readonly Contestant[]
  /** False where it is enough to know that somebody differs. */
  readonly isShrunk?: boolean
}

const QUESTIONS_PER_WORLD = 50
/** One world of so many is large: there plans, buffers and merges count, and brute force is not asked. */
const LARGE_WORLD_SHARE = 12
const LARGE_ENTITY_COUNT = 120

/** Answers that differ; the message holds a case file. */
export class WrongAnswer extends BrokenPromise {
  /** Made small, unless nobody asked for that. */
  readonly caseText: string

  constructor(message: string, text: string) {
    super(`${message}\n${text}`)
    this.caseText = text
  }
}

export function noQuestions(): QuestionCounters {
  const counts = {
    asked: 0,
    filled: 0,
    joined: 0,
    judged: 0,
    failing: 0,
    tooLarge: 0,
    variants: 0,
    prefixes: 0,
  }
  return { ...counts, refused: {}, kinds: {} }
}

/** Throws a `WrongAnswer` where anybody differs. The same seed asks the same questions. */
export async function compareQuestions(comparison: QuestionComparison): Promise<QuestionCounters> {
  const counters = noQuestions()
  for (let world = 0; counters.asked < comparison.questionCount; world++) {
    await compareInOneWorld(comparison.seed * 1_000_003 + world, comparison, counters)
  }
  return counters
}

async function compareInOneWorld(
  seed: number,
  { contestants = CONTESTANTS, isShrunk = true }: QuestionComparison,
  counters: QuestionCounters,
): Promise<void> {
  const random = new SeededRandom(seed)
  const isLarge = random.below(LARGE_WORLD_SHARE) === 0
  const entityCount = isLarge ? LARGE_ENTITY_COUNT : 4 + random.below(7)
  const worlds = [
    arbitraryWorld(random, { entityCount, transactionCount: 3 + random.below(5) }),
    arbitraryWorld(random, { entityCount: 4, transactionCount: 3 }),
  ] as const
  const favouriteT = random.below(worlds[0].facts.basisT + 1)
  const asked: ArbitraryQuestion[] = []
  for (let i = 0; i < QUESTIONS_PER_WORLD; i++) {
    const one = arbitraryQuestion(random, { worlds, favouriteT })
    if (one !== undefined) asked.push({ ...one, kinds: [...one.kinds, ...shapesOf(one, worlds[0])] })
  }
  const options: JudgeOptions = { contestants, hasBruteForce: !isLarge, isShrunk }
  const arena = await Arena.of(worlds, random, options)
  const judged = await arena.judgeAll(asked.map(({ scenario }) => scenario))
  for (const [i, one] of judged.entries()) {
    count(counters, asked[i]!, one)
    if (one.quarrel !== undefined) throw await wrongAnswer(one.scenario, one.quarrel, seed, options)
  }
  await compareVariants({ arena, judged, random, seed, options, counters })
  await comparePrefix({ arena, judged, favouriteT, random, seed, options, counters })
}

/** What the planner can do with the question as a whole. */
function shapesOf({ scenario }: ArbitraryQuestion, { entities }: MadeWorld): readonly string[] {
  const query = parseScenario(scenario, entities)?.query
  if (query === undefined) return []
  const outputs = findVariables(query)
  const names = new Set(query.where.flatMap((clause) => [...variablesOf(clause)]))
  const isDead = (name: Variable): boolean => !outputs.includes(name)
  const isHung = (name: Variable): boolean => hangingParts(query.where, [name], outputs).length > 0
  return [
    ...([...names].some(isDead) ? ['dead variable'] : []),
    ...([...names].some(isHung) ? ['hanging part'] : []),
  ]
}

function count(counters: QuestionCounters, { kinds, joinCount }: ArbitraryQuestion, judged: Judged): void {
  const { meaning, said } = judged
  const rowCount = answered(judged)?.rowCount ?? 0
  counters.asked++
  if (rowCount > 0) counters.filled++
  if (joinCount >= 3) counters.joined++
  if (meaning.kind === 'answer') counters.judged++
  if (said.some(({ outcome }) => outcome.kind === 'error')) counters.failing++
  if (said.some(({ outcome }) => outcome.kind === 'too large')) counters.tooLarge++
  const refusing = new Set(
    said.flatMap(({ who, outcome }) => (outcome.kind === 'refused' ? [who.split(',')[0]!] : [])),
  )
  for (const name of refusing) increase(counters.refused, name)
  for (const kind of new Set(kinds)) increase(counters.kinds, kind)
}

function increase(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}

/** The answer on which all agree. */
function answered({ meaning, said }: Judged): Extract<Outcome, { kind: 'answer' }> | undefined {
  for (const outcome of [meaning, ...said.map((one) => one.outcome)])
    if (outcome.kind === 'answer') return outcome
  return undefined
}

type JudgeOptions = ArenaOptions & { readonly isShrunk: boolean }

type Comparing = {
  readonly arena: Arena
  readonly judged: readonly Judged[]
  readonly random: SeededRandom
  readonly seed: number
  readonly options: JudgeOptions
  readonly counters: QuestionCounters
}

/** The last contestant answers, each time over another layout. */
async function compareVariants({ arena, judged, random, seed, options, counters }: Comparing): Promise<void> {
  const contestant = options.contestants!.at(-1)!
  const layout = contestant.layouts[seed % contestant.layouts.length]!
  const pairs = judged.flatMap((one) => {
    const variant = answered(one) && arbitraryVariant(random, one.scenario)
    return variant === undefined ? [] : [{ one, variant }]
  })
  const outcomes = await arena.answers(
    contestant,
    layout,
    pairs.flatMap(({ variant }) => variant.scenarios),
  )
  let next = 0
  for (const { one, variant } of pairs) {
    const said = outcomes.slice(next, (next += variant.scenarios.length))
    if (!said.every(({ kind }) => kind === 'answer')) continue
    counters.variants++
    if (isSame(variant, said, answered(one)!)) continue
    const message = `${variant.name}: ${contestant.name}, ${layout} answers otherwise`
    throw await wrongVariant(variant, message, seed, options)
  }
}

function isSame(
  { name }: Variant,
  said: readonly Outcome[],
  whole: Extract<Outcome, { kind: 'answer' }>,
): boolean {
  const texts = said.map((outcome) => (outcome.kind === 'answer' ? outcome : whole))
  if (name !== 'shards') return texts[0]!.text === whole.text
  const rows = (value: Edn): readonly string[] => (value as readonly Edn[]).map(textKey)
  const union = new Set(texts.flatMap(({ value }) => rows(value)))
  return [...union].sort().join('\n') === [...new Set(rows(whole.value))].sort().join('\n')
}

/** What was answered as of a moment is what the database says that has only the log up to it. */
async function comparePrefix(comparing: Comparing & { readonly favouriteT: number }): Promise<void> {
  const { arena, judged, favouriteT, random, seed, options, counters } = comparing
  const [first, ...others] = arena.worlds
  const { schema, transactions } = first!.world
  const prefix = makeWorld({ schema, transactions: transactions.slice(0, favouriteT) })
  if (prefix === undefined || favouriteT === 0) return
  const asOfThen = judged.filter(({ scenario }) =>
    scenario.sources.every(({ world, view }) => world > 0 || view.asOf === favouriteT),
  )
  if (asOfThen.length === 0) return
  const then = await Arena.of([prefix, ...others], random, { ...options, hasBruteForce: false })
  for (const one of asOfThen) {
    const expected = answered(one)
    const [again] = await then.judgeAll([withoutAsOf(one.scenario, prefix)])
    const found = again && answered(again)
    if (expected === undefined || found === undefined) continue
    counters.prefixes++
    if (found.text === expected.text) continue
    const message = `as of ${favouriteT}: the database rebuilt from that prefix of the log answers otherwise`
    throw new WrongAnswer(
      `${message} (seed ${seed})`,
      caseText('prefix', one.scenario, found.value, first!.entities),
    )
  }
}

function withoutAsOf(scenario: Scenario, { world }: MadeWorld): Scenario {
  const sources = scenario.sources.map((source) => {
    const { asOf: _asOf, ...view } = source.view
    return source.world === 0 ? { ...source, view } : source
  })
  return { ...scenario, sources, worlds: [world, ...scenario.worlds.slice(1)] }
}

// ── what went wrong, made small ──────────────────────────────────────────────────────────────────────────────────────

/** The quarrel about a scenario, in worlds of its own. */
export async function quarrelAbout(
  scenario: Scenario,
  seed: number,
  options: ArenaOptions,
): Promise<Judged | undefined> {
  const worlds = scenario.worlds.map(makeWorld)
  if (worlds.length === 0 || !worlds.every((made) => made !== undefined)) return undefined
  const arena = await Arena.of(worlds, new SeededRandom(seed), options)
  try {
    const [judged] = await arena.judgeAll([scenario])
    return judged?.quarrel === undefined ? undefined : judged
  } catch (error) {
    // A question with a part left out may be none.
    if (error instanceof VarveError) return undefined
    throw error
  }
}

export async function wrongAnswer(
  scenario: Scenario,
  quarrel: Quarrel,
  seed: number,
  options: JudgeOptions,
): Promise<WrongAnswer> {
  const isWrong = async (one: Scenario): Promise<boolean> =>
    // Of the same sort: what has become another quarrel would lead away from this one.
    (await quarrelAbout(one, seed, options))?.quarrel?.sort === quarrel.sort
  const small = options.isShrunk ? await shrinkScenario(scenario, isWrong) : scenario
  const judged = await quarrelAbout(small, seed, options)
  const { entities } = makeWorld(small.worlds[0]!)!
  const expected = judged === undefined ? null : (answered(judged)?.value ?? null)
  const text = caseText(`fuzz/seed-${seed}`, small, expected, entities)
  return new WrongAnswer(`${(judged?.quarrel ?? quarrel).text} (seed ${seed})`, text)
}

/** A variant that is wrong by itself shrinks as any question does. */
async function wrongVariant(
  variant: Variant,
  message: string,
  seed: number,
  options: JudgeOptions,
): Promise<WrongAnswer> {
  for (const scenario of variant.scenarios) {
    const judged = await quarrelAbout(scenario, seed, options)
    if (judged?.quarrel !== undefined) return wrongAnswer(scenario, judged.quarrel, seed, options)
  }
  const [scenario] = variant.scenarios
  const { entities } = makeWorld(scenario!.worlds[0]!)!
  return new WrongAnswer(
    `${message} (seed ${seed})`,
    caseText(`fuzz/seed-${seed}`, scenario!, null, entities),
  )
}
