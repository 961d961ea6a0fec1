// Runs conjunctions to their complete answer. A conjunction is compiled into a plan: a list of steps through
// which batches of rows pass. Rule calls, and `or` as rules without a name, go through tables: one table per
// rule, source and set of bound arguments, which is given distinct seeds, finds their answers once, and hands
// every new answer to all who wait for it. So recursion of any shape ends when nothing new is found (tabling
// with continuations, semi-naive: no row is joined twice), and only what is asked for is computed. What plans and
// tables are stands in tree-tables.ts; rules that only lead on from place to place are asked as walks (tree-walks.ts).
//
// A row on which a function fails takes a side path through the clauses that can do without it. If it survives
// them, nobody rejects the row, and its failure is the failure of whoever asked.

import type { VarveError } from '../base/errors.ts'
import { unreachable } from '../base/assert.ts'
import type { Clause, Rule, Term, Variable } from '../plan/syntax.ts'
import { functionStep, predicateStep } from './tree-call.ts'
import { isTermBound, orInside, type ClauseOrder } from '../plan/clause-order.ts'
import { factsStep, rowsStep } from './tree-pattern.ts'
import { distinctRows, rowKey, wholeKey, type Row, type RowKey } from '../engine/relation.ts'
import { innerScope, realName, ruleScope, sourceNamed, type Goal, type Scope } from '../plan/scope.ts'
import { variablesOf } from '../plan/variables.ts'
import type { QueryContext } from '../engine/context.ts'
import type { Walk } from './tree-walks.ts'
import {
  Consumer,
  consumerFor,
  Plan,
  Table,
  WALK_SEED_COUNT_MAX,
  type CallStep,
  type MapStep,
  type Sink,
  type Step,
} from './tree-tables.ts'

/** The column that carries the number of a row's failure along the side path. */
const FAILURE = '!failure'

type RuleClause = Extract<Clause, { kind: 'rule' }>

/** One way to answer a table's question: a rule, or a branch of an `or`. */
type Body = { readonly parameters: readonly Variable[]; readonly clauses: readonly Clause[] }

/** What a table answers. */
type Definition = {
  readonly name: string
  /** What tells one `or` from another; rules are told by name. */
  readonly identity: Clause | undefined
  readonly bodies: readonly Body[]
  readonly scope: Scope
}

function bodyOf({ parameters, body }: Rule): Body {
  return { parameters, clauses: body }
}

/** `walks` are rules that may be asked as walks, by name; all of them are among the rules. */
export type SolverContext = QueryContext & { readonly walks: ReadonlyMap<string, Walk> }

export class Solver {
  readonly #context: SolverContext
  readonly #order: ClauseOrder
  readonly #errors: VarveError[]
  readonly #tables = new Map<string, Table>()
  readonly #busy: Table[] = []

  constructor(context: SolverContext, order: ClauseOrder, errors: VarveError[] = []) {
    this.#context = context
    this.#order = order
    this.#errors = errors
  }

  /** The distinct rows over `outputs` that satisfy the goals; throws the failure of a row that nobody rejects. */
  solve(goals: readonly Goal[], outputs: readonly Variable[], scope: Scope): readonly Row[] {
    const { budget } = this.#context
    const found = new Map<RowKey, Row>()
    const plan = this.#compile(goals, [], scope, {
      outputs,
      seeds: [],
      rows: (rows, columns) => {
        const places = outputs.map((name) => columns.indexOf(name))
        for (const row of rows) {
          budget.step()
          const made = project(row, places)
          const key = wholeKey(made)
          if (!found.has(key)) found.set(key, made)
        }
        budget.holdRows(found.size, () => 'the answer')
      },
      failures: (rows, columns) => {
        throw this.#errors[rows[0]![columns.indexOf(FAILURE)] as number]!
      },
    })
    this.#run(plan, 0, [[]])
    this.#finish()
    return [...found.values()]
  }

  #finish(): void {
    for (;;) {
      const table = this.#busy.pop()
      if (table === undefined) return
      this.#work(table)
    }
  }

  #markBusy(table: Table): void {
    if (!this.#busy.includes(table)) this.#busy.push(table)
  }

  #work(table: Table): void {
    this.#context.budget.step()
    const { newSeeds, newAnswers, newFailures } = table
    table.newSeeds = []
    table.newAnswers = []
    table.newFailures = []
    for (const answer of newAnswers) {
      const key = rowKey(answer, table.boundPlaces)
      const held = table.answers.get(key)
      if (held === undefined) table.answers.set(key, [answer])
      else held.push(answer)
    }
    // Joined for all consumers before any continues: rows that begin to wait on the way meet these answers
    // in the table itself.
    const joined = table.consumers.map((consumer) => this.#joinNew(consumer, newAnswers))
    const failed = table.consumers.map((consumer) =>
      newFailures.flatMap(([key, mark]) =>
        (consumer.waiting.get(key) ?? []).map((row) => [row, mark] as const),
      ),
    )
    const consumers = [...table.consumers]
    if (newSeeds.length > 0) {
      const isWalk = table.walks.length > 0 && table.seeds.size <= WALK_SEED_COUNT_MAX
      for (const body of isWalk ? table.walks : table.bodies) this.#run(body, 0, newSeeds)
    }
    for (const [index, consumer] of consumers.entries()) {
      this.#fail(consumer.plan!, consumer.index, failed[index]!)
      const { mayRepeat } = consumer.plan!.steps[consumer.index]!
      const rows = mayRepeat ? distinctRows(joined[index]!, this.#context.budget) : joined[index]!
      this.#run(consumer.plan!, consumer.index + 1, rows)
    }
    if (table.hasWork) this.#markBusy(table)
  }

  #joinNew(consumer: Consumer, answers: readonly Row[]): readonly Row[] {
    const { budget } = this.#context
    const out: Row[] = []
    if (consumer.waiting.size === 0) return out
    for (const answer of answers) {
      for (const row of consumer.waiting.get(rowKey(answer, consumer.table.boundPlaces)) ?? []) {
        budget.step()
        const made = consumer.join(row, answer)
        if (made !== undefined) out.push(made)
      }
      budget.holdRows(out.length, () => `the results of ${consumer.table.name}`)
    }
    return out
  }

  #run(plan: Plan, from: number, rows: readonly Row[]): void {
    const { budget } = this.#context
    let current = rows
    for (let index = from; index < plan.steps.length; index++) {
      if (current.length === 0) return
      const step = plan.steps[index]!
      if (step.kind === 'map') {
        const failed: (readonly [Row, number])[] = []
        current = step.apply(current, (row, error) => failed.push([row, this.#errors.push(error) - 1]))
        this.#fail(plan, index, failed)
      } else current = this.#enter(plan, index, consumerFor(step, current), current)
      if (step.mayRepeat) current = distinctRows(current, budget)
    }
    if (current.length === 0) return
    const columns = plan.columnsBefore(plan.steps.length)
    if (plan.isSidePath) plan.sink.failures(current, columns)
    else plan.sink.rows(current, columns)
  }

  /** Rows arrive at a call: they wait there, ask their seeds, and go on with the answers already known. */
  #enter(plan: Plan, index: number, consumer: Consumer, rows: readonly Row[]): readonly Row[] {
    const { budget } = this.#context
    const { table } = consumer
    const out: Row[] = []
    const failed: (readonly [Row, number])[] = []
    for (const row of rows) {
      budget.step()
      const seed = consumer.seedOf(row)
      const key = seed.length === 0 ? '' : wholeKey(seed)
      const held = consumer.waiting.get(key)
      if (held === undefined) consumer.waiting.set(key, [row])
      else held.push(row)
      if (!table.seeds.has(key)) {
        table.seeds.add(key)
        table.newSeeds.push(seed)
        budget.holdRows(table.seeds.size, () => `the calls of ${table.name}`)
      }
      const mark = table.failures.get(key)
      if (mark !== undefined) failed.push([row, mark])
      for (const answer of table.answers.get(key) ?? []) {
        budget.step()
        const made = consumer.join(row, answer)
        if (made !== undefined) out.push(made)
      }
      budget.holdRows(out.length, () => `the results of ${table.name}`)
    }
    if (table.hasWork) this.#markBusy(table)
    this.#fail(plan, index, failed)
    return out
  }

  /** Sends rows on which a step failed through the clauses that can do without it. */
  #fail(plan: Plan, index: number, failed: readonly (readonly [Row, number])[]): void {
    if (failed.length === 0) return
    const columns = plan.columnsBefore(index)
    const place = columns.indexOf(FAILURE)
    // A row fails for one reason; on the side path it keeps the first.
    const rows = failed.map(([row, mark]) => (place < 0 ? [...row, mark] : row))
    this.#run(this.#sidePath(plan, index), 0, rows)
  }

  #sidePath(plan: Plan, index: number): Plan {
    let path = plan.sidePaths.get(index)
    if (path === undefined) {
      const columns = plan.columnsBefore(index)
      const start = columns.includes(FAILURE) ? columns : [...columns, FAILURE]
      const rest = plan.goals.slice(index + 1)
      const { goals } = this.#order.order(rest, columns, plan.scope)
      path = this.#assemble(goals, start, plan.scope, {
        sink: plan.sink,
        outputs: [...plan.sink.seeds, FAILURE],
        isSidePath: true,
      })
      plan.sidePaths.set(index, path)
    }
    return path
  }

  #compile(goals: readonly Goal[], start: readonly Variable[], scope: Scope, sink: Sink): Plan {
    const ordered = this.#order.order(goals, start, scope)
    if (ordered.stuck.length > 0) throw this.#order.stuckError(ordered, scope)
    return this.#assemble(ordered.goals, start, scope, { sink, outputs: sink.outputs, isSidePath: false })
  }

  #assemble(
    goals: readonly Goal[],
    start: readonly Variable[],
    scope: Scope,
    options: { readonly sink: Sink; readonly outputs: readonly Variable[]; readonly isSidePath: boolean },
  ): Plan {
    const places = this.#order.places.placesOf(goals, scope)
    const steps: Step[] = []
    let columns = start
    for (const [index, goal] of goals.entries()) {
      const needed = new Set<Variable>(options.outputs)
      for (const later of goals.slice(index + 1)) for (const name of variablesOf(later)) needed.add(name)
      const step = this.#step(goal, columns, needed, { scope, places })
      steps.push(step)
      columns = step.columns
    }
    const plan = new Plan({ goals, steps, scope, sink: options.sink, start, isSidePath: options.isSidePath })
    for (const [index, step] of steps.entries()) {
      if (step.kind !== 'call') continue
      for (const consumer of [step.consumer, step.open]) {
        if (consumer === undefined) continue
        consumer.plan = plan
        consumer.index = index
      }
    }
    return plan
  }

  #step(
    goal: Goal,
    columns: readonly Variable[],
    needed: ReadonlySet<Variable>,
    {
      scope,
      places,
    }: { readonly scope: Scope; readonly places: ReturnType<ClauseOrder['places']['placesOf']> },
  ): Step {
    const layout = { columns, needed }
    const context = this.#context
    const { budget } = context
    switch (goal.kind) {
      case 'input':
        return { kind: 'map', ...rowsStep(goal.terms, goal.rows, layout, budget) }
      case 'pattern': {
        const source = sourceNamed(context, scope, goal.source, goal.place)
        return {
          kind: 'map',
          ...(source.kind === 'rows'
            ? rowsStep(goal.terms, source.rows, layout, budget)
            : factsStep(goal, source.facts, layout, { scope, places, budget })),
        }
      }
      case 'predicate':
        return { kind: 'map', ...predicateStep(goal, layout, { context, scope, places }) }
      case 'function':
        return { kind: 'map', ...functionStep(goal, layout, { context, scope, places }) }
      case 'not':
        return this.#notStep(goal, layout, scope)
      case 'or': {
        const { variables, inner } = orInside(goal, scope)
        const args = variables.map((name): Term => ({ kind: 'variable', name }))
        const bodies = goal.branches.map((clauses) => ({ parameters: variables, clauses }))
        const table = this.#table({ name: 'or', identity: goal, bodies, scope: inner }, args, columns)
        return this.#callStep(table, args, layout)
      }
      case 'rule': {
        const source = goal.source === undefined ? scope.defaultSource : realName(goal.source, scope)
        const bodies = (context.rules.get(goal.name) ?? []).map(bodyOf)
        const definition = { name: goal.name, identity: undefined, bodies, scope: ruleScope(source) }
        const table = this.#table(definition, goal.args, columns)
        return this.#callStep(table, goal.args, layout, this.#openTable(goal, columns, definition))
      }
      default:
        return unreachable(goal)
    }
  }

  /**
   * The table of a call that has more arguments bound than a walk starts from: what is found from one start then
   * serves every value that is looked for.
   */
  #openTable(
    { name, args }: RuleClause,
    columns: readonly Variable[],
    definition: Definition,
  ): Table | undefined {
    const walk = this.#context.walks.get(name)
    if (walk === undefined) return undefined
    const isStart = args.map((_, place) => walk.startPlaces.includes(place))
    const isBound = args.map((arg) => isTermBound(arg, new Set(columns)))
    const isMore = isBound.some((is, place) => is && !isStart[place])
    if (!isMore || isStart.some((is, place) => is && !isBound[place])) return undefined
    if (!this.#order.isCallable(name, isStart, definition.scope.defaultSource)) return undefined
    return this.#table(
      definition,
      args.map((arg, place) => (isStart[place] ? arg : { kind: 'blank' })),
      columns,
    )
  }

  #callStep(
    table: Table,
    args: readonly Term[],
    { columns, needed }: { readonly columns: readonly Variable[]; readonly needed: ReadonlySet<Variable> },
    openTable?: Table,
  ): CallStep {
    const kept = columns.filter((name) => needed.has(name))
    const fresh = new Set<Variable>()
    for (const arg of args) {
      if (arg.kind === 'variable' && needed.has(arg.name) && !columns.includes(arg.name)) fresh.add(arg.name)
    }
    const outColumns = [...kept, ...fresh]
    const consumer = new Consumer(table, args, columns, outColumns)
    table.consumers.push(consumer)
    const open = openTable && new Consumer(openTable, args, columns, outColumns)
    if (open !== undefined) open.table.consumers.push(open)
    // Equal rows come out only where something that told them apart is left out.
    const mayRepeat =
      kept.length < columns.length ||
      args.some((arg) => arg.kind === 'blank' || (arg.kind === 'variable' && !outColumns.includes(arg.name)))
    return { kind: 'call', columns: outColumns, mayRepeat, consumer, open }
  }

  #table(definition: Definition, args: readonly Term[], columns: readonly Variable[]): Table {
    const { name, identity, bodies, scope } = definition
    const boundPlaces = args.flatMap((arg, place) =>
      arg.kind === 'constant' || (arg.kind === 'variable' && columns.includes(arg.name)) ? [place] : [],
    )
    const id = identity === undefined ? name : `#${this.#identify(identity)}`
    const key = `${id} ${scope.defaultSource} ${boundPlaces.join(',')}`
    const known = this.#tables.get(key)
    if (known !== undefined) return known
    const table = new Table(name, boundPlaces)
    this.#tables.set(key, table)
    const compile = ({ parameters, clauses }: Body): Plan => {
      const seeds = boundPlaces.map((place) => parameters[place]!)
      return this.#compile(clauses, seeds, scope, this.#tableSink(table, parameters, seeds))
    }
    table.bodies = bodies.map(compile)
    const walk = identity === undefined ? this.#context.walks.get(name) : undefined
    if (walk !== undefined && walk.startPlaces.join() === boundPlaces.join()) {
      table.walks = walk.rules.map(bodyOf).map(compile)
    }
    return table
  }

  readonly #identities = new Map<Clause, number>()

  #identify(clause: Clause): number {
    const id = this.#identities.get(clause) ?? this.#identities.size
    this.#identities.set(clause, id)
    return id
  }

  #tableSink(table: Table, parameters: readonly Variable[], seeds: readonly Variable[]): Sink {
    const { budget } = this.#context
    return {
      outputs: parameters,
      seeds,
      rows: (rows, columns) => {
        const places = parameters.map((name) => columns.indexOf(name))
        for (const row of rows) {
          budget.step()
          table.addAnswer(project(row, places))
        }
        budget.holdRows(table.answerCount, () => `the results of ${table.name}`)
        if (table.hasWork) this.#markBusy(table)
      },
      failures: (rows, columns) => {
        const places = seeds.map((name) => columns.indexOf(name))
        for (const row of rows) {
          const key = rowKey(row, places)
          if (table.failures.has(key)) continue
          const mark = row[columns.indexOf(FAILURE)] as number
          table.failures.set(key, mark)
          table.newFailures.push([key, mark])
        }
        if (table.hasWork) this.#markBusy(table)
      },
    }
  }

  /** Keeps the rows whose shared values have no match inside. Runs apart, since it needs complete answers. */
  #notStep(
    goal: Extract<Clause, { kind: 'not' }>,
    { columns, needed }: { readonly columns: readonly Variable[]; readonly needed: ReadonlySet<Variable> },
    scope: Scope,
  ): MapStep {
    const shared = [...variablesOf(goal)]
    const inside = new Solver(this.#context, this.#order, this.#errors)
    const ask = inside.#existence(goal.clauses, shared, innerScope(scope, goal.source, goal.join))
    const sharedPlaces = shared.map((name) => columns.indexOf(name))
    const kept = columns.filter((name) => needed.has(name))
    const keptPlaces = kept.map((name) => columns.indexOf(name))
    return {
      kind: 'map',
      columns: kept,
      mayRepeat: kept.length < columns.length,
      apply: (rows, failed) => {
        const { matched, failures } = ask(rows.map((row) => project(row, sharedPlaces)))
        const out: Row[] = []
        for (const row of rows) {
          const key = rowKey(row, sharedPlaces)
          if (matched.has(key)) continue
          const failure = failures.get(key)
          if (failure === undefined) out.push(project(row, keptPlaces))
          else failed(row, this.#errors[failure]!)
        }
        return out
      },
    }
  }

  /** A function that tells which seeds have a match, and which fail; it remembers those it was asked before. */
  #existence(
    clauses: readonly Clause[],
    seeds: readonly Variable[],
    scope: Scope,
  ): (rows: readonly Row[]) => {
    readonly matched: ReadonlySet<RowKey>
    readonly failures: ReadonlyMap<RowKey, number>
  } {
    const asked = new Set<RowKey>()
    const matched = new Set<RowKey>()
    const failures = new Map<RowKey, number>()
    const keys = (rows: readonly Row[], columns: readonly Variable[]): readonly RowKey[] => {
      const places = seeds.map((name) => columns.indexOf(name))
      return rows.map((row) => rowKey(row, places))
    }
    const plan = this.#compile(clauses, seeds, scope, {
      outputs: seeds,
      seeds,
      rows: (rows, columns) => {
        for (const key of keys(rows, columns)) matched.add(key)
      },
      failures: (rows, columns) => {
        const place = columns.indexOf(FAILURE)
        for (const [index, key] of keys(rows, columns).entries())
          failures.set(key, rows[index]![place] as number)
      },
    })
    return (rows) => {
      const fresh: Row[] = []
      for (const row of rows) {
        const key = rowKey(
          row,
          seeds.map((_, place) => place),
        )
        if (asked.has(key)) continue
        asked.add(key)
        fresh.push(row)
      }
      this.#run(plan, 0, fresh)
      this.#finish()
      return { matched, failures }
    }
  }
}

/** The values at these places, as a row of their own. */
function project(row: Row, places: readonly number[]): Row {
  return places.map((place) => row[place]!)
}
