// Starts the HTTP server over a catalog. Binds to loopback unless told otherwise.

import type { HttpServer } from '../base/env.ts'
import type { Catalog } from '../database/catalog.ts'
import type { QueryRunner } from '../query/ask.ts'
import { TokenAccess } from './access-control.ts'
import type { SystemFolder } from './system/system-folder.ts'
import { Tokens } from './system/tokens.ts'
import { createHandler } from './handler.ts'
import { Metrics } from './metrics.ts'
import { WaitingAnswers } from './waiting-answers.ts'
import { SERVICE_LIMITS, type ServiceLimits } from './route.ts'

export type ServerOptions = {
  readonly catalog: Catalog
  readonly runner: QueryRunner
  readonly host?: string
  readonly port: number
  readonly limits?: Partial<ServiceLimits>
  readonly system: SystemFolder
  readonly onFault: (error: unknown) => void
}

/** Throws `varve.error/port-in-use`. Disposing lets running requests finish. */
export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const { catalog, runner, host = '127.0.0.1', port, system, onFault } = options
  const limits = { ...SERVICE_LIMITS, ...options.limits }
  const isLoopback = isLoopbackHost(host)
  const waiting = new WaitingAnswers(limits.waitingBytesMax)
  const metrics = new Metrics()
  const tokens = new Tokens(catalog.env, system)
  const access = new TokenAccess(tokens, { isLoopback })
  const handle = createHandler({
    catalog,
    runner,
    limits,
    waiting,
    metrics,
    system,
    tokens,
    access,
    isLoopback,
    onFault,
  })
  return catalog.env.network.listen({ host, port, handle })
}

/** True for an address that only programs on this machine reach. */
export function isLoopbackHost(host: string): boolean {
  return host === '127.0.0.1' || host === '::1' || host === 'localhost'
}
