// The processes of the benchmark: a writer, clients, and a service that reads what the writer writes. The service answers
// callers who show tokens and see what grants let them see: all attributes of accounts.

import { join } from 'node:path'
import type { BenchContext } from '../harness.ts'
import { ServedFolder } from '../point/http.ts'
import type { Answers, Asking, ClientWork } from './client.ts'
import { Helper } from './helper.ts'
import { goFirst, holdOn, IdleShare, processorMs } from './processes.ts'
import type { WriterWork, Written } from './writer.ts'

/** Each may have so many requests at once, so that many clients are many callers. */
const CALLER_COUNT = 32
export const COMMITS_PER_SECOND = 200
/** Until the service has caught up with the writer and its code is compiled. */
const WARM_UP_MS = 3_000
/** Of one measurement. */
const SECONDS_MIN = 2

export type Measured = {
  readonly answers: Answers
  readonly commits: Float64Array
  readonly ms: number
  /** Of one core, while it was measured. */
  readonly serviceMs: number
  readonly clientMs: number
  readonly writerMs: number
  /** Of all cores. */
  readonly idleShare: number
}

export type Asked = Omit<Asking, 'port' | 'tokens'>

export class World implements AsyncDisposable {
  readonly data: string
  readonly writer = new Helper<WriterWork, Written>('writer')
  readonly clients = new Helper<ClientWork, Answers>('client')
  /** Clients beside those, where two kinds of questions are asked at a time. */
  readonly #others = new Helper<ClientWork, Answers>('client')
  #tokens: readonly string[] = []
  #served: ServedFolder | undefined

  private constructor(folder: string) {
    this.data = join(folder, 'data')
  }

  static async open(folder: string, scale: number): Promise<World> {
    const world = new World(folder)
    await world.writer.do({ kind: 'open', url: `file:${world.data}`, scale })
    return world
  }

  get served(): ServedFolder {
    if (this.#served === undefined) throw new Error('No service is running')
    return this.#served
  }

  /** Ends the service that runs, and starts another over the same folders. */
  async serve(isAudited: boolean): Promise<void> {
    await this.#served?.[Symbol.asyncDispose]()
    this.#served = await ServedFolder.start(this.data, { isAudited })
    if (this.#tokens.length === 0) await this.#letIn()
    for (const mix of ['both', 'scan'] as const)
      await this.ask({ mix, clientCount: 8, ms: WARM_UP_MS, deadlineMs: Infinity })
  }

  /** Lets clients ask while the writer commits, or does what else it is to do. */
  async ask(
    asked: Asked,
    writing: (ms: number) => Promise<Float64Array> = (ms) => this.commit(ms),
  ): Promise<Measured> {
    const { port, processId } = this.served
    const all = [processId, this.clients.processId, this.writer.processId]
    const before = all.map(processorMs)
    const idle = new IdleShare()
    const committing = writing(asked.ms)
    const asking = this.clients.do({ kind: 'ask', port, tokens: this.#tokens, ...asked })
    const [answers, commits] = await Promise.all([asking, committing])
    const idleShare = idle.take()
    const [serviceMs, clientMs, writerMs] = all.map((each, i) => processorMs(each) - before[i]!)
    return {
      answers,
      commits,
      ms: answers.ms,
      serviceMs: serviceMs!,
      clientMs: clientMs!,
      writerMs: writerMs!,
      idleShare,
    }
  }

  /** The service and its clients on some cores, the writer on some, each from the first to the last named. */
  hold(readers: string, writer: string): void {
    for (const { processId } of [this.served, this.clients]) holdOn(processId, readers)
    holdOn(this.writer.processId, writer)
  }

  /** The thread that commits before all others of the machine, or among them again; false where the machine refuses. */
  letWriterGoFirst(isFirst: boolean): boolean {
    return goFirst(this.writer.processId, isFirst)
  }

  /** What the disk takes, in place of the writer's commits. */
  async sync(ms: number): Promise<Float64Array> {
    const file = join(this.data, '..', 'synced')
    return (await this.writer.do({ kind: 'sync', file, perSecond: COMMITS_PER_SECOND, ms })).waitsMs
  }

  /** Lets some clients ask points, others scans, while the writer commits. */
  async askBoth(points: Asked, scans: Asked): Promise<{ readonly points: Answers; readonly scans: Answers }> {
    const { port } = this.served
    const scanning = this.#others.do({ kind: 'ask', port, tokens: this.#tokens, ...scans })
    const [{ answers }, ofScans] = await Promise.all([this.ask(points), scanning])
    return { points: answers, scans: ofScans }
  }

  /** The writer alone. */
  async commit(ms: number): Promise<Float64Array> {
    return (await this.writer.do({ kind: 'commit', perSecond: COMMITS_PER_SECOND, ms })).waitsMs
  }

  /** Ends everything; how many acknowledged transactions were found again. */
  async close(): Promise<number> {
    await this.#served?.[Symbol.asyncDispose]()
    this.#served = undefined
    return (await this.writer.do({ kind: 'check' })).count
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#served?.[Symbol.asyncDispose]()
    await this.clients[Symbol.asyncDispose]()
    await this.#others[Symbol.asyncDispose]()
    await this.writer[Symbol.asyncDispose]()
  }

  /** Grants and tokens first: from the first token on nobody is let in without one. The clients learn what was loaded. */
  async #letIn(): Promise<void> {
    const { served } = this
    const rows = await served.post(
      '/v1/query',
      '{"query":"[:find ?number ?owner :where [?a :account/number ?number] [?a :account/owner ?owner]]","database":"bank"}',
    )
    const { result } = JSON.parse(rows) as { readonly result: readonly (readonly [string, string])[] }
    const owners = [...result].sort(([x], [y]) => (x < y ? -1 : 1)).map(([, owner]) => owner)
    for (const clients of [this.clients, this.#others]) await clients.do({ kind: 'owners', owners })
    await served.post(
      '/v1/grants',
      '{"principal":"role:clerk","database":"bank","attributes":[":account/*"]}',
    )
    const manager = await this.#newToken({ caller: 'manager', scopes: ['manage'] })
    const tokens: string[] = []
    for (let i = 0; i < CALLER_COUNT; i++)
      tokens.push(await this.#newToken({ caller: `clerk ${i}`, roles: ['clerk'] }, manager))
    this.#tokens = tokens
  }

  async #newToken(asked: object, token?: string): Promise<string> {
    const body = await this.served.post('/v1/tokens', JSON.stringify(asked), token)
    return (JSON.parse(body) as { readonly token: string }).token
  }
}

/** What a part of the benchmark is told. */
export type PartContext = Pick<BenchContext, 'scale' | 'say' | 'note'> & { readonly minutes: number }

/** Of what takes `seconds` at scale 1. */
export function msAt(scale: number, seconds: number): number {
  return Math.max(SECONDS_MIN, seconds * Math.min(1, scale)) * 1_000
}
