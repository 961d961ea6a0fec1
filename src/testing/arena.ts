// Where scenarios are judged: the worlds of one or many, laid out in every way, and what everybody answers about them.

import { assert } from '../base/assert.ts'
import type { Question } from '../engine/question.ts'
import type { FactSource } from '../fact/datom.ts'
import type { IndexedFacts } from '../index/indexed-facts.ts'
import { AnswerRows } from '../plan/answer-rows.ts'
import type { EngineInput } from '../plan/engine.ts'
import type { MadeWorld } from './arbitrary-world.ts'
import {
  answerOutcome,
  type Contestant,
  CONTESTANTS,
  type Outcome,
  outcomeOf,
  ROW_COUNT_MAX,
  WORK_COUNT_MAX,
} from './contestants.ts'
import { FACT_LAYOUTS, type FactLayout, laidOut } from './layouts.ts'
import { naiveAnswer } from './naive-find.ts'
import type { NaiveFacts } from './naive-facts.ts'
import { type AskedSource, type ParsedQuestion, parseScenario, type Scenario, viewed } from './question.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What brute force may look at for one question: products of products take for ever. */
const LOOK_COUNT_MAX = 30_000

export type Judged = {
  readonly scenario: Scenario
  /** What it means; of kind `too large` where brute force had no patience for it. */
  readonly meaning: Outcome
  readonly said: readonly { readonly who: string; readonly outcome: Outcome }[]
  /** Who differs from whom; undefined where all agree. */
  readonly quarrel: Quarrel | undefined
}

export type Quarrel = {
  /** Who differs, and whether by an answer or by an error: what a smaller scenario must show as well. */
  readonly sort: string
  readonly text: string
}

export type ArenaOptions = {
  readonly contestants?: readonly Contestant[]
  /** False where worlds are so large that brute force would never end. */
  readonly hasBruteForce?: boolean
}

export class Arena {
  readonly worlds: readonly MadeWorld[]
  readonly #layouts: ReadonlyMap<FactLayout, readonly IndexedFacts[]>
  readonly #options: ArenaOptions
  /** Views by layout, world and moment: engines keep what they made of them. */
  readonly #views = new Map<string, FactSource>()

  private constructor(
    worlds: readonly MadeWorld[],
    layouts: ReadonlyMap<FactLayout, readonly IndexedFacts[]>,
    options: ArenaOptions,
  ) {
    this.worlds = worlds
    this.#layouts = layouts
    this.#options = options
  }

  static async of(
    worlds: readonly MadeWorld[],
    random: SeededRandom,
    options: ArenaOptions = {},
  ): Promise<Arena> {
    const layouts = new Map<FactLayout, readonly IndexedFacts[]>()
    for (const layout of FACT_LAYOUTS) {
      const facts: IndexedFacts[] = []
      for (const world of worlds) facts.push(await laidOut(world.facts, layout, random))
      layouts.set(layout, facts)
    }
    return new Arena(worlds, layouts, options)
  }

  /** What everybody says to each scenario over these worlds; those that cannot be asked are left out. */
  async judgeAll(scenarios: readonly Scenario[]): Promise<readonly Judged[]> {
    const asked = scenarios.flatMap((scenario) => {
      const parsed = parseScenario(scenario, this.worlds[0]!.entities)
      return parsed === undefined ? [] : [{ scenario, parsed, said: [] as Judged['said'][number][] }]
    })
    for (const { name, layouts, answerAll } of this.#options.contestants ?? CONTESTANTS) {
      for (const layout of layouts) {
        const questions = asked.map(({ scenario, parsed }) => this.#question(scenario, parsed, layout))
        const outcomes = await answerAll(questions)
        assert(outcomes.length === asked.length, 'every question gets an outcome')
        asked.forEach(({ said }, i) => said.push({ who: `${name}, ${layout}`, outcome: outcomes[i]! }))
      }
    }
    return asked.map(({ scenario, parsed, said }) => {
      const meaning = this.#meaning(scenario, parsed)
      return { scenario, meaning, said, quarrel: quarrelOf(meaning, said) }
    })
  }

  /** What one contestant says over one layout. */
  async answers(
    contestant: Contestant,
    layout: FactLayout,
    scenarios: readonly Scenario[],
  ): Promise<readonly Outcome[]> {
    const { entities } = this.worlds[0]!
    return contestant.answerAll(
      scenarios.map((scenario) => {
        const parsed = parseScenario(scenario, entities)
        assert(parsed !== undefined, 'it names the same entities as before')
        return this.#question(scenario, parsed, layout)
      }),
    )
  }

  #meaning({ sources }: Scenario, { query, rules, values }: ParsedQuestion): Outcome {
    if (this.#options.hasBruteForce === false) return { kind: 'too large' }
    const facts = new Map(sources.map((source) => [source.name, this.#naive(source)]))
    const setting = { sources: facts, rules, values, patience: { looksLeft: LOOK_COUNT_MAX } }
    return outcomeOf(() => {
      const rows = naiveAnswer(query, setting)
      return rows === undefined ? { kind: 'too large' } : answerOutcome(query, { rows: AnswerRows.of(rows) })
    })
  }

  #question({ sources }: Scenario, { query, rules, values }: ParsedQuestion, layout: FactLayout): Question {
    const facts = sources.map((source) => this.#indexed(source, layout))
    const rest = [...values]
    const inputs = query.inputs.map((input): EngineInput => {
      switch (input.kind) {
        case 'source':
          return { kind: 'facts', facts: facts.shift()! }
        case 'rules':
          return { kind: 'rules', rules }
        case 'binding':
          return { kind: 'value', value: rest.shift()! }
      }
    })
    const limits = { deadlineMs: WORK_COUNT_MAX, rowCountMax: ROW_COUNT_MAX, memoryBytesMax: Infinity }
    return { query, inputs, catalog: new Map(), limits }
  }

  #naive(source: AskedSource): NaiveFacts {
    return this.#kept('naive', source, () => viewed(this.worlds[source.world]!.facts, source.view))
  }

  #indexed(source: AskedSource, layout: FactLayout): IndexedFacts {
    return this.#kept(layout, source, () => viewed(this.#layouts.get(layout)![source.world]!, source.view))
  }

  #kept<Facts extends FactSource>(where: string, { world, view }: AskedSource, make: () => Facts): Facts {
    const key = `${where} ${world} ${JSON.stringify(view)}`
    const facts = this.#views.get(key) ?? make()
    this.#views.set(key, facts)
    // Keys of one place lead to facts of one kind.
    return facts as Facts
  }
}

function quarrelOf(meaning: Outcome, said: Judged['said']): Quarrel | undefined {
  // Whether a question fails may depend on rows that other clauses reject: of that brute force knows nothing.
  const all = meaning.kind === 'answer' ? [{ who: 'brute force', outcome: meaning }, ...said] : said
  const heard = all.filter(({ outcome }) => outcome.kind === 'answer' || outcome.kind === 'error')
  const [first, ...others] = heard
  const other = others.find(({ outcome }) => meaningOf(outcome) !== meaningOf(first!.outcome))
  if (first === undefined || other === undefined) return undefined
  return {
    sort: `${other.who.split(',')[0]} ${other.outcome.kind}, ${first.outcome.kind}`,
    text: `${other.who} says ${textOf(other.outcome)}, ${first.who} says ${textOf(first.outcome)}`,
  }
}

/** Calls may fail in several ways, on several rows: which of these is told is no part of the meaning. */
function meaningOf(outcome: Outcome): string {
  return outcome.kind === 'error' ? 'error' : textOf(outcome)
}

function textOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'answer':
      return outcome.text
    case 'error':
      return `error ${outcome.code}`
    default:
      return outcome.kind
  }
}
