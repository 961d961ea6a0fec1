// Facts about many new entities whose ids follow one another, as columns: what a transaction of bulk work says. It goes
// as it is into the bytes of the log and into novelty; datoms are made of it for whoever asks for datoms.

import type { AttributeId, EntityId, T } from './attribute.ts'
import type { Datom } from './datom.ts'
import type { Value } from './value.ts'

export type BlockColumn = {
  readonly a: AttributeId
  /** By entity; undefined where it has none. */
  readonly values: readonly (Value | undefined)[]
}

export type EntityBlock = {
  readonly firstEntity: EntityId
  readonly entityCount: number
  /** Of attributes with one value, by their ids. */
  readonly columns: readonly BlockColumn[]
  readonly datomCount: number
}

/** The datoms of a transaction that has a block: its own instant first, then by entity. */
export function datomsWith(block: EntityBlock | undefined, datoms: readonly Datom[], t: T): readonly Datom[] {
  if (block === undefined) return datoms
  const place = placeOfBlock(block, datoms)
  return [...datoms.slice(0, place), ...datomsOfBlock(block, t), ...datoms.slice(place)]
}

/** How many of the datoms, which stand by entity behind the transaction's instant, come before the block. */
export function placeOfBlock({ firstEntity }: EntityBlock, datoms: readonly Datom[]): number {
  let place = 1
  while (place < datoms.length && datoms[place]!.e < firstEntity) place++
  return place
}

function* datomsOfBlock({ firstEntity, entityCount, columns }: EntityBlock, t: T): Generator<Datom> {
  for (let row = 0; row < entityCount; row++) {
    for (const { a, values } of columns) {
      const v = values[row]
      if (v !== undefined) yield { e: firstEntity + row, a, v, t, added: true }
    }
  }
}
