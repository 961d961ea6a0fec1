// Questions that must have the same answer as another one, whatever that is: clauses in another order, one clause
// twice, clauses moved into a rule, and the union of all shards against the whole.

import { type Edn, EdnList, EdnSymbol, symbol } from '../fact/value.ts'
import type { QuestionParts, Scenario } from './question.ts'
import type { SeededRandom } from './seeded-random.ts'

export type Variant = {
  readonly name: 'order' | 'redundant clause' | 'split into a rule' | 'shards'
  /** Asked together; their rows put together are those of the question. */
  readonly scenarios: readonly Scenario[]
}

const SHARD_COUNT = 3
const SHARD = symbol('?shard')

/** One variant of the question, drawn by chance; undefined where that one does not apply. */
export function arbitraryVariant(random: SeededRandom, scenario: Scenario): Variant | undefined {
  switch (random.below(4)) {
    case 0:
      return { name: 'order', scenarios: [withWhere(scenario, random.shuffled(scenario.question.where))] }
    case 1:
      return redundant(random, scenario)
    case 2:
      return split(random, scenario)
    default:
      return sharded(random, scenario)
  }
}

/** One clause once more, or a pattern with a hole where it has a value. */
function redundant(random: SeededRandom, scenario: Scenario): Variant {
  const { where } = scenario.question
  const one = where[random.below(where.length)]!
  const weaker = patternTerms(one)
  const more = weaker !== undefined && random.below(2) === 0 ? [...weaker.slice(0, -1), symbol('_')] : one
  const places = [...where]
  places.splice(random.below(where.length + 1), 0, more as Edn)
  return { name: 'redundant clause', scenarios: [withWhere(scenario, places)] }
}

/** Some patterns become the body of a rule, whose parameters are all their variables. */
function split(random: SeededRandom, scenario: Scenario): Variant | undefined {
  const { question } = scenario
  const patterns = question.where.filter((clause) => patternTerms(clause) !== undefined)
  if (patterns.length === 0) return undefined
  const moved = patterns.filter(() => random.below(2) === 0)
  const body = moved.length > 0 ? moved : patterns.slice(0, 1)
  const names = [...new Set(body.flatMap((clause) => variablesIn(clause)))]
  // A rule has parameters.
  if (names.length === 0) return undefined
  const head = new EdnList([symbol('moved'), ...names.map(symbol)])
  const where = [...question.where.filter((clause) => !body.includes(clause)), head]
  const rules = [...question.rules, [head, ...body] as Edn]
  const made: QuestionParts = { ...question, where: random.shuffled(where), rules }
  return { name: 'split into a rule', scenarios: [{ ...scenario, question: made }] }
}

/** The question of each shard of what stands in the entity place of one pattern. */
function sharded(random: SeededRandom, scenario: Scenario): Variant | undefined {
  const { find, keys, limit, where } = scenario.question
  const isPlain = find.every((element) => element instanceof EdnSymbol && element.text.startsWith('?'))
  if (!isPlain || keys.length > 0 || limit !== undefined) return undefined
  const entities = where.flatMap((clause) => {
    const first = patternTerms(clause)?.find((term) => !isSource(term))
    return first instanceof EdnSymbol && first.text.startsWith('?') ? [first] : []
  })
  const [entity] = random.shuffled(entities)
  if (entity === undefined) return undefined
  const clause: Edn = [new EdnList([symbol('mod'), entity, SHARD_COUNT]), SHARD]
  const scenarios = Array.from({ length: SHARD_COUNT }, (_, value): Scenario => {
    const inputs = [...scenario.question.inputs, { binding: SHARD, value }]
    return { ...scenario, question: { ...scenario.question, inputs, where: [...where, clause] } }
  })
  return { name: 'shards', scenarios }
}

/** The items of a pattern; undefined for every other clause. */
function patternTerms(clause: Edn): readonly Edn[] | undefined {
  if (!Array.isArray(clause)) return undefined
  const items = clause as readonly Edn[]
  return items.some((item) => item instanceof EdnList) ? undefined : items
}

function variablesIn(form: Edn): readonly string[] {
  if (form instanceof EdnSymbol) return form.text.startsWith('?') ? [form.text] : []
  const items = form instanceof EdnList ? form.items : Array.isArray(form) ? (form as readonly Edn[]) : []
  return items.flatMap(variablesIn)
}

function isSource(term: Edn): boolean {
  return term instanceof EdnSymbol && term.text.startsWith('$')
}

function withWhere(scenario: Scenario, where: readonly Edn[]): Scenario {
  return { ...scenario, question: { ...scenario.question, where } }
}
