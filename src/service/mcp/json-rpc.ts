// Messages of JSON-RPC 2.0 as the Model Context Protocol sends them over HTTP: one in each request, never several. What is
// no message is refused with the codes of JSON-RPC; what a tool refuses is a result and no refusal.

import { VarveError } from '../../base/errors.ts'
import { writeJson } from '../../fact/json-writer.ts'
import { type JsonNode, readJson } from '../../fact/json-reader.ts'

export type MessageId = string | number
export type Parameters = Readonly<Record<string, unknown>>

/** Numbers are exact: JSON.parse would change long ones, and take 2.0 for 2. */
export type Arguments = ReadonlyMap<string, JsonNode>

export type Message =
  | {
      readonly kind: 'request'
      readonly id: MessageId
      readonly method: string
      readonly parameters: Parameters
      /** Those among the parameters, each as it was written; undefined where they are no object. */
      readonly given: Arguments | undefined
    }
  /** Wants no answer. */
  | { readonly kind: 'notification'; readonly method: string; readonly parameters: Parameters }

/** Why there is no result, with the status that HTTP has for it. */
export type Refusal = {
  readonly kind: 'refusal'
  readonly status: number
  readonly code: number
  readonly message: string
  readonly data?: Parameters
}

export const REFUSED = {
  notJson: -32700,
  notAMessage: -32600,
  methodUnknown: -32601,
  parametersInvalid: -32602,
  headersDiffer: -32020,
  versionUnsupported: -32022,
} as const

export function refusal(
  reason: keyof typeof REFUSED,
  message: string,
  { status = 400, data }: { readonly status?: number; readonly data?: Parameters } = {},
): Refusal {
  return { kind: 'refusal', status, code: REFUSED[reason], message, ...(data && { data }) }
}

/** The message of a body. */
export function parseMessage(bytes: Uint8Array): Message | Refusal {
  const read = readBody(bytes)
  if ('kind' in read) return read
  const { body, root } = read
  if (Array.isArray(body)) return refusal('notAMessage', 'Several messages in one request are not taken')
  if (!isObject(body) || body['jsonrpc'] !== '2.0')
    return refusal('notAMessage', 'The body is no message of JSON-RPC 2.0')
  const { id, method, params = {} } = body
  if (typeof method !== 'string')
    return refusal('notAMessage', 'The message has no method; answers are not taken, since nothing is asked')
  if (!isObject(params)) return refusal('parametersInvalid', 'The params are not an object')
  if (id === undefined) return { kind: 'notification', method, parameters: params }
  if (typeof id !== 'string' && !Number.isSafeInteger(id))
    return refusal('notAMessage', 'The id is neither text nor a whole number')
  const given = fieldOf(fieldOf(root, 'params'), 'arguments')
  return { kind: 'request', id: id as MessageId, method, parameters: params, given: argumentsOf(given) }
}

export function isObject(value: unknown): value is Parameters {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A node as text again. */
export function jsonText(node: JsonNode): string {
  switch (node.kind) {
    case 'null':
      return 'null'
    case 'boolean':
    case 'string':
      return JSON.stringify(node.value)
    case 'number':
      return typeof node.value === 'bigint' ? String(node.value) : writeJson(node.value)
    case 'array':
      return `[${node.items.map(jsonText).join(',')}]`
    case 'object':
      return `{${node.entries.map(({ key, value }) => `${JSON.stringify(key)}:${jsonText(value)}`).join(',')}}`
  }
}

function readBody(bytes: Uint8Array): { readonly body: unknown; readonly root: JsonNode } | Refusal {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { root: readJson(text, { source: 'body' }), body: JSON.parse(text) }
  } catch (error) {
    return refusal('notJson', error instanceof VarveError ? error.message : 'The body is not UTF-8')
  }
}

function fieldOf(node: JsonNode | undefined, name: string): JsonNode | undefined {
  return node?.kind === 'object' ? node.entries.find(({ key }) => key === name)?.value : undefined
}

function argumentsOf(node: JsonNode | undefined): Arguments | undefined {
  if (node === undefined) return new Map()
  return node.kind === 'object' ? new Map(node.entries.map(({ key, value }) => [key, value])) : undefined
}
