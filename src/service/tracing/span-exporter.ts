// Traces on their way to a collector: they wait in memory, within a bound, and go out together, every few seconds or once there
// are enough. Nobody waits for them: a collector that does not answer costs spans, which are counted, and nothing else.

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Env } from '../../base/env.ts'
import { hexSource } from '../../base/random-uuid.ts'
import { exportRequest, type FinishedTrace, type Resource } from './otlp.ts'

export type ExportLimits = {
  /** Spans that wait. What comes beyond is dropped. */
  readonly waitingCountMax: number
  /** Spans of one request, but for the last trace in it. */
  readonly batchCountMax: number
  readonly intervalMs: number
  /** What the collector may take to answer. */
  readonly answerMsMax: number
  /** How often a batch is sent anew, and what is waited before the first time; twice as much before each next. */
  readonly retryCountMax: number
  readonly retryDelayMs: number
  readonly retryDelayMsMax: number
  /** What sending the rest may take when the service ends. */
  readonly closingMsMax: number
}
export const EXPORT_LIMITS: ExportLimits = {
  waitingCountMax: 8_192,
  batchCountMax: 512,
  intervalMs: 5_000,
  answerMsMax: 10_000,
  retryCountMax: 3,
  retryDelayMs: 1_000,
  retryDelayMsMax: 30_000,
  closingMsMax: 3_000,
}
/** Of an answer of the collector; it says little. */
const ANSWER_BYTES_MAX = 64 << 10
/** Answers after which the protocol says to try again. */
const PASSING_STATUSES = new Set([429, 502, 503, 504])

const gzipped = promisify(gzip)

/** Why spans were dropped: no room to wait in, nobody who answers, or the collector did not want them. */
export type DropReason = 'queue-full' | 'unreachable' | 'refused'

export type ExportCounts = {
  exported: number
  readonly dropped: { [reason in DropReason]: number }
}

export type ExportTarget = {
  readonly url: string
  /** Also secrets: they go to the collector and nowhere else. */
  readonly headers: Readonly<Record<string, string>>
  readonly isCompressed: boolean
  readonly resource: Resource
  /** Of Varve. */
  readonly version: string
}

/** What became of a batch. */
type Sent =
  | { readonly kind: 'taken'; readonly refusedCount: number }
  | { readonly kind: 'passing'; readonly reason: string; readonly waitMs?: number }
  | { readonly kind: 'refused'; readonly reason: string }

export class SpanExporter implements AsyncDisposable {
  readonly counts: ExportCounts = {
    exported: 0,
    dropped: { 'queue-full': 0, unreachable: 0, refused: 0 },
  }
  readonly #env: Env
  readonly #target: ExportTarget
  /** Told once when spans begin to be lost on the way, and once when they arrive again. */
  readonly #onTrouble: (message: string) => void
  readonly #limits: ExportLimits
  readonly #newSpanId: () => string
  readonly #waiting: FinishedTrace[] = []
  readonly #ticking: Disposable
  /** Nothing is tried again any more; nothing is waited for any more. */
  readonly #closing = new AbortController()
  readonly #closed = new AbortController()
  #waitingCount = 0
  #sending: Promise<void> | undefined
  #isInTrouble = false

  constructor(
    env: Env,
    target: ExportTarget,
    onTrouble: (message: string) => void,
    limits: Partial<ExportLimits> = {},
  ) {
    this.#env = env
    this.#target = target
    this.#onTrouble = onTrouble
    this.#limits = { ...EXPORT_LIMITS, ...limits }
    this.#newSpanId = hexSource(env.random, 8)
    this.#ticking = env.timers.repeat(this.#limits.intervalMs, () => this.#send(1))
  }

  /** Spans that wait. */
  get waitingCount(): number {
    return this.#waitingCount
  }

  add(trace: FinishedTrace): void {
    const { spanCount, droppedCount } = trace.root
    const { waitingCountMax, batchCountMax } = this.#limits
    this.counts.dropped['queue-full'] += droppedCount
    if (this.#waitingCount + spanCount > waitingCountMax || this.#closing.signal.aborted) {
      this.counts.dropped['queue-full'] += spanCount
      return
    }
    this.#waiting.push(trace)
    this.#waitingCount += spanCount
    if (this.#waitingCount >= batchCountMax) this.#send(batchCountMax)
  }

  /** Sends what waits, within a bound of time. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ticking[Symbol.dispose]()
    this.#closing.abort()
    const isSent = new AbortController()
    this.#env.timers.sleep(this.#limits.closingMsMax, isSent.signal).then(
      () => this.#closed.abort(),
      () => undefined,
    )
    await this.#sending
    await this.#sendAll(1)
    isSent.abort()
  }

  /** As long as so many spans wait; unless that goes on already. */
  #send(countMin: number): void {
    this.#sending ??= this.#sendAll(countMin)
      // Nobody waits for it, and no mistake in here may end the service.
      .catch((error: unknown) => this.#onTrouble(`Traces were lost: ${reasonOf(error)}`))
      .finally(() => (this.#sending = undefined))
  }

  async #sendAll(countMin: number): Promise<void> {
    while (this.#waitingCount >= countMin) await this.#sendBatch(this.#nextBatch())
  }

  #nextBatch(): readonly FinishedTrace[] {
    let spanCount = 0
    let traceCount = 0
    while (traceCount < this.#waiting.length && spanCount < this.#limits.batchCountMax)
      spanCount += this.#waiting[traceCount++]!.root.spanCount
    this.#waitingCount -= spanCount
    return this.#waiting.splice(0, traceCount)
  }

  async #sendBatch(traces: readonly FinishedTrace[]): Promise<void> {
    const { resource, version } = this.#target
    const { retryCountMax } = this.#limits
    const { dropped } = this.counts
    const count = traces.reduce((sum, { root }) => sum + root.spanCount, 0)
    const body = exportRequest(traces, resource, { name: 'varve', version }, this.#newSpanId)
    for (let attempt = 0; ; attempt++) {
      const sent = await this.#post(body)
      this.#tell(sent)
      if (sent.kind === 'taken') {
        const refusedCount = Math.min(sent.refusedCount, count)
        this.counts.exported += count - refusedCount
        dropped.refused += refusedCount
        return
      }
      if (sent.kind === 'refused') return void (dropped.refused += count)
      if (attempt >= retryCountMax || this.#closing.signal.aborted) return void (dropped.unreachable += count)
      await this.#waitAfter(attempt, sent.waitMs)
    }
  }

  async #post(body: string): Promise<Sent> {
    const { network, timers } = this.#env
    const { url, headers, isCompressed } = this.#target
    const patience = new AbortController()
    const answered = new AbortController()
    timers.sleep(this.#limits.answerMsMax, answered.signal).then(
      () => patience.abort(new Error(`no answer within ${this.#limits.answerMsMax} ms`)),
      () => undefined,
    )
    try {
      const response = await network.fetch(url, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          ...(isCompressed && { 'content-encoding': 'gzip' }),
        },
        body: isCompressed ? await gzipped(body) : body,
        redirect: 'error',
        signal: AbortSignal.any([patience.signal, this.#closed.signal]),
      })
      return await sentOf(response)
    } catch (error) {
      return { kind: 'passing', reason: reasonOf(error) }
    } finally {
      answered.abort()
    }
  }

  /** What the collector asks for, or longer each time, and never all at the same moment. */
  async #waitAfter(attempt: number, askedMs: number | undefined): Promise<void> {
    const { retryDelayMs, retryDelayMsMax } = this.#limits
    const ownMs = retryDelayMs * 2 ** attempt * (0.5 + this.#env.random.next() / 2)
    const delayMs = Math.min(askedMs ?? ownMs, retryDelayMsMax)
    await this.#env.timers.sleep(delayMs, this.#closing.signal).catch(() => undefined)
  }

  #tell(sent: Sent): void {
    const isInTrouble = sent.kind !== 'taken'
    if (isInTrouble === this.#isInTrouble) return
    this.#isInTrouble = isInTrouble
    this.#onTrouble(
      sent.kind === 'taken'
        ? 'Traces arrive again'
        : `Traces do not arrive at ${this.#target.url}: ${sent.reason}. What finds no room to wait is dropped, and counted at /metrics`,
    )
  }
}

async function sentOf(response: Response): Promise<Sent> {
  const { status } = response
  if (response.ok) return { kind: 'taken', refusedCount: await refusedCountOf(response) }
  await response.body?.cancel()
  const reason = `it answers ${status}`
  if (!PASSING_STATUSES.has(status)) return { kind: 'refused', reason }
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return { kind: 'passing', reason, ...(seconds >= 0 && { waitMs: seconds * 1_000 }) }
}

/** Of spans that the collector took no liking to, though it took the others. */
async function refusedCountOf(response: Response): Promise<number> {
  try {
    const text = await shortText(response)
    const { partialSuccess } = JSON.parse(text) as {
      readonly partialSuccess?: { readonly rejectedSpans?: unknown }
    }
    const count = Number(partialSuccess?.rejectedSpans ?? 0)
    return Number.isSafeInteger(count) && count > 0 ? count : 0
  } catch {
    // It took them: what else it says need not be understood.
    return 0
  }
}

/** The body up to a bound; the rest is not read. */
async function shortText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let byteCount = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    byteCount += chunk.byteLength
    if (byteCount >= ANSWER_BYTES_MAX) break
  }
  return Buffer.concat(chunks).toString()
}

/** `fetch` says why in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { readonly message?: unknown; readonly cause?: unknown }
  return cause instanceof Error && cause.message !== '' ? cause.message : String(message)
}
