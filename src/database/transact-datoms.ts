// What changes mean together. They are sorted by entity and attribute, so that all that is said of one place
// stands side by side: contradictions are found there, facts that hold already are left out, the old value of a
// cardinality-one attribute is retracted, composite tuples follow their parts. Uniqueness is judged at the end,
// on the state after the whole transaction.

import type { Attribute, AttributeId, EntityId, T } from '../fact/attribute.ts'
import { type Datom, type FactSource, firstOf } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import { equalValues, keyOf, textKey, type Scalar, type Value } from '../fact/value.ts'
import * as errors from './errors.ts'
import type { Holder, Path } from './operation.ts'
import type { Change } from './transact-changes.ts'
import type { Cursor } from './transact-names.ts'

type UniqueAddition = {
  readonly e: EntityId
  readonly attribute: Attribute
  readonly v: Value
  readonly holder: Holder
  readonly path: Path | undefined
}

/** A written fact and the call that wrote it. */
export type Write = {
  readonly e: EntityId
  readonly a: AttributeId
  readonly v: Value
  readonly origin: number
}

/** Up to this many changes are sorted by insertion, without the copies that sorting makes. */
const INSERTION_COUNT_MAX = 16
/** Above this many values of one place they are compared by hash. */
const PAIRWISE_COUNT_MAX = 8

export class DatomBuilder {
  readonly datoms: Datom[]
  /** What a change did beyond its own fact: old values that it replaced. Kept only when asked for. */
  readonly replaced: Write[] = []
  readonly #facts: FactSource
  readonly #schema: Schema
  readonly #t: T
  readonly #cursor: Cursor
  readonly #keepsReplaced: boolean
  readonly #uniques: UniqueAddition[] = []
  /** Composite tuples of the entity at work whose parts were spoken of, and those given by hand. */
  #composites: Attribute[] = []
  #givenComposites: Change[] = []

  constructor(facts: FactSource, txInstant: Datom, cursor: Cursor, keepsReplaced: boolean) {
    this.#facts = facts
    this.#schema = facts.schema
    this.#t = txInstant.t
    this.#cursor = cursor
    this.#keepsReplaced = keepsReplaced
    this.datoms = [txInstant]
  }

  build(changes: Change[]): void {
    sortByPlace(changes)
    let first = 0
    while (first < changes.length) {
      const { e, isNew } = changes[first]!
      const firstDatom = this.datoms.length
      while (first < changes.length && changes[first]!.e === e) {
        const { attribute } = changes[first]!
        let limit = first + 1
        while (limit < changes.length && changes[limit]!.attribute === attribute && changes[limit]!.e === e)
          limit++
        this.#buildPlace(changes, first, limit)
        first = limit
      }
      if (this.#composites.length > 0) this.#buildComposites(e, isNew, firstDatom)
    }
    this.#checkUnique()
  }

  /** The changes `[first, limit)`, all of one entity and attribute. */
  #buildPlace(changes: readonly Change[], first: number, limit: number): void {
    const change = changes[first]!
    const { attribute } = change
    if (attribute.tuple?.kind === 'composite') {
      for (let i = first; i < limit; i++) this.#givenComposites.push(changes[i]!)
      this.#touchComposite(attribute)
      return
    }
    if (limit - first === 1) {
      if (change.added) this.#add(change, false)
      else this.#retract(change)
    } else this.#buildSeveral(changes, first, limit)
    const composites = this.#schema.compositesOf(attribute.id)
    for (let i = 0; i < composites.length; i++) {
      const isSpokenOf = change.added || change.hasEffect || limit - first > 1
      if (isSpokenOf) this.#touchComposite(composites[i]!)
    }
  }

  #buildSeveral(changes: readonly Change[], first: number, limit: number): void {
    const distinct = distinctChanges(changes, first, limit)
    this.#refuseContradiction(changes, first, limit)
    let isReplaced = false
    for (const change of distinct) {
      if (change.added) continue
      this.#retract(change)
      isReplaced ||= change.hasEffect
    }
    for (const change of distinct) if (change.added) this.#add(change, isReplaced)
    if (this.#keepsReplaced) shareEffects(changes, distinct, first, limit)
  }

  #refuseContradiction(changes: readonly Change[], first: number, limit: number): void {
    const { attribute } = changes[first]!
    const byKey = limit - first > PAIRWISE_COUNT_MAX ? new Map<unknown, Change>() : undefined
    let added: Change | undefined
    for (let i = first; i < limit; i++) {
      const change = changes[i]!
      if (change.added && attribute.cardinality === 'one') {
        if (added !== undefined && !equalValues(added.v, change.v)) throw this.#contradiction(added, change)
        added = change
      }
      const other = byKey === undefined ? twinBefore(changes, first, i) : byKey.get(keyOf(change.v))
      if (other !== undefined && other.added !== change.added) throw this.#contradiction(other, change)
      byKey?.set(keyOf(change.v), change)
    }
  }

  #contradiction(first: Change, second: Change): Error {
    const say = ({ added, v }: Change): string => `${added ? 'add' : 'retract'} ${errors.shown(v)}`
    this.#cursor.path = second.path
    return errors.datomsConflict(second.e, second.attribute, say(first), say(second))
  }

  /** `isReplaced`: this transaction retracted the old value, if there was another. */
  #add(change: Change, isReplaced: boolean): void {
    const { e, attribute, v } = change
    if (change.holder === e) return
    if (!change.isNew) {
      if (attribute.cardinality === 'one') {
        const held = firstOf(this.#facts.match(e, attribute.id, undefined))
        if (held !== undefined && equalValues(held.v, v)) return
        if (held !== undefined && !isReplaced) this.#replace(change, held.v)
      } else if (firstOf(this.#facts.match(e, attribute.id, v)) !== undefined) return
    }
    change.hasEffect = true
    this.#emit(e, attribute, v, true)
    if (attribute.unique !== undefined) this.#uniques.push(change)
  }

  /** Takes back the old value of a cardinality-one attribute. */
  #replace({ e, attribute, origin }: Change, old: Value): void {
    this.#emit(e, attribute, old, false)
    if (this.#keepsReplaced) this.replaced.push({ e, a: attribute.id, v: old, origin })
  }

  #retract(change: Change): void {
    const { e, attribute } = change
    const held = firstOf(this.#facts.match(e, attribute.id, change.v))
    if (held === undefined) return
    change.hasEffect = true
    this.#emit(e, attribute, held.v, false)
  }

  #emit(e: EntityId, attribute: Attribute, v: Value, added: boolean): void {
    this.datoms.push({ e, a: attribute.id, v, t: this.#t, added })
  }

  #touchComposite(attribute: Attribute): void {
    if (!this.#composites.includes(attribute)) this.#composites.push(attribute)
  }

  #buildComposites(e: EntityId, isNew: boolean, firstDatom: number): void {
    const limitDatom = this.datoms.length
    for (const attribute of this.#composites) {
      const v = this.#compositeValue(e, attribute, isNew, firstDatom, limitDatom)
      for (const given of this.#givenComposites) {
        if (given.attribute !== attribute || (v !== undefined && equalValues(given.v, v))) continue
        this.#cursor.path = given.path
        throw errors.compositeWritten(attribute, errors.shown(given.v), errors.shown(v))
      }
      this.#replaceComposite(e, attribute, v, isNew)
    }
    this.#composites = []
    this.#givenComposites = []
  }

  #replaceComposite(e: EntityId, attribute: Attribute, v: Value | undefined, isNew: boolean): void {
    if (!isNew) {
      for (const held of this.#facts.match(e, attribute.id, undefined)) {
        if (v !== undefined && equalValues(held.v, v)) return
        this.#emit(e, attribute, held.v, false)
      }
    }
    if (v === undefined) return
    this.#emit(e, attribute, v, true)
    if (attribute.unique !== undefined) {
      this.#uniques.push({ e, attribute, v, holder: undefined, path: this.#cursor.path })
    }
  }

  /** The composite of the entity's parts as they are after the transaction; undefined while it has none. */
  #compositeValue(
    e: EntityId,
    attribute: Attribute,
    isNew: boolean,
    firstDatom: number,
    limitDatom: number,
  ): Value | undefined {
    if (attribute.tuple?.kind !== 'composite') return undefined
    let hasPart = false
    const members: (Scalar | null)[] = []
    for (const part of attribute.tuple.attributes) {
      const v = this.#partAfter(e, part, isNew, firstDatom, limitDatom)
      hasPart ||= v !== null
      members.push(v)
    }
    return hasPart ? members : undefined
  }

  #partAfter(
    e: EntityId,
    part: AttributeId,
    isNew: boolean,
    firstDatom: number,
    limitDatom: number,
  ): Scalar | null {
    let isRetracted = false
    for (let i = firstDatom; i < limitDatom; i++) {
      const datom = this.datoms[i]!
      if (datom.a !== part) continue
      // Parts are never tuples themselves.
      if (datom.added) return datom.v as Scalar
      isRetracted = true
    }
    if (isRetracted || isNew) return null
    for (const held of this.#facts.match(e, part, undefined)) return held.v as Scalar
    return null
  }

  #checkUnique(): void {
    const uniques = this.#uniques
    if (uniques.length > 1) this.#refuseTwoNewHolders()
    let lost: Set<string> | undefined
    for (let i = 0; i < uniques.length; i++) {
      const { e, attribute, v, holder, path } = uniques[i]!
      if (holder === null) continue
      for (const held of this.#facts.match(undefined, attribute.id, v)) {
        if (held.e === e) continue
        lost ??= this.#lostFacts()
        if (lost.has(factKey(held.e, attribute.id, v))) continue
        this.#cursor.path = path
        throw errors.uniqueConflict(attribute, errors.shown(v), held.e, e)
      }
    }
  }

  #refuseTwoNewHolders(): void {
    const holders = new Map<AttributeId, Map<unknown, EntityId>>()
    for (const { e, attribute, v, path } of this.#uniques) {
      let byValue = holders.get(attribute.id)
      if (byValue === undefined) {
        byValue = new Map()
        holders.set(attribute.id, byValue)
      }
      const key = keyOf(v)
      const other = byValue.get(key)
      if (other !== undefined && other !== e) {
        this.#cursor.path = path
        throw errors.newHoldersConflict(attribute, errors.shown(v), other, e)
      }
      byValue.set(key, e)
    }
  }

  #lostFacts(): Set<string> {
    const lost = new Set<string>()
    for (const { e, a, v, added } of this.datoms) if (!added) lost.add(factKey(e, a, v))
    return lost
  }
}

/** By entity, then attribute; changes of one place stay as they stand. */
function sortByPlace(changes: Change[]): void {
  if (changes.length > INSERTION_COUNT_MAX) {
    changes.sort(comparePlaces)
    return
  }
  for (let i = 1; i < changes.length; i++) {
    const change = changes[i]!
    let at = i
    for (; at > 0 && comparePlaces(changes[at - 1]!, change) > 0; at--) changes[at] = changes[at - 1]!
    changes[at] = change
  }
}

function comparePlaces(x: Change, y: Change): number {
  return x.e - y.e || x.attribute.id - y.attribute.id
}

function distinctChanges(changes: readonly Change[], first: number, limit: number): readonly Change[] {
  if (limit - first > PAIRWISE_COUNT_MAX) {
    const byKey = new Map<string, Change>()
    for (let i = first; i < limit; i++) {
      const change = changes[i]!
      const key = `${change.added ? '+' : '-'}${textKey(change.v)}`
      if (!byKey.has(key)) byKey.set(key, change)
    }
    return [...byKey.values()]
  }
  const distinct: Change[] = []
  for (let i = first; i < limit; i++) {
    const change = changes[i]!
    if (!distinct.some((other) => other.added === change.added && equalValues(other.v, change.v))) {
      distinct.push(change)
    }
  }
  return distinct
}

/** A change said twice has the effect of its twin. */
function shareEffects(
  changes: readonly Change[],
  distinct: readonly Change[],
  first: number,
  limit: number,
): void {
  const effective = new Set(distinct.filter(({ hasEffect }) => hasEffect).map(({ v }) => keyOf(v)))
  for (let i = first; i < limit; i++) changes[i]!.hasEffect ||= effective.has(keyOf(changes[i]!.v))
}

/** A change before `index` that speaks of the same value, one of the other sign first. */
function twinBefore(changes: readonly Change[], first: number, index: number): Change | undefined {
  const { v } = changes[index]!
  for (let i = first; i < index; i++) if (equalValues(changes[i]!.v, v)) return changes[i]
  return undefined
}

function factKey(e: EntityId, a: AttributeId, v: Value): string {
  return `${e} ${a} ${textKey(v)}`
}
