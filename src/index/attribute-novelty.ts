// One attribute's facts beyond the index: its assertions as columns, in order of t, with the t at which each was
// retracted, and the retractions of facts that the index holds. A row is an assertion; its number is its place.
// Columns instead of objects, because what stays in memory is moved and marked by the collector again and again.

import type { ByteReader } from '../base/bytes.ts'
import type { AttributeId, EntityId, T, ValueType } from '../fact/attribute.ts'
import type { Datom } from '../fact/datom.ts'
import { equalValues, type Value } from '../fact/value.ts'
import { readValueInto } from '../log/value-codec.ts'
import { type ColumnData, integerColumn } from '../segment/column.ts'
import { NumberList } from './number-list.ts'
import { RowChains } from './row-chains.ts'
import { ValueChains } from './value-chains.ts'
import { ValueList } from './value-list.ts'

type Columns = { readonly entities: ColumnData; readonly values: ColumnData; readonly added: ColumnData }

export class AttributeNovelty {
  readonly #a: AttributeId
  #byEntity = new RowChains()
  #values = new ValueList()
  #ts = new NumberList()
  /** When each row was retracted, Infinity while it holds; shorter than the rows where the last ones all hold. */
  #retractedTs = new NumberList()
  /** Retractions of facts that the index holds. */
  readonly #retractions = new Retractions()
  /** Of all retractions, in order. */
  #retractionTs = new NumberList()
  #byValue: ValueChains | undefined
  #inEntityOrder = NO_ROWS
  #inValueOrder = NO_ROWS

  constructor(a: AttributeId) {
    this.#a = a
  }

  get rowCount(): number {
    return this.#values.length
  }

  /** Retractions of facts that the index holds. */
  get retractionCount(): number {
    return this.#retractions.count
  }

  /** Assertions and retractions of all kinds. */
  get datomCount(): number {
    return this.#values.length + this.#retractionTs.length
  }

  add({ e, v, t, added }: Datom): void {
    if (!added) return this.#retract(e, v, t)
    this.#byEntity.add(e)
    this.#values.push(v)
    this.#ts.push(t)
  }

  /** Takes an assertion whose value comes next in the bytes of its transaction. */
  read(e: EntityId, t: T, bytes: ByteReader, txInstantMs: number): void {
    this.#byEntity.add(e)
    readValueInto(this.#values, bytes, txInstantMs)
    this.#ts.push(t)
  }

  /** Takes the values of entities that follow one another; undefined where one has none. */
  addColumn(firstEntity: EntityId, values: readonly (Value | undefined)[], t: T): void {
    for (let row = 0; row < values.length; row++) {
      const v = values[row]
      if (v === undefined) continue
      this.#byEntity.add(firstEntity + row)
      this.#values.push(v)
      this.#ts.push(t)
    }
  }

  /** The assertion at a row; who knows its value gives it. */
  datom(row: number, v = this.valueAt(row)): Datom {
    return { e: this.entityAt(row), a: this.#a, v, t: this.tAt(row), added: true }
  }

  entityAt(row: number): EntityId {
    return this.#byEntity.entityAt(row)
  }

  valueAt(row: number): Value {
    return this.#values.at(row)
  }

  tAt(row: number): T {
    return this.#ts.at(row)
  }

  /** Infinity while it holds. */
  retractedT(row: number): T {
    return row < this.#retractedTs.length ? this.#retractedTs.at(row) : Infinity
  }

  /** Entities, values and the t at which they were asserted, of these rows, which ascend. */
  columns(type: ValueType, rows: Uint32Array): Columns {
    return {
      entities: integerColumn(this.#byEntity.take(rows)),
      values: this.#values.column(type, rows),
      added: integerColumn(this.#ts.take(rows)),
    }
  }

  /** The newest row about an entity, −1 if there is none. */
  lastRowOfEntity(e: EntityId): number {
    return this.#byEntity.last(e)
  }

  /** The row about the same entity before this one, −1 if there is none. */
  rowOfEntityBefore(row: number): number {
    return this.#byEntity.before(row)
  }

  /** The newest row with a value, −1 if there is none. The table is made, and completed, when somebody asks. */
  lastRowOfValue(v: Value): number {
    this.#byValue ??= new ValueChains(this.#values)
    this.#byValue.addAll()
    return this.#byValue.last(v)
  }

  /** The row with the same value before this one, −1 if there is none. */
  rowOfValueBefore(row: number): number {
    return this.#byValue!.before(row)
  }

  /** Row numbers by entity, then value, then t. */
  rowsByEntity(): Uint32Array {
    this.#inEntityOrder = withLateRows(this.#inEntityOrder, this.rowCount, (x, y) => {
      const byEntity = this.entityAt(x) - this.entityAt(y)
      return byEntity || this.#values.compare(x, y) || x - y
    })
    return this.#inEntityOrder
  }

  /** Row numbers by value, then entity, then t. */
  rowsByValue(): Uint32Array {
    this.#inValueOrder = withLateRows(
      this.#inValueOrder,
      this.rowCount,
      (x, y) => this.#values.compare(x, y) || this.entityAt(x) - this.entityAt(y) || x - y,
    )
    return this.#inValueOrder
  }

  /** True where the index holds a fact of this entity that was retracted since. */
  hasRetractionOf(e: EntityId): boolean {
    return this.#retractions.hasEntity(e)
  }

  /** The last t up to `t` at which anything changed, −1 if nothing did. */
  lastChangeT(t: T): T {
    const count = this.#ts.countAtMost(t)
    return Math.max(count === 0 ? -1 : this.#ts.at(count - 1), this.lastRetractionT(t))
  }

  /** When a fact of the index was retracted; Infinity while it holds. */
  retractionOf(e: EntityId, v: Value): T {
    return this.#retractions.tOf(e, v)
  }

  /** Retractions of facts of the index up to t, in order. */
  *retractionsUpTo(t: T): Iterable<Datom> {
    for (let index = 0; index < this.#retractions.count; index++) {
      const retracted = this.#retractions.tAt(index)
      if (retracted > t) return
      const e = this.#retractions.entityAt(index)
      yield { e, a: this.#a, v: this.#retractions.valueAt(index), t: retracted, added: false }
    }
  }

  /** The t of the last retraction up to t, −1 if there is none. */
  lastRetractionT(t: T): T {
    const count = this.#retractionTs.countAtMost(t)
    return count === 0 ? -1 : this.#retractionTs.at(count - 1)
  }

  /** What came after `t`, over an index that holds everything up to it; undefined if nothing did. */
  after(t: T): AttributeNovelty | undefined {
    const firstRow = this.#ts.countAtMost(t)
    const firstRetraction = this.#retractionTs.countAtMost(t)
    if (firstRow === this.rowCount && firstRetraction === this.#retractionTs.length) return undefined
    const later = new AttributeNovelty(this.#a)
    later.#byEntity = this.#byEntity.from(firstRow)
    later.#values = this.#values.from(firstRow)
    later.#byValue = this.#byValue?.from(firstRow, later.#values)
    later.#ts = this.#ts.from(firstRow)
    later.#retractedTs = this.#retractedTs.from(firstRow)
    later.#retractionTs = this.#retractionTs.from(firstRetraction)
    for (const { e, v, t: retractedT } of this.#retractionsOfIndexAt(t, firstRow)) {
      later.#retractions.add(e, v, retractedT)
    }
    return later
  }

  /** Retractions after `t`, in order, of facts that an index up to `t` holds: of rows before `limitRow`, too. */
  #retractionsOfIndexAt(t: T, limitRow: number): readonly Datom[] {
    const found: Datom[] = []
    for (const retraction of this.retractionsUpTo(Infinity)) if (retraction.t > t) found.push(retraction)
    if (this.lastRetractionT(Infinity) <= t) return found
    for (let row = 0; row < limitRow; row++) {
      const retractedT = this.retractedT(row)
      if (retractedT > t && retractedT < Infinity)
        found.push({ ...this.datom(row), t: retractedT, added: false })
    }
    return found.sort((x, y) => x.t - y.t)
  }

  #retract(e: EntityId, v: Value, t: T): void {
    this.#retractionTs.push(t)
    const row = this.#holdingRow(e, v)
    if (row < 0) return this.#retractions.add(e, v, t)
    if (row >= this.#retractedTs.length) this.#retractedTs.fillTo(this.rowCount, Infinity)
    this.#retractedTs.set(row, t)
  }

  #holdingRow(e: EntityId, v: Value): number {
    for (let row = this.#byEntity.last(e); row >= 0; row = this.#byEntity.before(row)) {
      if (this.retractedT(row) === Infinity && this.#values.isAt(row, v)) return row
    }
    return -1
  }
}

/** Facts that were retracted, in order of t, found by entity. */
class Retractions {
  readonly #byEntity = new RowChains()
  readonly #values: Value[] = []
  readonly #ts = new NumberList()

  get count(): number {
    return this.#values.length
  }

  add(e: EntityId, v: Value, t: T): void {
    this.#byEntity.add(e)
    this.#values.push(v)
    this.#ts.push(t)
  }

  hasEntity(e: EntityId): boolean {
    return this.#byEntity.last(e) >= 0
  }

  entityAt(index: number): EntityId {
    return this.#byEntity.entityAt(index)
  }

  valueAt(index: number): Value {
    return this.#values[index]!
  }

  tAt(index: number): T {
    return this.#ts.at(index)
  }

  tOf(e: EntityId, v: Value): T {
    for (let index = this.#byEntity.last(e); index >= 0; index = this.#byEntity.before(index)) {
      if (equalValues(this.#values[index]!, v)) return this.#ts.at(index)
    }
    return Infinity
  }
}

const NO_ROWS = new Uint32Array(0)

/** The rows in order, and those added since: they are sorted alone and merged. */
function withLateRows(
  before: Uint32Array<ArrayBuffer>,
  rowCount: number,
  compare: (x: number, y: number) => number,
): Uint32Array<ArrayBuffer> {
  if (rowCount === before.length) return before
  const late = Uint32Array.from({ length: rowCount - before.length }, (_, index) => before.length + index)
  late.sort(compare)
  // A new array every time: whoever reads the old one may still be at it.
  const merged = new Uint32Array(rowCount)
  let left = 0
  let right = 0
  for (let at = 0; at < merged.length; at++) {
    const takesLeft =
      right === late.length || (left < before.length && compare(before[left]!, late[right]!) <= 0)
    merged[at] = takesLeft ? before[left++]! : late[right++]!
  }
  return merged
}
