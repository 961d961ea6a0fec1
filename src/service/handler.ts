// HTTP as one function from a request to a response: finds the route, answers in the caller's notation, turns
// errors into status codes. What each route does stands in routes.ts.

import type { HttpHandler, HttpRequest, HttpResponse } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import type { Catalog } from '../database/catalog.ts'
import type { QueryRunner } from '../query/ask.ts'
import { answerBody, answerNotation, type Notation, type Plain } from './body.ts'
import { hostRefused, originRefused, routeUnknown, statusOf } from './errors.ts'
import type { Metrics } from './metrics.ts'
import { matchRoute } from './routes.ts'

export type ServiceLimits = {
  readonly bodyBytesMax: number
  readonly rowCountMax: number
  readonly timeoutMsMax: number
}
export const SERVICE_LIMITS: ServiceLimits = {
  bodyBytesMax: 16 << 20,
  rowCountMax: 1_000_000,
  timeoutMsMax: 600_000,
}

export type Service = {
  readonly catalog: Catalog
  readonly runner: QueryRunner
  readonly limits: ServiceLimits
  readonly metrics: Metrics
  /** Bound to loopback: only a loopback Host and no foreign Origin is answered. */
  readonly isLoopback: boolean
  /** Unforeseen errors, for the log: never shown to callers. */
  readonly onFault: (error: unknown) => void
}

export function createHandler(service: Service): HttpHandler {
  return async (request) => {
    const notation = answerNotation(request)
    const fromMs = service.catalog.env.clock.monotonicMs()
    let route = 'none'
    let response: HttpResponse
    try {
      if (service.isLoopback) checkLoopback(request)
      const url = new URL(request.target, 'http://localhost')
      const found = matchRoute(request.method, url.pathname)
      if (found === undefined) throw routeUnknown(request.method, url.pathname)
      route = found.route.path
      response = await found.route.answer({
        service,
        request,
        notation,
        parameters: found.parameters,
        search: url.searchParams,
      })
    } catch (error) {
      response = errorResponse(error, notation, service.onFault)
    }
    service.metrics.answered(route, response.status, service.catalog.env.clock.monotonicMs() - fromMs)
    return response
  }
}

/**
 * A page of some other site, open in the user's browser, can send requests to loopback too; it cannot choose the
 * Host that its name resolves under, nor hide its Origin.
 */
function checkLoopback(request: HttpRequest): void {
  const host = request.headers.get('host')
  if (!isLoopbackName(host)) throw hostRefused(host)
  const origin = request.headers.get('origin')
  if (origin !== undefined && !isLoopbackName(origin.replace(/^https?:\/\//, ''))) throw originRefused(origin)
}

function isLoopbackName(host: string | undefined): boolean {
  return host !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host)
}

export function errorResponse(
  error: unknown,
  notation: Notation,
  onFault: (error: unknown) => void,
): HttpResponse {
  if (!(error instanceof VarveError)) {
    onFault(error)
    return answerBody(
      500,
      {
        error: {
          code: 'varve.error/fault',
          kind: 'fault',
          message: 'Varve failed; nothing half done was kept',
          fix: 'See the log of the server, and report it',
          data: {},
        },
      },
      notation,
    )
  }
  const { code, kind, message, fix, data } = error
  const headers: Record<string, string> = kind === 'busy' ? { 'retry-after': '1' } : {}
  return answerBody(
    statusOf(kind),
    { error: { code, kind, message, fix, data: plainData(data) } },
    notation,
    headers,
  )
}

function plainData(data: Readonly<Record<string, unknown>>): Plain {
  return JSON.parse(
    JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value)),
  ) as Plain
}
