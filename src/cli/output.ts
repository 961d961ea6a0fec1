// Results to stdout: a table on a terminal, else EDN; or what --output says.

import { writeEdn } from '../fact/edn-writer.ts'
import { writeJson } from '../fact/json-writer.ts'
import { type Edn, EdnMap, EdnSet, keyOf } from '../fact/value.ts'

export const OUTPUT_FORMATS = ['table', 'json', 'edn', 'csv', 'ndjson'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** Width beyond which a cell of a table is cut. */
const CELL_WIDTH_MAX = 60

type Rows = { readonly header: readonly string[]; readonly rows: readonly (readonly Edn[])[] }

/** A result as text with a final line end. `columns` are the names of a query's find, if it was one. */
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
      return csv(rowsOf(result, columns))
    case 'table':
      return formatTable(result, columns)
  }
}

function formatTable(result: Edn, columns: readonly string[]): string {
  if (columns.length > 0 || isRowLike(result)) {
    const { header, rows } = rowsOf(result, columns)
    return rows.length === 0 ? `${table(rows, header)}(no rows)\n` : table(rows, header)
  }
  return `${writeEdn(result, { pretty: true })}\n`
}

function isRowLike(result: Edn): boolean {
  const items = itemsOf(result)
  return Array.isArray(result) && items.length > 0 && items.every((item) => item instanceof EdnMap)
}

function itemsOf(result: Edn): readonly Edn[] {
  if (result === null) return []
  if (result instanceof EdnSet) return result.items
  return Array.isArray(result) ? (result as readonly Edn[]) : [result]
}

/** Any result as rows: those of a relation, maps by their keys, one row for a tuple, one column for a collection. */
function rowsOf(result: Edn, columns: readonly string[]): Rows {
  const items = itemsOf(result)
  if (items.length > 0 && items.every((item) => item instanceof EdnMap)) return rowsOfMaps(items)
  const isRelation = items.every((item) => Array.isArray(item) && item.length === columns.length)
  if (isRelation) return { header: columns, rows: items as readonly (readonly Edn[])[] }
  if (columns.length > 1 && items.length === columns.length) return { header: columns, rows: [items] }
  return { header: columns.length === 0 ? ['value'] : columns, rows: items.map((item) => [item]) }
}

/** Maps may lack keys that others have, as those of pull do. */
function rowsOfMaps(maps: readonly EdnMap[]): Rows {
  const keys = new Map(maps.flatMap(({ entries }) => entries.map(([key]) => [keyOf(key), key] as const)))
  return {
    header: [...keys.values()].map(cell),
    rows: maps.map((map) => {
      const values = new Map(map.entries.map(([key, value]) => [keyOf(key), value]))
      return [...keys.keys()].map((key) => values.get(key) ?? null)
    }),
  }
}

/** A value as a person reads it: texts without quotes, nothing for nil. */
function cell(value: Edn): string {
  if (value === null) return ''
  if (typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  return writeEdn(value)
}

export function table(rows: readonly (readonly Edn[])[], header: readonly string[]): string {
  const cells = rows.map((row) => row.map(tableCell))
  const width = Math.max(header.length, ...cells.map((row) => row.length))
  const widths = Array.from({ length: width }, (_, i) =>
    cells.reduce((widest, row) => Math.max(widest, (row[i] ?? '').length), (header[i] ?? '').length),
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

function tableCell(value: Edn): string {
  const text = value instanceof Date ? cell(value).replace('.000Z', 'Z') : cell(value)
  const oneLine = text.replaceAll(/[\r\n\t]/g, ' ')
  return oneLine.length > CELL_WIDTH_MAX ? `${oneLine.slice(0, CELL_WIDTH_MAX - 1)}…` : oneLine
}

function csv({ header, rows }: Rows): string {
  return [header, ...rows].map(csvLine).join('')
}

export function csvLine(row: readonly Edn[]): string {
  const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  return `${row.map((value) => quoted(cell(value))).join(',')}\r\n`
}
