// What the numbers in a column of the native engine stand for. Every value is a number while a query runs: itself
// where it is one (longs, doubles, references, instants, booleans), else its place in a list of distinct values.
// Numbers of one domain are equal exactly when their values are; NaN stands for a value that a domain does not have.

import { assert } from '../../base/assert.ts'
import { type Batch, type Check, inBatches } from '../../base/batches.ts'
import { isPlanted } from '../../base/planted.ts'
import type { ValueType } from '../../fact/attribute.ts'
import { valueBytes } from '../../fact/value-bytes.ts'
import { double, Double, Float, keyOf, numberType, toDouble, type Edn, type Value } from '../../fact/value.ts'
import { byteCountOf, type TextColumn } from '../../segment/column.ts'
import { compareBytes } from '../../segment/text.ts'
import { textOf, valueAt } from '../../segment/value-column.ts'
import { hasType } from '../../plan/value-type.ts'
import type { Budget } from '../budget.ts'
import { DecodedTexts } from './decoded-texts.ts'
import { slotCountFor } from './hash.ts'
import { SplitMap } from './split-map.ts'
import { asShared, sharedFloats, sharedInts } from './shared-memory.ts'

export interface Domain {
  /** What its list of values takes. */
  readonly byteCount: number
  /** The value that a number stands for. */
  decode(number: number): Edn
  /** The number of the value that equals `value`, NaN where this domain has none. */
  encode(value: Edn): number
}

type NumberClass = 'number' | 'instant' | 'boolean'
export type NumberTypes = 'long' | 'double' | 'float' | 'ref' | 'instant' | 'boolean'

/** Values that are numbers themselves. */
export class NumberDomain implements Domain {
  readonly type: NumberTypes
  readonly class: NumberClass
  readonly byteCount = 0

  constructor(type: NumberTypes) {
    this.type = type
    this.class = type === 'instant' || type === 'boolean' ? type : 'number'
  }

  decode(number: number): Edn {
    switch (this.type) {
      case 'long':
      case 'ref':
        return number
      case 'double':
        return double(number)
      case 'float':
        return new Float(number)
      case 'instant':
        return new Date(number)
      case 'boolean':
        return number === 1
    }
  }

  encode(value: Edn): number {
    switch (this.class) {
      case 'instant':
        return value instanceof Date ? value.getTime() : NaN
      case 'boolean':
        return typeof value === 'boolean' ? Number(value) : NaN
      case 'number':
        return exactDouble(value)
    }
  }
}

/** Entities and transactions. */
export const ENTITY_DOMAIN = new NumberDomain('ref')
/** The fifth place of a fact. */
export const ADDED_DOMAIN = new NumberDomain('boolean')

/** The double that equals the value, NaN where none does. */
function exactDouble(value: Edn): number {
  if (typeof value === 'number') return value
  if (value instanceof Double || value instanceof Float) return value.value
  if (numberType(value) === undefined) return NaN
  const key = keyOf(value)
  return typeof key === 'number' && !isPlanted('domain-without-decimals') ? toDouble(value) : NaN
}

/** Distinct texts of one attribute's type, in the order of their bytes. */
export class SortedTextDomain implements Domain {
  readonly type: ValueType
  readonly texts: TextColumn
  readonly #decoded = new DecodedTexts()

  constructor(type: ValueType, texts: TextColumn) {
    this.type = type
    this.texts = texts
  }

  get valueCount(): number {
    return this.texts.offsets.length - 1
  }

  get byteCount(): number {
    return byteCountOf(this.texts)
  }

  decode(code: number): Edn {
    const known = this.#decoded.get(code)
    return known ?? this.#decoded.keep(code, valueAt(this.type, this.texts, code))
  }

  encode(value: Edn): number {
    const place = this.placeOf(value)
    return Number.isInteger(place) ? place : NaN
  }

  /** The code of a text, or half past that of the text before it where the domain does not have it. */
  placeOf(value: Edn): number {
    const wanted = bytesOf(this.type, value)
    if (wanted === undefined) return NaN
    const { offsets, bytes } = this.texts
    let low = 0
    let high = this.valueCount
    while (low < high) {
      const middle = (low + high) >>> 1
      const difference = compareBytes(bytes.subarray(offsets[middle], offsets[middle + 1]), wanted)
      if (difference === 0) return middle
      if (difference < 0) low = middle + 1
      else high = middle
    }
    return low - 0.5
  }
}

const encoder = new TextEncoder()

function bytesOf(type: ValueType, value: Edn): Uint8Array | undefined {
  return hasType(type, value) ? encoder.encode(textOf(value as Value)) : undefined
}

type HashedTexts = {
  readonly type: ValueType
  readonly texts: TextColumn
  readonly rows: Int32Array
  readonly slots: Int32Array
}

/** Distinct texts of one attribute's type, found by hash; a code is the place at which a text was met first. */
export class HashedTextDomain implements Domain {
  readonly type: ValueType
  readonly texts: TextColumn
  /** Row of each code. */
  readonly rows: Int32Array
  /** Code plus one by hash, 0 where free. */
  readonly slots: Int32Array
  readonly #decoded = new DecodedTexts()
  readonly valueCount: number

  constructor({ type, texts, rows, slots }: HashedTexts) {
    this.type = type
    this.texts = texts
    this.rows = rows
    this.slots = slots
    this.valueCount = rows.length
  }

  get byteCount(): number {
    return byteCountOf(this.texts) + this.rows.byteLength + this.slots.byteLength
  }

  /** The domain of a column, and the code of each of its rows. */
  static of(
    type: ValueType,
    texts: TextColumn,
    check: Check,
  ): { readonly domain: HashedTextDomain; readonly codes: Float64Array } {
    const rowCount = texts.offsets.length - 1
    const numbered: NumberedTexts = {
      count: 0,
      slots: sharedInts(slotCountFor(rowCount)),
      rows: new Int32Array(rowCount),
      codes: sharedFloats(rowCount),
    }
    for (const batch of inBatches(rowCount, check)) numberTexts(texts, batch, numbered)
    const { count, slots, rows, codes } = numbered
    return {
      domain: new HashedTextDomain({ type, texts, rows: asShared(rows.slice(0, count)), slots }),
      codes,
    }
  }

  decode(code: number): Edn {
    const known = this.#decoded.get(code)
    return known ?? this.#decoded.keep(code, valueAt(this.type, this.texts, this.rows[code]!))
  }

  encode(value: Edn): number {
    const wanted = bytesOf(this.type, value)
    if (wanted === undefined) return NaN
    const { offsets, bytes } = this.texts
    const mask = this.slots.length - 1
    let slot = hashOfBytes(wanted, 0, wanted.length) & mask
    for (;;) {
      const code = this.slots[slot]! - 1
      if (code < 0) return NaN
      const row = this.rows[code]!
      if (areSame(wanted, 0, wanted.length, bytes, offsets[row]!, offsets[row + 1]!)) return code
      slot = (slot + 1) & mask
    }
  }
}

type NumberedTexts = {
  /** Distinct ones so far. */
  count: number
  readonly slots: Int32Array
  readonly rows: Int32Array
  readonly codes: Float64Array
}

function numberTexts({ offsets, bytes }: TextColumn, [first, limit]: Batch, numbered: NumberedTexts): void {
  const { slots, rows, codes } = numbered
  let { count } = numbered
  const mask = slots.length - 1
  for (let row = first; row < limit; row++) {
    const from = offsets[row]!
    const to = offsets[row + 1]!
    let slot = hashOfBytes(bytes, from, to) & mask
    for (;;) {
      const held = slots[slot]! - 1
      if (held < 0) {
        rows[count] = row
        slots[slot] = ++count
        codes[row] = count - 1
        break
      }
      const other = rows[held]!
      if (areSame(bytes, from, to, bytes, offsets[other]!, offsets[other + 1]!)) {
        codes[row] = held
        break
      }
      slot = (slot + 1) & mask
    }
  }
  numbered.count = count
}

/** FNV-1a over bytes, 32 bits, mixed once more so that its low bits are good. */
function hashOfBytes(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

function areSame(
  x: Uint8Array,
  xFrom: number,
  xTo: number,
  y: Uint8Array,
  yFrom: number,
  yTo: number,
): boolean {
  const length = xTo - xFrom
  if (length !== yTo - yFrom) return false
  for (let i = 0; i < length; i++) if (x[xFrom + i] !== y[yFrom + i]) return false
  return true
}

/** Of a value in a list and of its key in a map. */
const COLLECTED_BYTES = 64

/** Values of any type as they are met: what functions compute, inputs, and types that have no column of their own. */
export class CollectedDomain implements Domain {
  readonly #values: Edn[] = []
  readonly #codes = new SplitMap<ReturnType<typeof keyOf>, number>()
  readonly #budget: Budget | undefined
  byteCount = 0

  /** `budget` is that of a question which alone collects values here. */
  constructor(budget?: Budget) {
    this.#budget = budget
  }

  get valueCount(): number {
    return this.#values.length
  }

  /** In the order of their numbers. */
  get values(): readonly Edn[] {
    return this.#values
  }

  decode(code: number): Edn {
    return this.#values[code]!
  }

  encode(value: Edn): number {
    return this.#codes.get(keyOf(value)) ?? NaN
  }

  /** The code of the value, which the domain has from now on. */
  collect(value: Edn): number {
    const key = keyOf(value)
    let code = this.#codes.get(key)
    if (code === undefined) {
      const bytes = COLLECTED_BYTES + valueBytes(value)
      this.#budget?.hold(bytes)
      this.byteCount += bytes
      code = this.#values.push(value) - 1
      this.#codes.set(key, code)
    }
    return code
  }
}

/** A domain of places in a list with a few values more, which came after the list was made. */
export class LateDomain implements Domain {
  readonly before: Domain
  readonly countBefore: number
  readonly late: CollectedDomain

  constructor(before: Domain, countBefore: number, late: CollectedDomain) {
    this.before = before
    this.countBefore = countBefore
    this.late = late
  }

  /** The domain itself where it has all of the values, as one of numbers has of all but longs beyond 2^53. */
  static of(before: Domain, values: readonly Edn[], check: Check): Domain {
    if (before instanceof NumberDomain) return before
    const unknown: Edn[] = []
    for (const [first, limit] of inBatches(values.length, check)) {
      for (let i = first; i < limit; i++)
        if (Number.isNaN(before.encode(values[i]!))) unknown.push(values[i]!)
    }
    if (unknown.length === 0) return before
    const late = new CollectedDomain()
    for (const value of unknown) late.collect(value)
    return new LateDomain(before, valueCountOf(before), late)
  }

  get byteCount(): number {
    return this.before.byteCount + this.late.byteCount
  }

  decode(code: number): Edn {
    return code < this.countBefore ? this.before.decode(code) : this.late.decode(code - this.countBefore)
  }

  encode(value: Edn): number {
    const code = this.before.encode(value)
    return Number.isNaN(code) ? this.countBefore + this.late.encode(value) : code
  }
}

function valueCountOf(domain: Domain): number {
  const isListed =
    domain instanceof SortedTextDomain ||
    domain instanceof HashedTextDomain ||
    domain instanceof CollectedDomain
  assert(isListed, 'a table has the domain of its columns')
  return domain.valueCount
}

/** Turns numbers of one domain into those of another; undefined where they are the same numbers. */
export type Translation = ((number: number) => number) | undefined

const NEVER = (): number => NaN

/** Of a number and what it became, in a map. */
export const MEMO_BYTES = 48

export function translation(from: Domain, to: Domain, budget: Budget): Translation {
  if (from === to) return undefined
  if (from instanceof NumberDomain && to instanceof NumberDomain)
    return from.class === to.class ? undefined : NEVER
  const known = new SplitMap<number, number>()
  return (number) => {
    let translated = known.get(number)
    if (translated === undefined) {
      translated = to.encode(from.decode(number))
      // What a growing domain does not have yet it may have later.
      if (to instanceof CollectedDomain) return translated
      budget.hold(MEMO_BYTES)
      known.set(number, translated)
    }
    return translated
  }
}
