// The rows of a relation as users hold them: converted from values to plain JavaScript one by one, when asked.

import { toPlain } from '../fact/plain.ts'
import type { Edn } from '../fact/value.ts'
import type { Column } from '../plan/engine.ts'
import type { Rows } from './types/interfaces.ts'

/** What Node asks an object that it prints. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

export class AnswerRows implements Rows<unknown[]> {
  readonly columns: readonly Column[]
  readonly #rows: readonly (readonly Edn[])[]

  constructor(columns: readonly Column[], rows: readonly (readonly Edn[])[]) {
    this.columns = columns
    this.#rows = rows
  }

  get length(): number {
    return this.#rows.length
  }

  at(index: number): unknown[] | undefined {
    return this.#rows.at(index)?.map(toPlain)
  }

  toArray(): unknown[][] {
    return this.#rows.map((row) => row.map(toPlain))
  }

  /** Rows are arrays to whoever writes or prints them. */
  toJSON(): unknown[][] {
    return this.toArray()
  }

  [INSPECT](): unknown[][] {
    return this.toArray()
  }

  *[Symbol.iterator](): Generator<unknown[]> {
    for (const row of this.#rows) yield row.map(toPlain)
  }
}
