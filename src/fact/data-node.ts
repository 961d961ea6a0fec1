// JavaScript values as the same tree that JSON text becomes, so that both have one conversion (json-form.ts).
// What has no meaning as data (undefined, functions, cycles, invalid dates) is refused with its path. Values of other
// realms (a test runner's, a worker's) count as what they are.

import type { Place } from '../base/errors.ts'
import { isDate, isMap, isSet, isUint8Array } from '../base/brands.ts'
import { dataUnconvertible, limitExceeded, stringIllFormed } from './errors.ts'
import type { JsonNode, NodeOrigin } from './json-reader.ts'
import { BYTES_LENGTH_MAX, DEPTH_MAX, STRING_LENGTH_MAX } from './limits.ts'
import {
  BigInteger,
  Decimal,
  Double,
  double,
  type Edn,
  EdnList,
  EdnMap,
  EdnSet,
  EdnSymbol,
  Float,
  Keyword,
  long,
  LONG_MAX,
  LONG_MIN,
  Tagged,
  Uri,
  Uuid,
} from './value.ts'

/** Values of one call, shared ones counted each time they are met. */
export const DATA_COUNT_MAX = 50_000_000

/** JSON, and what JavaScript has beside it. */
export type FormNode =
  | Exclude<JsonNode, { kind: 'array' | 'object' }>
  | { readonly kind: 'array' | 'set'; readonly items: readonly FormNode[]; readonly origin: NodeOrigin }
  | { readonly kind: 'object'; readonly entries: readonly FormEntry[]; readonly origin: NodeOrigin }
  | {
      readonly kind: 'map'
      readonly pairs: readonly (readonly [FormNode, FormNode])[]
      readonly origin: NodeOrigin
    }
  /** Already a value of our own. */
  | { readonly kind: 'value'; readonly value: Edn; readonly origin: NodeOrigin }

export type FormEntry = { readonly key: string; readonly keyStart: number; readonly value: FormNode }

/** The tree of a JavaScript value; throws a VarveError with the path of what has no meaning. */
export function nodeFromData(value: unknown, countMax = DATA_COUNT_MAX): FormNode {
  return new DataReader(countMax).read(value)
}

const NULL: FormNode = { kind: 'null', origin: undefined }
const VALUE_CLASSES = [
  Keyword,
  EdnSymbol,
  Double,
  Float,
  BigInteger,
  Uuid,
  Uri,
  EdnList,
  EdnMap,
  EdnSet,
  Tagged,
]

class DataReader {
  readonly #path: (string | number)[] = []
  readonly #ancestors: object[] = []
  readonly #countMax: number
  #count = 0

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  read(value: unknown): FormNode {
    if (++this.#count > this.#countMax) {
      throw limitExceeded('The data', 'values', this.#countMax, this.#place())
    }
    switch (typeof value) {
      case 'string':
        if (value.length > STRING_LENGTH_MAX) {
          throw limitExceeded('The string', 'characters', STRING_LENGTH_MAX, this.#place())
        }
        if (!value.isWellFormed()) throw stringIllFormed(this.#place())
        return { kind: 'string', value, origin: undefined }
      case 'number':
        return {
          kind: 'number',
          value: Number.isSafeInteger(value) ? value + 0 : double(value),
          origin: undefined,
        }
      case 'boolean':
        return { kind: 'boolean', value, origin: undefined }
      case 'bigint':
        return this.#value(value >= LONG_MIN && value <= LONG_MAX ? long(value) : new BigInteger(value))
      case 'object':
        return value === null ? NULL : this.#object(value)
      case 'undefined':
        throw this.#refused('undefined is no value', 'Leave the key out, or write null')
      case 'function':
        throw this.#refused('A function is no value', 'Name a registered function instead')
      default:
        throw this.#refused('A JavaScript symbol is no value', "Write a string, as in '?x'")
    }
  }

  #object(value: object): FormNode {
    if (Array.isArray(value)) {
      return this.#within(value, () => ({ kind: 'array', items: this.#items(value), origin: undefined }))
    }
    const prototype: unknown = Object.getPrototypeOf(value)
    // What nearly all are: asked first, since to recognize the others costs more than to read a small one.
    if (prototype === Object.prototype) return this.#plain(value)
    const leaf = this.#leaf(value)
    if (leaf !== undefined) return this.#value(leaf)
    if (isSet(value)) {
      return this.#within(value, () => ({ kind: 'set', items: this.#items([...value]), origin: undefined }))
    }
    if (isMap(value)) {
      return this.#within(value, () => ({ kind: 'map', pairs: this.#pairs([...value]), origin: undefined }))
    }
    // Plain objects of another realm have another Object.prototype, with none above it.
    const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
    if (!isPlain) {
      const name = (value as { constructor?: { name?: string } }).constructor?.name ?? 'unknown class'
      throw this.#refused(
        `An object of class ${name} is no value`,
        'Use plain objects, arrays, Date, Uint8Array, Set, Map',
      )
    }
    return this.#plain(value)
  }

  #plain(value: object): FormNode {
    return this.#within(value, () => ({ kind: 'object', entries: this.#entries(value), origin: undefined }))
  }

  #leaf(value: object): Edn | undefined {
    if (isDate(value)) {
      if (Number.isNaN(value.getTime()))
        throw this.#refused('The date is invalid', 'Check how the Date was made')
      // A copy: dates and bytes can change, facts cannot.
      return new Date(value)
    }
    if (isUint8Array(value)) {
      if (value.length > BYTES_LENGTH_MAX) {
        throw limitExceeded('The value', 'bytes', BYTES_LENGTH_MAX, this.#place())
      }
      return new Uint8Array(value)
    }
    if (Decimal.isBigNumber(value)) {
      if (!value.isFinite())
        throw this.#refused('The decimal is not finite', 'Check the arithmetic that made it')
      return value instanceof Decimal ? value : new Decimal(value)
    }
    return VALUE_CLASSES.some((known) => value instanceof known) ? (value as Edn) : undefined
  }

  #items(values: readonly unknown[]): FormNode[] {
    const items: FormNode[] = []
    // Not `map`, which passes over holes.
    for (let index = 0; index < values.length; index++) items.push(this.#step(index, values[index]))
    return items
  }

  #pairs(pairs: readonly (readonly [unknown, unknown])[]): [FormNode, FormNode][] {
    return pairs.map(([key, item], index) => [this.#step(index, key), this.#step(index, item)])
  }

  #entries(value: object): FormEntry[] {
    return Object.entries(value).map(([key, item]) => {
      if (!key.isWellFormed()) throw stringIllFormed(this.#place())
      return { key, keyStart: 0, value: this.#step(key, item) }
    })
  }

  #step(key: string | number, value: unknown): FormNode {
    this.#path.push(key)
    const node = this.read(value)
    this.#path.pop()
    return node
  }

  #within(value: object, read: () => FormNode): FormNode {
    if (this.#ancestors.includes(value)) throw this.#refused('The data contains itself', 'Break the cycle')
    if (this.#ancestors.length >= DEPTH_MAX)
      throw limitExceeded('The data', 'levels', DEPTH_MAX, this.#place())
    this.#ancestors.push(value)
    const node = read()
    this.#ancestors.pop()
    return node
  }

  #value(value: Edn): FormNode {
    return { kind: 'value', value, origin: undefined }
  }

  #place(): Place {
    return { path: [...this.#path] }
  }

  #refused(message: string, fix: string): Error {
    return dataUnconvertible(message, fix, this.#place())
  }
}
