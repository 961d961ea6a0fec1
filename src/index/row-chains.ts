// Rows by entity: an open-addressing table from entity to its last row, and for each row the one before it of the
// same entity. Typed arrays throughout; 42 to 315 ns an insertion when it was a prototype.

import type { EntityId } from '../fact/attribute.ts'

const CAPACITY_FIRST = 16

export class RowChains {
  #entities = new Float64Array(CAPACITY_FIRST)
  #before = new Int32Array(CAPACITY_FIRST)
  /** Last row of the entity that hashes here, −1 where none does; twice as many as rows, a power of two. */
  #slots = new Int32Array(CAPACITY_FIRST * 2).fill(-1)
  #count = 0

  /** Adds the next row. */
  add(e: EntityId): void {
    if (this.#count === this.#entities.length) this.#grow()
    const row = this.#count++
    const slot = this.#slotOf(e)
    this.#entities[row] = e
    this.#before[row] = this.#slots[slot]!
    this.#slots[slot] = row
  }

  entityAt(row: number): EntityId {
    return this.#entities[row]!
  }

  /** The last row of an entity, −1 if it has none. */
  last(e: EntityId): number {
    return this.#slots[this.#slotOf(e)]!
  }

  /** The row of the same entity before this one, −1 if there is none. */
  before(row: number): number {
    return this.#before[row]!
  }

  #slotOf(e: EntityId): number {
    const mask = this.#slots.length - 1
    // Ids are dense per kind: multiply to spread them, and let the kind (above 2^32) take part.
    let slot = (Math.imul(e | 0, 0x9e3779b1) ^ Math.imul(e / 2 ** 32, 0x85ebca6b)) >>> 7
    for (slot &= mask; ; slot = (slot + 1) & mask) {
      const row = this.#slots[slot]!
      if (row < 0 || this.#entities[row] === e) return slot
    }
  }

  #grow(): void {
    const entities = new Float64Array(this.#entities.length * 2)
    entities.set(this.#entities)
    this.#entities = entities
    const before = new Int32Array(entities.length)
    before.set(this.#before)
    this.#before = before
    this.#slots = new Int32Array(entities.length * 2).fill(-1)
    for (let row = 0; row < this.#count; row++) this.#slots[this.#slotOf(entities[row]!)] = row
  }
}
