// Values as plain text, for tables whose columns tell the type: CSV and Arrow. Documented in docs/reference/formats.md;
// `varve import` reads each of these texts back as the same value where the attribute's type says which.

import { decimalText, writeEdn } from '../fact/edn-writer.ts'
import { instantText } from '../fact/instant-text.ts'
import { valueUnwritable } from '../fact/errors.ts'
import { base64 } from '../base/base64.ts'
import { doubleText, floatText } from '../fact/literals.ts'
import { BigInteger, Decimal, Double, type Edn, Float, Keyword, EdnSymbol, Uri, Uuid } from '../fact/value.ts'

/** Empty for nil. What is nested is EDN text. */
export function valueText(value: Edn): string {
  switch (typeof value) {
    case 'string':
      return wellFormed(value)
    case 'number':
      return Number.isSafeInteger(value) ? String(value) : doubleOf(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      return value === null ? '' : objectText(value)
    default:
      return ''
  }
}

function objectText(value: Exclude<Edn & object, null>): string {
  if (value instanceof Keyword) return `:${wellFormed(value.text)}`
  if (value instanceof Date) return instantText(value)
  if (value instanceof Double) return doubleOf(value.value)
  if (value instanceof Float)
    return Number.isFinite(value.value) ? floatText(value.value) : String(value.value)
  if (value instanceof Decimal) return decimalText(value)
  if (value instanceof BigInteger) return value.value.toString()
  if (value instanceof Uuid || value instanceof Uri || value instanceof EdnSymbol)
    return wellFormed(value.text)
  if (value instanceof Uint8Array) return base64(value)
  return writeEdn(value)
}

/** 2.0, 0.1, 1.0E40; Infinity, -Infinity and NaN as numbers are called everywhere else. */
function doubleOf(x: number): string {
  return Number.isFinite(x) ? doubleText(x) : String(x)
}

export function wellFormed(text: string): string {
  if (text.isWellFormed()) return text
  throw valueUnwritable('A string holds half of a surrogate pair', 'Use whole characters, or the type bytes')
}
