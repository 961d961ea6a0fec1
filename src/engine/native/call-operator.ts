// Predicates and functions over chunks. Comparisons of numbers run over columns (comparison.ts); all else is decoded, called
// row by row, and what it gives is collected. A call that fails makes the question another engine's: whether a
// failing row is an error depends on the clauses beside it.

import type { Check } from '../../base/batches.ts'
import { VarveError } from '../../base/errors.ts'
import { equalValues, type Edn } from '../../fact/value.ts'
import type { StoredFunction } from '../../plan/functions.ts'
import type { Binding, Variable } from '../../plan/syntax.ts'
import { bindingVariables } from '../../plan/variables.ts'
import { resultRows } from '../binding.ts'
import { isTruthy } from '../functions.ts'
import type { Budget } from '../budget.ts'
import { CollectedDomain, type Domain } from './domain.ts'
import {
  type Chunk,
  columnOf,
  type Layout,
  Operator,
  pickLayout,
  RowOutput,
  Selection,
  step,
} from './operator.ts'
import { Refusal } from '../../plan/refusal.ts'

/** Calls with decoded arguments. */
export type Call = (args: readonly Edn[]) => Edn

export type CallArgument =
  | { readonly kind: 'constant'; readonly value: Edn }
  | { readonly kind: 'column'; readonly index: number; readonly domain: Domain }
  /** A call within a call. */
  | { readonly kind: 'call'; readonly call: Call; readonly args: readonly CallArgument[] }

/** Answers for one row. Rows of a chunk are asked in their order, from the first. */
export type RowCall = (chunk: Chunk, row: number) => Edn

export function rowCall(call: Call, args: readonly CallArgument[]): RowCall {
  return (chunk, row) => {
    // A list of its own for each row: some functions, `vector` among them, give it back as their result.
    return unlessFailed(() => call(rowArguments(args, chunk, row)))
  }
}

/** A function that takes all rows of a chunk at once. */
export function storedCall(call: StoredFunction, args: readonly CallArgument[], check: Check): RowCall {
  let results: readonly Edn[] = []
  return (chunk, row) => {
    if (row === 0) {
      results = unlessFailed(() => {
        const rows: (readonly Edn[])[] = []
        for (let each = 0; each < chunk.rowCount; each++) rows.push(rowArguments(args, chunk, each))
        return call(rows, check)
      })
    }
    return results[row]!
  }
}

function rowArguments(args: readonly CallArgument[], chunk: Chunk, row: number): readonly Edn[] {
  const values: Edn[] = []
  for (const arg of args) {
    switch (arg.kind) {
      case 'constant':
        values.push(arg.value)
        break
      case 'column':
        values.push(arg.domain.decode(chunk.columns[arg.index]![row]!))
        break
      case 'call':
        values.push(arg.call(rowArguments(arg.args, chunk, row)))
    }
  }
  return values
}

function unlessFailed<X>(call: () => X): X {
  try {
    return call()
  } catch (error) {
    // What is not about the row (a lost blob, a deadline) is no other engine's business.
    if (error instanceof VarveError && error.kind !== 'incorrect') throw error
    throw new Refusal('a function that fails on a row')
  }
}

/** Calls between two checks: one may take as long as thousands of comparisons. */
const CALL_COUNT_CHECKED = 64

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
export function testOfCall(call: RowCall, budget: Budget): RowTest {
  return (chunk, picked) => {
    let count = 0
    for (let row = 0; row < chunk.rowCount; row++) {
      if (row % CALL_COUNT_CHECKED === 0) budget.check()
      if (isTruthy(call(chunk, row))) picked[count++] = row
    }
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
  readonly #output: RowOutput
  readonly #budget: Budget

  constructor(shape: FunctionShape, incoming: Layout, budget: Budget) {
    super()
    this.#shape = shape
    this.#incoming = incoming
    this.#budget = budget
    this.#domains = shape.fresh.map(() => new CollectedDomain(budget))
    const kept = pickLayout(incoming, shape.kept)
    this.layout = { names: [...kept.names, ...shape.fresh], domains: [...kept.domains, ...this.#domains] }
    this.#output = new RowOutput(shape.kept, shape.fresh.length, budget)
  }

  push(chunk: Chunk): void {
    step(this.#budget, chunk.rowCount)
    const { call, binding } = this.#shape
    const names = bindingVariables(binding)
    const freshPlaces = this.#shape.fresh.map((name) => names.indexOf(name))
    const tests = names.flatMap((name, place) => {
      const index = columnOf(this.#incoming, name)
      return index < 0 ? [] : [{ place, index, domain: this.#incoming.domains[index]! }]
    })
    const output = this.#output
    output.begin(chunk.columns, this.next)
    for (let row = 0; row < chunk.rowCount; row++) {
      if (row % CALL_COUNT_CHECKED === 0) this.#budget.check()
      for (const result of this.#results(binding, call(chunk, row))) {
        const isBoundAlike = tests.every(({ place, index, domain }) =>
          equalValues(result[place]!, domain.decode(chunk.columns[index]![row]!)),
        )
        if (!isBoundAlike) continue
        freshPlaces.forEach((place, at) => {
          output.fresh[at]![output.count] = this.#domains[at]!.collect(result[place]!)
        })
        output.add(row)
      }
    }
    output.flush()
  }

  #results(binding: Binding, value: Edn): readonly (readonly Edn[])[] {
    try {
      return resultRows(binding, value)
    } catch {
      throw new Refusal('a result that does not fit its binding')
    }
  }
}
