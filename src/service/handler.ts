// HTTP as one function from a request to a response: finds the route, answers in the caller's notation, turns
// errors into status codes. What each route does stands in answer-*.ts.

import type { HttpHandler, HttpRequest, HttpResponse } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import { type Span, traced } from '../base/span.ts'
import { queryCancelled } from '../engine/errors.ts'
import type { Notation } from '../query/written.ts'
import { type Caller, NOBODY } from '../access/caller.ts'
import { Place } from './admission.ts'
import { answerBody } from './answer.ts'
import { callerAsking, databasesOf } from './asking.ts'
import { errorField, notAcceptable, ourFault, statusOf } from './errors.ts'
import { acceptedFormat, mediaTypeOf, ownNotation } from './formats.ts'
import type { InFlight } from './caller-limits.ts'
import { logEntry, STATUS_CLIENT_GONE } from './log-entry.ts'
import { answerOptions, checkOrigin, readableAcross } from './origins.ts'
import { checkSearch, type Service } from './route.ts'
import { findRoute, methodsAt } from './routes.ts'
import { traceContextOf } from './tracing/trace-context.ts'

const NOTATIONS: readonly Notation[] = ['json', 'edn']

export function createHandler(service: Service): HttpHandler {
  const { clock } = service.catalog.env
  return async (request) => {
    const fromMs = clock.monotonicMs()
    const trace = service.tracing?.begin(request, fromMs)
    const { route, response: answered, caller, inFlight, error } = await answer(service, request, trace?.span)
    const response = readableAcross(service, request, answered)
    const status = request.signal.aborted ? STATUS_CLIENT_GONE : response.status
    const kind = inFlight?.kind
    const answeredMs = clock.monotonicMs() - fromMs
    service.metrics.answered(route, status, answeredMs)
    if (kind !== undefined) service.metrics.asked(kind, answeredMs)
    if (error !== undefined) service.metrics.failed(error, kind)
    // Until the whole ends.
    trace?.span?.begin('send')
    return {
      ...response,
      onEnd: (isWhole) => {
        response.onEnd?.(isWhole)
        if (trace === undefined && service.log === undefined) return
        const ended = { request, route, status, caller, kind, error, isWhole, headers: response.headers }
        if (trace !== undefined) service.tracing?.end(trace, ended)
        const ms = clock.monotonicMs() - fromMs
        const traceId = trace?.traceId ?? traceContextOf(request)?.traceId
        service.log?.(logEntry({ ...ended, ms, traceId, at: new Date(clock.nowMs()) }))
      },
    }
  }
}

type Answered = {
  readonly route: string
  readonly response: HttpResponse
  /** Undefined where nobody was asked, or the one who was is nobody. */
  readonly caller?: Caller | undefined
  readonly inFlight?: InFlight | undefined
  /** Code of the error that was answered. */
  readonly error?: string
}

async function answer(service: Service, request: HttpRequest, span: Span | undefined): Promise<Answered> {
  const notation: Notation = acceptedNotation(request)
  let path = 'none'
  let leave: (() => void) | undefined
  let caller: Caller | undefined
  const place = new Place(service.admission, request.signal)
  let inFlight: InFlight | undefined
  try {
    checkOrigin(service, request)
    const [pathname, search] = splitTarget(request.target)
    const methods = request.method === 'OPTIONS' ? methodsAt(pathname) : []
    if (methods.length > 0) return { route: path, response: answerOptions(service, request, methods) }
    const { route, parameters } = findRoute(request.method, pathname)
    path = route.path
    const { formats = NOTATIONS } = route
    const accepted = acceptedFormat(request, formats)
    if (accepted === undefined && route.contentType === undefined) {
      throw notAcceptable(request.headers.get('accept') ?? '', formats.map(mediaTypeOf))
    }
    let waitedMs = 0
    if (route.scope === 'open') {
      caller = NOBODY
      inFlight = service.inFlight.uncounted()
    } else {
      waitedMs = await waitedFor(place.enter(), service, span)
      leave = () => place.leave()
      caller = await callerAsking(service, request, route, span)
      inFlight = service.inFlight.enter(caller)
      leave = leaveBoth(inFlight, leave)
    }
    const databases = await databasesOf(service, caller, span)
    const format = accepted ?? notation
    const own = { place, caller, inFlight, waitedMs, databases, span }
    const context = { service, request, route, ...own, format, notation, parameters, search }
    checkSearch(context, route)
    return { route: path, caller, inFlight, response: leavingWith(await route.answer(context), leave) }
  } catch (error) {
    leave?.()
    service.waiting.abandon(request.signal)
    const shown = request.signal.aborted ? queryCancelled(request.signal.reason) : shownError(error)
    if (!request.signal.aborted && !(error instanceof VarveError)) service.onFault(error)
    return { route: path, caller, inFlight, error: shown.code, response: errorResponse(shown, notation) }
  }
}

/** Resolves when it is its turn, with how long that took. */
async function waitedFor(
  turn: Promise<void> | undefined,
  { catalog }: Service,
  span: Span | undefined,
): Promise<number> {
  if (turn === undefined) return 0
  const { clock } = catalog.env
  const fromMs = clock.monotonicMs()
  await traced(span, 'wait for a turn', () => turn)
  return clock.monotonicMs() - fromMs
}

function leaveBoth(inFlight: InFlight, leaveService: () => void): () => void {
  return () => {
    inFlight.leave()
    leaveService()
  }
}

/** The caller has one request less once the answer has left. */
function leavingWith(response: HttpResponse, leave: (() => void) | undefined): HttpResponse {
  if (leave === undefined) return response
  return {
    ...response,
    onEnd: (isWhole) => {
      leave()
      response.onEnd?.(isWhole)
    },
  }
}

/** What fields and errors are written in, whatever the route: the caller may take neither, and still reads them. */
function acceptedNotation(request: HttpRequest): Notation {
  const accepted = acceptedFormat(request, NOTATIONS)
  return accepted === 'json' || accepted === 'edn' ? accepted : ownNotation(request)
}

function splitTarget(target: string): readonly [string, URLSearchParams] {
  const mark = target.indexOf('?')
  return mark < 0
    ? [target, new URLSearchParams()]
    : [target.slice(0, mark), new URLSearchParams(target.slice(mark + 1))]
}

function shownError(error: unknown): VarveError {
  return error instanceof VarveError ? error : ourFault(error)
}

function errorResponse(shown: VarveError, notation: Notation): HttpResponse {
  const { kind, data } = shown
  const headers: Record<string, string> = {}
  if (kind === 'unauthorized') headers['www-authenticate'] = 'Bearer realm="varve"'
  if (kind === 'busy' || kind === 'unavailable') headers['retry-after'] = retryAfter(data)
  if (Array.isArray(data['allow'])) headers['allow'] = data['allow'].join(', ')
  return answerBody(statusOf(shown), errorField(shown), notation, headers)
}

/** Whole seconds, one at least. */
function retryAfter({ retryAfterMs }: VarveError['data']): string {
  return String(Math.max(1, Math.ceil(typeof retryAfterMs === 'number' ? retryAfterMs / 1_000 : 1)))
}
