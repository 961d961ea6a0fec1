// Bodies in and out, JSON or EDN: the same fields under camelCase names in JSON and kebab-case keywords in EDN.

import type { HttpRequest, HttpResponse } from '../base/env.ts'
import type { Places } from '../fact/edn-reader.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { type FormMode, formFromJson, type JsonNode, readJson } from '../fact/json-form.ts'
import { writeJson } from '../fact/json-writer.ts'
import { type Edn, EdnMap, keyword, Keyword } from '../fact/value.ts'
import type { Warning } from '../base/errors.ts'
import { bodyInvalid, contentTypeUnsupported, fieldUnknown } from './errors.ts'

export type Notation = 'json' | 'edn'

/** The fields of a request's body. */
export interface Fields {
  readonly notation: Notation
  readonly names: readonly string[]
  /** The field converted as its place demands, undefined where it is missing or nil. */
  form(name: string, mode: FormMode): Edn | undefined
  readonly warnings: readonly Warning[]
  /** The whole body as a form: a query may stand alone. */
  readonly whole: Edn | undefined
  readonly places: Places | undefined
}

const NO_FIELDS: Fields = {
  notation: 'json',
  names: [],
  form: () => undefined,
  warnings: [],
  whole: undefined,
  places: undefined,
}

/** Reads the body by its content type; refuses fields that nobody knows. */
export async function readFields(
  request: HttpRequest,
  bodyBytesMax: number,
  known: readonly string[],
): Promise<Fields> {
  const bytes = await request.readBody(bodyBytesMax)
  const notation = notationOf(request.headers.get('content-type') ?? '')
  if (notation === undefined) {
    if (bytes.length === 0) return NO_FIELDS
    throw contentTypeUnsupported(request.headers.get('content-type'))
  }
  const text = decode(bytes)
  const fields = notation === 'json' ? jsonFields(text) : ednFields(text)
  for (const name of fields.names) if (!known.includes(name)) throw fieldUnknown(name, known)
  return fields
}

export function notationOf(contentType: string): Notation | undefined {
  const [type] = contentType.split(';', 1)
  if (type?.trim() === 'application/json') return 'json'
  if (type?.trim() === 'application/edn') return 'edn'
  return undefined
}

/** What the answer is written in: what `Accept` asks for, else what the request came in. */
export function answerNotation(request: HttpRequest): Notation {
  const accepted = (request.headers.get('accept') ?? '').split(',').map((part) => notationOf(part.trim()))
  return (
    accepted.find((notation) => notation !== undefined) ??
    notationOf(request.headers.get('content-type') ?? '') ??
    'json'
  )
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw bodyInvalid('The body is not UTF-8', cause)
  }
}

function jsonFields(text: string): Fields {
  const root = readJson(text)
  if (root.kind !== 'object') throw bodyInvalid('The body is not an object')
  const fields = new Map<string, JsonNode>(root.entries.map(({ key, value }) => [key, value]))
  return {
    ...NO_FIELDS,
    names: [...fields.keys()],
    form: (name, mode) => {
      const node = fields.get(name)
      return node === undefined || node.kind === 'null' ? undefined : formFromJson(node, mode)
    },
  }
}

function ednFields(text: string): Fields {
  const { value, places, warnings } = readEdn(text, { recover: true })
  if (!(value instanceof EdnMap)) throw bodyInvalid('The body is not a map')
  const fields = new Map<string, Edn>()
  for (const [key, field] of value.entries) {
    if (key instanceof Keyword) fields.set(camelCase(key.text), field)
  }
  return {
    notation: 'edn',
    names: [...fields.keys()],
    form: (name) => fields.get(name) ?? undefined,
    warnings,
    whole: value,
    places,
  }
}

/** A field of an answer: plain data, or a value written by the rules for values. */
export type Field = Plain | Valued
export type Plain =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Plain[]
  | { readonly [key: string]: Plain }
export class Valued {
  readonly value: Edn
  constructor(value: Edn) {
    this.value = value
  }
}

export function writeFields(fields: Readonly<Record<string, Field>>, notation: Notation): string {
  const present = Object.entries(fields).filter(([, field]) => field !== undefined)
  if (notation === 'json') {
    const written = present.map(([name, field]) => {
      const text = field instanceof Valued ? writeJson(field.value) : JSON.stringify(field)
      return `${JSON.stringify(name)}:${text}`
    })
    return `{${written.join(',')}}`
  }
  const entries = present.map(([name, field]): [Edn, Edn] => [
    keyword(kebabCase(name)),
    field instanceof Valued ? field.value : plainEdn(field),
  ])
  return writeEdn(new EdnMap(entries))
}

export function answerBody(
  status: number,
  fields: Readonly<Record<string, Field>>,
  notation: Notation,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    status,
    headers: {
      'content-type': `application/${notation}; charset=utf-8`,
      'cache-control': 'no-store',
      ...headers,
    },
    body: writeFields(fields, notation),
  }
}

function plainEdn(field: Plain): Edn {
  if (field === null || field === undefined) return null
  if (typeof field !== 'object') return field
  if (Array.isArray(field)) return (field as readonly Plain[]).map(plainEdn)
  return new EdnMap(
    Object.entries(field as Readonly<Record<string, Plain>>)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [keyword(kebabCase(name)), plainEdn(value)]),
  )
}

export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
