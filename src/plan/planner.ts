// From the syntax tree to a plan. The clauses of a conjunction are taken one after another, each time the one that leaves
// the fewest rows, judged by true counts; so the order in which they were written does not matter. What a clause
// brings that nobody asks for later is dropped.
//
// The question was found right before (every clause can run in some order, names exist): what is left to refuse is what
// steps cannot say, and then the engine answers that evaluates the syntax tree.

import type { EntityId } from '../fact/attribute.ts'
import type { Value } from '../fact/value.ts'
import { isRecursive, passedVariables, startOf, unionOf } from './bodies.ts'
import { closureOf } from './closure.ts'
import { componentsOf } from './components.ts'
import { costOf, type Cost, factsCost, type Origin, rowsJoined, shareOf, type Standing } from './cost.ts'
import type { BoundSide, Counts } from './counts.ts'
import { needsOf, orInside } from './clause-order.ts'
import { isCopy, isLateCopy, kindOfCopy, withEqualities } from './equalities.ts'
import { findVariables, finishOf } from './finish.ts'
import { withInlinedRules } from './inlined-rules.ts'
import {
  cyclicPatterns,
  inOrder,
  intersectDraft,
  intersectionCost,
  ledTo,
  type Lead,
} from './intersection.ts'
import { type Draft, patternDraft, rowsDraft } from './pattern-step.ts'
import { withMeanings } from './named-inputs.ts'
import { attributeOf, isMixed, PlaceFinder } from './places.ts'
import type {
  Conjunction,
  Passed,
  PatternStep,
  Plan,
  PlanTerm,
  RuleTablePlan,
  Step,
  VariableKind,
} from './plan.ts'
import { withRange } from './ranges.ts'
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
import { hangingParts, PLAN_LIMITS, type PlanLimits, workOf } from './semi-joins.ts'
import { showGoal } from './show-clause.ts'
import type { Clause, Query, SourceName, Variable } from './syntax.ts'
import { callOf, checkRuleArguments, planTerms } from './terms.ts'
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
  /** The facts whose values variables hold. */
  readonly origins: Map<Variable, Origin>
  /** Where patterns bound variables first. */
  readonly sides: Map<Variable, BoundSide>
  /** The patterns that close circles: rows of these are counted exactly. */
  readonly cyclic: ReadonlySet<Goal>
  /** What constants name. */
  readonly named: Map<Variable, Named>
  /** False where it is only found out what rows would come. */
  readonly mayReduce: boolean
  /** Variables of the rows so far. */
  names: readonly Variable[]
  /** Rows that are expected. */
  rowCount: number
}

/** Entities that have one value: mostly it is one, which is sought where somebody asks for it. */
type Named = Origin & { readonly value: Value; entity: EntityId | undefined }

/** What comes after a goal. */
type Later = { readonly waiting: readonly Goal[]; readonly outputs: readonly Variable[] }

/** Rows that one step of a recursion is taken to bring. */
const RECURSION_ROW_COUNT = 64

/** The plan of a question; `goals` are the inputs that anything asks for. Throws a `Refusal` where steps cannot say it. */
export function planOf(
  query: Query,
  goals: readonly InputGoal[],
  scope: Scope,
  {
    context,
    counts,
    limits = PLAN_LIMITS,
  }: { readonly context: PlanContext; readonly counts: Counts; readonly limits?: PlanLimits | undefined },
): Plan {
  const meant = withMeanings(goals, query.where, scope, context)
  const body = new Planner(context, counts, limits).conjunction([...meant.goals, ...meant.where], {
    scope: meant.scope,
    start: new Map(),
    outputs: findVariables(query),
    rowCount: 1,
  })
  const inputs = new Map(meant.goals.map(({ index, rows }) => [index, rows]))
  return { body, inputs, meanings: meant.meanings, finish: finishOf(query), returnKeys: query.returnKeys }
}

class Planner {
  readonly #context: PlanContext
  readonly #counts: Counts
  readonly #limits: PlanLimits
  readonly #places: PlaceFinder
  /** The recursive rules of the conjunction that is being planned, undefined while their bodies are. */
  #tables = new Map<string, RuleTablePlan | undefined>()
  /** Recursive rules whose bodies are being planned. */
  readonly #open = new Set<string>()

  constructor(context: PlanContext, counts: Counts, limits: PlanLimits) {
    this.#context = context
    this.#counts = counts
    this.#limits = limits
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
  #chain(asked: readonly Goal[], { scope, start, outputs, rowCount }: Setting): Conjunction {
    const written = withInlinedRules(asked, scope, this.#context, [...start.keys(), ...outputs])
    const places = this.#places.placesOf(
      written.filter((goal) => goal.kind !== 'input'),
      scope,
    )
    for (const [name, found] of places) {
      if (isMixed(found)) throw new Refusal(`${name} is both a name and a thing`)
    }
    const sourceOf = (pattern: PatternClause): Source => this.#source(pattern, scope).source
    const goals = withEqualities(written, { start, outputs, sourceOf })
    const course: Course = {
      scope,
      kinds: new Map(start),
      steps: [],
      origins: new Map(),
      sides: new Map(),
      cyclic: cyclicPatterns(goals, [...start.keys()]),
      named: new Map(),
      mayReduce: true,
      names: [...start.keys()],
      rowCount,
    }
    const { inline, apart } = this.#apart(goals, course, outputs)
    for (const body of apart) if (body.outputs.length === 0) this.#product(body, course, outputs)
    this.#takeAll(inline, course, outputs)
    for (const body of apart) if (body.outputs.length > 0) this.#product(body, course, outputs)
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

  /** Takes goals one after another, each time the one that leaves the fewest rows. */
  #takeAll(goals: readonly Goal[], course: Course, outputs: readonly Variable[]): void {
    const waiting = [...goals]
    const judged = new Set<string>()
    while (waiting.length > 0) {
      if (course.mayReduce && course.rowCount >= this.#limits.semiJoinRowCountMin)
        this.#reduce(waiting, course, outputs, judged)
      if (waiting.length === 0) return
      const [next, cost] = this.#cheapest(waiting, course)
      const leads = this.#leadsWith(next, waiting, course)
      const taken: readonly Goal[] = leads.length > 1 ? leads.map(({ pattern }) => pattern) : [next]
      for (const goal of taken) waiting.splice(waiting.indexOf(goal), 1)
      const draft =
        leads.length > 1
          ? this.#intersection(leads, course, {
              needed: neededBy(outputs, waiting),
              rowCount: Math.max(1, cost.rowCount),
            })
          : this.#draft(next, course, { waiting, outputs })
      const tests = draft.tests ?? []
      for (const test of tests) waiting.splice(waiting.indexOf(test), 1)
      const standing = this.#standing(course)
      const rowCount = cost.rowCount * shareOf(tests, standing)
      this.#take(draft, course, { needed: neededBy(outputs, waiting), rowCount: Math.max(1, rowCount) })
    }
  }

  /** Tests the rows by what hangs on them, where that is found with less than going on from them would take. */
  #reduce(waiting: Goal[], course: Course, outputs: readonly Variable[], judged: Set<string>): void {
    for (const { variable, goals } of hangingParts(waiting, course.names, outputs)) {
      const key = `${variable} ${goals.length} ${leastText(goals)}`
      if (judged.has(key)) continue
      judged.add(key)
      const onward = triedCourse(course)
      this.#takeAll(goals, onward, [])
      const setting = { scope: course.scope, start: new Map(), outputs: [variable], rowCount: 1 }
      const body = this.conjunction(goals, setting)
      if (workOf(body.steps) >= workOf(onward.steps)) continue
      for (const goal of goals) waiting.splice(waiting.indexOf(goal), 1)
      const rowCount = Math.min(course.rowCount, onward.rowCount)
      const draft: Draft = {
        step: { kind: 'semi-join', clause: undefined, variable, body },
        binds: new Map(),
      }
      this.#take(draft, course, { needed: neededBy(outputs, waiting), rowCount })
      return
    }
  }

  /** The patterns that wait and lead to the same new variable as this one, itself among them; none where it leads to none. */
  #leadsWith(goal: Goal, waiting: readonly Goal[], course: Course): readonly Lead[] {
    const [lead, variable] = this.#leadOf(goal, course) ?? []
    if (lead === undefined) return []
    return waiting.flatMap((other) => {
      if (other === goal) return [lead]
      const [found, name] = this.#leadOf(other, course) ?? []
      return found === undefined || name !== variable ? [] : [found]
    })
  }

  #leadOf(goal: Goal, { scope, names }: Course): readonly [Lead, Variable] | undefined {
    if (goal.kind !== 'pattern') return undefined
    const { source } = this.#source(goal, scope)
    const attribute = source.kind === 'facts' ? attributeOf(source.facts, goal.terms[1]) : undefined
    if (source.kind !== 'facts' || attribute === undefined) return undefined
    const variable = ledTo(goal, attribute, isOneOf(names))
    return variable === undefined ? undefined : [{ pattern: goal, facts: source.facts, attribute }, variable]
  }

  #intersection(
    leads: readonly Lead[],
    course: Course,
    asked: { readonly needed: ReadonlySet<Variable>; readonly rowCount: number },
  ): Draft {
    const { names } = course
    const [, variable] = this.#leadOf(leads[0]!.pattern, course)!
    const drafts = inOrder(leads, this.#standing(course, leads[0]!.pattern)).map(({ pattern }, at) =>
      this.#pattern(pattern, at === 0 ? course : { ...course, names: [...names, variable] }, []),
    ) as readonly Draft<PatternStep>[]
    return intersectDraft(drafts, variable, { names, ...asked })
  }

  /**
   * Goals that share no variable with the rows, nor with the others, are a body of their own; all else stays inline, and
   * of several such bodies the largest, since what is inline need not be kept.
   */
  #apart(
    goals: readonly Goal[],
    { scope, names }: Course,
    outputs: readonly Variable[],
  ): { readonly inline: readonly Goal[]; readonly apart: readonly Conjunction[] } {
    const components = componentsOf(goals).filter((component) => !component.goals.every(isCopy))
    const isFree = components.map(
      (component) =>
        !names.some((name) => component.names.has(name)) &&
        component.goals.some(isClause) &&
        this.#mayStandApart(component.goals),
    )
    const bodies = components.flatMap(({ goals: inside, names: named }, at) => {
      if (!isFree[at] || (components.length === 1 && names.length === 0)) return []
      const wanted = outputs.filter((name) => named.has(name))
      const setting = { scope, start: new Map(), outputs: wanted, rowCount: 1 }
      return [{ goals: inside, body: this.conjunction(inside, setting) }]
    })
    bodies.sort(
      (x, y) => x.body.rowCount - y.body.rowCount || (leastText(x.goals) < leastText(y.goals) ? -1 : 1),
    )
    const isOneInline = components.length > bodies.length || names.length > 0
    const largest = isOneInline ? undefined : bodies.findLast(({ body }) => body.outputs.length > 0)
    const apart = bodies.filter((each) => each !== largest)
    const set = new Set(apart.flatMap(({ goals: inside }) => inside))
    return { inline: goals.filter((goal) => !set.has(goal)), apart: apart.map(({ body }) => body) }
  }

  /** What calls recursive rules shares their tables, and stays where it is while those are planned. */
  #mayStandApart(goals: readonly Goal[]): boolean {
    return (
      this.#open.size === 0 ||
      goals.every(({ kind }) => kind === 'pattern' || kind === 'predicate' || kind === 'function')
    )
  }

  #product(body: Conjunction, course: Course, outputs: readonly Variable[]): void {
    const binds = new Map(body.outputs.map((name) => [name, body.kinds.get(name) ?? 'any']))
    const rowCount = course.rowCount * (body.outputs.length === 0 ? 1 : body.rowCount)
    const needed = new Set([...course.names, ...outputs])
    this.#take({ step: { kind: 'product', clause: undefined, body }, binds }, course, { needed, rowCount })
  }

  #cheapest(waiting: readonly Goal[], course: Course): readonly [Goal, Cost] {
    let best: Goal | undefined
    let bestCost: Cost = { rank: Infinity, rowCount: Infinity }
    for (const goal of waiting) {
      const cost = this.#cost(goal, course, waiting)
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
  #cost(goal: Goal, course: Course, waiting: readonly Goal[]): Cost | undefined {
    const standing = this.#standing(course, goal)
    for (const name of needsOf(goal)) if (!standing.isBound(name)) return undefined
    if (isLateCopy(goal, waiting, standing.isBound))
      return { rank: Number.MAX_VALUE, rowCount: course.rowCount }
    return costOf(goal, standing, (pattern) => {
      const { source } = this.#source(pattern, course.scope)
      if (source.kind === 'rows') {
        const expected = rowsJoined({ terms: pattern.terms, rows: source.rows }, standing)
        return { rank: expected, rowCount: expected }
      }
      const predicates = waiting.filter((other) => other.kind === 'predicate')
      const leads = this.#leadsWith(pattern, waiting, course)
      if (leads.length < 2) return factsCost(pattern, source.facts, standing, predicates)
      const [, variable] = this.#leadOf(pattern, course)!
      return intersectionCost(leads, variable, standing, predicates)
    })
  }

  /** `goal` is what is judged. */
  #standing({ rowCount, names, origins, named, sides, cyclic }: Course, goal?: Goal): Standing {
    return {
      rowCount,
      isBound: isOneOf(names),
      originOf: (name) => origins.get(name),
      entityOf: (name) => this.#entityOf(named.get(name)),
      counts: this.#counts,
      ...(goal !== undefined && cyclic.has(goal) && { sideOf: (name) => sides.get(name) }),
    }
  }

  #entityOf(named: Named | undefined): EntityId | undefined {
    if (named === undefined || named.facts.isHistory) return undefined
    const { facts, attribute, value } = named
    return (named.entity ??= this.#counts.onlyEntityOf(facts, attribute, value))
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

  #draft(goal: Goal, course: Course, later: Later): Draft {
    switch (goal.kind) {
      case 'input':
        return rowsDraft(undefined, { kind: 'input', index: goal.index }, goal, isOneOf(course.names))
      case 'pattern':
        return this.#pattern(goal, course, later.waiting)
      case 'predicate':
        return this.#predicate(goal, course)
      case 'function':
        return this.#function(goal, course)
      case 'not':
        return this.#not(goal, course)
      case 'or':
        return this.#or(goal, course, neededBy(later.outputs, later.waiting))
      case 'rule':
        return this.#rule(goal, course, neededBy(later.outputs, later.waiting))
    }
  }

  #source(clause: PatternClause, scope: Scope): { readonly name: SourceName; readonly source: Source } {
    const source = sourceNamed(this.#context, scope, clause.source, clause.place)
    return { name: realName(clause.source, scope), source }
  }

  #pattern(
    clause: PatternClause,
    { scope, names, origins, sides, kinds, named }: Course,
    waiting: readonly Goal[],
  ): Draft {
    const { name, source } = this.#source(clause, scope)
    const isBound = isOneOf(names)
    if (source.kind === 'rows') {
      const given = { terms: clause.terms, rows: source.rows }
      return rowsDraft(clause, { kind: 'source', name }, given, isBound)
    }
    const { facts } = source
    const draft = patternDraft(clause, { source: name, facts }, isBound, scope)
    const { attribute, terms, access } = draft.step
    const [entity, , value] = terms
    if (attribute !== undefined) {
      const bound = { facts, attribute, isRead: access === 'scan' }
      if (entity.kind === 'fresh' && value.kind === 'constant' && value.value !== null)
        named.set(entity.name, { facts, attribute, value: value.value as Value, entity: undefined })
      if (entity.kind === 'fresh') sides.set(entity.name, { ...bound, place: 'entity' })
      if (value.kind === 'fresh') {
        origins.set(value.name, { facts, attribute })
        sides.set(value.name, { ...bound, place: 'value' })
      }
    }
    return withRange(draft, waiting, { isBound, kindOf: (each) => kinds.get(each) ?? 'any' })
  }

  #predicate(clause: Of<'predicate'>, { scope }: Course): Draft {
    return { step: { kind: 'filter', clause, ...callOf(clause, scope) }, binds: new Map() }
  }

  #function(clause: Of<'function'>, { scope, names, kinds }: Course): Draft {
    const { binding } = clause
    const fresh = bindingVariables(binding).filter((name) => !names.includes(name))
    const kind = isCopy(clause) ? kindOfCopy(clause, kinds) : 'any'
    return {
      step: { kind: 'compute', clause, ...callOf(clause, scope), binding },
      binds: new Map(fresh.map((name) => [name, kind])),
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
    checkRuleArguments(clause, scope, this.#places.ofParameters(clause.name, source))
    const terms = planTerms(clause.args, isOneOf(names), (value) => value)
    if (terms.some(({ kind }) => kind === 'same'))
      throw new Refusal('an unbound variable that stands twice in a rule call')
    return isRecursive(clause.name, this.#context.rules)
      ? this.#recursiveCall(clause, source, terms)
      : this.#unionOfBodies(clause, { source, terms, course, needed })
  }

  #unionOfBodies(
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
    const found = this.#context.sources.get(source)
    const edges = found?.kind === 'facts' ? closureOf(rules, found.facts) : undefined
    const closure = edges && { source, edges }
    this.#tables.set(key, { ...asked, parameters: rules[0]!.parameters, bodies, closure })
  }

  /** What the parameters of a recursive rule stand for: entities, or nobody knows. */
  #parameterKinds(name: string, source: SourceName): readonly VariableKind[] {
    const { parameters } = this.#context.rules.get(name)![0]!
    return this.#places.ofParameters(name, source).map((found, place) => {
      if (isMixed(found)) throw new Refusal(`${parameters[place]!} is both a name and a thing`)
      return found.entityIn === undefined ? 'any' : 'ref'
    })
  }
}

/** A course that goes on from here without leaving a trace. */
function triedCourse(course: Course): Course {
  const { kinds, origins, sides, named } = course
  return {
    ...course,
    kinds: new Map(kinds),
    origins: new Map(origins),
    sides: new Map(sides),
    named: new Map(named),
    steps: [],
    mayReduce: false,
  }
}

/** Variables that somebody asks for later. */
function neededBy(outputs: readonly Variable[], waiting: readonly Goal[]): ReadonlySet<Variable> {
  return new Set([...outputs, ...waiting.flatMap((goal) => [...variablesOf(goal)])])
}

/** Tells goals from others whatever their order. */
function leastText(goals: readonly Goal[]): string {
  return goals.map(showGoal).reduce((least, text) => (text < least ? text : least))
}

/** An input alone is joined where it stands. */
function isClause({ kind }: Goal): boolean {
  return kind !== 'input'
}

function isOneOf(names: readonly Variable[]): (name: Variable) => boolean {
  return (name) => names.includes(name)
}
