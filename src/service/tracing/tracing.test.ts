// Requests of the service as traces: what each part is called, what is told of it, and what never is.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Env } from '../../base/env.ts'
import { nodeEnv } from '../../base/env-node.ts'
import { checkTraces, type ReceivedSpan, receivedSpans } from '../../testing/otlp.ts'
import {
  faults,
  freshServiceForEachTest,
  json,
  logged,
  PRICES,
  send,
  serveAs,
  serveWith,
  shop,
} from '../../testing/test-service.ts'
import type { QueryRunner } from '../../query/ask.ts'
import { traceContextOf } from './trace-context.ts'
import { type SamplerName, samplerOf } from './sampler.ts'
import { Tracing } from './tracing.ts'

freshServiceForEachTest()

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const bodies: string[] = []
let tracing: Tracing

beforeEach(() => trace('parentbased_always_on'))
afterEach(() => tracing[Symbol.asyncDispose]())

/** From now on requests are traced. */
function trace(sampler: SamplerName): void {
  bodies.length = 0
  const real = nodeEnv()
  const fetch: Env['network']['fetch'] = async (_, init) => {
    bodies.push(init?.body as string)
    return new Response('{}')
  }
  const target = {
    url: 'http://collector.example/v1/traces',
    headers: {},
    isCompressed: false,
    resource: { 'service.name': 'varve' },
    version: '1.2.3',
  }
  const settings = { target, sampler: samplerOf(sampler, 1), scheme: 'http', answerMsMax: 1_000 } as const
  tracing = new Tracing({ ...real, network: { ...real.network, fetch } }, settings, () => undefined)
  serveAs({ tracing })
}

/** What was sent so far, when the exporter is closed. */
async function received(): Promise<readonly ReceivedSpan[]> {
  await tracing[Symbol.asyncDispose]()
  const spans = bodies.flatMap(receivedSpans)
  checkTraces(spans)
  return spans
}

/** The parts of a trace, as `name` or `name > part`. */
function shape(spans: readonly ReceivedSpan[], root: ReceivedSpan, prefix = ''): readonly string[] {
  return spans
    .filter(({ parentId, traceId }) => parentId === root.spanId && traceId === root.traceId)
    .flatMap((span) => [`${prefix}${span.name}`, ...shape(spans, span, `${prefix}${span.name} > `)])
}

function rootsOf(spans: readonly ReceivedSpan[]): readonly ReceivedSpan[] {
  return spans.filter(({ kind }) => kind === 'server')
}

describe('a question', () => {
  it('is a trace of its parts, with who answered and how much', async () => {
    await shop()
    trace('parentbased_always_on')
    const { headers } = await send('POST', '/v1/query', { body: { query: PRICES } })
    const spans = await received()
    const [root, ...others] = rootsOf(spans)
    expect(others).toEqual([])
    expect(root).toMatchObject({
      name: 'POST /v1/query',
      parentId: undefined,
      isFailed: false,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/query',
        'http.response.status_code': 200,
        'url.scheme': 'http',
        'varve.caller.kind': 'local',
        'varve.receipt.id': headers['varve-receipt-id'],
        'varve.query.hash': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      },
      resource: { 'service.name': 'varve' },
    })
    expect(shape(spans, root!)).toEqual([
      'find the caller',
      'read body',
      'prepare',
      'find database',
      'write intent',
      'answer',
      'answer > plan',
      'write answer',
      'send',
    ])
    expect(spans.find(({ name }) => name === 'answer')?.attributes).toEqual({
      'varve.engine': 'native',
      'varve.rows': 2,
    })
    expect(spans.find(({ name }) => name === 'find database')?.attributes).toEqual({ 'db.namespace': 'shop' })
  })
})

describe('a request', () => {
  it('that goes wrong says by which code, and fails only where the service did', async () => {
    await shop()
    const broken: QueryRunner = {
      warm: () => undefined,
      run: () => Promise.reject(new TypeError('secret detail')),
      write: () => Promise.reject(new TypeError('secret detail')),
      explain: () => Promise.reject(new TypeError('secret detail')),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
    serveWith({}, broken)
    trace('parentbased_always_on')
    await send('POST', '/v1/query', { body: { query: PRICES } })
    await send('POST', '/v1/query', { body: { query: '[:find ?x' } })
    await send('GET', '/nowhere')
    await send('BREW', '/v1/query')
    faults.length = 0
    expect(
      rootsOf(await received()).map(({ name, isFailed, attributes }) => [
        name,
        isFailed,
        attributes['http.response.status_code'],
        attributes['error.type'],
      ]),
    ).toEqual([
      ['POST /v1/query', true, 500, 'varve.error/fault'],
      ['POST /v1/query', false, 400, 'varve.error/edn-bracket'],
      ['GET', false, 404, 'varve.error/route-unknown'],
      ['HTTP', false, 405, 'varve.error/method-not-allowed'],
    ])
  })

  it('whose client went away has no status', async () => {
    await shop()
    trace('parentbased_always_on')
    const gone = AbortSignal.abort(new Error('The client went away'))
    await send('POST', '/v1/query', { body: { query: PRICES }, signal: gone })
    const [root] = rootsOf(await received())
    expect(root!.attributes).not.toHaveProperty('http.response.status_code')
  })

  it('goes on with the trace of whoever sent it, and its line in the log says so', async () => {
    await shop()
    trace('parentbased_always_on')
    logged.length = 0
    const traceparent = `00-${TRACE}-${PARENT}-01`
    await send('GET', '/v1/databases', { headers: { traceparent, tracestate: 'a=b' } })
    await send('GET', '/v1/databases', { headers: { traceparent: `00-${TRACE}-${PARENT}-00` } })
    await send('GET', '/v1/databases')
    const [first, second, ...others] = rootsOf(await received())
    expect(first).toMatchObject({ traceId: TRACE, parentId: PARENT, state: 'a=b', hasRemoteParent: true })
    expect(second).toMatchObject({ parentId: undefined, hasRemoteParent: false })
    expect(others).toEqual([])
    expect(logged.map(({ traceId }) => traceId)).toEqual([TRACE, TRACE, second!.traceId])
    expect(second!.traceId).not.toBe(TRACE)
  })

  it('that is not traced still has the id of its trace in the log', async () => {
    serveAs({ tracing: undefined })
    await send('GET', '/healthz', { headers: { traceparent: `00-${TRACE}-${PARENT}-01` } })
    await send('GET', '/healthz')
    expect(logged.map(({ traceId }) => traceId)).toEqual([TRACE, undefined])
    expect(await received()).toEqual([])
  })

  it('is told of without queries, arguments, values, names of callers or tokens', async () => {
    await shop()
    const made = (await json('POST', '/v1/tokens', { caller: 'ada', scopes: ['query'] })) as {
      readonly token: string
    }
    trace('always_on')
    await json('POST', '/v1/databases/shop/transact', { tx: [{ 'item/id': 'cup', 'item/price': 77_001 }] })
    const query = '[:find ?p . :in $sh ?id :where [$sh ?i :item/id ?id] [$sh ?i :item/price ?p]]'
    const headers = { authorization: `Bearer ${made.token}`, 'varve-purpose': 'billing' }
    await send('POST', '/v1/query', { body: { query, args: ['cup'] }, headers })
    await json('POST', '/v1/pull', { database: 'sh', pattern: '[:item/price]', eid: [':item/id', 'cup'] })
    await json('GET', '/v1/databases/shop/log?from=1')
    await send('GET', '/v1/databases/nowhere?x=secret')
    const spans = await received()
    expect(rootsOf(spans)).toHaveLength(5)
    expect(spans.find(({ name }) => name === 'commit')?.attributes).toEqual({ 'db.namespace': 'shop' })
    for (const body of bodies)
      expect(body).not.toMatch(/cup|77001|item|nowhere|secret|\bada\b|billing|Bearer/)
    expect(bodies.join()).not.toContain(made.token)
  })

  it('gets nothing of its trace in the answer', async () => {
    const { headers } = await send('GET', '/healthz', {
      headers: { traceparent: `00-${TRACE}-${PARENT}-01` },
    })
    expect(JSON.stringify(headers)).not.toMatch(/trace/i)
    expect(traceContextOf({ headers: new Map(Object.entries(headers)) })).toBeUndefined()
  })
})

describe('figures of spans', () => {
  it('stand among the others', async () => {
    await send('GET', '/healthz')
    const { text } = await send('GET', '/metrics')
    expect(text).toContain('varve_trace_spans_waiting 2\n')
    expect(text).toContain('varve_trace_spans_exported_total 0\n')
    expect(text).toContain('varve_trace_spans_dropped_total{reason="queue-full"} 0\n')
  })
})
