// Whether the service lives and is ready, its figures, and its description.

import type { Connection } from '../database/connection.ts'
import type { Gauge } from './metrics.ts'
import { NO_SPANS } from './tracing/tracing.ts'
import { ok, type Route, type Service } from './route.ts'
import { object, oneOf, TEXT } from './answer-schema.ts'

export const HEALTH_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/healthz',
    about: 'The process lives',
    scope: 'open',
    answers: object({ status: oneOf('ok') }),
    answer: async (context) => ok(context, { status: 'ok' }),
  },
  {
    method: 'GET',
    path: '/readyz',
    about: 'Every database is open and can be asked',
    scope: 'open',
    answers: object({ status: oneOf('ready') }),
    answer: async (context) => {
      await Promise.all(connectionsOf(context.service))
      return ok(context, { status: 'ready' })
    },
  },
  {
    method: 'GET',
    path: '/metrics',
    about: 'Figures in the text format of Prometheus',
    scope: 'manage',
    answers: TEXT,
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    answer: async ({ service }) => ({
      status: 200,
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
      body: service.metrics.write(await gauges(service)),
    }),
  },
]

/** To all databases but those of the service itself, which are followed once somebody asks them. */
function connectionsOf({ catalog, system }: Service): readonly Promise<Connection>[] {
  const own = new Set(system.databaseNames())
  const names = catalog.list().map(({ name }) => name)
  return names.filter((name) => !own.has(name)).map((name) => catalog.connection(name))
}

async function gauges(service: Service): Promise<readonly Gauge[]> {
  const { catalog, waiting, answering, inFlight, admission, scans, audit, system } = service
  const { exported, dropped, waiting: waitingSpans } = service.tracing?.figures ?? NO_SPANS
  const droppedSpans = Object.entries(dropped).map(
    ([reason, count]) => [`reason="${reason}"`, count] as const,
  )
  const { residentBytes, heapBytes } = catalog.env.processes.memory()
  const basisTs = new Map<string, number>()
  for (const connection of await Promise.all(connectionsOf(service))) {
    basisTs.set(`database="${connection.info.name}"`, connection.value().basisT)
  }
  const one = (name: string, help: string, value: number): Gauge => ({
    name,
    help,
    series: new Map([['', value]]),
  })
  return [
    one('varve_process_resident_bytes', 'Resident set of the process.', residentBytes),
    one('varve_process_heap_bytes', 'JavaScript heap of the process.', heapBytes),
    one('varve_http_requests_in_flight', 'Requests that are being answered.', inFlight.count),
    one('varve_http_requests_waiting', 'Requests that wait for their turn.', admission.waitingCount),
    one('varve_scans_waiting', 'Scans that wait for a worker.', scans.waitingCount),
    one('varve_http_waiting_answer_bytes', 'Answers that clients have not taken yet.', waiting.byteCount),
    one(
      'varve_http_kept_answer_bytes',
      'Answers that are kept to be given again.',
      answering.results.answerBytes,
    ),
    one('varve_audit_pending_links', 'Links of the audit that wait to be written.', audit.pendingCount),
    one('varve_system_owner', '1 where this process owns the system database.', system.isOwner ? 1 : 0),
    one('varve_trace_spans_waiting', 'Spans that wait to be sent to the collector.', waitingSpans),
    {
      ...one('varve_trace_spans_exported_total', 'Spans that the collector took.', exported),
      type: 'counter',
    },
    {
      name: 'varve_trace_spans_dropped_total',
      help: 'Spans that were lost.',
      type: 'counter',
      series: new Map(droppedSpans),
    },
    { name: 'varve_database_basis_t', help: 'The newest t of a database here.', series: basisTs },
  ]
}
