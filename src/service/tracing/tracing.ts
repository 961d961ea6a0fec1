// A trace for each request that is to have one: continued from whoever sent it, or begun here. It says what kind of work was
// done and how long that took; what was asked stands in the audit, under the receipt's id that the trace names.

import type { Clock, Env, HttpRequest } from '../../base/env.ts'
import { NOBODY } from '../../access/caller.ts'
import { hexSource } from '../../base/random-uuid.ts'
import { Span } from '../../base/span.ts'
import { type Ended, STATUS_CLIENT_GONE } from '../log-entry.ts'
import type { TracingSettings } from './settings.ts'
import { type ExportCounts, SpanExporter } from './span-exporter.ts'
import { traceContextOf, type TraceContext } from './trace-context.ts'

/** What the spans of a service are counted in, where they are traced and where not. */
export type SpanFigures = ExportCounts & { readonly waiting: number }
export const NO_SPANS: SpanFigures = {
  exported: 0,
  dropped: { 'queue-full': 0, unreachable: 0, refused: 0 },
  waiting: 0,
}

/** Of one request. */
export type RequestTrace = {
  readonly traceId: string
  /** Undefined where it is not sampled: it has a name for the log, and that is all. */
  readonly span: Span | undefined
  readonly sender: TraceContext | undefined
  /** When it began, since 1970. */
  readonly atMs: number
}

/** Methods that the conventions know; whatever else a client thinks of has one name. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'])
const NO_ROUTE = 'none'

export class Tracing implements AsyncDisposable {
  readonly #clock: Clock
  readonly #settings: TracingSettings
  readonly #exporter: SpanExporter
  readonly #newTraceId: () => string
  readonly #newSpanId: () => string

  /** `onTrouble` is told when spans begin to be lost on the way. */
  constructor(env: Env, settings: TracingSettings, onTrouble: (message: string) => void) {
    const { target, answerMsMax } = settings
    this.#clock = env.clock
    this.#settings = settings
    this.#exporter = new SpanExporter(env, target, onTrouble, { answerMsMax })
    this.#newTraceId = hexSource(env.random, 16)
    this.#newSpanId = hexSource(env.random, 8)
  }

  get figures(): SpanFigures {
    return { ...this.#exporter.counts, waiting: this.#exporter.waitingCount }
  }

  begin(request: Pick<HttpRequest, 'headers'>, fromMs: number): RequestTrace {
    const clock = this.#clock
    const sender = traceContextOf(request)
    const traceId = sender?.traceId ?? this.#newTraceId()
    const isSampled = this.#settings.sampler(traceId, sender)
    const span = isSampled ? Span.root('request', () => clock.monotonicMs(), fromMs) : undefined
    return { traceId, span, sender, atMs: clock.nowMs() }
  }

  /** Once the answer has left, or nothing more will. */
  end({ traceId, span, sender, atMs }: RequestTrace, ended: Ended): void {
    if (span === undefined) return
    const { request, route, status, error } = ended
    span.set('url.scheme', this.#settings.scheme)
    tellRequest(span, ended)
    span.end()
    span.errorType = error
    const name = METHODS.has(request.method) ? request.method : 'HTTP'
    this.#exporter.add({
      name: route === NO_ROUTE ? name : `${name} ${route}`,
      traceId,
      spanId: this.#newSpanId(),
      parentId: sender?.parentId,
      state: sender?.state,
      root: span,
      atMs,
      // A mistake of the caller is no failure of this service.
      isFailed: isAnswered(ended) && status >= 500,
    })
  }

  /** Sends what waits, within a bound of time. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#exporter[Symbol.asyncDispose]()
  }
}

function tellRequest(span: Span, ended: Ended): void {
  const { request, route, status, isWhole, caller, kind, headers } = ended
  const receiptId = headers?.['varve-receipt-id']
  span.set('http.request.method', METHODS.has(request.method) ? request.method : '_OTHER')
  if (route !== NO_ROUTE) span.set('http.route', route)
  if (isAnswered(ended)) span.set('http.response.status_code', status)
  if (!isWhole) span.set('varve.whole', false)
  if (caller !== undefined && caller !== NOBODY) span.set('varve.caller.kind', caller.kind)
  if (kind !== undefined) span.set('varve.class', kind)
  if (receiptId !== undefined) span.set('varve.receipt.id', receiptId)
}

function isAnswered({ status }: Ended): boolean {
  return status !== STATUS_CLIENT_GONE
}
