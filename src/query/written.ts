// An answer as the bytes that leave: written where the query ran, from its columns, so that the thread that takes
// transactions only passes bytes on. Beside them goes the hash by which answers are compared.

import type { Check } from '../base/batches.ts'
import type { Warning } from '../base/errors.ts'
import type { Answer, Column } from '../plan/engine.ts'
import type { Query } from '../plan/syntax.ts'
import { Pieces } from './pieces.ts'
import { resultHash } from './result-hash.ts'
import { writeArrow } from './written-arrow.ts'
import { writeCsv } from './written-csv.ts'
import { writeLines, writeNotation } from './written-values.ts'

/** What requests and answers are written in as a whole. */
export type Notation = 'json' | 'edn'

/**
 * What a result is written in: as one value (json, edn), value by value on lines of their own (ndjson), or as a table
 * (csv, arrow: a stream of record batches).
 */
export const FORMATS = ['json', 'edn', 'ndjson', 'csv', 'arrow'] as const
export type Format = (typeof FORMATS)[number]

export type WrittenAnswer = {
  readonly columns: readonly Column[]
  /** The result in the shape of the find: one piece behind the other, each with a buffer of its own. */
  readonly pieces: readonly Uint8Array<ArrayBuffer>[]
  readonly rowCount: number
  readonly isTruncated: boolean
  /** `sha256:…`, equal for equal answers (result-hash.ts). */
  readonly resultHash: string
  /** Who answered. */
  readonly engine: string
  readonly warnings: readonly Warning[]
}

export type WriteOptions = {
  readonly format: Format
  readonly engine: string
  readonly bytesMax: number
  /** Called between batches: throws where nobody waits for the answer any more. */
  readonly check: Check
}

/** Throws `varve.error/answer-too-large` beyond `bytesMax`. */
export function writeAnswer(query: Query, answer: Answer, options: WriteOptions): WrittenAnswer {
  const { columns, rows, isTruncated, warnings } = answer
  const { format, engine, bytesMax, check } = options
  const pieces = new Pieces(bytesMax)
  writeResultIn(format, query, answer, pieces, check)
  return {
    columns,
    pieces: pieces.all(),
    rowCount: rows.length,
    isTruncated,
    resultHash: resultHash(query, answer, check),
    engine,
    warnings,
  }
}

/** The result alone, into `pieces`. */
export function writeResultIn(
  format: Format,
  query: Query,
  answer: Answer,
  pieces: Pieces,
  check: Check,
): void {
  switch (format) {
    case 'json':
    case 'edn':
      return writeNotation(query, answer, format, pieces, check)
    case 'ndjson':
      return writeLines(query, answer, pieces, check)
    case 'csv':
      return writeCsv(tableNames(query, answer.columns), answer.rows, pieces, check)
    case 'arrow': {
      const names = tableNames(query, answer.columns)
      const columns = answer.columns.map(({ type }, place) => ({ name: names[place]!, type }))
      return writeArrow(columns, answer.rows, pieces, check)
    }
  }
}

/** The names of a table's columns: the keys of return maps, else the elements of the find as they are written. */
function tableNames({ returnKeys }: Query, columns: readonly Column[]): readonly string[] {
  return returnKeys?.names ?? columns.map(({ name }) => name)
}
