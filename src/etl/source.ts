// Where rows come from: a file that can be read from its beginning as often as somebody asks. CSV and JSON lines
// stand beside this file; Parquet is read by an adapter, in a process of its own.

import type { ValueType } from '../fact/attribute.ts'
import type { Edn } from '../fact/value.ts'
import type { RowComplaint } from './reject.ts'

/** What a row holds of one column: text of CSV, a value of a file that has types; undefined for nothing. */
export type Cell = Edn | undefined

/** A row that could not be taken apart, as its text. */
export type MalformedRow = { readonly complaint: RowComplaint; readonly text: string }

/** Rows that follow one another, as columns. */
export type RowBatch = {
  /** Line of the file on which each row begins, or the row's number; from 1. */
  readonly lines: readonly number[]
  /** A place for each row in each column; columns that none of these rows has may be missing at the end. */
  readonly columns: readonly (readonly Cell[])[]
  /** By row; their cells hold nothing. */
  readonly malformed: ReadonlyMap<number, MalformedRow>
  /** How much of the file was read when these were made, for a progress bar. */
  readonly position: number
}

/** What types may be read out of a cell: `text` means all, since CSV knows text alone. */
export type CellTyping = 'text' | 'json' | 'typed'

export type SourceColumn = {
  readonly name: string
  /** Where the file itself says it. */
  readonly type?: ValueType
  readonly isMany?: boolean
}

export interface RowSource extends AsyncDisposable {
  /** For the person who watches: "CSV, separated by commas". */
  readonly about: string
  readonly typing: CellTyping
  /** In order. JSON lines learn theirs as rows are read: complete after one reading of all rows. */
  readonly columns: readonly SourceColumn[]
  /** What `position` of the last batch comes to. */
  readonly extent: number
  rows(): AsyncIterable<RowBatch>
  /** Of a file that says its types itself: how many rows it holds, counted by reading all of it. Broken files are refused. */
  countRows?(): Promise<number>
}
