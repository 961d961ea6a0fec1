// Rows that go to DuckDB along with a question, as columns.

import { writeEdn } from '../../fact/edn-writer.ts'
import type { Edn } from '../../fact/value.ts'
import { kindOfValues, type SqlKind, toWire } from './kinds.ts'
import type { SentColumn, SentTable } from './protocol.ts'

export function sentTable(
  name: string,
  rowCount: number,
  columns: readonly { readonly name: string; readonly kind: SqlKind; readonly values: readonly Edn[] }[],
): SentTable {
  return {
    name,
    rowCount,
    columns: columns.map(({ name: column, kind, values }): SentColumn =>
      kind === 'any'
        ? { name: column, kind, text: writeEdn(values) }
        : { name: column, kind, cells: values.map((value) => toWire(kind, value)) },
    ),
  }
}

/** Rows that came with the question, with columns `p0`, `p1` …, each of the kind that suits its values. */
export function sentRows(name: string, rows: readonly (readonly Edn[])[], columnCount: number): SentTable {
  const columns = Array.from({ length: columnCount }, (_, place) => {
    const values = rows.map((row) => row[place]!)
    return { name: `p${place}`, kind: kindOfValues(values), values }
  })
  return sentTable(name, rows.length, columns)
}
