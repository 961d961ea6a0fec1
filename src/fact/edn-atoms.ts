// What stands alone in EDN text: names, numbers, strings, characters, ##Inf.

import {
  Complaint,
  ednSyntax,
  limitExceeded,
  literalInvalid,
  numberUnreadable,
  stringIllFormed,
} from './errors.ts'
import { tokenEnd } from './edn-scan.ts'
import type { Limits } from './limits.ts'
import { isKeywordText, isSymbolText } from './names.ts'
import { parseNumber } from './number-text.ts'
import type { SourceText } from './source-text.ts'
import { type Edn, type EdnSymbol, type Keyword, keyword, symbol } from './value.ts'

type Read<Result> = { readonly value: Result; readonly end: number }

/** Names seen before need no second look; names repeat all the time. Bounded, and only short ones. */
const KNOWN_COUNT_MAX = 4_096
const KNOWN_LENGTH_MAX = 64
const known = new Map<string, Keyword | EdnSymbol>()

/** A keyword, a symbol, a number, nil, true or false. */
export function readAtom(source: SourceText, start: number, end: number, limits: Limits): Edn {
  const { text } = source
  if (end === start) throw unexpected(source, start)
  const first = text.charCodeAt(start)
  if (isDigit(first) || ((first === 0x2b || first === 0x2d) && isDigit(text.charCodeAt(start + 1)))) {
    const token = text.slice(start, end)
    const number = parseNumber(token, limits)
    if (number instanceof Complaint) {
      throw numberUnreadable(number, source.place(start), source.shown(start, end))
    }
    return number
  }
  const token = text.slice(start, end)
  const name = known.get(token)
  if (name !== undefined) return name
  if (first === 0x3a) {
    if (!isKeywordText(token.slice(1))) throw noKeyword(source, start, end)
    return remember(token, keyword(token.slice(1)))
  }
  switch (token) {
    case 'nil':
      return null
    case 'true':
      return true
    case 'false':
      return false
    default:
      if (!isSymbolText(token)) throw noSymbol(source, start, end)
      return remember(token, symbol(token))
  }
}

export function readString(source: SourceText, start: number, limits: Limits): Read<string> {
  const { text } = source
  let from = start + 1
  let value = ''
  for (let at = from; ; at++) {
    const c = text.charCodeAt(at)
    if (c === 0x22) {
      value = value === '' ? text.slice(from, at) : value + text.slice(from, at)
      if (value.length > limits.stringLengthMax) {
        throw limitExceeded('The string', 'characters', limits.stringLengthMax, source.place(start))
      }
      // Only an escape can have brought in half of a pair: the text itself was checked.
      if (from !== start + 1 && !value.isWellFormed()) throw stringIllFormed(source.place(start))
      return { value, end: at + 1 }
    }
    if (c === 0x5c) {
      const { value: escaped, end } = readEscape(source, at)
      value += text.slice(from, at) + escaped
      from = end
      at = end - 1
    } else if (at >= text.length) {
      throw ednSyntax(
        'The string begun here is never closed',
        'Write a " where it should end; a " inside is written \\"',
        source.place(start),
        source.shown(start, text.length),
      )
    }
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['t', '\t'],
  ['r', '\r'],
  ['n', '\n'],
  ['b', '\b'],
  ['f', '\f'],
  ['\\', '\\'],
  ['"', '"'],
])

function readEscape(source: SourceText, at: number): Read<string> {
  const letter = source.text[at + 1] ?? ''
  const plain = ESCAPES.get(letter)
  if (plain !== undefined) return { value: plain, end: at + 2 }
  const digits = source.text.slice(at + 2, at + 6)
  if (letter === 'u' && HEX4.test(digits)) {
    return { value: String.fromCharCode(parseInt(digits, 16)), end: at + 6 }
  }
  throw ednSyntax(
    `${source.shown(at, at + 2)} is no escape`,
    'Escapes are \\t \\r \\n \\b \\f \\\\ \\" and \\u with four hexadecimal digits',
    source.place(at),
    source.shown(at, at + 2),
  )
}

const HEX4 = /^[0-9A-Fa-f]{4}$/
const CHARACTERS: ReadonlyMap<string, string> = new Map([
  ['newline', '\n'],
  ['return', '\r'],
  ['space', ' '],
  ['tab', '\t'],
  ['backspace', '\b'],
  ['formfeed', '\f'],
])

/** `\a`, `\newline`, `\u0041`: a string of one character. */
export function readCharacter(source: SourceText, start: number): Read<string> {
  const { text } = source
  const first = text.codePointAt(start + 1)
  if (first !== undefined && first > 0x20) {
    const character = String.fromCodePoint(first)
    const end = tokenEnd(text, start + 1 + character.length)
    const name = text.slice(start + 1, end)
    if (name === character) return { value: character, end }
    const named = CHARACTERS.get(name)
    if (named !== undefined) return { value: named, end }
    if (name.length === 5 && name[0] === 'u' && HEX4.test(name.slice(1))) {
      const value = String.fromCharCode(parseInt(name.slice(1), 16))
      if (!value.isWellFormed()) throw stringIllFormed(source.place(start))
      return { value, end }
    }
  }
  const shown = source.shown(start, Math.max(start + 1, tokenEnd(text, start + 1)))
  throw ednSyntax(
    `${shown} is no character`,
    'Write \\a, \\newline, \\return, \\space, \\tab or \\u0041',
    source.place(start),
    shown,
  )
}

/** ##Inf, ##-Inf and ##NaN. */
export function readSymbolic(source: SourceText, start: number, end: number): number {
  switch (source.text.slice(start, end)) {
    case '##Inf':
      return Infinity
    case '##-Inf':
      return -Infinity
    case '##NaN':
      return NaN
    default: {
      const shown = source.shown(start, end)
      throw ednSyntax(`${shown} is no value`, 'Write ##Inf, ##-Inf or ##NaN', source.place(start), shown)
    }
  }
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39
}

function remember(token: string, name: Keyword | EdnSymbol): Keyword | EdnSymbol {
  if (token.length <= KNOWN_LENGTH_MAX) {
    if (known.size >= KNOWN_COUNT_MAX) known.clear()
    known.set(token, name)
  }
  return name
}

function noKeyword(source: SourceText, start: number, end: number): Error {
  const shown = source.shown(start, end)
  const fix = shown.startsWith('::')
    ? `Write the namespace out, as in :order/${shown.slice(2)}`
    : 'Write :name or :namespace/name'
  return literalInvalid(new Complaint(`${shown} is no keyword`, fix), source.place(start), shown)
}

function noSymbol(source: SourceText, start: number, end: number): Error {
  const shown = source.shown(start, end)
  if (shown.startsWith("'")) {
    return ednSyntax('A quote is code, not data', "Leave the ' out", source.place(start), shown)
  }
  const fix = shown.endsWith(':')
    ? `Keywords begin with the colon: :${shown.slice(0, -1)}`
    : 'Write name or namespace/name'
  return ednSyntax(`${shown} is no symbol`, fix, source.place(start), shown)
}

function unexpected(source: SourceText, at: number): Error {
  const character = String.fromCodePoint(source.text.codePointAt(at)!)
  return ednSyntax(
    `${JSON.stringify(character)} begins no form`,
    'Delete it: EDN is data, without the reader marks of code',
    source.place(at),
    character,
  )
}
