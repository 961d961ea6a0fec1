// From clauses to operators. The clauses of a conjunction are taken one after another, each time the one that leaves
// the fewest rows, judged by true counts; so the order in which they were written does not matter. What a clause
// brings that nobody asks for later never becomes a column.

import type { Attribute } from '../../fact/attribute.ts'
import type { FactSource } from '../../fact/datom.ts'
import { type Edn, Keyword } from '../../fact/value.ts'
import { showClause } from '../../plan/show-clause.ts'
import { functionNamed } from '../../plan/functions.ts'
import type { Clause, RuleSet, SourceName, Term, Variable } from '../../plan/syntax.ts'
import { bindingVariables, variablesOf } from '../../plan/variables.ts'
import { functionFor } from '../call.ts'
import { needsOf, orInside } from '../../plan/clause-order.ts'
import { constantFor } from '../../plan/entity.ts'
import { SOURCE_FUNCTIONS } from '../functions-source.ts'
import { attributeOf, isMixed, PlaceFinder, type PlaceMap } from '../../plan/places.ts'
import {
  factsNamed,
  innerScope,
  type PatternClause,
  realName,
  ruleScope,
  type Scope,
  sourceNamed,
} from '../../plan/scope.ts'
import type { QueryContext } from '../context.ts'
import { AnyAttributeOperator } from './any-attribute-operator.ts'
import { collectedNumbers, hasTable, tableOf } from './attribute-table.ts'
import {
  type Branch,
  type Numbering,
  numbering,
  NotOperator,
  OrOperator,
  passedLayout,
  type Plan,
  ROW,
} from './branch-operator.ts'
import {
  type Call,
  type CallArgument,
  FilterOperator,
  FunctionOperator,
  rowCall,
  testOfCall,
  testOfComparison,
} from './call-operator.ts'
import { CollectedDomain, type Domain, NumberDomain } from './domain.ts'
import { columnOf, type Consumer, keptColumns, type Layout, type Operator } from './operator.ts'
import { ADDED_DOMAIN, ENTITY_DOMAIN, PatternOperator, type PlaceBinding } from './pattern-operator.ts'
import { type CallTerm, Fixpoint, RuleCallOperator, RuleTable } from './recursion.ts'
import { Dependencies } from './dependencies.ts'
import { Refusal } from '../../plan/refusal.ts'
import {
  callArgument,
  checkInput,
  constantAt,
  freshArguments,
  holdsLookupRef,
  refuseNamesAsArguments,
  passedArgument,
  passedColumns,
} from './terms.ts'
import { canSeekValue, countOfValue, type Statistics, statisticsOf } from './statistics.ts'

/** Facts below which a table is made rather than facts sought. */
const SMALL_COUNT = 512

type Of<Kind extends Clause['kind']> = Extract<Clause, { kind: Kind }>

/** A plan for a conjunction. */
export type Compiled = Plan & {
  /** True where no row comes out twice. */
  readonly isDistinct: boolean
}

/** A conjunction while it is compiled. */
type Course = {
  readonly scope: Scope
  readonly places: PlaceMap
  readonly operators: Operator[]
  readonly dependencies: Dependencies
  layout: Layout
  /** Rows that are expected. */
  rowCount: number
}

export class Compiler {
  readonly #context: QueryContext
  readonly #places: PlaceFinder
  /** Recursive rules that are being compiled. */
  readonly #compiling = new Set<string>()
  #fixpoint = new Fixpoint()

  constructor(context: QueryContext) {
    this.#context = context
    this.#places = new PlaceFinder(context)
  }

  /** `start` are the columns that rows come with, `outputs` the variables that are wanted of them. */
  conjunction(
    clauses: readonly Clause[],
    start: Layout,
    outputs: readonly Variable[],
    setting: { readonly scope: Scope; readonly rowCount: number },
  ): Compiled {
    const outer = this.#fixpoint
    const fixpoint = new Fixpoint()
    this.#fixpoint = fixpoint
    const plan = this.#chain(clauses, start, outputs, setting)
    this.#fixpoint = outer
    return { ...plan, complete: () => fixpoint.complete() }
  }

  /** Operators that share the tables of recursive rules with those around them. */
  #chain(
    clauses: readonly Clause[],
    start: Layout,
    outputs: readonly Variable[],
    { scope, rowCount }: { readonly scope: Scope; readonly rowCount: number },
  ): Compiled {
    const places = this.#places.placesOf(clauses, scope)
    for (const [name, found] of places) {
      if (isMixed(found)) throw new Refusal(`${name} is both a name and a thing`)
    }
    const dependencies = new Dependencies(start.names)
    const course: Course = { scope, places, operators: [], dependencies, layout: start, rowCount }
    const waiting = [...clauses]
    while (waiting.length > 0) {
      const [next, cost] = this.#cheapest(waiting, course)
      waiting.splice(waiting.indexOf(next), 1)
      const needed = new Set([...outputs, ROW, ...waiting.flatMap((clause) => [...variablesOf(clause)])])
      const operator = this.#operator(next, course, needed)
      course.operators.push(operator)
      course.layout = operator.layout
      course.rowCount = Math.max(1, cost.rowCount)
    }
    return connected(course, course.dependencies.determine([...outputs, ROW]))
  }

  #cheapest(waiting: readonly Clause[], course: Course): readonly [Clause, Cost] {
    let best: Clause | undefined
    let bestCost: Cost = { rank: Infinity, rowCount: Infinity }
    for (const clause of waiting) {
      const cost = this.#cost(clause, course)
      if (cost === undefined) continue
      const isBetter =
        cost.rank < bestCost.rank ||
        (cost.rank === bestCost.rank && best !== undefined && showClause(clause) < showClause(best))
      if (!isBetter) continue
      best = clause
      bestCost = cost
    }
    if (best === undefined) throw new Refusal('clauses that wait for each other')
    return [best, bestCost]
  }

  /** What a clause would leave; undefined where it cannot run yet. */
  #cost(clause: Clause, course: Course): Cost | undefined {
    const bound = new Set(course.layout.names)
    for (const name of needsOf(clause)) if (!bound.has(name)) return undefined
    const { rowCount } = course
    switch (clause.kind) {
      case 'predicate':
        return { rank: -3, rowCount: rowCount / 3 }
      case 'function':
        return clause.binding.kind === 'variable' || clause.binding.kind === 'tuple'
          ? { rank: -2, rowCount }
          : { rank: rowCount * 8, rowCount: rowCount * 8 }
      case 'not':
        return { rank: -1, rowCount }
      case 'pattern': {
        const expected = this.#patternRows(clause, course)
        return { rank: expected, rowCount: expected }
      }
      case 'or':
      case 'rule': {
        // Whether what is inside can run with what is bound shows when it is compiled: wait for all that may come.
        const isTouched = [...variablesOf(clause)].some((name) => bound.has(name))
        const expected = rowCount * (isTouched ? 4 : 1_000)
        return { rank: expected + 1, rowCount: expected }
      }
    }
  }

  #patternRows(clause: PatternClause, course: Course): number {
    const { facts, attribute } = this.#target(clause, course.scope)
    if (attribute === undefined)
      return course.rowCount * (isBound(clause.terms[0], course.layout) ? 8 : OPEN_ROW_COUNT)
    const statistics = statisticsOf(facts, attribute)
    const [e, v, tx] = [clause.terms[0], clause.terms[2], clause.terms[3]]
    const hasE = isBound(e, course.layout)
    const hasV = isBound(v, course.layout)
    if (!hasE && !hasV) return course.rowCount * (isBound(tx, course.layout) ? 4 : statistics.rowCount)
    const perEntity = (): number => statistics.rowCount / Math.max(1, statistics.entityCount)
    if (!hasV) return course.rowCount * perEntity()
    const perValue = rowsPerValue(v, facts, attribute, statistics)
    if (!hasE) return course.rowCount * perValue
    return course.rowCount * Math.min(1, (perEntity() * perValue) / Math.max(1, statistics.rowCount))
  }

  #operator(clause: Clause, course: Course, needed: ReadonlySet<Variable>): Operator {
    switch (clause.kind) {
      case 'pattern':
        return this.#pattern(clause, course, needed)
      case 'predicate':
        return this.#predicate(clause, course, needed)
      case 'function':
        return this.#function(clause, course, needed)
      case 'not':
        return this.#not(clause, course, needed)
      case 'or':
        return this.#or(clause, course, needed)
      case 'rule':
        return this.#rule(clause, course, needed)
    }
  }

  /** The facts and the attribute that a pattern is about; no attribute where it is open. */
  #target(
    clause: PatternClause,
    scope: Scope,
  ): { readonly facts: FactSource; readonly attribute: Attribute | undefined } {
    const source = sourceNamed(this.#context, scope, clause.source, clause.place)
    if (source.kind === 'rows') throw new Refusal('rows as a source')
    return { facts: source.facts, attribute: attributeOf(source.facts, clause.terms[1]) }
  }

  #pattern(clause: PatternClause, course: Course, needed: ReadonlySet<Variable>): Operator {
    const { layout, scope } = course
    const { facts, attribute } = this.#target(clause, scope)
    if (attribute === undefined) return this.#openPattern(clause, facts, course, needed)
    const terms = [clause.terms[0], clause.terms[2], clause.terms[3], clause.terms[4]]
    const places = terms.map((term, place) =>
      this.#placeBinding(term, place, { facts, attribute, scope, layout }),
    )
    const names = terms.map((term, place) =>
      term?.kind === 'variable' && places[place]!.kind === 'free' ? term.name : undefined,
    )
    const repeated = names.filter((name, place) => name !== undefined && names.indexOf(name) !== place)
    const isLoop = names[0] !== undefined && names[0] === names[1]
    if (repeated.length > 0 && !(isLoop && repeated.length === 1 && attribute.valueType === 'ref')) {
      throw new Refusal('a variable that stands twice in a pattern')
    }
    const fresh = names.flatMap((name, place) =>
      name !== undefined && needed.has(name) && names.indexOf(name) === place ? [place] : [],
    )
    const isScan = places[0]!.kind === 'free' && places[1]!.kind === 'free'
    const isSlowSeek = places[0]!.kind === 'free' && !canSeekValue(facts, attribute)
    const { rowCount } = statisticsOf(facts, attribute)
    const isTable = isScan || isSlowSeek || rowCount < SMALL_COUNT || hasTable(facts, attribute)
    const table = isTable ? tableOf(facts, attribute) : undefined
    course.dependencies.addPattern(clause, table)
    const collected =
      table === undefined
        ? collectedNumbers(attribute.valueType)
        : { domain: table.domain, numberOf: (value: Edn) => table.domain.encode(value) }
    const kept = keptColumns(layout, needed)
    const made = [ENTITY_DOMAIN, collected.domain, ENTITY_DOMAIN, ADDED_DOMAIN]
    return new PatternOperator(
      {
        facts,
        attribute,
        places: [places[0]!, places[1]!, places[2]!, places[3]!],
        kept,
        fresh,
        isLoop,
        collected,
      },
      {
        names: [...kept.map((index) => layout.names[index]!), ...fresh.map((place) => names[place]!)],
        domains: [...kept.map((index) => layout.domains[index]!), ...fresh.map((place) => made[place]!)],
      },
      table,
      rowCount,
      this.#context.budget,
    )
  }

  /** A pattern without an attribute, or with one that rows bring. */
  #openPattern(
    clause: PatternClause,
    facts: FactSource,
    course: Course,
    needed: ReadonlySet<Variable>,
  ): Operator {
    const { layout, scope } = course
    const places = [0, 1, 2, 3, 4].map((place): PlaceBinding => {
      const term = clause.terms[place]
      if (term === undefined || term.kind === 'blank') return { kind: 'free' }
      if (term.kind === 'variable') {
        const index = columnOf(layout, term.name)
        if (scope.inputs.has(term.name)) throw new Refusal('an input in a pattern without an attribute')
        return index < 0 ? { kind: 'free' } : { kind: 'column', index, domain: layout.domains[index]! }
      }
      const value =
        place === 2 ? term.value : constantAt(term.value, place > 2 ? place - 1 : 0, facts, undefined)
      if (value === undefined) throw new Refusal('a constant that nothing has')
      return { kind: 'constant', value }
    })
    const names = places.map((place, at) => {
      const term = clause.terms[at]
      return place.kind === 'free' && term?.kind === 'variable' ? term.name : undefined
    })
    const equalities = names.flatMap((name, place): readonly (readonly [number, number])[] => {
      const first = names.indexOf(name)
      return name !== undefined && first !== place ? [[first, place]] : []
    })
    const fresh = names.flatMap((name, place) =>
      name !== undefined && needed.has(name) && names.indexOf(name) === place ? [{ place, name }] : [],
    )
    course.dependencies.addBranches([...names.flatMap((name) => name ?? []), '!ways'])
    const kept = keptColumns(layout, needed)
    return new AnyAttributeOperator({ facts, places, kept, fresh, equalities }, layout, this.#context.budget)
  }

  #placeBinding(
    term: Term | undefined,
    place: number,
    {
      facts,
      attribute,
      scope,
      layout,
    }: { facts: FactSource; attribute: Attribute; scope: Scope; layout: Layout },
  ): PlaceBinding {
    if (term === undefined || term.kind === 'blank') return { kind: 'free' }
    if (term.kind === 'variable') {
      const index = columnOf(layout, term.name)
      if (index < 0) return { kind: 'free' }
      if (scope.inputs.has(term.name)) checkInput(term.name, place, attribute, scope)
      return { kind: 'column', index, domain: layout.domains[index]! }
    }
    const value = constantAt(term.value, place, facts, attribute)
    // nil stands for what no fact has: `encode` finds nothing equal to it.
    return { kind: 'constant', value: value ?? null }
  }

  #predicate(clause: Of<'predicate'>, course: Course, needed: ReadonlySet<Variable>): Operator {
    const { layout } = course
    const name = functionNamed(clause.name)?.name ?? clause.name
    const { call, args } = this.#call(clause, course)
    const test = testOfComparison(name, args) ?? testOfCall(rowCall(call, args))
    return new FilterOperator(test, layout, keptColumns(layout, needed), this.#context.budget)
  }

  #function(clause: Of<'function'>, course: Course, needed: ReadonlySet<Variable>): Operator {
    const { layout } = course
    const { call, args } = this.#call(clause, course)
    const names = bindingVariables(clause.binding)
    const fresh = names.filter((name) => columnOf(layout, name) < 0 && needed.has(name))
    course.dependencies.addFunction(clause)
    return new FunctionOperator(
      { call: rowCall(call, args), binding: clause.binding, kept: keptColumns(layout, needed), fresh },
      layout,
      this.#context.budget,
    )
  }

  #call(
    clause: Of<'function'> | Of<'predicate'>,
    { scope, layout }: Course,
  ): { readonly call: Call; readonly args: readonly CallArgument[] } {
    const name = functionNamed(clause.name)?.name ?? clause.name
    const [first, ...rest] = clause.args
    const ofSource = SOURCE_FUNCTIONS.get(name)
    if (ofSource !== undefined && first?.kind === 'source') {
      const facts = factsNamed(this.#context, scope, first.name, clause.place)
      return { call: ofSource(facts), args: rest.map((arg) => callArgument(arg, layout)) }
    }
    // An input that holds a lookup ref is compared as the entity it names.
    const isIdentity = name === '=' || name === '==' || name === '!=' || name === 'not='
    if (isIdentity && clause.args.some((arg) => arg.kind === 'variable' && holdsLookupRef(arg.name, scope))) {
      throw new Refusal('a lookup ref that is compared')
    }
    return {
      call: functionFor(clause.name, this.#context, clause.place),
      args: clause.args.map((arg) => callArgument(arg, layout)),
    }
  }

  #not(clause: Of<'not'>, course: Course, needed: ReadonlySet<Variable>): Operator {
    const passed = passedColumns([...variablesOf(clause)], course.layout)
    const inner = innerScope(course.scope, clause.source, clause.join)
    const plan = this.conjunction(clause.clauses, passedLayout(passed), [], {
      scope: inner,
      rowCount: course.rowCount,
    })
    const outside = { layout: course.layout, kept: keptColumns(course.layout, needed) }
    return new NotOperator(plan, passed, outside, this.#context.budget)
  }

  #or(clause: Of<'or'>, course: Course, needed: ReadonlySet<Variable>): Operator {
    const { variables, inner } = orInside(clause, course.scope)
    const { layout, rowCount } = course
    const fresh = variables.filter((name) => columnOf(layout, name) < 0)
    const passed = passedColumns(variables, layout)
    const branches = clause.branches.map((branch): Branch => {
      const plan = this.conjunction(branch, passedLayout(passed), fresh, { scope: inner, rowCount })
      return { plan, passed, fresh }
    })
    return this.#branches(branches, fresh, course, needed)
  }

  #rule(clause: Of<'rule'>, course: Course, needed: ReadonlySet<Variable>): Operator {
    const { scope } = course
    const source = clause.source === undefined ? scope.defaultSource : realName(clause.source, scope)
    refuseNamesAsArguments(clause, scope)
    return isRecursive(clause.name, this.#context.rules)
      ? this.#recursiveCall(clause, source, course, needed)
      : this.#inlinedRule(clause, source, course, needed)
  }

  #inlinedRule(
    clause: Of<'rule'>,
    source: SourceName,
    course: Course,
    needed: ReadonlySet<Variable>,
  ): Operator {
    const { layout, rowCount } = course
    const { fresh, freshPlaces } = freshArguments(clause, layout)
    const branches = this.#context.rules.get(clause.name)!.map(({ parameters, body }): Branch => {
      const passed = clause.args.flatMap((arg, place) => passedArgument(arg, parameters[place]!, layout))
      const wanted = freshPlaces.map((place) => parameters[place]!)
      const start = passedLayout(passed)
      const plan = this.conjunction(body, start, wanted, { scope: ruleScope(source), rowCount })
      return { plan, passed, fresh: wanted }
    })
    return this.#branches(branches, fresh, course, needed)
  }

  #recursiveCall(
    clause: Of<'rule'>,
    source: SourceName,
    course: Course,
    needed: ReadonlySet<Variable>,
  ): Operator {
    const { layout } = course
    freshArguments(clause, layout)
    const terms = clause.args.map((arg): CallTerm => {
      if (arg.kind === 'blank') return arg
      if (arg.kind === 'constant') {
        if (arg.value instanceof Keyword) throw new Refusal('a name as argument of a rule')
        return arg
      }
      const index = columnOf(layout, arg.name)
      return index >= 0
        ? { kind: 'column', index }
        : { kind: 'fresh', name: arg.name, isNeeded: needed.has(arg.name) }
    })
    const boundPlaces = terms.flatMap(({ kind }, place) =>
      kind === 'column' || kind === 'constant' ? [place] : [],
    )
    const table = this.#ruleTable(clause.name, source, boundPlaces)
    // What is dropped, and what was found in several ways, may repeat.
    course.dependencies.addBranches([
      ...terms.flatMap((term) => (term.kind === 'fresh' ? [term.name] : [])),
      '!ways',
    ])
    const outside = { layout, kept: keptColumns(layout, needed) }
    return new RuleCallOperator(table, terms, outside, this.#context.budget)
  }

  #ruleTable(name: string, source: SourceName, boundPlaces: readonly number[]): RuleTable {
    const key = `${name} ${source} ${boundPlaces.join(' ')}`
    const known = this.#fixpoint.table(key)
    if (known !== undefined) return known
    if (this.#compiling.has(key)) throw new Refusal('recursion through an or or a not')
    const rules = this.#context.rules.get(name)!
    const { parameters } = rules[0]!
    const places = this.#places.placesOf(
      [{ kind: 'rule', source, name, args: parameters.map(variableTerm) }],
      ruleScope(source),
    )
    const domains = parameters.map((parameter) => {
      const found = places.get(parameter)
      if (isMixed(found)) throw new Refusal(`${parameter} is both a name and a thing`)
      return found?.entityIn === undefined ? new CollectedDomain() : ENTITY_DOMAIN
    })
    const table = new RuleTable(
      { name, parameters, domains, boundPlaces },
      this.#fixpoint,
      this.#context.budget,
    )
    this.#fixpoint.add(key, table)
    this.#compiling.add(key)
    const bodies = rules.map((rule) => {
      const names = rule.parameters
      const start = { names: boundPlaces.map((place) => names[place]!), domains: table.start.domains }
      const plan = this.#chain(rule.body, start, names, {
        scope: ruleScope(source),
        rowCount: RECURSION_ROW_COUNT,
      })
      return { plan, names }
    })
    this.#compiling.delete(key)
    table.connect(
      bodies.map(({ plan, names }) => ({
        plan,
        names,
        numberings: outputNumberings(plan.layout, names, domains),
      })),
    )
    return table
  }

  #branches(
    branches: readonly Branch[],
    fresh: readonly Variable[],
    course: Course,
    needed: ReadonlySet<Variable>,
  ): Operator {
    course.dependencies.addBranches(fresh)
    for (const { plan, fresh: inside } of branches) {
      for (const name of inside) {
        if (columnOf(plan.layout, name) < 0) throw new Refusal('a branch that leaves a variable unbound')
      }
    }
    const outside = { layout: course.layout, kept: keptColumns(course.layout, needed), fresh }
    return new OrOperator(branches, outside, this.#context.budget)
  }
}

function rowsPerValue(
  v: Term | undefined,
  facts: FactSource,
  attribute: Attribute,
  statistics: Statistics,
): number {
  if (v?.kind !== 'constant') return statistics.rowCount / Math.max(1, statistics.valueCount)
  const value = constantFor(facts, attribute, v.value)
  return value === undefined ? 0 : countOfValue(facts, attribute, value)
}

/** Facts of all attributes, where nobody counts them. */
const OPEN_ROW_COUNT = 10_000_000
/** Rows that one step of a recursion is taken to bring. */
const RECURSION_ROW_COUNT = 64

/** How what a body gives becomes numbers of its rule's table. */
function outputNumberings(
  layout: Layout,
  names: readonly Variable[],
  domains: readonly Domain[],
): readonly Numbering[] {
  return names.map((name, at) => {
    const index = columnOf(layout, name)
    if (index < 0) throw new Refusal('a rule that leaves a parameter unbound')
    const domain = layout.domains[index]!
    const isEntity = domain instanceof NumberDomain && (domain.type === 'ref' || domain.type === 'long')
    if (domains[at] === ENTITY_DOMAIN && !isEntity)
      throw new Refusal('a parameter that is an entity in one rule only')
    return numbering(domain, domains[at]!)
  })
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

function variableTerm(name: Variable): Term {
  return { kind: 'variable', name }
}

type Cost = { readonly rank: number; readonly rowCount: number }

function connected({ operators, layout }: Course, isDistinct: boolean): Compiled {
  let last: Consumer | undefined
  for (let at = operators.length - 2; at >= 0; at--) operators[at]!.connect(operators[at + 1]!)
  const relay: Consumer = {
    push: (chunk) => last!.push(chunk),
    finish: () => last!.finish(),
  }
  operators.at(-1)?.connect(relay)
  return {
    first: operators[0] ?? relay,
    layout,
    isDistinct,
    connect: (next) => (last = next),
    complete: () => undefined,
  }
}

function isBound(term: Term | undefined, layout: Layout): boolean {
  return term?.kind === 'constant' || (term?.kind === 'variable' && columnOf(layout, term.name) >= 0)
}
