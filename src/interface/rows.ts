// The rows of a relation as users hold them: made of columns, as plain JavaScript, when somebody asks.

import { toPlain } from '../fact/plain.ts'
import { type AnswerRows, RowReader } from '../plan/answer-rows.ts'
import type { Column } from '../plan/engine.ts'
import type { Rows } from './types/interfaces.ts'

/** What Node asks an object that it prints. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

export class PlainRows implements Rows<unknown[]> {
  readonly columns: readonly Column[]
  readonly length: number
  readonly #reader: RowReader<unknown>

  constructor(columns: readonly Column[], rows: AnswerRows) {
    this.columns = columns
    this.length = rows.length
    this.#reader = new RowReader(rows, toPlain)
  }

  at(index: number): unknown[] | undefined {
    return this.#reader.at(index)
  }

  toArray(): unknown[][] {
    return this.#reader.read(0, this.length)
  }

  /** Rows are arrays to whoever writes or prints them. */
  toJSON(): unknown[][] {
    return this.toArray()
  }

  [INSPECT](): unknown[][] {
    return this.toArray()
  }

  [Symbol.iterator](): Generator<unknown[]> {
    return this.#reader[Symbol.iterator]()
  }
}
