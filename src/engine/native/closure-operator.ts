// A call of a recursive rule that follows references: rows meet all that is reached from what they bring, at once, so that
// nothing has to wait for other answers (recursion.ts does all other rules).

import type { Budget } from '../budget.ts'
import type { Closure } from './closure.ts'
import { ENTITY_DOMAIN } from './domain.ts'
import { type Chunk, type Layout, Operator, RowOutput, Selection, step } from './operator.ts'
import type { PlaceBinding } from './pattern-shape.ts'
import { type Reader, readerOf } from './table-join.ts'

export type ClosureCall = {
  /** From the first end to the second; where only the second is bound, the other way around. */
  readonly closure: Closure
  readonly ends: readonly [PlaceBinding, PlaceBinding]
  /** The ends that become new columns, in their order. */
  readonly fresh: readonly (0 | 1)[]
}

export class ClosureOperator extends Operator {
  readonly layout: Layout
  readonly #closure: Closure
  readonly #readers: readonly (Reader | undefined)[]
  readonly #fresh: readonly (0 | 1)[]
  readonly #output: RowOutput
  readonly #selection: Selection
  readonly #budget: Budget

  /** `layout` is that of the rows that go on. */
  constructor(
    { closure, ends, fresh }: ClosureCall,
    { layout, kept }: { readonly layout: Layout; readonly kept: readonly number[] },
    budget: Budget,
  ) {
    super()
    this.layout = layout
    this.#closure = closure
    this.#readers = ends.map((end) => readerOf(end, ENTITY_DOMAIN, budget))
    this.#fresh = fresh
    this.#output = new RowOutput(kept, fresh.length, budget)
    this.#selection = new Selection(kept)
    this.#budget = budget
  }

  push(chunk: Chunk): void {
    step(this.#budget, chunk.rowCount)
    const [from, to] = this.#readers
    if (from !== undefined && to !== undefined) return this.#test(chunk, from.read(chunk), to.read(chunk))
    this.#output.begin(chunk.columns, this.next)
    const bound = from ?? to
    if (bound === undefined) this.#all(chunk)
    else {
      const seeds = bound.read(chunk)
      for (let i = 0; i < chunk.rowCount; i++) this.#meet(i, seeds[i]!)
    }
    this.#output.flush()
  }

  /** Rows with both ends. */
  #test(chunk: Chunk, from: Float64Array, to: Float64Array): void {
    const picked = this.#selection.pickedOf(chunk)
    let count = 0
    for (let i = 0; i < chunk.rowCount; i++) {
      if (this.#closure.reaches(from[i]!, to[i]!)) picked[count++] = i
    }
    this.#selection.emit(chunk, count, this.next)
  }

  /** A row with everything that is reached from what it brings. */
  #meet(i: number, seed: number): void {
    const { numbers, first, limit } = this.#closure.reach(seed)
    const output = this.#output
    if (first === limit) return
    if (this.#fresh.length === 0) output.add(i)
    else output.addRun(i, numbers, first, limit)
  }

  /** Every row with every pair, or with those ends of pairs that are wanted. */
  #all({ rowCount }: Chunk): void {
    for (const seed of this.#closure.seeds()) {
      this.#budget.step()
      for (let i = 0; i < rowCount; i++) {
        if (this.#fresh.length === 2) this.#pairs(i, seed)
        else if (this.#fresh[0] === 1) this.#meet(i, seed)
        else this.#seed(i, seed)
      }
      // Nothing of the pairs is wanted: that there is one was enough.
      if (this.#fresh.length === 0) return
    }
  }

  #pairs(i: number, seed: number): void {
    const { numbers, first, limit } = this.#closure.reach(seed)
    const output = this.#output
    for (let at = first; at < limit; at++) {
      output.fresh[0]![output.count] = seed
      output.fresh[1]![output.count] = numbers[at]!
      output.add(i)
    }
  }

  /** Every seed has an answer. */
  #seed(i: number, seed: number): void {
    if (this.#fresh.length > 0) this.#output.fresh[0]![this.#output.count] = seed
    this.#output.add(i)
  }
}
