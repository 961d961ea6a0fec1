// Messages of JSON-RPC 2.0 as the Model Context Protocol sends them over HTTP: one in each request, never several. What is
// no message is refused with the codes of JSON-RPC; what a tool refuses is a result and no refusal.

export type MessageId = string | number
export type Parameters = Readonly<Record<string, unknown>>

export type Message =
  | {
      readonly kind: 'request'
      readonly id: MessageId
      readonly method: string
      readonly parameters: Parameters
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
  const body = jsonOf(bytes)
  if (body === undefined) return refusal('notJson', 'The body is not JSON')
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
  return { kind: 'request', id: id as MessageId, method, parameters: params }
}

export function isObject(value: unknown): value is Parameters {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
