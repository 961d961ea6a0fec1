// What a request says of the trace that it is part of: the headers of W3C Trace Context. What is not written as that says is as
// if it were not there.

import type { HttpRequest } from '../../base/env.ts'

/** Whoever sent the request, as it names itself. */
export type TraceContext = {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** Of the span that the request is part of: 16 hexadecimal digits. */
  readonly parentId: string
  readonly isSampled: boolean
  /** What systems on the way added for themselves; handed on as it is. */
  readonly state: string | undefined
}

const STATE_LENGTH_MAX = 512
/** Version 00 ends with the flags; later ones may go on behind a dash. */
const TRACE_PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SAMPLED = 1

export function traceContextOf({ headers }: Pick<HttpRequest, 'headers'>): TraceContext | undefined {
  const [, version, traceId, parentId, flags, rest] =
    TRACE_PARENT.exec(headers.get('traceparent') ?? '') ?? []
  if (version === undefined || traceId === undefined || parentId === undefined || flags === undefined)
    return undefined
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined
  const isSampled = (Number.parseInt(flags, 16) & SAMPLED) !== 0
  return { traceId, parentId, isSampled, state: stateOf(headers.get('tracestate')) }
}

function stateOf(header: string | undefined): string | undefined {
  return header === undefined || header === '' || header.length > STATE_LENGTH_MAX ? undefined : header
}
