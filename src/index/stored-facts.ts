// What a view shows of one attribute, told by where it lies, for engines that read the files of the index by
// themselves: rows of files with the tests that they must pass, and the facts that only memory holds.

import type { T } from '../fact/attribute.ts'
import type { Datom } from '../fact/datom.ts'
import type { Segment } from '../segment/segment.ts'

/** Rows of one file. */
export type StoredRun = {
  readonly segment: Segment
  readonly firstRow: number
  readonly rowCount: number
  /** True where rows have a `retracted`: what lies in the other files holds, or is listed as dead. */
  readonly isHistory: boolean
  /** Rows of another file that list, under `row`, the rows of this one that are dead. */
  readonly dead:
    | { readonly segment: Segment; readonly firstRow: number; readonly rowCount: number }
    | undefined
}

export type StoredFacts = {
  readonly runs: readonly StoredRun[]
  /** Of the runs show the facts with `sinceT < added ≤ untilT`, … */
  readonly sinceT: T
  readonly untilT: T
  /** … and not retracted up to this t; undefined in a history, which shows retractions after `sinceT` beside them. */
  readonly aliveT: T | undefined
  /** Facts of the runs that were taken back since they were indexed, and do not show. */
  readonly lost: readonly Datom[]
  /** What shows and no file holds. */
  readonly datoms: readonly Datom[]
}
