// Operators hand each other chunks: some thousand rows as columns of numbers. Each operator reads a chunk before it
// returns and writes into buffers of its own, so nothing grows between them and nothing is allocated per row.

import type { Budget } from '../relation.ts'
import type { Variable } from '../../plan/syntax.ts'
import type { Domain } from './domain.ts'

/** Rows of a chunk at most. */
export const CHUNK_ROW_COUNT = 8_192

export type Chunk = { readonly rowCount: number; readonly columns: readonly Float64Array[] }

/** What the columns of a chunk are, by place. */
export type Layout = { readonly names: readonly Variable[]; readonly domains: readonly Domain[] }

export const EMPTY_LAYOUT: Layout = { names: [], domains: [] }

/** Takes chunks until it is told that there are no more. */
export interface Consumer {
  push(chunk: Chunk): void
  finish(): void
}

/** One step of a plan: rows come in by `push`, and go on to the consumer that it was connected to. */
export abstract class Operator implements Consumer {
  /** Of the rows that go on. */
  abstract readonly layout: Layout
  protected next!: Consumer

  abstract push(chunk: Chunk): void

  connect(next: Consumer): void {
    this.next = next
  }

  finish(): void {
    this.next.finish()
  }
}

export function columnOf(layout: Layout, name: Variable): number {
  return layout.names.indexOf(name)
}

/** The columns of a layout that are still needed, by place. */
export function keptColumns({ names }: Layout, needed: ReadonlySet<Variable>): readonly number[] {
  return names.flatMap((name, index) => (needed.has(name) ? [index] : []))
}

export function pickLayout({ names, domains }: Layout, columns: readonly number[]): Layout {
  return { names: columns.map((index) => names[index]!), domains: columns.map((index) => domains[index]!) }
}

/** Rows of a buffer at first: most questions are about a few things. */
const BUFFER_ROW_COUNT_START = 32

/** The columns that an operator writes: small at first, eight times as large whenever they were filled. */
export class Output {
  columns: Float64Array[]
  capacity = BUFFER_ROW_COUNT_START

  constructor(columnCount: number) {
    this.columns = Output.#made(columnCount, this.capacity)
  }

  static #made(columnCount: number, capacity: number): Float64Array[] {
    return Array.from({ length: columnCount }, () => new Float64Array(capacity))
  }

  /** Makes room for more rows at a time. What is in the columns is lost. */
  grow(): void {
    if (this.capacity === CHUNK_ROW_COUNT) return
    this.capacity = Math.min(CHUNK_ROW_COUNT, this.capacity * 8)
    this.columns = Output.#made(this.columns.length, this.capacity)
  }

  /** Makes room for this many rows at least. */
  reserve(rowCount: number): void {
    while (this.capacity < rowCount) this.grow()
  }
}

/** Row numbers, as many as asked for at least; grows as outputs do. */
export class RowNumbers {
  numbers = new Int32Array(BUFFER_ROW_COUNT_START)

  atLeast(rowCount: number): Int32Array {
    if (this.numbers.length < rowCount) {
      this.numbers = new Int32Array(
        rowCount <= BUFFER_ROW_COUNT_START * 8 ? BUFFER_ROW_COUNT_START * 8 : CHUNK_ROW_COUNT,
      )
    }
    return this.numbers
  }
}

/** Copies the picked rows of `source` into `target`. */
export function gather(source: Float64Array, picked: Int32Array, count: number, target: Float64Array): void {
  for (let i = 0; i < count; i++) target[i] = source[picked[i]!]!
}

/** A column that holds one number, as long as somebody asks. */
export class Constant {
  readonly #number: number
  #column = new Float64Array(0)

  constructor(number: number) {
    this.#number = number
  }

  column(rowCount: number): Float64Array {
    if (this.#column.length < rowCount) {
      const length = rowCount <= BUFFER_ROW_COUNT_START ? BUFFER_ROW_COUNT_START : CHUNK_ROW_COUNT
      this.#column = new Float64Array(length).fill(this.#number)
    }
    return this.#column
  }
}

/** Keeps the rows of a chunk that are marked, and hands them on. */
export class Selection {
  readonly #kept: readonly number[]
  readonly #output: Output
  readonly #picked = new RowNumbers()

  /** `kept` are the columns that go on. */
  constructor(kept: readonly number[]) {
    this.#kept = kept
    this.#output = new Output(kept.length)
  }

  /** Where the numbers of the picked rows are to be written. */
  pickedOf({ rowCount }: Chunk): Int32Array {
    return this.#picked.atLeast(rowCount)
  }

  /** Hands on the first `count` rows of `picked`. */
  emit(chunk: Chunk, count: number, next: Consumer): void {
    if (count === 0) return
    this.#output.reserve(count)
    const { columns } = this.#output
    this.#kept.forEach((from, at) => gather(chunk.columns[from]!, this.#picked.numbers, count, columns[at]!))
    next.push({ rowCount: count, columns })
  }
}

/** Looks at clock and signal once per chunk, and counts rows against the bound. */
export function step(budget: Budget, rowCount: number): void {
  for (let i = 0; i <= rowCount; i += 4_096) budget.step()
  budget.check()
}
