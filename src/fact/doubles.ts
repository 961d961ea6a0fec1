// What stands twice among the members of a set or the keys of a map, for the readers, which refuse it. Sets within
// sets are compared by texts that are made once and kept short, so that a text costs no more the deeper it nests.

import { type Edn, Keyword, keyOf, keyText, textKey } from './value.ts'

/** Up to this many keywords are compared one by one. */
const SMALL_COUNT = 8
/** Longer texts of inner collections are kept once, and stand for themselves by their number. */
const TEXT_LENGTH_MAX = 256

/** Finds doubles in the collections of one text, inner ones before those that hold them. */
export class Doubles {
  /** Made when the first is kept: most collections hold few keys, and keywords. */
  #texts: Map<object, string> | undefined
  #numbers: Map<string, number> | undefined

  /** Index of the first key (every `step`-th item) that equals one before it, or −1. */
  first(items: readonly Edn[], step: number): number {
    if (items.length <= step) return -1
    if (items.length <= SMALL_COUNT * step && areKeywords(items, step)) return firstOfFew(items, step)
    const seen = new Set<unknown>()
    for (let i = 0; i < items.length; i += step) {
      const key = keyOf(items[i]!, this.#textOf)
      if (seen.has(key)) return i
      seen.add(key)
    }
    return -1
  }

  readonly #textOf = (x: Edn): string => {
    if (typeof x !== 'object' || x === null || x instanceof Keyword) return textKey(x)
    const known = this.#texts?.get(x)
    if (known !== undefined) return known
    const whole = keyText(keyOf(x, this.#textOf))
    // No other text begins with a hash sign: they begin with their length.
    const text = whole.length > TEXT_LENGTH_MAX ? `#${this.#numberOf(whole)}` : whole
    this.#texts ??= new Map()
    this.#texts.set(x, text)
    return text
  }

  #numberOf(text: string): number {
    this.#numbers ??= new Map()
    const number = this.#numbers.get(text) ?? this.#numbers.size
    this.#numbers.set(text, number)
    return number
  }
}

function areKeywords(items: readonly Edn[], step: number): boolean {
  for (let i = 0; i < items.length; i += step) if (!(items[i] instanceof Keyword)) return false
  return true
}

function firstOfFew(items: readonly Edn[], step: number): number {
  for (let i = step; i < items.length; i += step) {
    for (let j = 0; j < i; j += step) if (items[i] === items[j]) return i
  }
  return -1
}
