// The values that facts hold and that questions compute with, as they stand in memory.
//
//   nil      null                       string   string
//   boolean  boolean                    keyword  Keyword (interned: compare with ===)
//   long     number where it is a safe integer, else bigint within 64 bits
//   double   number where it is not an integer, else Double (so that 2 and 2.0 stay apart)
//   float    Float                      symbol   EdnSymbol (interned)
//   bigint   BigInteger                 instant  Date
//   bigdec   Decimal                    uuid     Uuid       uri  Uri
//   bytes    Uint8Array                 tuple    array of values, nil allowed
//   ref      number (the entity's id)
//
// `toString` is for messages and may lose the type; exact text is what edn-writer.ts makes.
//
// One order over all of them (`compareValues`) serves sorting, index order, `min` and `max`. Numbers of all
// types compare by their exact value, so that joins, sets and order agree with each other.

import { base64 } from '../base/base64.ts'
import { isPlanted } from '../base/planted.ts'
import { BigNumber } from 'bignumber.js'

import { assert } from '../base/assert.ts'

/** Exact decimal arithmetic; scale is not kept: 1.50M is 1.5M. */
export type Decimal = BigNumber
export const Decimal = BigNumber.clone({
  DECIMAL_PLACES: 34,
  EXPONENTIAL_AT: 1e9,
  POW_PRECISION: 0,
  ROUNDING_MODE: BigNumber.ROUND_HALF_EVEN,
})

export type Scalar =
  | boolean
  | number
  | bigint
  | string
  | Double
  | Float
  | BigInteger
  | Decimal
  | Keyword
  | EdnSymbol
  | Date
  | Uuid
  | Uri
  | Uint8Array
export type Tuple = readonly (Scalar | null)[]
/** What the value place of a datom can hold. */
export type Value = Scalar | Tuple

/** Anything that EDN text can say, and anything that a query can compute. A vector is an array. */
export type Edn = null | Scalar | readonly Edn[] | EdnList | EdnMap | EdnSet | Tagged

/** A double that is a whole number; every other double is a plain number. Build with `double(x)`. */
export class Double {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
  toString(): string {
    return this.value.toFixed(1)
  }
}

/** A single-precision number; `value` is already rounded to it. */
export class Float {
  readonly value: number
  constructor(value: number) {
    // Adding zero makes 0.0 of −0.0.
    this.value = Math.fround(value) + 0
  }
  toString(): string {
    return String(this.value)
  }
}

/** An integer of type bigint, of any size. */
export class BigInteger {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
  toString(): string {
    return `${this.value}N`
  }
}

// Interned through weak references: identity comparison inside, and no growth by what strangers send.
const keywords = new Map<string, WeakRef<Keyword>>()
const symbols = new Map<string, WeakRef<EdnSymbol>>()
const forgotten = new FinalizationRegistry<{ table: Map<string, WeakRef<object>>; text: string }>(
  ({ table, text }) => {
    if (table.get(text)?.deref() === undefined) table.delete(text)
  },
)

/** `:namespace/name`; `text` has no colon. */
export class Keyword {
  readonly text: string
  readonly namespace: string | null
  readonly name: string
  #shown: `:${string}` | undefined
  private constructor(text: string) {
    const slash = text.length > 1 ? text.indexOf('/') : -1
    this.text = text
    this.namespace = slash < 0 ? null : text.slice(0, slash)
    this.name = slash < 0 ? text : text.slice(slash + 1)
  }
  static of(text: string): Keyword {
    let made = keywords.get(text)?.deref()
    if (made === undefined) {
      made = new Keyword(text)
      keywords.set(text, new WeakRef(made))
      forgotten.register(made, { table: keywords, text })
    }
    return made
  }
  toString(): `:${string}` {
    this.#shown ??= `:${this.text}`
    return this.#shown
  }
}

/** A symbol of EDN text: `?x`, `clojure.core/pos?`. */
export class EdnSymbol {
  readonly text: string
  private constructor(text: string) {
    this.text = text
  }
  static of(text: string): EdnSymbol {
    let made = symbols.get(text)?.deref()
    if (made === undefined) {
      made = new EdnSymbol(text)
      symbols.set(text, new WeakRef(made))
      forgotten.register(made, { table: symbols, text })
    }
    return made
  }
  toString(): string {
    return this.text
  }
}

/** `text` is lower case with dashes. */
export class Uuid {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

export class Uri {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

export class EdnList {
  readonly items: readonly Edn[]
  constructor(items: readonly Edn[]) {
    this.items = items
  }
  toString(): string {
    return `(${this.items.join(' ')})`
  }
}

export class EdnSet {
  readonly items: readonly Edn[]
  constructor(items: readonly Edn[]) {
    this.items = items
  }
  toString(): string {
    return `#{${this.items.join(' ')}}`
  }
}

/** Entries in the order they were written. Readers refuse a key that stands twice. */
export class EdnMap {
  readonly entries: readonly (readonly [Edn, Edn])[]
  constructor(entries: readonly (readonly [Edn, Edn])[]) {
    this.entries = entries
  }
  get(key: Edn): Edn | undefined {
    return this.entries.find(([k]) => equalValues(k, key))?.[1]
  }
  toString(): string {
    return `{${this.entries.map(([key, value]) => `${String(key)} ${String(value)}`).join(', ')}}`
  }
}

/** A tagged element whose tag the reader does not turn into a value itself. */
export class Tagged {
  readonly tag: string
  readonly value: Edn
  constructor(tag: string, value: Edn) {
    this.tag = tag
    this.value = value
  }
  toString(): string {
    return `#${this.tag} ${String(this.value)}`
  }
}

export const keyword = Keyword.of
export const symbol = EdnSymbol.of

/** The double `x` as a value; −0.0 becomes 0.0. */
export function double(x: number): number | Double {
  return Number.isInteger(x) ? new Double(x === 0 ? 0 : x) : x
}

/** The long `x` as a value. The caller has checked that it fits 64 bits. */
export function long(x: bigint): number | bigint {
  return x >= -9007199254740991n && x <= 9007199254740991n ? Number(x) : x
}

export const LONG_MIN = -(2n ** 63n)
export const LONG_MAX = 2n ** 63n - 1n

export type NumberType = 'long' | 'double' | 'float' | 'bigint' | 'bigdec'

/** Which number type a value has, or undefined if it is no number. */
export function numberType(x: Edn): NumberType | undefined {
  switch (typeof x) {
    case 'number':
      return Number.isInteger(x) ? 'long' : 'double'
    case 'bigint':
      return 'long'
    case 'object':
      if (x instanceof Double) return 'double'
      if (x instanceof Float) return 'float'
      if (x instanceof BigInteger) return 'bigint'
      if (x instanceof Decimal) return 'bigdec'
      return undefined
    default:
      return undefined
  }
}

/** The number as a double, rounded where it must be. Only for values for which `numberType` answers. */
export function toDouble(x: Edn): number {
  if (typeof x === 'number') return x
  if (typeof x === 'bigint') return Number(x)
  if (x instanceof Double || x instanceof Float) return x.value
  if (x instanceof BigInteger) return Number(x.value)
  if (x instanceof Decimal) return x.toNumber()
  return NaN
}

// Ranks of the total order; numbers of all types share one.
const RANK = {
  nil: 0,
  boolean: 1,
  number: 2,
  string: 3,
  keyword: 4,
  symbol: 5,
  instant: 6,
  uuid: 7,
  uri: 8,
  bytes: 9,
  vector: 10,
  list: 11,
  set: 12,
  map: 13,
  tagged: 14,
} as const

function rankOf(x: Edn): number {
  switch (typeof x) {
    case 'boolean':
      return RANK.boolean
    case 'number':
    case 'bigint':
      return RANK.number
    case 'string':
      return RANK.string
    default:
      if (x === null) return RANK.nil
      if (x instanceof Keyword) return RANK.keyword
      if (Array.isArray(x)) return RANK.vector
      if (x instanceof Date) return RANK.instant
      if (x instanceof Double || x instanceof Float) return RANK.number
      if (x instanceof BigInteger || x instanceof Decimal) return RANK.number
      if (x instanceof Uuid) return RANK.uuid
      if (x instanceof EdnSymbol) return RANK.symbol
      if (x instanceof Uri) return RANK.uri
      if (x instanceof Uint8Array) return RANK.bytes
      if (x instanceof EdnList) return RANK.list
      if (x instanceof EdnSet) return RANK.set
      if (x instanceof EdnMap) return RANK.map
      return RANK.tagged
  }
}

/** True where both are numbers of any type, or both of one other type: where `<` has a meaning. */
export function isComparable(a: Edn, b: Edn): boolean {
  const rank = rankOf(a)
  return rank === rankOf(b) && rank !== RANK.nil && rank < RANK.vector
}

/**
 * The total order over all values: negative, zero or positive. nil, booleans, numbers (by exact value, NaN
 * last), strings (by code point), keywords (none before some namespace, then namespace, then name), symbols,
 * instants, uuids, uris, bytes (unsigned), vectors member by member, a prefix first.
 */
export function compareValues(a: Edn, b: Edn): number {
  if (a === b) return 0
  if (typeof a === 'number' && typeof b === 'number') return compareDoubles(a, b)
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  const rank = rankOf(a)
  const difference = rank - rankOf(b)
  if (difference !== 0) return difference
  switch (rank) {
    case RANK.nil:
      return 0
    case RANK.boolean:
      return Number(a) - Number(b)
    case RANK.number:
      return compareNumbers(a, b)
    case RANK.keyword: {
      const x = a as Keyword
      const y = b as Keyword
      return compareText(x.namespace ?? '', y.namespace ?? '') || compareText(x.name, y.name)
    }
    case RANK.instant:
      return (a as Date).getTime() - (b as Date).getTime()
    case RANK.symbol:
    case RANK.uuid:
    case RANK.uri:
      return compareText((a as Uuid).text, (b as Uuid).text)
    case RANK.bytes:
      return compareBytes(a as Uint8Array, b as Uint8Array)
    case RANK.vector:
      return compareItems(a as readonly Edn[], b as readonly Edn[])
    case RANK.list:
      return compareItems((a as EdnList).items, (b as EdnList).items)
    case RANK.set:
      return compareItems(sorted((a as EdnSet).items), sorted((b as EdnSet).items))
    case RANK.map:
      return compareItems(sorted((a as EdnMap).entries), sorted((b as EdnMap).entries))
    default: {
      const x = a as Tagged
      const y = b as Tagged
      return compareText(x.tag, y.tag) || compareValues(x.value, y.value)
    }
  }
}

/** Equality by value, numbers across their types. NaN equals nothing, not even itself. */
export function equalValues(a: Edn, b: Edn): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a === b
  if (typeof a === 'string' || typeof b === 'string') return a === b
  if (isNaNValue(a) || isNaNValue(b)) return false
  return compareValues(a, b) === 0
}

/** Strings by code point, which is the order of their UTF-8 bytes; JavaScript compares UTF-16 units. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) {
      // A surrogate stands for a code point above every unit that is none.
      const xIsSurrogate = x >= 0xd800 && x <= 0xdfff
      const yIsSurrogate = y >= 0xd800 && y <= 0xdfff
      if (xIsSurrogate !== yIsSurrogate && !isPlanted('text-order-of-units')) return xIsSurrogate ? 1 : -1
      return x - y
    }
  }
  return a.length - b.length
}

export type Key = string | number | boolean | null | Keyword

/**
 * A primitive that is equal for two values exactly when `equalValues` says so: the key for hash joins, sets
 * and maps. NaN gets a key of its own, so that a set holds it once. `textOf` gives the keys of what a collection
 * holds.
 */
export function keyOf(x: Edn, textOf: (x: Edn) => string = textKey): Key {
  switch (typeof x) {
    case 'number':
      return Number.isSafeInteger(x) || !Number.isInteger(x) ? (x === 0 ? 0 : x) : `n${BigInt(x)}`
    case 'string':
      // Every other key that is a string begins with a letter and a quote cannot: no clash.
      return `"${x}`
    case 'boolean':
      return x
    case 'bigint':
      return integerKey(x)
    default:
      if (x === null) return null
      if (x instanceof Keyword) return x
      return objectKey(x, textOf)
  }
}

function objectKey(
  x: Exclude<Edn, null | boolean | number | bigint | string>,
  textOf: (x: Edn) => string,
): string | number {
  if (x instanceof Double || x instanceof Float) return keyOf(x.value) as string | number
  if (x instanceof BigInteger) return integerKey(x.value)
  if (x instanceof Decimal) return decimalKey(x)
  if (x instanceof Date) return `i${x.getTime()}`
  if (x instanceof Uuid) return `u${x.text}`
  if (x instanceof Uri) return `r${x.text}`
  if (x instanceof EdnSymbol) return `s${x.text}`
  if (x instanceof Keyword) return `k${x.text}`
  if (x instanceof Uint8Array) return `b${base64(x)}`
  if (Array.isArray(x)) return `v${itemsKey(x, textOf)}`
  if (x instanceof EdnList) return `l${itemsKey(x.items, textOf)}`
  if (x instanceof EdnSet)
    return `e${x.items
      .map((item) => textOf(item))
      .sort()
      .join('')}`
  if (x instanceof EdnMap) {
    return `m${x.entries
      .map(([k, v]) => textOf(k) + textOf(v))
      .sort()
      .join('')}`
  }
  const tagged = x as Tagged
  return `t${tagged.tag} ${textOf(tagged.value)}`
}

/** `keyOf` as text that says where it ends, so that keys can be joined: for composite keys. */
export function textKey(x: Edn): string {
  return keyText(keyOf(x))
}

export function keyText(key: Key): string {
  const text = typeof key === 'string' ? key : key instanceof Keyword ? `k${key.text}` : `p${String(key)}`
  return `${text.length}:${text}`
}

function itemsKey(items: readonly Edn[], textOf: (x: Edn) => string): string {
  let key = ''
  for (const item of items) key += textOf(item)
  return key
}

function integerKey(x: bigint): string | number {
  return x >= -9007199254740991n && x <= 9007199254740991n ? Number(x) : `n${x}`
}

function decimalKey(x: Decimal): string | number {
  if (x.isInteger()) return integerKey(BigInt(x.toFixed()))
  const rounded = x.toNumber()
  // A decimal meets a double only where the double is exactly that decimal: 0.5M and 0.5, not 0.1M and 0.1.
  return Number.isFinite(rounded) && exactDecimal(rounded).eq(x) ? rounded : `d${x.toFixed()}`
}

function isNaNValue(x: Edn): boolean {
  return typeof x === 'number' ? Number.isNaN(x) : x instanceof Float && Number.isNaN(x.value)
}

function compareDoubles(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  if (a === b) return 0
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}

function compareNumbers(a: Edn, b: Edn): number {
  const x = toDouble(a)
  const y = toDouble(b)
  // A decimal or bigint too large for a double is still finite: below any infinity, above any negative one.
  const isAInfinite = isNotFinite(a)
  const isBInfinite = isNotFinite(b)
  if (isAInfinite && isBInfinite) return compareDoubles(x, y)
  if (isAInfinite) return x === -Infinity ? -1 : 1
  if (isBInfinite) return y === -Infinity ? 1 : -1
  // Rounding keeps order, so only what rounds to the same double needs the exact comparison.
  if (x !== y) return x < y ? -1 : 1
  return exactNumber(a).comparedTo(exactNumber(b)) ?? 0
}

function isNotFinite(x: Edn): boolean {
  return (typeof x === 'number' && !Number.isFinite(x)) || (x instanceof Float && !Number.isFinite(x.value))
}

function exactNumber(x: Edn): Decimal {
  if (x instanceof Decimal) return x
  if (typeof x === 'bigint') return new Decimal(x.toString())
  if (x instanceof BigInteger) return new Decimal(x.value.toString())
  return exactDecimal(toDouble(x))
}

/** The finite double written out as the exact decimal that it is: 0.1 becomes 0.1000000000000000055511151231257827…M. */
export function exactDecimal(x: number): Decimal {
  assert(Number.isFinite(x), 'what is not finite is no decimal')
  if (Number.isInteger(x)) return new Decimal(BigInt(x).toString())
  // Scale by powers of two until whole: exact in binary, and exact again when divided in decimal.
  let scaled = x
  let halvings = 0
  while (!Number.isInteger(scaled)) {
    scaled *= 2
    halvings++
  }
  return new Decimal(BigInt(scaled).toString()).times(new Decimal('0.5').pow(halvings))
}

/** Byte by byte, a prefix first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function compareItems(a: readonly Edn[], b: readonly Edn[]): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = compareValues(a[i]!, b[i]!)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function sorted(items: readonly Edn[]): readonly Edn[] {
  return [...items].sort(compareValues)
}
