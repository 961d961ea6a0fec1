// Starts the HTTP server over a catalog. Binds to loopback unless told otherwise.

import type { HttpServer, ListenOptions } from '../base/env.ts'
import type { Catalog } from '../database/catalog.ts'
import type { Writer } from '../database/writer.ts'
import type { QueryRunner } from '../query/ask.ts'
import { WaitingScans } from '../query/waiting-scans.ts'
import { AuditLog } from './audit/audit-log.ts'
import { auditedBy } from './audit/audited.ts'
import type { IdentityVerifier } from '../access/identity.ts'
import { Admission, type AdmissionLimits } from './admission.ts'
import { Arrivals } from './arrivals.ts'
import { type AccessControl, TokenAccess } from './access-control.ts'
import type { SystemFolder } from './system/system-folder.ts'
import { RowSets } from '../access/row-sets.ts'
import { Grants } from './system/grants.ts'
import { SavedQueries } from './system/saved-queries.ts'
import { type HeldProcedures, StoredProcedures } from './system/stored-procedures.ts'
import { saveUsageQueries } from './system/usage-queries.ts'
import { Tokens } from './system/tokens.ts'
import { doorOpen } from './errors.ts'
import { type Answering, createAnswering } from './answering.ts'
import { createHandler } from './handler.ts'
import { CallersInFlight } from './caller-limits.ts'
import { Quarantine } from './quarantine.ts'
import { Metrics } from './metrics.ts'
import type { Tracing } from './tracing/tracing.ts'
import { WaitingAnswers } from './waiting-answers.ts'
import { type Service, SERVICE_LIMITS, type ServiceLimits } from './route.ts'

export type ServiceOptions = {
  readonly catalog: Catalog
  readonly runner: QueryRunner
  /** Those that wait for its workers; none where it has none. */
  readonly scans?: WaitingScans
  readonly system: SystemFolder
  /** Where those that are stored are run. */
  readonly procedures: HeldProcedures
  readonly limits?: Partial<ServiceLimits>
  readonly admission?: Partial<AdmissionLimits>
  /** Of Varve, for receipts. */
  readonly version: string
  readonly answering?: Partial<Answering>
  /** Origins whose pages may ask, as browsers write them; none where left out. */
  readonly origins?: readonly string[]
  readonly log?: Service['log']
  /** Where each request is to have a trace. Whoever gave it disposes of it, once the server is. */
  readonly tracing?: Tracing
  readonly onFault: (error: unknown) => void
}

export type ServerOptions = ServiceOptions & {
  readonly host?: string
  readonly port: number
  /** On loopback whoever shows no token may do everything, also once there are tokens: for the machine of one person. */
  readonly isLocalKept?: boolean
  /** Who vouches for callers without a token of this server. */
  readonly identities?: IdentityVerifier
  /** PEM: HTTPS instead of HTTP. */
  readonly tls?: ListenOptions['tls']
  /** Names this process in its audit among those that share the system folder. */
  readonly instance?: string
}

/**
 * Throws `varve.error/port-in-use`, `varve.error/instance-taken`, and `varve.error/door-open` where others could reach a
 * door without a lock. Disposing lets running requests finish, and what was asked be written.
 */
export async function startServer(options: ServerOptions): Promise<HttpServer> {
  const { catalog, host = '127.0.0.1', port, tls, system, instance, identities, isLocalKept } = options
  const isLoopback = isLoopbackHost(host)
  const access = new TokenAccess(new Tokens(catalog.env, system), {
    isLoopback,
    isLocalKept,
    identities,
  })
  if (!isLoopback && (tls === undefined || !(await access.isGuarded()))) throw doorOpen(host)
  const service = createService(options, {
    audit: await system.openAudit(instance),
    access,
    isLoopback,
  })
  if (system.isOwner) await saveUsageQueries(service.queries)
  const handle = createHandler(service)
  const server = await catalog.env.network.listen({ host, port, handle, ...(tls !== undefined && { tls }) })
  return {
    host: server.host,
    port: server.port,
    async [Symbol.asyncDispose]() {
      service.arrivals.stop()
      await server[Symbol.asyncDispose]()
      await service.audit.settled()
    },
  }
}

export type Door = {
  readonly audit: Writer
  readonly access: AccessControl
  /** Only a loopback Host and no foreign Origin is answered. */
  readonly isLoopback: boolean
}

/** What the routes answer from, for whoever comes through the door. */
export function createService(options: ServiceOptions, { audit, access, isLoopback }: Door): Service {
  const { catalog, runner, scans = new WaitingScans(), system, version, onFault } = options
  const limits = { ...SERVICE_LIMITS, ...options.limits }
  const log = new AuditLog(catalog.env, audit, onFault)
  return {
    catalog,
    runner,
    limits,
    system,
    tokens: new Tokens(catalog.env, system),
    grants: new Grants(catalog.env, system),
    queries: new SavedQueries(catalog.env, system),
    procedures: new StoredProcedures(catalog.env, system, options.procedures),
    rowSets: new RowSets(runner),
    audit: log,
    access,
    waiting: new WaitingAnswers(limits.waitingBytesMax),
    metrics: new Metrics(),
    inFlight: new CallersInFlight(limits.callers),
    scans,
    admission: new Admission(catalog.env.timers, { ...options.admission, scans }),
    quarantine: new Quarantine(catalog.env.clock),
    arrivals: new Arrivals(catalog.env.timers),
    answering: createAnswering(catalog.env, version, { onAnswer: auditedBy(log), ...options.answering }),
    isLoopback,
    origins: new Set(options.origins),
    log: options.log,
    tracing: options.tracing,
    onFault,
  }
}

/** True for an address that only programs on this machine reach. */
export function isLoopbackHost(host: string): boolean {
  return host === '127.0.0.1' || host === '::1' || host === 'localhost'
}
