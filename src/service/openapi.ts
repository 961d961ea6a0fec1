// The OpenAPI 3.1 description, made from the routes themselves, so that it cannot miss one.

import { SCOPES } from '../access/caller.ts'
import { PURPOSE_HEADER } from './access-control.ts'
import { fieldSchema, type Schema, shape, SHAPES } from './answer-schema.ts'
import { mediaTypeOf } from './formats.ts'
import type { Route } from './route.ts'

type Json = { readonly [key: string]: unknown }

function header(description: string): Json {
  return { description, schema: { type: 'string' } }
}

const RESULT_HEADERS: Json = {
  'varve-receipt-id': header('Of the receipt, which GET /v1/receipts/{id} gives'),
  'varve-warnings': header('JSON: code and message of each warning, of CSV and Arrow'),
  'Content-Location': header('Where the result of a question at a moment is had again'),
  ETag: header('Names that result in its format'),
}

/** What a status means, wherever it comes. */
const ERRORS: Readonly<Record<number, string>> = {
  400: 'The request is wrong',
  401: 'No token came, or one that opens nothing',
  403: 'The caller, or where the request comes from, may not do this',
  404: 'What the request names is not there',
  406: 'Accept takes none of the formats',
  409: 'It contradicts what is there',
  413: 'The body is too large',
  415: 'The body is neither JSON nor EDN',
  422: 'This server does not do it',
  429: 'Too much at once: Retry-After says when to come again',
  500: 'Varve failed',
  503: 'Not to be had now: Retry-After says when to come again',
  504: 'Given up after its time',
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
    components: {
      schemas: SHAPES,
      responses: Object.fromEntries(
        Object.entries(ERRORS).map(([status, description]) => [`Error${status}`, errorOf(description)]),
      ),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: `A token of this server or of its identity provider, with scopes of ${SCOPES.join(', ')}; none is needed on loopback until the first was made`,
        },
      },
    },
  }
}

function operation(route: Route): Json {
  const { about, scope, fields, requiredFields = [], formats } = route
  const answers = Object.fromEntries((route.statuses ?? [200]).map((status) => [status, answerOf(route)]))
  const isTagged = formats !== undefined
  return {
    summary: about,
    operationId: operationId(route),
    parameters: parametersOf(route),
    // Who needs no token of this server is on loopback: an empty requirement says that it is not always needed.
    security: scope === 'open' ? [] : [{ bearer: [scope] }, {}],
    ...(fields && { requestBody: requestBody(fields, requiredFields) }),
    ...(route.message && {
      requestBody: { required: true, content: { 'application/json': { schema: route.message } } },
    }),
    responses: {
      ...answers,
      ...(isTagged && { 304: { description: 'The result is the one that If-None-Match names' } }),
      ...Object.fromEntries(
        errorStatuses(route).map((status) => [status, { $ref: `#/components/responses/Error${status}` }]),
      ),
      ...(route.message && messageResponses(route)),
    },
  }
}

function parametersOf({ path, search = {}, formats, scope }: Route): readonly Json[] {
  const text = { schema: { type: 'string' } }
  const inPath = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    ...text,
  }))
  const inSearch = Object.entries(search).map(([name, description]) => ({
    name,
    in: 'query',
    required: false,
    description,
    ...text,
  }))
  const purpose = { name: PURPOSE_HEADER, in: 'header', required: false, ...text }
  const tag = { name: 'If-None-Match', in: 'header', required: false, ...text }
  return [
    ...inPath,
    ...inSearch,
    ...(scope === 'open' ? [] : [{ ...purpose, description: 'What is asked for, for grants and the audit' }]),
    ...(formats ? [{ ...tag, description: 'The ETag of a result that the client has' }] : []),
  ]
}

/** A protocol of messages within HTTP refuses in its own words, and has messages that want no answer. */
function messageResponses({ answers }: Route): Json {
  const content = {
    'application/json': { schema: { anyOf: [answers, shape('Error')] } },
    'application/edn': {},
  }
  return {
    202: { description: 'The message wanted no answer' },
    400: { description: ERRORS[400], content },
    404: { description: ERRORS[404], content },
  }
}

/** Which errors can come, by what the route reads: nobody finds a name missing where none is given. */
function errorStatuses({ method, path, scope, fields, search, contentType, message }: Route): number[] {
  const hasBody = fields !== undefined || message !== undefined
  const namesThings = hasBody || path.includes(':') || search !== undefined
  const changes = method === 'PUT' || method === 'DELETE'
  return [
    400,
    ...(scope === 'open' ? [] : [401]),
    403,
    ...(namesThings ? [404] : []),
    ...(contentType === undefined ? [406] : []),
    ...(hasBody || changes ? [409, 422] : []),
    ...(hasBody ? [413, 415] : []),
    ...(scope === 'open' ? [] : [429]),
    500,
    503,
    ...(scope === 'open' ? [] : [504]),
  ]
}

function errorOf(description: string): Json {
  const schema = shape('Error')
  return { description, content: { 'application/json': { schema }, 'application/edn': {} } }
}

/** `get /v1/databases/:name/log` is getDatabasesNameLog. */
function operationId({ method, path }: Route): string {
  const words = path.split(/\W+/).filter((word) => word !== '' && word !== 'v1')
  return `${method.toLowerCase()}${words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')}`
}

function requestBody(fields: NonNullable<Route['fields']>, required: readonly string[]): Json {
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, fieldSchema(field)]),
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

function answerOf(route: Route): Json {
  return {
    description: 'The answer',
    ...(route.formats && { headers: RESULT_HEADERS }),
    content: answerContent(route),
  }
}

function answerContent({ contentType, answers, formats = ['json', 'edn'] }: Route): Json {
  if (contentType !== undefined) return { [contentType.split(';')[0]!]: { schema: answers } }
  return Object.fromEntries(
    formats.map((format) => [
      mediaTypeOf(format),
      { schema: format === 'json' ? answers : OTHERWISE[format] },
    ]),
  )
}

const OTHERWISE: Readonly<Record<string, Schema>> = {
  edn: { type: 'string', description: 'The same fields as kebab-case keywords' },
  ndjson: {
    type: 'string',
    description:
      'One JSON value a line: columns, basis and warnings; each row; truncated, rowCount and receipt',
  },
  csv: { type: 'string', description: 'RFC 4180 with a header; the receipt is a trailer' },
  arrow: { type: 'string', format: 'binary', description: 'Record batches; the receipt is a trailer' },
}
