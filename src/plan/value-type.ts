// Which values an attribute's type takes, when they come from outside: a constant, an input, a lookup ref.

import type { ValueType } from '../fact/attribute.ts'
import { EdnSymbol, Keyword, numberType, Uri, Uuid, type Edn } from '../fact/value.ts'

/** True where a value of this attribute can be equal to `value`. */
export function hasType(type: ValueType, value: Edn): boolean {
  switch (type) {
    case 'long':
    case 'bigint':
    case 'float':
    case 'double':
    case 'bigdec':
      return numberType(value) !== undefined
    case 'string':
    case 'boolean':
      return typeof value === type
    case 'keyword':
      return value instanceof Keyword
    case 'symbol':
      return value instanceof EdnSymbol
    case 'instant':
      return value instanceof Date
    case 'uuid':
      return value instanceof Uuid
    case 'uri':
      return value instanceof Uri
    case 'bytes':
      return value instanceof Uint8Array
    case 'tuple':
      return Array.isArray(value)
    case 'ref':
      return typeof value === 'number' && Number.isSafeInteger(value)
  }
}
