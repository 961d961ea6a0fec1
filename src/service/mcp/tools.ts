// The tools that an assistant may call: each is a route that only reads, asked with the tool's arguments. So it goes through
// the same grants, limits and audit, and answers the same JSON, only less of it: what an assistant reads must be short.

import { assert } from '../../base/assert.ts'
import type { HttpResponse } from '../../base/env.ts'
import { answerTooLarge } from '../../query/pieces.ts'
import { DATABASE_ROUTES } from '../answer-databases.ts'
import { PULL_ROUTE, QUERY_ROUTE } from '../answer-questions.ts'
import { SAVED_QUERY_ROUTES } from '../answer-saved-queries.ts'
import { fieldSchema } from '../answer-schema.ts'
import { fieldInvalid, fieldUnknown } from '../errors.ts'
import type { Method, Route, RouteContext } from '../route.ts'
import { type Arguments, jsonText, type Parameters } from './json-rpc.ts'

export const TOOL_LIMITS = {
  answerBytesMax: 256 << 10,
  /** Rows where the caller names no limit, and the most that it may name. */
  rowCount: 100,
  rowCountMax: 1_000,
} as const

const RECEIPT_HEADER = 'varve-receipt-id'

export type Tool = {
  readonly name: string
  readonly title: string
  readonly about: string
  readonly route: Route
  /** Arguments that are fields of the route's body. */
  readonly fields: readonly string[]
  /** Arguments that stand in the route's path, under the names that they have there. */
  readonly places?: Readonly<Record<string, { readonly place: string; readonly about: string }>>
  /** Arguments that are parameters of the route's URL. */
  readonly search?: readonly string[]
  readonly required?: readonly string[]
  /** Fields that are always so. */
  readonly fixed?: Parameters
}

const QUESTION_FIELDS = ['query', 'args', 'database', 'asOf', 'cursors', 'timeoutMs'] as const

export const TOOLS: readonly Tool[] = [
  {
    name: 'list_databases',
    title: 'List databases',
    about: 'The databases that can be asked, with their aliases and newest t.',
    route: routeOf(DATABASE_ROUTES, 'GET', '/v1/databases'),
    fields: [],
  },
  {
    name: 'database_schema',
    title: 'Schema of a database',
    about: 'The attributes of a database with types and cardinalities. Read it before writing a query.',
    route: routeOf(DATABASE_ROUTES, 'GET', '/v1/databases/:name/schema'),
    fields: [],
    places: { database: { place: 'name', about: 'name or alias' } },
  },
  {
    name: 'query',
    title: 'Ask a query',
    about:
      'Asks a Datalog query, as EDN text, of one database or several, now or as of a moment: ' +
      '[:find ?name :in $ ?id :where [?c :customer/id ?id] [?c :customer/name ?name]]. ' +
      `At most ${TOOL_LIMITS.rowCount} rows where no limit is given, and ${TOOL_LIMITS.rowCountMax} with one; truncated is true where there are more.`,
    route: QUERY_ROUTE,
    fields: [...QUESTION_FIELDS, 'limit'],
    required: ['query'],
  },
  {
    name: 'pull',
    title: 'Pull an entity',
    about: 'What a pull pattern, as EDN text such as [*], describes of one entity.',
    route: PULL_ROUTE,
    fields: ['database', 'pattern', 'eid', 'asOf', 'cursors', 'timeoutMs'],
    required: ['database', 'pattern', 'eid'],
  },
  {
    name: 'list_saved_queries',
    title: 'List saved queries',
    about: 'The queries that people saved, with what they answer and their parameters.',
    route: routeOf(SAVED_QUERY_ROUTES, 'GET', '/v1/queries'),
    fields: [],
    search: ['tag'],
  },
  {
    name: 'run_saved_query',
    title: 'Run a saved query',
    about: 'Runs a saved query by its name, with arguments by the names of its parameters.',
    route: routeOf(SAVED_QUERY_ROUTES, 'POST', '/v1/queries/:name/run'),
    fields: ['arguments', 'version', 'database', 'asOf', 'cursors', 'timeoutMs', 'limit'],
    places: { name: { place: 'name', about: 'of the saved query' } },
  },
  {
    name: 'explain',
    title: 'Explain a query',
    about: 'Asks a query and tells step by step how: rows expected and found, time and memory.',
    route: QUERY_ROUTE,
    fields: QUESTION_FIELDS,
    required: ['query'],
    fixed: { explain: true },
  },
]

/** The arguments of a tool in the words of JSON Schema. */
export function inputSchema({ route, fields, places = {}, search = [], required = [] }: Tool): Parameters {
  const limit = { type: 'integer', minimum: 1, maximum: TOOL_LIMITS.rowCountMax }
  const properties = {
    ...Object.fromEntries(
      Object.entries(places).map(([name, { about }]) => [name, fieldSchema({ type: 'string', about })]),
    ),
    ...Object.fromEntries(
      search.map((name) => [name, fieldSchema({ type: 'string', about: route.search![name]! })]),
    ),
    ...Object.fromEntries(fields.map((name) => [name, fieldSchema(route.fields![name]!)])),
  }
  return {
    type: 'object',
    properties: fields.includes('limit')
      ? { ...properties, limit: { ...fieldSchema(route.fields!['limit']!), ...limit } }
      : properties,
    ...(Object.keys(places).length + required.length > 0 && {
      required: [...Object.keys(places), ...required],
    }),
    additionalProperties: false,
  }
}

export type ToolAnswer = { readonly json: string } & Pick<HttpResponse, 'headers' | 'onEnd'>

/** What the route answers to these arguments. Throws what the route throws, and `varve.error/answer-too-large`. */
export async function callTool(context: RouteContext, tool: Tool, given: Arguments): Promise<ToolAnswer> {
  const response = await tool.route.answer(askedOf(context, tool, given))
  const { onEnd, headers = {} } = response
  const receiptId = headers[RECEIPT_HEADER]
  try {
    return {
      json: await textOf(response),
      ...(onEnd && { onEnd }),
      ...(receiptId !== undefined && { headers: { [RECEIPT_HEADER]: receiptId } }),
    }
  } catch (error) {
    onEnd?.(false)
    throw error
  }
}

/** The request that the arguments mean, as if it had come to the route itself. */
function askedOf(context: RouteContext, tool: Tool, given: Arguments): RouteContext {
  const { places = {}, search = [], fields } = tool
  const known = [...Object.keys(places), ...search, ...fields]
  for (const name of given.keys()) if (!known.includes(name)) throw fieldUnknown(name, known)
  const bytes = new TextEncoder().encode(bodyOf(tool, given))
  const limits = { ...context.service.limits, answerBytesMax: TOOL_LIMITS.answerBytesMax }
  return {
    ...context,
    service: { ...context.service, limits },
    request: {
      ...context.request,
      headers: new Map([['content-type', 'application/json']]),
      readBody: () => Promise.resolve(bytes),
    },
    format: 'json',
    notation: 'json',
    parameters: Object.fromEntries(
      Object.entries(places).map(([name, { place }]) => [place, textArgument(given, name)]),
    ),
    search: new URLSearchParams(
      search
        .filter((name) => given.has(name))
        .map((name): [string, string] => [name, textArgument(given, name)]),
    ),
  }
}

function bodyOf({ fields, fixed = {} }: Tool, given: Arguments): string {
  const members = Object.entries(fixed).map(([name, value]) => [name, JSON.stringify(value)] as const)
  for (const name of fields) {
    const node = given.get(name)
    if (name === 'limit') members.push([name, String(limitOf(given))])
    else if (node !== undefined) members.push([name, jsonText(node)])
  }
  return `{${members.map(([name, text]) => `"${name}":${text}`).join(',')}}`
}

function textArgument(given: Arguments, name: string): string {
  const node = given.get(name)
  if (node?.kind !== 'string' || node.value === '') throw fieldInvalid(name, 'a text')
  return node.value
}

function limitOf(given: Arguments): number {
  const { rowCount, rowCountMax } = TOOL_LIMITS
  const node = given.get('limit')
  if (node === undefined || node.kind === 'null') return rowCount
  const limit = node.kind === 'number' && typeof node.value === 'number' ? node.value : 0
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > rowCountMax)
    throw fieldInvalid('limit', `a whole number from 1 to ${rowCountMax}`)
  return limit
}

async function textOf({ body = '' }: HttpResponse): Promise<string> {
  const { answerBytesMax } = TOOL_LIMITS
  const pieces: Uint8Array[] = []
  let byteCount = 0
  const parts = typeof body === 'string' || body instanceof Uint8Array ? [body] : body
  for await (const part of parts) {
    const piece = Buffer.from(part)
    byteCount += piece.byteLength
    if (byteCount > answerBytesMax) throw answerTooLarge(answerBytesMax)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString()
}

function routeOf(routes: readonly Route[], method: Method, path: string): Route {
  const found = routes.find((route) => route.method === method && route.path === path)
  assert(found !== undefined, 'tools name routes that there are')
  return found
}
