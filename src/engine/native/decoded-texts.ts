// Texts that a domain has decoded: each is kept for the next row that shows it, and for the next question. All domains of a
// thread share one bound; where it is reached, all are emptied: texts that are wanted are soon there again, and a
// walk for the ones longest unused would cost more than to decode them.

import type { Edn } from '../../fact/value.ts'
import { valueBytes } from '../../fact/value-bytes.ts'

/** Of all domains of a thread together. */
export const DECODED_BYTES_MAX = 1 << 26
const PLACE_BYTES = 8

/** Weakly, since domains come and go with their tables. */
let filled: WeakRef<DecodedTexts>[] = []
let heldBytes = 0

export class DecodedTexts {
  #values: Edn[] = []

  /** Undefined where it is not kept. */
  get(code: number): Edn | undefined {
    return this.#values[code]
  }

  /** Keeps the value, and gives it back. */
  keep(code: number, value: Edn): Edn {
    const places = Math.max(0, code + 1 - this.#values.length)
    const bytes = valueBytes(value) + places * PLACE_BYTES
    if (heldBytes + bytes > DECODED_BYTES_MAX) emptyAll()
    if (this.#values.length === 0) filled.push(new WeakRef(this))
    this.#values[code] = value
    heldBytes += bytes
    return value
  }

  empty(): void {
    this.#values = []
  }
}

function emptyAll(): void {
  for (const texts of filled) texts.deref()?.empty()
  filled = []
  heldBytes = 0
}
