// Codes for the texts of a column, in the order in which they are first met: a hash table of the bytes as they lie. A map
// of strings would make a string of every row to look it up.

import type { TextColumn } from './column.ts'

const CAPACITY_FIRST = 1_024
/** FNV-1a. */
const HASH_FIRST = 0x811c9dc5
const HASH_FACTOR = 0x01000193

export class TextCodes {
  readonly #column: TextColumn
  /** By hash: the code that stands here, −1 where none does. A power of two, at least twice the codes. */
  #slots = new Int32Array(CAPACITY_FIRST).fill(-1)
  /** By code: the first row with the text, and its hash. */
  readonly #firsts: number[] = []
  readonly #hashes: number[] = []

  constructor(column: TextColumn) {
    this.#column = column
  }

  /** By code: the first row with the text. */
  get firsts(): readonly number[] {
    return this.#firsts
  }

  /** The code of the text at a row, a new one where it is met first. */
  codeOf(row: number): number {
    const hash = this.#hashOf(row)
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (let code = this.#slots[slot]!; code >= 0; code = this.#slots[slot]!) {
      if (this.#hashes[code] === hash && this.#isSame(this.#firsts[code]!, row)) return code
      slot = (slot + 1) & mask
    }
    const code = this.#firsts.length
    this.#slots[slot] = code
    this.#firsts.push(row)
    this.#hashes.push(hash)
    if (this.#firsts.length * 2 > this.#slots.length) this.#grow()
    return code
  }

  #hashOf(row: number): number {
    const { offsets, bytes } = this.#column
    const limit = offsets[row + 1]!
    let hash = HASH_FIRST
    for (let at = offsets[row]!; at < limit; at++) hash = Math.imul(hash ^ bytes[at]!, HASH_FACTOR)
    return hash
  }

  #isSame(x: number, y: number): boolean {
    const { offsets, bytes } = this.#column
    const xFrom = offsets[x]!
    const yFrom = offsets[y]!
    const length = offsets[x + 1]! - xFrom
    if (offsets[y + 1]! - yFrom !== length) return false
    for (let i = 0; i < length; i++) if (bytes[xFrom + i] !== bytes[yFrom + i]) return false
    return true
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1)
    const mask = this.#slots.length - 1
    this.#hashes.forEach((hash, code) => {
      let slot = hash & mask
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask
      this.#slots[slot] = code
    })
  }
}
