// Bodies in: JSON or EDN, the same fields under camelCase names in JSON and kebab-case keywords in EDN. What goes
// out stands in answer.ts.

import type { HttpRequest } from '../base/env.ts'
import type { Warning } from '../base/errors.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { camelCase } from '../fact/plain-edn.ts'
import { type FormMode, formFromJson, jsonPlaceOf, type JsonNode, readJson } from '../fact/json-form.ts'
import { type Edn, EdnMap, Keyword } from '../fact/value.ts'

import type { PlaceOf } from '../plan/spot.ts'
import type { Notation } from '../query/written.ts'
import { bodyInvalid, contentTypeUnsupported, fieldInvalid, fieldUnknown } from './errors.ts'

/** The fields of a request's body. */
export interface Fields {
  readonly notation: Notation
  readonly names: readonly string[]
  /** The field converted as its place demands, undefined where it is missing or nil. */
  form(name: string, mode: FormMode): Edn | undefined
  /** The items of a field that is a list of maps, each with fields of its own; others than the known are refused. */
  each(name: string, known: readonly string[]): readonly Fields[] | undefined
  /** Of what was recovered while reading. */
  readonly warnings: readonly Warning[]
  /** Where the parts of a form that came from this body stood in it. */
  readonly placeOf: PlaceOf
}

const NO_FIELDS: Fields = {
  notation: 'json',
  names: [],
  form: () => undefined,
  each: () => undefined,
  warnings: [],
  placeOf: () => undefined,
}

export type ReadFieldsOptions = {
  readonly bodyBytesMax: number
  /** Fields that the route knows; others are refused. */
  readonly known: readonly string[]
  /** A bracket too many is passed over where the meaning is plain: for questions, never for what is written. */
  readonly recover: boolean
}

/** Reads the body by its content type. */
export async function readFields(request: HttpRequest, options: ReadFieldsOptions): Promise<Fields> {
  const contentType = request.headers.get('content-type')
  const notation = notationOf(contentType ?? '')
  const bytes = await request.readBody(options.bodyBytesMax)
  if (notation === undefined) {
    if (bytes.length === 0) return NO_FIELDS
    throw contentTypeUnsupported(contentType)
  }
  if (bytes.length === 0) return { ...NO_FIELDS, notation }
  const text = decode(bytes)
  const fields = notation === 'json' ? jsonFields(text) : ednFields(text, options.recover)
  return checked(fields, options.known)
}

function checked(fields: Fields, known: readonly string[]): Fields {
  for (const name of fields.names) if (!known.includes(name)) throw fieldUnknown(name, known)
  return fields
}

export function notationOf(contentType: string): Notation | undefined {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase()
  if (type === 'application/json') return 'json'
  return type === 'application/edn' ? 'edn' : undefined
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw bodyInvalid('The body is not UTF-8', cause)
  }
}

function jsonFields(text: string): Fields {
  const root = readJson(text, { source: 'body' })
  if (root.kind !== 'object') throw bodyInvalid('The body is not a JSON object')
  return fieldsOfObject(root)
}

function fieldsOfObject(root: Extract<JsonNode, { kind: 'object' }>): Fields {
  const fields = new Map<string, JsonNode>(root.entries.map(({ key, value }) => [key, value]))
  return {
    ...NO_FIELDS,
    names: [...fields.keys()],
    form: (name, mode) => {
      const node = fields.get(name)
      return node === undefined || node.kind === 'null' ? undefined : formFromJson(node, mode)
    },
    each: (name, known) => {
      const node = fields.get(name)
      if (node === undefined || node.kind === 'null') return undefined
      if (node.kind !== 'array') throw fieldInvalid(name, 'a list of objects')
      return node.items.map((item) => {
        if (item.kind !== 'object') throw fieldInvalid(name, 'a list of objects')
        return checked(fieldsOfObject(item), known)
      })
    },
    placeOf: jsonPlaceOf,
  }
}

function ednFields(text: string, recover: boolean): Fields {
  const { value, places, warnings } = readEdn(text, { recover, source: 'body' })
  if (!(value instanceof EdnMap))
    throw bodyInvalid('The body is not an EDN map', undefined, places.of(Object(value)))
  return { ...fieldsOfMap(value, places.placeOf), warnings }
}

function fieldsOfMap(value: EdnMap, placeOf: PlaceOf): Fields {
  const fields = new Map<string, Edn>()
  for (const [index, [key, field]] of value.entries.entries()) {
    if (!(key instanceof Keyword)) {
      throw bodyInvalid('A field is not named by a keyword', undefined, placeOf(value, 2 * index))
    }
    fields.set(camelCase(key.text), field)
  }
  return {
    notation: 'edn',
    names: [...fields.keys()],
    form: (name) => fields.get(name) ?? undefined,
    each: (name, known) => {
      const list = fields.get(name) ?? undefined
      if (list === undefined) return undefined
      if (!Array.isArray(list)) throw fieldInvalid(name, 'a vector of maps')
      return (list as readonly Edn[]).map((item) => {
        if (!(item instanceof EdnMap)) throw fieldInvalid(name, 'a vector of maps')
        return checked(fieldsOfMap(item, placeOf), known)
      })
    },
    warnings: [],
    placeOf,
  }
}
