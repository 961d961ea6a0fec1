// JSON text to a tree that keeps what JSON.parse loses: 2 and 2.0 apart, 64-bit longs, keys in their order and
// none twice, no key with a meaning of its own (`__proto__`), and where everything stands.

import type { Place, VarveError } from '../base/errors.ts'
import {
  Complaint,
  duplicateKey,
  jsonSyntax,
  limitExceeded,
  numberUnreadable,
  stringIllFormed,
} from './errors.ts'
import { checkTextBytes, type Limits, limitsOf, type ReadOptions } from './limits.ts'
import { parseDouble, parseLong } from './number-text.ts'
import { SourceText } from './source-text.ts'
import type { Edn } from './value.ts'

/** Where a node stands; undefined for nodes that were made of JavaScript values. */
export type NodeOrigin = { readonly source: SourceText; readonly start: number } | undefined

export type JsonNode =
  | { readonly kind: 'null'; readonly origin: NodeOrigin }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly origin: NodeOrigin }
  /** A long as number or bigint, a double as number or Double. */
  | { readonly kind: 'number'; readonly value: Edn; readonly origin: NodeOrigin }
  | { readonly kind: 'string'; readonly value: string; readonly origin: NodeOrigin }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[]; readonly origin: NodeOrigin }
  | { readonly kind: 'object'; readonly entries: readonly JsonEntry[]; readonly origin: NodeOrigin }

/** `keyStart` is the offset of the key. */
export type JsonEntry = { readonly key: string; readonly keyStart: number; readonly value: JsonNode }

/** Reads the one JSON value that a text holds; throws a VarveError with line, column and path. */
export function readJson(text: string, options: ReadOptions = {}): JsonNode {
  const limits = limitsOf(options)
  checkTextBytes(text, limits.textBytesMax, options.source)
  return new Reader(new SourceText(text, options.source, options.firstLine), limits).readAll()
}

type Frame =
  | { readonly kind: 'array'; readonly start: number; readonly items: JsonNode[] }
  | {
      readonly kind: 'object'
      readonly start: number
      readonly entries: JsonEntry[]
      /** The keys of a large object; a small one is searched. */
      keys: Set<string> | undefined
      key: string
      keyStart: number
    }

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const TOKEN = /[^\s,:[\]{}"]*/y
const HEX4 = /^[0-9A-Fa-f]{4}$/
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

/** Whole numbers of so many digits are safe integers. */
const SAFE_DIGIT_COUNT = 15
/** Objects up to this size are searched key by key. */
const SMALL_COUNT = 8

class Reader {
  readonly #source: SourceText
  readonly #text: string
  readonly #limits: Limits
  readonly #frames: Frame[] = []
  #at = 0
  #count = 0

  constructor(source: SourceText, limits: Limits) {
    this.#source = source
    this.#text = source.text
    this.#limits = limits
    if (this.#text.charCodeAt(0) === 0xfeff) this.#at = 1
  }

  readAll(): JsonNode {
    for (;;) {
      const begun = this.#value()
      if (begun === undefined) continue
      let finished = begun
      // A finished value may finish what it stands in, and that the next.
      for (;;) {
        const top = this.#frames.at(-1)
        if (top === undefined) return this.#end(finished)
        if (top.kind === 'array') top.items.push(finished)
        else top.entries.push({ key: top.key, keyStart: top.keyStart, value: finished })
        this.#skipBlank()
        const c = this.#text[this.#at]
        if (c === ',') {
          this.#at++
          if (top.kind === 'object') this.#key(top)
          break
        }
        if (c !== (top.kind === 'array' ? ']' : '}')) throw this.#unclosed(top)
        this.#at++
        finished = this.#pop(top)
      }
    }
  }

  /** A scalar or an empty collection; undefined where a collection was opened. */
  #value(): JsonNode | undefined {
    this.#skipBlank()
    const start = this.#at
    if (++this.#count > this.#limits.elementCountMax) {
      throw limitExceeded('The text', 'elements', this.#limits.elementCountMax, this.#place(start))
    }
    const origin = { source: this.#source, start }
    switch (this.#text[start]) {
      case '"':
        return { kind: 'string', value: this.#string(), origin }
      case '[': {
        const frame: Frame = { kind: 'array', start, items: [] }
        return this.#open(frame, ']') ? undefined : this.#pop(frame)
      }
      case '{': {
        const frame: Frame = { kind: 'object', start, entries: [], keys: undefined, key: '', keyStart: 0 }
        if (!this.#open(frame, '}')) return this.#pop(frame)
        this.#key(frame)
        return undefined
      }
      case 't':
        return this.#word('true', { kind: 'boolean', value: true, origin })
      case 'f':
        return this.#word('false', { kind: 'boolean', value: false, origin })
      case 'n':
        return this.#word('null', { kind: 'null', origin })
      case undefined:
        throw this.#syntax('A JSON value is missing at the end of the text', 'Write the value', start)
      default:
        return { kind: 'number', value: this.#number(), origin }
    }
  }

  /** Enters a collection; false where it is empty, and then behind its end. */
  #open(frame: Frame, closing: string): boolean {
    if (this.#frames.length >= this.#limits.depthMax) {
      throw limitExceeded('The text', 'levels of brackets', this.#limits.depthMax, this.#place(frame.start))
    }
    this.#frames.push(frame)
    this.#at++
    this.#skipBlank()
    if (this.#text[this.#at] !== closing) return true
    this.#at++
    return false
  }

  #pop(frame: Frame): JsonNode {
    this.#frames.pop()
    const origin = { source: this.#source, start: frame.start }
    return frame.kind === 'array'
      ? { kind: 'array', items: frame.items, origin }
      : { kind: 'object', entries: frame.entries, origin }
  }

  #key(frame: Extract<Frame, { kind: 'object' }>): void {
    this.#skipBlank()
    const start = this.#at
    if (this.#text[start] !== '"')
      throw this.#syntax('A key is missing here', 'Write keys in double quotes', start)
    const key = this.#string()
    if (hasKey(frame, key)) throw duplicateKey(JSON.stringify(key), false, this.#place(start))
    frame.key = key
    frame.keyStart = start
    this.#skipBlank()
    if (this.#text[this.#at] !== ':')
      throw this.#syntax('A colon is missing here', 'Write "key": value', this.#at)
    this.#at++
  }

  #string(): string {
    const text = this.#text
    const start = this.#at
    let from = start + 1
    let value = ''
    for (let at = from; ; at++) {
      const c = text.charCodeAt(at)
      if (c === 0x22) {
        value += text.slice(from, at)
        this.#at = at + 1
        break
      }
      if (c === 0x5c) {
        const plain = ESCAPES.get(text[at + 1] ?? '')
        const digits = text.slice(at + 2, at + 6)
        if (plain === undefined && !(text[at + 1] === 'u' && HEX4.test(digits))) {
          throw this.#syntax(
            'This is no escape',
            'Escapes are \\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hexadecimal digits',
            at,
          )
        }
        value += text.slice(from, at) + (plain ?? String.fromCharCode(parseInt(digits, 16)))
        from = at + (plain === undefined ? 6 : 2)
        at = from - 1
      } else if (at >= text.length) {
        throw this.#syntax('The string begun here is never closed', 'Write a " where it should end', start)
      } else if (c < 0x20) {
        throw this.#syntax('A control character stands in a string', 'Write it as an escape, as in \\n', at)
      }
    }
    if (value.length > this.#limits.stringLengthMax) {
      throw limitExceeded('The string', 'characters', this.#limits.stringLengthMax, this.#place(start))
    }
    if (!value.isWellFormed()) throw stringIllFormed(this.#place(start))
    return value
  }

  #number(): Edn {
    return this.#shortInteger() ?? this.#anyNumber()
  }

  /** The common case, without a pattern: digits that make a safe integer, and then the end of the token. */
  #shortInteger(): number | undefined {
    const text = this.#text
    const isNegative = text.charCodeAt(this.#at) === 0x2d
    const first = isNegative ? this.#at + 1 : this.#at
    let value = 0
    let at = first
    let c = text.charCodeAt(at)
    for (; c >= 0x30 && c <= 0x39 && at - first < SAFE_DIGIT_COUNT; c = text.charCodeAt(++at)) {
      value = value * 10 + (c - 0x30)
    }
    const isEnd = c === 0x2c || c === 0x5d || c === 0x7d || c === 0x0a || at === text.length
    const hasLeadingZero = at > first + 1 && text.charCodeAt(first) === 0x30
    if (!isEnd || at === first || hasLeadingZero) return undefined
    this.#at = at
    // Taken from 0, so that −0 is the long that it is.
    return isNegative ? 0 - value : value
  }

  #anyNumber(): Edn {
    const start = this.#at
    NUMBER.lastIndex = start
    const match = NUMBER.exec(this.#text)
    const end = this.#tokenEnd(start)
    if (match === null || start + match[0].length !== end) {
      const shown = this.#source.shown(start, Math.max(end, start + 1))
      throw this.#syntax(
        `${shown} is no JSON value`,
        'Write a number, a "string", true, false, null, […] or {…}',
        start,
      )
    }
    const [token, fraction, exponent] = match
    this.#at = end
    if (token.length > this.#limits.numberDigitsMax) {
      throw limitExceeded('The number', 'digits', this.#limits.numberDigitsMax, this.#place(start))
    }
    const value = fraction === undefined && exponent === undefined ? parseLong(token) : parseDouble(token)
    if (value instanceof Complaint) {
      throw numberUnreadable(value, this.#place(start), this.#source.shown(start, end))
    }
    return value
  }

  #word(word: string, node: JsonNode): JsonNode {
    const start = this.#at
    const end = this.#tokenEnd(start)
    if (this.#text.slice(start, end) !== word) {
      const shown = this.#source.shown(start, end)
      throw this.#syntax(`${shown} is no JSON value`, 'Write text in double quotes', start)
    }
    this.#at = end
    return node
  }

  #tokenEnd(start: number): number {
    TOKEN.lastIndex = start
    return start + (TOKEN.exec(this.#text)?.[0].length ?? 0)
  }

  #end(root: JsonNode): JsonNode {
    this.#skipBlank()
    if (this.#at < this.#text.length) {
      throw this.#syntax('Something follows the JSON value', 'Send one value alone', this.#at)
    }
    return root
  }

  #unclosed(top: Frame): VarveError {
    const bracket = top.kind === 'array' ? '[' : '{'
    const { line, column } = this.#place(top.start)
    const missing = top.kind === 'array' ? 'a comma or ]' : 'a comma or }'
    return this.#syntax(
      `The ${bracket} opened at line ${line}, column ${column} goes on without ${missing}`,
      `Write ${missing} here`,
      this.#at,
      { bracket, place: this.#place(top.start) },
    )
  }

  #skipBlank(): void {
    const text = this.#text
    for (;;) {
      const c = text.charCodeAt(this.#at)
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return
      this.#at++
    }
  }

  #place(offset: number): Place {
    const path = this.#frames.map((frame) => (frame.kind === 'array' ? frame.items.length : frame.key))
    return { ...this.#source.place(offset), path }
  }

  #syntax(message: string, fix: string, at: number, opened?: { bracket: string; place: Place }): VarveError {
    return jsonSyntax(message, fix, this.#place(at), this.#source.shown(at, at + 20), opened)
  }
}

/** Whether an object has this key already. */
function hasKey(frame: Extract<Frame, { kind: 'object' }>, key: string): boolean {
  const { entries } = frame
  if (entries.length < SMALL_COUNT) {
    for (let i = 0; i < entries.length; i++) if (entries[i]!.key === key) return true
    return false
  }
  frame.keys ??= new Set(entries.map((entry) => entry.key))
  const isKnown = frame.keys.has(key)
  frame.keys.add(key)
  return isKnown
}
