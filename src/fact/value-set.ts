// A set of values that is filled and cleared again and again, as with the rows of every transaction of an import: one that
// JavaScript gives shrinks when it is cleared and grows anew. A hash table whose places belong to a round, the last of
// which count.

import { equalValues, type Value } from './value.ts'
import { hashOfValue } from './value-hash.ts'

const CAPACITY_FIRST = 64

export class ValueSet {
  /** Of this round, as they were added. */
  #values: Value[] = []
  #hashes = new Int32Array(CAPACITY_FIRST)
  #count = 0
  /** By hash: the place of a value. A power of two, at least twice the values. */
  #slots = new Int32Array(CAPACITY_FIRST * 2)
  /** By slot: the round in which it was taken. */
  #rounds = new Int32Array(CAPACITY_FIRST * 2)
  #round = 1

  clear(): void {
    this.#round++
    this.#count = 0
  }

  has(v: Value): boolean {
    return this.#rounds[this.#slotOf(v, hashOfValue(v))] === this.#round
  }

  /** False where it was there already. */
  add(v: Value): boolean {
    const hash = hashOfValue(v)
    const slot = this.#slotOf(v, hash)
    if (this.#rounds[slot] === this.#round) return false
    this.#take(slot, this.#count)
    this.#hashes[this.#count] = hash
    this.#values[this.#count++] = v
    if (this.#count === this.#hashes.length) this.#grow()
    return true
  }

  /** Where the value stands, or the free slot where it would. */
  #slotOf(v: Value, hash: number): number {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (; this.#rounds[slot] === this.#round; slot = (slot + 1) & mask) {
      const place = this.#slots[slot]!
      if (this.#hashes[place] === hash && equalValues(this.#values[place]!, v)) break
    }
    return slot
  }

  #take(slot: number, place: number): void {
    this.#slots[slot] = place
    this.#rounds[slot] = this.#round
  }

  #grow(): void {
    const hashes = new Int32Array(this.#hashes.length * 2)
    hashes.set(this.#hashes)
    this.#hashes = hashes
    this.#slots = new Int32Array(hashes.length * 2)
    this.#rounds = new Int32Array(hashes.length * 2)
    const mask = this.#slots.length - 1
    for (let place = 0; place < this.#count; place++) {
      let slot = hashes[place]! & mask
      while (this.#rounds[slot] === this.#round) slot = (slot + 1) & mask
      this.#take(slot, place)
    }
  }
}
