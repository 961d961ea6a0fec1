// Starts the HTTP server over a catalog. Binds to loopback unless told otherwise.

import type { HttpServer } from '../base/env.ts'
import type { Catalog } from '../database/catalog.ts'
import type { QueryRunner } from '../query/ask.ts'
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
  readonly onFault: (error: unknown) => void
}

/** Throws `varve.error/port-in-use`. Disposing lets running requests finish. */
export function startServer(options: ServerOptions): Promise<HttpServer> {
  const { catalog, runner, host = '127.0.0.1', port, onFault } = options
  const limits = { ...SERVICE_LIMITS, ...options.limits }
  const isLoopback = isLoopbackHost(host)
  const waiting = new WaitingAnswers(limits.waitingBytesMax)
  const metrics = new Metrics()
  const handle = createHandler({ catalog, runner, limits, waiting, metrics, isLoopback, onFault })
  return catalog.env.network.listen({ host, port, handle })
}

/** True for an address that only programs on this machine reach. */
export function isLoopbackHost(host: string): boolean {
  return host === '127.0.0.1' || host === '::1' || host === 'localhost'
}
