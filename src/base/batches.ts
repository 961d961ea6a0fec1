// Long loops over memory, cut where whoever waits may give up: a million rows take some milliseconds, and a sort, a merge
// or a hash over them many times that.

import { isPlanted } from './planted.ts'

/** Called between batches; throws where the work is to end. */
export type Check = () => void

export const NEVER_ENDS: Check = () => undefined

/** Of the slowest loops, some milliseconds. */
const BATCH_COUNT = 1 << 14

/** Rows `[first, limit)`. */
export type Batch = readonly [first: number, limit: number]

/** The batches of so many rows, with a check before each. */
export function* inBatches(count: number, check: Check): Generator<Batch> {
  for (let first = 0; first < count; first += BATCH_COUNT) {
    if (!isPlanted('batches-without-checks')) check()
    yield [first, Math.min(count, first + BATCH_COUNT)]
  }
}
