// Values as JSON text (interfaces.md, "Values in JSON"; docs/reference/json.md): what JSON has is itself, all
// else an object with one key that begins with #. `json-form.ts` reads it back in mode `value` as the same value;
// lists become arrays, as the interface says, unless `exact` asks for `#list`.

import { base64 } from '../base/base64.ts'
import { limitExceeded, valueUnwritable } from './errors.ts'
import { decimalText } from './edn-writer.ts'
import { instantText } from './instant-text.ts'
import { doubleText, floatText } from './literals.ts'
import {
  BigInteger,
  Decimal,
  Double,
  type Edn,
  EdnList,
  EdnMap,
  EdnSet,
  EdnSymbol,
  Float,
  Keyword,
  Uri,
  Uuid,
} from './value.ts'

const WRITE_DEPTH_MAX = 1_000

export type JsonWriteOptions = {
  /** Lists as `{"#list": […]}`, so that they read back as lists. */
  readonly exact?: boolean
}

/** The value as JSON text. */
export function writeJson(value: Edn, options: JsonWriteOptions = {}): string {
  return new Writer(options.exact === true).text(value, 0)
}

class Writer {
  readonly #isExact: boolean

  constructor(isExact: boolean) {
    this.#isExact = isExact
  }

  text(value: Edn, depth: number): string {
    switch (typeof value) {
      case 'string':
        return stringText(value)
      case 'number':
        return numberText(value)
      case 'bigint':
        return `{"#long":"${value}"}`
      case 'boolean':
        return value ? 'true' : 'false'
      default:
        if (value === null) return 'null'
        if (Array.isArray(value)) return this.#items(value as readonly Edn[], depth)
        return this.#object(value as Exclude<Edn & object, readonly Edn[]>, depth)
    }
  }

  #object(value: Exclude<Edn & object, readonly Edn[]>, depth: number): string {
    if (value instanceof Double) return doubleText(value.value)
    if (value instanceof Keyword) return `{"#kw":${stringText(value.text)}}`
    if (value instanceof Date) return `{"#inst":"${instantText(value)}"}`
    if (value instanceof Uuid) return `{"#uuid":${stringText(value.text)}}`
    if (value instanceof EdnMap) return this.#map(value, depth)
    if (value instanceof Float) {
      return `{"#float":${Number.isFinite(value.value) ? floatText(value.value) : `"${value.value}"`}}`
    }
    if (value instanceof Decimal) return `{"#bigdec":"${decimalText(value)}"}`
    if (value instanceof BigInteger) return `{"#bigint":"${value.value}"}`
    if (value instanceof EdnSymbol) return `{"#sym":${stringText(value.text)}}`
    if (value instanceof Uri) return `{"#uri":${stringText(value.text)}}`
    if (value instanceof Uint8Array) return `{"#bytes":"${base64(value)}"}`
    if (value instanceof EdnSet) return `{"#set":${this.#items(value.items, depth)}}`
    if (value instanceof EdnList) {
      const items = this.#items(value.items, depth)
      return this.#isExact ? `{"#list":${items}}` : items
    }
    const { tag, value: content } = value
    return `{"#tag":[${stringText(tag)},${this.text(content, inner(depth))}]}`
  }

  #items(items: readonly Edn[], depth: number): string {
    let text = ''
    for (const item of items) text += `${text === '' ? '' : ','}${this.text(item, inner(depth))}`
    return `[${text}]`
  }

  /** An object where every key is a keyword, or a text that cannot be taken for one. */
  #map({ entries }: EdnMap, depth: number): string {
    const keys = entries.map(([key]) => objectKey(key))
    const isEscape = keys.length === 1 && keys[0]?.startsWith('#') === true
    if (isEscape || keys.includes(undefined)) {
      const pairs = entries.map(
        ([key, item]) => `[${this.text(key, inner(depth))},${this.text(item, inner(depth))}]`,
      )
      return `{"#map":[${pairs.join(',')}]}`
    }
    const members = entries.map(
      ([, item], index) => `${stringText(keys[index]!)}:${this.text(item, inner(depth))}`,
    )
    return `{${members.join(',')}}`
  }
}

function objectKey(key: Edn): string | undefined {
  if (key instanceof Keyword) return `:${key.text}`
  return typeof key === 'string' && !key.startsWith(':') ? key : undefined
}

function inner(depth: number): number {
  if (depth >= WRITE_DEPTH_MAX) throw limitExceeded('The value', 'levels', WRITE_DEPTH_MAX, undefined)
  return depth + 1
}

function numberText(value: number): string {
  if (Number.isSafeInteger(value)) return String(value)
  if (!Number.isFinite(value)) return `{"#double":"${value}"}`
  if (!Number.isInteger(value)) return doubleText(value)
  throw valueUnwritable(
    `${value} is a plain number beyond 2^53, which may be no exact long`,
    'Use a bigint for a long, double(x) for a double',
  )
}

function stringText(value: string): string {
  if (value.isWellFormed()) return JSON.stringify(value)
  throw valueUnwritable('A string holds half of a surrogate pair', 'Use whole characters, or the type bytes')
}
