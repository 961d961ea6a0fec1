// Non-interference (I12) by chance: random databases, restrictions and ways to ask. What somebody restricted is told must
// be, word for word, what the same asking tells over the same database with other secrets (hidden facts gone, other
// values behind the same masks), and must mean what a database means that was made of the facts that show.
//
// Times are left out: how long something took is the one thing in which secrets may show.

import { errorToData, VarveError } from '../base/errors.ts'
import { restrictTransaction } from '../database/restricted-log.ts'
import type { EngineOptions, Question } from '../engine/question.ts'
import { treeAnswer } from './tree-engine.ts'
import { nativeAnswer, nativeEngine } from '../engine/native/native.ts'
import { entityMap, pull } from '../engine/pull.ts'
import { shapeAnswer } from '../engine/shape.ts'
import type { Datom, FactSource, IndexName, IndexRange } from '../fact/datom.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { schemaForms } from '../fact/schema-forms.ts'
import { type Edn, keyword, symbol, textKey } from '../fact/value.ts'
import type { Answer, EngineInput } from '../plan/engine.ts'
import { parsePullPattern } from '../plan/parse-pull.ts'
import { parsedQuery } from '../query/parsed.ts'
import { PLAN_CACHE_LIMITS, PlanCache } from '../engine/native/plan-cache.ts'
import { arbitraryQuestion } from './arbitrary-question.ts'
import { BrokenPromise } from './broken-promise.ts'
import {
  answerOutcome,
  type Contestant,
  type Outcome,
  outcomeOf,
  ROW_COUNT_MAX,
  WORK_COUNT_MAX,
} from './contestants.ts'
import { parseScenario, type Scenario, type View, viewed } from './question.ts'
import { type RestrictedWorld, restrictedWorld } from './restricted-world.ts'
import { SeededRandom } from './seeded-random.ts'

/** How many askings there were of each kind, and what came of them. */
export type RestrictionCounters = Record<string, number>

const CASES_PER_WORLD = 50

/** Somebody was told what is to stay hidden, or not told what shows. */
export class SecretTold extends BrokenPromise {}

/**
 * Throws a `SecretTold` where anything differs. The same seed asks the same. Another engine, where one is given, answers
 * some of the questions too.
 */
export async function compareRestricted(
  seed: number,
  caseCount: number,
  another?: Contestant,
): Promise<RestrictionCounters> {
  const counters: RestrictionCounters = { asked: 0 }
  for (let world = 0; counters['asked']! < caseCount; world++) {
    const worldSeed = seed * 1_000_003 + world
    const random = new SeededRandom(worldSeed)
    const made = await restrictedWorld(random)
    const judge = new Judge(made, { counters, seed: worldSeed, another })
    judge.schema()
    for (let i = 0; i < CASES_PER_WORLD; i++) await askOne(random, made, judge)
  }
  return counters
}

async function askOne(random: SeededRandom, world: RestrictedWorld, judge: Judge): Promise<void> {
  const view = arbitraryView(random, world.secret.facts.basisT)
  switch (random.below(11)) {
    case 10:
      return judge.misspelt(view, arbitraryMistake(random, world))
    case 0:
      return judge.range(view, ...arbitraryRange(random, world))
    case 1:
      return judge.match(view, arbitraryPlaces(random, world))
    case 2:
      return judge.pulled(view, arbitraryPattern(random, world), arbitraryEntity(random, world))
    case 3:
      return judge.entity(view, arbitraryEntity(random, world))
    case 4:
      return judge.log(random.below(world.secret.facts.basisT + 1))
    default: {
      // Some are made of what shows, so that they have answers; others of the secrets that somebody is after.
      const { secret, model } = world
      const facts = random.below(3) === 0 ? secret.facts : model
      const worlds = [{ ...secret, facts }] as const
      const favouriteT = random.below(model.basisT + 1)
      const asked = unlessLost(() => arbitraryQuestion(random, { worlds, favouriteT }))
      if (asked !== undefined) await judge.question(asked.scenario, random.below(5) === 0)
    }
  }
}

class Judge {
  readonly #world: RestrictedWorld
  readonly #counters: RestrictionCounters
  readonly #seed: number
  readonly #another: Contestant | undefined

  constructor(
    world: RestrictedWorld,
    {
      counters,
      seed,
      another,
    }: {
      readonly counters: RestrictionCounters
      readonly seed: number
      readonly another: Contestant | undefined
    },
  ) {
    this.#world = world
    this.#counters = counters
    this.#seed = seed
    this.#another = another
  }

  schema(): void {
    const text = (facts: FactSource): string =>
      `${facts.schema.t} ${writeEdn(schemaForms(facts))} ${namesOf(facts).join(' ')}`
    this.#compare('schema', text, text)
  }

  range(view: View, index: IndexName, range: IndexRange): void {
    const told = (facts: FactSource): string => datomsText(facts.range(index, range))
    this.#compare('range', (facts) => told(seen(facts, view)), told, view)
  }

  match(view: View, places: Parameters<FactSource['match']>): void {
    const told = (facts: FactSource): string => datomsText(facts.match(...places))
    this.#compare('match', (facts) => told(seen(facts, view)), told, view)
  }

  pulled(view: View, pattern: Edn, entity: Edn): void {
    const told = (facts: FactSource): string => {
      const warnings: unknown[] = []
      const warn = (warning: unknown): void => void warnings.push(warning)
      return `${textKey(pull(facts, parsePullPattern(pattern), entity, { warn }))} ${JSON.stringify(warnings)}`
    }
    this.#compare('pull', (facts) => told(seen(facts, view)), told, view)
  }

  entity(view: View, entity: Edn): void {
    const told = (facts: FactSource): string => textKey(entityMap(facts, entity))
    this.#compare('entity', (facts) => told(seen(facts, view)), told, view)
  }

  /** What is told of a name that is nobody's, and what is suggested for it. */
  misspelt(view: View, name: string): void {
    const forms = [`[:find ?e :where [?e ${name} ?v]]`, `[:find ?v :where [${name} :db/ident ?v]]`]
    const { query } = parsedQuery(forms[name.length & 1]!)
    const limits = { deadlineMs: Infinity, rowCountMax: ROW_COUNT_MAX, memoryBytesMax: Infinity }
    const told = (facts: FactSource): string =>
      textOfAnswer({ query, inputs: [], catalog: new Map([['$', facts]]), limits }, nativeAnswer)
    this.#compare('misspelt', (facts) => told(seen(facts, view)), told, view)
  }

  log(t: number): void {
    const { secret, otherFacts, restriction, model } = this.#world
    const logged = (datoms: readonly Datom[], { schema }: FactSource): string =>
      datomsText(
        restrictTransaction(
          datoms.filter((datom) => datom.t === t),
          restriction,
          schema,
        ),
      )
    const told = logged(secret.facts.datoms, secret.facts)
    this.#same('log', told, logged(otherFacts.datoms, otherFacts), 'other secrets')
    const shown = model
      .history()
      .asOf(t)
      .since(t - 1)
    const sorted = (text: string): string => text.split('\n').sort().join('\n')
    const isForgetful = [...model.schema.attributes()].some(({ noHistory }) => noHistory)
    if (!isForgetful)
      this.#same(
        'log',
        sorted(told),
        sorted(datomsText(shown.match(undefined, undefined, undefined))),
        'the model',
      )
    this.#count('log', told)
  }

  /** By both engines, and by the model without any restriction; `isExplained` compares what they tell of the way. */
  async question(scenario: Scenario, isExplained: boolean): Promise<void> {
    const { told, other, model, isLarge } = this.#world
    const asked = (facts: FactSource): Question => questionOf(scenario, facts, this.#world)
    const naive = (facts: FactSource): string => saying(() => textOfAnswer(asked(facts), treeAnswer))
    const native = (facts: FactSource): string => saying(() => textOfAnswer(asked(facts), nativeAnswer))
    const again = (facts: FactSource): string => saying(() => textOfAnswer(asked(facts), askedAgain))
    const answer = native(told)
    const text = writeEdn(scenario.question.where)
    this.#same('question', answer, native(other), `other secrets: ${text}`)
    // Plans and operators that were made for others, restricted otherwise or not at all, change nothing.
    this.#sameMeaning(again(told), answer, `kept plans: ${text}`)
    if (!isLarge) this.#same('question', naive(told), naive(other), `other secrets, naive engine: ${text}`)
    if (!answer.includes('too-many-rows')) {
      if (!isLarge) this.#sameMeaning(answer, naive(model), `the model: ${text}`)
      this.#sameMeaning(answer, native(model), `the model, natively: ${text}`)
    }
    this.#count('question', answer)
    if (isExplained) await this.#explained(asked, scenario)
    if (isExplained && this.#another !== undefined) await this.#byAnother(this.#another, asked, scenario)
  }

  async #explained(asked: (facts: FactSource) => Question, scenario: Scenario): Promise<void> {
    const { told, other } = this.#world
    const mode = (scenario.question.where.length & 1) === 0 ? 'plan' : 'run'
    const explain = async (facts: FactSource): Promise<string> => {
      const { query, inputs, catalog, limits } = asked(facts)
      try {
        const told = await nativeEngine(options()).explain(query, inputs, catalog, limits, mode)
        return JSON.stringify(told, (key, value: unknown) =>
          key === 'timeMs' || key === 'text' ? '' : value,
        )
      } catch (error) {
        return errorText(error)
      }
    }
    const explained = await explain(told)
    const text = writeEdn(scenario.question.where)
    this.#same('explain', explained, await explain(other), `other secrets: ${text}`)
    this.#count('explain', explained)
  }

  async #byAnother(
    { name, answerAll }: Contestant,
    asked: (facts: FactSource) => Question,
    scenario: Scenario,
  ): Promise<void> {
    const { told, other, model } = this.#world
    const text = writeEdn(scenario.question.where)
    const [said, saidOther] = await answerAll([asked(told), asked(other)])
    const expected = outcomeOf(() => {
      const { query } = asked(model)
      return answerOutcome(query, treeAnswer(asked(model), options()))
    })
    const textOf = (outcome: Outcome | undefined): string =>
      JSON.stringify(outcome, (key, value: unknown) => (key === 'value' ? '' : value))
    this.#same(name, textOf(said), textOf(saidOther), `other secrets: ${text}`)
    if (said?.kind !== 'answer') return
    this.#count(name, said.text)
    if (expected.kind === 'answer') this.#same(name, said.text, expected.text, `the model: ${text}`)
  }

  /** What is told of the newest facts, and of those of the model in the same view. */
  #compare(
    kind: string,
    tell: (facts: RestrictedWorld['told']) => string,
    tellModel: (facts: FactSource) => string,
    view: View = {},
  ): void {
    const { told, other, model } = this.#world
    const text = saying(() => tell(told))
    this.#same(
      kind,
      text,
      saying(() => tell(other)),
      'other secrets',
    )
    this.#sameMeaning(
      text,
      saying(() => tellModel(viewed(model, view))),
      `the model, ${kind}`,
    )
    this.#count(kind, text)
  }

  #sameMeaning(text: string, expected: string, than: string): void {
    // Naive facts say so only of facts that they meet, the index of all: when is not a matter of secrets.
    if (isOfLostPast(text) || isOfLostPast(expected)) return
    this.#same('meaning', withoutAdvice(text), withoutAdvice(expected), than)
  }

  #same(kind: string, told: string, expected: string, than: string): void {
    // Who runs out of time is a matter of time.
    if (told === expected || isOutOfTime(told) || isOutOfTime(expected)) return
    throw new SecretTold(`seed ${this.#seed}, ${kind}: told ${told}\n  by ${than} ${expected}`)
  }

  #count(kind: string, text: string): void {
    const counters = this.#counters
    const add = (name: string): void => void (counters[name] = (counters[name] ?? 0) + 1)
    add('asked')
    add(kind)
    if (text.startsWith('error ')) add('errors')
    else if (text.length > 8) add('filled')
  }
}

function questionOf(
  { sources, question }: Scenario,
  facts: FactSource,
  { secret }: RestrictedWorld,
): Question {
  const { query, rules, values } = parseScenario({ sources, question }, secret.entities)!
  const views = sources.map(({ view }) => seen(facts as RestrictedWorld['told'], view))
  const rest = [...values]
  const inputs = query.inputs.map((input): EngineInput => {
    switch (input.kind) {
      case 'source':
        return { kind: 'facts', facts: views.shift()! }
      case 'rules':
        return { kind: 'rules', rules }
      case 'binding':
        return { kind: 'value', value: rest.shift()! }
    }
  })
  const limits = { deadlineMs: 4 * WORK_COUNT_MAX, rowCountMax: ROW_COUNT_MAX, memoryBytesMax: Infinity }
  return { query, inputs, catalog: new Map(), limits }
}

function seen(facts: RestrictedWorld['told'], view: View): RestrictedWorld['told'] {
  return viewed(facts, view)
}

function options(): EngineOptions {
  let count = 0
  return { clock: { nowMs: () => count++ }, random: new SeededRandom(1) }
}

/** Keeps every plan, and every pipeline, of all that is asked here. */
const PLANS = new PlanCache({ ...PLAN_CACHE_LIMITS, answerMsMax: Infinity })

function askedAgain(question: Question, given: EngineOptions): Answer {
  nativeAnswer(question, given, PLANS)
  return nativeAnswer(question, options(), PLANS)
}

function textOfAnswer(
  question: Question,
  answer: (question: Question, given: EngineOptions) => Answer,
): string {
  const answered = answer(question, options())
  const { columns, warnings } = answered
  return [
    textKey(shapeAnswer(question.query, answered)),
    ...[...columns, ...warnings].map((one) => JSON.stringify(one)),
  ].join('\n')
}

/**
 * Without what rests on the plan: what a planner advises, which of two equal types a column has, and on which of several
 * rows a function failed first.
 */
function withoutAdvice(text: string): string {
  const [failure] = /^error \{"code":"varve\.error\/function-[a-z-]+"/.exec(text) ?? []
  if (failure !== undefined) return failure
  return text.replaceAll(/\n\{"(name|code":"varve\.warning\/large)[^\n]*/g, '')
}

/** What comes of it, be it an error. */
function saying(tell: () => string): string {
  try {
    return tell()
  } catch (error) {
    return errorText(error)
  }
}

function errorText(error: unknown): string {
  if (!(error instanceof VarveError)) throw error
  const { code, kind, message, fix, data } = errorToData(error)
  return `error ${JSON.stringify({ code, kind, message, fix, data })}`
}

function isOutOfTime(text: string): boolean {
  return text.startsWith('error ') && text.includes('query-timeout')
}

/** Undefined where the past that somebody looks for was not kept. */
function unlessLost<X>(make: () => X): X | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof VarveError && isOfLostPast(error.code)) return undefined
    throw error
  }
}

function isOfLostPast(text: string): boolean {
  return /history-gone|past-not-kept/.test(text)
}

function datomsText(datoms: Iterable<Datom>): string {
  return Array.from(datoms, ({ e, a, v, t, added }) => `${e} ${a} ${textKey(v)} ${t} ${added}`).join('\n')
}

function namesOf({ schema }: FactSource): readonly string[] {
  return Array.from(schema.idents(), ([name, e]) => `${name.text} ${e} ${String(schema.identOf(e))}`).sort()
}

function arbitraryView(random: SeededRandom, basisT: number): View {
  const t = random.below(basisT + 1)
  return random.pick<View>([
    {},
    {},
    { asOf: t },
    { since: t },
    { isHistory: true },
    { asOf: t, isHistory: true },
  ])
}

/** A name of the database, secret or not, with a letter less or more. */
function arbitraryMistake(random: SeededRandom, { secret }: RestrictedWorld): string {
  const names = Array.from(secret.facts.schema.idents(), ([name]) => String(name))
  const name = random.oneOf(names)
  switch (random.below(3)) {
    case 0:
      return name
    case 1:
      return /[^/:].$/.test(name) ? name.slice(0, -1) : name
    default:
      return `${name}e`
  }
}

/** Places of a datom, secret or not. */
function arbitraryPlaces(
  random: SeededRandom,
  { secret }: RestrictedWorld,
): [Datom['e'] | undefined, Datom['a'] | undefined, Datom['v'] | undefined] {
  const { e, a, v } = random.oneOf(secret.facts.datoms)
  const maybe = <X>(x: X): X | undefined => (random.below(2) === 0 ? x : undefined)
  return [maybe(e), maybe(a), maybe(v)]
}

function arbitraryRange(random: SeededRandom, { secret }: RestrictedWorld): [IndexName, IndexRange] {
  const index = random.pick<IndexName>(['eavt', 'aevt', 'avet', 'vaet'])
  const datom = random.oneOf(secret.facts.datoms)
  const later = random.oneOf(secret.facts.datoms)
  const places = [...index].map((place) => datom[place as 'e' | 'a' | 'v' | 't'])
  const count = random.below(3)
  const bound = index[count] as 'e' | 'a' | 'v'
  const range = {
    prefix: places.slice(0, count),
    ...(random.below(3) === 0 && { from: datom[bound] }),
    ...(random.below(3) === 0 && { to: later[bound] }),
  }
  return [index, range]
}

function arbitraryEntity(random: SeededRandom, { secret }: RestrictedWorld): Edn {
  const { e, a, v } = random.oneOf(secret.facts.datoms)
  const attribute = secret.facts.schema.attribute(a)!
  switch (random.below(4)) {
    case 0:
      return attribute.unique === undefined ? e : [attribute.ident, v]
    case 1:
      return attribute.ident
    default:
      return e
  }
}

function arbitraryPattern(random: SeededRandom, { secret }: RestrictedWorld): Edn {
  const attributes = [...secret.facts.schema.attributes()]
  const parts: Edn[] = random.below(2) === 0 ? [symbol('*')] : [keyword('db/id')]
  const taken = new Set<string>()
  for (let count = random.below(4); count > 0; count--) {
    const { ident, valueType } = random.oneOf(attributes)
    const isReverse = valueType === 'ref' && random.below(2) === 0
    const key = isReverse ? `${String(ident.namespace)}/_${ident.name}` : ident.text
    if (!taken.has(ident.text)) parts.push(keyword(key))
    taken.add(ident.text)
  }
  return parts
}
