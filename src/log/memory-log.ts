// A log in memory, for `memory:` databases and for tests. Durable as long as it is referenced: disposing leaves
// the frames, so that it can be read on.

import { assert } from '../base/assert.ts'
import type { T } from '../fact/attribute.ts'
import type { Frame, WritableLog } from './transaction-log.ts'
import { Waiters } from './waiters.ts'

export class MemoryLog implements WritableLog {
  readonly epoch: number
  readonly #frames: Frame[] = []
  readonly #waiters = new Waiters()

  constructor(epoch = 1) {
    this.epoch = epoch
  }

  lastT(): T {
    return this.#frames.at(-1)?.lastT ?? -1
  }

  *read(fromT: T, toT: T): Generator<Frame> {
    const limitT = Math.min(toT, this.lastT() + 1)
    for (let index = this.#indexOf(fromT); index < this.#frames.length; index++) {
      const frame = this.#frames[index]!
      if (frame.firstT >= limitT) return
      yield frame
    }
  }

  append(frame: Frame): Promise<void> {
    assert(frame.firstT === this.lastT() + 1 && frame.lastT >= frame.firstT, 'a frame follows the last t')
    assert(frame.epoch === this.epoch, 'a frame carries the epoch of its writer')
    this.#frames.push({ ...frame, payload: Uint8Array.from(frame.payload) })
    this.#waiters.wake(frame.lastT)
    return Promise.resolve()
  }

  isFenced(): boolean {
    return false
  }

  waitFor(t: T, signal?: AbortSignal): Promise<T> {
    return this.#waiters.add(t, this.lastT(), signal)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }

  /** The first frame whose last t is at least `t`. */
  #indexOf(t: T): number {
    let low = 0
    let high = this.#frames.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#frames[middle]!.lastT < t) low = middle + 1
      else high = middle
    }
    return low
  }
}
