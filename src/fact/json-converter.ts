// The conversion of one tree of JSON or JavaScript values: collections, their places, and the objects with one key
// that begins with #, for values that JSON has no notation for. What strings and arrays mean by where they stand
// is the business of json-clauses.ts.

import type { Place } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { Doubles } from './doubles.ts'
import type { FormEntry, FormNode } from './data-node.ts'
import { floatFrom } from './edn-tags.ts'
import { Complaint, duplicateKey, literalInvalid } from './errors.ts'
import type { Limits } from './limits.ts'
import {
  BYTES_FIX,
  INSTANT_FIX,
  instantFromMs,
  parseBytes,
  parseInstant,
  parseUri,
  parseUuid,
  URI_FIX,
  UUID_FIX,
} from './literals.ts'
import { isKeywordText, isSymbolText, isTagText } from './names.ts'
import { parseBigInteger, parseDecimal, parseLong } from './number-text.ts'
import { shortened } from './source-text.ts'
import {
  BigInteger,
  double,
  type Edn,
  EdnList,
  EdnMap,
  EdnSet,
  type Keyword,
  keyword,
  numberType,
  symbol,
  Tagged,
  toDouble,
} from './value.ts'

/**
 * What a piece of JSON stands for. `value`: strings are strings. `form`: strings may be symbols and keywords.
 * `arguments`: inputs of a query. `instant`: a moment or a t. The others are what they are called.
 */
export type FormMode =
  | 'value'
  | 'form'
  | 'query'
  | 'rules'
  | 'pattern'
  | 'transaction'
  | 'schema'
  | 'arguments'
  | 'instant'

/** From collections made of JSON text to what they were made of; nothing is kept for JavaScript values. */
const origins = new WeakMap<object, FormNode>()

/**
 * Where child `index` of a collection stood in JSON text; children of a map count as key, value, key, value.
 * Undefined for collections of other origin.
 */
export function jsonPlaceOf(collection: object, index: number): Place | undefined {
  const node = origins.get(collection)
  if (node?.kind === 'array') return placeOfNode(node.items[index])
  if (node?.kind !== 'object') return undefined
  const entry = node.entries[index >> 1]
  return index % 2 === 1 ? placeOfNode(entry?.value) : entry && node.origin?.source.place(entry.keyStart)
}

function placeOfNode(node: FormNode | undefined): Place | undefined {
  return node?.origin?.source.place(node.origin.start)
}

export type Convert = (node: FormNode) => Edn

const ESCAPES = [
  '#kw',
  '#sym',
  '#str',
  '#inst',
  '#uuid',
  '#uri',
  '#bytes',
  '#long',
  '#bigint',
  '#bigdec',
  '#float',
  '#double',
  '#set',
  '#list',
  '#map',
  '#tag',
]
const DOUBLE = /^-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,4})?$/
const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
])

/** The conversion of one tree; knows the path of where it is. */
export class Converter {
  readonly #limits: Limits
  readonly #path: (string | number)[] = []
  readonly #doubles = new Doubles()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Strings are strings; keys that begin with a colon are keywords. */
  readonly value: Convert = (node) => this.tree(node, (text) => text, keyName, this.value)

  /** Strings that begin with `? $ % :` and lone `_ * . ...` are symbols and keywords. */
  readonly form: Convert = (node) => this.tree(node, formString, formString, this.form)

  /** A whole tree; `strings` and `keys` say what texts mean, `convert` how what is inside is read. */
  tree(node: FormNode, strings: (text: string) => Edn, keys: (text: string) => Edn, convert: Convert): Edn {
    switch (node.kind) {
      case 'null':
        return null
      case 'boolean':
      case 'number':
      case 'value':
        return node.value
      case 'string':
        return strings(node.value)
      case 'array':
        return this.vector(node, this.items(node.items, convert))
      case 'set':
        return this.#set(node, convert)
      case 'map':
        return this.pairs(node.pairs, convert, convert)
      case 'object':
        return this.escape(node, convert) ?? this.map(node, keys, () => convert)
    }
  }

  items(nodes: readonly FormNode[], convert: Convert, from = 0): Edn[] {
    const items: Edn[] = []
    for (let i = from; i < nodes.length; i++) items.push(this.step(i, nodes[i]!, convert))
    return items
  }

  step(key: string | number, node: FormNode, convert: Convert): Edn {
    this.#path.push(key)
    const converted = convert(node)
    this.#path.pop()
    return converted
  }

  /** Remembers where a collection came from. */
  made<Made extends object>(collection: Made, node: FormNode): Made {
    if (node.origin !== undefined) origins.set(collection, node)
    return collection
  }

  vector(node: FormNode, items: readonly Edn[]): readonly Edn[] {
    return this.made(items, node)
  }

  list(node: FormNode, items: readonly Edn[]): EdnList {
    return this.made(new EdnList(items), node)
  }

  /** An object that is no escape. */
  map(
    node: Extract<FormNode, { kind: 'object' }>,
    keys: (text: string) => Edn,
    convertOf: (key: string) => Convert,
  ): EdnMap {
    const entries = node.entries.map(({ key, value }): [Edn, Edn] => [
      keys(key),
      this.step(key, value, convertOf(key)),
    ])
    this.#refuseDoubles(
      entries.map(([key]) => key),
      false,
      (index) => ({ ...node.origin?.source.place(node.entries[index]!.keyStart), path: [...this.#path] }),
    )
    return this.made(new EdnMap(entries), node)
  }

  pairs(
    pairs: readonly (readonly [FormNode, FormNode])[],
    convertKey: Convert,
    convertValue: Convert,
  ): EdnMap {
    const entries = pairs.map(([key, value], index): [Edn, Edn] => [
      this.step(index, key, convertKey),
      this.step(index, value, convertValue),
    ])
    this.#refuseDoubles(
      entries.map(([key]) => key),
      false,
      (index) => this.place(pairs[index]![0]),
    )
    return new EdnMap(entries)
  }

  /** The value of an object with one key that begins with #; undefined for any other object. */
  escape(node: Extract<FormNode, { kind: 'object' }>, convert: Convert): Edn | undefined {
    const [entry, second] = node.entries
    if (entry === undefined || second !== undefined || !entry.key.startsWith('#')) return undefined
    const value = this.#escaped(entry, convert)
    if (value instanceof Complaint) throw this.refused(value, node, entry)
    return value
  }

  place(node: FormNode): Place {
    return { ...placeOfNode(node), path: [...this.#path] }
  }

  refused(complaint: Complaint, node: FormNode, entry?: FormEntry): Error {
    const { value } = entry ?? { value: node }
    const text = value.kind === 'string' ? value.value : value.kind
    return literalInvalid(complaint, this.place(node), shortened(entry ? `${entry.key} ${text}` : text))
  }

  #escaped({ key, value: node }: FormEntry, convert: Convert): Edn | Complaint {
    if (node.kind === 'array') {
      const read = this.#escapedItems(key, node, convert)
      if (read !== undefined) return read
    }
    const text = node.kind === 'string' ? node.value : undefined
    const number = node.kind === 'number' || node.kind === 'value' ? node.value : null
    switch (key) {
      case '#str':
        return text ?? no(key, 'Write text: {"#str": "?x"}')
      case '#kw':
        return (text === undefined ? undefined : keywordFrom(text)) ?? no(key, 'Write {"#kw": "order/id"}')
      case '#sym':
        return text !== undefined && isSymbolText(text) ? symbol(text) : no(key, 'Write {"#sym": "?x"}')
      case '#inst':
        if (typeof number === 'number') return instantFromMs(number) ?? no(key, INSTANT_FIX)
        return parsed(text, parseInstant) ?? no(key, INSTANT_FIX)
      case '#uuid':
        return parsed(text, parseUuid) ?? no(key, UUID_FIX)
      case '#uri':
        return parsed(text, parseUri) ?? no(key, URI_FIX)
      case '#bytes':
        return parsed(text, parseBytes) ?? no(key, BYTES_FIX)
      default:
        return this.#escapedNumber(key, text, number)
    }
  }

  #escapedNumber(key: string, text: string | undefined, number: Edn): Edn | Complaint {
    const isLong = numberType(number) === 'long'
    switch (key) {
      case '#long': {
        if (isLong) return number
        const whole = text === undefined ? no(key, LONG_FIX) : parseBigInteger(text, this.#limits)
        return whole instanceof Complaint ? whole : parseLong(whole.value.toString())
      }
      case '#bigint':
        if (isLong) return new BigInteger(BigInt(number as number | bigint))
        return text === undefined
          ? no(key, 'Write digits: {"#bigint": "12"}')
          : parseBigInteger(text, this.#limits)
      case '#bigdec': {
        const digits = text ?? (numberType(number) === undefined ? '' : plainNumber(number))
        return parseDecimal(digits, this.#limits)
      }
      case '#double': {
        const given = text === undefined ? number : doubleFromText(text)
        if (given === undefined || numberType(given) === undefined) return no(key, DOUBLE_FIX)
        return double(toDouble(given))
      }
      case '#float':
        return floatFrom((text === undefined ? number : doubleFromText(text)) ?? null) ?? no(key, DOUBLE_FIX)
      default: {
        const meant = nearest(key, ESCAPES)
        const fix = 'For a map whose only key begins with # write {"#map": [[key, value]]}'
        return new Complaint(
          `${shortened(key)} is no notation of Varve's JSON`,
          meant ? `Did you mean ${meant}? ${fix}` : fix,
        )
      }
    }
  }

  #escapedItems(
    key: string,
    node: Extract<FormNode, { kind: 'array' | 'set' }>,
    convert: Convert,
  ): Edn | Complaint | undefined {
    switch (key) {
      case '#set':
        return this.#set(node, convert)
      case '#list':
        return this.list(node, this.items(node.items, convert))
      case '#map': {
        const pairs = node.items.map((pair) =>
          pair.kind === 'array' && pair.items.length === 2 ? pair.items : undefined,
        )
        if (pairs.includes(undefined)) return no(key, 'Write pairs: {"#map": [[key, value], …]}')
        return this.pairs(pairs as [FormNode, FormNode][], convert, convert)
      }
      case '#tag': {
        const [tag, content] = node.items
        if (
          tag?.kind !== 'string' ||
          !isTagText(tag.value) ||
          content === undefined ||
          node.items.length > 2
        ) {
          return no(key, 'Write {"#tag": ["tempid", "a"]}')
        }
        return new Tagged(tag.value, this.step(1, content, convert))
      }
      default:
        return undefined
    }
  }

  #set(node: Extract<FormNode, { kind: 'array' | 'set' }>, convert: Convert): EdnSet {
    const items = this.items(node.items, convert)
    this.#refuseDoubles(items, true, (index) => this.place(node.items[index]!))
    return this.made(new EdnSet(items), node)
  }

  #refuseDoubles(items: readonly Edn[], isSet: boolean, placeOf: (index: number) => Place): void {
    const index = this.#doubles.first(items, 1)
    if (index >= 0) throw duplicateKey(shortened(String(items[index])), isSet, placeOf(index))
  }
}

const LONG_FIX = 'Write digits: {"#long": "9007199254740993"}'
const DOUBLE_FIX = 'Write a number, "NaN", "Infinity" or "-Infinity"'

function no(key: string, fix: string): Complaint {
  return new Complaint(`${key} holds something that it cannot be made of`, fix)
}

/** Digits, or what JSON has no number for. */
function doubleFromText(text: string): number | undefined {
  const value = DOUBLE.test(text) ? Number(text) : undefined
  return value !== undefined && Number.isFinite(value) ? value : NOT_FINITE.get(text)
}

function parsed<Parsed>(
  text: string | undefined,
  parse: (text: string) => Parsed | undefined,
): Parsed | undefined {
  return text === undefined ? undefined : parse(text)
}

function plainNumber(number: Edn): string {
  return typeof number === 'bigint' ? String(number) : String(toDouble(number))
}

/** The keyword that a text names, with its colon or without. */
export function keywordFrom(text: string): Edn | undefined {
  const name = text.startsWith(':') ? text.slice(1) : text
  return isKeywordText(name) ? keyword(name) : undefined
}

/** Texts of keywords that are known by heart, since programs send the same few again and again. */
const KNOWN_TEXT_COUNT_MAX = 1_024
const KNOWN_TEXT_LENGTH_MAX = 100
const knownTexts = new Map<string, Keyword>()

/** A text that begins with a colon is the keyword it names, if it names one; any other is itself. */
export function keyName(text: string): Edn {
  if (!text.startsWith(':')) return text
  const known = knownTexts.get(text)
  if (known !== undefined) return known
  if (!isKeywordText(text.slice(1))) return text
  const named = keyword(text.slice(1))
  if (knownTexts.size >= KNOWN_TEXT_COUNT_MAX) knownTexts.clear()
  if (text.length <= KNOWN_TEXT_LENGTH_MAX) knownTexts.set(text, named)
  return named
}

/** A text as it stands in a query, a pattern or a rule. */
export function formString(text: string): Edn {
  switch (text[0]) {
    case ':':
      return keyName(text)
    case '?':
    case '$':
    case '%':
      return isSymbolText(text) ? symbol(text) : text
    case '_':
    case '*':
    case '.':
      return text.length === 1 || text === '...' ? symbol(text) : text
    default:
      return text
  }
}
