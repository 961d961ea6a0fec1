// Values as EDN text that reads back as exactly the same values. What no text can say (a keyword with a blank in
// it, an invalid date) is refused, never written as something else.

import { limitExceeded, valueUnwritable } from './errors.ts'
import { instantText } from './instant-text.ts'
import { base64 } from '../base/base64.ts'
import { doubleText, floatText } from './literals.ts'
import { NUMBER_DIGITS_MAX } from './limits.ts'
import { isKeywordText, isSymbolText, isTagText } from './names.ts'
import { shortened } from './source-text.ts'
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
  Tagged,
  Uri,
  Uuid,
} from './value.ts'

const WRITE_DEPTH_MAX = 1_000
const WIDTH_DEFAULT = 100
/** Decimals with more zeros than that, or with nearly as many digits as readers take, are written with an exponent. */
const PLAIN_EXPONENT_MAX = 40

export type EdnWriteOptions = {
  /** Breaks collections that are wider than a line. */
  readonly pretty?: boolean
  readonly width?: number
}

/** The value as EDN text. */
export function writeEdn(value: Edn, options: EdnWriteOptions = {}): string {
  return options.pretty === true ? prettyText(value, 0, options.width ?? WIDTH_DEFAULT, 0) : text(value, 0)
}

function text(value: Edn, depth: number): string {
  if (typeof value !== 'object' || value === null || !isCollection(value)) return scalarText(value)
  if (depth > WRITE_DEPTH_MAX) throw limitExceeded('The value', 'levels', WRITE_DEPTH_MAX, undefined)
  if (value instanceof EdnMap) {
    let written = ''
    for (const [key, item] of value.entries) {
      written += `${written === '' ? '' : ', '}${text(key, depth + 1)} ${text(item, depth + 1)}`
    }
    return `{${written}}`
  }
  if (value instanceof Tagged) return `${tagText(value)} ${text(value.value, depth + 1)}`
  let written = ''
  for (const item of itemsOf(value)) written += `${written === '' ? '' : ' '}${text(item, depth + 1)}`
  return `${opening(value)}${written}${closing(value)}`
}

type Collection = readonly Edn[] | EdnList | EdnMap | EdnSet | Tagged

function isCollection(value: Edn & object): value is Collection {
  return (
    Array.isArray(value) ||
    value instanceof EdnMap ||
    value instanceof EdnList ||
    value instanceof EdnSet ||
    value instanceof Tagged
  )
}

function prettyText(value: Edn, indent: number, width: number, depth: number): string {
  const short = text(value, depth)
  if (indent + short.length <= width || typeof value !== 'object' || value === null) return short
  if (!isCollection(value) || value instanceof Tagged) return short
  const open = opening(value)
  const inner = indent + open.length
  const glue = `\n${' '.repeat(inner)}`
  if (value instanceof EdnMap) {
    const lines = value.entries.map(([key, item]) => {
      const keyText = text(key, depth + 1)
      return `${keyText} ${prettyText(item, inner + keyText.length + 1, width, depth + 1)}`
    })
    return `{${lines.join(glue)}}`
  }
  const lines = itemsOf(value).map((item) => prettyText(item, inner, width, depth + 1))
  return `${open}${lines.join(glue)}${closing(value)}`
}

function itemsOf(value: Exclude<Collection, EdnMap | Tagged>): readonly Edn[] {
  return value instanceof EdnList || value instanceof EdnSet ? value.items : value
}

function opening(value: Collection): string {
  if (Array.isArray(value)) return '['
  return value instanceof EdnList ? '(' : value instanceof EdnSet ? '#{' : '{'
}

function closing(value: Collection): string {
  return Array.isArray(value) ? ']' : value instanceof EdnList ? ')' : '}'
}

function scalarText(value: Exclude<Edn, Collection>): string {
  switch (typeof value) {
    case 'string':
      return stringText(value)
    case 'number':
      return Number.isInteger(value) ? integerText(value) : floatingText(value)
    case 'bigint':
      return value.toString()
    case 'boolean':
      return value ? 'true' : 'false'
    default:
      if (value === null) return 'nil'
      if (value instanceof Keyword) return keywordText(value)
      if (value instanceof EdnSymbol) return symbolText(value)
      return objectText(value)
  }
}

type ScalarObject = Double | Float | BigInteger | Decimal | Date | Uuid | Uri | Uint8Array

function objectText(value: ScalarObject): string {
  if (value instanceof Double) return floatingText(value.value)
  if (value instanceof Float)
    return `#float ${Number.isFinite(value.value) ? floatText(value.value) : floatingText(value.value)}`
  if (value instanceof BigInteger) return `${value.value}N`
  if (value instanceof Decimal) return `${decimalText(value)}M`
  if (value instanceof Date) return `#inst "${instantText(value).replace('Z', '-00:00')}"`
  if (value instanceof Uuid) return `#uuid "${value.text}"`
  if (value instanceof Uri) return `#uri ${stringText(value.text)}`
  return `#bytes "${base64(value)}"`
}

/** A finite decimal without the letter M. */
export function decimalText(value: Decimal): string {
  if (!value.isFinite()) throw valueUnwritable('A decimal is not finite', 'Check the arithmetic that made it')
  const isPlain =
    Math.abs(value.e ?? 0) <= PLAIN_EXPONENT_MAX && value.sd() <= NUMBER_DIGITS_MAX - PLAIN_EXPONENT_MAX
  return isPlain ? value.toFixed() : value.toExponential().toUpperCase()
}

function integerText(value: number): string {
  if (Number.isSafeInteger(value)) return String(value)
  throw valueUnwritable(
    `${value} is a plain number beyond 2^53, which may be no exact long`,
    'Use a bigint for a long, double(x) for a double',
  )
}

function floatingText(value: number): string {
  if (Number.isFinite(value)) return doubleText(value)
  return Number.isNaN(value) ? '##NaN' : value > 0 ? '##Inf' : '##-Inf'
}

function keywordText(value: Keyword): string {
  if (isKeywordText(value.text)) return `:${value.text}`
  throw valueUnwritable(
    `${shortened(`:${value.text}`)} is no keyword that can be read`,
    'Use names without blanks and brackets',
  )
}

function symbolText(value: EdnSymbol): string {
  if (isSymbolText(value.text)) return value.text
  throw valueUnwritable(
    `${shortened(value.text)} is no symbol that can be read`,
    'Use names without blanks and brackets',
  )
}

function tagText({ tag }: Tagged): string {
  if (isTagText(tag) && !BUILT_IN_TAGS.has(tag)) return `#${tag}`
  throw valueUnwritable(`#${shortened(tag)} is no tag of its own`, 'Use the value itself, or another tag')
}

const BUILT_IN_TAGS: ReadonlySet<string> = new Set(['inst', 'uuid', 'uri', 'bytes', 'float'])

const SPECIAL = /["\\\n\r\t\b\f]/
const EACH_SPECIAL = /["\\\n\r\t\b\f]/g
const ESCAPED: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
}

function stringText(value: string): string {
  if (!value.isWellFormed()) {
    throw valueUnwritable(
      'A string holds half of a surrogate pair',
      'Use whole characters, or the type bytes',
    )
  }
  return SPECIAL.test(value) ? `"${value.replace(EACH_SPECIAL, (c) => ESCAPED[c]!)}"` : `"${value}"`
}
