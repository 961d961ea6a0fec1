// The rows of an answer, kept column by column: a row is made when somebody reads it, and a value once where a column
// holds few. Whoever sends an answer on, or writes it as text, reads the columns.

import { type Check, inBatches, NEVER_ENDS } from '../base/batches.ts'
import { unreachable } from '../base/assert.ts'
import type { Edn } from '../fact/value.ts'

export type AnswerRow = readonly Edn[]

export type AnswerColumn =
  /** Values as they are. */
  | { readonly kind: 'values'; readonly values: readonly Edn[] }
  /** Whole numbers, which are their own values. */
  | { readonly kind: 'numbers'; readonly numbers: Float64Array }
  /** Numbers that stand for values. */
  | {
      readonly kind: 'decoded'
      readonly numbers: Float64Array
      readonly decode: (number: number) => Edn
    }
  /** Numbers from 0 to few that stand for values: each of these is read once. */
  | { readonly kind: 'coded'; readonly numbers: Float64Array; readonly decode: (code: number) => Edn }

/** Rows that are made at a time where all are read. */
const BATCH_ROW_COUNT = 1_024

export class AnswerRows implements Iterable<AnswerRow> {
  readonly length: number
  readonly columns: readonly AnswerColumn[]

  /** Columns of `length` rows. */
  constructor(length: number, columns: readonly AnswerColumn[]) {
    this.length = length
    this.columns = columns
  }

  static of(rows: readonly AnswerRow[], check: Check = NEVER_ENDS): AnswerRows {
    const width = rows[0]?.length ?? 0
    const columns = Array.from({ length: width }, (_, place): AnswerColumn => {
      const values: Edn[] = []
      for (const [first, limit] of inBatches(rows.length, check))
        for (let row = first; row < limit; row++) values.push(rows[row]![place]!)
      return { kind: 'values', values }
    })
    return new AnswerRows(rows.length, columns)
  }

  /** Counts from the end where negative. */
  at(index: number): AnswerRow | undefined {
    const row = index < 0 ? this.length + index : index
    return row >= 0 && row < this.length ? this.columns.map((column) => valueAt(column, row)) : undefined
  }

  toArray(): AnswerRow[] {
    const numbers = this.columns.map((column) => (column.kind === 'numbers' ? column.numbers : undefined))
    return numbers.every((column) => column !== undefined)
      ? numberRows(numbers, this.length)
      : new RowReader(this, itself).read(0, this.length)
  }

  [Symbol.iterator](): Iterator<AnswerRow> {
    return new RowReader(this, itself)[Symbol.iterator]()
  }

  /** The values of one column, from the first row on. */
  *valuesAt(place: number): Iterable<Edn> {
    const { columns, length } = this
    const column = columns[place]!
    for (let row = 0; row < length; row++) yield valueAt(column, row)
  }

  /** The values of one column in rows `[first, limit)`. */
  valuesIn(place: number, first: number, limit: number): ArrayLike<Edn> {
    const column = this.columns[place]!
    if (column.kind === 'numbers') return column.numbers.subarray(first, limit)
    return new ColumnReader(column, itself).read(first, limit - first)
  }

  /** Rows `[first, limit)`. */
  slice(first: number, limit: number): AnswerRows {
    const until = Math.min(limit, this.length)
    const from = Math.min(first, until)
    return new AnswerRows(
      until - from,
      this.columns.map((column) => sliceOf(column, from, until)),
    )
  }

  /** The same rows with what `change` makes of the values of some columns. */
  changed(change: (place: number) => ((value: Edn) => Edn) | undefined): AnswerRows {
    const columns = this.columns.map((column, place): AnswerColumn => {
      const made = change(place)
      return made === undefined ? column : { kind: 'values', values: Array.from(this.valuesAt(place), made) }
    })
    return new AnswerRows(this.length, columns)
  }
}

/** Reads rows with every value converted. */
export class RowReader<Made> {
  readonly #length: number
  readonly #readers: readonly ColumnReader<Made>[]

  constructor({ length, columns }: AnswerRows, convert: (value: Edn) => Made) {
    this.#length = length
    this.#readers = columns.map((column) => new ColumnReader(column, convert))
  }

  /** Counts from the end where negative. */
  at(index: number): Made[] | undefined {
    const row = index < 0 ? this.#length + index : index
    return row >= 0 && row < this.#length ? this.read(row, row + 1)[0] : undefined
  }

  /** Rows `[first, limit)`. */
  read(first: number, limit: number): Made[][] {
    const rows = roomFor<Made[]>(limit - first)
    for (let from = first; from < limit; from += BATCH_ROW_COUNT) {
      const count = Math.min(BATCH_ROW_COUNT, limit - from)
      const columns = this.#readers.map((reader) => reader.read(from, count))
      writeRows(rows, from - first, columns, count)
    }
    return rows
  }

  *[Symbol.iterator](): Generator<Made[]> {
    for (let first = 0; first < this.#length; first += BATCH_ROW_COUNT) {
      yield* this.read(first, Math.min(this.#length, first + BATCH_ROW_COUNT))
    }
  }
}

/** Values of one column, some at a time, in a buffer of its own. */
class ColumnReader<Made> {
  readonly #column: AnswerColumn
  readonly #convert: (value: Edn) => Made
  readonly #buffer: Made[] = []
  /** By code. Objects are made anew for every row, lest a change to one showed in another. */
  readonly #made: Made[] = []

  constructor(column: AnswerColumn, convert: (value: Edn) => Made) {
    this.#column = column
    this.#convert = convert
  }

  /** What follows the first `count` values is left of before. */
  read(first: number, count: number): readonly Made[] {
    const column = this.#column
    const buffer = this.#buffer
    const convert = this.#convert
    switch (column.kind) {
      case 'values':
        for (let i = 0; i < count; i++) buffer[i] = convert(column.values[first + i]!)
        return buffer
      case 'numbers':
        for (let i = 0; i < count; i++) buffer[i] = convert(column.numbers[first + i]!)
        return buffer
      case 'decoded':
        for (let i = 0; i < count; i++) buffer[i] = convert(column.decode(column.numbers[first + i]!))
        return buffer
      case 'coded':
        for (let i = 0; i < count; i++) buffer[i] = this.#coded(column.numbers[first + i]!, column.decode)
        return buffer
      default:
        return unreachable(column)
    }
  }

  #coded(code: number, decode: (code: number) => Edn): Made {
    const known = this.#made[code]
    if (known !== undefined) return known
    const made = this.#convert(decode(code))
    if (typeof made !== 'object') this.#made[code] = made
    return made
  }
}

/** Longer arrays that are made at once are slow ones. */
const ROOM_COUNT_MAX = 1 << 24

/** Room for so many rows: a list that grows takes half as long again (10,000 rows of two numbers 106 µs and 71, 2026-11-26). */
function roomFor<Row>(count: number): Row[] {
  return count <= ROOM_COUNT_MAX ? Array<Row>(count) : []
}

/**
 * Makes rows of the first `count` values of each column, at `[first, first + count)`. Rows of few columns are written out as such:
 * that is twice as fast as filling arrays of any length.
 */
function writeRows<Made>(
  rows: Made[][],
  first: number,
  columns: readonly (readonly Made[])[],
  count: number,
): void {
  const [a, b, c, d] = columns
  switch (columns.length) {
    case 1:
      for (let i = 0; i < count; i++) rows[first + i] = [a![i]!]
      return
    case 2:
      for (let i = 0; i < count; i++) rows[first + i] = [a![i]!, b![i]!]
      return
    case 3:
      for (let i = 0; i < count; i++) rows[first + i] = [a![i]!, b![i]!, c![i]!]
      return
    case 4:
      for (let i = 0; i < count; i++) rows[first + i] = [a![i]!, b![i]!, c![i]!, d![i]!]
      return
    default:
      for (let i = 0; i < count; i++) rows[first + i] = columns.map((column) => column[i]!)
  }
}

/** Rows of numbers are made of the columns as they lie: a list of any values between would box each number. */
function numberRows(columns: readonly Float64Array[], count: number): AnswerRow[] {
  const [a, b, c] = columns
  const rows = roomFor<number[]>(count)
  switch (columns.length) {
    case 1:
      for (let i = 0; i < count; i++) rows[i] = [a![i]!]
      return rows
    case 2:
      for (let i = 0; i < count; i++) rows[i] = [a![i]!, b![i]!]
      return rows
    case 3:
      for (let i = 0; i < count; i++) rows[i] = [a![i]!, b![i]!, c![i]!]
      return rows
    default:
      for (let i = 0; i < count; i++) rows[i] = columns.map((column) => column[i]!)
      return rows
  }
}

function itself(value: Edn): Edn {
  return value
}

function valueAt(column: AnswerColumn, row: number): Edn {
  switch (column.kind) {
    case 'values':
      return column.values[row]!
    case 'numbers':
      return column.numbers[row]!
    case 'decoded':
    case 'coded':
      return column.decode(column.numbers[row]!)
    default:
      return unreachable(column)
  }
}

function sliceOf(column: AnswerColumn, first: number, limit: number): AnswerColumn {
  return column.kind === 'values'
    ? { kind: 'values', values: column.values.slice(first, limit) }
    : { ...column, numbers: column.numbers.subarray(first, limit) }
}
