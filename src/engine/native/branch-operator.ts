// Clauses within clauses. What a `not`, an `or` or a rule asks runs as a pipeline of its own on the rows of each chunk,
// which carry their number along, so that what is found inside meets the row it was found for.

import { isPlanted } from '../../base/planted.ts'
import type { Variable } from '../../plan/syntax.ts'
import type { Edn } from '../../fact/value.ts'
import type { Budget } from '../budget.ts'
import { SplitMap } from './split-map.ts'
import { CollectedDomain, type Domain, MEMO_BYTES, NumberDomain, translation } from './domain.ts'
import {
  type Chunk,
  CHUNK_ROW_COUNT,
  columnOf,
  Constant,
  type Consumer,
  type Layout,
  Operator,
  Output,
  pickLayout,
  RowOutput,
  Selection,
  step,
} from './operator.ts'
import { RowSet } from './row-set.ts'

/** The column of row numbers inside. */
export const ROW = '!row'
export const ROW_DOMAIN = new NumberDomain('long')

/** Operators to run on chunks, and the columns of what comes out. */
export type Pipeline = {
  readonly first: Consumer
  readonly layout: Layout
  connect(next: Consumer): void
  /** Brings everything out that rows pushed so far lead to: recursive rules find their answers only now. */
  complete(): void
}

/** What a column inside holds: a column of the incoming rows, or one value. */
export type Passed =
  | { readonly name: Variable; readonly kind: 'column'; readonly index: number; readonly domain: Domain }
  | { readonly name: Variable; readonly kind: 'constant'; readonly value: Edn; readonly domain: Domain }

/** The layout of the rows that go inside. */
export function passedLayout(passed: readonly Passed[]): Layout {
  return {
    names: [...passed.map(({ name }) => name), ROW],
    domains: [...passed.map(({ domain }) => domain), ROW_DOMAIN],
  }
}

const ROW_NUMBERS = Float64Array.from({ length: CHUNK_ROW_COUNT }, (_, row) => row)

class Passage {
  readonly #passed: readonly Passed[]
  readonly #constants: readonly (Constant | undefined)[]

  constructor(passed: readonly Passed[]) {
    this.#passed = passed
    this.#constants = passed.map((each) =>
      each.kind === 'constant' ? new Constant(each.domain.encode(each.value)) : undefined,
    )
  }

  inside({ rowCount, columns }: Chunk): Chunk {
    const passed = this.#passed.map((each, at) =>
      each.kind === 'column' ? columns[each.index]! : this.#constants[at]!.column(rowCount),
    )
    return { rowCount, columns: [...passed, ROW_NUMBERS] }
  }
}

export type Branch = {
  readonly pipeline: Pipeline
  readonly passed: readonly Passed[]
  /** The names inside of the new columns, in their order. */
  readonly fresh: readonly Variable[]
}

/** Keeps the rows for which none of the branches finds anything (`not`), or for which one does (`or` without news). */
export class MatchOperator extends Operator {
  readonly layout: Layout
  readonly #branches: readonly { readonly passage: Passage; readonly pipeline: Pipeline }[]
  readonly #wanted: 0 | 1
  readonly #selection: Selection
  readonly #isMatched = new Uint8Array(CHUNK_ROW_COUNT)
  readonly #budget: Budget

  constructor(
    branches: readonly Branch[],
    keeps: 'matched' | 'unmatched',
    outside: { readonly layout: Layout; readonly kept: readonly number[] },
    budget: Budget,
  ) {
    super()
    this.#wanted = keeps === 'matched' ? 1 : 0
    this.layout = pickLayout(outside.layout, outside.kept)
    this.#selection = new Selection(outside.kept)
    this.#budget = budget
    this.#branches = branches.map(({ pipeline, passed }) => {
      const row = columnOf(pipeline.layout, ROW)
      pipeline.connect({
        push: ({ rowCount, columns }) => {
          for (let i = 0; i < rowCount; i++) this.#isMatched[columns[row]![i]!] = 1
        },
        finish: () => undefined,
      })
      return { pipeline, passage: new Passage(passed) }
    })
  }

  push(chunk: Chunk): void {
    step(this.#budget, chunk.rowCount)
    this.#isMatched.fill(0, 0, chunk.rowCount)
    for (const { pipeline, passage } of this.#branches) {
      pipeline.first.push(passage.inside(chunk))
      if (!isPlanted('match-before-rules-end')) pipeline.complete()
    }
    const picked = this.#selection.pickedOf(chunk)
    let count = 0
    for (let row = 0; row < chunk.rowCount; row++) {
      picked[count] = row
      count += +(this.#isMatched[row] === this.#wanted)
    }
    this.#selection.emit(chunk, count, this.next)
  }
}

/** Extends rows by what any of the branches finds for them, each of it once. */
export class OrOperator extends Operator {
  readonly layout: Layout
  readonly #branches: readonly { readonly passage: Passage; readonly pipeline: Pipeline }[]
  /** What was found for one row alone; and for many, the number of the row in front. */
  readonly #ofOne: RowSet
  readonly #ofMany: RowSet
  #found: RowSet
  readonly #output: RowOutput
  readonly #budget: Budget

  /** `fresh` are the names outside of the new columns, of which there are some. */
  constructor(
    branches: readonly Branch[],
    outside: {
      readonly layout: Layout
      readonly kept: readonly number[]
      readonly fresh: readonly Variable[]
    },
    budget: Budget,
  ) {
    super()
    const { layout, kept, fresh } = outside
    this.#budget = budget
    this.#ofOne = new RowSet(fresh.length, budget)
    this.#ofMany = new RowSet(fresh.length + 1, budget)
    this.#found = this.#ofOne
    const domains = fresh.map((_, at) =>
      commonDomain(
        branches.map((branch) => domainInside(branch, at)),
        budget,
      ),
    )
    const keptLayout = pickLayout(layout, kept)
    this.layout = { names: [...keptLayout.names, ...fresh], domains: [...keptLayout.domains, ...domains] }
    this.#output = new RowOutput(kept, fresh.length, budget)
    this.#branches = branches.map(({ pipeline, passed, fresh: inside }) => {
      pipeline.connect(this.#collector(pipeline.layout, inside, domains))
      return { pipeline, passage: new Passage(passed) }
    })
  }

  push(chunk: Chunk): void {
    step(this.#budget, chunk.rowCount)
    this.#found = chunk.rowCount === 1 ? this.#ofOne : this.#ofMany
    this.#found.clear()
    for (const { pipeline, passage } of this.#branches) {
      pipeline.first.push(passage.inside(chunk))
      pipeline.complete()
    }
    this.#budget.holdRows(this.#found.rowCount, () => 'the branches of an or or a rule')
    this.#found.ascend()
    this.#output.begin(chunk.columns, this.next)
    for (let first = 0; first < this.#found.rowCount; first += CHUNK_ROW_COUNT) this.#emit(first)
  }

  #emit(first: number): void {
    const { rowCount, columns } = this.#found
    const count = Math.min(CHUNK_ROW_COUNT, rowCount - first)
    const parts = columns.map((column) => column.subarray(first, first + count))
    if (this.#found === this.#ofOne) return this.#output.repeat(0, count, parts)
    const [rows, ...values] = parts
    this.#output.reserve(count)
    this.#output.incoming.set(rows!)
    values.forEach((column, at) => this.#output.fresh[at]!.set(column))
    this.#output.count = count
    this.#output.flush()
  }

  #collector(layout: Layout, inside: readonly Variable[], domains: readonly Domain[]): Consumer {
    const row = columnOf(layout, ROW)
    const places = inside.map((name) => columnOf(layout, name))
    const numberings = places.map((place, at) =>
      numbering(layout.domains[place]!, domains[at]!, this.#budget),
    )
    const output = new Output(inside.length)
    return {
      push: ({ rowCount, columns }) => {
        output.reserve(rowCount)
        const values = places.map((place, at) =>
          numbered(columns[place]!, rowCount, numberings[at], output.columns[at]!),
        )
        const read = this.#found === this.#ofOne ? values : [columns[row]!, ...values]
        this.#found.addAll({ rowCount, columns: read }, [...read.keys()])
      },
      finish: () => undefined,
    }
  }
}

function domainInside({ pipeline: { layout }, fresh }: Branch, at: number): Domain {
  return layout.domains[columnOf(layout, fresh[at]!)]!
}

/** One domain for what several domains hold. */
export function commonDomain(domains: readonly Domain[], budget: Budget): Domain {
  const [first] = domains
  if (first === undefined) return new CollectedDomain(budget)
  const isOne = domains.every((domain) => translation(domain, first, budget) === undefined)
  return isOne && !domains.some((domain) => isNarrower(first, domain)) ? first : new CollectedDomain(budget)
}

/** Longs and doubles are one class of numbers, but what is read from a column must say again which it was. */
function isNarrower(x: Domain, y: Domain): boolean {
  return x instanceof NumberDomain && y instanceof NumberDomain && x.type !== y.type
}

/** How numbers of one domain become numbers of another, which takes what it does not have; undefined for the same. */
export type Numbering = ((number: number) => number) | undefined

export function numbering(from: Domain, to: Domain, budget: Budget): Numbering {
  if (from === to || (from instanceof NumberDomain && to instanceof NumberDomain)) return undefined
  const known = new SplitMap<number, number>()
  return (number) => {
    let numbered = known.get(number)
    if (numbered === undefined) {
      const value = from.decode(number)
      numbered = to instanceof CollectedDomain ? to.collect(value) : to.encode(value)
      budget.hold(MEMO_BYTES)
      known.set(number, numbered)
    }
    return numbered
  }
}

/** A column with its numbers numbered, in `buffer`; itself where they are the same. */
export function numbered(
  column: Float64Array,
  rowCount: number,
  number: Numbering,
  buffer: Float64Array,
): Float64Array {
  if (number === undefined) return column
  for (let i = 0; i < rowCount; i++) buffer[i] = number(column[i]!)
  return buffer
}
