// Decoded columns and pages kept in memory within a bound of bytes. One cache serves all segments of a process or
// a test; what a query holds stays valid after it was dropped here.
//
// Which to drop is told by a second chance: a use marks a column, a walk for room takes the oldest that was not
// used since the last walk. So a use costs no more than setting a mark, and point lookups make many.

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

/** A column in the cache. Whoever keeps it asks `useColumn` and need not look it up again. */
export type CachedColumn = {
  /** Undefined once it was dropped. */
  column: ColumnData | undefined
  isUsed: boolean
}

/** The column, marked as used; undefined if it is not in memory any more. */
export function useColumn(cached: CachedColumn | undefined): ColumnData | undefined {
  if (cached?.column !== undefined) cached.isUsed = true
  return cached?.column
}

export class ColumnCache {
  readonly limits: ColumnCacheLimits
  readonly #columns = new Map<string, CachedColumn>()
  #byteCount = 0

  constructor(limits: ColumnCacheLimits = COLUMN_CACHE_LIMITS) {
    this.limits = limits
  }

  get byteCount(): number {
    return this.#byteCount
  }

  find(name: string): CachedColumn | undefined {
    return this.#columns.get(name)
  }

  add(name: string, column: ColumnData): CachedColumn {
    this.#drop(name)
    const added = { column, isUsed: true }
    this.#columns.set(name, added)
    this.#byteCount += byteCountOf(column)
    // Every column gets its second chance at most once in a walk, so the walk ends.
    for (const [oldest, cached] of this.#columns) {
      if (this.#byteCount <= this.limits.cachedBytesMax) break
      if (cached === added) continue
      if (cached.isUsed) {
        cached.isUsed = false
        this.#columns.delete(oldest)
        this.#columns.set(oldest, cached)
      } else this.#drop(oldest)
    }
    return added
  }

  /** Drops what was read of a segment: who asks for it once more reads it again. */
  forget(segmentKey: string): void {
    for (const name of this.#columns.keys()) if (name.startsWith(`${segmentKey} `)) this.#drop(name)
  }

  #drop(name: string): void {
    const cached = this.#columns.get(name)
    if (cached?.column === undefined) return
    this.#byteCount -= byteCountOf(cached.column)
    this.#columns.delete(name)
    cached.column = undefined
  }
}
