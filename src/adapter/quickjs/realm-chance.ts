// Chance that a seed repeats exactly, on every machine.

import type { Realm } from './realm.ts'

/** `random(…)` hashes its seeds as text (FNV-1a); its numbers are a Weyl sequence through a mixer (MurmurHash3's). */
export function seededChance(realm: Realm, textOf: (seed: unknown) => string): void {
  realm['random'] = (...seeds: readonly unknown[]) => {
    if (seeds.length === 0) throw new TypeError('random takes a seed')
    let state = 0x811c9dc5
    for (const unit of JSON.stringify(seeds.map(textOf)))
      state = Math.imul(state ^ unit.codePointAt(0)!, 0x01000193) >>> 0
    const next = (): number => {
      state = (state + 0x6d2b79f5) >>> 0
      let x = state
      x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
      x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
      return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32
    }
    return { next }
  }
}
