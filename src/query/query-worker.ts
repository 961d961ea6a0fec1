// One worker thread as the pool sees it: a job goes over, an answer or an error comes back, or the thread ends and
// the error says why. A job is cancelled through shared memory, since a computing thread hears no message.

import type { Env, WorkerThread } from '../base/env.ts'
import { errorFromData } from '../base/errors.ts'
import type { Answer } from '../plan/engine.ts'
import type { ExplainMode, Explanation } from '../plan/explain.ts'
import type { QueryJob } from './ask.ts'
import { type WorkerEnd, workerEnded } from './run-errors.ts'
import type { Member } from '../engine/native/morsels.ts'
import type { TeamLimits } from '../engine/native/team.ts'
import { receiveAnswer, sendJob, type SentAnswer, type WorkerReply, type WorkerRequest } from './transport.ts'
import { WorkerWords } from './worker-words.ts'
import type { Format, WrittenAnswer } from './written.ts'

export type WorkerLimits = { readonly graceMs: number; readonly heapBytesMax: number }

/** Of the databases that questions may be about: the first, and those beside it. */
export type Folders = readonly [string, ...string[]]

/** What a worker is told when it starts (serve-queries.ts, worker.ts). */
export type WorkerStart = {
  readonly folders: Folders
  readonly words: Int32Array
  /** Undefined where it is alone. */
  readonly team: TeamPlace | undefined
  /** The module of the threads that run procedures, as text. */
  readonly procedures: string | undefined
}

/** A place in a team of threads. */
export type TeamPlace = {
  readonly name: string
  readonly self: Member
  /** The generation of the worker at each slot, negative while it works, 0 where there is none. */
  readonly generations: Int32Array
  readonly limits: TeamLimits
}

/** What a worker says beside its answers: that it could use the others. */
export const CALL = 'call'

/** The module of a worker that answers by the engine of this process. */
export const QUERY_WORKER = new URL('./worker.ts', import.meta.url)

export type WorkerOptions = {
  /** Ends in a call of `serveQueries`. */
  readonly module: URL
  readonly procedures: URL | undefined
  readonly folders: Folders
  readonly limits: WorkerLimits
  readonly team: TeamPlace | undefined
  readonly onCall: () => void
}

type Outcome = Exclude<SentAnswer, { readonly kind: 'error' }>
type Pending = {
  readonly id: number
  readonly done: (reply: WorkerReply) => void
  readonly fail: (error: unknown) => void
}

/** Unless another worker has the place already. */
function leaveTeam({ self: { slot, generation }, generations }: TeamPlace): void {
  if (Math.abs(Atomics.load(generations, slot)) === generation) Atomics.store(generations, slot, 0)
}

export class QueryWorker implements AsyncDisposable {
  readonly #env: Env
  readonly #graceMs: number
  readonly #thread: WorkerThread
  readonly #words = new WorkerWords()
  #lastId = 0
  #pending: Pending | undefined
  /** Why this end stops the thread, where it does. */
  #stopReason: WorkerEnd | undefined
  isEnded = false

  constructor(env: Env, { module, procedures, folders, limits, team, onCall }: WorkerOptions) {
    const { graceMs, heapBytesMax } = limits
    const data: WorkerStart = {
      folders,
      words: this.#words.words,
      team,
      procedures: procedures?.href,
    }
    this.#env = env
    this.#graceMs = graceMs
    this.#thread = env.processes.startWorker(module, {
      name: 'varve-query',
      data,
      heapBytesMax,
    })
    this.#thread.onMessage((message) => {
      if (message === CALL) return onCall()
      const reply = message as WorkerReply
      if (reply.id === this.#pending?.id) this.#pending.done(reply)
    })
    const end = (cause?: unknown): void => {
      this.isEnded = true
      if (team !== undefined) leaveTeam(team)
      const pending = this.#pending
      // It may have died of what it did for another worker.
      const reason = pending && !this.#words.hasBegun(pending.id) ? 'early' : 'failed'
      pending?.fail(workerEnded(this.#stopReason ?? reason, cause))
    }
    this.#thread.ended.then(() => end(), end)
  }

  async run(job: QueryJob): Promise<Answer> {
    const sent = await this.#ask(job, { kind: 'answer' })
    return receiveAnswer(sent as Extract<SentAnswer, { readonly kind: 'answer' }>)
  }

  async write(job: QueryJob, format: Format): Promise<WrittenAnswer> {
    // The worker answers in the kind that it was asked for.
    return (await this.#ask(job, { kind: 'written', format })) as Extract<
      SentAnswer,
      { readonly kind: 'written' }
    >
  }

  async explain(job: QueryJob, mode: ExplainMode): Promise<Explanation> {
    const sent = await this.#ask(job, { kind: 'explained', mode })
    return (sent as Extract<SentAnswer, { readonly kind: 'explained' }>).explanation
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopReason ??= 'closed'
    await this.#thread[Symbol.asyncDispose]()
  }

  async #ask(job: QueryJob, wanted: WorkerRequest['wanted']): Promise<Outcome> {
    const id = ++this.#lastId
    const { promise, resolve: done, reject: fail } = Promise.withResolvers<WorkerReply>()
    this.#pending = { id, done, fail }
    const finished = new AbortController()
    const cancel = (): void => this.#words.cancel(id)
    job.signal?.addEventListener('abort', cancel)
    void this.#endWhenStuck(job, finished.signal)
    const span = job.span?.begin('worker')
    try {
      const request: WorkerRequest = { id, job: sendJob(job), isTraced: span !== undefined, wanted }
      this.#words.send(id)
      this.#thread.post(request)
      // Whoever cancelled knows why, however the thread came to stop.
      const { sent, recorded } = await promise.finally(() => job.signal?.throwIfAborted())
      if (recorded !== undefined) span?.take(recorded)
      if (sent.kind === 'error') throw errorFromData(sent.error)
      span?.end()
      return sent
    } catch (error) {
      span?.end(error)
      throw error
    } finally {
      finished.abort()
      job.signal?.removeEventListener('abort', cancel)
      this.#pending = undefined
    }
  }

  async #endWhenStuck({ timeoutMs, signal }: QueryJob, finished: AbortSignal): Promise<void> {
    const signals = signal === undefined ? finished : AbortSignal.any([finished, signal])
    await this.#env.timers.sleep(timeoutMs, signals).catch(() => undefined)
    if (finished.aborted) return
    await this.#env.timers.sleep(this.#graceMs, finished).catch(() => undefined)
    if (finished.aborted) return
    this.#stopReason = signal?.aborted === true ? 'cancelled' : 'timeout'
    await this.#thread.stop()
  }
}
