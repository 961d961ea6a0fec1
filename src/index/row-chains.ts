// Rows by entity: for each entity its last row, and for each row the one before it of the same entity. Entities are
// mostly new, and a new one is above all that were met: those stand in a list that ascends by itself, found by halving.
// Whoever comes out of order, as what is changed later does, stands in an open-addressing table. Typed arrays throughout.

import type { EntityId } from '../fact/attribute.ts'

const CAPACITY_FIRST = 16

export class RowChains {
  #entities = new Float64Array(CAPACITY_FIRST)
  #before = new Int32Array(CAPACITY_FIRST)
  #count = 0
  /** Entities that were above all before them, ascending, and the last row of each. */
  #ascending = new Float64Array(CAPACITY_FIRST)
  #lastOfAscending = new Int32Array(CAPACITY_FIRST)
  #ascendingCount = 0
  #greatest: EntityId = -1
  readonly #others = new RowTable()

  /** Adds the next row. */
  add(e: EntityId): void {
    if (this.#count === this.#entities.length) this.#grow()
    const row = this.#count++
    this.#entities[row] = e
    this.#before[row] = e > this.#greatest ? this.#addGreatest(e, row) : this.#addAmong(e, row)
  }

  entityAt(row: number): EntityId {
    return this.#entities[row]!
  }

  /** The last row of an entity, −1 if it has none. */
  last(e: EntityId): number {
    if (e > this.#greatest) return -1
    const place = this.#placeOf(e)
    return place >= 0 ? this.#lastOfAscending[place]! : this.#others.row(e)
  }

  /** The row of the same entity before this one, −1 if there is none. */
  before(row: number): number {
    return this.#before[row]!
  }

  #addGreatest(e: EntityId, row: number): number {
    if (this.#ascendingCount === this.#ascending.length) {
      this.#ascending = doubled(this.#ascending, Float64Array)
      this.#lastOfAscending = doubled(this.#lastOfAscending, Int32Array)
    }
    this.#ascending[this.#ascendingCount] = e
    this.#lastOfAscending[this.#ascendingCount++] = row
    this.#greatest = e
    return -1
  }

  #addAmong(e: EntityId, row: number): number {
    const place = this.#placeOf(e)
    if (place < 0) return this.#others.replace(e, row)
    const before = this.#lastOfAscending[place]!
    this.#lastOfAscending[place] = row
    return before
  }

  /** Where an entity stands among those that ascend, −1 where it does not. */
  #placeOf(e: EntityId): number {
    let low = 0
    let high = this.#ascendingCount - 1
    // What was added last is asked for most.
    if (e === this.#greatest) return high
    while (low <= high) {
      const middle = (low + high) >>> 1
      const entity = this.#ascending[middle]!
      if (entity === e) return middle
      if (entity < e) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  #grow(): void {
    this.#entities = doubled(this.#entities, Float64Array)
    this.#before = doubled(this.#before, Int32Array)
  }
}

/** The last row of each entity that is added. */
class RowTable {
  #entities = new Float64Array(CAPACITY_FIRST)
  /** The row of the entity that hashes here, −1 where none does. A power of two, at least twice the entities. */
  #rows = new Int32Array(CAPACITY_FIRST).fill(-1)
  #count = 0

  /** −1 where the entity is not there. */
  row(e: EntityId): number {
    return this.#count === 0 ? -1 : this.#rows[this.#slotOf(e)]!
  }

  /** Gives back the row that stood there, −1 for none. */
  replace(e: EntityId, row: number): number {
    if (this.#count * 2 >= this.#rows.length) this.#grow()
    const slot = this.#slotOf(e)
    const before = this.#rows[slot]!
    if (before < 0) this.#count++
    this.#entities[slot] = e
    this.#rows[slot] = row
    return before
  }

  #slotOf(e: EntityId): number {
    const mask = this.#rows.length - 1
    // Ids are dense per kind: multiply to spread them, and let the kind (above 2^32) take part.
    let slot = (Math.imul(e | 0, 0x9e3779b1) ^ Math.imul(e / 2 ** 32, 0x85ebca6b)) >>> 7
    for (slot &= mask; this.#rows[slot]! >= 0 && this.#entities[slot] !== e;) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const entities = this.#entities
    const rows = this.#rows
    this.#entities = new Float64Array(entities.length * 2)
    this.#rows = new Int32Array(rows.length * 2).fill(-1)
    for (let from = 0; from < rows.length; from++) {
      if (rows[from]! < 0) continue
      const slot = this.#slotOf(entities[from]!)
      this.#entities[slot] = entities[from]!
      this.#rows[slot] = rows[from]!
    }
  }
}

function doubled<A extends Float64Array | Int32Array>(numbers: A, Type: new (length: number) => A): A {
  const larger = new Type(numbers.length * 2)
  larger.set(numbers)
  return larger
}
