// Saved queries as users see them: what is said of one when it is saved, how it is run by name, and what it must answer.

import type { ParameterType } from '../../query/saved-query.ts'
import type { Cursors, QueryRequest } from './interfaces.ts'
import type { Sources } from './attributes.ts'
import type { QueryForm } from './query.ts'

/** Values by the names of parameters; what is undefined is left out. */
export type RunArguments = { readonly [parameter: string]: unknown }

/** As of a request, and the version: the newest where it is left out. */
export type RunOptions = Omit<QueryRequest<Sources, string>, 'query' | 'args'> & { readonly version?: number }

export type QueryToSave = {
  /** EDN text, or the data form. */
  readonly query: string | QueryForm
  /** For `%` among its inputs: EDN text, or a list. */
  readonly rules?: string | readonly unknown[]
  /** The database that `$` means; `audit-*` for all whose names begin so, asked at once. */
  readonly database?: string
  /** Of its inputs; those left out take anything, and have to be given. */
  readonly parameters?: readonly ParameterToSave[]
  readonly doc?: string
  /** Who answers for it. */
  readonly owner?: string
  readonly tags?: readonly string[]
  /** What is new in this version. */
  readonly note?: string
}

export type ParameterToSave = {
  /** `id` of `?id`. */
  readonly name: string
  readonly type?: ParameterType
  readonly doc?: string
  readonly default?: unknown
}

export type SavedVersion = { readonly name: string; readonly version: number }

export type CheckedQuery = {
  readonly version: number
  /** Whether all do. */
  readonly holds: boolean
  readonly checks: readonly QueryCheck[]
}

/** An expectation, asked at its basis: `found` is what was answered, `error` why it could not be asked. */
export type QueryCheck = {
  readonly name: string
  readonly cursors: Cursors
  readonly expected: AnswerDigest
  readonly holds: boolean
  readonly found?: AnswerDigest
  readonly error?: { readonly code: string; readonly message: string }
}

export type AnswerDigest = { readonly resultHash: string; readonly rowCount: number }
