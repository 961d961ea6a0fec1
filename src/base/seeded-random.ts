// Chance that a seed repeats exactly.

import { assert } from './assert.ts'
import type { Random } from './env.ts'

export class SeededRandom implements Random {
  #state: number

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0
  }

  /** Weyl sequence through a 32-bit mixer (MurmurHash3's finalizer). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let x = this.#state
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32
  }

  /** A whole number of `[0, limit)`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.below(items.length)] ?? items[0]
  }

  /** One of a list that has one. */
  oneOf<Item>(items: readonly Item[]): Item {
    assert(items.length > 0, 'there is something to choose from')
    return items[this.below(items.length)]!
  }

  /** The items in an order of chance. */
  shuffled<Item>(items: readonly Item[]): readonly Item[] {
    const keyed = items.map((item) => ({ item, key: this.next() }))
    return keyed.sort((x, y) => x.key - y.key).map(({ item }) => item)
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256))
  }
}
