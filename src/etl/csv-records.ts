// CSV as people write it (RFC 4180 and its neighbours), taken apart record by record: any delimiter, quotes with
// doubled quotes and line ends inside, LF, CRLF or CR. What does not follow the grammar is one bad record, and
// the next line begins anew: a quote that is never closed costs its own line, not the rest of the file.

import { UNREADABLE_CHARACTER } from './read-text.ts'

export type CsvRecord = {
  readonly line: number
  readonly fields: readonly string[]
  /** What is wrong with it; `fields` then holds the text of the record alone. */
  readonly problem: string | undefined
}

/** A row of more characters is none: the file is something else. */
export const ROW_LENGTH_MAX = 16 << 20
/** A quoted field that is not closed within so many characters is taken for a stray quote. */
export const QUOTED_LENGTH_MAX = 1 << 20

const QUOTE = 0x22
const LF = 0x0a
const CR = 0x0d

/** A record in a text, and where the next one begins. */
type Found = {
  readonly fields: readonly string[]
  readonly end: number
  readonly lineCount: number
  readonly problem: string | undefined
}

export class CsvSplitter {
  readonly #delimiter: string
  readonly #delimiterCode: number
  #rest = ''
  #line = 1

  constructor(delimiter: string) {
    this.#delimiter = delimiter
    this.#delimiterCode = delimiter.charCodeAt(0)
  }

  /** Characters that wait for the end of their record. */
  get restLength(): number {
    return this.#rest.length
  }

  /** The records that end within what was given so far; all of them where it `isLast`. Blank lines are none. */
  split(chunk: string, isLast: boolean): CsvRecord[] {
    const text = this.#rest + chunk
    const isReadable = !text.includes(UNREADABLE_CHARACTER)
    const records: CsvRecord[] = []
    let at = 0
    while (at < text.length) {
      const line = this.#line
      const found = this.#record(text, at, isLast, isReadable)
      if (found === undefined) break
      this.#line += found.lineCount
      if (found.fields.length > 1 || found.fields[0] !== '' || found.problem !== undefined) {
        records.push({ line, fields: found.fields, problem: found.problem })
      }
      at = found.end
    }
    this.#rest = text.slice(at)
    return records
  }

  /** The record at `start`, undefined where it goes on beyond the text. */
  #record(text: string, start: number, isLast: boolean, isReadable: boolean): Found | undefined {
    const fields: string[] = []
    let lineCount = 1
    let at = start
    for (;;) {
      let end: number
      if (text.charCodeAt(at) === QUOTE) {
        const close = closingQuote(text, at)
        if (close < 0) {
          const isStray = isLast || text.length - at > QUOTED_LENGTH_MAX
          return isStray ? badLine(text, start, isLast, 'A quote is opened and never closed') : undefined
        }
        end = close + 1
        if (end === text.length && !isLast) return undefined
        const next = text.charCodeAt(end)
        if (end < text.length && next !== this.#delimiterCode && next !== LF && next !== CR) {
          return badLine(text, start, isLast, 'A quoted field goes on behind its closing quote')
        }
        lineCount += countLines(text, at + 1, close)
        const field = text.slice(at + 1, close)
        fields.push(field.includes('"') ? field.replaceAll('""', '"') : field)
      } else {
        end = fieldEnd(text, at, this.#delimiterCode)
        if (end === text.length && !isLast) return undefined
        fields.push(text.slice(at, end))
      }
      if (end < text.length && text.charCodeAt(end) === this.#delimiterCode) {
        at = end + 1
        continue
      }
      const after = lineEnd(text, end, isLast)
      if (after === undefined) return undefined
      if (isReadable || !fields.some((field) => field.includes(UNREADABLE_CHARACTER))) {
        return { fields, end: after, lineCount, problem: undefined }
      }
      const problem = 'The row holds bytes that are no text of this encoding'
      return { fields: [fields.join(this.#delimiter)], end: after, lineCount, problem }
    }
  }
}

/** The place of the quote that closes the one at `open`, −1 where there is none yet. */
function closingQuote(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 2)) {
    if (text.charCodeAt(at + 1) !== QUOTE) return at
  }
  return -1
}

function fieldEnd(text: string, start: number, delimiter: number): number {
  let at = start
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === delimiter || c === LF || c === CR) break
  }
  return at
}

/** Behind the line end at `at`; undefined where a CR is the last there is, since a LF may follow. */
function lineEnd(text: string, at: number, isLast: boolean): number | undefined {
  if (at === text.length) return at
  if (text.charCodeAt(at) !== CR) return at + 1
  if (at + 1 === text.length && !isLast) return undefined
  return text.charCodeAt(at + 1) === LF ? at + 2 : at + 1
}

function badLine(text: string, start: number, isLast: boolean, problem: string): Found | undefined {
  let end = start
  while (end < text.length && text.charCodeAt(end) !== LF && text.charCodeAt(end) !== CR) end++
  const after = end === text.length && !isLast ? undefined : lineEnd(text, end, isLast)
  return after === undefined
    ? undefined
    : { fields: [text.slice(start, end)], end: after, lineCount: 1, problem }
}

function countLines(text: string, start: number, end: number): number {
  let count = 0
  for (let at = start; at < end; at++) {
    const c = text.charCodeAt(at)
    if (c === LF || (c === CR && text.charCodeAt(at + 1) !== LF)) count++
  }
  return count
}

const DELIMITERS = [',', ';', '\t', '|'] as const
const SAMPLE_RECORD_COUNT_MAX = 50

/** The delimiter that cuts the first records into the most fields, the same number in each; a comma in doubt. */
export function sniffDelimiter(sample: string): string {
  let best = ','
  let bestScore = 0
  for (const delimiter of DELIMITERS) {
    const records = new CsvSplitter(delimiter).split(sample, false).slice(0, SAMPLE_RECORD_COUNT_MAX)
    const count = records[0]?.fields.length ?? 0
    if (count < 2) continue
    const alike = records.filter(({ fields }) => fields.length === count).length
    const score = (alike / records.length) ** 2 * count
    if (score > bestScore) {
      best = delimiter
      bestScore = score
    }
  }
  return best
}
