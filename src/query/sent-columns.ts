// Rows on their way between threads, column by column. What the structured clone keeps as it is goes as it is;
// keywords go as codes of a list of texts; a column of anything else as EDN text, which keeps every type. Parsing
// text row by row cost the receiving thread 4 ms per thousand rows; this costs a tenth (measured 2026-11-25). Columns of
// numbers stay such on the way, and those of few values are sent as codes.

import { type Check, inBatches } from '../base/batches.ts'
import { assert, unreachable } from '../base/assert.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { WRITTEN_BY_VARVE } from '../fact/limits.ts'
import { double, Double, type Edn, keyword, Keyword } from '../fact/value.ts'
import { type AnswerColumn, AnswerRows } from '../plan/answer-rows.ts'

export type SentColumns = {
  readonly rowCount: number
  readonly columns: readonly SentColumn[]
}

type SentColumn =
  | { readonly kind: 'numbers'; readonly numbers: Float64Array }
  | { readonly kind: 'coded'; readonly codes: Uint32Array<ArrayBuffer>; readonly values: SentColumn }
  | { readonly kind: 'plain'; readonly values: readonly Edn[] }
  | { readonly kind: 'double'; readonly values: Float64Array<ArrayBuffer> }
  | { readonly kind: 'keyword'; readonly texts: readonly string[]; readonly codes: Uint32Array<ArrayBuffer> }
  | { readonly kind: 'edn'; readonly text: string }

export function sendRows({ length, columns }: AnswerRows, check: Check): SentColumns {
  return { rowCount: length, columns: columns.map((column) => sendColumn(column, check)) }
}

export function receiveRows({ rowCount, columns }: SentColumns): AnswerRows {
  return new AnswerRows(rowCount, columns.map(receiveColumn))
}

function sendColumn(column: AnswerColumn, check: Check): SentColumn {
  check()
  switch (column.kind) {
    case 'values':
      return sendValues(column.values)
    case 'numbers':
      return { kind: 'numbers', numbers: sentNumbers(column.numbers) }
    case 'decoded':
      return sendValues(decoded(column.numbers, column.decode, check))
    case 'coded':
      return sendCoded(column.numbers, column.decode)
    default:
      return unreachable(column)
  }
}

/** Shared memory is sent as it is. What a view sees of another buffer would be sent with all of that: a copy instead. */
function sentNumbers(numbers: Float64Array): Float64Array {
  return numbers.buffer instanceof SharedArrayBuffer ? numbers : new Float64Array(numbers)
}

function decoded(numbers: Float64Array, decode: (number: number) => Edn, check: Check): readonly Edn[] {
  const values: Edn[] = []
  for (const [first, limit] of inBatches(numbers.length, check))
    for (let row = first; row < limit; row++) values.push(decode(numbers[row]!))
  return values
}

/** The codes that occur, numbered anew, and their values. */
function sendCoded(numbers: Float64Array, decode: (code: number) => Edn): SentColumn {
  const codeOf = new Map<number, number>()
  const codes = new Uint32Array(numbers.length)
  for (let row = 0; row < numbers.length; row++) {
    let code = codeOf.get(numbers[row]!)
    if (code === undefined) codeOf.set(numbers[row]!, (code = codeOf.size))
    codes[row] = code
  }
  return { kind: 'coded', codes, values: sendValues(Array.from(codeOf.keys(), decode)) }
}

function sendValues(values: readonly Edn[]): SentColumn {
  if (values.every(isPlain)) return { kind: 'plain', values }
  if (values.every((value) => value instanceof Keyword)) return sendKeywords(values)
  if (values.every(isDouble)) return { kind: 'double', values: Float64Array.from(values, numberOf) }
  return { kind: 'edn', text: writeEdn(values) }
}

function isPlain(value: Edn): boolean {
  return typeof value !== 'object' || value === null || value instanceof Date
}

function isDouble(value: Edn): value is number | Double {
  return value instanceof Double || (typeof value === 'number' && !Number.isInteger(value))
}

function numberOf(value: number | Double): number {
  return typeof value === 'number' ? value : value.value
}

function sendKeywords(values: readonly Keyword[]): SentColumn {
  const codeOf = new Map<Keyword, number>()
  const codes = new Uint32Array(values.length)
  values.forEach((value, row) => {
    let code = codeOf.get(value)
    if (code === undefined) codeOf.set(value, (code = codeOf.size))
    codes[row] = code
  })
  return { kind: 'keyword', texts: [...codeOf.keys()].map(({ text }) => text), codes }
}

function receiveColumn(column: SentColumn): AnswerColumn {
  switch (column.kind) {
    case 'numbers':
      return column
    case 'coded': {
      const values = receiveValues(column.values)
      return { kind: 'coded', numbers: Float64Array.from(column.codes), decode: (code) => values[code]! }
    }
    case 'double':
      return { kind: 'decoded', numbers: column.values, decode: double }
    case 'keyword': {
      const keywords = column.texts.map(keyword)
      return { kind: 'coded', numbers: Float64Array.from(column.codes), decode: (code) => keywords[code]! }
    }
    case 'plain':
    case 'edn':
      return { kind: 'values', values: receiveValues(column) }
    default:
      return unreachable(column)
  }
}

function receiveValues(column: SentColumn): readonly Edn[] {
  if (column.kind === 'plain') return column.values
  if (column.kind === 'edn') {
    const { value } = readEdn(column.text, WRITTEN_BY_VARVE)
    assert(Array.isArray(value), 'a column is sent as a vector')
    return value as readonly Edn[]
  }
  const received = receiveColumn(column)
  assert(
    received.kind === 'decoded' || received.kind === 'coded',
    'values are sent as they are or as numbers',
  )
  return Array.from(received.numbers, received.decode)
}
