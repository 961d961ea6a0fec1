// Values as Varve's JSON, from there and back (docs/reference/json.md). What a procedure gives is looked at by it, and
// never trusted to write itself: whatever a result claims to be, what leaves is one value.

import type { ExactNames } from './realm-names.ts'
import type { ExactNumbers } from './realm-numbers.ts'
import type { UtcDates } from './realm-dates.ts'
import type { Json } from './realm.ts'

export type ValueJson = { readonly decoded: (x: Json) => unknown; readonly encoded: (x: unknown) => string }

export type ExactValues = {
  readonly names: ExactNames
  readonly numbers: ExactNumbers
  readonly dates: UtcDates
}

export function valueJson({ names, numbers, dates }: ExactValues): ValueJson {
  const DEPTH_MAX = 200
  const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

  function decoded(x: Json): unknown {
    if (typeof x !== 'object' || x === null) return x
    if (Array.isArray(x)) return (x as readonly Json[]).map(decoded)
    const object = x as Record<string, Json>
    const keys = Object.keys(object)
    const [first] = keys
    if (keys.length === 1 && first![0] === '#') return tagged(first!, object[first!]!)
    return Object.fromEntries(keys.map((key) => [key, decoded(object[key]!)]))
  }

  function tagged(tag: string, x: Json): unknown {
    const text = x as string
    switch (tag) {
      case '#kw':
      case '#sym':
      case '#uuid':
      case '#uri':
        return names.named(tag, text)
      case '#ms':
        return dates.made(x as number)
      case '#inst':
        return dates.made(text)
      case '#long':
      case '#bigint':
        return BigInt(text)
      case '#bigdec':
        return numbers.written(text)
      case '#double':
      case '#float':
        return Number(x)
      case '#str':
        return x
      case '#bytes':
        return bytesOf(text)
      case '#list':
        return (x as readonly Json[]).map(decoded)
      case '#set':
        return new Set((x as readonly Json[]).map(decoded))
      case '#map':
        return new Map((x as readonly (readonly [Json, Json])[]).map(([k, v]) => [decoded(k), decoded(v)]))
      default:
        throw new TypeError(`a value of the type ${tag} has no place here`)
    }
  }

  function bytesOf(text: string): Uint8Array {
    const length = text.replace(/=+$/, '').length
    const bytes = new Uint8Array((length * 3) >> 2)
    let bits = 0
    for (let at = 0, to = 0; at < length; at++) {
      bits = ((bits << 6) | BASE64.indexOf(text[at]!)) & 0xffffff
      if (at % 4 > 0) bytes[to++] = bits >> (6 - 2 * (at % 4))
    }
    return bytes
  }

  function base64(bytes: Uint8Array): string {
    let text = ''
    for (let at = 0; at < bytes.length; at += 3) {
      const bits = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
      const count = bytes.length - at
      text += BASE64[bits >> 18]! + BASE64[(bits >> 12) & 63]!
      text += (count > 1 ? BASE64[(bits >> 6) & 63]! : '=') + (count > 2 ? BASE64[bits & 63]! : '=')
    }
    return text
  }

  /** Numbers are longs where they are whole, as in TypeScript. */
  function numberText(x: number): string {
    if (!Number.isFinite(x)) return `{"#double":"${x}"}`
    if (Number.isSafeInteger(x)) return x === 0 ? '0' : String(x)
    const text = String(x)
    return /[.e]/.test(text) ? text : `${text}.0`
  }

  function encoded(x: unknown, depth: number): string {
    if (depth > DEPTH_MAX) throw new RangeError('the value is nested too deep')
    switch (typeof x) {
      case 'undefined':
        return 'null'
      case 'boolean':
        return x ? 'true' : 'false'
      case 'number':
        return numberText(x)
      case 'string':
        return JSON.stringify(x)
      case 'bigint':
        if (x >= -(2n ** 53n) && x <= 2n ** 53n) return String(x)
        return BigInt.asIntN(64, x) === x ? `{"#long":"${x}"}` : `{"#bigint":"${x}"}`
      case 'object':
        return x === null ? 'null' : objectText(x, depth + 1)
      default:
        throw new TypeError(`a ${typeof x} is no value`)
    }
  }

  function objectText(x: object, depth: number): string {
    const items = (list: Iterable<unknown>): string => [...list].map((each) => encoded(each, depth)).join(',')
    if (Array.isArray(x)) return `[${items(x)}]`
    const name = names.partsOf(x)
    if (name !== undefined) return `{"${name[0]}":${JSON.stringify(name[1])}}`
    const number = numbers.textOf(x)
    if (number !== undefined) return number
    const date = dates.textOf(x)
    if (date !== undefined) return `{"#inst":"${date}"}`
    if (x instanceof Uint8Array) return `{"#bytes":"${base64(x)}"}`
    if (x instanceof Set) return `{"#set":[${items(x)}]}`
    if (x instanceof Map) return mapText([...x], depth)
    if ('then' in x) throw new TypeError('a procedure gives its result at once, and no promise')
    const members = Object.entries(x)
    if (members.length === 1 && members[0]![0][0] === '#') return mapText(members, depth)
    return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${encoded(value, depth)}`).join(',')}}`
  }

  function mapText(pairs: readonly (readonly [unknown, unknown])[], depth: number): string {
    const texts = pairs.map(([key, value]) => `[${encoded(key, depth)},${encoded(value, depth)}]`)
    return `{"#map":[${texts.join(',')}]}`
  }

  return { decoded, encoded: (x) => encoded(x, 0) }
}
