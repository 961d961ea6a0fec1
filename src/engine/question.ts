// A question with everything that it is asked over, and what every engine begins with: inputs taken apart (binding.ts), what
// is wrong with the question whatever the facts are (validate.ts), whether its clauses can run (plan/clause-order.ts).

import { assert } from '../base/assert.ts'
import type { FactSource } from '../fact/datom.ts'
import type { Edn } from '../fact/value.ts'
import type { EngineInput, EngineLimits } from '../plan/engine.ts'
import type { Clause, Input, Query, RuleSet, SourceName, Term, Variable } from '../plan/syntax.ts'
import { NO_STORED_FUNCTIONS } from '../plan/functions.ts'
import type { Random } from './aggregates.ts'
import { bindingVariables, variablesOf } from '../plan/variables.ts'
import { showBinding } from '../plan/show-clause.ts'
import { inputRows } from './binding.ts'
import { ClauseOrder } from '../plan/clause-order.ts'
import { inputCountWrong, inputShapeWrong, unboundFindVariable } from './errors.ts'
import { sourceUnknown } from '../plan/errors.ts'
import { findVariables } from '../plan/finish.ts'
import { checkFind, type FindSetting, type UserAggregate } from './find.ts'
import type { ValueFunction } from './functions.ts'
import { itemsOf } from './functions-collection.ts'
import { printShort } from './print.ts'
import { Budget } from './budget.ts'
import { distinctRows } from './relation.ts'
import type { InputGoal, Scope, Source } from '../plan/scope.ts'
import type { QueryContext } from './context.ts'
import { validate } from './validate.ts'

/** Functions that an embedding program registers, by the name that queries call them with. */
export type UserFunctions = {
  readonly functions?: ReadonlyMap<string, ValueFunction>
  readonly aggregates?: ReadonlyMap<string, UserAggregate>
  /** For `:xform` of pull patterns. */
  readonly xforms?: ReadonlyMap<string, (value: Edn) => Edn>
}

export type EngineOptions = {
  /** The clock on which `EngineLimits.deadlineMs` is a moment. */
  readonly clock: { nowMs(): number }
  /** For `rand` and `sample`. */
  readonly random: Random
  readonly functions?: UserFunctions
}

/** A query with everything that it is asked over. */
export type Question = {
  readonly query: Query
  readonly inputs: readonly EngineInput[]
  readonly catalog: ReadonlyMap<SourceName, FactSource>
  readonly limits: EngineLimits
}

const NOTHING: ReadonlyMap<string, never> = new Map<string, never>()

/** A question with its inputs taken apart; whether it is right nobody has looked at. */
export type BoundQuestion = {
  readonly goals: readonly InputGoal[]
  readonly setting: FindSetting
}

/** A question found right, whatever the facts: what every engine begins with. */
export type Prepared = BoundQuestion & {
  /** The inputs that anything asks for. */
  readonly goals: readonly InputGoal[]
  readonly order: ClauseOrder
}

/** Throws what is wrong with the question. */
export function prepare(question: Question, options: EngineOptions): Prepared {
  return checked(question.query, bound(question, options))
}

/** Throws what is wrong with the inputs alone. */
export function bound({ query, inputs, catalog, limits }: Question, options: EngineOptions): BoundQuestion {
  const budget = Budget.of(limits, () => options.clock.nowMs())
  const { sources, rules, goals } = bindInputs(query, inputs, budget)
  for (const name of query.catalogSources) {
    const facts = catalog.get(name)
    if (facts === undefined) throw sourceUnknown(name, undefined)
    sources.set(name, { kind: 'facts', facts })
  }
  const context: QueryContext = {
    sources,
    rules,
    hasLargeLongs: false,
    budget,
    userFunctions: options.functions?.functions ?? NOTHING,
    stored: limits.stored ?? NO_STORED_FUNCTIONS,
  }
  const scope: Scope = { defaultSource: '$', inputs: inputValues(goals) }
  const setting: FindSetting = {
    context,
    scope,
    random: options.random,
    userAggregates: options.functions?.aggregates ?? NOTHING,
    xform: (name) => options.functions?.xforms?.get(name),
  }
  return { goals, setting }
}

/** Throws what is wrong with the question, whatever the facts. */
export function checked(query: Query, { goals, setting }: BoundQuestion): Prepared {
  const { context, scope } = setting
  const order = new ClauseOrder(context)
  validate(query.where, scope, context, order)
  checkFind(query, setting)
  const variables = findVariables(query)
  const wanted = wantedInputs(goals, query.where, variables)
  const ordered = order.order([...wanted, ...query.where], [], scope)
  if (ordered.stuck.length > 0) throw order.stuckError(ordered, scope)
  for (const name of variables) if (!ordered.bound.has(name)) throw unboundFindVariable(name)
  return { goals: wanted, order, setting }
}

type BoundInputs = {
  readonly sources: Map<SourceName, Source>
  readonly rules: RuleSet
  readonly goals: readonly InputGoal[]
}

function bindInputs(query: Query, inputs: readonly EngineInput[], budget: Budget): BoundInputs {
  if (inputs.length !== query.inputs.length) throw inputCountWrong(query.inputs.length, inputs.length)
  const sources = new Map<SourceName, Source>()
  const goals: InputGoal[] = []
  let rules: RuleSet = NOTHING
  for (const [index, input] of query.inputs.entries()) {
    const given = inputs[index]!
    if (input.kind === 'source') sources.set(input.name, sourceOf(given, input.name))
    else if (input.kind === 'rules') {
      assert(given.kind === 'rules', 'rules are parsed before they reach an engine')
      rules = given.rules
    } else goals.push(goalOf(input, { index, given }, budget))
  }
  return { sources, rules, goals }
}

function sourceOf(given: EngineInput, name: SourceName): Source {
  if (given.kind === 'facts') return given
  if (given.kind === 'rows') return { kind: 'rows', rows: given.rows }
  assert(given.kind === 'value', 'a source is a database or rows')
  const rows = itemsOf(given.value)?.map(itemsOf)
  if (rows === undefined || !rows.every((row) => row !== undefined)) {
    throw inputShapeWrong(printShort(given.value), 'a database or a vector of rows', name)
  }
  return { kind: 'rows', rows }
}

function goalOf(
  input: Extract<Input, { kind: 'binding' }>,
  { index, given }: { readonly index: number; readonly given: EngineInput },
  budget: Budget,
): InputGoal {
  const value = given.kind === 'rows' ? (given.rows as Edn) : given.kind === 'value' ? given.value : undefined
  if (value === undefined) throw inputShapeWrong('a database', 'a value', showBinding(input.binding))
  const names = bindingVariables(input.binding)
  const rows = distinctRows(inputRows(input.binding, value), budget)
  budget.holdRows(rows.length, () => 'an input')
  return { kind: 'input', index, terms: names.map(variableTerm), rows }
}

function variableTerm(name: Variable): Term {
  return { kind: 'variable', name }
}

/** The distinct values of each input variable. */
function inputValues(goals: readonly InputGoal[]): ReadonlyMap<Variable, readonly Edn[]> {
  const values = new Map<Variable, readonly Edn[]>()
  for (const { terms, rows } of goals) {
    terms.forEach((term, place) => {
      if (term.kind !== 'variable') return
      values.set(term.name, [...(values.get(term.name) ?? []), ...rows.map((row) => row[place]!)])
    })
  }
  return values
}

/** The inputs that anything asks for: one that nobody names neither filters nor multiplies. */
function wantedInputs(
  goals: readonly InputGoal[],
  where: readonly Clause[],
  variables: readonly Variable[],
): readonly InputGoal[] {
  const wanted = new Set<Variable>(variables)
  for (const clause of where) for (const name of variablesOf(clause)) wanted.add(name)
  return goals.filter((goal) => [...variablesOf(goal)].some((name) => wanted.has(name)))
}
