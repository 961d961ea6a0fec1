// What is measured while a plan runs to be explained: rows that came out of each part, and the time spent in it alone.
// Operators call each other, so the time of one stops while what comes after it works.

import type { Measured, MeasuredParts } from '../../plan/explain.ts'
import type { Chunk, Consumer } from './operator.ts'

type Tally = { -readonly [Key in keyof Measured]: Measured[Key] }

export class Profile {
  readonly #nowMs: () => number
  readonly #tallies = new Map<object, Tally>()
  readonly #inside: Tally[] = []
  #sinceMs: number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#sinceMs = nowMs()
  }

  /** All that was measured, with what `memoryBytesOf` knows of each part, where that may be told. */
  measured(memoryBytesOf: ((part: object) => number) | undefined): MeasuredParts {
    if (memoryBytesOf !== undefined)
      for (const [part, tally] of this.#tallies) tally.memoryBytes = memoryBytesOf(part)
    return this.#tallies
  }

  /** Counts rows that came out of a part. */
  count(part: object, rowCount: number): void {
    this.#tally(part).rowCount += rowCount
  }

  /** Adds what another thread measured of a part. */
  add(part: object, { rowCount, timeMs }: Measured): void {
    const tally = this.#tally(part)
    tally.rowCount += rowCount
    tally.timeMs += timeMs
  }

  /** Does work on behalf of a part. */
  within(part: object, work: () => void): void {
    this.#stop()
    this.#inside.push(this.#tally(part))
    try {
      work()
    } finally {
      this.#stop()
      this.#inside.pop()
    }
  }

  /** Counts what comes out of `from` and measures the consumer on behalf of `into`. */
  probe(from: object | undefined, into: object, next: Consumer): Consumer {
    return {
      push: (chunk: Chunk) => {
        if (from !== undefined) this.count(from, chunk.rowCount)
        this.within(into, () => next.push(chunk))
      },
      finish: () => this.within(into, () => next.finish()),
    }
  }

  #tally(part: object): Tally {
    let tally = this.#tallies.get(part)
    if (tally === undefined) this.#tallies.set(part, (tally = { rowCount: 0, timeMs: 0 }))
    return tally
  }

  /** Gives the time since the last change to whoever worked. */
  #stop(): void {
    const nowMs = this.#nowMs()
    const working = this.#inside.at(-1)
    if (working !== undefined) working.timeMs += nowMs - this.#sinceMs
    this.#sinceMs = nowMs
  }
}
