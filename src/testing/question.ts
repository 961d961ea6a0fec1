// A question as its parts, so that tests can change one of them: shuffle clauses, split off a rule, drop what a failure
// does not need. Together with the worlds that it is asked about it is a case (case-text.ts).

import type { EntityId } from '../fact/attribute.ts'
import { type Edn, keyword, symbol } from '../fact/value.ts'
import type { Query, RuleSet, SourceName } from '../plan/syntax.ts'
import { checkRules } from '../query/check-rules.ts'
import { parseQuery } from '../query/parse-query.ts'
import { parseRules } from '../query/parse-rules.ts'
import type { World } from './arbitrary-world.ts'
import { settled } from './naive-database.ts'

export type View = {
  readonly asOf?: number
  readonly since?: number
  readonly isHistory?: boolean
}

export type AskedSource = {
  readonly name: SourceName
  /** Which of the worlds. */
  readonly world: number
  readonly view: View
}

export type QuestionParts = {
  readonly find: readonly Edn[]
  /** `:keys`, `:strs` or `:syms` and its names; nothing for plain rows. */
  readonly keys: readonly Edn[]
  readonly with: readonly Edn[]
  /** Inputs that are neither sources nor rules, each with its argument. */
  readonly inputs: readonly { readonly binding: Edn; readonly value: Edn }[]
  readonly where: readonly Edn[]
  readonly rules: readonly Edn[]
  readonly limit: number | undefined
  readonly offset: number | undefined
}

/** A question, what its sources are, and of which worlds: the first is the one that `$` and `#tempid` mean. */
export type Scenario = {
  readonly worlds: readonly World[]
  readonly sources: readonly AskedSource[]
  readonly question: QuestionParts
}

/** The question as a query of EDN. */
export function queryForm({ question, sources }: Pick<Scenario, 'question' | 'sources'>): Edn {
  const { find, keys, with: withNames, inputs, where, rules, limit, offset } = question
  const names = sources.map(({ name }) => symbol(name))
  const bindings = inputs.map(({ binding }) => binding)
  return [
    keyword('find'),
    ...find,
    ...keys,
    ...section('with', withNames),
    keyword('in'),
    ...names,
    ...bindings,
    ...(rules.length > 0 ? [symbol('%')] : []),
    keyword('where'),
    ...where,
    ...(limit === undefined ? [] : [keyword('limit'), limit]),
    ...(offset === undefined ? [] : [keyword('offset'), offset]),
  ]
}

/** Its arguments after the databases, rules last. */
export function argumentForms({ inputs, rules }: QuestionParts): readonly Edn[] {
  return [...inputs.map(({ value }) => value), ...(rules.length > 0 ? [rules] : [])]
}

/** A question ready to be put to engines. */
export type ParsedQuestion = {
  readonly query: Query
  readonly rules: RuleSet
  /** Values of the inputs that are neither sources nor rules. */
  readonly values: readonly Edn[]
}

/** The parsed question; undefined where it names an entity or a source that is not there. Throws what is wrong with it. */
export function parseScenario(
  scenario: Pick<Scenario, 'question' | 'sources'>,
  entities: ReadonlyMap<string, EntityId>,
): ParsedQuestion | undefined {
  const form = settled(queryForm(scenario), entities)
  const values = settled(scenario.question.inputs.map(({ value }) => value) as Edn, entities)
  const ruleForms = settled(scenario.question.rules, entities)
  if (form === undefined || values === undefined || ruleForms === undefined) return undefined
  const rules: RuleSet = scenario.question.rules.length > 0 ? parseRules(ruleForms) : new Map()
  const query = checkRules(parseQuery(form), rules)
  // A source that nobody gives.
  if (query.catalogSources.length > 0) return undefined
  return { query, rules, values: values as readonly Edn[] }
}

type Viewable<Facts> = { asOf(t: number): Facts; since(t: number): Facts; history(): Facts }

/** The facts as a view shows them. */
export function viewed<Facts extends Viewable<Facts>>(facts: Facts, { asOf, since, isHistory }: View): Facts {
  let seen = facts
  if (asOf !== undefined) seen = seen.asOf(asOf)
  if (since !== undefined) seen = seen.since(since)
  return isHistory === true ? seen.history() : seen
}

function section(name: string, items: readonly Edn[]): readonly Edn[] {
  return items.length === 0 ? [] : [keyword(name), ...items]
}
