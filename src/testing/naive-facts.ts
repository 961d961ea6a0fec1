// The model of facts through time: an array of everything that ever happened, and views that filter it. It is
// slow and meant to be read; every faster `FactSource` is compared with it.
//
//   current   assertions that no later transaction took back
//   as-of t   the same, of transactions up to t, t included
//   since t   of what a view shows, only what came after t, t excluded
//   history   assertions and retractions alike
//
// Views combine in any order. Schema, names and entity ids are those of the newest transaction, in every view.
// An attribute without history shows in a history only what still holds; asking for its past is an error.
//
// A masked datom is the fact that it stands for, however many look like it: of those that hold together the oldest shows.

import { VarveError } from '../base/errors.ts'
import { type AttributeId, type EntityId, type T, TX_BASE, indexOf, kindOf } from '../fact/attribute.ts'
import { bootstrapDatoms, DB_TX_INSTANT } from '../fact/bootstrap.ts'
import { compareDatoms, type Datom, type FactSource, type IndexName, type IndexRange } from '../fact/datom.ts'
import { Schema } from '../fact/schema.ts'
import { compareValues, equalValues, textKey, type Value } from '../fact/value.ts'

/** A datom whose value stands for another one: as long as that holds, it shows. */
export type MaskedDatom = Datom & { readonly origin: Datom }

type View = { readonly asOf: T; readonly since: T; readonly isHistory: boolean }

const CURRENT: View = { asOf: Infinity, since: -1, isHistory: false }

export class NaiveFacts implements FactSource {
  readonly schema: Schema
  /** Everything that ever happened, in order of t. */
  readonly datoms: readonly Datom[]
  readonly #view: View
  #visible: Visible | undefined
  #entityCounts: Map<number, number> | undefined

  private constructor(datoms: readonly Datom[], schema: Schema, view: View) {
    this.datoms = datoms
    this.schema = schema
    this.#view = view
  }

  /** The facts of a whole history, given as datoms in any order; those of the bootstrap among them. */
  static create(datoms: Iterable<Datom>): NaiveFacts {
    const sorted = NaiveFacts.#sorted(datoms)
    return new NaiveFacts(sorted, foldSchema(Schema.bootstrap, sorted), CURRENT)
  }

  /** A database that was just created, without a schema of its own. */
  static bootstrap(): NaiveFacts {
    const txInstant: Datom = { e: TX_BASE, a: DB_TX_INSTANT, v: new Date(0), t: 0, added: true }
    return NaiveFacts.create([txInstant, ...bootstrapDatoms()])
  }

  /** These facts and, later, the datoms of further transactions. */
  with(datoms: Iterable<Datom>): NaiveFacts {
    const added = NaiveFacts.#sorted(datoms)
    const isLater = (added[0]?.t ?? Infinity) > (this.datoms.at(-1)?.t ?? -1)
    const schema = foldSchema(this.schema, added)
    if (isLater) return new NaiveFacts([...this.datoms, ...added], schema, this.#view)
    return NaiveFacts.create([...this.datoms, ...added]).#seen(this.#view)
  }

  static #sorted(datoms: Iterable<Datom>): Datom[] {
    return [...datoms].sort((x, y) => x.t - y.t || Number(x.added) - Number(y.added))
  }

  asOf(t: T): NaiveFacts {
    return this.#seen({ ...this.#view, asOf: Math.min(t, this.#view.asOf) })
  }

  since(t: T): NaiveFacts {
    return this.#seen({ ...this.#view, since: Math.max(t, this.#view.since) })
  }

  history(): NaiveFacts {
    return this.#seen({ ...this.#view, isHistory: true })
  }

  get isHistory(): boolean {
    return this.#view.isHistory
  }

  get basisT(): T {
    return Math.min(this.datoms.at(-1)?.t ?? -1, this.#view.asOf)
  }

  *match(e: EntityId | undefined, a: AttributeId | undefined, v: Value | undefined): Iterable<Datom> {
    for (const datom of this.#candidates(e, a, v)) {
      if (e !== undefined && datom.e !== e) continue
      if (a !== undefined && datom.a !== a) continue
      if (v !== undefined && !equalValues(datom.v, v)) continue
      yield this.#checked(datom)
    }
  }

  *range(index: IndexName, { prefix, from, to }: IndexRange): Iterable<Datom> {
    const places = [...index]
    const bounded = places[prefix.length]
    const found = this.#candidatesOfRange(index, prefix).filter(
      (datom) =>
        prefix.every(
          (wanted, i) => wanted === undefined || equalValues(placeOf(datom, places[i]!), wanted),
        ) &&
        (from === undefined || compareValues(placeOf(datom, bounded!), from) >= 0) &&
        (to === undefined || compareValues(placeOf(datom, bounded!), to) < 0) &&
        (index !== 'vaet' || this.schema.attribute(datom.a)?.valueType === 'ref'),
    )
    for (const datom of found.sort((x, y) => compareDatoms(index, x, y))) yield this.#checked(datom)
  }

  entityCount(kind: number): number {
    this.#entityCounts ??= countEntities(this.datoms)
    return this.#entityCounts.get(kind) ?? 0
  }

  tAt(instantMs: number): T {
    let last = -1
    for (const { e, a, v, t } of this.datoms) {
      const isOwnInstant = a === DB_TX_INSTANT && e === TX_BASE + t
      if (isOwnInstant && (v as Date).getTime() <= instantMs) last = Math.max(last, t)
    }
    return last
  }

  #seen(view: View): NaiveFacts {
    return new NaiveFacts(this.datoms, this.schema, view)
  }

  #facts(): Visible {
    this.#visible ??= new Visible(visibleDatoms(this.datoms, this.#view, this.schema))
    return this.#visible
  }

  #candidates(e: EntityId | undefined, a: AttributeId | undefined, v: Value | undefined): readonly Datom[] {
    if (e !== undefined) return this.#facts().ofEntity(e)
    if (v !== undefined) return this.#facts().ofValue(v)
    if (a !== undefined) return this.#facts().ofAttribute(a)
    return this.#facts().datoms
  }

  #candidatesOfRange(index: IndexName, prefix: readonly (Value | undefined)[]): readonly Datom[] {
    const at = (place: string): Value | undefined => prefix[index.indexOf(place)]
    return this.#candidates(at('e') as EntityId | undefined, at('a') as AttributeId | undefined, at('v'))
  }

  /** The fact, unless it is one of a past that an attribute without history does not keep. */
  #checked(datom: Datom): Datom {
    const { asOf, isHistory } = this.#view
    if (isHistory || asOf === Infinity || !this.schema.attribute(datom.a)?.noHistory) return datom
    const isGone = this.datoms.some(
      (other) => !other.added && other.t > asOf && factKey(other) === factKey(datom),
    )
    if (isGone) throw pastNotKept(datom.a, this.schema, asOf)
    return datom
  }
}

/** The datoms of one view in the order of `match`, and where they stand by entity, attribute and value. */
class Visible {
  readonly datoms: readonly Datom[]
  #byEntity: Map<EntityId, Datom[]> | undefined
  #byAttribute: Map<AttributeId, Datom[]> | undefined
  #byValue: Map<string, Datom[]> | undefined

  constructor(datoms: readonly Datom[]) {
    this.datoms = [...datoms].sort((x, y) => compareDatoms('aevt', x, y))
  }

  ofEntity(e: EntityId): readonly Datom[] {
    this.#byEntity ??= Map.groupBy(this.datoms, (datom) => datom.e)
    return this.#byEntity.get(e) ?? []
  }

  ofAttribute(a: AttributeId): readonly Datom[] {
    this.#byAttribute ??= Map.groupBy(this.datoms, (datom) => datom.a)
    return this.#byAttribute.get(a) ?? []
  }

  ofValue(v: Value): readonly Datom[] {
    this.#byValue ??= Map.groupBy(this.datoms, (datom) => textKey(datom.v))
    return this.#byValue.get(textKey(v)) ?? []
  }
}

function visibleDatoms(datoms: readonly Datom[], view: View, schema: Schema): Datom[] {
  const known = datoms.filter(({ t }) => t <= view.asOf)
  const shown = view.isHistory ? withoutForgotten(known, datoms, schema) : holding(known)
  return alikeOnce(
    shown.filter(({ t }) => t > view.since),
    view,
  )
}

/** Of masked datoms that look alike now, one: in a history where all of them is alike, else the oldest. */
function alikeOnce(datoms: Datom[], { isHistory }: View): Datom[] {
  if (!datoms.some((datom) => 'origin' in datom)) return datoms
  const seen = new Set<string>()
  return [...datoms]
    .sort((x, y) => x.t - y.t)
    .filter((datom) => {
      if (!('origin' in datom)) return true
      const { e, a, v, t, added } = datom
      const text = `${e} ${a} ${textKey(v)} ${isHistory ? `${t} ${added}` : ''}`
      return seen.has(text) ? false : seen.add(text)
    })
}

/** What holds after all of these datoms, which stand in order of t and retractions first within one t. */
function holding(datoms: readonly Datom[]): Datom[] {
  const facts = new Map<string, Datom>()
  for (const datom of datoms) {
    const key = factKey(datom)
    if (datom.added) facts.set(key, datom)
    else facts.delete(key)
  }
  return [...facts.values()]
}

/** Of attributes without history only what holds to this day, whatever moment a history ends at. */
function withoutForgotten(datoms: readonly Datom[], all: readonly Datom[], schema: Schema): readonly Datom[] {
  const isForgetful = ({ a }: Datom): boolean => schema.attribute(a)?.noHistory === true
  if (!datoms.some(isForgetful)) return datoms
  const held = new Set(holding(all))
  return datoms.filter((datom) => !isForgetful(datom) || held.has(datom))
}

function foldSchema(before: Schema, datoms: readonly Datom[]): Schema {
  let schema = before
  for (const ofOneT of Map.groupBy(datoms, ({ t }) => t).values()) schema = schema.apply(ofOneT)
  return schema
}

function countEntities(datoms: readonly Datom[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { e } of datoms) {
    counts.set(kindOf(e), Math.max(counts.get(kindOf(e)) ?? 0, indexOf(e) + 1))
  }
  return counts
}

/** The same text for two datoms exactly when they speak of the same fact. */
export function factKey(datom: Datom | MaskedDatom): string {
  const { e, a, v } = 'origin' in datom ? datom.origin : datom
  return `${e} ${a} ${textKey(v)}`
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

function pastNotKept(a: AttributeId, schema: Schema, asOf: T): VarveError {
  const ident = String(schema.identOf(a) ?? a)
  return new VarveError({
    code: 'varve.error/past-not-kept',
    kind: 'incorrect',
    message: `${ident} keeps no history, and the value it had as of t ${asOf} is gone`,
    fix: 'Ask the present, or retract :db/noHistory from the attribute to keep what comes from now on',
    data: { attribute: ident, asOf },
  })
}
