// From a key to the rows that hold it: rows in the order of their keys, and for each key where its rows begin. Where
// keys are dense whole numbers, as ids of one kind and codes are, a key is its own place; elsewhere a hash finds it.

import { type Check, inBatches } from '../../base/batches.ts'
import { isPlanted } from '../../base/planted.ts'
import { hashOfNumber, slotCountFor } from './hash.ts'
import { gather } from './operator.ts'
import { radixOrder } from './radix-order.ts'
import { sharedFloats, sharedInts } from './shared-memory.ts'

/** A range of keys this many times as wide as there are rows is still looked up by place. */
const SPREAD_MAX = 4
const SPREAD_FREE = 65_536

/** What a lookup is made of. */
export type LookupParts = {
  readonly order: Int32Array | undefined
  readonly first: Int32Array
  readonly keyCount: number
  readonly base: number
  readonly hashed: Int32Array | undefined
  readonly keys: Float64Array
}

export class Lookup {
  /** Rows in the order of keys; undefined where that is the order in which they lie. */
  readonly order: Int32Array | undefined
  /** Rows of slot s stand at `[first[s], first[s + 1])`. */
  readonly first: Int32Array
  /** How many keys have rows. */
  readonly keyCount: number
  /** True where no key has two rows. */
  readonly isUnique: boolean
  /** The key of slot 0, where every whole number from it on has a slot; undefined where keys are hashed. */
  readonly base: number | undefined
  readonly #base: number
  /** Slot plus one by hash, 0 where free; undefined where keys are dense. */
  readonly #hashed: Int32Array | undefined
  readonly #keys: Float64Array
  #skewedRowCount: number | undefined

  /** Made by `Lookup.of`. */
  constructor({ order, first, keyCount, base, hashed, keys }: LookupParts) {
    this.order = order
    this.first = first
    this.keyCount = keyCount
    this.isUnique = first[first.length - 1] === keyCount
    this.base = hashed === undefined ? base : undefined
    this.#base = base
    this.#hashed = hashed
    this.#keys = keys
  }

  get parts(): LookupParts {
    const { order, first, keyCount } = this
    return { order, first, keyCount, base: this.#base, hashed: this.#hashed, keys: this.#keys }
  }

  /** The lookup of a column; NaN is no key. */
  static of(column: Float64Array, check: Check): Lookup {
    const { isSorted, least, greatest } = shapeOf(column, check)
    const range = greatest - least + 1
    const isDense = Number.isInteger(range) && range <= column.length * SPREAD_MAX + SPREAD_FREE
    return isDense && areWhole(column, check)
      ? dense(column, { least, range, isSorted }, check)
      : sparse(column, isSorted, check)
  }

  get byteCount(): number {
    const { order, first } = this
    return (
      (order?.byteLength ?? 0) + first.byteLength + (this.#hashed?.byteLength ?? 0) + this.#keys.byteLength
    )
  }

  /** Rows that share their key with a row drawn at random: the mean, weighted by itself. */
  get skewedRowCount(): number {
    if (this.#skewedRowCount !== undefined) return this.#skewedRowCount
    let squares = 0
    for (let slot = 0; slot + 1 < this.first.length; slot++) {
      const count = this.first[slot + 1]! - this.first[slot]!
      squares += count * count
    }
    return (this.#skewedRowCount = squares / Math.max(1, this.first.at(-1) ?? 1))
  }

  /** How often a row of this lookup and a row of another one have the same key. */
  meetingCount(other: Lookup): number {
    let count = 0
    for (let slot = 0; slot + 1 < this.first.length; slot++) {
      const rowCount = this.first[slot + 1]! - this.first[slot]!
      const found = rowCount === 0 ? -1 : other.slotOf(this.#keyOf(slot))
      if (found >= 0) count += rowCount * (other.first[found + 1]! - other.first[found]!)
    }
    return count
  }

  #keyOf(slot: number): number {
    return this.#hashed === undefined ? this.#base + slot : this.#keys[slot]!
  }

  /** The slot of each key, −1 where no row has it. */
  slotsOf(keys: Float64Array, count: number, slots: Int32Array): void {
    if (this.#hashed === undefined) this.#denseSlots(keys, count, slots)
    else for (let i = 0; i < count; i++) slots[i] = this.#hashedSlot(keys[i]!, this.#hashed)
  }

  slotOf(key: number): number {
    if (this.#hashed !== undefined) return this.#hashedSlot(key, this.#hashed)
    const slot = key - this.#base
    return slot >= 0 && slot < this.first.length - 1 && Number.isInteger(slot) ? slot : -1
  }

  /** The places in the order of keys at which rows stand whose keys lie between two numbers, both included. */
  between(low: number, high: number): readonly [from: number, limit: number] {
    const [slot, limitSlot] =
      this.#hashed === undefined
        ? [Math.ceil(low) - this.#base, Math.floor(high) - this.#base + 1]
        : [firstAtLeast(this.#keys, low), firstAbove(this.#keys, high)]
    const last = this.first.length - 1
    // Beyond the ends, and NaN, which nothing is above or below.
    const from = this.first[slot > 0 ? Math.min(slot, last) : 0]!
    const limit = this.first[limitSlot > 0 ? Math.min(limitSlot, last) : 0]!
    return low <= high && from < limit ? [from, limit] : [0, 0]
  }

  #denseSlots(keys: Float64Array, count: number, slots: Int32Array): void {
    const base = this.#base
    const limit = this.first.length - (isPlanted('lookup-misses-the-last') ? 2 : 1)
    for (let i = 0; i < count; i++) {
      const place = keys[i]! - base
      // A fraction or NaN is no place; `| 0` keeps a place that is one.
      const slot = place >= 0 && place < limit ? place | 0 : -1
      slots[i] = slot === place ? slot : -1
    }
  }

  #hashedSlot(key: number, hashed: Int32Array): number {
    const mask = hashed.length - 1
    for (let at = hashOfNumber(key) & mask; ; at = (at + 1) & mask) {
      const slot = hashed[at]! - 1
      if (slot < 0 || this.#keys[slot] === key) return slot
    }
  }
}

/** The first of ascending keys that is not below `key`; their number where all are. */
function firstAtLeast(keys: Float64Array, key: number): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (keys[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}

function firstAbove(keys: Float64Array, key: number): number {
  const at = firstAtLeast(keys, key)
  return keys[at] === key ? at + 1 : at
}

type Shape = { readonly isSorted: boolean; readonly least: number; readonly greatest: number }

function shapeOf(column: Float64Array, check: Check): Shape {
  let isSorted = true
  let least = Infinity
  let greatest = -Infinity
  let before = -Infinity
  for (const [first, limit] of inBatches(column.length, check)) {
    for (let row = first; row < limit; row++) {
      const key = column[row]!
      if (key < before) isSorted = false
      if (key < least) least = key
      if (key > greatest) greatest = key
      before = key
    }
  }
  return { isSorted, least, greatest }
}

function areWhole(column: Float64Array, check: Check): boolean {
  for (const [first, limit] of inBatches(column.length, check))
    for (let row = first; row < limit; row++) if (!Number.isSafeInteger(column[row]!)) return false
  return true
}

type DenseShape = { readonly least: number; readonly range: number; readonly isSorted: boolean }

function dense(column: Float64Array, { least, range, isSorted }: DenseShape, check: Check): Lookup {
  const rowCount = column.length
  const first = sharedInts(range + 1)
  for (const [from, limit] of inBatches(rowCount, check))
    for (let row = from; row < limit; row++) first[column[row]! - least + 1]!++
  let keyCount = 0
  for (let slot = 0; slot < range; slot++) {
    if (first[slot + 1]! > 0) keyCount++
    first[slot + 1]! += first[slot]!
  }
  check()
  const order = isSorted ? undefined : sharedInts(rowCount)
  if (order !== undefined) {
    const next = first.slice()
    for (const [from, limit] of inBatches(rowCount, check))
      for (let row = from; row < limit; row++) order[next[column[row]! - least]!++] = row
  }
  return new Lookup({ order, first, keyCount, base: least, hashed: undefined, keys: column.subarray(0, 0) })
}

function sparse(column: Float64Array, isSorted: boolean, check: Check): Lookup {
  const order = isSorted ? undefined : sortedOrder(column, check)
  const rowCount = order?.length ?? column.length
  const keys = sharedFloats(rowCount)
  const first = sharedInts(rowCount + 1)
  let keyCount = 0
  for (const [from, limit] of inBatches(rowCount, check)) {
    for (let i = from; i < limit; i++) {
      const key = column[order === undefined ? i : order[i]!]!
      if (keyCount > 0 && keys[keyCount - 1] === key) continue
      keys[keyCount] = key
      first[keyCount++] = i
    }
  }
  first[keyCount] = rowCount
  const hashed = sharedInts(slotCountFor(keyCount))
  for (const [from, limit] of inBatches(keyCount, check)) hashKeys(keys, from, limit, hashed)
  const used = first.subarray(0, keyCount + 1)
  return new Lookup({ order, first: used, keyCount, base: 0, hashed, keys: keys.subarray(0, keyCount) })
}

function hashKeys(keys: Float64Array, from: number, limit: number, hashed: Int32Array): void {
  const mask = hashed.length - 1
  for (let slot = from; slot < limit; slot++) {
    let at = hashOfNumber(keys[slot]!) & mask
    while (hashed[at] !== 0) at = (at + 1) & mask
    hashed[at] = slot + 1
  }
}

/** Rows by key, NaN left out, rows of one key as they lie. */
function sortedOrder(column: Float64Array, check: Check): Int32Array {
  const rows = new Int32Array(column.length)
  let count = 0
  for (let row = 0; row < column.length; row++) {
    rows[count] = row
    count += Number(!Number.isNaN(column[row]!))
  }
  const keys = new Float64Array(count)
  gather(column, rows, count, keys)
  return radixOrder([keys], count, check).map((at) => rows[at]!)
}
