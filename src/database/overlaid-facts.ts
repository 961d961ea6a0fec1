// Facts, and the datoms of further transactions on top, as one source. The datoms are few and held by entity;
// whatever they say nothing of is read from below.

import type { Check } from '../base/batches.ts'
import { type AttributeId, type EntityId, type T, TX_BASE, indexOf, kindOf } from '../fact/attribute.ts'
import { DB_TX_INSTANT } from '../fact/bootstrap.ts'
import { compareDatoms, type Datom, type FactSource, type IndexName, type IndexRange } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import { compareValues, equalValues, textKey, type Value } from '../fact/value.ts'

export type OverlaidView = {
  /** Datoms after this t are not shown; what they took back is shown again. */
  readonly asOf: T
  /** Assertions up to this t are not shown. */
  readonly since: T
}

export const WHOLE_OVERLAY: OverlaidView = { asOf: Infinity, since: -Infinity }

export class OverlaidFacts implements FactSource {
  readonly schema: Schema
  readonly basisT: T
  readonly isHistory: boolean
  readonly #base: FactSource
  /** Everything on top, in order of t. */
  readonly #all: readonly Datom[]
  readonly #view: OverlaidView
  #shown: Overlay | undefined

  /** `datoms` are those of whole transactions after `base`, in order of t. */
  constructor(base: FactSource, datoms: readonly Datom[], view: OverlaidView = WHOLE_OVERLAY) {
    this.#base = base
    this.#all = datoms
    this.#view = view
    this.schema = schemaAfter(base.schema, datoms)
    this.isHistory = base.isHistory
    this.basisT = Math.max(base.basisT, Math.min(datoms.at(-1)?.t ?? -1, view.asOf))
  }

  match(
    e: EntityId | undefined,
    a: AttributeId | undefined,
    v: Value | undefined,
    check?: Check,
  ): Iterable<Datom> {
    const overlay = this.#overlay()
    const below = this.#base.match(e, a, v, check)
    if (!overlay.touches(e)) return below
    const above: Datom[] = []
    for (const datom of overlay.added(e)) {
      if (a !== undefined && datom.a !== a) continue
      if (v === undefined || equalValues(datom.v, v)) above.push(datom)
    }
    return merged(below, above, 'aevt', overlay.removed)
  }

  range(index: IndexName, range: IndexRange): Iterable<Datom> {
    const overlay = this.#overlay()
    const above = overlay.added(undefined).filter((datom) => isWithin(datom, index, range, this.schema))
    if (index !== 'aevt') above.sort((x, y) => compareDatoms(index, x, y))
    return merged(this.#base.range(index, range), above, index, overlay.removed)
  }

  entityCount(kind: number): number {
    let count = this.#base.entityCount(kind)
    for (const { e } of this.#all) if (kindOf(e) === kind) count = Math.max(count, indexOf(e) + 1)
    return count
  }

  tAt(instantMs: number): T {
    let last = this.#base.tAt(instantMs)
    for (const { e, a, v, t } of this.#all) {
      if (a === DB_TX_INSTANT && e === TX_BASE + t && (v as Date).getTime() <= instantMs) {
        last = Math.max(last, t)
      }
    }
    return last
  }

  #overlay(): Overlay {
    const { asOf, since } = this.#view
    this.#shown ??= new Overlay(
      asOf === Infinity ? this.#all : this.#all.filter(({ t }) => t <= asOf),
      this.isHistory,
      since,
    )
    return this.#shown
  }
}

/** What datoms on top add to a view and what they take from it. */
class Overlay {
  /** Facts of the base that are gone; undefined where there are none, and in a history. */
  readonly removed: ReadonlySet<string> | undefined
  readonly #added: readonly Datom[]
  readonly #byEntity: ReadonlyMap<EntityId, readonly Datom[]>
  readonly #touched: ReadonlySet<number>

  constructor(datoms: readonly Datom[], isHistory: boolean, since: T) {
    const removed = new Set<string>()
    const added = new Map<string, Datom>()
    if (!isHistory) {
      for (const datom of [...datoms].sort((x, y) => x.t - y.t || Number(x.added) - Number(y.added))) {
        const key = factKey(datom)
        if (datom.added) added.set(key, datom)
        else if (!added.delete(key)) removed.add(key)
      }
    }
    const shown = isHistory ? datoms : [...added.values()]
    this.removed = removed.size === 0 ? undefined : removed
    this.#added = shown.filter(({ t }) => t > since).sort((x, y) => compareDatoms('aevt', x, y))
    this.#byEntity = Map.groupBy(this.#added, ({ e }) => e)
    this.#touched = new Set(datoms.map(({ e }) => e))
  }

  added(e: EntityId | undefined): readonly Datom[] {
    return e === undefined ? this.#added : (this.#byEntity.get(e) ?? [])
  }

  /** False where the base alone answers. */
  touches(e: EntityId | undefined): boolean {
    return e === undefined || this.#touched.has(e)
  }
}

function* merged(
  below: Iterable<Datom>,
  above: readonly Datom[],
  index: IndexName,
  removed: ReadonlySet<string> | undefined,
): Iterable<Datom> {
  let next = 0
  for (const datom of below) {
    if (removed?.has(factKey(datom))) continue
    while (next < above.length && compareDatoms(index, above[next]!, datom) < 0) yield above[next++]!
    yield datom
  }
  while (next < above.length) yield above[next++]!
}

function isWithin(datom: Datom, index: IndexName, { prefix, from, to }: IndexRange, schema: Schema): boolean {
  if (index === 'vaet' && schema.attribute(datom.a)?.valueType !== 'ref') return false
  for (let i = 0; i < prefix.length; i++) {
    const wanted = prefix[i]
    if (wanted !== undefined && !equalValues(placeOf(datom, index[i]!), wanted)) return false
  }
  if (from === undefined && to === undefined) return true
  const bounded = placeOf(datom, index[prefix.length]!)
  if (from !== undefined && compareValues(bounded, from) < 0) return false
  return to === undefined || compareValues(bounded, to) < 0
}

function placeOf(datom: Datom, place: string): Value {
  switch (place) {
    case 'e':
      return datom.e
    case 'a':
      return datom.a
    case 'v':
      return datom.v
    default:
      return datom.t
  }
}

function schemaAfter(schema: Schema, datoms: readonly Datom[]): Schema {
  let after = schema
  let first = 0
  for (let limit = 1; limit <= datoms.length; limit++) {
    if (limit < datoms.length && datoms[limit]!.t === datoms[first]!.t) continue
    after = after.apply(datoms.slice(first, limit))
    first = limit
  }
  return after
}

function factKey({ e, a, v }: Datom): string {
  return `${e} ${a} ${textKey(v)}`
}
