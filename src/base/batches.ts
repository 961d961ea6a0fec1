// Long loops over memory, cut where whoever waits may give up: a million rows take some milliseconds, and a sort, a merge
// or a hash over them many times that.

/** Called between batches; throws where the work is to end. */
export type Check = () => void

export const NEVER_ENDS: Check = () => undefined

/** Of the slowest loops, about 10 ms. */
const BATCH_COUNT = 1 << 16

/** The batches `[first, limit)` of so many rows, with a check before each. */
export function* inBatches(count: number, check: Check): Generator<readonly [first: number, limit: number]> {
  for (let first = 0; first < count; first += BATCH_COUNT) {
    check()
    yield [first, Math.min(count, first + BATCH_COUNT)]
  }
}
