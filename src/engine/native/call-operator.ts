// Predicates and functions over chunks. Comparisons of numbers run over columns; everything else is decoded, called
// row by row, and what it gives is collected. A call that fails makes the question another engine's: whether a
// failing row is an error depends on the clauses beside it.

import { VarveError } from '../../base/errors.ts'
import { equalValues, type Edn } from '../../fact/value.ts'
import type { Binding, Variable } from '../../plan/syntax.ts'
import { bindingVariables } from '../../plan/variables.ts'
import { resultRows } from '../binding.ts'
import { isTruthy } from '../functions.ts'
import type { Budget } from '../relation.ts'
import { CollectedDomain, type Domain, NumberDomain } from './domain.ts'
import {
  type Chunk,
  columnOf,
  Constant,
  type Layout,
  Operator,
  Output,
  pickLayout,
  Selection,
  step,
} from './operator.ts'
import { Refusal } from '../../plan/refusal.ts'

/** Calls with decoded arguments. */
export type Call = (args: readonly Edn[]) => Edn

export type CallArgument =
  | { readonly kind: 'constant'; readonly value: Edn }
  | { readonly kind: 'column'; readonly index: number; readonly domain: Domain }

/** Answers for one row. */
export type RowCall = (chunk: Chunk, row: number) => Edn

export function rowCall(call: Call, args: readonly CallArgument[]): RowCall {
  return (chunk, row) => {
    // A list of its own for each row: some functions, `vector` among them, give it back as their result.
    const values: Edn[] = []
    for (const arg of args) {
      values.push(arg.kind === 'constant' ? arg.value : arg.domain.decode(chunk.columns[arg.index]![row]!))
    }
    try {
      return call(values)
    } catch (error) {
      // What is not about the row (a lost blob, a deadline) is no other engine's business.
      if (error instanceof VarveError && error.kind !== 'incorrect') throw error
      throw new Refusal('a function that fails on a row')
    }
  }
}

/** Tests rows of a chunk. */
export type RowTest = (chunk: Chunk, picked: Int32Array) => number

/** Keeps the rows for which a predicate holds. */
export class FilterOperator extends Operator {
  readonly layout: Layout
  readonly #test: RowTest
  readonly #selection: Selection
  readonly #budget: Budget

  constructor(test: RowTest, layout: Layout, kept: readonly number[], budget: Budget) {
    super()
    this.#test = test
    this.layout = pickLayout(layout, kept)
    this.#selection = new Selection(kept)
    this.#budget = budget
  }

  push(chunk: Chunk): void {
    step(this.#budget, chunk.rowCount)
    this.#selection.emit(chunk, this.#test(chunk, this.#selection.pickedOf(chunk)), this.next)
  }
}

/** Any predicate. */
export function testOfCall(call: RowCall): RowTest {
  return (chunk, picked) => {
    let count = 0
    for (let row = 0; row < chunk.rowCount; row++) if (isTruthy(call(chunk, row))) picked[count++] = row
    return count
  }
}

export type Comparison = '<' | '<=' | '>' | '>=' | '=' | '!='

const HOLDS: Readonly<Record<Comparison, (x: number, y: number) => boolean>> = {
  '<': (x, y) => x < y,
  '<=': (x, y) => x <= y,
  '>': (x, y) => x > y,
  '>=': (x, y) => x >= y,
  '=': (x, y) => x === y,
  '!=': (x, y) => x !== y,
}

/** A comparison of two numbers of one class; undefined where the arguments are anything else. */
export function testOfComparison(name: string, args: readonly CallArgument[]): RowTest | undefined {
  const [x, y] = args
  if (x === undefined || y === undefined || args.length > 2 || !(name in HOLDS)) return undefined
  const domains = args.flatMap((arg) => (arg.kind === 'column' ? [arg.domain] : []))
  const [first] = domains
  if (!(first instanceof NumberDomain)) return undefined
  const isAlike = (arg: CallArgument): boolean =>
    arg.kind === 'column'
      ? arg.domain instanceof NumberDomain && arg.domain.class === first.class
      : !Number.isNaN(first.encode(arg.value))
  // `<` over booleans is none; instants and numbers compare as they are.
  if (first.class === 'boolean' || !args.every(isAlike)) return undefined
  return compareColumns(HOLDS[name as Comparison], reader(x, first), reader(y, first))
}

type NumberReader = (chunk: Chunk) => Float64Array

function reader(arg: CallArgument, domain: NumberDomain): NumberReader {
  if (arg.kind === 'column') return ({ columns }) => columns[arg.index]!
  const constant = new Constant(domain.encode(arg.value))
  return ({ rowCount }) => constant.column(rowCount)
}

function compareColumns(
  holds: (x: number, y: number) => boolean,
  readX: NumberReader,
  readY: NumberReader,
): RowTest {
  return (chunk, picked) => {
    const xs = readX(chunk)
    const ys = readY(chunk)
    let count = 0
    for (let row = 0; row < chunk.rowCount; row++) if (holds(xs[row]!, ys[row]!)) picked[count++] = row
    return count
  }
}

export type FunctionShape = {
  readonly call: RowCall
  readonly binding: Binding
  /** Columns of the incoming rows that go on. */
  readonly kept: readonly number[]
  /** Variables of the binding that become columns. */
  readonly fresh: readonly Variable[]
}

/** A function whose result is taken apart by a binding: new variables become columns, bound ones are compared. */
export class FunctionOperator extends Operator {
  readonly layout: Layout
  readonly #shape: FunctionShape
  readonly #incoming: Layout
  readonly #domains: readonly CollectedDomain[]
  readonly #output: Output
  readonly #budget: Budget

  constructor(shape: FunctionShape, incoming: Layout, budget: Budget) {
    super()
    this.#shape = shape
    this.#incoming = incoming
    this.#budget = budget
    this.#domains = shape.fresh.map(() => new CollectedDomain())
    const kept = pickLayout(incoming, shape.kept)
    this.layout = { names: [...kept.names, ...shape.fresh], domains: [...kept.domains, ...this.#domains] }
    this.#output = new Output(this.layout.names.length)
  }

  push(chunk: Chunk): void {
    step(this.#budget, chunk.rowCount)
    const { call, binding, kept, fresh } = this.#shape
    const names = bindingVariables(binding)
    const freshPlaces = fresh.map((name) => names.indexOf(name))
    const tests = names.flatMap((name, place) => {
      const index = columnOf(this.#incoming, name)
      return index < 0 ? [] : [{ place, index, domain: this.#incoming.domains[index]! }]
    })
    let count = 0
    for (let row = 0; row < chunk.rowCount; row++) {
      for (const result of this.#results(binding, call(chunk, row))) {
        const isBoundAlike = tests.every(({ place, index, domain }) =>
          equalValues(result[place]!, domain.decode(chunk.columns[index]![row]!)),
        )
        if (!isBoundAlike) continue
        const { columns } = this.#output
        kept.forEach((from, at) => (columns[at]![count] = chunk.columns[from]![row]!))
        freshPlaces.forEach((place, at) => {
          columns[kept.length + at]![count] = this.#domains[at]!.collect(result[place]!)
        })
        if (++count < this.#output.capacity) continue
        this.next.push({ rowCount: count, columns })
        this.#output.grow()
        count = 0
      }
    }
    if (count > 0) this.next.push({ rowCount: count, columns: this.#output.columns })
  }

  #results(binding: Binding, value: Edn): readonly (readonly Edn[])[] {
    try {
      return resultRows(binding, value)
    } catch {
      throw new Refusal('a result that does not fit its binding')
    }
  }
}
