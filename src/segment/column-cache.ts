// Decoded columns and pages kept in memory, the least recently used dropped beyond a bound of bytes. One cache
// serves all segments of a process or a test; what a query holds stays valid after it was dropped here.

import { byteCountOf, type ColumnData } from './column.ts'

export type ColumnCacheLimits = {
  readonly cachedBytesMax: number
  /** A column of at most this many rows is loaded whole: pages would not be cheaper. */
  readonly wholeRowCountMax: number
  /** After so many pages of a column were read one by one, or … */
  readonly pageReadCountMax: number
  /** … this share of them, whichever is more, the next read loads all. */
  readonly pageReadShareMax: number
}

export const COLUMN_CACHE_LIMITS: ColumnCacheLimits = {
  cachedBytesMax: 1 << 29,
  wholeRowCountMax: 65_536,
  pageReadCountMax: 8,
  pageReadShareMax: 0.25,
}

export class ColumnCache {
  readonly limits: ColumnCacheLimits
  readonly #columns = new Map<string, ColumnData>()
  #byteCount = 0

  constructor(limits: ColumnCacheLimits = COLUMN_CACHE_LIMITS) {
    this.limits = limits
  }

  get byteCount(): number {
    return this.#byteCount
  }

  get(name: string): ColumnData | undefined {
    const column = this.#columns.get(name)
    if (column === undefined) return undefined
    this.#columns.delete(name)
    this.#columns.set(name, column)
    return column
  }

  add(name: string, column: ColumnData): void {
    this.#drop(name)
    this.#columns.set(name, column)
    this.#byteCount += byteCountOf(column)
    for (const oldest of this.#columns.keys()) {
      if (this.#byteCount <= this.limits.cachedBytesMax || oldest === name) break
      this.#drop(oldest)
    }
  }

  #drop(name: string): void {
    const column = this.#columns.get(name)
    if (column === undefined) return
    this.#byteCount -= byteCountOf(column)
    this.#columns.delete(name)
  }
}
