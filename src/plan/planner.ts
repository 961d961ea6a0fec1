// From the syntax tree to a plan. The clauses of a conjunction are taken one after another, each time the one that leaves
// the fewest rows, judged by true counts; so the order in which they were written does not matter. What a clause
// brings that nobody asks for later is dropped.
//
// The question was found right before (every clause can run in some order, names exist): what is left to refuse is what
// steps cannot say, and then the engine answers that evaluates the syntax tree.

import { costOf, type Cost, factsJoined, rowsJoined } from './cost.ts'
import type { Counts } from './counts.ts'
import { needsOf, orInside } from './clause-order.ts'
import { findVariables, finishOf } from './finish.ts'
import { functionNamed } from './functions.ts'
import { type Draft, kindOfValue, patternDraft, rowsDraft } from './pattern-step.ts'
import { isMixed, PlaceFinder } from './places.ts'
import type {
  Conjunction,
  FilterStep,
  Passed,
  Plan,
  PlanTerm,
  RuleTablePlan,
  Step,
  UnionStep,
  VariableKind,
} from './plan.ts'
import { Refusal } from './refusal.ts'
import {
  type Goal,
  innerScope,
  type InputGoal,
  type PatternClause,
  type PlanContext,
  realName,
  ruleScope,
  type Scope,
  type Source,
  sourceNamed,
} from './scope.ts'
import { showGoal } from './show-clause.ts'
import type { Clause, Query, RuleSet, SourceName, Term, Variable } from './syntax.ts'
import { checkCompared, checkRuleArguments, planTerms } from './terms.ts'
import { bindingVariables, variablesOf } from './variables.ts'

type Of<Kind extends Clause['kind']> = Extract<Clause, { kind: Kind }>
type Kinds = ReadonlyMap<Variable, VariableKind>

/** With what a conjunction begins, and what is wanted of it. */
type Setting = {
  readonly scope: Scope
  readonly start: Kinds
  readonly outputs: readonly Variable[]
  readonly rowCount: number
}

/** A conjunction while it is planned. */
type Course = {
  readonly scope: Scope
  readonly kinds: Map<Variable, VariableKind>
  readonly steps: Step[]
  /** Variables of the rows so far. */
  names: readonly Variable[]
  /** Rows that are expected. */
  rowCount: number
}

/** Rows that one step of a recursion is taken to bring. */
const RECURSION_ROW_COUNT = 64

/** The plan of a question; `goals` are the inputs that anything asks for. Throws a `Refusal` where steps cannot say it. */
export function planOf(
  query: Query,
  goals: readonly InputGoal[],
  scope: Scope,
  { context, counts }: { readonly context: PlanContext; readonly counts: Counts },
): Plan {
  const body = new Planner(context, counts).conjunction([...goals, ...query.where], {
    scope,
    start: new Map(),
    outputs: findVariables(query),
    rowCount: 1,
  })
  return { body, finish: finishOf(query), returnKeys: query.returnKeys }
}

class Planner {
  readonly #context: PlanContext
  readonly #counts: Counts
  readonly #places: PlaceFinder
  /** The recursive rules of the conjunction that is being planned, undefined while their bodies are. */
  #tables = new Map<string, RuleTablePlan | undefined>()
  /** Recursive rules whose bodies are being planned. */
  readonly #open = new Set<string>()

  constructor(context: PlanContext, counts: Counts) {
    this.#context = context
    this.#counts = counts
    this.#places = new PlaceFinder(context)
  }

  /** A conjunction with tables of its own. */
  conjunction(goals: readonly Goal[], setting: Setting): Conjunction {
    const outer = this.#tables
    this.#tables = new Map()
    const planned = this.#chain(goals, setting)
    const tables = [...this.#tables.values()].filter((table) => table !== undefined)
    this.#tables = outer
    return { ...planned, tables }
  }

  /** Steps that share the tables of recursive rules with those around them. */
  #chain(goals: readonly Goal[], { scope, start, outputs, rowCount }: Setting): Conjunction {
    const places = this.#places.placesOf(
      goals.filter((goal) => goal.kind !== 'input'),
      scope,
    )
    for (const [name, found] of places) {
      if (isMixed(found)) throw new Refusal(`${name} is both a name and a thing`)
    }
    const course: Course = { scope, kinds: new Map(start), steps: [], names: [...start.keys()], rowCount }
    const waiting = [...goals]
    while (waiting.length > 0) {
      const [next, cost] = this.#cheapest(waiting, course)
      waiting.splice(waiting.indexOf(next), 1)
      const needed = new Set([...outputs, ...waiting.flatMap((goal) => [...variablesOf(goal)])])
      this.#take(this.#draft(next, course, needed), course, { needed, rowCount: Math.max(1, cost.rowCount) })
    }
    const missing = outputs.find((name) => !course.names.includes(name))
    if (missing !== undefined) throw new Refusal(`${missing} is bound by nothing`)
    return {
      start: [...start.keys()],
      steps: course.steps,
      outputs,
      kinds: course.kinds,
      rowCount: course.rowCount,
      tables: [],
    }
  }

  #cheapest(waiting: readonly Goal[], course: Course): readonly [Goal, Cost] {
    let best: Goal | undefined
    let bestCost: Cost = { rank: Infinity, rowCount: Infinity }
    for (const goal of waiting) {
      const cost = this.#cost(goal, course)
      if (cost === undefined) continue
      const isBetter =
        cost.rank < bestCost.rank ||
        (cost.rank === bestCost.rank && best !== undefined && showGoal(goal) < showGoal(best))
      if (!isBetter) continue
      best = goal
      bestCost = cost
    }
    if (best === undefined) throw new Refusal('clauses that wait for each other')
    return [best, bestCost]
  }

  /** What a clause would leave; undefined where it cannot run yet. */
  #cost(goal: Goal, { names, rowCount, scope }: Course): Cost | undefined {
    const isBound = isOneOf(names)
    for (const name of needsOf(goal)) if (!isBound(name)) return undefined
    return costOf(goal, rowCount, isBound, (pattern) => {
      const { source } = this.#source(pattern, scope)
      return source.kind === 'rows'
        ? rowsJoined({ terms: pattern.terms, rows: source.rows }, rowCount, isBound)
        : factsJoined(pattern, source.facts, { rowCount, isBound, counts: this.#counts })
    })
  }

  /** Adds a step to the course. */
  #take(
    { step, binds }: Draft,
    course: Course,
    { needed, rowCount }: { readonly needed: ReadonlySet<Variable>; readonly rowCount: number },
  ): void {
    const kept = course.names.filter((name) => needed.has(name))
    const fresh = [...binds.keys()].filter((name) => needed.has(name))
    for (const [name, kind] of binds) course.kinds.set(name, kind)
    // A join that brings nothing new only keeps rows.
    const isTest = fresh.length === 0 && (step.kind === 'pattern' || step.kind === 'rows')
    course.rowCount = isTest ? Math.min(rowCount, course.rowCount) : rowCount
    course.steps.push({ ...step, kept, fresh, rowCount: course.rowCount })
    course.names = [...kept, ...fresh]
  }

  #draft(goal: Goal, course: Course, needed: ReadonlySet<Variable>): Draft {
    switch (goal.kind) {
      case 'input':
        return rowsDraft(undefined, { kind: 'input', index: goal.index }, goal, isOneOf(course.names))
      case 'pattern':
        return this.#pattern(goal, course)
      case 'predicate':
        return this.#predicate(goal, course)
      case 'function':
        return this.#function(goal, course)
      case 'not':
        return this.#not(goal, course)
      case 'or':
        return this.#or(goal, course, needed)
      case 'rule':
        return this.#rule(goal, course, needed)
    }
  }

  #source(clause: PatternClause, scope: Scope): { readonly name: SourceName; readonly source: Source } {
    const source = sourceNamed(this.#context, scope, clause.source, clause.place)
    return { name: realName(clause.source, scope), source }
  }

  #pattern(clause: PatternClause, { scope, names }: Course): Draft {
    const { name, source } = this.#source(clause, scope)
    if (source.kind === 'facts')
      return patternDraft(clause, { source: name, facts: source.facts }, isOneOf(names), scope)
    const given = { terms: clause.terms, rows: source.rows }
    return rowsDraft(clause, { kind: 'source', name }, given, isOneOf(names))
  }

  #predicate(clause: Of<'predicate'>, { scope }: Course): Draft {
    return { step: { kind: 'filter', clause, ...callOf(clause, scope) }, binds: new Map() }
  }

  #function(clause: Of<'function'>, { scope, names }: Course): Draft {
    const { binding } = clause
    const fresh = bindingVariables(binding).filter((name) => !names.includes(name))
    return {
      step: { kind: 'compute', clause, ...callOf(clause, scope), binding },
      binds: new Map(fresh.map((name) => [name, 'any'])),
    }
  }

  #not(clause: Of<'not'>, { scope, names, kinds, rowCount }: Course): Draft {
    const passed = passedVariables([...variablesOf(clause)], names)
    const body = this.conjunction(clause.clauses, {
      scope: innerScope(scope, clause.source, clause.join),
      start: startOf(passed, kinds),
      outputs: [],
      rowCount,
    })
    return { step: { kind: 'anti-join', clause, passed, body }, binds: new Map() }
  }

  #or(clause: Of<'or'>, course: Course, needed: ReadonlySet<Variable>): Draft {
    const { variables, inner } = orInside(clause, course.scope)
    const { names, kinds, rowCount } = course
    const fresh = variables.filter((name) => !names.includes(name) && needed.has(name))
    const passed = passedVariables(variables, names)
    const start = startOf(passed, kinds)
    const branches = clause.branches.map((branch) => {
      const body = this.conjunction(branch, { scope: inner, start, outputs: fresh, rowCount })
      return { passed, body, fresh }
    })
    return unionOf(clause, branches, fresh)
  }

  #rule(clause: Of<'rule'>, course: Course, needed: ReadonlySet<Variable>): Draft {
    const { scope, names } = course
    const source = clause.source === undefined ? scope.defaultSource : realName(clause.source, scope)
    checkRuleArguments(clause, scope)
    const terms = planTerms(clause.args, isOneOf(names), (value) => value)
    if (terms.some(({ kind }) => kind === 'same'))
      throw new Refusal('an unbound variable that stands twice in a rule call')
    return isRecursive(clause.name, this.#context.rules)
      ? this.#recursiveCall(clause, source, terms)
      : this.#inlinedRule(clause, { source, terms, course, needed })
  }

  #inlinedRule(
    clause: Of<'rule'>,
    {
      source,
      terms,
      course: { kinds, rowCount },
      needed,
    }: {
      readonly source: SourceName
      readonly terms: readonly PlanTerm[]
      readonly course: Course
      readonly needed: ReadonlySet<Variable>
    },
  ): Draft {
    const freshPlaces = terms.flatMap((term, place) =>
      term.kind === 'fresh' && needed.has(term.name) ? [place] : [],
    )
    const fresh = freshPlaces.map((place) => (terms[place] as { readonly name: Variable }).name)
    const branches = this.#context.rules.get(clause.name)!.map(({ parameters, body }) => {
      const passed = terms.flatMap((from, place): readonly Passed[] =>
        from.kind === 'bound' || from.kind === 'constant' ? [{ name: parameters[place]!, from }] : [],
      )
      const inside = freshPlaces.map((place) => parameters[place]!)
      const start = startOf(passed, kinds)
      const planned = this.conjunction(body, { scope: ruleScope(source), start, outputs: inside, rowCount })
      return { passed, body: planned, fresh: inside }
    })
    return unionOf(clause, branches, fresh)
  }

  #recursiveCall(clause: Of<'rule'>, source: SourceName, args: readonly PlanTerm[]): Draft {
    const boundPlaces = args.flatMap(({ kind }, place) =>
      kind === 'bound' || kind === 'constant' ? [place] : [],
    )
    const key = `${clause.name} ${source} ${boundPlaces.join(' ')}`
    const kinds = this.#parameterKinds(clause.name, source)
    if (!this.#tables.has(key)) this.#addTable({ key, name: clause.name, boundPlaces, kinds }, source)
    const binds = args.flatMap((arg, place) =>
      arg.kind === 'fresh' ? [[arg.name, kinds[place]!] as const] : [],
    )
    return { step: { kind: 'call', clause, table: key, args }, binds: new Map(binds) }
  }

  #addTable(asked: Pick<RuleTablePlan, 'key' | 'name' | 'boundPlaces' | 'kinds'>, source: SourceName): void {
    const { key, name, boundPlaces, kinds } = asked
    if (this.#open.has(key)) throw new Refusal('recursion through an or or a not')
    const rules = this.#context.rules.get(name)!
    this.#tables.set(key, undefined)
    this.#open.add(key)
    const bodies = rules.map(({ parameters, body }) => ({
      names: parameters,
      body: this.#chain(body, {
        scope: ruleScope(source),
        start: new Map(boundPlaces.map((place) => [parameters[place]!, kinds[place]!])),
        outputs: parameters,
        rowCount: RECURSION_ROW_COUNT,
      }),
    }))
    this.#open.delete(key)
    this.#tables.set(key, { ...asked, parameters: rules[0]!.parameters, bodies })
  }

  /** What the parameters of a recursive rule stand for: entities, or nobody knows. */
  #parameterKinds(name: string, source: SourceName): readonly VariableKind[] {
    const { parameters } = this.#context.rules.get(name)![0]!
    const call: Clause = { kind: 'rule', source, name, args: parameters.map(variableTerm) }
    const places = this.#places.placesOf([call], ruleScope(source))
    return parameters.map((parameter) => {
      const found = places.get(parameter)
      if (isMixed(found)) throw new Refusal(`${parameter} is both a name and a thing`)
      return found?.entityIn === undefined ? 'any' : 'ref'
    })
  }
}

function callOf(
  { name: written, args }: Of<'function'> | Of<'predicate'>,
  scope: Scope,
): Pick<FilterStep, 'name' | 'source' | 'args'> {
  const known = functionNamed(written)
  const name = known?.name ?? written
  const [first, ...rest] = args
  if (known?.takesSource === true && first?.kind === 'source')
    return { name, source: realName(first.name, scope), args: rest }
  if (COMPARISONS.has(name)) checkCompared(args, scope)
  return { name, source: undefined, args }
}

/** Functions that compare entities by what names them. */
const COMPARISONS: ReadonlySet<string> = new Set(['=', '==', '!=', 'not='])

function unionOf(
  clause: Of<'or'> | Of<'rule'>,
  branches: UnionStep['branches'],
  fresh: readonly Variable[],
): Draft {
  const kindOf = (at: number): VariableKind => {
    const kinds = new Set(branches.map(({ body, fresh: inside }) => body.kinds.get(inside[at]!)))
    const [kind] = kinds
    return kinds.size === 1 ? (kind ?? 'any') : 'any'
  }
  return {
    step: { kind: 'union', clause, branches },
    binds: new Map(fresh.map((name, at) => [name, kindOf(at)])),
  }
}

function passedVariables(variables: readonly Variable[], names: readonly Variable[]): readonly Passed[] {
  return variables.flatMap((name): readonly Passed[] =>
    names.includes(name) ? [{ name, from: { kind: 'bound', name } }] : [],
  )
}

/** What variables inside stand for as they begin. */
function startOf(passed: readonly Passed[], kinds: Kinds): Kinds {
  return new Map(
    passed.map(({ name, from }) => [
      name,
      from.kind === 'bound' ? (kinds.get(from.name) ?? 'any') : kindOfValue(from.value),
    ]),
  )
}

function isOneOf(names: readonly Variable[]): (name: Variable) => boolean {
  return (name) => names.includes(name)
}

function variableTerm(name: Variable): Term {
  return { kind: 'variable', name }
}

function isRecursive(name: string, rules: RuleSet): boolean {
  const seen = new Set<string>()
  const visit = (clauses: readonly Clause[]): void => {
    for (const clause of clauses) {
      if (clause.kind === 'not') visit(clause.clauses)
      else if (clause.kind === 'or') clause.branches.forEach(visit)
      else if (clause.kind === 'rule' && !seen.has(clause.name)) {
        seen.add(clause.name)
        for (const { body } of rules.get(clause.name) ?? []) visit(body)
      }
    }
  }
  for (const { body } of rules.get(name) ?? []) visit(body)
  return seen.has(name)
}
