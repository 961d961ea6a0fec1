// Facts beyond the index, in memory: per attribute the assertions in order of t with the t at which each was
// retracted, and the retractions of facts that the index holds. The one writer appends; a reader remembers only
// a t, and what came later has a later t: so every view is a snapshot without a copy.

import { type AttributeId, type EntityId, indexOf, kindOf, type T } from '../fact/attribute.ts'
import type { Datom } from '../fact/datom.ts'
import { compareValues, equalValues, keyOf, type Value } from '../fact/value.ts'
import { assert } from '../base/assert.ts'
import { RowChains } from './row-chains.ts'

export class Novelty {
  /** The last t that the index below holds; this holds what came after it. */
  readonly afterT: T
  readonly #attributes = new Map<AttributeId, AttributeNovelty>()
  readonly #entityCounts = new Map<number, CountSteps>()
  #lastT: T
  #datomCount = 0

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
    for (const datom of datoms) {
      assert(datom.t === t, 'a transaction has one t')
      this.#addDatom(datom)
    }
    this.#lastT = t
  }

  attribute(a: AttributeId): AttributeNovelty | undefined {
    return this.#attributes.get(a)
  }

  attributeIds(): Iterable<AttributeId> {
    return this.#attributes.keys()
  }

  /** One more than the highest index of an entity of this kind met up to t; 0 where there was none. */
  entityCount(kind: number, t: T): number {
    const steps = this.#entityCounts.get(kind)
    if (steps === undefined) return 0
    let step = steps.ts.length
    while (step > 0 && steps.ts[step - 1]! > t) step--
    return step === 0 ? 0 : steps.counts[step - 1]!
  }

  entityKinds(): Iterable<number> {
    return this.#entityCounts.keys()
  }

  /** What came after `t`, over an index that holds everything up to it. */
  after(t: T): Novelty {
    const later: Datom[] = []
    for (const attribute of this.#attributes.values()) attribute.collectAfter(t, later)
    later.sort((x, y) => x.t - y.t || Number(x.added) - Number(y.added))
    const novelty = new Novelty(t)
    for (const datom of later) novelty.#addDatom(datom)
    novelty.#lastT = Math.max(t, this.#lastT)
    return novelty
  }

  #addDatom(datom: Datom): void {
    let attribute = this.#attributes.get(datom.a)
    if (attribute === undefined) {
      attribute = new AttributeNovelty()
      this.#attributes.set(datom.a, attribute)
    }
    attribute.add(datom)
    this.#datomCount++
    const kind = kindOf(datom.e)
    let steps = this.#entityCounts.get(kind)
    if (steps === undefined) {
      steps = { ts: [], counts: [] }
      this.#entityCounts.set(kind, steps)
    }
    const count = indexOf(datom.e) + 1
    if (count <= (steps.counts.at(-1) ?? 0)) return
    if (steps.ts.at(-1) === datom.t) steps.counts[steps.counts.length - 1] = count
    else {
      steps.ts.push(datom.t)
      steps.counts.push(count)
    }
  }
}

/** From each of `ts` on, the count beside it holds. */
type CountSteps = { readonly ts: T[]; readonly counts: number[] }

/** One attribute's novelty. A row is an assertion; its number is its place in order of t. */
export class AttributeNovelty {
  readonly #rows: Datom[] = []
  /** When each row was retracted, Infinity while it holds. */
  readonly #retractedTs: T[] = []
  readonly #byEntity = new RowChains()
  /** Retractions of facts that the index holds. */
  readonly #retractions: Datom[] = []
  readonly #retractionsByEntity = new RowChains()
  /** Of all retractions, in order. */
  readonly #retractionTs: T[] = []
  #byValue: ValueChains | undefined
  readonly #inEntityOrder = new SortedRows(this.#rows, compareByEntity)
  readonly #inValueOrder = new SortedRows(this.#rows, compareByValue)

  get rowCount(): number {
    return this.#rows.length
  }

  get retractionCount(): number {
    return this.#retractions.length
  }

  add(datom: Datom): void {
    if (datom.added) {
      this.#byEntity.add(datom.e)
      this.#byValue?.add(datom.v)
      this.#rows.push(datom)
      this.#retractedTs.push(Infinity)
      return
    }
    this.#retractionTs.push(datom.t)
    const row = this.#holdingRow(datom.e, datom.v)
    if (row >= 0) this.#retractedTs[row] = datom.t
    else {
      this.#retractionsByEntity.add(datom.e)
      this.#retractions.push(datom)
    }
  }

  datom(row: number): Datom {
    return this.#rows[row]!
  }

  /** Infinity while it holds. */
  retractedT(row: number): T {
    return this.#retractedTs[row]!
  }

  /** Rows about an entity, the newest first. */
  rowsOfEntity(e: EntityId): readonly number[] {
    const rows: number[] = []
    for (let row = this.#byEntity.last(e); row >= 0; row = this.#byEntity.before(row)) rows.push(row)
    return rows
  }

  /** Rows with a value, the newest first. The table is made when somebody first asks. */
  rowsOfValue(v: Value): readonly number[] {
    if (this.#byValue === undefined) {
      this.#byValue = new ValueChains()
      for (const datom of this.#rows) this.#byValue.add(datom.v)
    }
    return this.#byValue.rows(v)
  }

  /** Row numbers by entity, then value, then t. */
  rowsByEntity(): Uint32Array {
    return this.#inEntityOrder.rows()
  }

  /** Row numbers by value, then entity, then t. */
  rowsByValue(): Uint32Array {
    return this.#inValueOrder.rows()
  }

  /** When a fact of the index was retracted; Infinity while it holds. */
  retractionOf(e: EntityId, v: Value): T {
    let row = this.#retractionsByEntity.last(e)
    for (; row >= 0; row = this.#retractionsByEntity.before(row)) {
      const { v: retracted, t } = this.#retractions[row]!
      if (equalValues(retracted, v)) return t
    }
    return Infinity
  }

  /** Retractions of facts of the index up to t, in order. */
  *retractionsUpTo(t: T): Iterable<Datom> {
    for (const retraction of this.#retractions) {
      if (retraction.t > t) return
      yield retraction
    }
  }

  /** The t of the last retraction up to t, −1 if there is none. */
  lastRetractionT(t: T): T {
    const { length } = this.#retractionTs
    for (let index = length - 1; index >= 0; index--)
      if (this.#retractionTs[index]! <= t) return this.#retractionTs[index]!
    return -1
  }

  collectAfter(t: T, later: Datom[]): void {
    this.#rows.forEach((datom, row) => {
      if (datom.t > t) later.push(datom)
      const retractedT = this.#retractedTs[row]!
      if (retractedT > t && retractedT < Infinity) later.push({ ...datom, t: retractedT, added: false })
    })
    for (const retraction of this.#retractions) if (retraction.t > t) later.push(retraction)
  }

  #holdingRow(e: EntityId, v: Value): number {
    for (let row = this.#byEntity.last(e); row >= 0; row = this.#byEntity.before(row)) {
      if (this.#retractedTs[row] === Infinity && equalValues(this.#rows[row]!.v, v)) return row
    }
    return -1
  }
}

function compareByEntity(x: Datom, y: Datom): number {
  return x.e - y.e || compareValues(x.v, y.v) || x.t - y.t
}

function compareByValue(x: Datom, y: Datom): number {
  return compareValues(x.v, y.v) || x.e - y.e || x.t - y.t
}

/** Row numbers in an order, kept; rows added since are sorted alone and merged when somebody asks again. */
class SortedRows {
  readonly #rows: readonly Datom[]
  readonly #compare: (x: Datom, y: Datom) => number
  #sorted = new Uint32Array(0)

  constructor(rows: readonly Datom[], compare: (x: Datom, y: Datom) => number) {
    this.#rows = rows
    this.#compare = compare
  }

  rows(): Uint32Array {
    const before = this.#sorted
    const added = this.#rows.length - before.length
    if (added === 0) return before
    const late = Uint32Array.from({ length: added }, (_, index) => before.length + index)
    late.sort((x, y) => this.#compare(this.#rows[x]!, this.#rows[y]!))
    // A new array every time: whoever reads the old one may still be at it.
    const merged = new Uint32Array(this.#rows.length)
    let left = 0
    let right = 0
    for (let at = 0; at < merged.length; at++) {
      const takesLeft =
        right === late.length ||
        (left < before.length && this.#compare(this.#rows[before[left]!]!, this.#rows[late[right]!]!) <= 0)
      merged[at] = takesLeft ? before[left++]! : late[right++]!
    }
    this.#sorted = merged
    return merged
  }
}

/** Rows by value: the last row of each value, and for each row the one before with the same value. */
class ValueChains {
  readonly #last = new Map<ReturnType<typeof keyOf>, number>()
  readonly #before: number[] = []

  add(v: Value): void {
    const key = keyOf(v)
    this.#before.push(this.#last.get(key) ?? -1)
    this.#last.set(key, this.#before.length - 1)
  }

  rows(v: Value): readonly number[] {
    const rows: number[] = []
    for (let row = this.#last.get(keyOf(v)) ?? -1; row >= 0; row = this.#before[row]!) rows.push(row)
    return rows
  }
}
