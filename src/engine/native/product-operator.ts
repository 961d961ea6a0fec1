// Every row with every distinct row of a body that shares nothing with it. The body is run once, when the first rows
// come; where only its being there matters and no function may fail on a later row, it is left at its first row.

import type { Variable } from '../../plan/syntax.ts'
import type { Budget } from '../budget.ts'
import type { Pipeline } from './branch-operator.ts'
import { type Chunk, columnOf, Operator, Output, pickLayout, step, type Layout } from './operator.ts'
import { RowSet } from './row-set.ts'

/** Thrown through the operators of a body that has given a row, where one is enough. */
class FoundOne extends Error {}

export class ProductOperator extends Operator {
  readonly layout: Layout
  readonly #inside: Pipeline
  readonly #kept: readonly number[]
  readonly #fresh: readonly Variable[]
  readonly #isOneEnough: boolean
  readonly #output: Output
  readonly #budget: Budget
  #found: RowSet | undefined

  constructor(
    inside: Pipeline,
    outside: {
      readonly layout: Layout
      readonly kept: readonly number[]
      readonly fresh: readonly Variable[]
      /** True where nothing in the body can fail, so that one row tells all. */
      readonly isOneEnough: boolean
    },
    budget: Budget,
  ) {
    super()
    const { layout, kept, fresh } = outside
    this.#inside = inside
    this.#kept = kept
    this.#fresh = fresh
    this.#isOneEnough = fresh.length === 0 && outside.isOneEnough
    this.#budget = budget
    const keptLayout = pickLayout(layout, kept)
    const domains = fresh.map((name) => inside.layout.domains[columnOf(inside.layout, name)]!)
    this.layout = { names: [...keptLayout.names, ...fresh], domains: [...keptLayout.domains, ...domains] }
    this.#output = new Output(this.layout.names.length)
  }

  push(chunk: Chunk): void {
    if (chunk.rowCount === 0) return
    this.#found ??= this.#rowsInside()
    const { rowCount, columns } = this.#found
    for (let row = 0; row < rowCount; row++) this.#emit(chunk, columns, row)
  }

  /** All incoming rows, with one row of the body. */
  #emit({ rowCount, columns: incoming }: Chunk, columns: readonly Float64Array[], row: number): void {
    step(this.#budget, rowCount)
    this.#output.reserve(rowCount)
    const { columns: target } = this.#output
    this.#kept.forEach((from, at) => target[at]!.set(incoming[from]!.subarray(0, rowCount)))
    this.#fresh.forEach((_, at) => target[this.#kept.length + at]!.fill(columns[at]![row]!, 0, rowCount))
    this.next.push({ rowCount, columns: target })
  }

  #rowsInside(): RowSet {
    const found = new RowSet(this.#fresh.length, this.#budget)
    const places = this.#fresh.map((name) => columnOf(this.#inside.layout, name))
    this.#inside.connect({
      push: (chunk) => {
        found.addAll(chunk, places)
        this.#budget.holdRows(found.rowCount, () => 'clauses that share no variable with the rest')
        if (this.#isOneEnough && chunk.rowCount > 0) throw new FoundOne()
      },
      finish: () => undefined,
    })
    try {
      this.#inside.first.push({ rowCount: 1, columns: [] })
      this.#inside.complete()
    } catch (error) {
      if (!(error instanceof FoundOne)) throw error
    }
    return found
  }
}
