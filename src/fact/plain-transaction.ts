// The transaction that plain JavaScript data says, in one step: the way of every commit. It knows only what needs no
// second look (plain objects, arrays, text, numbers, booleans, nil, dates). Whatever else there is (an escape, a value of
// our own, another realm's object, a cycle, a mistake) is left to the tree of data-node.ts, which knows places.

import { attributeName, ATTRIBUTE_OPERATIONS } from './json-clauses.ts'
import { keyName } from './json-converter.ts'
import { STRING_LENGTH_MAX } from './limits.ts'
import { isKeywordText } from './names.ts'
import { double, type Edn, EdnMap, Keyword, keyword } from './value.ts'

/** Beyond these the tree takes over: it counts, and finds what contains itself. */
const VALUE_COUNT_MAX = 100_000
const DEPTH_MAX = 20
/** Keys of one map are compared one by one. */
const KEY_COUNT_MAX = 32

/** The operations that the data says; undefined where it is not as plain as that. */
export function transactionOfPlainData(data: unknown): Edn | undefined {
  return Array.isArray(data) ? new PlainReader().operations(data) : undefined
}

class PlainReader {
  #count = 0

  operations(items: readonly unknown[]): readonly Edn[] | undefined {
    const forms: Edn[] = []
    for (let index = 0; index < items.length; index++) {
      const item = items[index]
      const form = Array.isArray(item) ? this.#list(item) : this.#value(item, 1)
      if (form === undefined) return undefined
      forms.push(form)
    }
    return forms
  }

  /** `[':db/add', e, a, v]` and the like. */
  #list(items: readonly unknown[]): readonly Edn[] | undefined {
    const [head] = items
    if (typeof head !== 'string' || !(keyName(head) instanceof Keyword)) return undefined
    const form = this.#items(items, 1)
    const attribute = form?.[2]
    if (form !== undefined && typeof attribute === 'string' && ATTRIBUTE_OPERATIONS.has(head)) {
      if (isKeywordText(attribute)) form[2] = keyword(attribute)
    }
    return form
  }

  #value(value: unknown, depth: number): Edn | undefined {
    if (++this.#count > VALUE_COUNT_MAX) return undefined
    switch (typeof value) {
      case 'string':
        return value.length <= STRING_LENGTH_MAX && value.isWellFormed() ? keyName(value) : undefined
      case 'number':
        return Number.isSafeInteger(value) ? value + 0 : double(value)
      case 'boolean':
        return value
      case 'object':
        return value === null ? null : this.#object(value, depth)
      default:
        return undefined
    }
  }

  #object(value: object, depth: number): Edn | undefined {
    if (depth === DEPTH_MAX) return undefined
    if (Array.isArray(value)) return this.#items(value, depth + 1)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) return this.#map(value as Record<string, unknown>, depth + 1)
    // A copy: dates can change, facts cannot.
    return prototype === Date.prototype && isValidDate(value) ? new Date(value) : undefined
  }

  #items(values: readonly unknown[], depth: number): Edn[] | undefined {
    const items: Edn[] = []
    for (let index = 0; index < values.length; index++) {
      const item = this.#value(values[index], depth)
      if (item === undefined) return undefined
      items.push(item)
    }
    return items
  }

  #map(data: Record<string, unknown>, depth: number): EdnMap | undefined {
    const keys = Object.keys(data)
    if (keys.length > KEY_COUNT_MAX || (keys.length === 1 && keys[0]!.startsWith('#'))) return undefined
    const entries: (readonly [Edn, Edn])[] = []
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index]!
      const name = attributeName(key)
      if (!(name instanceof Keyword)) return undefined
      for (let before = 0; before < index; before++) if (entries[before]![0] === name) return undefined
      const value = this.#value(data[key], depth)
      if (value === undefined) return undefined
      entries.push([name, value])
    }
    return new EdnMap(entries)
  }
}

function isValidDate(value: object): value is Date {
  return value instanceof Date && !Number.isNaN(value.getTime())
}
