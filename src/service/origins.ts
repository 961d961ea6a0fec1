// Pages of other origins (CORS): which of them may ask, and what a browser wants to hear before it lets them. A caller shows a
// token in a header that the page sets; nothing that a browser sends by itself opens anything, so credentials are never allowed.

import type { HttpRequest, HttpResponse } from '../base/env.ts'
import { PURPOSE_HEADER } from './access-control.ts'
import { hostRefused, originRefused } from './errors.ts'
import type { Service } from './route.ts'

/** What pages may send, and what of an answer beside its body they may read. */
const REQUEST_HEADERS = [
  'accept',
  'authorization',
  'content-type',
  'if-none-match',
  'mcp-protocol-version',
  'traceparent',
  'tracestate',
  PURPOSE_HEADER,
].join(', ')
const ANSWER_HEADERS = 'content-location, etag, link, retry-after, varve-receipt-id, varve-warnings'
/** How long a browser may remember what it was allowed. */
const PREFLIGHT_SECONDS = 600

type Door = Pick<Service, 'isLoopback' | 'origins'>

/** As browsers write it: scheme, host, and the port where it is not the scheme's own. Undefined where it is more than an origin. */
export function parseOrigin(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, origin, href } = new URL(text)
  return /^https?:$/.test(protocol) && `${origin}/` === href && !origin.includes('*') ? origin : undefined
}

/**
 * A page of some other site, open in the user's browser, can send requests to loopback too; it cannot choose the
 * Host that its name resolves under, nor hide its Origin. Throws `varve.error/host-refused`, `varve.error/origin-refused`.
 */
export function checkOrigin({ isLoopback, origins }: Door, { headers }: HttpRequest): void {
  if (!isLoopback) return
  const host = headers.get('host')
  if (!isLoopbackName(host)) throw hostRefused(host)
  const origin = headers.get('origin')
  if (origin === undefined || origins.has(origin)) return
  if (!isLoopbackName(origin.replace(/^https?:\/\//, ''))) throw originRefused(origin)
}

function isLoopbackName(host: string | undefined): boolean {
  return host !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(host)
}

/** What a browser asks before it sends a request of a page, and anybody who wants to know the methods. */
export function answerOptions(
  { origins }: Door,
  { headers }: HttpRequest,
  methods: readonly string[],
): HttpResponse {
  const allow = methods.join(', ')
  if (!origins.has(headers.get('origin') ?? '')) return { status: 204, headers: { allow } }
  return {
    status: 204,
    headers: {
      allow,
      'access-control-allow-methods': allow,
      'access-control-allow-headers': REQUEST_HEADERS,
      'access-control-max-age': String(PREFLIGHT_SECONDS),
    },
  }
}

/** The answer, an error too, as a page of an allowed origin can read it. */
export function readableAcross(
  { origins }: Door,
  request: HttpRequest,
  response: HttpResponse,
): HttpResponse {
  if (origins.size === 0) return response
  const { headers = {} } = response
  const origin = request.headers.get('origin')
  const vary = headers['vary'] === undefined ? 'Origin' : `${headers['vary']}, Origin`
  if (origin === undefined || !origins.has(origin)) return { ...response, headers: { ...headers, vary } }
  return {
    ...response,
    headers: {
      ...headers,
      vary,
      'access-control-allow-origin': origin,
      'access-control-expose-headers': ANSWER_HEADERS,
    },
  }
}
