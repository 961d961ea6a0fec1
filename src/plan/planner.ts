// From the syntax tree to a plan. The clauses of a conjunction are taken one after another, each time the one that leaves
// the fewest rows, judged by true counts; so the order in which they were written does not matter. What a clause
// brings that nobody asks for later is dropped.
//
// The question was found right before: every clause can run in some order, names exist.

import { assert } from '../base/assert.ts'
import type { EntityId } from '../fact/attribute.ts'
import type { Value } from '../fact/value.ts'
import { isRecursive, passedVariables, startOf, unionOf } from './bodies.ts'
import { closureOf } from './closure.ts'
import {
  type Course,
  isOneOf,
  type Later,
  type Named,
  mayBeName,
  namesAmong,
  neededBy,
  NOTHING_GIVEN,
  type Setting,
  takeStep,
  triedCourse,
} from './course.ts'
import { plainGoal, shownAs } from './plain-goal.ts'
import { componentsOf } from './components.ts'
import { costOf, type Cost, factsCost, rowsJoined, shareOf, type Standing } from './cost.ts'
import type { Counts } from './counts.ts'
import { ClauseOrder, needsOf, orInside } from './clause-order.ts'
import { isCopy, isLateCopy, kindOfCopy, withEqualities } from './equalities.ts'
import { findVariables, finishOf } from './finish.ts'
import { withInlinedRules } from './inlined-rules.ts'
import { withLiftedOrs } from './lifted-ors.ts'
import {
  cyclicPatterns,
  inOrder,
  intersectDraft,
  intersectionCost,
  ledTo,
  type Lead,
} from './intersection.ts'
import { type Draft, patternDraft, rowsDraft, waitsForAttribute } from './pattern-step.ts'
import { withMeanings } from './named-inputs.ts'
import { Naming } from './naming.ts'
import { attributeOf, PlaceFinder } from './places.ts'
import type { Conjunction, Passed, PatternStep, Plan, PlanTerm, RuleTablePlan, VariableKind } from './plan.ts'
import { withRange } from './ranges.ts'
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
import { callOf, isGiven, planTerms } from './terms.ts'
import { bindingVariables, variablesOf } from './variables.ts'

type Of<Kind extends Clause['kind']> = Extract<Clause, { kind: Kind }>
/** Rows that one step of a recursion is taken to bring. */
const RECURSION_ROW_COUNT = 64

/** The plan of a question; `goals` are the inputs that anything asks for. */
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
    ...NOTHING_GIVEN,
    outputs: findVariables(query),
  })
  const inputs = new Map(meant.goals.map(({ index, rows }) => [index, rows]))
  return { body, inputs, meanings: meant.meanings, finish: finishOf(query), returnKeys: query.returnKeys }
}

class Planner {
  readonly #context: PlanContext
  readonly #order: ClauseOrder
  readonly #counts: Counts
  readonly #limits: PlanLimits
  readonly #places: PlaceFinder
  /** The recursive rules of the conjunction that is being planned, undefined while their bodies are. */
  #tables = new Map<string, RuleTablePlan | undefined>()
  /** Recursive rules whose bodies are being planned. */
  readonly #open = new Set<string>()

  constructor(context: PlanContext, counts: Counts, limits: PlanLimits) {
    this.#context = { ...context, rules: withLiftedOrs(context.rules) }
    this.#order = new ClauseOrder(this.#context)
    this.#counts = counts
    this.#limits = limits
    this.#places = new PlaceFinder(this.#context)
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
  #chain(asked: readonly Goal[], { scope, start, namesGiven, outputs, rowCount }: Setting): Conjunction {
    const written = withInlinedRules(asked, scope, this.#context, [...start.keys(), ...outputs])
    const sourceOf = (pattern: PatternClause): Source => this.#source(pattern, scope).source
    const goals = withEqualities(written, { start, outputs, sourceOf })
    const course: Course = {
      scope,
      naming: new Naming(this.#places.placesOf(goals, scope), namesGiven),
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
    assert(missing === undefined, 'a question whose variables nobody binds is an error before it is planned')
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
              needed: neededBy({ outputs, waiting }),
              rowCount: Math.max(1, cost.rowCount),
            })
          : shownAs(
              next,
              this.#draft(plainGoal(next, course, { waiting, outputs }, this.#context), course, {
                waiting,
                outputs,
              }),
            )
      const tests = draft.tests ?? []
      for (const test of tests) waiting.splice(waiting.indexOf(test), 1)
      const standing = this.#standing(course)
      const rowCount = cost.rowCount * shareOf(tests, standing)
      takeStep(draft, course, { needed: neededBy({ outputs, waiting }), rowCount: Math.max(1, rowCount) })
    }
  }

  /** Tests the rows by what hangs on them, where that is found with less than going on from them would take. */
  #reduce(waiting: Goal[], course: Course, outputs: readonly Variable[], judged: Set<string>): void {
    for (const { variable, goals } of hangingParts(waiting, course.names, outputs)) {
      if (course.naming.isDelicate(variable)) continue
      const key = `${variable} ${goals.length} ${leastText(goals)}`
      if (judged.has(key)) continue
      judged.add(key)
      const onward = triedCourse(course)
      this.#takeAll(goals, onward, [])
      const setting = { scope: course.scope, ...NOTHING_GIVEN, outputs: [variable] }
      const body = this.conjunction(goals, setting)
      if (workOf(body.steps) >= workOf(onward.steps)) continue
      for (const goal of goals) waiting.splice(waiting.indexOf(goal), 1)
      const rowCount = Math.min(course.rowCount, onward.rowCount)
      const draft: Draft = {
        step: { kind: 'semi-join', clause: undefined, variable, body },
        binds: new Map(),
      }
      takeStep(draft, course, { needed: neededBy({ outputs, waiting }), rowCount })
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

  #leadOf(goal: Goal, { scope, names, naming }: Course): readonly [Lead, Variable] | undefined {
    if (goal.kind !== 'pattern' || [...variablesOf(goal)].some((name) => naming.isDelicate(name)))
      return undefined
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
      const setting = { scope, ...NOTHING_GIVEN, outputs: wanted }
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
    takeStep({ step: { kind: 'product', clause: undefined, body }, binds }, course, { needed, rowCount })
  }

  /** The clause to be taken next: one that others should come before only where there is no other. */
  #cheapest(waiting: readonly Goal[], course: Course): readonly [Goal, Cost] {
    const ready = waiting.filter((goal) => !this.#mustWait(goal, course))
    const found = this.#cheapestOf(ready, waiting, course) ?? this.#cheapestOf(waiting, waiting, course)
    assert(found !== undefined, 'clauses that can never run are an error before they are planned')
    return found
  }

  #mustWait(goal: Goal, { scope, naming, names }: Course): boolean {
    const isBound = isOneOf(names)
    return (
      waitsForAttribute(goal, scope, isBound) ||
      naming.mustWait(goal, isBound, {
        placesIn: (clause) => this.#places.placesOf([clause], scope),
        source: (pattern) => this.#source(pattern, scope).source,
      })
    )
  }

  #cheapestOf(
    goals: readonly Goal[],
    waiting: readonly Goal[],
    course: Course,
  ): readonly [Goal, Cost] | undefined {
    let best: Goal | undefined
    let bestCost: Cost = { rank: Infinity, rowCount: Infinity }
    for (const goal of goals) {
      const cost = this.#cost(goal, course, waiting)
      if (cost === undefined) continue
      const isBetter =
        cost.rank < bestCost.rank ||
        (cost.rank === bestCost.rank && best !== undefined && showGoal(goal) < showGoal(best))
      if (!isBetter) continue
      best = goal
      bestCost = cost
    }
    return best && [best, bestCost]
  }

  /** What a clause would leave; undefined where it cannot run yet. */
  #cost(goal: Goal, course: Course, waiting: readonly Goal[]): Cost | undefined {
    const standing = this.#standing(course, goal)
    for (const name of needsOf(goal)) if (!standing.isBound(name)) return undefined
    const isInside = goal.kind === 'or' || goal.kind === 'rule'
    if (isInside && !this.#order.isReady(goal, new Set(course.names), course.scope)) return undefined
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
        return this.#or(goal, course, neededBy(later))
      case 'rule':
        return this.#rule(goal, course, neededBy(later))
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

  #not(clause: Of<'not'>, course: Course): Draft {
    const { scope, names, kinds, rowCount } = course
    const passed = passedVariables([...variablesOf(clause)], names)
    const body = this.conjunction(clause.clauses, {
      scope: innerScope(scope, clause.source, clause.join),
      start: startOf(passed, kinds),
      namesGiven: namesAmong(passed, course),
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
    const namesGiven = namesAmong(passed, course)
    const branches = clause.branches.map((branch) => {
      const body = this.conjunction(branch, { scope: inner, start, namesGiven, outputs: fresh, rowCount })
      return { passed, body, fresh }
    })
    return unionOf(clause, branches, fresh)
  }

  #rule(clause: Of<'rule'>, course: Course, needed: ReadonlySet<Variable>): Draft {
    const { scope, names } = course
    const source = clause.source === undefined ? scope.defaultSource : realName(clause.source, scope)
    const terms = planTerms(clause.args, isOneOf(names), (value) => value)
    return isRecursive(clause.name, this.#context.rules)
      ? this.#recursiveCall(clause, { source, args: terms, course })
      : this.#unionOfBodies(clause, { source, terms, course, needed })
  }

  #unionOfBodies(
    clause: Of<'rule'>,
    {
      source,
      terms,
      course,
      needed,
    }: {
      readonly source: SourceName
      readonly terms: readonly PlanTerm[]
      readonly course: Course
      readonly needed: ReadonlySet<Variable>
    },
  ): Draft {
    const { kinds, rowCount } = course
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
      const planned = this.conjunction(body, {
        scope: ruleScope(source),
        start,
        namesGiven: namesAmong(passed, course),
        outputs: inside,
        rowCount,
      })
      return { passed, body: planned, fresh: inside }
    })
    return unionOf(clause, branches, fresh)
  }

  #recursiveCall(
    clause: Of<'rule'>,
    {
      source,
      args,
      course,
    }: { readonly source: SourceName; readonly args: readonly PlanTerm[]; readonly course: Course },
  ): Draft {
    const boundPlaces = args.flatMap((arg, place) => (isGiven(arg) ? [place] : []))
    // What may be given a name has a table of its own: there it is read, and is shown as it was given.
    const namePlaces = boundPlaces.filter((place) => mayBeName(args[place]!, course))
    const key = `${clause.name} ${source} ${boundPlaces.join(' ')} names ${namePlaces.join(' ')}`
    const kinds = this.#parameterKinds(clause.name, source).map((kind, place) =>
      namePlaces.includes(place) ? 'any' : kind,
    )
    if (!this.#tables.has(key))
      this.#addTable({ key, name: clause.name, boundPlaces, kinds }, namePlaces, source)
    const binds = args.flatMap((arg, place) =>
      arg.kind === 'fresh' ? [[arg.name, kinds[place]!] as const] : [],
    )
    return { step: { kind: 'call', clause, table: key, args }, binds: new Map(binds) }
  }

  #addTable(
    asked: Pick<RuleTablePlan, 'key' | 'name' | 'boundPlaces' | 'kinds'>,
    namePlaces: readonly number[],
    source: SourceName,
  ): void {
    const { key, name, boundPlaces, kinds } = asked
    assert(!this.#open.has(key), 'an or that leads back to its rule was lifted, a not is an error')
    const rules = this.#context.rules.get(name)!
    this.#tables.set(key, undefined)
    this.#open.add(key)
    const bodies = rules.map(({ parameters, body }) => ({
      names: parameters,
      body: this.#chain(body, {
        scope: ruleScope(source),
        start: new Map(boundPlaces.map((place) => [parameters[place]!, kinds[place]!])),
        namesGiven: new Set(namePlaces.map((place) => parameters[place]!)),
        outputs: parameters,
        rowCount: RECURSION_ROW_COUNT,
      }),
    }))
    this.#open.delete(key)
    const found = this.#context.sources.get(source)
    const isOfIds = namePlaces.length === 0
    const edges = isOfIds && found?.kind === 'facts' ? closureOf(rules, found.facts) : undefined
    const closure = edges && { source, edges }
    this.#tables.set(key, { ...asked, parameters: rules[0]!.parameters, bodies, closure })
  }

  /** What the parameters of a recursive rule stand for: entities, or nobody knows. */
  #parameterKinds(name: string, source: SourceName): readonly VariableKind[] {
    return this.#places
      .ofParameters(name, source)
      .map(({ entityIn, isRaw, isValue }) => (entityIn === undefined || isRaw || isValue ? 'any' : 'ref'))
  }
}

/** Tells goals from others whatever their order. */
function leastText(goals: readonly Goal[]): string {
  return goals.map(showGoal).reduce((least, text) => (text < least ? text : least))
}

/** An input alone is joined where it stands. */
function isClause({ kind }: Goal): boolean {
  return kind !== 'input'
}
