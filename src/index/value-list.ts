// Values of one attribute one after another, as columns of memory: numbers in one array, text as bytes behind
// offsets. What stays in memory is then a few arrays, not an object for each value that the collector moves and marks.
// Values of all other types, and of attributes whose values do not fit one column, stay as they are.

import type { ByteReader } from '../base/bytes.ts'
import type { ValueType } from '../fact/attribute.ts'
import { compareValues, Double, double, equalValues, type Value } from '../fact/value.ts'
import type { ValueSink } from '../log/value-codec.ts'
import { type ColumnData, integerColumn, sliceColumn, takeRows } from '../segment/column.ts'
import { columnOf } from '../segment/value-column.ts'
import { isPrefix, NumberList } from './number-list.ts'
import { TextList } from './text-list.ts'
import { hashOfValue } from '../fact/value-hash.ts'

/** How the values of a list lie. Longs are those within 2^53. */
type Kind = 'none' | 'long' | 'double' | 'instant' | 'text' | 'other'

export class ValueList implements ValueSink {
  #kind: Kind = 'none'
  #numbers = new NumberList()
  #texts = new TextList()
  #others: Value[] = []

  get length(): number {
    return this.#numbers.length + this.#texts.length + this.#others.length
  }

  push(v: Value): void {
    switch (typeof v) {
      case 'string':
        if (this.#is('text') && v.isWellFormed() && this.#texts.hasRoom(v.length)) this.#texts.push(v)
        else this.other(v)
        return
      case 'number':
        return Number.isInteger(v) ? this.long(v) : this.double(v)
      default:
        if (v instanceof Date) return this.instant(v.getTime())
        return v instanceof Double ? this.double(v.value) : this.other(v)
    }
  }

  long(number: number): void {
    if (this.#is('long')) this.#numbers.push(number)
    else this.other(number)
  }

  double(number: number): void {
    if (this.#is('double')) this.#numbers.push(number)
    else this.other(double(number))
  }

  instant(ms: number): void {
    if (this.#is('instant')) this.#numbers.push(ms)
    else this.other(new Date(ms))
  }

  text(bytes: ByteReader): void {
    if (this.#is('text') && this.#texts.hasRoom(bytes.restCount)) this.#texts.read(bytes)
    else this.other(bytes.text())
  }

  other(v: Value): void {
    if (!this.#is('other')) this.#keepAsTheyAre()
    this.#others.push(v)
  }

  at(row: number): Value {
    switch (this.#kind) {
      case 'text':
        return this.#texts.at(row)
      case 'long':
        return this.#numbers.at(row)
      case 'double':
        return double(this.#numbers.at(row))
      case 'instant':
        return new Date(this.#numbers.at(row))
      default:
        return this.#others[row]!
    }
  }

  isAt(row: number, v: Value): boolean {
    if (this.#kind === 'text') return typeof v === 'string' && this.#texts.isAt(row, v)
    return equalValues(this.at(row), v)
  }

  /** `hashOfValue` of the value at a row. */
  hashAt(row: number): number {
    return this.#kind === 'text' ? this.#texts.hashAt(row) : hashOfValue(this.at(row))
  }

  /** The order of the values at two rows. */
  compare(x: number, y: number): number {
    switch (this.#kind) {
      case 'text':
        return this.#texts.compare(x, y)
      case 'long':
      case 'double':
      case 'instant':
        return this.#numbers.at(x) - this.#numbers.at(y)
      default:
        return compareValues(this.#others[x]!, this.#others[y]!)
    }
  }

  /** A list of the values from `first` on. */
  from(first: number): ValueList {
    const rest = new ValueList()
    rest.#kind = this.#kind
    rest.#numbers = this.#numbers.from(first)
    rest.#texts = this.#texts.from(first)
    rest.#others = this.#others.slice(first)
    return rest
  }

  /** The values at these rows, which ascend, as a column of an attribute of the type. */
  column(type: ValueType, rows: Uint32Array): ColumnData {
    switch (this.#kind) {
      case 'text':
        return isPrefix(rows)
          ? sliceColumn(this.#texts.column(), 0, rows.length)
          : takeRows(this.#texts.column(), rows)
      case 'long':
      case 'instant':
        return integerColumn(this.#numbers.take(rows))
      case 'double':
        return { kind: 'double', data: this.#numbers.take(rows) }
      default:
        return columnOf(
          type,
          Array.from(rows, (row) => this.#others[row]!),
        )
    }
  }

  /** True where values lie in this way, as all do that come to an empty list first. */
  #is(kind: Kind): boolean {
    if (this.#kind === 'none') this.#kind = kind
    return this.#kind === kind
  }

  #keepAsTheyAre(): void {
    this.#others = Array.from({ length: this.length }, (_, row) => this.at(row))
    this.#numbers = new NumberList()
    this.#texts = new TextList()
    this.#kind = 'other'
  }
}
