// Rows by entity: for each entity its last row, and for each row the one before it of the same entity. Entities are
// mostly new, and a new one is above all that were met: while that is so, the rows ascend and are found by halving.
// From the first that is not above, links are kept: those that ascend stand in a list of their own, the others, as what
// is changed later, in an open-addressing table. Typed arrays throughout.

import type { EntityId } from '../fact/attribute.ts'
import { NumberList } from './number-list.ts'

const CAPACITY_FIRST = 16

export class RowChains {
  #entities = new NumberList()
  #greatest: EntityId = -1
  #links: RowLinks | undefined

  /** Adds the next row. */
  add(e: EntityId): void {
    if (e > this.#greatest) this.#greatest = e
    else this.#links ??= linksOf(this.#entities)
    this.#links?.add(e)
    this.#entities.push(e)
  }

  entityAt(row: number): EntityId {
    return this.#entities.at(row)
  }

  /** The entities of these rows. */
  take(rows: Uint32Array): Float64Array {
    return this.#entities.take(rows)
  }

  /** The last row of an entity, −1 if it has none. */
  last(e: EntityId): number {
    if (e > this.#greatest) return -1
    return this.#links === undefined ? this.#entities.placeOf(e) : this.#links.last(e)
  }

  /** The row of the same entity before this one, −1 if there is none. */
  before(row: number): number {
    return this.#links === undefined ? -1 : this.#links.before(row)
  }

  /** The rows from `first` on, as the first ones. */
  from(first: number): RowChains {
    const rest = new RowChains()
    if (this.#links === undefined) {
      rest.#entities = this.#entities.from(first)
      rest.#greatest = this.#greatest
    } else for (let row = first; row < this.#entities.length; row++) rest.add(this.#entities.at(row))
    return rest
  }
}

function linksOf(entities: NumberList): RowLinks {
  const links = new RowLinks()
  for (let row = 0; row < entities.length; row++) links.add(entities.at(row))
  return links
}

class RowLinks {
  readonly #before = new NumberList()
  /** Entities that were above all before them, and the last row of each. */
  readonly #ascending = new NumberList()
  readonly #lastOfAscending = new NumberList()
  #greatest: EntityId = -1
  readonly #others = new RowTable()

  add(e: EntityId): void {
    const row = this.#before.length
    this.#before.push(e > this.#greatest ? this.#addGreatest(e, row) : this.#addAmong(e, row))
  }

  last(e: EntityId): number {
    const place = this.#ascending.placeOf(e)
    return place >= 0 ? this.#lastOfAscending.at(place) : this.#others.row(e)
  }

  before(row: number): number {
    return this.#before.at(row)
  }

  #addGreatest(e: EntityId, row: number): number {
    this.#ascending.push(e)
    this.#lastOfAscending.push(row)
    this.#greatest = e
    return -1
  }

  #addAmong(e: EntityId, row: number): number {
    const place = this.#ascending.placeOf(e)
    if (place < 0) return this.#others.replace(e, row)
    const before = this.#lastOfAscending.at(place)
    this.#lastOfAscending.set(place, row)
    return before
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
