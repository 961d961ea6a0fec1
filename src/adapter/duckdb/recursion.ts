// Recursive rules. Each is a table of its answers and one of what it is asked (the values of the arguments that calls
// bind), so that only what is asked for is found. The bodies run round after round until nothing new comes, each as often
// as it has parts that may be new: in each run one part sees only what the last round brought, the others everything (semi-naive).
// A call within a body asks by adding to the other's table; whoever calls from outside starts the rounds.

import type { CallStep, Conjunction, RuleTablePlan } from '../../plan/plan.ts'
import { Refusal } from '../../plan/refusal.ts'
import type { Variable } from '../../plan/syntax.ts'
import { converted } from './calls.ts'
import type { Compiler } from './compiler.ts'
import { equality, type Expression, literal } from './expressions.ts'
import { bodiesOf } from './late-calls.ts'
import { kindOfType, kindOfValue, type SqlKind, sqlTypeOf } from './kinds.ts'
import type { Relation, Start } from './relation.ts'

type RuleTable = {
  readonly plan: RuleTablePlan
  readonly kinds: readonly SqlKind[]
  readonly asked: string
  readonly answers: string
}

/** A group of tables that are worked on together. */
type Group = {
  readonly tables: ReadonlyMap<string, RuleTable>
  /** What stands in SQL for the number of the round. */
  readonly round: string
}

/** A body while it is compiled. */
type Run = {
  readonly group: Group
  /** Which part sees what the last round brought: 0 for what is asked, 1 for the first call … */
  readonly newPart: number
  callCount: number
}

export class Recursion {
  readonly #compiler: Compiler
  readonly #groups: Group[] = []
  #run: Run | undefined

  constructor(compiler: Compiler) {
    this.#compiler = compiler
  }

  /** Whether anything within asks a recursive rule, which takes statements of its own. */
  isAsked(body: Conjunction): boolean {
    return (
      body.tables.length > 0 ||
      body.steps.some((step) => bodiesOf(step).some((inner) => this.isAsked(inner)) || step.kind === 'call')
    )
  }

  /** Compiles what asks these tables. */
  within(plans: readonly RuleTablePlan[], compile: () => Relation): Relation {
    if (plans.length === 0) return compile()
    const { writer } = this.#compiler
    const tables = new Map(plans.map((plan) => [plan.key, this.#makeTable(plan)]))
    this.#groups.push({ tables, round: `${writer.name('round_')}_` })
    const outerRun = this.#run
    this.#run = undefined
    const compiled = compile()
    this.#run = outerRun
    this.#groups.pop()
    return compiled
  }

  call(step: CallStep, relation: Relation): Relation {
    const group = this.#groups.findLast(({ tables }) => tables.has(step.table))!
    const table = group.tables.get(step.table)!
    const asking = this.#compiler.stored(relation)
    const run = this.#run
    const part = run === undefined ? 0 : ++run.callCount
    if (run === undefined) {
      this.#ask(table, step, asking, '0')
      this.#answer(group)
    } else if (run.newPart < part) this.#ask(table, step, asking, group.round)
    const isNew = run?.newPart === part ? [`a.round = ${group.round} - 1`] : []
    return this.#answered(step, table, asking, isNew)
  }

  #makeTable(plan: RuleTablePlan): RuleTable {
    const { writer } = this.#compiler
    const kinds = plan.kinds.map(kindOfType)
    const column = (place: number): string => `p${place} ${sqlTypeOf(kinds[place]!)}`
    const make = (prefix: string, places: readonly number[]): string => {
      const name = writer.name(prefix)
      writer.run(`CREATE OR REPLACE TABLE ${name} (${[...places.map(column), 'round BIGINT'].join(', ')})`)
      return name
    }
    return {
      plan,
      kinds,
      asked: make('asked_', plan.boundPlaces),
      answers: make(
        'answers_',
        plan.parameters.map((_, place) => place),
      ),
    }
  }

  /** Adds to what a rule is asked. */
  #ask({ plan, kinds, asked }: RuleTable, { args }: CallStep, asking: Relation, round: string): void {
    const cells = plan.boundPlaces.map((place) => {
      const value = this.#argument(args[place]!, asking)
      return `${converted(kinds[place]!, value).sql} AS p${place}`
    })
    const from = asking.from === undefined ? '' : ` FROM ${asking.from}`
    this.#insertNew(asked, plan.boundPlaces, `SELECT ${cells.join(', ') || '1 AS unit'}${from}`, round)
  }

  #argument(arg: CallStep['args'][number], { columns }: Relation): Expression {
    if (arg.kind === 'bound') return columns.get(arg.name)!
    if (arg.kind !== 'constant') throw new Refusal('an argument that nothing binds')
    const kind = kindOfValue(arg.value)
    return kind === 'any' ? this.#compiler.writer.constant(arg.value) : literal(kind, arg.value)
  }

  /** Adds the rows that a table does not have yet. */
  #insertNew(table: string, places: readonly number[], select: string, round: string): void {
    const { writer } = this.#compiler
    const list = places.map((place) => `p${place}`).join(', ')
    if (places.length === 0) {
      writer.run(
        `INSERT INTO ${table} ${writer.query(`SELECT ${round} FROM (${select}) n WHERE NOT EXISTS (SELECT 1 FROM ${table}) LIMIT 1`)}`,
      )
      return
    }
    const fresh = `SELECT ${list} FROM (${select}) n EXCEPT SELECT ${list} FROM ${table}`
    writer.run(`INSERT INTO ${table} ${writer.query(`SELECT ${list}, ${round} FROM (${fresh}) d`)}`)
  }

  #answer(group: Group): void {
    const tables = [...group.tables.values()]
    const names = tables.flatMap(({ asked, answers }) => [asked, answers])
    this.#compiler.writer.repeat(group.round, names, () => {
      for (const table of tables) for (const body of table.plan.bodies) this.#bodyRuns(group, table, body)
    })
  }

  #bodyRuns(group: Group, table: RuleTable, body: RuleTablePlan['bodies'][number]): void {
    const callCount = body.body.steps.filter(({ kind }) => kind === 'call').length
    for (let newPart = 0; newPart <= callCount; newPart++) {
      const outer = this.#run
      this.#run = { group, newPart, callCount: 0 }
      const found = this.#compiler.chain(body.body, this.#start(group, table, body.names, newPart === 0))
      this.#run = outer
      const cells = body.names.map(
        (name, place) => `${converted(table.kinds[place]!, found.columns.get(name)!).sql} AS p${place}`,
      )
      const from = found.from === undefined ? '' : ` FROM ${found.from}`
      const places = body.names.map((_, place) => place)
      this.#insertNew(table.answers, places, `SELECT ${cells.join(', ') || '1 AS unit'}${from}`, group.round)
    }
  }

  /** What a body begins with: the values that the rule is asked about. */
  #start(
    { round }: Group,
    { plan, kinds, asked }: RuleTable,
    names: readonly Variable[],
    isNew: boolean,
  ): Start {
    const { writer } = this.#compiler
    const columns = new Map<Variable, Expression>()
    const list = plan.boundPlaces.map((place) => {
      const cell = { kind: kinds[place]!, sql: writer.name('c') }
      columns.set(names[place]!, cell)
      return `p${place} AS ${cell.sql}`
    })
    const where = isNew ? ` WHERE round = ${round} - 1` : ''
    const from = writer.part(`SELECT ${list.join(', ') || '1 AS unit'} FROM ${asked}${where}`)
    return { from, columns, carried: [] }
  }

  /** The rows that ask, each with its answers. */
  #answered(
    step: CallStep,
    { kinds, answers }: RuleTable,
    asking: Relation,
    tests: readonly string[],
  ): Relation {
    const cells = kinds.map((kind, place): Expression => ({ kind, sql: `a.p${place}` }))
    const all = [...tests]
    const added = new Map<Variable, Expression>()
    step.args.forEach((arg, place) => {
      const cell = cells[place]!
      if (arg.kind === 'bound') all.push(`(${equality(cell, asking.columns.get(arg.name)!)})`)
      else if (arg.kind === 'constant') all.push(`(${this.#compiler.constantTest(cell, arg.value)})`)
      else if (arg.kind === 'fresh' && step.fresh.includes(arg.name)) added.set(arg.name, cell)
    })
    const where = all.length === 0 ? '' : ` WHERE ${all.join(' AND ')}`
    const from = `${answers} a`
    return added.size === 0
      ? this.#compiler.selected(asking, step, added, ` WHERE EXISTS (SELECT 1 FROM ${from}${where})`)
      : this.#compiler.selected(asking, step, added, where, from)
  }
}
