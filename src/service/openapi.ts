// The OpenAPI 3.1 description, made from the routes themselves, so that it cannot miss one.

import type { Format } from '../query/written.ts'
import { mediaTypeOf } from './formats.ts'
import type { Route } from './route.ts'

type Json = { readonly [key: string]: unknown }

const ERROR: Json = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      required: ['code', 'kind', 'message', 'fix'],
      properties: {
        code: { type: 'string' },
        kind: { type: 'string' },
        message: { type: 'string' },
        fix: { type: 'string' },
        data: { type: 'object' },
      },
    },
  },
}

function header(description: string): Json {
  return { description, schema: { type: 'string' } }
}

const RESULT_HEADERS: Json = {
  'varve-receipt-id': header('Of the receipt, which GET /v1/receipts/{id} gives'),
  'varve-warnings': header('JSON: code and message of each warning, of CSV and Arrow'),
  'Content-Location': header('Where the result of a question at a moment is had again'),
  ETag: header('Names that result in its format'),
}

export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = operation(route)
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Varve', version: '1', description: 'Facts written once, asked as of any moment.' },
    paths,
    components: { schemas: { Error: ERROR } },
  }
}

function operation(route: Route): Json {
  const { about, path, fields, requiredFields = [], search = {} } = route
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const inSearch = Object.entries(search).map(([name, description]) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema: { type: 'string' },
  }))
  return {
    summary: about,
    operationId: operationId(route),
    parameters: [...inPath, ...inSearch],
    ...(fields && { requestBody: requestBody(fields, requiredFields) }),
    responses: {
      200: {
        description: 'The answer',
        ...(route.formats && { headers: RESULT_HEADERS }),
        content: answerContent(route),
      },
      ...(route.formats && { 304: { description: 'The result is the one that If-None-Match names' } }),
      default: {
        description: 'What was wrong and what to do',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

/** `get /v1/databases/:name/log` is getDatabasesNameLog. */
function operationId({ method, path }: Route): string {
  const words = path.split(/\W+/).filter((word) => word !== '' && word !== 'v1')
  return `${method.toLowerCase()}${words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')}`
}

function requestBody(fields: NonNullable<Route['fields']>, required: readonly string[]): Json {
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, { type, about }]) => [name, { type, description: about }]),
  )
  const schema = {
    type: 'object',
    additionalProperties: false,
    properties,
    ...(required.length > 0 && { required }),
  }
  return {
    required: required.length > 0,
    content: {
      'application/json': { schema },
      'application/edn': {
        schema: { type: 'string', description: 'A map with the same fields as kebab-case keywords' },
      },
    },
  }
}

function answerContent({ contentType, formats = ['json', 'edn'] }: Route): Json {
  if (contentType !== undefined) return { [contentType.split(';')[0]!]: {} }
  return Object.fromEntries(formats.map((format) => [mediaTypeOf(format), ANSWER[format]]))
}

const ANSWER: Readonly<Record<Format, Json>> = {
  json: { schema: { type: 'object' } },
  edn: {},
  ndjson: {
    schema: {
      type: 'string',
      description:
        'One JSON value a line: columns, basis and warnings; each row; truncated, rowCount and receipt',
    },
  },
  csv: { schema: { type: 'string', description: 'RFC 4180 with a header; the receipt is a trailer' } },
  arrow: {
    schema: { type: 'string', format: 'binary', description: 'Record batches; the receipt is a trailer' },
  },
}
