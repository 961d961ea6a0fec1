// About how many bytes a value takes in memory: for bounds, where a factor of two does not matter and a thousand does.

import { type Edn, EdnMap, EdnSet } from './value.ts'

const OBJECT_BYTES = 48
const PLACE_BYTES = 8
const BYTES_PER_UNIT = 2

export function valueBytes(value: Edn): number {
  switch (typeof value) {
    case 'string':
      return OBJECT_BYTES + value.length * BYTES_PER_UNIT
    case 'bigint':
      return OBJECT_BYTES
    case 'object':
      return value === null ? PLACE_BYTES : objectBytes(value)
    default:
      return PLACE_BYTES * 2
  }
}

function objectBytes(value: Exclude<Edn, null> & object): number {
  if (value instanceof Uint8Array) return OBJECT_BYTES * 2 + value.byteLength
  if (Array.isArray(value)) return listBytes(value as readonly Edn[])
  if (value instanceof EdnSet) return listBytes(value.items)
  if (value instanceof EdnMap)
    return value.entries.reduce((sum, [key, held]) => sum + valueBytes(key) + valueBytes(held), OBJECT_BYTES)
  return OBJECT_BYTES
}

function listBytes(items: readonly Edn[]): number {
  return items.reduce<number>((sum, item) => sum + PLACE_BYTES + valueBytes(item), OBJECT_BYTES)
}
