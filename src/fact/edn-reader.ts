// EDN text to values, with the place of every element. It keeps its own stack instead of the machine's, so that
// no text, however deep, can break it; limits.ts says what it refuses. Metadata is read and dropped, `#_` too.
//
// With `recover`, a closing bracket that is one too many is left out, with a warning that points at it, if the
// text reads as a whole without it. Where it does not, the error is that of the text as it stands.

import { type Place, VarveError, type Warning } from '../base/errors.ts'
import { readAtom, readCharacter, readString, readSymbolic } from './edn-atoms.ts'
import { Doubles } from './doubles.ts'
import { isTerminating, tokenEnd } from './edn-scan.ts'
import { taggedValue } from './edn-tags.ts'
import {
  bracketRecovered,
  duplicateKey,
  ednBracket,
  ednSyntax,
  limitExceeded,
  stringIllFormed,
} from './errors.ts'
import { checkTextBytes, type Limits, limitsOf, type ReadOptions } from './limits.ts'
import { isSymbolText, isTagText } from './names.ts'
import { Places } from './places.ts'
import { SourceText } from './source-text.ts'
import { type Edn, EdnList, EdnMap, EdnSet, EdnSymbol, Keyword, keyword, symbol } from './value.ts'

export { Places } from './places.ts'

/** Strays that are left out of one text at most. */
const RECOVERED_COUNT_MAX = 8

export type EdnOptions = ReadOptions & {
  /** Leaves out closing brackets that are one too many, with a warning each. */
  readonly recover?: boolean
}

export type EdnRead<Result = Edn> = {
  readonly value: Result
  readonly places: Places
  readonly warnings: readonly Warning[]
}

/** Reads the one form that a text holds; throws a VarveError with a place. */
export function readEdn(text: string, options: EdnOptions = {}): EdnRead {
  const { forms, places, warnings } = read(text, options, true)
  return { value: forms[0]!, places, warnings }
}

/** Reads all forms of a text, none included; `places` finds them through `value`, their array. */
export function readAllEdn(text: string, options: EdnOptions = {}): EdnRead<readonly Edn[]> {
  const { forms, places, warnings } = read(text, options, false)
  return { value: forms, places, warnings }
}

type AllRead = {
  readonly forms: readonly Edn[]
  readonly places: Places
  readonly warnings: readonly Warning[]
}

/** A bracket that may be one too many, beside the error that it caused. */
class Stray {
  readonly offset: number
  readonly error: VarveError
  constructor(offset: number, error: VarveError) {
    this.offset = offset
    this.error = error
  }
}

function read(text: string, options: EdnOptions, isSingle: boolean): AllRead {
  const limits = limitsOf(options)
  checkTextBytes(text, limits.textBytesMax, options.source)
  const source = new SourceText(text, options.source, options.firstLine)
  if (!text.isWellFormed()) throw stringIllFormed(source.place(loneSurrogate(text)))
  const first = new Reader(source, limits, isSingle, []).readAll()
  if (!(first instanceof Stray)) return { ...first, warnings: [] }
  return (
    (options.recover === true ? recovered(source, limits, isSingle, first) : undefined) ?? fail(first.error)
  )
}

function recovered(source: SourceText, limits: Limits, isSingle: boolean, first: Stray): AllRead | undefined {
  const strays: number[] = []
  let stray = first
  while (strays.length < RECOVERED_COUNT_MAX) {
    strays.push(stray.offset)
    const attempt = attemptWithout(source, limits, isSingle, strays)
    if (attempt === undefined) return undefined
    if (attempt instanceof Stray) {
      stray = attempt
      continue
    }
    const warnings = strays.map((at) => bracketRecovered(source.text[at]!, source.place(at)))
    return { ...attempt, warnings }
  }
  return undefined
}

function attemptWithout(
  source: SourceText,
  limits: Limits,
  isSingle: boolean,
  strays: readonly number[],
): Omit<AllRead, 'warnings'> | Stray | undefined {
  try {
    return new Reader(source, limits, isSingle, strays).readAll()
  } catch (error) {
    // The meaning is not plain then; the caller reports the first error, which is about the text as it stands.
    if (error instanceof VarveError) return undefined
    throw error
  }
}

function fail(error: VarveError): never {
  throw error
}

function loneSurrogate(text: string): number {
  return /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(text)?.index ?? 0
}

type FrameKind = 'root' | 'vector' | 'list' | 'map' | 'set' | 'tag' | 'discard' | 'metadata'

/** Something begun and not yet finished. */
type Frame = {
  readonly kind: FrameKind
  readonly start: number
  /** The tag; for a map, the namespace of `#:ns{…}`. */
  readonly name: string
  readonly items: Edn[]
  /** Start and end of each item. */
  readonly spans: number[]
  /** What it became, and where that ended; not before it is finished. */
  collection: object
  end: number
}

const CLOSING: Readonly<Record<FrameKind, string>> = {
  root: '',
  vector: ']',
  list: ')',
  map: '}',
  set: '}',
  tag: '',
  discard: '',
  metadata: '',
}

class Reader {
  readonly #source: SourceText
  readonly #text: string
  readonly #limits: Limits
  readonly #isSingle: boolean
  readonly #strays: readonly number[]
  /** Finished collections, for the places. */
  readonly #recorded: Frame[] = []
  readonly #frames: Frame[] = []
  readonly #doubles = new Doubles()
  #top: Frame
  #at = 0
  #count = 0

  constructor(source: SourceText, limits: Limits, isSingle: boolean, strays: readonly number[]) {
    this.#source = source
    this.#text = source.text
    this.#limits = limits
    this.#isSingle = isSingle
    this.#strays = strays
    this.#top = frame('root', 0, '')
    this.#frames.push(this.#top)
  }

  readAll(): Omit<AllRead, 'warnings'> | Stray {
    const text = this.#text
    const length = text.length
    for (;;) {
      this.#skipBlank()
      const start = this.#at
      if (start >= length) break
      if (this.#isSingle && this.#top.kind === 'root' && this.#top.items.length === 1) {
        const stray = this.#trailing(start)
        if (stray !== undefined) return stray
        continue
      }
      const c = text.charCodeAt(start)
      switch (c) {
        case 0x5b: // [
          this.#open('vector', start, 1)
          break
        case 0x28: // (
          this.#open('list', start, 1)
          break
        case 0x7b: // {
          this.#open('map', start, 1)
          break
        case 0x5d: // ]
        case 0x29: // )
        case 0x7d: {
          // }
          const stray = this.#close(start)
          if (stray !== undefined) return stray
          break
        }
        case 0x22: {
          // "
          const { value, end } = readString(this.#source, start, this.#limits)
          this.#at = end
          this.#add(value, start)
          break
        }
        case 0x23: // #
          this.#dispatch(start)
          break
        case 0x5c: {
          // \
          const { value, end } = readCharacter(this.#source, start)
          this.#at = end
          this.#add(value, start)
          break
        }
        case 0x5e: // ^
          this.#open('metadata', start, 1)
          break
        default: {
          const end = tokenEnd(text, start)
          this.#at = end
          this.#add(readAtom(this.#source, start, end, this.#limits), start)
        }
      }
    }
    if (this.#top.kind !== 'root') throw this.#unclosed()
    const { items } = this.#top
    if (this.#isSingle && items.length === 0) {
      throw this.#syntax('The text holds no form', 'Write one, as in [:find ?e :where [?e :order/id]]', 0, 0)
    }
    this.#record(this.#top, items, length)
    return { forms: items, places: new Places(this.#source, this.#recorded) }
  }

  /** Blanks, commas, comments and the strays that are left out. */
  #skipBlank(): void {
    const text = this.#text
    for (;;) {
      const c = text.charCodeAt(this.#at)
      if (c === 0x20 || c === 0x0a || c === 0x2c || c === 0x0d || c === 0x09) {
        this.#at++
      } else if (c === 0x3b) {
        const end = text.indexOf('\n', this.#at)
        this.#at = end < 0 ? text.length : end + 1
      } else if ((c > 0x7f || c < 0x20) && isTerminating(c)) {
        this.#at++
      } else if (this.#strays.length > 0 && this.#strays.includes(this.#at)) {
        this.#at++
      } else return
    }
  }

  #open(kind: FrameKind, start: number, length: number, name = ''): void {
    if (this.#frames.length > this.#limits.depthMax) {
      const place = this.#source.place(start)
      throw limitExceeded('The text', 'levels of brackets and tags', this.#limits.depthMax, place)
    }
    this.#top = frame(kind, start, name)
    this.#frames.push(this.#top)
    this.#at = start + length
  }

  #close(at: number): Stray | undefined {
    const bracket = this.#text[at]!
    const top = this.#top
    const expected = CLOSING[top.kind]
    if (expected !== bracket) {
      if (expected === '' && top.kind !== 'root') throw this.#nothingAfter(top, at)
      return new Stray(at, top.kind === 'root' ? this.#surplus(at) : this.#mismatched(at, top))
    }
    this.#at = at + 1
    this.#frames.pop()
    this.#top = this.#frames.at(-1)!
    const collection = this.#collect(top)
    this.#record(top, collection, this.#at)
    this.#add(collection, top.start)
    return undefined
  }

  #collect({ kind, items, spans, start, name }: Frame): readonly Edn[] | EdnList | EdnMap | EdnSet {
    switch (kind) {
      case 'list':
        return new EdnList(items)
      case 'map':
        return this.#map(items, spans, start, name)
      case 'set': {
        const double = this.#doubles.first(items, 1)
        if (double >= 0) throw this.#double(spans, double, true)
        return new EdnSet(items)
      }
      default:
        return items
    }
  }

  #map(items: Edn[], spans: readonly number[], start: number, namespace: string): EdnMap {
    if (items.length % 2 === 1) {
      const last = items.length - 1
      throw this.#syntax(
        `The map that begins at line ${this.#source.place(start).line} has a key without a value`,
        'Write a value after every key',
        spans[2 * last]!,
        spans[2 * last + 1]!,
      )
    }
    if (namespace !== '') for (let i = 0; i < items.length; i += 2) items[i] = qualified(items[i]!, namespace)
    const double = this.#doubles.first(items, 2)
    if (double >= 0) throw this.#double(spans, double, false)
    const entries: [Edn, Edn][] = []
    for (let i = 0; i < items.length; i += 2) entries.push([items[i]!, items[i + 1]!])
    return new EdnMap(entries)
  }

  /** A value is finished: it belongs to what is open, and may finish that too. */
  #add(value: Edn, start: number): void {
    let finished = value
    let begin = start
    if (++this.#count > this.#limits.elementCountMax) {
      throw limitExceeded('The text', 'elements', this.#limits.elementCountMax, this.#source.place(start))
    }
    for (;;) {
      const top = this.#top
      if (top.kind === 'discard') {
        this.#pop()
        return
      }
      top.items.push(finished)
      top.spans.push(begin, this.#at)
      if (top.kind === 'tag') {
        this.#pop()
        finished = taggedValue(this.#source, top.name, top.start, finished, this.#at)
        begin = top.start
        if (typeof finished === 'object' && finished !== null) {
          this.#record(top, finished, this.#at)
        }
      } else if (top.kind === 'metadata' && top.items.length === 2) {
        this.#pop()
      } else return
    }
  }

  #record(frame: Frame, collection: object, end: number): void {
    frame.collection = collection
    frame.end = end
    this.#recorded.push(frame)
  }

  #pop(): void {
    this.#frames.pop()
    this.#top = this.#frames.at(-1)!
  }

  /** What begins with a hash: sets, discarded forms, ##Inf, namespaced maps, tags. */
  #dispatch(start: number): void {
    const text = this.#text
    switch (text[start + 1]) {
      case '{':
        return this.#open('set', start, 2)
      case '_':
        return this.#open('discard', start, 2)
      case '#': {
        const end = tokenEnd(text, start + 2)
        this.#at = end
        return this.#add(readSymbolic(this.#source, start, end), start)
      }
      case ':': {
        const end = tokenEnd(text, start + 2)
        const namespace = text.slice(start + 2, end)
        if (!isSymbolText(namespace) || namespace.includes('/') || text[end] !== '{') {
          throw this.#syntax('A namespaced map is begun here', 'Write it as in #:order{:id 1}', start, end)
        }
        return this.#open('map', start, end + 1 - start, namespace)
      }
      default: {
        const end = tokenEnd(text, start + 1)
        const tag = text.slice(start + 1, end)
        if (!isTagText(tag)) {
          const shown = this.#source.shown(start, Math.max(end, start + 2))
          throw this.#syntax(
            `${shown} is no tag`,
            'After # stands a tag (#inst "…"), a set (#{…}) or a form to leave out (#_ …); code is not data',
            start,
            Math.max(end, start + 2),
          )
        }
        return this.#open('tag', start, end - start, tag)
      }
    }
  }

  /** Something after the one form; the blank is skipped already. */
  #trailing(start: number): Stray | undefined {
    const text = this.#text
    const c = text[start]!
    const [formStart, formEnd] = this.#top.spans as [number, number]
    if (c === '#' && text[start + 1] === '_') {
      this.#open('discard', start, 2)
      return undefined
    }
    if (c === ']' || c === ')' || c === '}') return new Stray(start, this.#surplus(start))
    const shown = this.#source.shown(start, Math.max(tokenEnd(text, start), start + 1))
    const begun = this.#source.place(formStart)
    const error = this.#syntax(
      `The form begun at line ${begun.line}, column ${begun.column} is finished, and ${shown} follows`,
      'Write one form alone; look for a bracket that closes too early',
      start,
      start + shown.length,
    )
    // A bracket that closes too early leaves its own partner over at the end of the text.
    const closing = text[formEnd - 1]!
    const isClosing = closing === ']' || closing === ')' || closing === '}'
    if (!isClosing || !text.trimEnd().endsWith(closing)) throw error
    return new Stray(formEnd - 1, error)
  }

  #unclosed(): VarveError {
    const open = this.#frames.findLast(({ kind }) => CLOSING[kind] !== '')
    const top = this.#top
    if (open === undefined || top.start > open.start) return this.#nothingAfter(top, this.#text.length)
    const bracket = this.#bracketOf(open)
    const place = this.#source.place(open.start)
    return ednBracket(
      `The ${bracket} opened at ${where(place)} is never closed`,
      `Write a ${CLOSING[open.kind]} where it should end`,
      place,
      bracket,
      { bracket, place },
    )
  }

  #mismatched(at: number, top: Frame): VarveError {
    const closing = this.#text[at]!
    const bracket = this.#bracketOf(top)
    const place = this.#source.place(at)
    const opened = this.#source.place(top.start)
    return ednBracket(
      `The ${closing} at ${where(place)} does not close the ${bracket} opened at ${where(opened)}`,
      `Write ${CLOSING[top.kind]} to close ${bracket}, or delete one of the two`,
      place,
      closing,
      { bracket, place: opened },
    )
  }

  #surplus(at: number): VarveError {
    const closing = this.#text[at]!
    const place = this.#source.place(at)
    const message = `The ${closing} at ${where(place)} closes nothing`
    return ednBracket(message, `Delete that ${closing}`, place, closing, undefined)
  }

  #nothingAfter({ kind, start, name }: Frame, at: number): VarveError {
    const begun =
      kind === 'tag' ? `The tag #${name}` : kind === 'discard' ? 'The discard mark #_' : 'The metadata mark ^'
    const place = this.#source.place(start)
    return ednSyntax(
      `${begun} has no form after it`,
      `Write a form after it, before ${at < this.#text.length ? this.#text[at] : 'the end'}`,
      place,
      this.#source.shown(start, Math.min(at, start + name.length + 2)),
    )
  }

  #double(spans: readonly number[], index: number, isSet: boolean): VarveError {
    const start = spans[2 * index]!
    const shown = this.#source.shown(start, spans[2 * index + 1]!)
    return duplicateKey(shown, isSet, this.#source.place(start))
  }

  #bracketOf({ kind, start, name }: Frame): string {
    if (kind === 'set') return '#{'
    return name === '' ? this.#text[start]! : `#:${name}{`
  }

  #syntax(message: string, fix: string, start: number, end: number): VarveError {
    return ednSyntax(message, fix, this.#source.place(start), this.#source.shown(start, end))
  }
}

function frame(kind: FrameKind, start: number, name: string): Frame {
  const items: Edn[] = []
  return { kind, start, name, items, spans: [], collection: items, end: start }
}

function where({ line, column }: Place): string {
  return `line ${line}, column ${column}`
}

/** A key of `#:ns{…}`: names without a namespace take it, `_` stands for none. */
function qualified(key: Edn, namespace: string): Edn {
  if (key instanceof Keyword) {
    if (key.namespace === null) return keyword(`${namespace}/${key.name}`)
    return key.namespace === '_' ? keyword(key.name) : key
  }
  if (!(key instanceof EdnSymbol)) return key
  if (!key.text.includes('/')) return symbol(`${namespace}/${key.text}`)
  return key.text.startsWith('_/') ? symbol(key.text.slice(2)) : key
}
