// What a pattern is to its operator: which places rows bring, which of their columns go on, what becomes new.

import type { Attribute } from '../../fact/attribute.ts'
import type { FactSource } from '../../fact/datom.ts'
import type { Edn } from '../../fact/value.ts'
import { idOf } from '../../plan/entity-reader.ts'
import type { Collected } from './table-numbers.ts'
import type { Domain } from './domain.ts'
import type { Chunk } from './operator.ts'

/** What stands in one place of the pattern. */
export type PlaceBinding =
  | { readonly kind: 'free' }
  /** The number of a constant, in the domain of the place. */
  | { readonly kind: 'constant'; readonly value: Edn }
  | { readonly kind: 'column'; readonly index: number; readonly domain: Domain }

export type PatternShape = {
  readonly facts: FactSource
  readonly attribute: Attribute
  /** Entity, value, transaction, added. */
  readonly places: readonly [PlaceBinding, PlaceBinding, PlaceBinding, PlaceBinding]
  /** What the value lies between, where the pattern is asked so. */
  readonly range: RangeBinding | undefined
  /** Columns of the incoming rows that go on. */
  readonly kept: readonly number[]
  /** Places that become new columns: 0 entity, 1 value, 2 transaction, 3 added. */
  readonly fresh: readonly number[]
  /** Entity and value are one new variable. */
  readonly isLoop: boolean
  /** The domain of a new value column, and how values of sought facts become its numbers. */
  readonly collected: Collected
}

export type RangeBinding = {
  readonly low: BoundBinding | undefined
  readonly high: BoundBinding | undefined
}

/** `place` is given. */
export type BoundBinding = { readonly place: PlaceBinding; readonly isIncluded: boolean }

/** What a row brings for a place; undefined where it is free. */
export function decodedPlace(place: PlaceBinding, chunk: Chunk, i: number): Edn | undefined {
  switch (place.kind) {
    case 'free':
      return undefined
    case 'constant':
      return place.value
    case 'column':
      return place.domain.decode(chunk.columns[place.index]![i]!)
  }
}

/** The id that a row brings for a place; undefined where it brings none, or what is nobody's. */
export function decodedId(place: PlaceBinding, chunk: Chunk, i: number): number | undefined {
  const value = decodedPlace(place, chunk, i)
  return value === undefined ? undefined : idOf(value)
}
