// A map that grows without a stop: one with a million keys moves all of them when it grows, which takes some 40 ms in which nobody
// looks at deadline and signal. From some keys on it is several maps, each with its share of the keys.

import { hashOfNumber } from './hash.ts'

/** Keys of a map that is one, and maps after that: each has a sixteenth to move. */
const WHOLE_SIZE_MAX = 1 << 15
const PART_COUNT = 16

export class SplitMap<Key, Value> {
  #whole: Map<Key, Value> | undefined = new Map()
  #parts: readonly Map<Key, Value>[] = []

  get(key: Key): Value | undefined {
    return (this.#whole ?? this.#partOf(key)).get(key)
  }

  set(key: Key, value: Value): void {
    const whole = this.#whole
    if (whole === undefined) this.#partOf(key).set(key, value)
    else if (whole.set(key, value).size > WHOLE_SIZE_MAX) this.#split(whole)
  }

  #split(whole: ReadonlyMap<Key, Value>): void {
    this.#parts = Array.from({ length: PART_COUNT }, () => new Map<Key, Value>())
    for (const [key, value] of whole) this.#partOf(key).set(key, value)
    this.#whole = undefined
  }

  #partOf(key: Key): Map<Key, Value> {
    return this.#parts[shareOf(key) & (PART_COUNT - 1)]!
  }
}

/** Spreads keys well enough: which part one belongs to decides how long the others take to grow, nothing else. */
function shareOf(key: unknown): number {
  if (typeof key === 'number') return hashOfNumber(key)
  if (typeof key !== 'string') return 0
  const { length } = key
  let share = length
  for (let quarter = 1; quarter < 4; quarter++) share = share * 31 + key.charCodeAt((length * quarter) >> 2)
  return share ^ (share >>> 5)
}
