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
export interface Operator extends Consumer {
  readonly layout: Layout
  connect(next: Consumer): void
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

export function newColumns(count: number): Float64Array[] {
  return Array.from({ length: count }, () => new Float64Array(CHUNK_ROW_COUNT))
}

/** Where rows of an output come from: the incoming row, and a row of a table; gathered column by column when full. */
export class Matches {
  readonly incoming = new Int32Array(CHUNK_ROW_COUNT)
  readonly rows = new Int32Array(CHUNK_ROW_COUNT)
  count = 0

  get isFull(): boolean {
    return this.count === CHUNK_ROW_COUNT
  }
}

/** Copies the picked rows of `source` into `target`. */
export function gather(source: Float64Array, picked: Int32Array, count: number, target: Float64Array): void {
  for (let i = 0; i < count; i++) target[i] = source[picked[i]!]!
}

/** Keeps the rows of a chunk that are marked, and hands them on. */
export class Selection {
  readonly #kept: readonly number[]
  readonly #columns: Float64Array[]
  readonly picked = new Int32Array(CHUNK_ROW_COUNT)

  /** `kept` are the columns that go on. */
  constructor(kept: readonly number[]) {
    this.#kept = kept
    this.#columns = newColumns(kept.length)
  }

  /** Hands on the first `count` rows of `picked`. */
  emit(chunk: Chunk, count: number, next: Consumer): void {
    if (count === 0) return
    this.#kept.forEach((from, at) => gather(chunk.columns[from]!, this.picked, count, this.#columns[at]!))
    next.push({ rowCount: count, columns: this.#columns })
  }
}

/** Looks at clock and signal once per chunk, and counts rows against the bound. */
export function step(budget: Budget, rowCount: number): void {
  for (let i = 0; i <= rowCount; i += 4_096) budget.step()
  budget.check()
}
