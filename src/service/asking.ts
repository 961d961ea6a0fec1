// Who asks, and what shows to that caller: found once for each request, and once more by one that has waited meanwhile.

import type { HttpRequest } from '../base/env.ts'
import { type Span, traced } from '../base/span.ts'
import { type Caller, NOBODY } from '../access/caller.ts'
import { checkScope } from './access-control.ts'
import { CallerDatabases } from './caller-databases.ts'
import type { Route, Service } from './route.ts'

/** Throws errors of kind `unauthorized`, and `varve.error/scope-missing`. */
export async function callerAsking(
  service: Service,
  request: HttpRequest,
  { scope }: Route,
  span: Span | undefined,
): Promise<Caller> {
  if (scope === 'open') return NOBODY
  const caller = await traced(span, 'find the caller', () => service.access.callerOf(request))
  checkScope(caller, scope)
  return caller
}

/** Grants are read anew for each request: what is taken back shows nothing from the next one on. */
export async function databasesOf(
  service: Service,
  caller: Caller,
  span: Span | undefined,
): Promise<CallerDatabases> {
  const { catalog, grants, rowSets, system } = service
  const held =
    caller === NOBODY
      ? []
      : caller.kind === 'local'
        ? undefined
        : await traced(span, 'read grants', () => grants.current())
  return new CallerDatabases(catalog, caller, held, { rowSets, hashKey: system.maskKey })
}
