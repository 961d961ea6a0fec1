// Traces of a service that runs as a process, as a collector receives them: over HTTP, from the first question to the end.

import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../src/api/connect.ts'
import { checkTraces, type ReceivedSpan, receivedSpans } from '../src/testing/otlp.ts'
import { RunningVarve, TestFolder } from './varve-process.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
/** Every item beside every other: more than is answered at once. */
const PAIRS =
  '[:find (count ?a) . :with ?b :where [$shop ?a :item/price ?p] [$shop ?b :item/price ?q] [(< ?p ?q)]]'
const PRICE = '[:find ?p . :in $shop ?n :where [$shop ?i :item/name ?n] [$shop ?i :item/price ?p]]'

type Export = { readonly headers: IncomingHttpHeaders; readonly spans: readonly ReceivedSpan[] }

const folder = new TestFolder()
const data = join(folder.path, 'data')
const exports: Export[] = []
let collector: Server
let address: string
let answer = 200

beforeAll(async () => {
  collector = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const { headers } = request
      const text = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
      if (answer === 200 && request.url === '/v1/traces')
        exports.push({ headers, spans: receivedSpans(text.toString()) })
      response.writeHead(answer, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  const made = await connect(`file:${data}`)
  const shop = await made.open('shop', {
    schema: `[{:db/ident :item/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
              {:db/ident :item/price :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]`,
  })
  await shop.transact(
    Array.from({ length: 3_000 }, (_, at) => ({ 'item/name': `item-${at}`, 'item/price': 77_000 + at })),
  )
  await made.close()
})
afterAll(() => {
  collector.closeAllConnections()
  collector.close()
  folder[Symbol.dispose]()
})

async function ask(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const response = await fetch(`${url}/v1/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  await response.arrayBuffer()
  return response
}

describe('a service that is traced', () => {
  it('sends what it did to the collector, before it ends, and nothing of what was in it', async () => {
    const words = [
      'serve',
      '--data',
      data,
      '--port',
      '0',
      '--workers',
      '1',
      '--log',
      'json',
      '--otlp',
      address,
    ]
    await using server = new RunningVarve(words, {
      OTEL_SERVICE_NAME: 'shop-service',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=s3cret',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    })
    const url = await server.url()
    const sender = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' }
    await ask(url, { query: PRICE, args: ['item-7'] }, sender)
    await ask(url, { query: PAIRS })
    await ask(url, { query: PRICE, args: ['item-7'], engine: 'duckdb' })
    await ask(url, { query: '[:find ?x :where [$shop ?x :item/weight _]]' })
    await ask(url, { query: PRICE, args: ['item-8'] }, { traceparent: `00-${TRACE}-${PARENT}-00` })
    await fetch(`${url}/v1/databases/shop/transact`, { method: 'POST' })
    await fetch(`${url}/metrics/of/nothing`)
    expect(await server.stop('SIGTERM')).toBe(0)

    for (const { headers } of exports)
      expect(headers).toMatchObject({ 'content-type': 'application/json', 'api-key': 's3cret' })
    const spans = exports.flatMap((each) => each.spans)
    checkTraces(spans)
    const roots = spans.filter(({ kind }) => kind === 'server')
    expect(
      roots.map(({ name, isFailed, attributes }) => [
        name,
        isFailed,
        attributes['http.response.status_code'],
        attributes['error.type'],
      ]),
    ).toEqual([
      ['POST /v1/query', false, 200, undefined],
      ['POST /v1/query', false, 200, undefined],
      ['POST /v1/query', false, 200, undefined],
      ['POST /v1/query', false, 400, 'db.error/not-an-entity'],
      ['POST /v1/databases/:name/transact', false, 422, expect.any(String)],
      ['GET', false, 404, 'varve.error/route-unknown'],
    ])
    expect(roots[0]).toMatchObject({
      traceId: TRACE,
      parentId: PARENT,
      state: 'vendor=1',
      hasRemoteParent: true,
    })
    expect(roots[1]!.attributes['varve.class']).toBe('scan')
    expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(roots.length)
    expect(roots[0]!.resource).toMatchObject({
      'service.name': 'shop-service',
      'process.pid': server.child.pid,
    })
    expect(partsOf(spans, roots[1]!)).toEqual(
      expect.arrayContaining([
        'wait for a worker',
        'worker',
        'worker > read question',
        'worker > answer',
        'worker > answer > plan',
        'worker > write answer',
      ]),
    )
    expect(partsOf(spans, roots[2]!)).toEqual(
      expect.arrayContaining(['worker > answer > plan', 'worker > answer > DuckDB']),
    )
    for (const engine of ['native', 'duckdb'])
      expect(
        spans.some(({ name, attributes }) => name === 'answer' && attributes['varve.engine'] === engine),
      ).toBe(true)

    const entries = server.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly traceId?: string })
    // The one that its sender did not keep has no spans, and its line names its trace all the same.
    expect(entries.map(({ traceId }) => traceId)).toEqual(
      [...roots.slice(0, 4), roots[0]!, ...roots.slice(4)].map(({ traceId }) => traceId),
    )
    const told = JSON.stringify(spans.map(({ name, attributes, resource }) => [name, attributes, resource]))
    for (const secret of ['item', 's3cret', 'of/nothing', '127.0.0.1'])
      expect((told + server.stderr).includes(secret), secret).toBe(false)
  })

  it('answers as ever where the collector refuses, or is not there, and ends in time', async () => {
    answer = 503
    const words = ['serve', '--data', data, '--port', '0', '--otlp', address]
    await using server = new RunningVarve(words)
    const url = await server.url()
    expect((await ask(url, { query: PRICE, args: ['item-7'] })).status).toBe(200)
    collector.closeAllConnections()
    collector.close()
    const fromMs = performance.now()
    expect(await server.stop('SIGTERM')).toBe(0)
    expect(performance.now() - fromMs).toBeLessThan(30_000)
    expect(server.stderr).toContain(`Traces do not arrive at ${address}/v1/traces`)
  })
})

/** The parts of a span, as `name` or `name > part`. */
function partsOf(spans: readonly ReceivedSpan[], whole: ReceivedSpan, prefix = ''): readonly string[] {
  return spans
    .filter(({ parentId }) => parentId === whole.spanId)
    .flatMap((span) => [`${prefix}${span.name}`, ...partsOf(spans, span, `${prefix}${span.name} > `)])
}
