// Rows gathered into transactions. A transaction takes rows in their order and ends before one that says something
// about an entity which it speaks of already, so that of two rows about one thing the later wins, as if each had
// been transacted alone; and, where rows have moments, before one of another moment.

import { type ImportRow, UniqueKeys } from './convert-row.ts'
import type { ImportPlan } from './import-plan.ts'

export type BatchLimits = {
  readonly rowCountMax: number
  readonly cellCountMax: number
  /** Characters of text, roughly. */
  readonly textLengthMax: number
}
export const BATCH_LIMITS: BatchLimits = { rowCountMax: 1_000, cellCountMax: 50_000, textLengthMax: 4 << 20 }

export class RowBatches {
  readonly #rows: AsyncIterator<readonly ImportRow[]>
  readonly #limits: BatchLimits
  /** Of the transaction that is gathered. */
  readonly #seen: UniqueKeys
  #waiting: readonly ImportRow[] = []
  #next = 0

  constructor(
    plan: ImportPlan,
    rows: AsyncIterable<readonly ImportRow[]>,
    limits: BatchLimits = BATCH_LIMITS,
  ) {
    this.#seen = new UniqueKeys(plan)
    this.#rows = rows[Symbol.asyncIterator]()
    this.#limits = limits
  }

  /** The rows of the next transaction; none at the end. */
  async next(): Promise<readonly ImportRow[]> {
    const batch: ImportRow[] = []
    this.#seen.clear()
    let textLength = 0
    for (let row = await this.#peek(); row !== undefined; row = await this.#peek()) {
      textLength += textLengthOf(row)
      if (batch.length > 0 && this.#isFull(batch, row, textLength)) break
      if (!this.#seen.take(row)) break
      batch.push(row)
      this.#next++
    }
    return batch
  }

  /** Gives rows back that were taken last: they come again. */
  putBack(rows: readonly ImportRow[]): void {
    this.#waiting = [...rows, ...this.#waiting.slice(this.#next)]
    this.#next = 0
  }

  #isFull(batch: readonly ImportRow[], row: ImportRow, textLength: number): boolean {
    const { rowCountMax, cellCountMax, textLengthMax } = this.#limits
    return (
      batch.length >= rowCountMax ||
      batch.length * row.values.length >= cellCountMax ||
      textLength > textLengthMax ||
      batch[0]!.momentMs !== row.momentMs
    )
  }

  async #peek(): Promise<ImportRow | undefined> {
    while (this.#next >= this.#waiting.length) {
      const { value, done } = await this.#rows.next()
      if (done === true) return undefined
      this.#waiting = value
      this.#next = 0
    }
    return this.#waiting[this.#next]
  }
}

function textLengthOf({ values }: ImportRow): number {
  let length = 0
  for (const value of values) if (typeof value === 'string') length += value.length
  return length
}
