// A database value over an index and the novelty beyond it: what holds at a t, as of an earlier one, since one, or
// with all that ever happened. It remembers a root, a novelty and a few numbers; transactions that come later and
// roots that are published later do not change its answers (I2).

import { assert } from '../base/assert.ts'
import { type Check, NEVER_ENDS } from '../base/batches.ts'
import { isPlanted } from '../base/planted.ts'
import { type AttributeId, type EntityId, type T, TX_BASE, type ValueType } from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT, DB_TX_INSTANT } from '../fact/bootstrap.ts'
import { type Datom, type FactSource, type IndexName, type IndexRange } from '../fact/datom.ts'
import { isSchemaAttribute, Schema } from '../fact/schema.ts'
import { equalValues, type Value } from '../fact/value.ts'
import type { AttributeColumns, WholeColumns } from './attribute-columns.ts'
import { AttributeFacts, type View } from './attribute-facts.ts'
import { historyGone } from './errors.ts'
import { type AttributeLists, rangeOf } from './fact-ranges.ts'
import type { Index } from './index.ts'
import type { Novelty } from './novelty.ts'
import type { Root } from './root.ts'
import type { StoredFacts } from './stored-facts.ts'

/** Facts of one attribute over one root of a database. */
export type Shown = {
  readonly root: Pick<Root, 'database' | 'epoch' | 'publication'>
  readonly name: string
}

export class IndexedFacts implements FactSource {
  readonly schema: Schema
  readonly #index: Index
  readonly #novelty: Novelty
  readonly #view: View
  readonly #attributes = new Map<AttributeId, AttributeFacts>()

  private constructor(index: Index, novelty: Novelty, schema: Schema, view: View) {
    this.#index = index
    this.#novelty = novelty
    this.schema = schema
    this.#view = view
  }

  /** The facts at `basisT`; `schema` is that of `basisT`. Novelty begins where the index ends. */
  static at(index: Index, novelty: Novelty, schema: Schema, basisT: T): IndexedFacts {
    assert(novelty.afterT === index.root.indexedT, 'novelty begins where the index ends')
    return new IndexedFacts(index, novelty, schema, {
      newestT: basisT,
      untilT: basisT,
      sinceT: -1,
      isHistory: false,
      indexedT: index.root.indexedT,
    })
  }

  get basisT(): T {
    return this.#view.untilT
  }

  get isHistory(): boolean {
    return this.#view.isHistory
  }

  asOf(t: T): IndexedFacts {
    const lastT = isPlanted('as-of-one-too-late') ? t + 1 : t
    return this.#seen({ ...this.#view, untilT: Math.min(lastT, this.#view.untilT) })
  }

  since(t: T): IndexedFacts {
    const lastT = isPlanted('since-one-too-early') ? t - 1 : t
    return this.#seen({ ...this.#view, sinceT: Math.max(lastT, this.#view.sinceT) })
  }

  history(): IndexedFacts {
    return this.#seen({ ...this.#view, isHistory: true })
  }

  match(
    e: EntityId | undefined,
    a: AttributeId | undefined,
    v: Value | undefined,
    check: Check = NEVER_ENDS,
  ): Iterable<Datom> {
    if (a !== undefined) return this.#matchAttribute(e, a, v, check)
    return this.#matchAll(e, v, check)
  }

  range(index: IndexName, range: IndexRange): Iterable<Datom> {
    const lists: AttributeLists = {
      schema: this.schema,
      attributeIds: () => this.#attributeIds(),
      inEntityOrder: (a, from, to) => this.#kept(a, undefined).inEntityOrder(from, to),
      inValueOrder: (a, from, to) => this.#kept(a, undefined).inValueOrder(from, to),
      match: (e, a, v) => this.match(e, a, v),
    }
    return rangeOf(lists, index, range)
  }

  entityCount(kind: number): number {
    return Math.max(this.#index.entityCount(kind), this.#novelty.entityCount(kind, this.#view.newestT))
  }

  tAt(instantMs: number): T {
    const { newestT } = this.#view
    const facts = this.#seen({ ...this.#view, untilT: newestT, sinceT: -1, isHistory: false }).#attribute(
      DB_TX_INSTANT,
    )
    // Moments never go back from one transaction to the next, so halving finds the last.
    let low = 0
    let high = newestT + 1
    while (low < high) {
      const t = (low + high) >>> 1
      const [first] = facts.ofEntity(TX_BASE + t)
      if (first?.v instanceof Date && first.v.getTime() <= instantMs) low = t + 1
      else high = t
    }
    return low - 1
  }

  /** Everything that this view shows of an attribute, as columns; undefined for a history. */
  columns(a: AttributeId, check: Check): AttributeColumns | undefined {
    const type = this.#index.attribute(a)?.type ?? this.schema.attribute(a)?.valueType
    if (this.isHistory || type === undefined) return undefined
    const facts = this.#kept(a, undefined)
    const name = this.#shownName(a)
    let columns = this.#index.merged.get(name)
    if (columns === undefined) {
      const indexed = facts.isLate ? this.#indexedColumns(a, type, check) : undefined
      columns = facts.columns(type, this.#index.generations, indexed, check)
      this.#index.merged.add(name, columns)
    }
    return columns
  }

  /** What the index alone holds of an attribute. */
  #indexedColumns(a: AttributeId, type: ValueType, check: Check): WholeColumns {
    const { merged, generations, root } = this.#index
    const { indexedT } = root
    const view = { newestT: indexedT, untilT: indexedT, sinceT: -1, isHistory: false, indexedT }
    const facts = new AttributeFacts(a, this.schema.attribute(a), this.#index.attribute(a), undefined, view)
    const name = `${a} ${facts.shownName}`
    let columns = merged.get(name)
    if (columns === undefined) {
      columns = facts.columns(type, generations, undefined, check)
      merged.add(name, columns)
    }
    assert(columns.kind === 'whole', 'an index alone is no moment of a past')
    return columns
  }

  /**
   * What the view shows of an attribute, by a name that is the same in every thread; undefined where `columns` gives
   * none: for a history, and where some of it was not kept.
   */
  shownAt(a: AttributeId): Shown | undefined {
    if (this.isHistory || this.#isGone(a, undefined)) return undefined
    const { database, epoch, publication } = this.#index.root
    const root = { database, epoch, publication }
    return { root, name: `${database} ${epoch} ${publication} ${this.#shownName(a)}` }
  }

  /** One attribute alone, for whoever may see no other. */
  ofAttribute(a: AttributeId): IndexedAttribute {
    return new IndexedAttribute(this, a)
  }

  /** Columns that somebody made of what this view shows of an attribute; `purpose` tells them from all others. */
  derivedColumns(a: AttributeId, purpose: string): AttributeColumns | undefined {
    return this.isHistory ? undefined : this.#index.merged.get(`${this.#shownName(a)} ${purpose}`)
  }

  /** Keeps such columns, within the bound of all. */
  keepDerived(a: AttributeId, purpose: string, columns: AttributeColumns): void {
    assert(!this.isHistory, 'a history has no columns')
    this.#index.merged.add(`${this.#shownName(a)} ${purpose}`, columns)
  }

  /** As `noteSought`, for such columns. */
  noteSoughtDerived(a: AttributeId, purpose: string, count: number): number {
    return this.isHistory ? 0 : this.#index.merged.miss(`${this.#shownName(a)} ${purpose}`, count)
  }

  /** `columns` where they were made already. */
  knownColumns(a: AttributeId): AttributeColumns | undefined {
    return this.isHistory ? undefined : this.#index.merged.get(this.#shownName(a))
  }

  /** Notes that so many facts of an attribute were sought without its columns; how many by all who told so. */
  noteSought(a: AttributeId, count: number): number {
    return this.isHistory ? 0 : this.#index.merged.miss(this.#shownName(a), count)
  }

  #shownName(a: AttributeId): string {
    return `${a} ${this.#attribute(a).shownName}`
  }

  /**
   * Everything that this view shows of an attribute, told by where it lies. Throws where some of it was not kept
   * (`varve.error/history-gone`), whoever is asked about.
   */
  stored(a: AttributeId): StoredFacts {
    return this.#kept(a, undefined).stored()
  }

  /** At most how many facts an attribute has in this view, without looking at them. */
  countMax(a: AttributeId): number {
    return this.#attribute(a).countMax
  }

  #seen(view: View): IndexedFacts {
    return new IndexedFacts(this.#index, this.#novelty, this.schema, view)
  }

  #attribute(a: AttributeId): AttributeFacts {
    let facts = this.#attributes.get(a)
    if (facts === undefined) {
      const attribute = this.schema.attribute(a)
      facts = new AttributeFacts(
        a,
        attribute,
        this.#index.attribute(a),
        this.#novelty.attribute(a),
        this.#view,
      )
      this.#attributes.set(a, facts)
    }
    return facts
  }

  /** Attributes that have facts, ascending. */
  #attributeIds(): readonly AttributeId[] {
    const ids = new Set([...this.#index.attributeIds(), ...this.#novelty.attributeIds()])
    return [...ids].sort((x, y) => x - y)
  }

  /** Refuses where the answer would have to come from a past that was not kept. */
  #kept(a: AttributeId, e: EntityId | undefined): AttributeFacts {
    if (this.#isGone(a, e)) throw historyGone(this.schema, a, this.#momentT)
    return this.#attribute(a)
  }

  #isGone(a: AttributeId, e: EntityId | undefined): boolean {
    const momentT = this.#momentT
    if (momentT >= this.#view.newestT && momentT >= this.#index.root.indexedT) return false
    return this.#attribute(a).isGone(e, momentT)
  }

  /** A history shows what held at its newest t: an index that went on since may have dropped it. */
  get #momentT(): T {
    const { untilT, newestT, isHistory } = this.#view
    return isHistory ? newestT : untilT
  }

  #matchAttribute(
    e: EntityId | undefined,
    a: AttributeId,
    v: Value | undefined,
    check: Check,
  ): Iterable<Datom> {
    const facts = this.#kept(a, e)
    if (e !== undefined) {
      const ofEntity = facts.ofEntity(e)
      return v === undefined ? ofEntity : withValue(ofEntity, v)
    }
    return v === undefined ? facts.inEntityOrder(undefined, undefined) : facts.ofValue(v, check)
  }

  *#matchAll(e: EntityId | undefined, v: Value | undefined, check: Check): Iterable<Datom> {
    for (const a of this.#attributeIds()) {
      yield* this.#matchAttribute(e, a, v, check)
    }
  }
}

/**
 * What a view shows of one attribute as it lies in the index: columns, files and counts. It leads to no other attribute,
 * so it can be handed to whoever sees the whole of this one.
 */
export class IndexedAttribute {
  readonly #facts: IndexedFacts
  readonly #a: AttributeId

  constructor(facts: IndexedFacts, a: AttributeId) {
    this.#facts = facts
    this.#a = a
  }

  get countMax(): number {
    return this.#facts.countMax(this.#a)
  }

  columns(check: Check): AttributeColumns | undefined {
    return this.#facts.columns(this.#a, check)
  }

  knownColumns(): AttributeColumns | undefined {
    return this.#facts.knownColumns(this.#a)
  }

  shownAt(): Shown | undefined {
    return this.#facts.shownAt(this.#a)
  }

  noteSought(count: number): number {
    return this.#facts.noteSought(this.#a, count)
  }

  stored(): StoredFacts {
    return this.#facts.stored(this.#a)
  }
}

/** The schema as it was known at `t`: folded from the history of the facts that describe it. */
export function readSchemaAt(facts: IndexedFacts, t: T): Schema {
  const history = facts.history().asOf(t)
  const datoms: Datom[] = []
  for (let a = 0; a < BUILTIN_ATTRIBUTE_COUNT; a++) {
    if (isSchemaAttribute(a)) for (const datom of history.match(undefined, a, undefined)) datoms.push(datom)
  }
  const transactions = Map.groupBy(datoms, (datom) => datom.t)
  let schema = Schema.bootstrap
  for (const at of [...transactions.keys()].sort((x, y) => x - y))
    schema = schema.apply(transactions.get(at)!)
  return schema
}

function* withValue(datoms: Iterable<Datom>, v: Value): Iterable<Datom> {
  for (const datom of datoms) if (equalValues(datom.v, v)) yield datom
}
