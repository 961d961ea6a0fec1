// Keeps the rows whose value of one column is among those that a body finds. The body is run once, when the first rows
// come: its values are bits where they are whole and near each other, else a lookup.

import type { Variable } from '../../plan/syntax.ts'
import type { Budget } from '../budget.ts'
import type { Pipeline } from './branch-operator.ts'
import { DenseSet } from './dense-set.ts'
import { type Translation, translation } from './domain.ts'
import { Lookup } from './lookup.ts'
import {
  type Chunk,
  columnOf,
  type Layout,
  Operator,
  Output,
  pickLayout,
  RowNumbers,
  Selection,
  step,
} from './operator.ts'
import { RowSet } from './row-set.ts'

/** Marks in `picked` which of the numbers are in a set, and tells how many they are. */
type Pick = (numbers: Float64Array, count: number, picked: Int32Array) => number

export class SemiJoinOperator extends Operator {
  readonly layout: Layout
  readonly #inside: Pipeline
  readonly #insidePlace: number
  readonly #place: number
  readonly #translation: Translation
  readonly #translated = new Output(1)
  readonly #selection: Selection
  readonly #budget: Budget
  #pick: Pick | undefined

  constructor(
    inside: Pipeline,
    variable: Variable,
    outside: { readonly layout: Layout; readonly kept: readonly number[] },
    budget: Budget,
  ) {
    super()
    const { layout, kept } = outside
    this.#inside = inside
    this.#insidePlace = columnOf(inside.layout, variable)
    this.#place = columnOf(layout, variable)
    const insideDomain = inside.layout.domains[this.#insidePlace]!
    this.#translation = translation(layout.domains[this.#place]!, insideDomain, budget)
    this.layout = pickLayout(layout, kept)
    this.#selection = new Selection(kept)
    this.#budget = budget
  }

  push(chunk: Chunk): void {
    if (chunk.rowCount === 0) return
    step(this.#budget, chunk.rowCount)
    this.#pick ??= this.#pickInside()
    const numbers = this.#numbers(chunk)
    const count = this.#pick(numbers, chunk.rowCount, this.#selection.pickedOf(chunk))
    this.#selection.emit(chunk, count, this.next)
  }

  /** The column, in the numbers of the body. */
  #numbers({ columns, rowCount }: Chunk): Float64Array {
    const column = columns[this.#place]!
    const translate = this.#translation
    if (translate === undefined) return column
    this.#translated.reserve(rowCount)
    const [numbers] = this.#translated.columns as [Float64Array]
    for (let row = 0; row < rowCount; row++) numbers[row] = translate(column[row]!)
    return numbers
  }

  #pickInside(): Pick {
    const found = new RowSet(1, this.#budget)
    this.#inside.connect({
      push: (chunk) => {
        found.addAll(chunk, [this.#insidePlace])
        this.#budget.holdRows(found.rowCount, () => 'clauses that hang on the rest by one variable')
      },
      finish: () => undefined,
    })
    this.#inside.first.push({ rowCount: 1, columns: [] })
    this.#inside.complete()
    const numbers = found.columns[0]!.subarray(0, found.rowCount)
    const set = new DenseSet(this.#budget)
    if (!set.reserve(numbers, numbers.length)) return pickByLookup(Lookup.of(numbers, this.#budget.checks))
    set.add(numbers, numbers.length, new Int32Array(numbers.length))
    return (column, count, picked) => set.pick(column, count, picked)
  }
}

function pickByLookup(lookup: Lookup): Pick {
  const slots = new RowNumbers()
  return (numbers, count, picked) => {
    const found = slots.atLeast(count)
    lookup.slotsOf(numbers, count, found)
    const { first } = lookup
    let left = 0
    for (let row = 0; row < count; row++) {
      const slot = found[row]!
      picked[left] = row
      // A dense lookup has slots without rows.
      left += +(slot >= 0 && first[slot]! < first[slot + 1]!)
    }
    return left
  }
}
