// Rows that come one by one, put into the columns of a batch.

import type { RowComplaint } from './reject.ts'
import type { Cell, MalformedRow, RowBatch } from './source.ts'

export class RowGatherer {
  readonly #lines: number[] = []
  readonly #columns: Cell[][] = []
  readonly #malformed = new Map<number, MalformedRow>()

  get rowCount(): number {
    return this.#lines.length
  }

  /** Takes a row; cells that are missing at its end hold nothing. */
  add(line: number, cells: readonly Cell[]): void {
    const row = this.#lines.length
    this.#lines.push(line)
    while (this.#columns.length < cells.length) this.#columns.push(nothing(row))
    for (let index = 0; index < this.#columns.length; index++) this.#columns[index]!.push(cells[index])
  }

  addMalformed(line: number, complaint: RowComplaint, text: string): void {
    this.#malformed.set(this.#lines.length, { complaint, text })
    this.add(line, [])
  }

  batch(position: number): RowBatch {
    return { lines: this.#lines, columns: this.#columns, malformed: this.#malformed, position }
  }
}

function nothing(rowCount: number): Cell[] {
  return Array.from({ length: rowCount }, () => undefined)
}
