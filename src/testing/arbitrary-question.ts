// Random questions that have an answer, made from the facts: which sources they ask at which moments, clauses that a
// witness satisfies (question-draft.ts), inputs and a find. All of it follows from one seed.

import { readEdn } from '../fact/edn-reader.ts'
import type { Edn } from '../fact/value.ts'
import { ClauseMaker } from './arbitrary-clauses.ts'
import { arbitraryFind } from './arbitrary-find.ts'
import { arbitraryInputs } from './arbitrary-inputs.ts'
import { calledRules, isRecursive, ruleClosure } from './arbitrary-rules.ts'
import type { MadeWorld } from './arbitrary-world.ts'
import type { AskedSource, Scenario, View } from './question.ts'
import { isEntity, QuestionDraft } from './question-draft.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What a question is made of, for the distribution that tests print and guard. */
export type ArbitraryQuestion = {
  readonly scenario: Scenario
  /** Kinds of clauses, inputs, views and finds, each as often as it stands there. */
  readonly kinds: readonly string[]
  /** How many clauses share a variable with those before them. */
  readonly joinCount: number
}

export type QuestionOptions = {
  /** The first is asked as `$`. */
  readonly worlds: readonly [MadeWorld, ...MadeWorld[]]
  /** A t at which views stand often, so that one prefix of the log serves many questions. */
  readonly favouriteT: number
  /** Leaves out what Datomic answers otherwise (docs/reference/datomic.md). */
  readonly isForDatomic?: boolean
}

const LARGE_FACT_COUNT = 300

/** So many proposals for the first pattern: the view may hold little. */
const FIRST_TRY_COUNT = 20

/** A question about what these worlds hold; undefined where a view shows next to nothing. */
export function arbitraryQuestion(
  random: SeededRandom,
  options: QuestionOptions,
): ArbitraryQuestion | undefined {
  const { worlds, isForDatomic = false } = options
  const sources = arbitrarySources(random, options)
  const draft = new QuestionDraft(random, { worlds, sources, isForDatomic })
  if ([...draft.datoms.values()].some((datoms) => datoms.length < 3)) return undefined
  const clauses = new ClauseMaker(draft)
  for (let tries = FIRST_TRY_COUNT; draft.witness.size === 0 && tries > 0; tries--) clauses.pattern()
  if (draft.witness.size === 0) return undefined
  // Beside many other patterns, or among many facts, a circle is too large for one of those who answer.
  const isLarge = draft.datoms.get('$')!.length > LARGE_FACT_COUNT
  const hasCircle = random.below(isLarge ? 30 : 9) === 0
  if (hasCircle) clauses.circle()
  for (let count = hasCircle ? random.below(2) : random.below(11) >> 1; count > 0; count--) clauses.pattern()
  for (let count = random.below(4); count > 0; count--) clauses.other()
  if (sources.length > 1 && !draft.clauses.some((text) => text.includes('$b'))) clauses.patternOf('$b')
  return finished(draft, options)
}

function finished(draft: QuestionDraft, { worlds }: QuestionOptions): ArbitraryQuestion {
  const { random, sources, kinds, joinCount } = draft
  const read = (text: string): Edn => readEdn(text).value
  const inputs = arbitraryInputs(draft).map(({ binding, value }) => ({
    binding: read(binding),
    value: read(value),
  }))
  const { find, kinds: findKinds } = arbitraryFind(random, {
    witness: draft.witness,
    isForDatomic: draft.isForDatomic,
    mayPull: !draft.facts.get('$')!.isHistory,
    isPullable: (value) => isEntity(value) && draft.names.has(value),
  })
  const called = draft.clauses.flatMap((clause) => calledRules(draft.rules, clause))
  if (called.some(isRecursive)) kinds.push('recursion')
  const isOfTwo = sources.some(({ world }) => world > 0)
  kinds.push(...findKinds, ...Object.keys(sources[0]!.view))
  if (sources.length > 1) kinds.push('two sources')
  if (isOfTwo) kinds.push('two databases')
  const where = random.shuffled(draft.clauses).map(read)
  const question = { ...find, inputs, where, rules: ruleClosure(draft.rules, called) }
  const used = worlds.slice(0, isOfTwo ? worlds.length : 1).map(({ world }) => world)
  return { scenario: { worlds: used, sources, question }, kinds, joinCount }
}

/** The first world at some moment; now and then beside itself at another one, or beside another world. */
function arbitrarySources(
  random: SeededRandom,
  { worlds, favouriteT }: QuestionOptions,
): readonly AskedSource[] {
  const viewOf = (world: number): View => arbitraryView(random, worlds[world]!.facts.basisT, favouriteT)
  const first: AskedSource = { name: '$', world: 0, view: viewOf(0) }
  const choice = random.below(10)
  if (choice === 0 && worlds.length > 1) return [first, { name: '$b', world: 1, view: viewOf(1) }]
  if (choice < 3) return [first, { name: '$b', world: 0, view: viewOf(0) }]
  return [first]
}

function arbitraryView(random: SeededRandom, basisT: number, favouriteT: number): View {
  const t = random.below(2) === 0 ? Math.min(favouriteT, basisT) : 1 + random.below(basisT)
  switch (random.below(14)) {
    case 0:
    case 1:
    case 2:
      return { asOf: t }
    case 3:
      return { since: t - 1 }
    case 4:
      return { isHistory: true }
    case 5:
      return { asOf: t, isHistory: true }
    case 6:
      return { asOf: t, since: Math.floor(t / 2) }
    default:
      return {}
  }
}
