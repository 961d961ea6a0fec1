// Random questions and histories as cases for the real Datomic: Varve's answers, on which brute force and all engines
// agree, are what it must say as well. What it answers otherwise on purpose (docs/reference/datomic.md) is not asked:
// worlds have no values of which that is known, questions no such functions.

import { type Edn, EdnList, EdnMap, EdnSet, keyword } from '../../../src/fact/value.ts'
import { readEdn } from '../../../src/fact/edn-reader.ts'
import { writeEdn } from '../../../src/fact/edn-writer.ts'
import { arbitraryQuestion } from '../../../src/testing/arbitrary-question.ts'
import { arbitraryWorld, type MadeWorld } from '../../../src/testing/arbitrary-world.ts'
import { Arena } from '../../../src/testing/arena.ts'
import { caseText } from '../../../src/testing/case-text.ts'
import type { QuestionParts, Scenario, View } from '../../../src/testing/question.ts'
import { SeededRandom } from '../../../src/testing/seeded-random.ts'

export type GeneratedCases = {
  readonly questions: readonly string[]
  /** Of each history every fact that it holds, as assertion or retraction; as of some moment; and what it refused. */
  readonly histories: readonly string[]
}

export type GeneratedOptions = {
  readonly seed: number
  readonly questionCount: number
  readonly historyCount: number
}

const QUESTIONS_PER_WORLD = 40

export async function generatedCases({
  seed,
  questionCount,
  historyCount,
}: GeneratedOptions): Promise<GeneratedCases> {
  const random = new SeededRandom(seed)
  const questions: string[] = []
  while (questions.length < questionCount) {
    const world = worldFor(random)
    for (const text of await questionsAbout(world, random, questions.length)) questions.push(text)
  }
  const histories: string[] = []
  for (let i = 0; i < historyCount; i++) histories.push(...(await historyCases(random, i)))
  return { questions: questions.slice(0, questionCount), histories }
}

function worldFor(random: SeededRandom): ReturnType<typeof arbitraryWorld> {
  const entityCount = 4 + random.below(7)
  return arbitraryWorld(random, { entityCount, transactionCount: 3 + random.below(5), isForDatomic: true })
}

async function questionsAbout(
  world: MadeWorld,
  random: SeededRandom,
  firstNumber: number,
): Promise<readonly string[]> {
  const arena = await Arena.of([world], random)
  const scenarios = Array.from({ length: QUESTIONS_PER_WORLD }, () => {
    const options = { worlds: [world], favouriteT: 1, isForDatomic: true } as const
    return arbitraryQuestion(random, options)?.scenario
  })
  const judged = await arena.judgeAll(scenarios.filter((scenario) => scenario !== undefined))
  return judged.flatMap(({ scenario, meaning, quarrel }, i) => {
    if (quarrel !== undefined) throw new Error(`${quarrel.text}: mend this first`)
    if (meaning.kind !== 'answer') return []
    const text = caseText(`generated/question-${firstNumber + i}`, scenario, meaning.value, world.entities)
    return isSayable(meaning.value, world) ? [text] : []
  })
}

/** True where every id of the answer has a name: those are others in Datomic. */
function isSayable(value: Edn, { entities, facts }: MadeWorld): boolean {
  const known = new Set(entities.values())
  const says = (form: Edn): boolean => {
    if (typeof form === 'number') return form < 2 ** 32 || known.has(form) || form - 2 ** 32 <= facts.basisT
    if (Array.isArray(form)) return (form as readonly Edn[]).every(says)
    if (form instanceof EdnList || form instanceof EdnSet) return form.items.every(says)
    // The moments of transactions are Datomic's own.
    if (form instanceof EdnMap)
      return form.get(keyword('db/txInstant')) === undefined && form.entries.every(([, item]) => says(item))
    return true
  }
  return says(value)
}

/** What stands in the history of a world, what held at a moment of it, and transactions that were refused. */
async function historyCases(random: SeededRandom, number: number): Promise<readonly string[]> {
  const world = worldFor(random)
  const arena = await Arena.of([world], random)
  const views: readonly (readonly [string, View])[] = [
    ['history', { isHistory: true }],
    ['as-of', { asOf: 1 + random.below(world.facts.basisT) }],
  ]
  const scenarios = views.map(([, view]) => everyFact(world, view))
  const judged = await arena.judgeAll(scenarios)
  const facts = judged.map(({ scenario, meaning }, i) => {
    if (meaning.kind !== 'answer') throw new Error('every fact of a small world can be told')
    return caseText(`generated/${views[i]![0]}-${number}`, scenario, meaning.value, world.entities)
  })
  return [...facts, ...world.refused.slice(0, 1).map((one) => refusedCase(world, one, number))]
}

function everyFact({ world }: MadeWorld, view: View): Scenario {
  const read = (text: string): readonly Edn[] => readEdn(text).value as readonly Edn[]
  const idents = world.schema.flatMap((form) => {
    const ident = form instanceof EdnMap ? form.get(keyword('db/ident')) : undefined
    return ident === undefined ? [] : [ident]
  })
  const question: QuestionParts = {
    find: read('[?e ?ident ?v ?tx ?added]'),
    keys: [],
    with: [],
    inputs: [{ binding: read('[?ident ...]'), value: idents }],
    where: read('[[?a :db/ident ?ident] [?e ?a ?v ?tx ?added]]'),
    rules: [],
    limit: undefined,
    offset: undefined,
  }
  // The names of attributes stand in the schema: a history shows them once more for each change.
  return { worlds: [world], sources: [{ name: '$', world: 0, view }], question }
}

function refusedCase(
  { world }: MadeWorld,
  { after, form, code }: ReturnType<typeof arbitraryWorld>['refused'][number],
  number: number,
): string {
  const tx = [...world.transactions.slice(0, after), form]
  return `{:name "generated/refused-${number}" :schema ${writeEdn(world.schema)}
 :tx ${writeEdn(tx)}
 :query [:find ?e :where [?e :p/name "tea"]]
 :expect-error :${code}}\n`
}
