// Results to stdout: a table on a terminal, else EDN; or what --output says.

import { writeEdn } from '../fact/edn-writer.ts'
import { writeJson } from '../fact/json-writer.ts'
import { type Edn, EdnMap, EdnSet } from '../fact/value.ts'

export const OUTPUT_FORMATS = ['table', 'json', 'edn', 'csv', 'ndjson'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** Width beyond which a cell of a table is cut. */
const CELL_WIDTH_MAX = 60

/** A result as text with a final line end. Rows are vectors of values; anything else is written as it is. */
export function formatResult(result: Edn, columns: readonly string[], format: OutputFormat): string {
  switch (format) {
    case 'json':
      return `${writeJson(result)}\n`
    case 'edn':
      return `${writeEdn(result)}\n`
    case 'ndjson':
      return itemsOf(result)
        .map((item) => `${writeJson(item)}\n`)
        .join('')
    case 'csv':
      return csv(rowsOf(result, columns), columns)
    case 'table':
      return isTabular(result)
        ? table(rowsOf(result, columns), headerOf(result, columns))
        : `${writeEdn(result, { pretty: true })}\n`
  }
}

function itemsOf(result: Edn): readonly Edn[] {
  if (result === null) return []
  if (result instanceof EdnSet) return result.items
  return Array.isArray(result) ? (result as readonly Edn[]) : [result]
}

function isTabular(result: Edn): boolean {
  return (
    Array.isArray(result) &&
    result.length > 0 &&
    result.every((item) => Array.isArray(item) || item instanceof EdnMap)
  )
}

function headerOf(result: Edn, columns: readonly string[]): readonly string[] {
  const [first] = itemsOf(result)
  return first instanceof EdnMap ? first.entries.map(([key]) => cell(key)) : columns
}

function rowsOf(result: Edn, columns: readonly string[]): readonly (readonly Edn[])[] {
  return itemsOf(result).map((item) => {
    if (item instanceof EdnMap) return item.entries.map(([, value]) => value)
    return Array.isArray(item) && columns.length !== 1
      ? (item as readonly Edn[])
      : Array.isArray(item)
        ? (item as readonly Edn[])
        : [item]
  })
}

/** A value as a person reads it: texts without quotes. */
function cell(value: Edn): string {
  if (value === null) return ''
  if (typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  return writeEdn(value)
}

export function table(rows: readonly (readonly Edn[])[], header: readonly string[]): string {
  const cells = rows.map((row) => row.map((value) => shortened(cell(value).replaceAll('\n', ' '))))
  const width = Math.max(header.length, ...cells.map((row) => row.length))
  const widths = Array.from({ length: width }, (_, i) =>
    Math.max((header[i] ?? '').length, ...cells.map((row) => (row[i] ?? '').length)),
  )
  const isNumeric = widths.map((_, i) =>
    rows.every((row) => typeof row[i] === 'number' || typeof row[i] === 'bigint'),
  )
  const line = (row: readonly string[]): string =>
    widths
      .map((w, i) => (isNumeric[i] ? (row[i] ?? '').padStart(w) : (row[i] ?? '').padEnd(w)))
      .join('  ')
      .trimEnd()
  const rule = widths
    .map((w) => '─'.repeat(w))
    .join('  ')
    .trimEnd()
  return [line(header), rule, ...cells.map(line)].join('\n') + '\n'
}

function shortened(text: string): string {
  return text.length > CELL_WIDTH_MAX ? `${text.slice(0, CELL_WIDTH_MAX - 1)}…` : text
}

function csv(rows: readonly (readonly Edn[])[], header: readonly string[]): string {
  const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  return [header, ...rows.map((row) => row.map(cell))]
    .map((row) => `${row.map(quoted).join(',')}\r\n`)
    .join('')
}
