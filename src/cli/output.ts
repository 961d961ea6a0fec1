// Results to stdout: a table on a terminal, else EDN; or what --output says.

import { writeEdn } from '../fact/edn-writer.ts'
import { writeJson } from '../fact/json-writer.ts'
import { type Edn, EdnMap, EdnSet, keyOf } from '../fact/value.ts'
import { csvLine } from '../query/written-csv.ts'
import { cutToWidth, textWidth } from './text-width.ts'

export const OUTPUT_FORMATS = ['table', 'json', 'edn', 'csv', 'ndjson'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** What the result of a query is written in. */
export const QUERY_OUTPUT_FORMATS = [...OUTPUT_FORMATS, 'arrow'] as const
export type QueryOutputFormat = (typeof QUERY_OUTPUT_FORMATS)[number]

/** Width beyond which a cell of a table is cut, and to which cells are cut at least where the table is too wide. */
const CELL_WIDTH_MAX = 60
const CELL_WIDTH_MIN = 8
const GAP = '  '

type Rows = { readonly header: readonly string[]; readonly rows: readonly (readonly Edn[])[] }

export type TableOptions = {
  /** Cells are cut so that a line of a table fits. */
  readonly widthMax?: number
}

/** A result as text with a final line end. `columns` are the names of a query's find, if it was one. */
export function formatResult(
  result: Edn,
  columns: readonly string[],
  format: OutputFormat,
  options: TableOptions = {},
): string {
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
      return formatTable(result, columns, options)
  }
}

function formatTable(result: Edn, columns: readonly string[], options: TableOptions): string {
  if (columns.length > 0 || isRowLike(result)) {
    const { header, rows } = rowsOf(result, columns)
    return rows.length === 0 ? `${table(rows, header)}(no rows)\n` : table(rows, header, options)
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

export function table(
  rows: readonly (readonly Edn[])[],
  header: readonly string[],
  { widthMax = Infinity }: TableOptions = {},
): string {
  const cells = rows.map((row) => row.map(tableCell))
  const columnCount = cells.reduce((count, row) => Math.max(count, row.length), header.length)
  const wanted = Array.from({ length: columnCount }, (_, i) =>
    cells.reduce((widest, row) => Math.max(widest, textWidth(row[i] ?? '')), textWidth(header[i] ?? '')),
  )
  const widths = fitted(wanted, widthMax)
  const isNumeric = widths.map((_, i) =>
    rows.every((row) => typeof row[i] === 'number' || typeof row[i] === 'bigint'),
  )
  const padded = (text: string, i: number): string => {
    const shown = cutToWidth(text, widths[i]!)
    const blanks = ' '.repeat(widths[i]! - textWidth(shown))
    return isNumeric[i] ? blanks + shown : shown + blanks
  }
  const line = (row: readonly string[]): string =>
    widths
      .map((_, i) => padded(row[i] ?? '', i))
      .join(GAP)
      .trimEnd()
  const rule = widths
    .map((width) => '─'.repeat(width))
    .join(GAP)
    .trimEnd()
  return [line(header), rule, ...cells.map(line)].join('\n') + '\n'
}

/** The widths of columns, the widest made narrower until all fit, or none can give any more. */
function fitted(wanted: readonly number[], widthMax: number): readonly number[] {
  const widths = [...wanted]
  let surplus = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - widthMax
  while (surplus > 0) {
    const widest = Math.max(...widths)
    if (widest <= CELL_WIDTH_MIN) break
    widths[widths.indexOf(widest)] = widest - 1
    surplus--
  }
  return widths
}

/** One line without what could steer a terminal, cut where it is wide. */
function tableCell(value: Edn): string {
  const text = value instanceof Date ? cell(value).replace('.000Z', 'Z') : cell(value)
  return cutToWidth(text.replaceAll(/\p{Cc}/gu, ' '), CELL_WIDTH_MAX)
}

function csv({ header, rows }: Rows): string {
  return [header, ...rows].map(csvLine).join('')
}
