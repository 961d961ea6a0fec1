// From a plan to SQL. A conjunction is a chain of relations, each a part of one statement (WITH) that selects from the
// one before; DuckDB's optimizer sees through them. Where recursion begins, what was found so far becomes a table.
// Steps keep more rows than sets have (SQL's relations are bags): what is found is made distinct at the end, and where
// columns are dropped that told rows apart (plan/dependencies.ts).

import { TX_BASE } from '../../fact/attribute.ts'
import type { Attribute } from '../../fact/attribute.ts'
import type { FactSource } from '../../fact/datom.ts'
import type { Edn } from '../../fact/value.ts'
import { assert, unreachable } from '../../base/assert.ts'
import type {
  AntiJoinStep,
  CallStep,
  ComputeStep,
  Conjunction,
  FilterStep,
  Passed,
  PatternStep,
  PlanTerm,
  ProductStep,
  ReadStep,
  RowsStep,
  SemiJoinStep,
  Step,
  UnionStep,
} from '../../plan/plan.ts'
import type { Uniqueness } from '../../plan/dependencies.ts'
import { withoutRange } from '../../plan/ranges.ts'
import { Refusal } from '../../plan/refusal.ts'
import type { Source } from '../../plan/scope.ts'
import type { Binding, SourceName, Variable } from '../../plan/syntax.ts'
import { bindingVariables } from '../../plan/variables.ts'
import { rowsTextOf, testOf, valueOf } from './calls.ts'
import { asAny, equality, equalsConstant, type Expression, FALSE, literal } from './expressions.ts'
import type { FactViews } from './fact-views.ts'
import { kindOfValue, type SqlKind } from './kinds.ts'
import type { SentTable } from './protocol.ts'
import { Recursion } from './recursion.ts'
import {
  allColumns,
  areDistinct,
  begun,
  madeDistinct,
  type Relation,
  selectList,
  type Start,
  UNIT,
} from './relation.ts'
import { sentRows } from './sent-table.ts'
import { missingTest, partsOf, sourceValues } from './source-functions.ts'
import type { SqlWriter } from './sql-writer.ts'

/** What a question is asked over. */
export type Asked = {
  readonly sources: ReadonlyMap<SourceName, Source>
  /** Rows of the inputs, by their place in `:in`. */
  readonly inputs: ReadonlyMap<number, readonly (readonly Edn[])[]>
}

type Kept = Pick<Step, 'kept' | 'fresh'>

export class Compiler {
  readonly writer: SqlWriter
  readonly #asked: Asked
  readonly #views: FactViews
  readonly #recursion: Recursion
  readonly #sent = new Map<string, SentTable>()

  constructor(asked: Asked, writer: SqlWriter, views: FactViews) {
    this.#asked = asked
    this.writer = writer
    this.#views = views
    this.#recursion = new Recursion(this)
  }

  /** What the steps make of the rows of `start`. Rows may repeat. */
  conjunction(planned: Conjunction, start: Start = UNIT): Relation {
    return this.#recursion.within(planned.tables, () => this.chain(planned, start))
  }

  /** The same within the tables of rules that are open. */
  chain({ steps }: Conjunction, start: Start): Relation {
    // DuckDB finds ranges by itself.
    const written = steps.flatMap((step): readonly Step[] =>
      step.kind === 'pattern' ? withoutRange(step) : [step],
    )
    return written.reduce((relation, step) => this.#step(step, relation), begun(start))
  }

  /** The relation as a table, which any later statement may ask. */
  stored(relation: Relation): Relation {
    if (relation.from === undefined || this.writer.isTable(relation.from)) return relation
    const from = this.writer.table(`SELECT ${selectList(allColumns(relation), [])} FROM ${relation.from}`)
    return { ...relation, from }
  }

  #step(step: Step, relation: Relation): Relation {
    switch (step.kind) {
      case 'rows':
        return this.#rows(step, relation)
      case 'pattern':
        return this.#pattern(step, relation)
      case 'intersect':
        // DuckDB joins two tables at a time, and finds the order for itself.
        return step.patterns.reduce((joined, pattern) => this.#pattern(pattern, joined), relation)
      case 'read':
        return this.#read(step, relation)
      case 'filter':
        return this.#filter(step, relation)
      case 'compute':
        return this.#compute(step, relation)
      case 'anti-join':
        return this.#antiJoin(step, relation)
      case 'union':
        return this.#union(step, relation)
      case 'call':
        return this.#call(step, relation)
      case 'product':
        return this.#product(step, relation)
      case 'semi-join':
        return this.#semiJoin(step, relation)
      default:
        return unreachable(step)
    }
  }

  #pattern(step: PatternStep, relation: Relation): Relation {
    const facts = this.#facts(step.source)
    const { attribute, terms } = step
    if (step.isValueRead) throw new Refusal('a value beside an attribute that is an input')
    // A test multiplies nothing.
    if (step.fresh.length > 0) relation.dependencies.addPattern(step, uniquenessOf(facts, attribute))
    const view =
      attribute === undefined ? this.#views.ofAll(facts) : this.#views.ofAttribute(facts, attribute)
    const places: readonly Expression[] = [
      { kind: 'long', sql: 'f.e' },
      { kind: 'long', sql: 'f.a' },
      { kind: view.kind, sql: 'f.v' },
      { kind: 'long', sql: `(f.t + ${TX_BASE})` },
      { kind: 'boolean', sql: 'f.added' },
    ]
    return this.#joined({ step, terms, places, from: `${view.name} f` }, relation)
  }

  /** A number means itself as an entity. */
  #read(step: ReadStep, relation: Relation): Relation {
    const cell = relation.columns.get(step.of)!
    if (step.reading !== 'entity' || cell.kind !== 'long')
      throw new Refusal('names of entities that rows bring')
    const added = new Map(step.fresh.includes(step.name) ? [[step.name, cell] as const] : [])
    return this.selected(relation, step, added, '')
  }

  #rows(step: RowsStep, relation: Relation): Relation {
    // Rows of an input are distinct as a whole; those of a source may repeat.
    const bound = step.terms.flatMap((term) => (term.kind === 'fresh' ? [term.name] : []))
    if (step.fresh.length > 0)
      relation.dependencies.addBranches(step.from.kind === 'input' ? bound : [...bound, '!ways'])
    const { name, columns } = this.#sentRows(step)
    const places = columns.map(({ name: column, kind }): Expression => ({ kind, sql: `f.${column}` }))
    return this.#joined({ step, terms: step.terms, places, from: `${name} f` }, relation)
  }

  #sentRows({ from, terms }: RowsStep): SentTable {
    const key = from.kind === 'input' ? `input ${from.index}` : `source ${from.name} ${terms.length}`
    let table = this.#sent.get(key)
    if (table === undefined) {
      table = sentRows(this.writer.name('given_'), this.#given(from), terms.length)
      this.writer.tables.push(table)
      this.#sent.set(key, table)
    }
    return table
  }

  #given(from: RowsStep['from']): readonly (readonly Edn[])[] {
    if (from.kind === 'input') return this.#asked.inputs.get(from.index)!
    const source = this.#asked.sources.get(from.name)
    assert(source?.kind === 'rows', 'a step over rows has a source of rows')
    return source.rows
  }

  /** A join with a table whose places hold what the terms ask for; a semi-join where nothing new is wanted. */
  #joined(
    {
      step,
      terms,
      places,
      from,
    }: {
      readonly step: Kept
      readonly terms: readonly PlanTerm[]
      readonly places: readonly Expression[]
      readonly from: string
    },
    relation: Relation,
  ): Relation {
    const tests = terms.flatMap((term, place) => {
      const test = this.#termTest(term, places, place, relation)
      return test === undefined ? [] : [`(${test})`]
    })
    const where = tests.length === 0 ? '' : ` WHERE ${tests.join(' AND ')}`
    if (step.fresh.length === 0) {
      const test = `EXISTS (SELECT 1 FROM ${from}${where})`
      return this.selected(relation, step, new Map(), ` WHERE ${test}`)
    }
    const added = new Map<Variable, Expression>()
    terms.forEach((term, place) => {
      if (term.kind === 'fresh' && step.fresh.includes(term.name)) added.set(term.name, places[place]!)
    })
    return this.selected(relation, step, added, where, from)
  }

  #termTest(
    term: PlanTerm,
    places: readonly Expression[],
    place: number,
    { columns }: Relation,
  ): string | undefined {
    const cell = places[place]!
    switch (term.kind) {
      case 'any':
      case 'fresh':
        return undefined
      case 'constant':
        return this.constantTest(cell, term.value)
      case 'bound':
        return equality(cell, columns.get(term.name)!)
      case 'same':
        return equality(cell, places[term.place]!)
    }
  }

  /** null is what no fact has. */
  constantTest(cell: Expression, value: Edn): string {
    return value === null && cell.kind !== 'any'
      ? FALSE
      : equalsConstant(cell, value, (constant) => this.writer.constant(constant))
  }

  /** Before calls whose errors are wanted: they see only rows that everything before them accepts. */
  #beforeCall(relation: Relation): Relation {
    return this.writer.isExact ? this.stored(relation) : relation
  }

  #filter(step: FilterStep, before: Relation): Relation {
    const relation = step.source === undefined ? this.#beforeCall(before) : before
    const test =
      step.source === undefined
        ? testOf(step, relation.columns, this.writer)
        : missingTest(step, relation.columns, { facts: this.#facts(step.source), views: this.#views })
    return this.selected(relation, step, new Map(), ` WHERE ${test}`)
  }

  #compute(step: ComputeStep, before: Relation): Relation {
    const { binding } = step
    before.dependencies.addFunction(step)
    if (step.source !== undefined) return this.#ofSource(step.source, step, before)
    const relation = this.#beforeCall(before)
    if (binding.kind !== 'variable' && binding.kind !== 'blank')
      return this.#computeRows(step, binding, relation)
    const value = valueOf(step, relation.columns, this.writer)
    return this.#bound(step, binding, value, relation)
  }

  /** A value for each row, taken by a variable, compared with it where it is bound. nil drops the row. */
  #bound(step: Kept, binding: Binding, value: Expression, relation: Relation): Relation {
    const name = binding.kind === 'variable' ? binding.name : undefined
    const known = name === undefined ? undefined : relation.columns.get(name)
    if (known !== undefined) {
      const test = `coalesce(${equality(value, known)}, false)`
      return this.selected(relation, step, new Map(), ` WHERE ${test}`)
    }
    if (name === undefined || !step.fresh.includes(name)) {
      return this.selected(relation, step, new Map(), ` WHERE ${value.sql} IS NOT NULL`)
    }
    const found = this.selected(relation, step, new Map([[name, value]]), '')
    const kept = [...found.columns.keys()]
    return this.selected(found, { kept }, new Map(), ` WHERE ${found.columns.get(name)!.sql} IS NOT NULL`)
  }

  /** Several rows, or several variables, for each row: the numbers of their values come as text. */
  #computeRows(step: ComputeStep, binding: Binding, relation: Relation): Relation {
    const names = bindingVariables(binding)
    const text = rowsTextOf(step, binding, relation.columns, this.writer)
    const cell = (at: number): Expression => ({
      kind: 'any',
      sql: `CAST(split_part(u.found, ',', ${at + 1}) AS BIGINT)`,
    })
    const tests = names.flatMap((name, at) => {
      const known = relation.columns.get(name)
      return known === undefined ? [] : [`(${equality(cell(at), known)})`]
    })
    const added = new Map<Variable, Expression>()
    names.forEach((name, at) => {
      if (step.fresh.includes(name)) added.set(name, cell(at))
    })
    const where = tests.length === 0 ? '' : ` WHERE ${tests.join(' AND ')}`
    return this.selected(relation, step, added, where, `unnest(string_split(${text}, ';')) u(found)`)
  }

  /** What a source says of an entity, joined to each row. */
  #ofSource(source: SourceName, step: ComputeStep, relation: Relation): Relation {
    const setting = { facts: this.#facts(source), views: this.#views, writer: this.writer }
    const { from, values } = sourceValues(step, relation.columns, setting)
    const bindings = partsOf(step.binding, values.length)
    const known: string[] = [`${values[0]!.sql} IS NOT NULL`]
    const added = new Map<Variable, Expression>()
    bindings.forEach((name, at) => {
      if (name === undefined) return
      const bound = relation.columns.get(name) ?? added.get(name)
      if (bound !== undefined) known.push(`coalesce(${equality(values[at]!, bound)}, false)`)
      else added.set(name, values[at]!)
    })
    for (const name of added.keys()) if (!step.fresh.includes(name)) added.delete(name)
    return this.selected(relation, step, added, ` WHERE ${known.join(' AND ')}`, from)
  }

  #antiJoin(step: AntiJoinStep, relation: Relation): Relation {
    const outside = this.#recursion.isAsked(step.body) ? this.stored(relation) : relation
    const { inside, keys } = this.#distinctStart(step.passed, outside)
    const found = this.conjunction(step.body, inside)
    const tests = keys.map(({ outer, inner }) => `b.${inner.sql} = p.${outer.sql}`)
    const where = tests.length === 0 ? '' : ` WHERE ${tests.join(' AND ')}`
    const test = found.from === undefined ? FALSE : `NOT EXISTS (SELECT 1 FROM ${found.from} b${where})`
    return this.selected(outside, step, new Map(), ` WHERE ${test}`)
  }

  /** Each combination of what is passed once, under names of its own that are carried along. */
  #distinctStart(
    passed: readonly Passed[],
    outside: Relation,
  ): {
    readonly inside: Start
    readonly keys: readonly { readonly outer: Expression; readonly inner: Expression }[]
  } {
    const columns = new Map<Variable, Expression>()
    const keys: { outer: Expression; inner: Expression }[] = []
    const added: string[] = []
    for (const { name, from } of passed) {
      const outer = this.#passedValue(from, outside)
      const inner = { kind: outer.kind, sql: this.writer.name('c') }
      added.push(`${outer.sql} AS ${inner.sql}`)
      columns.set(name, inner)
      if (from.kind === 'bound') keys.push({ outer, inner })
    }
    const rest = outside.from === undefined ? '' : ` FROM ${outside.from}`
    const select = `SELECT DISTINCT ${selectList([], added)}${rest}`
    return {
      inside: { from: this.writer.part(select), columns, carried: keys.map(({ inner }) => inner) },
      keys,
    }
  }

  #passedValue(from: Passed['from'], { columns }: Relation): Expression {
    if (from.kind === 'bound') return columns.get(from.name)!
    const kind = kindOfValue(from.value)
    return kind === 'any' ? this.writer.constant(from.value) : literal(kind, from.value)
  }

  #union(step: UnionStep, relation: Relation): Relation {
    const isStored = step.branches.some(({ body }) => this.#recursion.isAsked(body))
    const outside = isStored ? this.stored(relation) : relation
    const kept = step.kept.map((name) => outside.columns.get(name)!)
    const carried = [...outside.carried, ...kept]
    const found = step.branches.map(({ passed, body, fresh }) => {
      const made = this.conjunction(body, this.#branchStart(passed, outside, carried))
      const branch = isStored ? this.stored(made) : made
      return { branch, cells: fresh.map((name) => branch.columns.get(name)!) }
    })
    const columns = new Map(step.kept.map((name) => [name, outside.columns.get(name)!]))
    const added = step.fresh.map((name, at): Expression => {
      const kinds = new Set(found.map(({ cells }) => cells[at]!.kind))
      const [kind] = kinds
      const cell = { kind: kinds.size === 1 ? kind! : ('any' as const), sql: this.writer.name('c') }
      columns.set(name, cell)
      return cell
    })
    const selects = found.map(({ branch, cells }) => {
      const list = cells.map((cell, at) => `${unionCell(cell, added[at]!.kind).sql} AS ${added[at]!.sql}`)
      const from = branch.from === undefined ? '' : ` FROM ${branch.from}`
      return `SELECT ${selectList(carried, list)}${from}`
    })
    const from = this.writer.part(selects.join('\nUNION '))
    madeDistinct(outside, [...columns.keys()])
    return { ...outside, from, columns }
  }

  /** The rows outside, as a branch sees them. */
  #branchStart(passed: readonly Passed[], outside: Relation, carried: readonly Expression[]): Start {
    const columns = new Map<Variable, Expression>()
    const added: string[] = []
    for (const { name, from } of passed) {
      const value = this.#passedValue(from, outside)
      if (from.kind === 'bound') {
        columns.set(name, value)
        continue
      }
      const cell = { kind: value.kind, sql: this.writer.name('c') }
      added.push(`${value.sql} AS ${cell.sql}`)
      columns.set(name, cell)
    }
    if (added.length === 0) return { from: outside.from, columns, carried }
    const rest = outside.from === undefined ? '' : ` FROM ${outside.from}`
    const select = `SELECT ${selectList(allColumns(outside), added)}${rest}`
    return { from: this.writer.part(select), columns, carried }
  }

  #product(step: ProductStep, relation: Relation): Relation {
    const outside = this.#recursion.isAsked(step.body) ? this.stored(relation) : relation
    const found = this.conjunction(step.body)
    const body = this.#recursion.isAsked(step.body) ? this.stored(found) : found
    if (step.fresh.length === 0) {
      const test = body.from === undefined ? 'true' : `EXISTS (SELECT 1 FROM ${body.from})`
      return this.selected(outside, step, new Map(), ` WHERE ${test}`)
    }
    const cells = step.fresh.map((name) => body.columns.get(name)!)
    const distinct = areDistinct(body, step.fresh) ? '' : 'DISTINCT '
    const from = `(SELECT ${distinct}${selectList(cells, [])} FROM ${body.from!}) b`
    outside.dependencies.addBranches(step.fresh)
    const added = new Map(step.fresh.map((name) => [name, body.columns.get(name)!]))
    return this.selected(outside, step, added, '', from)
  }

  #semiJoin(step: SemiJoinStep, relation: Relation): Relation {
    const found = this.conjunction(step.body)
    const test = equality(found.columns.get(step.variable)!, relation.columns.get(step.variable)!)
    return this.selected(
      relation,
      step,
      new Map(),
      ` WHERE EXISTS (SELECT 1 FROM ${found.from!} b WHERE ${test})`,
    )
  }

  #call(step: CallStep, relation: Relation): Relation {
    const bound = step.args.flatMap((arg) => (arg.kind === 'fresh' ? [arg.name] : []))
    if (step.fresh.length > 0) relation.dependencies.addBranches([...bound, '!ways'])
    return this.#recursion.call(step, relation)
  }

  /**
   * The kept columns of a relation, joined with `from` where there is one, and new columns. Distinct where variables
   * are dropped that told rows apart.
   */
  selected(
    relation: Relation,
    { kept }: Pick<Step, 'kept'>,
    added: ReadonlyMap<Variable, Expression>,
    where: string,
    from?: string,
  ): Relation {
    const columns = new Map<Variable, Expression>()
    for (const name of kept) columns.set(name, relation.columns.get(name)!)
    const list = [...added].map(([name, value]) => {
      const cell = { kind: value.kind, sql: this.writer.name('c') }
      columns.set(name, cell)
      return `${value.sql} AS ${cell.sql}`
    })
    const names = [...columns.keys()]
    const mayRepeat = kept.length < relation.columns.size && !areDistinct(relation, names)
    if (mayRepeat) madeDistinct(relation, names)
    const keptCells = [...kept.map((name) => relation.columns.get(name)!), ...relation.carried]
    const select = `SELECT ${mayRepeat ? 'DISTINCT ' : ''}${selectList(keptCells, list)}`
    const name = this.writer.part(`${select}${fromClause(relation, from)}${where}`)
    return { ...relation, from: name, columns }
  }

  #facts(name: SourceName): FactSource {
    const source = this.#asked.sources.get(name)
    assert(source?.kind === 'facts', 'a step over facts has a source of facts')
    return source.facts
  }
}

/** By the schema: where the past had another, rows repeat until the end makes them distinct. */
function uniquenessOf(facts: FactSource, attribute: Attribute | undefined): Uniqueness | undefined {
  if (facts.isHistory || attribute === undefined) return undefined
  return {
    isOnePerEntity: attribute.cardinality === 'one',
    isOnePerValue: attribute.unique !== undefined,
  }
}

function fromClause({ from }: Relation, other: string | undefined): string {
  if (other === undefined) return from === undefined ? '' : ` FROM ${from} p`
  const isJoin = other.startsWith('LEFT JOIN')
  if (from === undefined) return isJoin ? ` FROM (SELECT 1 AS unit) p ${other}` : ` FROM ${other}`
  return isJoin ? ` FROM ${from} p ${other}` : ` FROM ${from} p, ${other}`
}

function unionCell(cell: Expression, kind: SqlKind): Expression {
  return cell.kind === kind ? cell : asAny(cell)
}
