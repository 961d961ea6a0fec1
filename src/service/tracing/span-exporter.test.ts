// Traces on their way out: batches, collectors that refuse, hang or are not there, and the end of the service. In simulated
// time.

import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Env } from '../../base/env.ts'
import { nodeEnv } from '../../base/env-node.ts'
import { Span } from '../../base/span.ts'
import { receivedSpans } from '../../testing/otlp.ts'
import { SimulatedMachine } from '../../testing/simulated-env.ts'
import type { FinishedTrace } from './otlp.ts'
import { EXPORT_LIMITS, SpanExporter } from './span-exporter.ts'

const TARGET = {
  url: 'http://collector.example:4318/v1/traces',
  headers: { 'api-key': 'secret' },
  isCompressed: false,
  resource: { 'service.name': 'varve' },
  version: '1.2.3',
}

type Request = { readonly url: string; readonly init: RequestInit; readonly atMs: number }

/** An exporter on a simulated machine, to a collector that answers as it is told. */
class Bench {
  readonly machine = new SimulatedMachine({ seed: 7 })
  readonly requests: Request[] = []
  readonly troubles: string[] = []
  readonly exporter: SpanExporter
  answer: () => Promise<Response> = async () => new Response('{}')

  constructor() {
    const env: Env = this.machine.startProcess()
    const fetch: Env['network']['fetch'] = (url, init = {}) => {
      this.requests.push({ url, init, atMs: this.machine.nowMs })
      return this.answer()
    }
    const told = (message: string): number => this.troubles.push(message)
    this.exporter = new SpanExporter({ ...env, network: { ...env.network, fetch } }, TARGET, told)
  }

  sleep(ms: number): Promise<void> {
    return this.machine.run(async () => {
      const process = this.machine.startProcess()
      await process.timers.sleep(ms)
    })
  }

  close(): Promise<void> {
    return this.machine.run(() => this.exporter[Symbol.asyncDispose]())
  }

  /** Of each request, how many spans it brought. */
  get batches(): readonly number[] {
    return this.requests.map(({ init }) => receivedSpans(init.body as string).length)
  }
}

/** A trace of so many spans. */
function trace(spanCount: number): FinishedTrace {
  const root = Span.root('request', () => 5, 3)
  for (let count = 1; count < spanCount; count++) root.begin('part').end()
  root.end()
  return {
    name: 'GET /healthz',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    parentId: undefined,
    state: undefined,
    root,
    atMs: 1_700_000_000_000,
    isFailed: false,
  }
}

describe('an exporter', () => {
  it('sends what waits every few seconds, and nothing where nothing waits', async () => {
    const bench = new Bench()
    bench.exporter.add(trace(3))
    bench.exporter.add(trace(1))
    expect(bench.exporter.waitingCount).toBe(4)
    await bench.sleep(4 * EXPORT_LIMITS.intervalMs)
    expect(bench.batches).toEqual([4])
    const [{ url, init }] = bench.requests as [Request]
    expect([url, init.method, init.redirect]).toEqual([TARGET.url, 'POST', 'error'])
    expect(init.headers).toEqual({ 'api-key': 'secret', 'content-type': 'application/json' })
    expect(bench.exporter.counts).toMatchObject({ exported: 4 })
    expect([bench.exporter.waitingCount, bench.troubles]).toEqual([0, []])
  })

  it('sends at once when there are enough, in batches', async () => {
    const bench = new Bench()
    for (let count = 0; count < 12; count++) bench.exporter.add(trace(100))
    await bench.sleep(1)
    expect(bench.batches).toEqual([600, 600])
    expect(bench.exporter.counts).toMatchObject({ exported: 1_200 })
  })

  it('drops what finds no room, and counts it', async () => {
    const bench = new Bench()
    bench.answer = () => new Promise(() => undefined)
    for (let count = 0; count < 200; count++) bench.exporter.add(trace(100))
    const { exporter } = bench
    // One batch is on its way; of the others so many wait as may.
    expect(exporter.waitingCount).toBeLessThanOrEqual(EXPORT_LIMITS.waitingCountMax)
    expect(exporter.waitingCount).toBeGreaterThan(EXPORT_LIMITS.waitingCountMax - 100)
    expect(exporter.counts.dropped['queue-full']).toBe(20_000 - 600 - exporter.waitingCount)
  })

  it('counts what a trace itself had no room for', () => {
    const bench = new Bench()
    bench.exporter.add(trace(1_000))
    expect(bench.exporter.waitingCount + bench.exporter.counts.dropped['queue-full']).toBe(1_000)
  })

  it('tries again later and later where nobody answers, then drops the batch, and tells once', async () => {
    const bench = new Bench()
    bench.answer = () =>
      Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }))
    bench.exporter.add(trace(2))
    await bench.sleep(EXPORT_LIMITS.intervalMs + 20_000)
    const atMs = bench.requests.map((request) => request.atMs - bench.requests[0]!.atMs)
    expect(atMs).toHaveLength(1 + EXPORT_LIMITS.retryCountMax)
    atMs.slice(1).forEach((at, attempt) => {
      const waitedMs = at - atMs[attempt]!
      expect(waitedMs).toBeGreaterThanOrEqual(500 * 2 ** attempt)
      expect(waitedMs).toBeLessThanOrEqual(1_000 * 2 ** attempt)
    })
    expect(bench.exporter.counts).toEqual({
      exported: 0,
      dropped: { 'queue-full': 0, unreachable: 2, refused: 0 },
    })
    bench.answer = async () => new Response('{}')
    bench.exporter.add(trace(3))
    await bench.sleep(EXPORT_LIMITS.intervalMs)
    expect(bench.exporter.counts.exported).toBe(3)
    expect(bench.troubles).toEqual([expect.stringContaining('connect ECONNREFUSED'), 'Traces arrive again'])
    expect(bench.troubles.join()).not.toContain('secret')
  })

  it('waits as long as the collector asks for, within a bound', async () => {
    const bench = new Bench()
    const answers = [
      new Response(null, { status: 429, headers: { 'retry-after': '7' } }),
      new Response(null, { status: 503, headers: { 'retry-after': '9999' } }),
    ]
    bench.answer = async () => answers.shift() ?? new Response(null)
    bench.exporter.add(trace(2))
    await bench.sleep(60_000)
    const [first, second, third] = bench.requests.map(({ atMs }) => atMs) as [number, number, number]
    expect([second - first, third - second]).toEqual([7_000, EXPORT_LIMITS.retryDelayMsMax])
    expect(bench.exporter.counts.exported).toBe(2)
  })

  it('drops what the collector refuses, whole or in part', async () => {
    const bench = new Bench()
    bench.answer = async () => new Response('no', { status: 400 })
    bench.exporter.add(trace(2))
    await bench.sleep(EXPORT_LIMITS.intervalMs)
    bench.answer = async () => Response.json({ partialSuccess: { rejectedSpans: '3', errorMessage: 'no' } })
    bench.exporter.add(trace(5))
    await bench.sleep(EXPORT_LIMITS.intervalMs)
    expect(bench.requests).toHaveLength(2)
    expect(bench.exporter.counts).toMatchObject({ exported: 2, dropped: { refused: 5 } })
  })

  it('sends the rest when it is closed, and takes nothing more', async () => {
    const bench = new Bench()
    bench.exporter.add(trace(2))
    await bench.close()
    expect(bench.batches).toEqual([2])
    bench.exporter.add(trace(4))
    expect(bench.exporter.counts).toEqual({
      exported: 2,
      dropped: { 'queue-full': 4, unreachable: 0, refused: 0 },
    })
  })

  it('is closed within a bound, though the collector hangs', async () => {
    const bench = new Bench()
    bench.answer = () => {
      const { signal } = bench.requests.at(-1)!.init
      return new Promise((_, reject) => {
        if (signal!.aborted) reject(signal!.reason as Error)
        signal!.addEventListener('abort', () => reject(signal!.reason as Error))
      })
    }
    for (let count = 0; count < 20; count++) bench.exporter.add(trace(100))
    const fromMs = bench.machine.nowMs
    await bench.close()
    expect(bench.machine.nowMs - fromMs).toBeLessThanOrEqual(EXPORT_LIMITS.closingMsMax)
    expect(bench.exporter.counts).toEqual({
      exported: 0,
      dropped: { 'queue-full': 0, unreachable: 2_000, refused: 0 },
    })
  })

  it('compresses where it is told to', async () => {
    const bodies: Uint8Array[] = []
    const real = nodeEnv()
    const fetch: Env['network']['fetch'] = async (_, init) => {
      expect(init?.headers).toMatchObject({ 'content-encoding': 'gzip' })
      bodies.push(init?.body as Uint8Array)
      return new Response('{}')
    }
    const target = { ...TARGET, isCompressed: true }
    const exporter = new SpanExporter(
      { ...real, network: { ...real.network, fetch } },
      target,
      () => undefined,
    )
    exporter.add(trace(2))
    await exporter[Symbol.asyncDispose]()
    expect(bodies.map((body) => receivedSpans(gunzipSync(body).toString()).length)).toEqual([2])
  })
})
