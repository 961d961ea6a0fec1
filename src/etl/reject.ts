// Why one row was not imported. A reject carries the code, the words and the row as it stood; the import goes on.

import { writeJson } from '../fact/json-writer.ts'
import { type Edn, EdnMap } from '../fact/value.ts'

export type RowComplaint = { readonly code: string; readonly message: string }

export type Reject = RowComplaint & {
  /** Place in the order in which rows are applied, from 0. */
  readonly ordinal: number
  /** Line of the file, or row number where a file has no lines; from 1. */
  readonly line: number
  /** The row as it stood: text, or cells by column. */
  readonly row: Edn
}

/** Ragged, not JSON, quotes that do not match: the row cannot be taken apart. */
export function rowMalformed(message: string): RowComplaint {
  return { code: 'varve.error/row-malformed', message }
}

/** A cell that its column's type cannot hold. */
export function cellInvalid(message: string): RowComplaint {
  return { code: 'varve.error/cell-invalid', message }
}

/** A row that does not say who it is about, or when it was known. */
export function rowUnplaced(message: string): RowComplaint {
  return { code: 'varve.error/row-unplaced', message }
}

/** One line of a rejects file. */
export function rejectLine({ ordinal, line, code, message, row }: Reject): string {
  const entries: [Edn, Edn][] = [
    ['line', line],
    ['code', code],
    ['message', message],
    ['row', row],
    ['ordinal', ordinal],
  ]
  return `${writeJson(new EdnMap(entries))}\n`
}
