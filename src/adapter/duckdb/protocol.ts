// What the engine and the process that runs DuckDB say to each other: one question at a time goes over as tables,
// statements and a query; the answer comes back part by part, as fast as it is taken.

import type { ErrorData } from '../../base/errors.ts'
import type { Binding } from '../../plan/syntax.ts'
import type { SqlKind, Wire } from './kinds.ts'

export type SentColumn =
  | { readonly name: string; readonly kind: Exclude<SqlKind, 'any'>; readonly cells: readonly Wire[] }
  /** Values of several types, as a vector in EDN. */
  | { readonly name: string; readonly kind: 'any'; readonly text: string }

export type SentTable = {
  readonly name: string
  readonly rowCount: number
  readonly columns: readonly SentColumn[]
}

/** An argument of a call: what SQL hands over at a place, one of the question's constants, or another call. */
export type SentArgument =
  | { readonly kind: 'column'; readonly place: number; readonly of: SqlKind }
  | { readonly kind: 'constant'; readonly index: number }
  | { readonly kind: 'call'; readonly call: SentCall }

/** A call of one of Varve's functions from SQL. */
export type SentCall = { readonly name: string; readonly args: readonly SentArgument[] }

export type SqlStep =
  | { readonly kind: 'run'; readonly sql: string }
  /**
   * Runs its steps again and again until the tables do not grow any more. In their text `round` stands for the number
   * of the round, which begins at 1.
   */
  | {
      readonly kind: 'repeat'
      readonly round: string
      readonly tables: readonly string[]
      readonly steps: readonly SqlStep[]
    }

export type SqlProgram = {
  readonly tables: readonly SentTable[]
  /** A vector in EDN. */
  readonly constants: string
  readonly calls: readonly SentCall[]
  /** The form of `:in` by which a call's result is taken apart, by the number of the call. */
  readonly bindings: readonly (Binding | undefined)[]
  readonly steps: readonly SqlStep[]
  readonly query: string
  /** Goes on after a call failed, to know whether all fail alike. */
  readonly isExact: boolean
  /** Of the columns of the query. */
  readonly kinds: readonly SqlKind[]
}

export type SqlSettings = {
  readonly memoryBytesMax: number
  readonly diskBytesMax: number
  readonly threadCount: number
  /** For what does not fit in memory; removed when the process ends. */
  readonly folder: string
}

export type SqlRequest =
  | { readonly kind: 'ask'; readonly id: number; readonly program: SqlProgram }
  | { readonly kind: 'next'; readonly id: number }
  | { readonly kind: 'cancel'; readonly id: number }

/** Why a question was not answered. */
export type SqlFailure =
  /** A function failed on some row, or a number grew out of its type. */
  | {
      readonly kind: 'row'
      readonly message: string
      /** The error of the call that failed, and its number; undefined where there is none, or there are several. */
      readonly error: { readonly data: ErrorData; readonly call: number } | undefined
    }
  | { readonly kind: 'memory'; readonly message: string }
  | { readonly kind: 'interrupted' }
  /** Nothing that a question can be to blame for. */
  | { readonly kind: 'fault'; readonly message: string }

/** Cells of one column of a part of the answer. */
export type SentCells =
  | { readonly kind: 'numbers'; readonly numbers: Float64Array }
  | { readonly kind: 'cells'; readonly cells: readonly Wire[] }
  /** Values of several types, as a vector in EDN. */
  | { readonly kind: 'edn'; readonly text: string }

export type SqlMessage =
  /** DuckDB could not be started. */
  | { readonly kind: 'unopened'; readonly isDriverMissing: boolean; readonly message: string }
  | {
      readonly kind: 'rows'
      readonly id: number
      readonly rowCount: number
      readonly columns: readonly SentCells[]
    }
  | { readonly kind: 'end'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: SqlFailure }
