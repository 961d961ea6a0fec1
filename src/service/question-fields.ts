// What every question may say beside what it asks: its moment, and its bounds.

import type { T } from '../fact/attribute.ts'
import { type Edn, EdnMap, Keyword } from '../fact/value.ts'
import type { AskRequest } from '../query/ask.ts'
import type { MomentRequest } from '../query/moment.ts'
import type { RequestParts } from '../query/parsed.ts'
import type { Asking } from './answer-result.ts'
import type { Fields } from './body.ts'
import { fieldInvalid } from './errors.ts'
import { countOf, textOf } from './route.ts'

export const MOMENT_FIELDS = {
  asOf: {
    type: ['string', 'integer', 'object'],
    about: 'an instant for all databases, or a t where one is asked',
  },
  cursors: { type: 'object', about: 'a t for each database, as an answer gives them under basis' },
} as const

export const BOUND_FIELDS = {
  timeoutMs: { type: 'integer', about: 'milliseconds after which the query is given up' },
  memoryBytes: { type: 'integer', about: 'memory that the query may hold while it runs' },
  limit: { type: 'integer', about: 'rows to keep, the first in the total order' },
  engine: { type: 'string', about: 'who answers: auto, native or duckdb' },
} as const

type Bounds = Pick<AskRequest, 'limit' | 'timeoutMs' | 'memoryBytes' | 'engine'>

/** What the fields say goes before what stands beside the query in a request map. */
export function boundsOf(fields: Fields, parts: Partial<RequestParts> = {}): Bounds {
  const limit = countOf(fields, 'limit') ?? parts.limit
  const timeoutMs = countOf(fields, 'timeoutMs', 0) ?? parts.timeoutMs
  const memoryBytes = countOf(fields, 'memoryBytes') ?? parts.memoryBytes
  const engine = textOf(fields, 'engine') ?? parts.engine
  return {
    ...(limit !== undefined && { limit }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(engine !== undefined && { engine }),
  }
}

export function pinnedBy({ asOf, cursors }: MomentRequest): Pick<Asking, 'isPinned' | 'asOf'> {
  return { isPinned: asOf !== undefined || cursors !== undefined, asOf }
}

/** The moment that the fields say; `otherwise` as of which where they do not. */
export function momentOf(fields: Fields, otherwise?: Date | T): MomentRequest {
  const asOf = fields.form('asOf', 'instant') ?? otherwise
  const cursors = fields.form('cursors', 'value')
  if (asOf !== undefined && !(asOf instanceof Date) && !isT(asOf)) {
    throw fieldInvalid('asOf', 'an instant or a t')
  }
  return {
    ...(asOf !== undefined && { asOf }),
    ...(cursors !== undefined && { cursors: cursorsOf(cursors) }),
  }
}

function cursorsOf(cursors: Edn): Readonly<Record<string, T>> {
  if (!(cursors instanceof EdnMap)) throw fieldInvalid('cursors', 'a map from database to t')
  const ts: Record<string, T> = {}
  for (const [key, t] of cursors.entries) {
    const name = key instanceof Keyword ? key.text : key
    if (typeof name !== 'string' || !isT(t)) throw fieldInvalid('cursors', 'a map from database to t')
    ts[name] = t
  }
  return ts
}

function isT(value: Edn): value is T {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
