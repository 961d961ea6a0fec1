// A failing scenario made small: clauses, inputs, rules, transactions, facts and attributes are left out, constants made
// simple, as long as it fails. What remains is nearly always the bug itself.

import { type Edn, EdnList, EdnMap } from '../fact/value.ts'
import type { World } from './arbitrary-world.ts'
import type { QuestionParts, Scenario } from './question.ts'

/** How often the failing question may be asked again. */
const TRIAL_COUNT_MAX = 2_000

/**
 * The smallest scenario found that still fails. `fails` answers false, too, for what cannot be asked: a query with
 * a variable that nothing binds, a transaction that names nobody.
 */
export async function shrinkScenario(
  scenario: Scenario,
  fails: (scenario: Scenario) => Promise<boolean>,
): Promise<Scenario> {
  let best = scenario
  let trialCount = 0
  for (;;) {
    const smaller = await firstFailing(best)
    if (smaller === undefined) return best
    best = smaller
  }

  async function firstFailing(from: Scenario): Promise<Scenario | undefined> {
    for (const candidate of smallerScenarios(from)) {
      if (++trialCount > TRIAL_COUNT_MAX) return undefined
      if (await fails(candidate)) return candidate
    }
    return undefined
  }
}

/** Scenarios that are a little smaller, the greatest steps first. */
function* smallerScenarios(scenario: Scenario): Iterable<Scenario> {
  const { worlds, sources, question } = scenario
  if (sources.length > 1) yield { ...scenario, sources: sources.slice(0, 1), worlds: worlds.slice(0, 1) }
  for (const part of smallerQuestions(question)) yield { ...scenario, question: part }
  for (const [at, world] of worlds.entries()) {
    for (const less of smallerWorlds(world)) yield { ...scenario, worlds: worlds.with(at, less) }
  }
  for (const [at, source] of sources.entries()) {
    for (const key of Object.keys(source.view)) {
      const view = Object.fromEntries(Object.entries(source.view).filter(([one]) => one !== key))
      yield { ...scenario, sources: sources.with(at, { ...source, view }) }
    }
  }
}

function* smallerQuestions(question: QuestionParts): Iterable<QuestionParts> {
  for (const where of without(question.where)) yield { ...question, where }
  for (const rules of without(question.rules)) yield { ...question, rules }
  for (const inputs of without(question.inputs)) yield { ...question, inputs }
  if (question.keys.length > 0) yield { ...question, keys: [] }
  if (question.with.length > 0) yield { ...question, with: [] }
  if (question.limit !== undefined) yield { ...question, limit: undefined, offset: undefined }
  if (question.find.length > 1)
    for (const find of without(question.find)) yield { ...question, find, keys: [] }
  for (const find of simplerItems(question.find)) yield { ...question, find }
  for (const where of simplerItems(question.where)) yield { ...question, where }
  for (const [at, input] of question.inputs.entries()) {
    for (const value of simpler(input.value))
      yield { ...question, inputs: question.inputs.with(at, { ...input, value }) }
  }
}

function* smallerWorlds(world: World): Iterable<World> {
  const { transactions, schema } = world
  // Half of the history at once, then one transaction, then one fact.
  if (transactions.length > 3)
    yield { ...world, transactions: transactions.slice(0, transactions.length >> 1) }
  for (const fewer of without(transactions)) yield { ...world, transactions: fewer }
  for (const [at, operations] of transactions.entries()) {
    if (operations.length > 1) {
      for (const fewer of without(operations)) yield { ...world, transactions: transactions.with(at, fewer) }
    }
    for (const simple of simplerItems(operations))
      yield { ...world, transactions: transactions.with(at, simple) }
  }
  for (const fewer of without(schema)) yield { ...world, schema: fewer }
}

/** The list without one of its items, for each of them. */
function* without<Item>(items: readonly Item[]): Iterable<readonly Item[]> {
  for (let i = 0; i < items.length; i++) yield items.toSpliced(i, 1)
}

/** The list with one of its items a little simpler. */
function* simplerItems(items: readonly Edn[]): Iterable<readonly Edn[]> {
  for (const [at, item] of items.entries()) for (const simple of simpler(item)) yield items.with(at, simple)
}

/** The form with a constant made plain, or with a part left out. */
function* simpler(form: Edn): Iterable<Edn> {
  if (typeof form === 'number' && form !== 0 && form !== 1) yield 1
  if (typeof form === 'bigint') yield 1
  if (typeof form === 'string' && form.length > 1 && !/^e\d+$/.test(form)) yield 'a'
  if (form instanceof EdnMap) {
    for (const entries of without(form.entries)) if (entries.length > 0) yield new EdnMap(entries)
    for (const [at, [key, value]] of form.entries.entries()) {
      for (const simple of simpler(value)) yield new EdnMap(form.entries.with(at, [key, simple]))
    }
  }
  if (form instanceof EdnList) {
    for (const items of without(form.items)) yield new EdnList(items)
    for (const items of simplerItems(form.items)) yield new EdnList(items)
  }
  if (Array.isArray(form)) {
    const items = form as readonly Edn[]
    for (const fewer of without(items)) if (fewer.length > 0) yield fewer
    yield* simplerItems(items) as Iterable<Edn>
  }
}
