// Results as CSV by RFC 4180: a header, lines that end in CR LF, quotes where a text needs them. Nothing at all is
// nil, `""` is the empty text. Text is written as it is: what a spreadsheet takes for a formula is not altered
// (docs/reference/formats.md).

import type { Check } from '../base/batches.ts'
import type { Edn } from '../fact/value.ts'
import { type AnswerRows, RowReader } from '../plan/answer-rows.ts'
import type { Pieces } from './pieces.ts'
import { valueText } from './value-text.ts'

const BATCH_COUNT = 1_024
const NEEDS_QUOTES = /[",\r\n]/

export function writeCsv(names: readonly string[], rows: AnswerRows, pieces: Pieces, check: Check): void {
  const reader = new RowReader(rows, csvCell)
  pieces.addText(csvLine(names))
  for (let first = 0; first < rows.length; first += BATCH_COUNT) {
    check()
    const batch = reader.read(first, Math.min(rows.length, first + BATCH_COUNT))
    pieces.addText(`${batch.map((cells) => cells.join(',')).join('\r\n')}\r\n`)
  }
}

/** One line with its end. */
export function csvLine(row: readonly Edn[]): string {
  return `${row.map(csvCell).join(',')}\r\n`
}

function csvCell(value: Edn): string {
  const text = valueText(value)
  if (typeof value === 'number') return text
  if (text === '') return value === null ? '' : '""'
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
