// What HTTP offers, and which route a request means. Each route stands with what it answers in answer-*.ts.

import { openApi } from './openapi.ts'
import { ACCESS_ROUTES } from './answer-access.ts'
import { SAVED_QUERY_ROUTES } from './answer-saved-queries.ts'
import { PROCEDURE_ROUTES } from './answer-procedures.ts'
import { AUDIT_ROUTES } from './answer-audit.ts'
import { DATABASE_ROUTES } from './answer-databases.ts'
import { HEALTH_ROUTES } from './answer-health.ts'
import { DATOMS_ROUTE } from './answer-datoms.ts'
import { WITH_ROUTE } from './answer-with.ts'
import { LOG_ROUTE } from './answer-log.ts'
import { QUARANTINE_ROUTES } from './answer-quarantine.ts'
import { PULL_ROUTE, QUERY_ROUTE } from './answer-questions.ts'
import { RECEIPT_ROUTE, RESULT_ROUTE } from './answer-receipts.ts'
import { REPLAY_ROUTE } from './answer-replay.ts'
import { methodNotAllowed, routeUnknown } from './errors.ts'
import { MCP_ROUTE } from './mcp/answer-mcp.ts'
import type { Route } from './route.ts'

const OPENAPI_ROUTE: Route = {
  method: 'GET',
  path: '/openapi.json',
  about: 'This description',
  scope: 'open',
  answers: { type: 'object' },
  contentType: 'application/json',
  answer: async () => ({
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(openApi(ROUTES)),
  }),
}

export const ROUTES: readonly Route[] = [
  ...DATABASE_ROUTES,
  LOG_ROUTE,
  DATOMS_ROUTE,
  WITH_ROUTE,
  QUERY_ROUTE,
  PULL_ROUTE,
  ...SAVED_QUERY_ROUTES,
  ...PROCEDURE_ROUTES,
  ...ACCESS_ROUTES,
  ...AUDIT_ROUTES,
  ...QUARANTINE_ROUTES,
  RESULT_ROUTE,
  REPLAY_ROUTE,
  RECEIPT_ROUTE,
  MCP_ROUTE,
  ...HEALTH_ROUTES,
  OPENAPI_ROUTE,
]

/** Their paths taken apart, once: every request looks through all of them. */
const ROUTE_PARTS = ROUTES.map((route) => ({ route, wanted: route.path.split('/') }))

export type FoundRoute = {
  readonly route: Route
  readonly parameters: Readonly<Record<string, string>>
}

/** The route of a request. HEAD means what GET means. Throws `route-unknown` or `method-not-allowed`. */
export function findRoute(method: string, path: string): FoundRoute {
  const wanted = method === 'HEAD' ? 'GET' : method
  const found = routesAt(path)
  if (found.length === 0) throw routeUnknown(method, path)
  const chosen = found.find(({ route }) => route.method === wanted)
  if (chosen === undefined) throw methodNotAllowed(method, path, methodsAt(path))
  return chosen
}

/** The methods that a path takes, for `Allow`. */
export function methodsAt(path: string): readonly string[] {
  const methods = routesAt(path).map(({ route }) => route.method)
  return methods.length === 0 ? [] : [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS']
}

function routesAt(path: string): readonly FoundRoute[] {
  const parts = path.split('/')
  const found: FoundRoute[] = []
  for (const { route, wanted } of ROUTE_PARTS) {
    const parameters = parametersOf(wanted, parts)
    if (parameters !== undefined) found.push({ route, parameters })
  }
  return found
}

function parametersOf(
  wanted: readonly string[],
  parts: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (wanted.length !== parts.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [i, part] of wanted.entries()) {
    const given = parts[i]!
    if (!part.startsWith(':')) {
      if (part !== given) return undefined
    } else if (given === '') return undefined
    else parameters[part.slice(1)] = decodePart(given)
  }
  return parameters
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
