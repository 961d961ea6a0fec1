// One fact and the four orders facts are read in. `FactSource` is the one door through which questions, pull,
// transactions and everything above see facts: a database value as of some moment, a history, a speculation
// or the naive model all look like this.

import { compareValues, type Value } from './value.ts'
import type { Check } from '../base/batches.ts'
import { type AttributeId, type EntityId, type T, TX_BASE } from './attribute.ts'
import type { Schema } from './schema.ts'

export type Datom = {
  readonly e: EntityId
  readonly a: AttributeId
  readonly v: Value
  /** The transaction's t; its entity id is `TX_BASE + t`. */
  readonly t: T
  /** false: this transaction retracted the fact. Only histories hold such. */
  readonly added: boolean
}

/** What a fact holds in a place of a pattern: entity, attribute, value, transaction, added. */
export function placeOf(datom: Datom, place: number): Value {
  switch (place) {
    case 0:
      return datom.e
    case 1:
      return datom.a
    case 2:
      return datom.v
    case 3:
      return TX_BASE + datom.t
    default:
      return datom.added
  }
}

export type IndexName = 'eavt' | 'aevt' | 'avet' | 'vaet'

/** Rows of one index between two bounds. Places left out match everything. */
export type IndexRange = {
  /** Leading places in the order of the index's name that must be equal: [e, a] for eavt, [a, v] for avet. */
  readonly prefix: readonly (Value | undefined)[]
  /** Bounds on the place after the prefix. */
  readonly from?: Value
  readonly to?: Value
}

export interface FactSource {
  /** That of the database value from which this view was taken: an attribute is known in its past too. */
  readonly schema: Schema
  /** The last t that this source includes. */
  readonly basisT: T
  /** True where assertions and retractions both show. */
  readonly isHistory: boolean
  /**
   * The facts with these places, undefined meaning any. Order: by e, then v (then t in a history) within one
   * attribute; attributes by id. A value for a reference is the entity's id; numbers compare by value. `check` is called
   * where much is looked at before anything is found.
   */
  match(
    e: EntityId | undefined,
    a: AttributeId | undefined,
    v: Value | undefined,
    check?: Check,
  ): Iterable<Datom>
  /** The facts of one index in its order; `from` is included, `to` excluded. */
  range(index: IndexName, range: IndexRange): Iterable<Datom>
  /** How many ids of this kind were ever given out: an entity was made if its index is below. */
  entityCount(kind: number): number
  /** The last t at or before an instant (ms since 1970), −1 if there is none. */
  tAt(instantMs: number): T
}

/** The first fact of an answer. */
export function firstOf(datoms: Iterable<Datom>): Datom | undefined {
  // Sources mostly answer with arrays, for which no iterator need be made.
  if (Array.isArray(datoms)) return (datoms as readonly Datom[])[0]
  for (const datom of datoms) return datom
  return undefined
}

/** The order of an index over datoms; t descends within equal facts in no index: older first. */
export function compareDatoms(index: IndexName, x: Datom, y: Datom): number {
  return (
    (index === 'eavt'
      ? x.e - y.e || x.a - y.a || compareValues(x.v, y.v)
      : index === 'aevt'
        ? x.a - y.a || x.e - y.e || compareValues(x.v, y.v)
        : index === 'avet'
          ? x.a - y.a || compareValues(x.v, y.v) || x.e - y.e
          : compareValues(x.v, y.v) || x.a - y.a || x.e - y.e) ||
    x.t - y.t ||
    Number(x.added) - Number(y.added)
  )
}
