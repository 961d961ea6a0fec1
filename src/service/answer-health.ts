// Whether the service lives and is ready, its figures, and its description.

import { ok, type Route, type Service } from './route.ts'

export const HEALTH_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/healthz',
    about: 'The process lives',
    scope: 'open',
    answer: async (context) => ok(context, { status: 'ok' }),
  },
  {
    method: 'GET',
    path: '/readyz',
    about: 'Every database is open and can be asked',
    scope: 'open',
    answer: async (context) => {
      const { catalog } = context.service
      await Promise.all(catalog.list().map(({ name }) => catalog.connection(name)))
      return ok(context, { status: 'ready' })
    },
  },
  {
    method: 'GET',
    path: '/metrics',
    about: 'Figures in the text format of Prometheus',
    scope: 'manage',
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    answer: async ({ service }) => ({
      status: 200,
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
      body: service.metrics.write(await gauges(service)),
    }),
  },
]

async function gauges({
  catalog,
  waiting,
  answering,
}: Service): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const { residentBytes, heapBytes } = catalog.env.processes.memory()
  const basisTs = new Map<string, number>()
  for (const { name } of catalog.list()) {
    basisTs.set(`database="${name}"`, (await catalog.connection(name)).value().basisT)
  }
  return new Map([
    ['varve_process_resident_bytes', new Map([['', residentBytes]])],
    ['varve_process_heap_bytes', new Map([['', heapBytes]])],
    ['varve_http_waiting_answer_bytes', new Map([['', waiting.byteCount]])],
    ['varve_http_kept_answer_bytes', new Map([['', answering.results.answerBytes]])],
    ['varve_database_basis_t', basisTs],
  ])
}
