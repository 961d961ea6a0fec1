// A row of the file as values of attributes, or the reason why it cannot be one.

import { writeEdn } from '../fact/edn-writer.ts'
import { shortened } from '../fact/source-text.ts'
import { type Edn, EdnMap, keyOf, type Scalar, textKey, type Value } from '../fact/value.ts'
import type { ImportPlan, PlannedColumn } from './import-plan.ts'
import { momentMs } from './moment-text.ts'
import { readCell } from './read-cell.ts'
import { cellInvalid, type Reject, type RowComplaint, rowMalformed, rowUnplaced } from './reject.ts'
import type { Cell, RowSource, SourceRow } from './source.ts'

export type ImportRow = {
  readonly kind: 'row'
  /** Place in the order in which rows are applied, from 0. */
  readonly ordinal: number
  readonly source: SourceRow
  /** One for each planned column: a value, several of a column that has several, undefined for none. */
  readonly values: readonly (Value | readonly Scalar[] | undefined)[]
  /** When the row was known, where the import says so. */
  readonly momentMs: number | undefined
}

export type RejectedRow = { readonly kind: 'reject'; readonly reject: Reject }

export class RowConverter {
  readonly #plan: ImportPlan
  readonly #source: RowSource

  constructor(plan: ImportPlan, source: RowSource) {
    this.#plan = plan
    this.#source = source
  }

  convert(source: SourceRow, ordinal: number): ImportRow | RejectedRow {
    if (source.complaint !== undefined) return this.reject(source, ordinal, source.complaint)
    const values: (Value | readonly Scalar[] | undefined)[] = []
    let filledCount = 0
    for (const column of this.#plan.columns) {
      const cell = source.cells[column.index]
      const value = isEmpty(cell, column, this.#source.typing === 'text')
        ? undefined
        : this.#value(cell!, column)
      if (value === INVALID) return this.reject(source, ordinal, notOfType(cell!, column))
      if (value !== undefined) filledCount++
      values.push(value)
    }
    if (filledCount === 0) return this.reject(source, ordinal, rowMalformed('The row holds nothing'))
    const { identity, columns } = this.#plan
    if (identity.length > 0 && identity.every((place) => values[place] === undefined)) {
      const names = identity.map((place) => columns[place]!.column).join(', ')
      return this.reject(source, ordinal, rowUnplaced(`The row has no ${names}, which is its identity`))
    }
    const moment = this.momentOf(source)
    if (this.#plan.moment !== undefined && moment === undefined) {
      const { column } = this.#plan.moment
      return this.reject(source, ordinal, rowUnplaced(`${column} is no instant: the row has no moment`))
    }
    return { kind: 'row', ordinal, source, values, momentMs: moment }
  }

  /** When the row was known; undefined where it does not say, or need not. */
  momentOf({ cells, complaint }: SourceRow): number | undefined {
    const { moment } = this.#plan
    const cell = moment === undefined || complaint !== undefined ? undefined : cells[moment.index]
    if (cell === undefined || cell === null || moment === undefined) return undefined
    if (typeof cell === 'string') return momentMs(cell.trim(), moment.order)
    const value = readCell(cell, 'instant', moment.order)
    return value instanceof Date ? value.getTime() : undefined
  }

  reject(source: SourceRow, ordinal: number, { code, message }: RowComplaint): RejectedRow {
    return { kind: 'reject', reject: { ordinal, line: source.line, code, message, row: this.#shown(source) } }
  }

  #value(cell: Edn, column: PlannedColumn): Value | readonly Scalar[] | undefined | typeof INVALID {
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
  #shown({ cells, complaint }: SourceRow): Edn {
    if (complaint !== undefined) return cells[0] ?? null
    const entries = this.#source.columns.flatMap(({ name }, index): [Edn, Edn][] => {
      const cell = cells[index]
      return cell === undefined ? [] : [[name, cell]]
    })
    return new EdnMap(entries)
  }
}

const INVALID = Symbol('invalid')

function isEmpty(cell: Cell, { type }: PlannedColumn, isText: boolean): boolean {
  if (cell === undefined || cell === null) return true
  if (typeof cell !== 'string') return false
  return type === 'string' ? isText && cell === '' : cell.trim() === ''
}

function notOfType(cell: Edn, { column, type }: PlannedColumn): RowComplaint {
  const shown = typeof cell === 'string' ? `"${shortened(cell)}"` : shortened(writeEdn(cell))
  return cellInvalid(`${column} is ${shown}, which is no ${type}`)
}

/**
 * What no two rows of one transaction may share: values of unique attributes, and the identity as a whole. Those of the
 * rows taken so far.
 */
export class UniqueKeys {
  readonly #plan: ImportPlan
  /** Of each unique column, with its place. */
  readonly #columns: readonly (readonly [place: number, keys: Set<unknown>])[]
  readonly #composites = new Set<unknown>()

  constructor(plan: ImportPlan) {
    this.#plan = plan
    this.#columns = plan.columns.flatMap(({ unique }, place) =>
      unique === undefined ? [] : [[place, new Set()] as const],
    )
  }

  clear(): void {
    for (const [, keys] of this.#columns) keys.clear()
    this.#composites.clear()
  }

  /** Takes a row; false, and nothing is taken, where it shares something with another. */
  take(row: ImportRow): boolean {
    const isFree = this.#each(row, (keys, key) => !keys.has(key))
    return isFree && this.#each(row, (keys, key) => keys.add(key) !== undefined)
  }

  /** False as soon as `visit` says so. */
  #each({ values }: ImportRow, visit: (keys: Set<unknown>, key: unknown) => boolean): boolean {
    for (const [place, keys] of this.#columns) {
      const value = values[place]
      if (value === undefined) continue
      const several = this.#plan.columns[place]!.isMany ? (value as readonly Scalar[]) : [value]
      // A column has one type, among whose values a text is its own key.
      if (!several.every((one) => visit(keys, typeof one === 'string' ? one : keyOf(one)))) return false
    }
    const { composite } = this.#plan
    return (
      composite === undefined || visit(this.#composites, textKey(compositeValue(composite.parts, values)))
    )
  }
}

export function compositeValue(
  parts: readonly number[],
  values: ImportRow['values'],
): readonly (Scalar | null)[] {
  // Parts of an identity have one value each, and no column holds tuples.
  return parts.map((place) => (values[place] ?? null) as Scalar | null)
}
