// One line of the log for each request. It says who asked what kind of thing and what became of it, never what was in it:
// queries and arguments stand in the audit, for whoever may see them, and secrets nowhere.

import type { Caller } from '../access/caller.ts'
import type { HttpRequest, HttpResponse } from '../base/env.ts'
import type { QuestionClass } from '../plan/question-class.ts'
import { NOBODY } from '../access/caller.ts'

export type LogEntry = {
  readonly at: string
  readonly level: 'info' | 'warn' | 'error'
  readonly event: 'request'
  readonly method: string
  /** With the names of its parameters, not their values. */
  readonly route: string
  readonly status: number
  readonly ms: number
  readonly caller?: string
  readonly callerKind?: Caller['kind']
  readonly purpose?: string
  /** Of what was asked: point or scan. */
  readonly class?: QuestionClass
  /** Of the audit and of the receipt. */
  readonly receiptId?: string
  /** Of the trace that the request is part of. */
  readonly traceId?: string
  /** Code of the error. */
  readonly error?: string
  /** False where the client went away before the last byte. */
  readonly whole: boolean
}

/** What is counted for a request whose client went away before its answer; nobody receives it. */
export const STATUS_CLIENT_GONE = 499

/** What became of a request, once its answer has left or nothing more will. */
export type Ended = {
  readonly request: HttpRequest
  readonly route: string
  readonly status: number
  readonly caller: Caller | undefined
  readonly kind: QuestionClass | undefined
  /** Code of the error. */
  readonly error: string | undefined
  readonly isWhole: boolean
  readonly headers: HttpResponse['headers']
}

export type Logged = Ended & {
  readonly ms: number
  readonly traceId: string | undefined
  readonly at: Date
}

export function logEntry(logged: Logged): LogEntry {
  const { request, route, status, caller, kind, error, isWhole, ms, headers, traceId, at } = logged
  const receiptId = headers?.['varve-receipt-id']
  return {
    at: at.toISOString(),
    level: status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info',
    event: 'request',
    method: request.method,
    route,
    status,
    ms: Math.round(ms * 1_000) / 1_000,
    ...(caller !== undefined &&
      caller !== NOBODY && {
        caller: caller.name,
        callerKind: caller.kind,
        ...(caller.purpose !== undefined && { purpose: caller.purpose }),
      }),
    ...(kind !== undefined && { class: kind }),
    ...(receiptId !== undefined && { receiptId }),
    ...(traceId !== undefined && { traceId }),
    ...(error !== undefined && { error }),
    whole: isWhole,
  }
}
