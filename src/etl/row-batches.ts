// Rows gathered into transactions. A transaction takes rows in their order and ends before one that says something
// about an entity which it speaks of already, so that of two rows about one thing the later wins, as if each had
// been transacted alone; and, where rows have moments, before one of another moment.

import type { RowValue } from '../database/transact-rows.ts'
import type { ImportRows } from './convert-rows.ts'
import type { ImportPlan } from './import-plan.ts'
import { UniqueKeys } from './unique-keys.ts'

export type BatchLimits = {
  readonly rowCountMax: number
  readonly cellCountMax: number
  /** Characters of text, roughly. */
  readonly textLengthMax: number
}
export const BATCH_LIMITS: BatchLimits = { rowCountMax: 1_000, cellCountMax: 50_000, textLengthMax: 4 << 20 }

/** Rows `[first, limit)`. */
type Stretch = { readonly rows: ImportRows; readonly first: number; readonly limit: number }

/** The rows of one transaction: stretches of what was converted. */
export class RowsOfBatch {
  readonly #stretches: readonly Stretch[]
  readonly rowCount: number

  constructor(stretches: readonly Stretch[]) {
    this.#stretches = stretches
    this.rowCount = stretches.reduce((count, { first, limit }) => count + limit - first, 0)
  }

  get stretches(): readonly Stretch[] {
    return this.#stretches
  }

  /** When all of them were known, where the import says so. */
  get momentMs(): number | undefined {
    const { rows, first } = this.#stretches[0]!
    return rows.momentsMs?.[first]
  }

  get lastOrdinal(): number {
    const { rows, limit } = this.#stretches.at(-1)!
    return rows.ordinals[limit - 1]!
  }

  columns(): readonly (readonly RowValue[])[] {
    const [only, second] = this.#stretches
    const partOf = ({ rows, first, limit }: Stretch, place: number): readonly RowValue[] =>
      rows.columns[place]!.slice(first, limit)
    if (second === undefined) return only!.rows.columns.map((_, place) => partOf(only!, place))
    return only!.rows.columns.map((_, place) =>
      this.#stretches.flatMap((stretch) => partOf(stretch, place) as RowValue[]),
    )
  }

  /** Where a row was converted. */
  at(row: number): { readonly rows: ImportRows; readonly row: number } {
    const [{ rows, first }] = this.slice(row, row + 1).stretches as [Stretch]
    return { rows, row: first }
  }

  /** The rows `[from, to)` of these. */
  slice(from: number, to = this.rowCount): RowsOfBatch {
    const taken: Stretch[] = []
    let before = 0
    for (const { rows, first, limit } of this.#stretches) {
      const start = Math.max(first, first + from - before)
      const end = Math.min(limit, first + to - before)
      if (start < end) taken.push({ rows, first: start, limit: end })
      before += limit - first
    }
    return new RowsOfBatch(taken)
  }
}

export class RowBatches {
  readonly #rows: AsyncIterator<ImportRows>
  readonly #limits: BatchLimits
  readonly #textPlaces: readonly number[]
  /** Of the transaction that is gathered. */
  readonly #seen: UniqueKeys
  #waiting: readonly Stretch[] = []

  constructor(plan: ImportPlan, rows: AsyncIterable<ImportRows>, limits: BatchLimits = BATCH_LIMITS) {
    this.#seen = new UniqueKeys(plan)
    this.#rows = rows[Symbol.asyncIterator]()
    this.#limits = limits
    this.#textPlaces = plan.columns.flatMap(({ type }, place) => (type === 'string' ? [place] : []))
  }

  /** The rows of the next transaction; none at the end. */
  async next(): Promise<RowsOfBatch> {
    this.#seen.clear()
    const gathered: Gathered = { stretches: [], rowCount: 0, textLength: 0, momentMs: undefined }
    for (let stretch = await this.#take(); stretch !== undefined; stretch = await this.#take()) {
      const { rows, first } = stretch
      const limit = this.#gather(stretch, gathered)
      if (limit > first) gathered.stretches.push({ rows, first, limit })
      if (limit === stretch.limit) continue
      this.#waiting = [{ rows, first: limit, limit: stretch.limit }, ...this.#waiting]
      break
    }
    return new RowsOfBatch(gathered.stretches)
  }

  /** Gives rows back that were taken last: they come again. */
  putBack(rows: RowsOfBatch): void {
    this.#waiting = [...rows.stretches, ...this.#waiting]
  }

  /** How far the transaction can go on with the rows of a stretch. */
  #gather({ rows, first, limit }: Stretch, gathered: Gathered): number {
    let row = first
    for (; row < limit; row++) {
      gathered.textLength += this.#textLengthOf(rows, row)
      if (gathered.rowCount > 0 && this.#isFull(rows, row, gathered)) break
      if (!this.#seen.take(rows, row)) break
      if (gathered.rowCount === 0) gathered.momentMs = rows.momentsMs?.[row]
      gathered.rowCount++
    }
    return row
  }

  #isFull({ columns, momentsMs }: ImportRows, row: number, gathered: Gathered): boolean {
    const { rowCountMax, cellCountMax, textLengthMax } = this.#limits
    return (
      gathered.rowCount >= rowCountMax ||
      gathered.rowCount * columns.length >= cellCountMax ||
      gathered.textLength > textLengthMax ||
      gathered.momentMs !== momentsMs?.[row]
    )
  }

  #textLengthOf({ columns }: ImportRows, row: number): number {
    let length = 0
    for (const place of this.#textPlaces) {
      const value = columns[place]![row]
      if (typeof value === 'string') length += value.length
    }
    return length
  }

  /** The next rows that are there, undefined at the end. */
  async #take(): Promise<Stretch | undefined> {
    while (this.#waiting.length === 0) {
      const { value, done } = await this.#rows.next()
      if (done === true) return undefined
      if (value.rowCount > 0) this.#waiting = [{ rows: value, first: 0, limit: value.rowCount }]
    }
    const [next, ...others] = this.#waiting
    this.#waiting = others
    return next
  }
}

type Gathered = {
  readonly stretches: Stretch[]
  rowCount: number
  textLength: number
  momentMs: number | undefined
}
