// The values behind the numbers of columns of kind `any` (kinds.ts), within the process that runs DuckDB: each
// value that was met, once, by the number under which SQL knows it. It lives as long as one question.

import { type Edn, keyOf } from '../../fact/value.ts'

/** Values that one question may bring; each takes some hundred bytes. */
export const VALUE_COUNT_MAX = 5_000_000

export class ValueList {
  readonly #values: Edn[] = []
  readonly #numbers = new Map<ReturnType<typeof keyOf>, number>()

  /** The number of the value; of values that are equal the one met first is kept. */
  numberOf(value: Edn): number {
    const key = keyOf(value)
    let number = this.#numbers.get(key)
    if (number === undefined) {
      if (this.#values.length >= VALUE_COUNT_MAX) throw new ValueListFull()
      number = this.#values.push(value) - 1
      this.#numbers.set(key, number)
    }
    return number
  }

  valueAt(number: number): Edn {
    return this.#values[number]!
  }
}

export class ValueListFull extends Error {}
