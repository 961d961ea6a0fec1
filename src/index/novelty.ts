// Facts beyond the index, in memory, attribute by attribute. The one writer appends; a reader remembers only a t,
// and what came later has a later t: so every view is a snapshot without a copy.

import { assert } from '../base/assert.ts'
import type { ByteReader } from '../base/bytes.ts'
import { type AttributeId, type EntityId, indexOf, kindOf, type T } from '../fact/attribute.ts'
import type { Datom } from '../fact/datom.ts'
import type { EntityBlock } from '../fact/entity-block.ts'
import { AttributeNovelty } from './attribute-novelty.ts'
import { NumberList } from './number-list.ts'

export class Novelty {
  /** The last t that the index below holds; this holds what came after it. */
  readonly afterT: T
  readonly #attributes = new Map<AttributeId, AttributeNovelty>()
  readonly #entityCounts = new Map<number, EntityCounts>()
  #lastT: T
  #datomCount = 0
  /** The entity that `read` met last: facts of one mostly stand together. */
  #lastRead: EntityId = -1

  constructor(afterT: T) {
    this.afterT = afterT
    this.#lastT = afterT
  }

  get lastT(): T {
    return this.#lastT
  }

  get datomCount(): number {
    return this.#datomCount
  }

  /** Takes the datoms of one transaction; transactions come in order of t. */
  add(t: T, datoms: Iterable<Datom>): void {
    assert(t > this.#lastT, 'transactions enter novelty in order of t')
    let counted: EntityId = -1
    for (const datom of datoms) {
      assert(datom.t === t, 'a transaction has one t')
      this.#attributeOf(datom.a).add(datom)
      this.#datomCount++
      // Datoms of one entity mostly stand together.
      if (datom.e !== counted) this.#countEntity(datom.e, t)
      counted = datom.e
    }
    this.#lastT = t
  }

  /** Takes a block of a transaction whose other datoms are then added. */
  addBlock(t: T, { firstEntity, entityCount, columns, datomCount }: EntityBlock): void {
    for (const { a, values } of columns) this.#attributeOf(a).addColumn(firstEntity, values, t)
    this.#datomCount += datomCount
    this.#countEntity(firstEntity + entityCount - 1, t)
  }

  /** Takes an assertion of a transaction whose other datoms are then added; its value comes next in `bytes`. */
  read(e: EntityId, a: AttributeId, t: T, bytes: ByteReader, txInstantMs: number): void {
    this.#attributeOf(a).read(e, t, bytes, txInstantMs)
    this.#datomCount++
    if (e !== this.#lastRead) this.#countEntity(e, t)
    this.#lastRead = e
  }

  attribute(a: AttributeId): AttributeNovelty | undefined {
    return this.#attributes.get(a)
  }

  attributeIds(): Iterable<AttributeId> {
    return this.#attributes.keys()
  }

  /** One more than the highest index of an entity of this kind met up to t; 0 where there was none. */
  entityCount(kind: number, t: T): number {
    return this.#entityCounts.get(kind)?.at(t) ?? 0
  }

  entityKinds(): Iterable<number> {
    return this.#entityCounts.keys()
  }

  /** What came after `t`, over an index that holds everything up to it. */
  after(t: T): Novelty {
    const novelty = new Novelty(t)
    for (const [a, attribute] of this.#attributes) {
      const later = attribute.after(t)
      if (later === undefined) continue
      novelty.#attributes.set(a, later)
      novelty.#datomCount += later.datomCount
    }
    for (const [kind, counts] of this.#entityCounts) novelty.#entityCounts.set(kind, counts.after(t))
    novelty.#lastT = Math.max(t, this.#lastT)
    return novelty
  }

  #attributeOf(a: AttributeId): AttributeNovelty {
    let attribute = this.#attributes.get(a)
    if (attribute === undefined) {
      attribute = new AttributeNovelty(a)
      this.#attributes.set(a, attribute)
    }
    return attribute
  }

  #countEntity(e: EntityId, t: T): void {
    const kind = kindOf(e)
    let counts = this.#entityCounts.get(kind)
    if (counts === undefined) {
      counts = new EntityCounts()
      this.#entityCounts.set(kind, counts)
    }
    counts.raise(indexOf(e) + 1, t)
  }
}

/** How many entities of one kind there were: from each t on, the count beside it. */
class EntityCounts {
  readonly #ts = new NumberList()
  readonly #counts = new NumberList()
  #newest = 0

  raise(count: number, t: T): void {
    if (count <= this.#newest) return
    this.#newest = count
    const last = this.#ts.length - 1
    if (last >= 0 && this.#ts.at(last) === t) this.#counts.set(last, count)
    else {
      this.#ts.push(t)
      this.#counts.push(count)
    }
  }

  at(t: T): number {
    const step = this.#ts.countAtMost(t)
    return step === 0 ? 0 : this.#counts.at(step - 1)
  }

  after(t: T): EntityCounts {
    const later = new EntityCounts()
    for (let step = this.#ts.countAtMost(t); step < this.#ts.length; step++) {
      later.raise(this.#counts.at(step), this.#ts.at(step))
    }
    return later
  }
}
