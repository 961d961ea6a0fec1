// Rules that call themselves. Each rule has one table per source and set of bound arguments: the seeds it was asked
// for, and the answers found. A call leaves its rows waiting at the table and goes on with the answers that are
// there; whatever is found later is joined with the rows that wait. So every row meets every answer once, only what
// is asked for is computed, and it ends when nothing new is found (tabling, semi-naive).

import { assert } from '../../base/assert.ts'
import { isPlanted } from '../../base/planted.ts'
import type { RuleTablePlan } from '../../plan/plan.ts'
import type { Variable } from '../../plan/syntax.ts'
import type { Edn } from '../../fact/value.ts'
import type { Budget } from '../budget.ts'
import { numbered, type Numbering, numbering, type Pipeline } from './branch-operator.ts'
import { CollectedDomain, type Domain } from './domain.ts'
import {
  type Chunk,
  CHUNK_ROW_COUNT,
  columnOf,
  Constant,
  type Layout,
  Operator,
  Output,
  pickLayout,
  RowOutput,
  step,
} from './operator.ts'
import { NumberList } from './number-list.ts'
import type { Profile } from './profile.ts'
import { RowSet } from './row-set.ts'

/** The tables of one plan, worked on until none has anything new. */
export class Fixpoint {
  readonly #tables = new Map<string, RuleTable>()
  readonly #busy: RuleTable[] = []
  readonly #profile: Profile | undefined

  constructor(profile?: Profile) {
    this.#profile = profile
  }

  table(key: string): RuleTable | undefined {
    return this.#tables.get(key)
  }

  add(key: string, table: RuleTable): void {
    this.#tables.set(key, table)
  }

  markBusy(table: RuleTable): void {
    if (!this.#busy.includes(table)) this.#busy.push(table)
  }

  /** Works until every call has met every answer; then nobody waits any more. */
  complete(): void {
    for (let table = this.#busy.pop(); table !== undefined; table = this.#busy.pop()) this.#work(table)
    for (const table of this.#tables.values()) table.release()
  }

  #work(table: RuleTable): void {
    if (this.#profile === undefined) return table.work()
    const before = table.answerCount
    this.#profile.within(table.planned, () => table.work())
    this.#profile.count(table.planned, table.answerCount - before)
  }
}

/** Rows that met answers, between two looks at the bounds. */
const MET_COUNT_CHECKED = 4_096

/** One body of a rule: its operators, the names of its parameters, and how each becomes a number of the table. */
export type RuleBody = {
  readonly pipeline: Pipeline
  readonly names: readonly Variable[]
  readonly numberings: readonly Numbering[]
}

/** One rule, asked with some of its arguments bound. */
export class RuleTable {
  readonly planned: RuleTablePlan
  readonly name: string
  readonly parameters: readonly Variable[]
  readonly domains: readonly Domain[]
  /** Places of the arguments that calls bind. */
  readonly boundPlaces: readonly number[]
  readonly #seeds: RowSet
  readonly #answers: RowSet
  /** The seed of each answer; the last answer of each seed, and for each answer the one before. */
  readonly #seedOfAnswer: NumberList
  readonly #lastOfSeed: NumberList
  readonly #before: NumberList
  readonly #calls: RuleCallOperator[] = []
  #bodies: readonly Pipeline[] = []
  /** Seeds that the bodies have seen, answers that the calls have met. */
  #workedSeedCount = 0
  #toldAnswerCount = 0
  readonly #fixpoint: Fixpoint
  readonly #budget: Budget

  constructor(planned: RuleTablePlan, domains: readonly Domain[], fixpoint: Fixpoint, budget: Budget) {
    const { name, parameters, boundPlaces } = planned
    this.planned = planned
    this.name = name
    this.parameters = parameters
    this.domains = domains
    this.boundPlaces = boundPlaces
    this.#seeds = new RowSet(Math.max(1, boundPlaces.length), budget)
    this.#answers = new RowSet(parameters.length, budget)
    this.#seedOfAnswer = new NumberList(budget)
    this.#lastOfSeed = new NumberList(budget)
    this.#before = new NumberList(budget)
    this.#fixpoint = fixpoint
    this.#budget = budget
  }

  get answerCount(): number {
    return this.#answers.rowCount
  }

  /** The columns with which the bodies begin. */
  get start(): Layout {
    return {
      names: this.boundPlaces.map((place) => this.parameters[place]!),
      domains: this.boundPlaces.map((place) => this.domains[place]!),
    }
  }

  /** Every body ends in its parameters, which are numbered in the domains of this table. */
  connect(bodies: readonly RuleBody[]): void {
    this.#bodies = bodies.map(({ pipeline }) => pipeline)
    for (const { pipeline, names, numberings } of bodies) {
      const places = names.map((name) => columnOf(pipeline.layout, name))
      const buffer = new Output(places.length)
      pipeline.connect({
        push: ({ rowCount, columns }) => {
          buffer.reserve(rowCount)
          const read = places.map((place, i) =>
            numbered(columns[place]!, rowCount, numberings[i], buffer.columns[i]!),
          )
          this.#take({ rowCount, columns: read })
        },
        finish: () => undefined,
      })
    }
  }

  addCall(call: RuleCallOperator): void {
    this.#calls.push(call)
  }

  /** The seed of each row, asked for from now on. */
  seedsOf(columns: readonly Float64Array[], rowCount: number): Int32Array {
    const before = this.#seeds.rowCount
    const asked = columns.length === 0 ? [new Float64Array(rowCount)] : columns
    const seeds = this.#seeds.groupsOf(asked, rowCount)
    this.#budget.holdRows(this.#seeds.rowCount, () => `the calls of ${this.name}`)
    if (this.#seeds.rowCount > before) this.#fixpoint.markBusy(this)
    return seeds
  }

  /** The newest answer of a seed that calls have met, −1 where there is none. */
  lastAnswer(seed: number): number {
    let answer = this.#lastOfSeed.at(seed)
    while (answer >= this.#toldAnswerCount) {
      this.#budget.step()
      answer = this.#before.at(answer)
    }
    return answer
  }

  answerBefore(answer: number): number {
    return this.#before.at(answer)
  }

  seedOfAnswer(answer: number): number {
    return this.#seedOfAnswer.at(answer)
  }

  answerAt(answer: number, place: number): number {
    return this.#answers.columns[place]![answer]!
  }

  work(): void {
    this.#budget.step()
    const firstAnswer = this.#toldAnswerCount
    this.#toldAnswerCount = this.#answers.rowCount
    // Rows that begin to wait from here on meet these answers in the table.
    const met = this.#calls.map((call) => call.meet(this, firstAnswer, this.#toldAnswerCount))
    const firstSeed = this.#workedSeedCount
    this.#workedSeedCount = this.#seeds.rowCount
    this.#runBodies(firstSeed, this.#workedSeedCount)
    if (!isPlanted('rule-stops-at-the-first-answers')) this.#calls.forEach((call, at) => call.goOn(met[at]!))
    if (this.#answers.rowCount > this.#toldAnswerCount || this.#seeds.rowCount > this.#workedSeedCount) {
      this.#fixpoint.markBusy(this)
    }
  }

  release(): void {
    for (const call of this.#calls) call.release()
  }

  #runBodies(firstSeed: number, limitSeed: number): void {
    for (let first = firstSeed; first < limitSeed; first += CHUNK_ROW_COUNT) {
      const limit = Math.min(limitSeed, first + CHUNK_ROW_COUNT)
      const columns = this.boundPlaces.map((_, at) => this.#seeds.columns[at]!.slice(first, limit))
      for (const body of this.#bodies) body.first.push({ rowCount: limit - first, columns })
    }
  }

  /** Answers that a body found, those that are new among them. */
  #take(chunk: Chunk): void {
    const before = this.#answers.rowCount
    this.#answers.addAll(
      chunk,
      this.parameters.map((_, place) => place),
    )
    const { rowCount, columns } = this.#answers
    this.#budget.holdRows(rowCount, () => `the results of ${this.name}`)
    if (rowCount === before) return
    const bound = this.boundPlaces.map((place) => columns[place]!.subarray(before, rowCount))
    const seeds = this.#seeds.groupsOf(
      bound.length === 0 ? [new Float64Array(rowCount - before)] : bound,
      rowCount - before,
    )
    for (let i = 0; i < seeds.length; i++) {
      const seed = seeds[i]!
      this.#seedOfAnswer.add(seed)
      this.#before.add(this.#lastOfSeed.at(seed))
      this.#lastOfSeed.set(seed, before + i)
    }
    this.#fixpoint.markBusy(this)
  }
}

/** What an argument of a call is: a column of the rows, a constant, or unbound. */
export type CallTerm =
  | { readonly kind: 'column'; readonly index: number }
  | { readonly kind: 'constant'; readonly value: Edn }
  | { readonly kind: 'fresh'; readonly name: Variable; readonly isNeeded: boolean }
  | { readonly kind: 'blank' }

/** Rows that wait, and the answers that they met before they went on. */
type Met = { readonly rows: NumberList; readonly answers: NumberList }

/** One call of a rule, in one plan. */
export class RuleCallOperator extends Operator {
  readonly layout: Layout
  readonly #table: RuleTable
  readonly #terms: readonly CallTerm[]
  readonly #kept: readonly number[]
  readonly #freshPlaces: readonly number[]
  readonly #numberings: readonly Numbering[]
  readonly #constants: readonly (Constant | undefined)[]
  readonly #seedBuffer: Output
  /** Rows that wait, with the columns that go on. */
  #waiting: RowList
  /** Waiting rows by seed: the last of each, and for each row the one before. */
  readonly #lastOfSeed: NumberList
  readonly #before: NumberList
  readonly #output: RowOutput
  readonly #budget: Budget

  constructor(
    table: RuleTable,
    terms: readonly CallTerm[],
    outside: { layout: Layout; kept: readonly number[] },
    budget: Budget,
  ) {
    super()
    const { layout, kept } = outside
    this.#table = table
    this.#terms = terms
    this.#kept = kept
    this.#budget = budget
    this.#freshPlaces = terms.flatMap((term, place) =>
      term.kind === 'fresh' && term.isNeeded ? [place] : [],
    )
    const keptLayout = pickLayout(layout, kept)
    this.layout = {
      names: [
        ...keptLayout.names,
        ...this.#freshPlaces.map((place) => (terms[place] as { name: Variable }).name),
      ],
      domains: [...keptLayout.domains, ...this.#freshPlaces.map((place) => table.domains[place]!)],
    }
    this.#numberings = table.boundPlaces.map((place) => {
      const term = terms[place]!
      return term.kind === 'column'
        ? numbering(layout.domains[term.index]!, table.domains[place]!, budget)
        : undefined
    })
    this.#constants = table.boundPlaces.map((place) => {
      const term = terms[place]!
      return term.kind === 'constant' ? new Constant(numberIn(table.domains[place]!, term.value)) : undefined
    })
    this.#seedBuffer = new Output(table.boundPlaces.length)
    this.#waiting = new RowList(kept.length, budget)
    this.#lastOfSeed = new NumberList(budget)
    this.#before = new NumberList(budget)
    // What waits are the columns that are kept, in their order.
    this.#output = new RowOutput([...kept.keys()], this.#freshPlaces.length, budget)
    table.addCall(this)
  }

  push(chunk: Chunk): void {
    step(this.#budget, chunk.rowCount)
    const seeds = this.#table.seedsOf(this.#seedColumns(chunk), chunk.rowCount)
    const first = this.#waiting.rowCount
    this.#waiting.append(chunk, this.#kept)
    this.#budget.holdRows(this.#waiting.rowCount, () => `the calls of ${this.#table.name}`)
    const { rows, answers } = this.#nothingMet()
    for (let i = 0; i < chunk.rowCount; i++) {
      const seed = seeds[i]!
      this.#before.add(this.#lastOfSeed.at(seed))
      this.#lastOfSeed.set(seed, first + i)
      for (
        let answer = this.#table.lastAnswer(seed);
        answer >= 0;
        answer = this.#table.answerBefore(answer)
      ) {
        rows.add(first + i)
        answers.add(answer)
        if (rows.count % MET_COUNT_CHECKED === 0) this.#checkMet(rows.count, this.#table)
      }
    }
    this.goOn({ rows, answers })
  }

  /** The rows that wait for the answers `[first, limit)` of the table. */
  meet(table: RuleTable, first: number, limit: number): Met {
    const { rows, answers } = this.#nothingMet()
    if (this.#waiting.rowCount === 0) return { rows, answers }
    for (let answer = first; answer < limit; answer++) {
      for (let row = this.#lastOfSeed.at(table.seedOfAnswer(answer)); row >= 0; row = this.#before.at(row)) {
        rows.add(row)
        answers.add(answer)
        if (rows.count % MET_COUNT_CHECKED === 0) this.#checkMet(rows.count, table)
      }
    }
    return { rows, answers }
  }

  #nothingMet(): Met {
    return { rows: new NumberList(this.#budget), answers: new NumberList(this.#budget) }
  }

  #checkMet(count: number, table: RuleTable): void {
    this.#budget.check()
    this.#budget.holdRows(count, () => `the results of ${table.name}`)
  }

  /** Hands on rows with the answers that they met. */
  goOn({ rows, answers }: Met): void {
    const output = this.#output
    output.begin(this.#waiting.columns, this.next)
    for (let i = 0; i < rows.count; i++) {
      for (let at = 0; at < this.#freshPlaces.length; at++) {
        output.fresh[at]![output.count] = this.#table.answerAt(answers.numbers[i]!, this.#freshPlaces[at]!)
      }
      output.add(rows.numbers[i]!)
    }
    output.flush()
    rows.release()
    answers.release()
  }

  release(): void {
    this.#waiting.release()
    this.#waiting = new RowList(this.#kept.length, this.#budget)
    this.#lastOfSeed.release()
    this.#before.release()
  }

  #seedColumns({ rowCount, columns }: Chunk): readonly Float64Array[] {
    this.#seedBuffer.reserve(rowCount)
    return this.#table.boundPlaces.map((place, at) => {
      const term = this.#terms[place]!
      if (term.kind !== 'column') return this.#constants[at]!.column(rowCount)
      return numbered(columns[term.index]!, rowCount, this.#numberings[at], this.#seedBuffer.columns[at]!)
    })
  }
}

/** Rows one behind the other, equal ones too. */
class RowList {
  readonly columns: Float64Array[]
  rowCount = 0
  readonly #budget: Budget
  #heldBytes = 0

  constructor(columnCount: number, budget: Budget) {
    this.columns = Array.from({ length: columnCount }, () => new Float64Array(32))
    this.#budget = budget
  }

  /** Nobody reads it any more. */
  release(): void {
    this.#budget.release(this.#heldBytes)
    this.#heldBytes = 0
  }

  append(chunk: Chunk, kept: readonly number[]): void {
    const needed = this.rowCount + chunk.rowCount
    kept.forEach((from, at) => {
      let column = this.columns[at]!
      if (column.length < needed) {
        const capacity = Math.max(needed, column.length * 2)
        const moreBytes = (capacity - column.length) * Float64Array.BYTES_PER_ELEMENT
        this.#budget.hold(moreBytes)
        this.#heldBytes += moreBytes
        const larger = new Float64Array(capacity)
        larger.set(column.subarray(0, this.rowCount))
        this.columns[at] = column = larger
      }
      column.set(chunk.columns[from]!.subarray(0, chunk.rowCount), this.rowCount)
    })
    this.rowCount = needed
  }
}

function numberIn(domain: Domain, value: Edn): number {
  const number = domain instanceof CollectedDomain ? domain.collect(value) : domain.encode(value)
  assert(!Number.isNaN(number), 'what is no id is asked of a table that takes any value')
  return number
}
