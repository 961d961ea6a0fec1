// What is looked for in a sorted column: a value, in the shape in which columns of its type compare with it, made
// once for a question and used for every run. Whole numbers, as entities are, mostly lie so evenly that a guess hits.
// Nothing is allocated while searching.

import type { ValueType } from '../fact/attribute.ts'
import { compareValues, EdnSymbol, Uri, Uuid, type Value } from '../fact/value.ts'
import type { ColumnData, IntegerColumn, TextColumn } from '../segment/column.ts'
import { integerAt } from '../segment/column.ts'
import { isByteOrdered, valueAt } from '../segment/value-column.ts'

export class Probe {
  readonly type: ValueType
  readonly value: Value
  /** What columns of whole numbers compare with. */
  readonly number: number | undefined
  #bytes: Uint8Array | undefined
  #hasBytes = false

  constructor(type: ValueType, value: Value) {
    this.type = type
    this.value = value
    this.number = numberOf(type, value)
  }

  /** The bytes under which the value lies, where byte order is value order and it is of the type. */
  get bytes(): Uint8Array | undefined {
    // Made when a column asks: many searches end before they come to one.
    if (!this.#hasBytes) this.#bytes = isByteOrdered(this.type) ? bytesOf(this.type, this.value) : undefined
    this.#hasBytes = true
    return this.#bytes
  }

  /** Negative where the value at the row is less than the one looked for, positive where it is greater. */
  compareAt(column: ColumnData, row: number): number {
    if (column.kind === 'integer') {
      if (this.number !== undefined) return column.base + column.data[row]! - this.number
    } else {
      const { bytes } = this
      if (bytes !== undefined && column.kind === 'text') return compareText(column, row, bytes)
      if (bytes !== undefined && column.kind === 'dictionary')
        return compareText(column.dictionary, column.codes[row]!, bytes)
    }
    return compareValues(valueAt(this.type, column, row), this.value)
  }

  /** The first row of `[first, limit)`, which ascend, whose value is not less; greater only, if `isBehind`. */
  search(column: ColumnData, first: number, limit: number, isBehind = false): number {
    if (column.kind === 'text' && this.bytes !== undefined && !isBehind) {
      return searchText(column, first, limit, this.bytes)
    }
    if (column.kind === 'integer' && this.number !== undefined && !isBehind) {
      return searchInteger(column, first, limit, this.number)
    }
    let low = first
    let high = limit
    while (low < high) {
      const middle = (low + high) >>> 1
      const difference = this.compareAt(column, middle)
      if (difference < 0 || (isBehind && difference === 0)) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The first row of `[first, limit)`, which ascend, whose bytes are not less. */
export function searchText(column: TextColumn, first: number, limit: number, wanted: Uint8Array): number {
  let low = first
  let high = limit
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareText(column, middle, wanted) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The first row of `[first, limit)`, which ascend, whose number is not less. */
export function searchInteger(column: ColumnData, first: number, limit: number, number: number): number {
  if (first >= limit || integerAt(column, first) >= number) return first
  if (integerAt(column, limit - 1) < number) return limit
  const { base, data } = column as IntegerColumn
  const wanted = number - base
  const least = data[first]!
  const share = (wanted - least) / (data[limit - 1]! - least)
  const guess = first + Math.round(share * (limit - 1 - first))
  // Rows below `low` are less, and none from `high` on is: away from the guess in growing steps, then halving.
  let low = first + 1
  let high = limit - 1
  let step = 1
  if (data[guess]! < wanted) {
    for (low = guess + 1; low + step < high && data[low + step]! < wanted; step *= 2) low += step + 1
    high = Math.min(high, low + step)
  } else {
    for (high = guess; high - step > low && data[high - step]! >= wanted; step *= 2) high -= step
    low = Math.max(low, high - step)
  }
  while (low < high) {
    const middle = (low + high) >>> 1
    if (data[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return low
}

function compareText({ offsets, bytes }: TextColumn, row: number, wanted: Uint8Array): number {
  const from = offsets[row]!
  const length = offsets[row + 1]! - from
  const common = Math.min(length, wanted.length)
  for (let i = 0; i < common; i++) {
    const difference = bytes[from + i]! - wanted[i]!
    if (difference !== 0) return difference
  }
  return length - wanted.length
}

function numberOf(type: ValueType, value: Value): number | undefined {
  // A number is no instant, though instants lie as numbers.
  const number = type === 'instant' ? value instanceof Date && value.getTime() : value
  // NaN has no place among numbers; `compareValues` gives it one.
  return typeof number === 'number' && !Number.isNaN(number) ? number : undefined
}

function bytesOf(type: ValueType, value: Value): Uint8Array | undefined {
  switch (type) {
    case 'bytes':
      return value instanceof Uint8Array ? value : undefined
    case 'string':
      return typeof value === 'string' ? utf8(value) : undefined
    case 'uri':
      return value instanceof Uri ? utf8(value.text) : undefined
    case 'uuid':
      return value instanceof Uuid ? utf8(value.text) : undefined
    default:
      return value instanceof EdnSymbol ? utf8(value.text) : undefined
  }
}

/** Texts up to this length, if they are ASCII, are quicker written here than by a call out of JavaScript. */
const SHORT_LENGTH_MAX = 40

/** Undefined for a text with half a surrogate pair, which UTF-8 cannot say. */
function utf8(text: string): Uint8Array | undefined {
  const ascii = text.length <= SHORT_LENGTH_MAX ? asciiBytes(text) : undefined
  return ascii ?? (text.isWellFormed() ? Buffer.from(text, 'utf8') : undefined)
}

function asciiBytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit > 127) return undefined
    bytes[at] = unit
  }
  return bytes
}
