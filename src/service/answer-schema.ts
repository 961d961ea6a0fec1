// What answers are made of, in the words of JSON Schema: each route says with them what it answers, OpenAPI tells it to
// clients, and a test holds every answer to it. Objects are closed: a field that is not described is a mistake.

import { QUESTION_CLASSES } from '../plan/question-class.ts'
import { ERROR_KINDS } from './errors.ts'
import type { FieldDescription } from './route.ts'

export type Schema = { readonly [keyword: string]: unknown }

/** Values as JSON has them: what JSON lacks is an object with one key that begins with # (docs/reference/json.md). */
export const ANY: Schema = {}
export const TEXT: Schema = { type: 'string' }
export const COUNT: Schema = { type: 'integer', minimum: 0 }
export const AMOUNT: Schema = { type: 'number', minimum: 0 }
export const FLAG: Schema = { type: 'boolean' }
/** As text of plain data. */
export const INSTANT_TEXT: Schema = { type: 'string', format: 'date-time' }
/** As a value among values. */
export const INSTANT: Schema = object({ '#inst': INSTANT_TEXT })
export const HASH: Schema = { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' }

type Fields = Readonly<Record<string, Schema>>

/** A field of a body; without types any value does. */
export function fieldSchema({ type, about }: FieldDescription): Schema {
  return { ...(type.length > 0 && { type }), description: about }
}

/** An object with these fields, and those of `optional` where there is something to say. */
export function object(required: Fields, optional: Fields = {}): Schema {
  const names = Object.keys(required)
  return {
    type: 'object',
    properties: { ...required, ...optional },
    ...(names.length > 0 && { required: names }),
    additionalProperties: false,
  }
}

export function list(items: Schema): Schema {
  return { type: 'array', items }
}

export function tuple(...items: readonly Schema[]): Schema {
  return { type: 'array', prefixItems: items, minItems: items.length, items: false }
}

/** By names that the caller chose. */
export function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values }
}

export function oneOf(...values: readonly string[]): Schema {
  return { type: 'string', enum: values }
}

/** One of the shapes below, by its name. */
export function shape(name: keyof typeof SHAPES): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

/** At which t each database was asked. */
export const BASIS: Schema = mapOf(COUNT)

const ERROR = object({
  code: TEXT,
  kind: oneOf(...ERROR_KINDS),
  message: TEXT,
  fix: TEXT,
  data: { type: 'object' },
})

const PROCEDURE_FIELDS = {
  name: TEXT,
  version: COUNT,
  kind: TEXT,
  parameters: list(object({ name: TEXT, type: TEXT, isOptional: FLAG })),
  returns: TEXT,
  hash: TEXT,
}
const PROCEDURE_NOTES = { doc: TEXT, savedAt: INSTANT_TEXT, savedBy: TEXT }

const QUERY_WORDS = { doc: TEXT, retiredAt: INSTANT }
const VERSION_FIELDS = {
  version: COUNT,
  text: TEXT,
  parameters: list(object({ name: TEXT, type: TEXT }, { doc: TEXT, default: ANY })),
  savedAt: INSTANT,
  savedBy: TEXT,
}
const VERSION_NOTES = { rules: TEXT, database: TEXT, note: TEXT }

/** What several routes answer. */
export const SHAPES = {
  Error: object({ error: ERROR }),
  Warning: object({ code: TEXT, message: TEXT }, { fix: TEXT, place: ANY }),
  Column: object({ name: TEXT, type: TEXT }),
  Receipt: object(
    {
      id: TEXT,
      query: TEXT,
      queryHash: HASH,
      args: list(ANY),
      basis: BASIS,
      schemaT: BASIS,
      engine: TEXT,
      version: TEXT,
      rowCount: COUNT,
      truncated: FLAG,
      resultHash: HASH,
      at: INSTANT,
    },
    {
      database: TEXT,
      limit: COUNT,
      speculations: list(TEXT),
      procedures: mapOf(TEXT),
      asOf: { anyOf: [INSTANT, COUNT] },
    },
  ),
  Database: object({ name: TEXT, alias: TEXT, id: TEXT, basisT: COUNT, isWritable: FLAG }),
  Token: object(
    {
      id: TEXT,
      caller: TEXT,
      roles: list(TEXT),
      scopes: list(TEXT),
      limits: mapOf(COUNT),
      createdAt: INSTANT_TEXT,
      createdBy: TEXT,
    },
    { expiresAt: INSTANT_TEXT, revokedAt: INSTANT_TEXT, token: TEXT },
  ),
  Grant: object(
    { id: TEXT, principal: TEXT, database: TEXT, attributes: list(TEXT), createdBy: TEXT },
    { rowRule: TEXT, mask: TEXT, purposes: list(TEXT) },
  ),
  SavedQuery: object(
    {
      name: TEXT,
      owner: TEXT,
      tags: list(TEXT),
      versions: list(object(VERSION_FIELDS, VERSION_NOTES)),
      expectations: list(
        object({ name: TEXT, arguments: mapOf(ANY), cursors: BASIS, resultHash: TEXT, rowCount: COUNT }),
      ),
    },
    { doc: TEXT, retiredAt: INSTANT_TEXT },
  ),
  SavedQuerySummary: object(
    { name: TEXT, owner: TEXT, tags: list(TEXT), ...VERSION_FIELDS },
    { ...QUERY_WORDS, ...VERSION_NOTES },
  ),
  ProcedureSummary: object(PROCEDURE_FIELDS, PROCEDURE_NOTES),
  Procedure: object({ ...PROCEDURE_FIELDS, language: TEXT, source: TEXT }, PROCEDURE_NOTES),
  ExplainedPart: object(
    { kind: TEXT, text: TEXT },
    {
      access: TEXT,
      expectedRowCount: AMOUNT,
      rowCount: COUNT,
      timeMs: AMOUNT,
      memoryBytes: COUNT,
      parts: list({ $ref: '#/components/schemas/ExplainedPart' }),
    },
  ),
} as const satisfies Fields

/** A table, or what else the find says, and what it was asked of. */
export const RESULT: Schema = object(
  {
    result: ANY,
    columns: list(shape('Column')),
    basis: BASIS,
    warnings: list(shape('Warning')),
    receipt: shape('Receipt'),
  },
  { truncated: FLAG },
)

export const EXPLANATION: Schema = object({
  explain: object(
    { engine: TEXT, mode: oneOf('plan', 'run'), parts: list(shape('ExplainedPart')), text: TEXT },
    {
      class: oneOf(...QUESTION_CLASSES),
      expectedRowCount: AMOUNT,
      rowCount: COUNT,
      timeMs: AMOUNT,
      memoryBytes: COUNT,
      workerCount: COUNT,
    },
  ),
  basis: BASIS,
  warnings: list(shape('Warning')),
})

export const PULLED: Schema = object({
  result: ANY,
  basis: BASIS,
  warnings: list(shape('Warning')),
  receipt: shape('Receipt'),
})
