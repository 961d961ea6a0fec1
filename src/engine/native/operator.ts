// Operators hand each other chunks: some thousand rows as columns of numbers. Each operator reads a chunk before it
// returns and writes into buffers of its own, so nothing grows between them and nothing is allocated per row.

import type { Budget } from '../budget.ts'
import type { Variable } from '../../plan/syntax.ts'
import type { Domain, Translation } from './domain.ts'

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
const BUFFER_ROW_COUNT_START = 8

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

/** Rows that one incoming row makes from which on they are handed on as a block of their own. */
export const RUN_ROW_COUNT_MIN = 256

/**
 * The rows that an operator makes of incoming ones. Whoever finds something new for an incoming row writes it into the
 * new columns at `count` and adds the row; columns that go on are gathered, and rows handed on, when the buffer is full.
 */
export class RowOutput {
  /** New columns. */
  fresh: readonly Float64Array[]
  /** Rows that wait to be handed on, and the incoming row of each. */
  count = 0
  incoming = new Int32Array(BUFFER_ROW_COUNT_START)
  readonly #kept: readonly number[]
  readonly #output: Output
  readonly #budget: Budget
  #source: readonly Float64Array[] = []
  #next: Consumer | undefined

  /** `kept` are the incoming columns that go on, before the new ones. */
  constructor(kept: readonly number[], freshCount: number, budget: Budget) {
    this.#kept = kept
    this.#output = new Output(kept.length + freshCount)
    this.fresh = this.#output.columns.slice(kept.length)
    this.#budget = budget
  }

  get capacity(): number {
    return this.#output.capacity
  }

  /** Rows that are added from now on belong to these columns, and go to `next`. */
  begin(source: readonly Float64Array[], next: Consumer): void {
    this.#source = source
    this.#next = next
  }

  /** What is in the new columns at `count` belongs to this incoming row. */
  add(row: number): void {
    this.incoming[this.count++] = row
    if (this.count < this.capacity) return
    this.flush()
    // Many rows came already: more room from now on.
    this.reserve(this.capacity + 1)
  }

  /** The numbers at `[first, limit)` of a list, each as the only new column of this incoming row. */
  addRun(row: number, numbers: Float64Array, first: number, limit: number): void {
    if (limit - first >= RUN_ROW_COUNT_MIN) {
      this.flush()
      for (let at = first; at < limit; at += CHUNK_ROW_COUNT) {
        const part = numbers.subarray(at, Math.min(limit, at + CHUNK_ROW_COUNT))
        this.repeat(row, part.length, [part])
      }
      return
    }
    for (let at = first; at < limit;) {
      const [fresh] = this.fresh
      const { incoming, capacity } = this
      let { count } = this
      for (; at < limit && count < capacity; at++) {
        fresh![count] = numbers[at]!
        incoming[count++] = row
      }
      this.count = count
      if (count === capacity) {
        this.flush()
        this.reserve(capacity + 1)
      }
    }
  }

  /** Makes room for this many rows, or for as many as a chunk may have. Only while none waits. */
  reserve(rowCount: number): void {
    if (rowCount <= this.capacity || this.capacity === CHUNK_ROW_COUNT) return
    this.#output.reserve(Math.min(rowCount, CHUNK_ROW_COUNT))
    this.fresh = this.#output.columns.slice(this.#kept.length)
    this.incoming = new Int32Array(this.capacity)
  }

  /** Hands on the rows that wait. */
  flush(): void {
    const { count, incoming } = this
    if (count === 0) return
    this.count = 0
    const { columns } = this.#output
    this.#kept.forEach((from, at) => gather(this.#source[from]!, incoming, count, columns[at]!))
    this.#push(count, columns)
  }

  /** Hands on incoming rows as they lie, with new columns that lie somewhere else: nothing is copied. */
  pass(count: number, fresh: readonly Float64Array[]): void {
    if (count > 0) this.#push(count, [...this.#kept.map((from) => this.#source[from]!), ...fresh])
  }

  /** Hands on one incoming row as often as new columns, which lie somewhere else, have rows. */
  repeat(row: number, count: number, fresh: readonly Float64Array[]): void {
    if (this.#kept.length > 0) this.reserve(count)
    const { columns } = this.#output
    const kept = this.#kept.map((from, at) => columns[at]!.fill(this.#source[from]![row]!, 0, count))
    this.#push(count, [...kept, ...fresh])
  }

  #push(rowCount: number, columns: readonly Float64Array[]): void {
    step(this.#budget, rowCount)
    this.#next!.push({ rowCount, columns })
  }
}

/** Rows of which each is an incoming row and a row of columns that lie somewhere: the new ones are gathered of these. */
export class PairOutput extends RowOutput {
  /** The row of the other columns. */
  found = new Int32Array(BUFFER_ROW_COUNT_START)
  readonly #others: readonly Float64Array[]
  readonly #translations: readonly Translation[]

  /** `translations` tell what becomes of the numbers of each of the others. */
  constructor(
    kept: readonly number[],
    others: readonly Float64Array[],
    budget: Budget,
    translations: readonly Translation[] = [],
  ) {
    super(kept, others.length, budget)
    this.#others = others
    this.#translations = translations
  }

  pair(row: number, found: number): void {
    this.found[this.count] = found
    this.add(row)
  }

  override reserve(rowCount: number): void {
    super.reserve(rowCount)
    if (this.found.length < this.capacity) this.found = new Int32Array(this.capacity)
  }

  override flush(): void {
    this.gatherFound(this.found, this.count)
    super.flush()
  }

  /** The new columns, filled with these rows of the others. */
  gatherFound(found: Int32Array, count: number): readonly Float64Array[] {
    this.#others.forEach((column, at) => {
      gather(column, found, count, this.fresh[at]!)
      translateAll(this.fresh[at]!, count, this.#translations[at])
    })
    return this.fresh
  }

  /** The new columns for rows of the others that follow each other: parts of these, where nothing is translated. */
  foundFrom(first: number, count: number): readonly Float64Array[] {
    return this.#others.map((column, at) => {
      const part = column.subarray(first, first + count)
      const translate = this.#translations[at]
      if (translate === undefined) return part
      this.reserve(count)
      this.fresh[at]!.set(part)
      translateAll(this.fresh[at]!, count, translate)
      return this.fresh[at]!
    })
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

function translateAll(column: Float64Array, count: number, translate: Translation): void {
  if (translate === undefined) return
  for (let i = 0; i < count; i++) column[i] = translate(column[i]!)
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

  /** Hands on the first `count` rows of `picked`, which ascend. */
  emit(chunk: Chunk, count: number, next: Consumer): void {
    if (count === 0) return
    if (count === chunk.rowCount) {
      next.push({ rowCount: count, columns: this.#kept.map((from) => chunk.columns[from]!) })
      return
    }
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
