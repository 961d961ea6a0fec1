// Values as plain JavaScript, the way that users get results: keywords are ':a/b', numbers are numbers, a map is
// an object. Dates and bytes are copies: facts cannot change, whatever is done to a result.

import {
  BigInteger,
  Double,
  type Edn,
  EdnList,
  EdnMap,
  EdnSet,
  EdnSymbol,
  Float,
  Keyword,
  Tagged,
  Uri,
  Uuid,
} from './value.ts'

/** What `toPlain` gives: see docs/reference/data-types.md for each type. A decimal stays the library's object. */
export function toPlain(value: Edn): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Keyword) return value.toString()
  if (value instanceof Double || value instanceof Float || value instanceof BigInteger) return value.value
  if (value instanceof Uuid || value instanceof Uri || value instanceof EdnSymbol) return value.text
  if (value instanceof Date) return new Date(value)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value)) return (value as readonly Edn[]).map(toPlain)
  if (value instanceof EdnList) return value.items.map(toPlain)
  if (value instanceof EdnSet) return new Set(value.items.map(toPlain))
  if (value instanceof EdnMap) return plainObject(value)
  if (value instanceof Tagged) return { tag: value.tag, value: toPlain(value.value) }
  return value
}

/** An object like any other, in which `__proto__` is a key like any other too. */
function plainObject(map: EdnMap): Record<string, unknown> {
  // `fromEntries` defines keys where an assignment would set a prototype.
  return Object.fromEntries(map.entries.map(([key, value]) => [keyText(key), toPlain(value)]))
}

function keyText(key: Edn): string {
  const plain = toPlain(key)
  return typeof plain === 'string' ? plain : JSON.stringify(plain)
}
