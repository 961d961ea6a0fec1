// How a value reads inside messages, in column names and in what `str` gives. Numbers print as Clojure's do:
// a double always shows a point or an exponent.

import {
  Decimal,
  Double,
  EdnList,
  EdnMap,
  EdnSet,
  EdnSymbol,
  Float,
  BigInteger,
  Keyword,
  Uri,
  Uuid,
  type Edn,
} from '../fact/value.ts'

/** The value as EDN text. */
export function printEdn(x: Edn): string {
  if (x === null) return 'nil'
  if (typeof x === 'string') return quoted(x)
  if (x instanceof BigInteger) return `${x.value}N`
  if (x instanceof Decimal) return `${x.toFixed()}M`
  if (x instanceof Date) return `#inst "${x.toISOString().replace('Z', '-00:00')}"`
  if (x instanceof Uuid) return `#uuid "${x.text}"`
  if (x instanceof Uri) return `#uri "${x.text}"`
  return printPlain(x)
}

/** What `str` makes of a value: text as it is, nil as nothing, else as printed, without marks of type. */
export function plainText(x: Edn): string {
  if (x === null) return ''
  if (typeof x === 'string') return x
  if (x instanceof BigInteger) return `${x.value}`
  if (x instanceof Decimal) return x.toFixed()
  if (x instanceof Date) return x.toISOString()
  if (x instanceof Uuid || x instanceof Uri) return x.text
  return printPlain(x)
}

/** A shortened print for messages. */
export function printShort(x: Edn): string {
  const text = printEdn(x)
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`
}

function printPlain(x: Exclude<Edn, null>): string {
  switch (typeof x) {
    case 'boolean':
    case 'bigint':
      return String(x)
    case 'string':
      return quoted(x)
    case 'number':
      return Number.isInteger(x) ? String(BigInt(x)) : printDouble(x)
    default:
      if (x instanceof Keyword || x instanceof EdnSymbol) return x.toString()
      if (x instanceof Double || x instanceof Float) return printDouble(x.value)
      if (x instanceof Uint8Array) return `#bytes "${Buffer.from(x).toString('base64')}"`
      if (x instanceof EdnList) return `(${x.items.map(printEdn).join(' ')})`
      if (x instanceof EdnSet) return `#{${x.items.map(printEdn).join(' ')}}`
      if (x instanceof EdnMap) {
        return `{${x.entries.map(([k, v]) => `${printEdn(k)} ${printEdn(v)}`).join(', ')}}`
      }
      if (Array.isArray(x)) return `[${(x as readonly Edn[]).map(printEdn).join(' ')}]`
      return 'tag' in x ? `#${x.tag} ${printEdn(x.value)}` : printEdn(x)
  }
}

function printDouble(x: number): string {
  if (Number.isNaN(x)) return '##NaN'
  if (!Number.isFinite(x)) return x > 0 ? '##Inf' : '##-Inf'
  const size = Math.abs(x)
  if (size === 0 || (size >= 1e-3 && size < 1e7)) {
    const text = String(x)
    return text.includes('.') ? text : `${text}.0`
  }
  const [digits, exponent] = x.toExponential().split('e') as [string, string]
  return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

function quoted(text: string): string {
  return `"${text.replace(/["\\\n\r\t]/g, (found) => ESCAPES[found] ?? found)}"`
}
