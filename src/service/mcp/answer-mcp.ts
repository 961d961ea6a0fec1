// POST /mcp: the Model Context Protocol over streamable HTTP, for assistants. Without sessions and streams: each message is
// answered whole, for itself. Revision 2026-07-28 says with each message which revision it speaks; those before it open with
// `initialize`, which is answered but not remembered.

import type { HttpResponse } from '../../base/env.ts'
import { VarveError } from '../../base/errors.ts'
import { type Field, headersOf, writeFields, Written } from '../answer.ts'
import { notationOf } from '../body.ts'
import { contentTypeUnsupported, errorField, originRefused, ourFault } from '../errors.ts'
import type { Route, RouteContext } from '../route.ts'
import { send } from '../sending.ts'
import {
  isObject,
  type Message,
  type MessageId,
  type Parameters,
  parseMessage,
  type Refusal,
  refusal,
} from './json-rpc.ts'
import { callTool, inputSchema, TOOLS, type Tool } from './tools.ts'
import { object, TEXT } from '../answer-schema.ts'

const MODERN = '2026-07-28'
/** The newest first. Revisions before these may put several messages into one request. */
const WITH_HANDSHAKE = ['2025-11-25', '2025-06-18'] as const
export const PROTOCOL_VERSIONS: readonly string[] = [MODERN, ...WITH_HANDSHAKE]

const BODY_BYTES_MAX = 1 << 20
/** How long a client may keep the list of tools, which changes with the version of Varve alone. */
const TOOLS_TTL_MS = 3_600_000

const INSTRUCTIONS =
  'Varve keeps facts for ever and answers as of any moment. Call list_databases and database_schema first, prefer a saved ' +
  'query where one fits, and ask with Datalog as EDN text otherwise. Every answer names its basis and has a receipt: give ' +
  'the basis as cursors to ask of the same moment again.'

export const MCP_ROUTE: Route = {
  method: 'POST',
  path: '/mcp',
  about: 'The Model Context Protocol: tools that read, for assistants',
  scope: 'query',
  answers: object(
    { jsonrpc: { const: '2.0' } },
    {
      id: { type: ['string', 'integer'] },
      result: { type: 'object' },
      error: object({ code: { type: 'integer' }, message: TEXT }, { data: { type: 'object' } }),
    },
  ),
  message: object(
    { jsonrpc: { const: '2.0' }, method: TEXT },
    { id: { type: ['string', 'integer'] }, params: { type: 'object' } },
  ),
  contentType: 'application/json',
  answer: answerMcp,
}

async function answerMcp(context: RouteContext): Promise<HttpResponse> {
  const { request, service } = context
  // On loopback the handler looked at it already: pages of this machine may ask.
  const origin = request.headers.get('origin')
  if (!service.isLoopback && origin !== undefined && !service.origins.has(origin)) throw originRefused(origin)
  const contentType = request.headers.get('content-type')
  if (notationOf(contentType ?? '') !== 'json') throw contentTypeUnsupported(contentType)
  const message = parseMessage(await request.readBody(BODY_BYTES_MAX))
  if (message.kind === 'refusal') return refused(context, message, undefined)
  const isModern = message.method !== 'initialize' && request.headers.get('mcp-protocol-version') === MODERN
  const wrong =
    versionRefusal(message, request.headers) ?? (isModern && metadataRefusal(message, request.headers))
  if (message.kind === 'notification') return wrong ? refused(context, wrong, undefined) : { status: 202 }
  if (wrong) return refused(context, wrong, message.id)
  return isModern ? answerModern(context, message) : answerWithHandshake(context, message)
}

type Request = Message & { readonly kind: 'request' }
type Headers = ReadonlyMap<string, string>

function versionRefusal({ method }: Message, headers: Headers): Refusal | undefined {
  if (method === 'initialize') return undefined
  const requested = headers.get('mcp-protocol-version')
  if (requested === undefined) return refusal('headersDiffer', 'The header MCP-Protocol-Version is missing')
  if (PROTOCOL_VERSIONS.includes(requested)) return undefined
  const data = { supported: PROTOCOL_VERSIONS, requested: requested.slice(0, 40) }
  return refusal('versionUnsupported', 'This revision of the protocol is not spoken', { data })
}

/** Headers say the same as the body, so that whoever stands between may go by them. */
function metadataRefusal(message: Message, headers: Headers): Refusal | undefined {
  if (message.kind === 'notification') return undefined
  const { method, parameters } = message
  const meta = parameters['_meta']
  if (!isObject(meta) || !isObject(meta['io.modelcontextprotocol/clientCapabilities']))
    return refusal('parametersInvalid', '_meta has no io.modelcontextprotocol/clientCapabilities')
  const pairs: readonly (readonly [string, unknown])[] = [
    ['mcp-protocol-version', meta['io.modelcontextprotocol/protocolVersion']],
    ['mcp-method', method],
    ...(method === 'tools/call' ? [['mcp-name', parameters['name']] as const] : []),
  ]
  for (const [name, wanted] of pairs)
    if (decoded(headers.get(name)) !== wanted)
      return refusal('headersDiffer', `The header ${name} is missing, or not what the body says`)
  return undefined
}

/** What no header may hold comes as `=?base64?…?=`. */
function decoded(header: string | undefined): string | undefined {
  const [, base64] = /^=\?base64\?(.*)\?=$/.exec(header ?? '') ?? []
  return base64 === undefined ? header : Buffer.from(base64, 'base64').toString()
}

function answerModern(context: RouteContext, request: Request): Promise<HttpResponse> {
  const about = {
    resultType: 'complete',
    _meta: { 'io.modelcontextprotocol/serverInfo': serverInfo(context) },
  }
  switch (request.method) {
    case 'server/discover':
      return answered(context, request.id, {
        ...about,
        supportedVersions: PROTOCOL_VERSIONS,
        capabilities: { tools: {} },
        instructions: INSTRUCTIONS,
        ttlMs: TOOLS_TTL_MS,
        cacheScope: 'private',
      })
    case 'tools/list':
      return answerList(context, request, { ...about, ttlMs: TOOLS_TTL_MS, cacheScope: 'private' })
    case 'tools/call':
      return answerCall(context, request, about)
    default:
      return refused(context, methodUnknown(request.method, 404), request.id)
  }
}

function answerWithHandshake(context: RouteContext, request: Request): Promise<HttpResponse> {
  switch (request.method) {
    case 'initialize': {
      const wanted = request.parameters['protocolVersion']
      return answered(context, request.id, {
        // Whoever does not speak the newest that is offered goes away.
        protocolVersion: WITH_HANDSHAKE.find((version) => version === wanted) ?? WITH_HANDSHAKE[0],
        capabilities: { tools: {} },
        serverInfo: serverInfo(context),
        instructions: INSTRUCTIONS,
      })
    }
    case 'ping':
      return answered(context, request.id, {})
    case 'tools/list':
      return answerList(context, request, {})
    case 'tools/call':
      return answerCall(context, request, {})
    default:
      return refused(context, methodUnknown(request.method, 200), request.id)
  }
}

function serverInfo({ service }: RouteContext): { readonly name: string; readonly version: string } {
  return { name: 'varve', version: service.answering.version }
}

function methodUnknown(method: string, status: number): Refusal {
  return refusal('methodUnknown', `Nobody knows the method ${method.slice(0, 100)}`, { status })
}

type Fields = Readonly<Record<string, Field>>

function answerList(
  context: RouteContext,
  { id, parameters }: Request,
  about: Fields,
): Promise<HttpResponse> {
  if (parameters['cursor'] !== undefined)
    return refused(context, refusal('parametersInvalid', 'The list of tools has one page'), id)
  return answered(context, id, { ...about, tools: new Written(JSON.stringify(TOOLS.map(toolField))) })
}

function toolField(tool: Tool): Parameters {
  const { name, title, about } = tool
  const annotations = { readOnlyHint: true, openWorldHint: false }
  return { name, title, description: about, inputSchema: inputSchema(tool), annotations }
}

async function answerCall(
  context: RouteContext,
  { id, parameters, given }: Request,
  about: Fields,
): Promise<HttpResponse> {
  const { name } = parameters
  const tool = TOOLS.find((each) => each.name === name)
  if (tool === undefined || given === undefined) {
    const message =
      tool === undefined ? `There is no tool ${String(name).slice(0, 100)}` : 'arguments is no object'
    return refused(context, refusal('parametersInvalid', message, { status: 200 }), id)
  }
  try {
    const { json, headers, onEnd } = await callTool(context, tool, given)
    const response = await answered(context, id, { ...about, ...toolResult(json, false) })
    return { ...response, headers: { ...response.headers, ...headers }, ...(onEnd && { onEnd }) }
  } catch (error) {
    const shown = failureOf(context, error)
    return answered(context, id, { ...about, ...toolResult(JSON.stringify(errorField(shown)), true) })
  }
}

/** Told to the assistant, which can mend what it asked. */
function failureOf({ service, request }: RouteContext, error: unknown): VarveError {
  service.waiting.abandon(request.signal)
  if (error instanceof VarveError) return error
  if (!request.signal.aborted) service.onFault(error)
  return ourFault(error)
}

/** The same JSON as text, which every client shows, and as data. */
function toolResult(json: string, isError: boolean): Fields {
  return { content: [{ type: 'text', text: json }], structuredContent: new Written(json), isError }
}

function answered(context: RouteContext, id: MessageId, result: Fields): Promise<HttpResponse> {
  return sent(context, 200, { jsonrpc: '2.0', id, result: new Written(writeFields(result, 'json')) })
}

function refused(
  context: RouteContext,
  { status, code, message, data }: Refusal,
  id: MessageId | undefined,
): Promise<HttpResponse> {
  const error = new Written(JSON.stringify({ code, message, data }))
  return sent(context, status, { jsonrpc: '2.0', id, error })
}

function sent({ request, service }: RouteContext, status: number, fields: Fields): Promise<HttpResponse> {
  const toSend = { status, headers: headersOf('json'), pieces: writeFields(fields, 'json') }
  return send(toSend, { request, waiting: service.waiting })
}
