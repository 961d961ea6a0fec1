// Predicates and functions over chunks. Comparisons of numbers run over columns (comparison.ts); all else is decoded, called
// row by row, and what it gives is collected. A row on which a call fails is left out and noted (failure-log.ts): whether
// that is an error depends on the clauses beside it.

import type { Check } from '../../base/batches.ts'
import { isPlanted } from '../../base/planted.ts'
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

/** Calls with decoded arguments. */
export type Call = (args: readonly Edn[]) => Edn

export type CallArgument =
  | { readonly kind: 'constant'; readonly value: Edn }
  | { readonly kind: 'column'; readonly index: number; readonly domain: Domain }
  /** A call within a call; `rows` where it is answered for a chunk at once. */
  | {
      readonly kind: 'call'
      readonly call: Call
      readonly args: readonly CallArgument[]
      readonly rows: StoredRows | undefined
    }

/** Answers for one row. Rows of a chunk are asked in their order, from the first. */
export type RowCall = (chunk: Chunk, row: number) => Edn

/** Takes what a call failed with; throws what is not about the row. */
export type Failed = (error: unknown) => void

/** nil, which no clause keeps, where the call fails. */
export function rowCall(call: Call, args: readonly CallArgument[], failed: Failed): RowCall {
  return (chunk, row) => {
    if (row === 0) prepare(args, chunk)
    // A list of its own for each row: some functions, `vector` among them, give it back as their result.
    try {
      return call(rowArguments(args, chunk, row))
    } catch (error) {
      failed(error)
      return null
    }
  }
}

/** A function that takes all rows of a chunk at once; one by one where it fails on some of them. */
export function storedCall(
  call: StoredFunction,
  args: readonly CallArgument[],
  { check, failed }: { readonly check: Check; readonly failed: Failed },
): RowCall {
  const single = rowCall((values) => call([values], check)[0]!, args, failed)
  const rows = new StoredRows(call, check)
  return (chunk, row) => {
    if (row === 0) rows.prepare(args, chunk)
    const result = rows.at(row)
    return result === undefined ? single(chunk, row) : result
  }
}

/** What a stored function gives for the rows of a chunk. */
export class StoredRows {
  readonly #call: StoredFunction
  readonly #check: Check
  #results: readonly Edn[] | undefined

  constructor(call: StoredFunction, check: Check) {
    this.#call = call
    this.#check = check
  }

  /** Calls it for all rows. */
  prepare(args: readonly CallArgument[], chunk: Chunk): void {
    prepare(args, chunk)
    try {
      const rows: (readonly Edn[])[] = []
      for (let each = 0; each < chunk.rowCount; each++) rows.push(rowArguments(args, chunk, each))
      this.#results = this.#call(rows, this.#check)
    } catch {
      // Which rows it fails on, and whether it is about a row at all, shows where they are called one by one.
      this.#results = undefined
    }
  }

  /** Undefined where it failed on some row, this one or another. */
  at(row: number): Edn | undefined {
    const isShifted = row === 1 && isPlanted('stored-answers-of-the-row-before')
    return this.#results?.[isShifted ? 0 : row]
  }
}

/** Answers calls within calls that are answered for a chunk at once: before its first row is looked at. */
function prepare(args: readonly CallArgument[], chunk: Chunk): void {
  for (const arg of args) {
    if (arg.kind !== 'call') continue
    if (arg.rows === undefined) prepare(arg.args, chunk)
    else arg.rows.prepare(arg.args, chunk)
  }
}

/** The number of the failure of a call, whose result has to fit a binding; nil where it succeeds. */
export function failureCall(
  { call, args }: Extract<CallArgument, { kind: 'call' }>,
  fits: Binding | undefined,
  numberOf: (error: unknown) => number,
): RowCall {
  return (chunk, row) => {
    if (row === 0) prepare(args, chunk)
    try {
      const value = call(rowArguments(args, chunk, row))
      if (fits !== undefined) resultRows(fits, value)
      return null
    } catch (error) {
      return numberOf(error)
    }
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
      case 'call': {
        const known = arg.rows?.at(row)
        values.push(known === undefined ? arg.call(rowArguments(arg.args, chunk, row)) : known)
      }
    }
  }
  return values
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
  /** Told of results that do not fit the binding. */
  readonly failed: Failed
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
    } catch (error) {
      this.#shape.failed(error)
      return []
    }
  }
}
