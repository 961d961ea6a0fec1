// Facts as far as a restriction lets them show. This is the meaning: every datom of the facts below is shown, masked or
// left out by the sight of its attribute and entity, and the schema is made of the schema facts that show. Engines read
// the same in columns where they can, through the two functions at the end: one attribute that shows whole leads to
// itself alone, of all others there are only the datoms that are given here.
//
// Promise I12: nothing that is left out changes what comes out. So no question is put to the facts below that asks of
// hidden attributes; a past that was not kept is an error only where somebody who shows had it; and what is masked is
// put in order again, since the order of values would tell of them.

import { assert } from '../base/assert.ts'
import { inBatches, NEVER_ENDS, type Check } from '../base/batches.ts'
import { VarveError } from '../base/errors.ts'
import { isPlanted } from '../base/planted.ts'
import type { AttributeId, EntityId, T } from '../fact/attribute.ts'
import { compareDatoms, type Datom, type FactSource, type IndexName, type IndexRange } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import { compareValues, equalValues, type Value } from '../fact/value.ts'
import {
  type AttributeColumns,
  columnOfValues,
  columnsOfDatoms,
  type WholeColumns,
} from '../index/attribute-columns.ts'
import { columnsOfEntities } from '../index/columns-of-entities.ts'
import { type AttributeLists, rangeOf } from '../index/fact-ranges.ts'
import { type IndexedAttribute, IndexedFacts, type Shown } from '../index/indexed-facts.ts'
import { keyOfEntities, type Restriction } from './restriction.ts'
import { integerAt } from '../segment/column.ts'
import { valueAt } from '../segment/value-column.ts'
import type { Mask } from './mask.ts'
import { type AttributeSight, type Layer, Sight } from './sight.ts'

/** Facts that can be seen at other moments; `ViewableFacts` of database-value.ts has the same shape. */
interface Viewable extends FactSource {
  asOf(t: T): Viewable
  since(t: T): Viewable
  history(): Viewable
}

/** To seek the facts of one entity costs about as much as to look at so many. */
const SEEK_COST = 24

/**
 * What was made of facts lives as long as they do. Engines know facts by their object: so what they kept of an earlier
 * question serves the next one of whoever sees the same.
 */
const restricted = new WeakMap<Viewable, WeakMap<Sight, RestrictedFacts>>()

export class RestrictedFacts implements Viewable {
  readonly schema: Schema
  readonly #base: Viewable
  readonly #sight: Sight

  /** `newest` is no view: its history holds the whole schema. The same facts restricted alike are the same object. */
  static of(newest: Viewable, restriction: Restriction): RestrictedFacts {
    const sight = Sight.of(restriction, newest.schema)
    let made = restricted.get(newest)
    if (made === undefined) restricted.set(newest, (made = new WeakMap()))
    let facts = made.get(sight)
    if (facts === undefined) {
      const schema = sight.schema(() => newest.history())
      made.set(sight, (facts = new RestrictedFacts(newest, sight, schema)))
    }
    return facts
  }

  private constructor(base: Viewable, sight: Sight, schema: Schema) {
    this.#base = base
    this.#sight = sight
    this.schema = schema
  }

  get basisT(): T {
    return this.#base.basisT
  }

  get isHistory(): boolean {
    return this.#base.isHistory
  }

  asOf(t: T): RestrictedFacts {
    return new RestrictedFacts(this.#base.asOf(t), this.#sight, this.schema)
  }

  since(t: T): RestrictedFacts {
    return new RestrictedFacts(this.#base.since(t), this.#sight, this.schema)
  }

  history(): RestrictedFacts {
    return new RestrictedFacts(this.#base.history(), this.#sight, this.schema)
  }

  match(
    e: EntityId | undefined,
    a: AttributeId | undefined,
    v: Value | undefined,
    check: Check = NEVER_ENDS,
  ): Iterable<Datom> {
    if (a === undefined) return this.#matchAll(e, v, check)
    const sight = this.#sight.attribute(a)
    if (sight === 'hidden') return []
    if (sight === 'whole') return this.#base.match(e, a, v, check)
    return e === undefined
      ? this.#ofAnybody(a, sight, v, check)
      : this.#ofEntity(e, a, { layer: sight.layerOf(e), v, check })
  }

  range(index: IndexName, range: IndexRange): Iterable<Datom> {
    const lists: AttributeLists = {
      schema: this.schema,
      attributeIds: () => this.#sight.attributeIds,
      inEntityOrder: (a, from, to) => this.#inOrder('aevt', a, from, to),
      inValueOrder: (a, from, to) => this.#inOrder('avet', a, from, to),
      match: (e, a, v) => this.match(e, a, v),
    }
    return rangeOf(lists, index, range)
  }

  /** That of the whole database: ids stay as they are, so those that were given out are given out here too. */
  entityCount(kind: number): number {
    return this.#base.entityCount(kind)
  }

  tAt(instantMs: number): T {
    return this.#base.tAt(instantMs)
  }

  /** An attribute as it lies in the index, where all of it shows as it is. */
  wholeAttribute(a: AttributeId): IndexedAttribute | undefined {
    return this.#sight.attribute(a) === 'whole' ? indexedAttribute(this.#base, a) : undefined
  }

  /** Where columns of the facts that show of an attribute are kept; undefined where nobody keeps them. */
  columnsOf(a: AttributeId): RestrictedColumns | undefined {
    const sight = this.#sight.attribute(a)
    const isKept = typeof sight !== 'string' && this.#base instanceof IndexedFacts && !this.isHistory
    return isKept ? new RestrictedColumns(this.#base, a, sight) : undefined
  }

  *#matchAll(e: EntityId | undefined, v: Value | undefined, check: Check): Iterable<Datom> {
    for (const a of this.#sight.attributeIds) yield* this.match(e, a, v, check)
  }

  #ofEntity(
    e: EntityId,
    a: AttributeId,
    {
      layer,
      v,
      check,
    }: { readonly layer: Layer | undefined; readonly v: Value | undefined; readonly check: Check },
  ): Iterable<Datom> {
    if (layer === undefined) return []
    const { mask } = layer
    if (mask === undefined) return this.#base.match(e, a, v, check)
    return withValue(this.#masked(this.#base.match(e, a, undefined, check), mask), v)
  }

  #ofAnybody(a: AttributeId, sight: AttributeSight, v: Value | undefined, check: Check): Iterable<Datom> {
    const wanted = sight.isMasked ? undefined : v
    const { entities } = sight
    const isFew = wanted === undefined && areFew(entities, this.#countMax(a))
    const isEach = this.#isGoneForOthers(a, entities) || isFew
    const all =
      isEach && entities !== undefined
        ? this.#ofEach(entities, a, wanted, check)
        : this.#base.match(undefined, a, wanted, check)
    const shown = this.#shown(all, sight, check)
    return sight.isMasked ? withValue(shown, v) : shown
  }

  #inOrder(
    index: 'aevt' | 'avet',
    a: AttributeId,
    from: Value | undefined,
    to: Value | undefined,
  ): Iterable<Datom> {
    const sight = this.#sight.attribute(a)
    if (sight === 'hidden') return []
    const range: IndexRange = {
      prefix: [a],
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    }
    if (sight === 'whole') return this.#base.range(index, range)
    const isUnordered = index === 'avet' && sight.isMasked
    if (isUnordered || this.#isGoneForOthers(a, sight.entities)) return this.#sorted(index, sight, range)
    const all = this.#base.range(index, range)
    return index === 'avet' ? onlySeen(all, sight, NEVER_ENDS) : this.#shown(all, sight, NEVER_ENDS)
  }

  #sorted(index: 'aevt' | 'avet', sight: AttributeSight, { prefix, from, to }: IndexRange): Iterable<Datom> {
    const found: Datom[] = []
    // The prefix is the attribute.
    for (const datom of this.#ofAnybody(prefix[0] as AttributeId, sight, undefined, NEVER_ENDS)) {
      const bounded = index === 'avet' ? datom.v : datom.e
      if (from !== undefined && compareValues(bounded, from) < 0) continue
      if (to === undefined || compareValues(bounded, to) < 0) found.push(datom)
    }
    return found.sort((x, y) => compareDatoms(index, x, y))
  }

  /**
   * True where of the past something was not kept, but of nobody who shows: then these are to be read one by one. Throws
   * where it was of one of them, as the facts below do that hold nobody else.
   */
  #isGoneForOthers(a: AttributeId, entities: Float64Array | undefined): boolean {
    if (entities === undefined || isPlanted('restriction-tells-of-lost-pasts')) return false
    if (!isPastGoneOf(this.#base, a)) return false
    for (const e of entities) this.#base.match(e, a, undefined)
    return true
  }

  *#ofEach(entities: Float64Array, a: AttributeId, v: Value | undefined, check: Check): Iterable<Datom> {
    for (const e of entities) yield* this.#base.match(e, a, v, check)
  }

  #countMax(a: AttributeId): number {
    return indexedAttribute(this.#base, a)?.countMax ?? 0
  }

  /** What shows of datoms that come entity by entity, in that order. */
  *#shown(datoms: Iterable<Datom>, sight: AttributeSight, check: Check): Iterable<Datom> {
    if (!sight.isMasked) return yield* onlySeen(datoms, sight, check)
    let ofOne: Datom[] = []
    let count = 0
    for (const datom of datoms) {
      if (++count % LOOK_COUNT === 0) check()
      if (ofOne.length > 0 && ofOne[0]!.e !== datom.e) {
        yield* this.#shownOfOne(ofOne, sight)
        ofOne = []
      }
      ofOne.push(datom)
    }
    yield* this.#shownOfOne(ofOne, sight)
  }

  #shownOfOne(datoms: readonly Datom[], sight: AttributeSight): readonly Datom[] {
    const [first] = datoms
    const layer = first && sight.layerOf(first.e)
    if (layer === undefined) return []
    return layer.mask === undefined ? datoms : this.#masked(datoms, layer.mask)
  }

  /**
   * Facts of one entity with masked values, in the order of these. Several may look alike now: what holds is a set, so
   * of those the oldest shows; a history shows each.
   */
  #masked(datoms: Iterable<Datom>, mask: Mask): readonly Datom[] {
    const masked = Array.from(datoms, (datom) => ({ ...datom, v: mask(datom.v) }))
    if (masked.length < 2) return masked
    if (!isPlanted('restriction-keeps-masked-order')) masked.sort((x, y) => compareDatoms('aevt', x, y))
    return masked.filter((datom, at) => {
      const before = masked[at - 1]
      if (before === undefined || !equalValues(before.v, datom.v)) return true
      return this.isHistory && (before.t !== datom.t || before.added !== datom.added)
    })
  }
}

/**
 * Columns of what shows of an attribute, kept beside those of the whole one by other names. The facts of those who show
 * are picked from the columns of the whole attribute, which are made for everybody, or sought where they are few, and
 * then masked; both ways lead to the same columns.
 */
export class RestrictedColumns {
  readonly #facts: IndexedFacts
  readonly #a: AttributeId
  readonly #sight: AttributeSight
  readonly #purpose: string

  constructor(facts: IndexedFacts, a: AttributeId, sight: AttributeSight) {
    this.#facts = facts
    this.#a = a
    this.#sight = sight
    this.#purpose = `restricted ${sight.key}`
  }

  /** Facts with one value are found as fast as in the whole attribute. */
  get canSeekValues(): boolean {
    return !this.#sight.isMasked
  }

  /** How many facts there are at most, not counting that masked ones may look alike; undefined where nobody counts them. */
  countMax(check: Check): number | undefined {
    const { isOfSchema, entities } = this.#sight
    if (isOfSchema) return undefined
    return entities === undefined ? this.#facts.countMax(this.#a) : this.#rows(entities, check).rowCount
  }

  known(): AttributeColumns | undefined {
    return this.#facts.derivedColumns(this.#a, this.#purpose)
  }

  /** `gather` makes them of the datoms that show, where that is the only way. */
  columns(check: Check, gather: () => WholeColumns): AttributeColumns {
    const { isMasked, isOfSchema, entities } = this.#sight
    return this.#kept(this.#purpose, () => {
      if (isOfSchema) return gather()
      const rows = entities === undefined ? this.#facts.columns(this.#a, check) : this.#rows(entities, check)
      assert(rows !== undefined, 'no columns are asked of a history')
      return isMasked ? (this.#masked(rows, check) ?? gather()) : rows
    })
  }

  /** Undefined where an entity has several values, which have to be put in order and may look alike. */
  #masked(rows: AttributeColumns, check: Check): WholeColumns | undefined {
    const whole = rows.kind === 'whole' ? rows : columnsOfEntities(rows, undefined, check)
    const { type, entities, values, rowCount } = whole
    for (let row = 1; row < rowCount; row++)
      if (integerAt(entities, row) === integerAt(entities, row - 1)) return undefined
    const masked: Value[] = []
    for (const [first, limit] of inBatches(rowCount, check)) {
      for (let row = first; row < limit; row++) {
        const layer = this.#sight.layerOf(integerAt(entities, row))
        assert(layer !== undefined, 'rows are of those who show')
        const value = valueAt(type, values, row)
        masked.push(layer.mask === undefined ? value : layer.mask(value))
      }
    }
    return { ...whole, values: columnOfValues(type, masked) }
  }

  /** The facts of those who show, as they are. */
  #rows(entities: Float64Array, check: Check): AttributeColumns {
    return this.#kept(`of ${keyOfEntities(entities)}`, () => {
      const isSought = areFew(entities, this.#facts.countMax(this.#a)) || isPastGoneOf(this.#facts, this.#a)
      if (isSought) return this.#sought(entities, check)
      const columns = this.#facts.columns(this.#a, check)
      assert(columns !== undefined, 'no columns are asked of a history')
      return columnsOfEntities(columns, entities, check)
    })
  }

  #sought(entities: Float64Array, check: Check): WholeColumns {
    const datoms: Datom[] = []
    for (const e of entities)
      for (const datom of this.#facts.match(e, this.#a, undefined, check)) datoms.push(datom)
    return columnsOfDatoms(this.#facts.schema.attribute(this.#a)!.valueType, datoms)
  }

  #kept(purpose: string, make: () => AttributeColumns): AttributeColumns {
    let columns = this.#facts.derivedColumns(this.#a, purpose)
    if (columns === undefined) this.#facts.keepDerived(this.#a, purpose, (columns = make()))
    return columns
  }

  /** Notes that so many facts were sought without their table; how many by all who told so. */
  noteSought(count: number): number {
    return this.#facts.noteSoughtDerived(this.#a, this.#purpose, count)
  }

  /** A name for what they show, the same in every thread. */
  shownAt(): Shown | undefined {
    const shown = this.#facts.shownAt(this.#a)
    return shown && { ...shown, name: `${shown.name} ${this.#purpose}` }
  }
}

/** The attribute as it lies in an index, of facts that show all of it: the one way of engines to its columns and files. */
export function indexedAttribute(facts: FactSource, a: AttributeId): IndexedAttribute | undefined {
  if (facts instanceof IndexedFacts) return facts.ofAttribute(a)
  return facts instanceof RestrictedFacts ? facts.wholeAttribute(a) : undefined
}

/** Where columns of an attribute of which some shows are kept. */
export function restrictedColumns(facts: FactSource, a: AttributeId): RestrictedColumns | undefined {
  return facts instanceof RestrictedFacts ? facts.columnsOf(a) : undefined
}

function areFew(entities: Float64Array | undefined, factCountMax: number): entities is Float64Array {
  return entities !== undefined && entities.length * SEEK_COST < factCountMax
}

function* onlySeen(datoms: Iterable<Datom>, sight: AttributeSight, check: Check): Iterable<Datom> {
  let count = 0
  for (const datom of datoms) {
    if (++count % LOOK_COUNT === 0) check()
    if (sight.layerOf(datom.e) !== undefined) yield datom
  }
}

/** Datoms that are looked at between two looks at the clock. */
const LOOK_COUNT = 1_024

function* withValue(datoms: Iterable<Datom>, v: Value | undefined): Iterable<Datom> {
  for (const datom of datoms) if (v === undefined || equalValues(datom.v, v)) yield datom
}

/** True where some of the past of an attribute was not kept, whosever it was. */
function isPastGoneOf(facts: FactSource, a: AttributeId): boolean {
  try {
    facts.match(undefined, a, undefined)
    return false
  } catch (error) {
    if (error instanceof VarveError && error.code === 'varve.error/history-gone') return true
    throw error
  }
}
