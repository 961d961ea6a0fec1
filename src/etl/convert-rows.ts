// Rows of the file as values of attributes, column by column, and for rows that cannot be such the reason.

import { writeEdn } from '../fact/edn-writer.ts'
import { shortened } from '../fact/source-text.ts'
import { type Edn, EdnMap, type Scalar } from '../fact/value.ts'
import type { RowValue } from '../database/transact-rows.ts'
import type { ImportPlan, PlannedColumn } from './import-plan.ts'
import { momentMs } from './moment-text.ts'
import { readCell, trimmed } from './read-cell.ts'
import { cellInvalid, type Reject, type RowComplaint, rowMalformed, rowUnplaced } from './reject.ts'
import type { Cell, RowBatch, RowSource } from './source.ts'

/** Rows that can be imported, as columns. */
export type ImportRows = {
  readonly rowCount: number
  /** Of each planned column, in it for each row a value, several of a column that has several, undefined for none. */
  readonly columns: readonly (readonly RowValue[])[]
  /** When each row was known, where the import says so. */
  readonly momentsMs: readonly number[] | undefined
  /** Place of each row in the order in which rows are applied, from 0. */
  readonly ordinals: readonly number[]
  /** What the rows were made of, and where each stands in it. */
  readonly batch: RowBatch
  readonly batchRows: readonly number[]
}

export type ConvertedRows = { readonly rows: ImportRows; readonly rejects: readonly Reject[] }

/** What is wrong with rows, by row: of each what was found first. */
type Complaints = Map<number, RowComplaint>

export class RowConverter {
  readonly #plan: ImportPlan
  readonly #source: RowSource
  readonly #nowMs: number

  /** Moments beyond `nowMs` have not come yet. */
  constructor(plan: ImportPlan, source: RowSource, nowMs: number) {
    this.#plan = plan
    this.#source = source
    this.#nowMs = nowMs
  }

  /** The rows from `first` on, of which the first of all has this ordinal. */
  convert(batch: RowBatch, firstOrdinal: number, first = 0): ConvertedRows {
    const complaints: Complaints = new Map()
    for (const [row, { complaint }] of batch.malformed) complaints.set(row, complaint)
    const columns = this.#plan.columns.map((column) => this.#convertColumn(batch, column, complaints))
    this.#checkFilled(batch, columns, complaints)
    const momentsMs = this.#plan.moment === undefined ? undefined : this.momentsOf(batch)
    if (momentsMs !== undefined) this.#checkMoments(momentsMs, complaints)
    const rejects = [...complaints]
      .filter(([row]) => row >= first)
      .sort(([x], [y]) => x - y)
      .map(([row, complaint]) => this.reject(batch, row, firstOrdinal + row, complaint))
    const batchRows: number[] = []
    for (let row = first; row < batch.lines.length; row++) if (!complaints.has(row)) batchRows.push(row)
    // Mostly all rows are taken, and columns need no copy.
    const isWhole = batchRows.length === batch.lines.length
    const taken = <X>(column: readonly X[]): readonly X[] =>
      isWhole ? column : batchRows.map((row) => column[row]!)
    const rows: ImportRows = {
      rowCount: batchRows.length,
      columns: columns.map(taken),
      // Where rows have moments, one without was rejected.
      momentsMs: momentsMs === undefined ? undefined : taken(momentsMs as readonly number[]),
      ordinals: batchRows.map((row) => firstOrdinal + row),
      batch,
      batchRows,
    }
    return { rows, rejects }
  }

  /** When rows were known; undefined where one does not say, or need not. */
  momentsOf({ lines, columns }: RowBatch): readonly (number | undefined)[] {
    const { moment } = this.#plan
    const cells = moment === undefined ? undefined : columns[moment.index]
    return cells === undefined || moment === undefined
      ? lines.map(() => undefined)
      : cells.map((cell) => momentOf(cell, moment.order))
  }

  reject(batch: RowBatch, row: number, ordinal: number, { code, message }: RowComplaint): Reject {
    return { ordinal, line: batch.lines[row]!, code, message, row: this.#shown(batch, row) }
  }

  #convertColumn(batch: RowBatch, column: PlannedColumn, complaints: Complaints): readonly RowValue[] {
    const cells = batch.columns[column.index]
    if (cells === undefined) return batch.lines.map(() => undefined)
    const isText = this.#source.typing === 'text'
    const values: RowValue[] = []
    for (let row = 0; row < cells.length; row++) {
      const cell = cells[row]
      const value = isEmpty(cell, column, isText) ? undefined : this.#value(cell!, column)
      if (value === INVALID) {
        if (!complaints.has(row)) complaints.set(row, notOfType(cell!, column))
        values.push(undefined)
      } else values.push(value)
    }
    return values
  }

  #checkFilled({ lines }: RowBatch, columns: readonly (readonly RowValue[])[], complaints: Complaints): void {
    const { identity, columns: planned } = this.#plan
    for (let row = 0; row < lines.length; row++) {
      const isGiven = (column: readonly RowValue[]): boolean => column[row] !== undefined
      if (complaints.has(row)) continue
      if (!columns.some(isGiven)) complaints.set(row, rowMalformed('The row holds nothing'))
      else if (identity.length > 0 && !identity.some((place) => isGiven(columns[place]!))) {
        const names = identity.map((place) => planned[place]!.column).join(', ')
        complaints.set(row, rowUnplaced(`The row has no ${names}, which is its identity`))
      }
    }
  }

  #checkMoments(momentsMs: readonly (number | undefined)[], complaints: Complaints): void {
    for (let row = 0; row < momentsMs.length; row++) {
      const ms = momentsMs[row]
      if (complaints.has(row)) continue
      if (ms === undefined) {
        const { column } = this.#plan.moment!
        complaints.set(row, rowUnplaced(`${column} is no instant: the row has no moment`))
      } else if (ms > this.#nowMs) {
        const message = `The row would be known at ${new Date(ms).toISOString()}, which has not come yet`
        complaints.set(row, { code: 'db.error/future-tx-instant', message })
      }
    }
  }

  #value(cell: Edn, column: PlannedColumn): RowValue | typeof INVALID {
    if (!column.isMany)
      return Array.isArray(cell) ? INVALID : (readCell(cell, column.type, column.order) ?? INVALID)
    const values: Scalar[] = []
    for (const item of this.#items(cell)) {
      const value = readCell(item, column.type, column.order)
      if (value === undefined) return INVALID
      values.push(value)
    }
    return values.length === 0 ? undefined : values
  }

  #items(cell: Edn): readonly Edn[] {
    if (Array.isArray(cell)) return cell as readonly Edn[]
    if (typeof cell !== 'string' || this.#source.typing !== 'text') return [cell]
    return cell
      .split(this.#plan.separator)
      .map((item) => item.trim())
      .filter((item) => item !== '')
  }

  /** A row that could not be taken apart as its text, any other as a map of its cells. */
  #shown({ columns, malformed }: RowBatch, row: number): Edn {
    const bad = malformed.get(row)
    if (bad !== undefined) return bad.text
    const entries = this.#source.columns.flatMap(({ name }, index): [Edn, Edn][] => {
      const cell = columns[index]?.[row]
      return cell === undefined ? [] : [[name, cell]]
    })
    return new EdnMap(entries)
  }
}

const INVALID = Symbol('invalid')

function momentOf(cell: Cell, order: PlannedColumn['order']): number | undefined {
  if (cell === undefined || cell === null) return undefined
  if (typeof cell === 'string') return momentMs(trimmed(cell), order)
  const value = readCell(cell, 'instant', order)
  return value instanceof Date ? value.getTime() : undefined
}

function isEmpty(cell: Cell, { type }: PlannedColumn, isText: boolean): boolean {
  if (cell === undefined || cell === null) return true
  if (typeof cell !== 'string') return false
  return type === 'string' ? isText && cell === '' : trimmed(cell) === ''
}

function notOfType(cell: Edn, { column, type }: PlannedColumn): RowComplaint {
  const shown = typeof cell === 'string' ? `"${shortened(cell)}"` : shortened(writeEdn(cell))
  return cellInvalid(`${column} is ${shown}, which is no ${type}`)
}
