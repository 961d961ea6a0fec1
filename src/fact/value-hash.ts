// Hashes of values for tables of rows: whole numbers of 32 bits. They live no longer than a table does.

import { unreachable } from '../base/assert.ts'
import { keyOf, type Value } from './value.ts'

/** FNV-1a, over UTF-16 units. */
export const HASH_FIRST = 0x811c9dc5 | 0
export const HASH_FACTOR = 0x01000193

export function hashOfText(text: string): number {
  let hash = HASH_FIRST
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), HASH_FACTOR)
  return hash
}

/** Equal for values that are equal. */
export function hashOfValue(v: Value): number {
  if (typeof v === 'string') return hashOfText(v)
  const key = keyOf(v)
  switch (typeof key) {
    case 'string':
      return hashOfText(key)
    case 'number':
      return hashOfNumber(key)
    case 'boolean':
      return Number(key)
    case 'object':
      return key === null ? 0 : hashOfText(key.text)
    default:
      return unreachable(key)
  }
}

const BITS = new DataView(new ArrayBuffer(8))

function hashOfNumber(number: number): number {
  if ((number | 0) === number) return Math.imul(number, 0x9e3779b1) ^ (number >>> 15)
  BITS.setFloat64(0, number)
  return Math.imul(BITS.getInt32(0), 0x85ebca6b) ^ Math.imul(BITS.getInt32(4), 0x9e3779b1)
}
