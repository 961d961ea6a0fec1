// From a plan to operators: each step becomes one, told which columns of its rows are which. Whether facts are sought or
// read as a table is decided here and while running, since only then it is known how many rows come in.

import { assert } from '../../base/assert.ts'
import { isPlanted } from '../../base/planted.ts'
import type { Attribute } from '../../fact/attribute.ts'
import type { FactSource } from '../../fact/datom.ts'
import type { Edn } from '../../fact/value.ts'
import type {
  AntiJoinStep,
  Bound,
  CallStep,
  ComputeStep,
  Conjunction,
  FilterStep,
  IntersectStep,
  PatternStep,
  PlanTerm,
  ProductStep,
  ReadStep,
  RowsStep,
  RuleTablePlan,
  SemiJoinStep,
  Step,
  UnionStep,
  ValueRange,
} from '../../plan/plan.ts'
import { stepText } from '../../plan/explain.ts'
import { Dependencies } from '../../plan/dependencies.ts'
import { FAILURE } from '../../plan/failures.ts'
import { functionNamed } from '../../plan/functions.ts'
import type { Argument, SourceName, Variable } from '../../plan/syntax.ts'
import type { Budget } from '../budget.ts'
import { functionFor } from '../call.ts'
import type { QueryContext } from '../context.ts'
import { SOURCE_FUNCTIONS } from '../functions-source.ts'
import type { Row } from '../relation.ts'
import { AnyAttributeOperator } from './any-attribute-operator.ts'
import { hasTable, tableOf } from './attribute-table.ts'
import {
  type Branch,
  type Numbering,
  numbering,
  MatchOperator,
  OrOperator,
  passedLayout,
  type Pipeline,
  ROW,
} from './branch-operator.ts'
import {
  type Call,
  type CallArgument,
  type Failed,
  failureCall,
  FilterOperator,
  FunctionOperator,
  type RowCall,
  rowCall,
  storedCall,
  StoredRows,
  testOfCall,
} from './call-operator.ts'
import { testOfComparison } from './comparison.ts'
import { CircleCompiler } from './circle-compiler.ts'
import { Closure } from './closure.ts'
import { ClosureOperator } from './closure-operator.ts'
import { CopyOperator } from './copy-operator.ts'
import { type Course, extended, keptBy, placeBinding } from './course.ts'
import { ADDED_DOMAIN, CollectedDomain, ENTITY_DOMAIN } from './domain.ts'
import { columnOf, type Consumer, EMPTY_LAYOUT, type Layout, type Operator } from './operator.ts'
import { PatternOperator } from './pattern-operator.ts'
import type { BoundBinding, RangeBinding } from './pattern-shape.ts'
import { FailureLog } from './failure-log.ts'
import type { Profile } from './profile.ts'
import { ReadOperator } from './read-operator.ts'
import { readerOf } from '../../plan/readings.ts'
import { ProductOperator } from './product-operator.ts'
import { type CallTerm, Fixpoint, RuleCallOperator, RuleTable } from './recursion.ts'
import { RowsOperator } from './rows-operator.ts'
import { canSeekValue, readsTable, SMALL_COUNT, statisticsOf } from './statistics.ts'
import { SemiJoinOperator } from './semi-join-operator.ts'
import { collectedNumbers } from './table-numbers.ts'
import { callArgument, type InnerCall, passedColumns } from './terms.ts'

/** What a conjunction became. */
export type Compiled = Pipeline & {
  /** True where no row comes out twice, by the outputs of the conjunction alone. */
  readonly isDistinct: boolean
}

type Seeker = {
  readonly source: SourceName
  readonly attribute: Attribute
  readonly operator: PatternOperator
}

export class Compiler {
  readonly #context: QueryContext
  /** Rows of the inputs, by their index. */
  readonly #inputs: ReadonlyMap<number, readonly Row[]>
  #fixpoint = new Fixpoint()
  #tablePlans: ReadonlyMap<string, RuleTablePlan> = new Map()

  /** What joins the inputs. */
  readonly inputOperators: { readonly index: number; readonly operator: RowsOperator }[] = []
  /** What seeks facts of an attribute, and where. */
  readonly #seekers: Seeker[] = []
  /** True where some operator holds more of the facts than where to seek. */
  #restsOnFacts = false
  /** The calls that failed while it ran. */
  readonly failures = new FailureLog()
  /** What became of each pattern. */
  readonly patternOperators = new Map<PatternStep, PatternOperator>()
  /** Measures what runs, where it is to be explained. */
  readonly #profile: Profile | undefined
  readonly #circles: CircleCompiler

  constructor(context: QueryContext, inputs: ReadonlyMap<number, readonly Row[]>, profile?: Profile) {
    this.#context = context
    this.#inputs = inputs
    this.#profile = profile
    this.#circles = new CircleCompiler({
      factsOf: (source) => this.#facts(source),
      budgetOf: (step) => this.#budgetOf(step),
      isProfiled: profile !== undefined,
    })
  }

  /**
   * Lets the operators go on over other facts of the same schemas; false where they rest on those that they were made
   * for. Then some may seek here and some there, and none is to be used again.
   */
  seekIn({ sources, budget }: QueryContext): boolean {
    if (this.#restsOnFacts) return false
    return this.#seekers.every(({ source, attribute, operator }) => {
      const found = sources.get(source)
      if (found?.kind !== 'facts' || hasTable(found.facts, attribute)) return false
      const { rowCount } = statisticsOf(found.facts, attribute, budget)
      return rowCount >= SMALL_COUNT && operator.seekIn(found.facts, rowCount)
    })
  }

  /** `start` are the columns that rows come with; what takes the rows that come out works on behalf of `owner`. */
  conjunction(planned: Conjunction, owner: object, start: Layout = EMPTY_LAYOUT): Compiled {
    const outer = { fixpoint: this.#fixpoint, tablePlans: this.#tablePlans }
    const fixpoint = new Fixpoint(this.#profile)
    this.#fixpoint = fixpoint
    this.#tablePlans = new Map(planned.tables.map((table) => [table.key, table]))
    const pipeline = this.#chain(planned, owner, start)
    this.#fixpoint = outer.fixpoint
    this.#tablePlans = outer.tablePlans
    return { ...pipeline, complete: () => fixpoint.complete() }
  }

  /** Operators that share the tables of recursive rules with those around them. */
  #chain({ steps, outputs }: Conjunction, owner: object, start: Layout): Compiled {
    const course: Course = { layout: start, dependencies: new Dependencies(start.names) }
    const operators: Operator[] = []
    const parts: object[] = []
    const add = (operator: Operator, part: object): void => {
      operators.push(operator)
      parts.push(part)
      course.layout = operator.layout
    }
    for (let at = 0; at < steps.length;) {
      const circle = this.#circles.compile(steps, at, course)
      if (circle !== undefined) {
        this.#restsOnFacts = true
        add(circle.operator, circle.part)
        at += circle.stepCount
        continue
      }
      const step = steps[at++]!
      if (step.kind !== 'intersect') add(this.#operator(step, course), step)
      else {
        step.patterns.forEach((pattern, i) => {
          // What comes of the last pattern is what comes of the step.
          add(this.#operator(pattern, course), step.patterns[i + 1] ? pattern : step)
        })
      }
    }
    const isDistinct = course.dependencies.determine([...outputs, ROW])
    return { ...connected(operators, [...parts, owner], this.#profile), layout: course.layout, isDistinct }
  }

  #operator(step: Exclude<Step, IntersectStep>, course: Course): Operator {
    switch (step.kind) {
      case 'rows':
        return this.#rows(step, course)
      case 'pattern':
        return step.attribute === undefined
          ? this.#openPattern(step, course)
          : this.#pattern(step, step.attribute, course)
      case 'read':
        return this.#read(step, course)
      case 'filter':
        return this.#filter(step, course)
      case 'compute':
        return this.#compute(step, course)
      case 'anti-join':
        return this.#antiJoin(step, course)
      case 'union':
        return this.#union(step, course)
      case 'call':
        return this.#call(step, course)
      case 'product':
        return this.#product(step, course)
      case 'semi-join':
        return this.#semiJoin(step, course)
    }
  }

  #rows(step: RowsStep, { layout, dependencies }: Course): Operator {
    const { from, terms, fresh } = step
    // Rows of an input are distinct as a whole; those of a source may repeat.
    const bound = terms.flatMap((term) => (term.kind === 'fresh' ? [term.name] : []))
    dependencies.addBranches(from.kind === 'input' ? bound : [...bound, '!ways'])
    const rows = from.kind === 'input' ? this.#inputs.get(from.index)! : this.#sourceRows(from.name)
    const outside = { layout, kept: keptBy(step, layout), fresh }
    const operator = new RowsOperator({ terms, rows }, outside, this.#budgetOf(step))
    if (from.kind === 'input') this.inputOperators.push({ index: from.index, operator })
    return operator
  }

  #pattern(step: PatternStep, attribute: Attribute, { layout, dependencies }: Course): Operator {
    const facts = this.#facts(step.source)
    const terms = [step.terms[0], step.terms[2], step.terms[3], step.terms[4]]
    const places = terms.map((term) => placeBinding(term, layout))
    const isLoop = terms[1]!.kind === 'same' && attribute.valueType === 'ref'
    const sameCount = terms.filter(({ kind }) => kind === 'same').length
    assert(
      sameCount === Number(isLoop),
      'only references of things to themselves stand so: see plan/twins.ts',
    )
    const isScan = step.access === 'scan' || step.access === 'range'
    const isSlowSeek = places[0]!.kind === 'free' && !canSeekValue(facts, attribute)
    const budget = this.#budgetOf(step)
    const { rowCount } = statisticsOf(facts, attribute, budget)
    const isTable = isScan || isSlowSeek || readsTable({ facts, attribute, rowCount: step.rowCount }, budget)
    const table = isTable ? tableOf(facts, attribute, budget) : undefined
    dependencies.addPattern(step, table?.uniqueness(budget))
    const collected =
      table === undefined
        ? collectedNumbers(attribute.valueType, { hasLargeLongs: this.#context.hasLargeLongs })
        : { domain: table.domain, numberOf: (value: Edn) => table.domain.encode(value) }
    const kept = keptBy(step, layout)
    const fresh = step.fresh.map((name) =>
      terms.findIndex((term) => term.kind === 'fresh' && term.name === name),
    )
    const made = [ENTITY_DOMAIN, collected.domain, ENTITY_DOMAIN, ADDED_DOMAIN]
    const operator = new PatternOperator(
      {
        facts,
        attribute,
        places: [places[0]!, places[1]!, places[2]!, places[3]!],
        range: step.range && rangeBinding(step.range, layout),
        kept,
        fresh,
        isLoop,
        collected,
      },
      extended(layout, kept, { names: step.fresh, domains: fresh.map((place) => made[place]!) }),
      table,
      rowCount,
      budget,
    )
    if (table === undefined) this.#seekers.push({ source: step.source, attribute, operator })
    else this.#restsOnFacts = true
    this.patternOperators.set(step, operator)
    return operator
  }

  /** A pattern without an attribute, or with one that rows bring. */
  #openPattern(step: PatternStep, { layout, dependencies }: Course): Operator {
    const { terms } = step
    const equalities = terms.flatMap((term, place): readonly (readonly [number, number])[] =>
      term.kind === 'same' ? [[term.place, place]] : [],
    )
    const fresh = step.fresh.map((name) => ({
      place: terms.findIndex((term) => term.kind === 'fresh' && term.name === name),
      name,
    }))
    dependencies.addBranches([...boundBy(terms), '!ways'])
    this.#restsOnFacts = true
    const places = terms.map((term) => placeBinding(term, layout))
    const facts = this.#facts(step.source)
    const { isValueRead } = step
    const shape = { facts, places, kept: keptBy(step, layout), fresh, equalities, isValueRead }
    return new AnyAttributeOperator(shape, layout, this.#budgetOf(step))
  }

  #read(step: ReadStep, { layout, dependencies }: Course): Operator {
    this.#restsOnFacts = true
    dependencies.addFunction({
      args: [{ kind: 'variable', name: step.of }],
      binding: { kind: 'variable', name: step.name },
    })
    const shape = {
      of: columnOf(layout, step.of),
      name: step.name,
      kept: keptBy(step, layout),
      isEntity: step.reading === 'entity',
      read: readerOf(step.reading, this.#facts(step.source)),
    }
    return new ReadOperator(shape, layout, this.#budgetOf(step))
  }

  #filter(step: FilterStep, { layout }: Course): Operator {
    const { call, args } = this.#callOf(step, layout)
    const test = testOfComparison(step.name, args) ?? testOfCall(call, this.#budgetOf(step))
    return new FilterOperator(test, layout, keptBy(step, layout), this.#budgetOf(step))
  }

  #compute(step: ComputeStep, { layout, dependencies }: Course): Operator {
    const { call, args } = this.#callOf(step, layout)
    dependencies.addFunction(step)
    const { binding, fresh, name } = step
    const [arg] = args
    const isCopy = name === 'identity' || name === 'ground'
    if (isCopy && binding.kind === 'variable' && fresh.length === 1 && CopyOperator.canCopy(arg!))
      return new CopyOperator(arg, binding.name, layout, keptBy(step, layout))
    const shape = { call, binding, failed: this.#failed(step), kept: keptBy(step, layout), fresh }
    return new FunctionOperator(shape, layout, this.#budgetOf(step))
  }

  #callOf(
    step: FilterStep | ComputeStep,
    layout: Layout,
  ): { readonly call: RowCall; readonly args: readonly CallArgument[] } {
    const { name, source, args, clause } = step
    const { stored: brought, budget } = this.#context
    const { checks: check } = budget
    const inside = (inner: string, given: readonly Argument[]): InnerCall => {
      const [first, ...rest] = given
      const canonical = functionNamed(inner)?.name ?? inner
      if (first?.kind === 'source' && SOURCE_FUNCTIONS.has(canonical))
        return { call: this.#sourceCall(canonical, first.name), args: rest, rows: undefined }
      const stored = brought.functions.get(inner)
      const call = functionFor(inner, this.#context, clause?.place)
      return { call, args: given, rows: stored && new StoredRows(stored, check) }
    }
    const given = args.map((arg) => callArgument(arg, layout, inside))
    const [first] = given
    if (name === FAILURE && first?.kind === 'call')
      return { call: this.#failureCall(first, step), args: given }
    const failed = this.#failed(step)
    const stored = brought.functions.get(name)
    if (stored !== undefined) return { call: storedCall(stored, given, { check, failed }), args: given }
    const call =
      source === undefined ? functionFor(name, this.#context, clause?.place) : this.#sourceCall(name, source)
    return { call: rowCall(call, given, failed), args: given }
  }

  #failed(step: FilterStep | ComputeStep): Failed {
    return (error) => this.failures.note(step, error)
  }

  #failureCall(
    failing: Extract<CallArgument, { kind: 'call' }>,
    { clause, args }: FilterStep | ComputeStep,
  ): RowCall {
    const [call] = args
    const name = call?.kind === 'call' ? call.name : FAILURE
    const fits = clause?.kind === 'function' ? clause.fits : undefined
    return failureCall(failing, fits, (error) => this.failures.numberOf({ name, clause }, error))
  }

  #sourceCall(name: string, source: SourceName): Call {
    this.#restsOnFacts = true
    return SOURCE_FUNCTIONS.get(name)!(this.#facts(source))
  }

  #antiJoin(step: AntiJoinStep, { layout }: Course): Operator {
    const passed = passedColumns(step.passed, layout)
    const inside = this.conjunction(step.body, step, passedLayout(passed))
    const outside = { layout, kept: keptBy(step, layout) }
    return new MatchOperator(
      [{ pipeline: inside, passed, fresh: [] }],
      'unmatched',
      outside,
      this.#budgetOf(step),
    )
  }

  #union(step: UnionStep, { layout, dependencies }: Course): Operator {
    dependencies.addBranches(step.fresh)
    const branches = step.branches.map(({ passed: given, body, fresh }): Branch => {
      const passed = passedColumns(given, layout)
      return { pipeline: this.conjunction(body, step, passedLayout(passed)), passed, fresh }
    })
    const outside = { layout, kept: keptBy(step, layout), fresh: step.fresh }
    return step.fresh.length === 0
      ? new MatchOperator(branches, 'matched', outside, this.#budgetOf(step))
      : new OrOperator(branches, outside, this.#budgetOf(step))
  }

  #product(step: ProductStep, { layout, dependencies }: Course): Operator {
    dependencies.addBranches(step.fresh)
    const isOneEnough = !callsFunctions(step.body)
    const outside = { layout, kept: keptBy(step, layout), fresh: step.fresh, isOneEnough }
    return new ProductOperator(this.conjunction(step.body, step), outside, this.#budgetOf(step))
  }

  #semiJoin(step: SemiJoinStep, { layout }: Course): Operator {
    const outside = { layout, kept: keptBy(step, layout) }
    const inside = this.conjunction(step.body, step)
    return new SemiJoinOperator(inside, step.variable, outside, this.#budgetOf(step))
  }

  #call(step: CallStep, { layout, dependencies }: Course): Operator {
    const planned = this.#tablePlans.get(step.table)
    if (planned?.closure !== undefined)
      return this.#closure(step, planned, planned.closure, { layout, dependencies })
    const terms = step.args.map((arg): CallTerm => {
      switch (arg.kind) {
        case 'bound':
          return { kind: 'column', index: columnOf(layout, arg.name) }
        case 'fresh':
          return { kind: 'fresh', name: arg.name, isNeeded: step.fresh.includes(arg.name) }
        case 'constant':
          return arg
        default:
          return { kind: 'blank' }
      }
    })
    const table = this.#ruleTable(step.table)
    // What is dropped, and what was found in several ways, may repeat.
    dependencies.addBranches([...boundBy(step.args), '!ways'])
    const outside = { layout, kept: keptBy(step, layout) }
    return new RuleCallOperator(table, terms, outside, this.#budgetOf(step))
  }

  #closure(
    step: CallStep,
    { name, boundPlaces }: RuleTablePlan,
    { source, edges }: NonNullable<RuleTablePlan['closure']>,
    { layout, dependencies }: Course,
  ): Operator {
    this.#restsOnFacts = true
    const budget = this.#budgetOf(step)
    const [from, to] = step.args.map((arg) => {
      return placeBinding(arg, layout)
    })
    // Each row meets each answer once; without a seed, answers of different seeds may be the same.
    dependencies.addBranches(boundPlaces.length > 0 ? step.fresh : [...boundBy(step.args), '!ways'])
    const isBackward =
      boundPlaces.length === 1 && boundPlaces[0] === 1 && !isPlanted('closure-forgets-the-way-back')
    const facts = this.#facts(source)
    const followed = edges.map(({ attribute, isReversed }) => ({
      facts,
      attribute,
      isReversed: isReversed !== isBackward,
    }))
    const seedCount = boundPlaces.length > 0 ? step.rowCount : Infinity
    const fresh = step.args.flatMap((arg, place) =>
      arg.kind === 'fresh' && step.fresh.includes(arg.name) ? [place as 0 | 1] : [],
    )
    const names = fresh.map((place) => (step.args[place] as { readonly name: Variable }).name)
    const kept = keptBy(step, layout)
    return new ClosureOperator(
      { closure: new Closure(followed, { name, seedCount }, budget), ends: [from!, to!], fresh },
      { layout: extended(layout, kept, { names, domains: names.map(() => ENTITY_DOMAIN) }), kept },
      budget,
    )
  }

  #ruleTable(key: string): RuleTable {
    const known = this.#fixpoint.table(key)
    if (known !== undefined) return known
    const planned = this.#tablePlans.get(key)!
    const { boundPlaces, kinds, bodies, name } = planned
    const budget = this.#context.budget.ofStep(planned, { name: () => `rule ${name}` })
    const domains = kinds.map((kind) => (kind === 'ref' ? ENTITY_DOMAIN : new CollectedDomain(budget)))
    const table = new RuleTable(planned, domains, this.#fixpoint, budget)
    // Known before its bodies are compiled, which may call it.
    this.#fixpoint.add(key, table)
    table.connect(
      bodies.map(({ body, names }) => {
        const start = { names: boundPlaces.map((place) => names[place]!), domains: table.start.domains }
        const pipeline = this.#chain(body, planned, start)
        return { pipeline, names, numberings: outputNumberings(pipeline.layout, { names, domains }, budget) }
      }),
    )
    return table
  }

  #budgetOf(step: Step): Budget {
    return this.#context.budget.ofStep(step, { name: () => stepText(step), place: step.clause?.place })
  }

  #facts(source: SourceName): FactSource {
    const found = this.#context.sources.get(source)
    assert(found?.kind === 'facts', 'who asks rows for facts was told so before')
    return found.facts
  }

  #sourceRows(source: SourceName): readonly Row[] {
    const found = this.#context.sources.get(source)
    return found?.kind === 'rows' ? found.rows : []
  }
}

function boundBy(terms: readonly PlanTerm[]): readonly Variable[] {
  return terms.flatMap((term) => (term.kind === 'fresh' ? [term.name] : []))
}

function rangeBinding({ low, high }: ValueRange, layout: Layout): RangeBinding {
  const binding = (bound: Bound | undefined): BoundBinding | undefined =>
    bound && { place: placeBinding(bound.term, layout), isIncluded: bound.isIncluded }
  return { low: binding(low), high: binding(high) }
}

/** How what a body gives becomes numbers of its rule's table. */
function outputNumberings(layout: Layout, { names, domains }: Layout, budget: Budget): readonly Numbering[] {
  return names.map((name, at) => {
    const domain = layout.domains[columnOf(layout, name)]!
    return numbering(domain, domains[at]!, budget)
  })
}

/** Operators one behind the other; `parts` are what each works on behalf of, and whoever takes what comes out. */
function connected(
  operators: readonly Operator[],
  parts: readonly object[],
  profile: Profile | undefined,
): Omit<Compiled, 'layout' | 'isDistinct'> {
  let last: Consumer | undefined
  const relay: Consumer = {
    push: (chunk) => last!.push(chunk),
    finish: () => last!.finish(),
  }
  const consumers = [...operators, relay].map((consumer, at) =>
    profile === undefined ? consumer : profile.probe(parts[at - 1], parts[at]!, consumer),
  )
  operators.forEach((operator, at) => operator.connect(consumers[at + 1]!))
  return {
    first: consumers[0]!,
    connect: (next) => (last = next),
    complete: () => undefined,
  }
}

/** True where some row may fail, so that all of them have to be looked at. */
function callsFunctions({ steps, tables }: Conjunction): boolean {
  const inSteps = steps.some((step) => {
    switch (step.kind) {
      case 'filter':
      case 'compute':
        return true
      case 'anti-join':
      case 'product':
      case 'semi-join':
        return callsFunctions(step.body)
      case 'union':
        return step.branches.some(({ body }) => callsFunctions(body))
      default:
        return false
    }
  })
  return inSteps || tables.some(({ bodies }) => bodies.some(({ body }) => callsFunctions(body)))
}
