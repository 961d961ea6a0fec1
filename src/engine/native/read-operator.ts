// What values mean as entities, or as names of them: each distinct value is read once, and its row gets the meaning beside
// it. A row whose value means nobody goes.

import type { Edn } from '../../fact/value.ts'
import type { Variable } from '../../plan/syntax.ts'
import type { Budget } from '../budget.ts'
import { CollectedDomain, type Domain, ENTITY_DOMAIN, MEMO_BYTES } from './domain.ts'
import { type Chunk, type Layout, Operator, pickLayout, RowOutput, step } from './operator.ts'

export type ReadShape = {
  /** The column that is read. */
  readonly of: number
  /** What the new column is called. */
  readonly name: Variable
  readonly kept: readonly number[]
  readonly isEntity: boolean
  /** null where a value means nobody. */
  readonly read: (value: Edn) => Edn
}

/** Values that are read between two looks at the bounds: one may have to be sought. */
const READ_COUNT_CHECKED = 64

export class ReadOperator extends Operator {
  readonly layout: Layout
  readonly #shape: ReadShape
  readonly #from: Domain
  readonly #names: CollectedDomain
  /** The number of its meaning by the number of a value; NaN for that of nobody. */
  readonly #known = new Map<number, number>()
  readonly #output: RowOutput
  readonly #budget: Budget

  constructor(shape: ReadShape, incoming: Layout, budget: Budget) {
    super()
    this.#shape = shape
    this.#from = incoming.domains[shape.of]!
    this.#names = new CollectedDomain(budget)
    this.#budget = budget
    const { names, domains } = pickLayout(incoming, shape.kept)
    const domain = shape.isEntity ? ENTITY_DOMAIN : this.#names
    this.layout = { names: [...names, shape.name], domains: [...domains, domain] }
    this.#output = new RowOutput(shape.kept, 1, budget)
  }

  push(chunk: Chunk): void {
    step(this.#budget, chunk.rowCount)
    const output = this.#output
    output.begin(chunk.columns, this.next)
    const numbers = chunk.columns[this.#shape.of]!
    for (let row = 0; row < chunk.rowCount; row++) {
      const meaning = this.#meaningOf(numbers[row]!)
      if (Number.isNaN(meaning)) continue
      output.fresh[0]![output.count] = meaning
      output.add(row)
    }
    output.flush()
  }

  #meaningOf(number: number): number {
    let meaning = this.#known.get(number)
    if (meaning === undefined) {
      if (this.#known.size % READ_COUNT_CHECKED === 0) this.#budget.check()
      this.#budget.hold(MEMO_BYTES)
      const value = this.#shape.read(this.#from.decode(number))
      meaning = value === null ? NaN : this.#shape.isEntity ? (value as number) : this.#names.collect(value)
      this.#known.set(number, meaning)
    }
    return meaning
  }
}
