// Rows on their way between threads, column by column. What the structured clone keeps as it is goes as it is;
// keywords go as codes of a list of texts; a column of anything else as EDN text, which keeps every type. Parsing
// text row by row cost the receiving thread 4 ms per thousand rows; this costs a tenth (measured 2026-11-25).

import { assert } from '../base/assert.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { WRITTEN_BY_VARVE } from '../fact/limits.ts'
import { double, Double, type Edn, keyword, Keyword } from '../fact/value.ts'

export type SentColumns = {
  readonly rowCount: number
  readonly columns: readonly SentColumn[]
}

type SentColumn =
  | { readonly kind: 'plain'; readonly values: readonly Edn[] }
  | { readonly kind: 'double'; readonly values: Float64Array<ArrayBuffer> }
  | { readonly kind: 'keyword'; readonly texts: readonly string[]; readonly codes: Uint32Array<ArrayBuffer> }
  | { readonly kind: 'edn'; readonly text: string }

export function sendRows(rows: readonly (readonly Edn[])[]): SentColumns {
  const width = rows[0]?.length ?? 0
  const columns = Array.from({ length: width }, (_, place) => sendColumn(rows, place))
  return { rowCount: rows.length, columns }
}

export function receiveRows({ rowCount, columns }: SentColumns): readonly (readonly Edn[])[] {
  const received = columns.map(receiveColumn)
  const rows: Edn[][] = []
  for (let row = 0; row < rowCount; row++) rows.push(received.map((values) => values[row]!))
  return rows
}

function sendColumn(rows: readonly (readonly Edn[])[], place: number): SentColumn {
  const values = rows.map((row) => row[place]!)
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

function receiveColumn(column: SentColumn): readonly Edn[] {
  switch (column.kind) {
    case 'plain':
      return column.values
    case 'double':
      return Array.from(column.values, double)
    case 'keyword': {
      const keywords = column.texts.map(keyword)
      return Array.from(column.codes, (code) => keywords[code]!)
    }
    case 'edn': {
      const { value } = readEdn(column.text, WRITTEN_BY_VARVE)
      assert(Array.isArray(value), 'a column is sent as a vector')
      return value as readonly Edn[]
    }
  }
}
