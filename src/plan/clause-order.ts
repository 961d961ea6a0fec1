// In which order the clauses of a conjunction run. Greedy and static: at every step, of the clauses whose needs
// are bound, the one that promises the fewest rows. The order changes how long an answer takes, never what it
// is: a clause that cannot run yet waits, and one that can never run is an error that names what it lacks.

import type { FactSource } from '../fact/datom.ts'
import { showGoal } from './show-clause.ts'
import type { Clause, Rule, SourceName, Term, Variable } from './syntax.ts'
import { insufficientBinding } from './errors.ts'
import { attributeOf, isMixed, PlaceFinder, type PlaceMap } from './places.ts'
import { argumentVariables, variablesOf } from './variables.ts'
import {
  innerScope,
  realName,
  ruleScope,
  type Goal,
  type PatternClause,
  type PlanContext,
  type Scope,
} from './scope.ts'

export type Ordered = {
  readonly goals: readonly Goal[]
  /** Clauses that could not run. */
  readonly stuck: readonly Goal[]
  readonly bound: ReadonlySet<Variable>
  /** How the first clause was judged: the price of starting here. */
  readonly firstCost: number
}

type OrClause = Extract<Clause, { kind: 'or' }>
type RuleClause = Extract<Clause, { kind: 'rule' }>

const WAIT = 1000
const CROSS = 300

export class ClauseOrder {
  readonly places: PlaceFinder
  readonly #context: PlanContext
  /** Which calls can run; what is under way counts as yes, so that recursion may rest on itself. */
  readonly #callable = new Map<string, boolean>()
  readonly #orders = new WeakMap<readonly Goal[], Map<string, Ordered>>()

  constructor(context: PlanContext) {
    this.#context = context
    this.places = new PlaceFinder(context)
  }

  /** The goals in the order to run them, as far as they can run. */
  order(goals: readonly Goal[], bound: Iterable<Variable>, scope: Scope): Ordered {
    const relevant = new Set(goals.flatMap((goal) => [...variablesOf(goal)]))
    const start = new Set(bound)
    const key = `${scope.defaultSource} ${[...start].filter((name) => relevant.has(name)).join(' ')}`
    let known = this.#orders.get(goals)
    if (known === undefined) this.#orders.set(goals, (known = new Map()))
    let made = known.get(key)
    if (made === undefined) {
      const failureCount = this.#failureCount
      made = this.#order(goals, start, scope)
      // What rests on an assumption that fell meanwhile is not kept.
      if (failureCount === this.#failureCount) known.set(key, made)
    }
    return { ...made, bound: new Set([...made.bound, ...start]) }
  }

  /** True for a goal that can run, and binds all that it names, with what is bound. */
  isReady(goal: Goal, bound: ReadonlySet<Variable>, scope: Scope): boolean {
    return this.#cost(goal, bound, scope, { places: new Map(), isFirst: false }) < Infinity
  }

  /** The error for goals that can never run, as exact as can be said. */
  stuckError(ordered: Ordered, scope: Scope): Error {
    const [goal] = ordered.stuck
    if (goal === undefined) return insufficientBinding([], 'the query', undefined)
    const inner = this.#innerStuck(goal, ordered.bound, scope)
    if (inner !== undefined) return inner
    const unbound = [...needsOf(goal)].filter((name) => !ordered.bound.has(name))
    return insufficientBinding(unbound, showGoal(goal), 'place' in goal ? goal.place : undefined)
  }

  #failureCount = 0

  #order(goals: readonly Goal[], start: ReadonlySet<Variable>, scope: Scope): Ordered {
    const places = this.places.placesOf(goals, scope)
    const bound = new Set(start)
    const waiting = [...goals]
    const ordered: Goal[] = []
    let firstCost = 0
    while (waiting.length > 0) {
      let best = -1
      let bestCost = Infinity
      for (const [index, goal] of waiting.entries()) {
        const cost = this.#cost(goal, bound, scope, {
          places,
          isFirst: ordered.length === 0 && start.size === 0,
        })
        if (cost < bestCost) {
          best = index
          bestCost = cost
        }
      }
      if (best < 0) break
      const [goal] = waiting.splice(best, 1)
      if (ordered.length === 0) firstCost = bestCost
      ordered.push(goal!)
      for (const name of variablesOf(goal!)) bound.add(name)
    }
    return { goals: ordered, stuck: waiting, bound, firstCost }
  }

  /** Infinity for a goal that cannot run yet. */
  #cost(
    goal: Goal,
    bound: ReadonlySet<Variable>,
    scope: Scope,
    { places, isFirst }: { readonly places: PlaceMap; readonly isFirst: boolean },
  ): number {
    for (const name of needsOf(goal)) if (!bound.has(name)) return Infinity
    switch (goal.kind) {
      case 'predicate':
        return 0
      case 'function':
        return goal.binding.kind === 'collection' || goal.binding.kind === 'relation' ? 7 : 1
      case 'input':
        return rowsCost(goal.terms, goal.rows.length, bound, isFirst)
      case 'pattern':
        return this.#patternCost(goal, bound, scope, { places, isFirst })
      case 'not':
        // What cannot run inside will not run later either: all it may see is bound now.
        return 35
      case 'or':
        return this.#orCost(goal, bound, scope, isFirst)
      case 'rule':
        return this.#ruleCost(goal, bound, scope, isFirst)
    }
  }

  #patternCost(
    goal: PatternClause,
    bound: ReadonlySet<Variable>,
    scope: Scope,
    { places, isFirst }: { readonly places: PlaceMap; readonly isFirst: boolean },
  ): number {
    const source = this.#context.sources.get(realName(goal.source, scope))
    if (source === undefined || source.kind === 'rows') {
      return rowsCost(goal.terms, source?.rows.length ?? 0, bound, isFirst)
    }
    const attribute = attributeOf(source.facts, goal.terms[1])
    const mustWait = goal.terms.some(
      (term, index) =>
        term.kind === 'variable' &&
        !bound.has(term.name) &&
        isMixed(places.get(term.name)) &&
        isResolvedPlace(index, attribute?.valueType),
    )
    return (mustWait ? WAIT : 0) + factsCost(goal.terms, source.facts, bound, isFirst)
  }

  #orCost(goal: OrClause, bound: ReadonlySet<Variable>, scope: Scope, isFirst: boolean): number {
    const { variables, inner } = orInside(goal, scope)
    const inside = [...variables].filter((name) => bound.has(name))
    let cost = 0
    for (const branch of goal.branches) {
      const ordered = this.order(branch, inside, inner)
      if (ordered.stuck.length > 0 || !variables.every((name) => ordered.bound.has(name))) return Infinity
      cost = Math.max(cost, ordered.firstCost)
    }
    return cost + 4 + (inside.length === 0 && !isFirst ? CROSS : 0)
  }

  #ruleCost(goal: RuleClause, bound: ReadonlySet<Variable>, scope: Scope, isFirst: boolean): number {
    const isBound = goal.args.map((arg) => isTermBound(arg, bound))
    const source = goal.source === undefined ? scope.defaultSource : realName(goal.source, scope)
    if (!this.isCallable(goal.name, isBound, source)) return Infinity
    if (isBound.includes(true) || goal.args.length === 0) return 38
    return isFirst ? 110 : CROSS + 110
  }

  /** True if every rule of this name can run and binds its parameters when those marked are bound. */
  isCallable(name: string, isBound: readonly boolean[], source: SourceName): boolean {
    const key = `${name} ${source} ${isBound.map(Number).join('')}`
    const known = this.#callable.get(key)
    if (known !== undefined) return known
    this.#callable.set(key, true)
    const rules = this.#context.rules.get(name) ?? []
    const can = rules.every((rule) => this.#canRun(rule, isBound, source))
    if (!can) {
      // Whatever was found while this counted as yes is found again.
      this.#failureCount++
      for (const [other, value] of this.#callable) if (value) this.#callable.delete(other)
      this.#callable.set(key, false)
    }
    return can
  }

  #canRun(rule: Rule, isBound: readonly boolean[], source: SourceName): boolean {
    const bound = rule.parameters.filter((_, index) => isBound[index])
    if (!rule.required.every((name) => bound.includes(name))) return false
    const ordered = this.order(rule.body, bound, ruleScope(source))
    return ordered.stuck.length === 0 && rule.parameters.every((name) => ordered.bound.has(name))
  }

  /** Looks into an `or` that cannot run for the clause that is to blame. */
  #innerStuck(goal: Goal, bound: ReadonlySet<Variable>, scope: Scope): Error | undefined {
    if (goal.kind !== 'or' || [...needsOf(goal)].some((name) => !bound.has(name))) return undefined
    const { variables, inner } = orInside(goal, scope)
    for (const branch of goal.branches) {
      const ordered = this.order(
        branch,
        variables.filter((name) => bound.has(name)),
        inner,
      )
      if (ordered.stuck.length > 0) return this.stuckError(ordered, inner)
      const missing = variables.filter((name) => !ordered.bound.has(name))
      if (missing.length > 0) return insufficientBinding(missing, showGoal(goal), goal.place)
    }
    return undefined
  }
}

/** The variables that an `or` shares with its surroundings, and the scope of its branches. */
export function orInside(
  goal: OrClause,
  scope: Scope,
): { readonly variables: readonly Variable[]; readonly inner: Scope } {
  const join = goal.join && [...new Set([...goal.join.required, ...goal.join.free])]
  return { variables: join ?? [...variablesOf(goal)], inner: innerScope(scope, goal.source, join) }
}

/** The variables that must be bound before the goal can run. */
export function needsOf(goal: Goal): Iterable<Variable> {
  switch (goal.kind) {
    case 'predicate':
    case 'function':
      return new Set(argumentVariables(goal.args))
    case 'not':
      return variablesOf(goal)
    case 'or':
      return goal.join?.required ?? []
    default:
      return []
  }
}

export function isTermBound(term: Term | undefined, bound: ReadonlySet<Variable>): boolean {
  return term?.kind === 'constant' || (term?.kind === 'variable' && bound.has(term.name))
}

function isResolvedPlace(index: number, valueType: string | undefined): boolean {
  return index === 2 ? valueType === 'ref' || valueType === 'float' : index !== 4
}

function rowsCost(
  terms: readonly Term[],
  rowCount: number,
  bound: ReadonlySet<Variable>,
  isFirst: boolean,
): number {
  if (rowCount <= 1) return 0
  return isFirst || terms.some((term) => isTermBound(term, bound)) ? 3 : 45
}

function factsCost(
  terms: readonly Term[],
  facts: FactSource,
  bound: ReadonlySet<Variable>,
  isFirst: boolean,
): number {
  const [hasE, hasA, hasV, hasTx] = [0, 1, 2, 3].map((index) => isTermBound(terms[index], bound))
  const attribute = attributeOf(facts, terms[1])
  if (hasE) {
    if (hasA) return hasV ? 2 : attribute?.cardinality === 'one' ? 5 : 8
    return hasV ? 9 : 10
  }
  const isJoined = isFirst || terms.some((term) => term.kind === 'variable' && bound.has(term.name))
  const apart = isJoined ? 0 : 2
  if (hasV && hasA) {
    if (attribute?.unique !== undefined) return 4 + apart
    if (attribute?.isIndexed === true || attribute?.valueType === 'ref') return 15 + apart
    return (terms[2]?.kind === 'constant' ? 18 : 20) + apart
  }
  if (hasTx) return 60
  if (hasA) return isJoined ? 100 : CROSS
  if (hasV) return 120
  return isJoined ? 500 : 900
}
