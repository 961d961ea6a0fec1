// Runs procedures in a thread of their own, which is thrown away whenever something happens in it that a procedure must
// not be able to do: hang in a loop that nobody can interrupt, fill its memory, break the machine that interprets it. The
// thread that calls waits in shared memory, and looks up every few milliseconds whether anybody still wants the answer.

import type { Clock, Env, WorkerThread } from '../base/env.ts'
import { errorFromData, type ErrorData } from '../base/errors.ts'
import { assert } from '../base/assert.ts'
import { procedureRuntimeFailed, procedureTimeout } from './errors.ts'
import { Mailbox, type MailState, type SentMailbox } from './mailbox.ts'
import type { Procedure } from './procedure.ts'
import type { ProcedureRuntime, RunBounds } from './runtime.ts'

export type SandboxLimits = {
  /** Of everything that procedures hold in one thread. */
  readonly memoryBytesMax: number
  /** Until the thread is there and the source is compiled. */
  readonly beginMsMax: number
  /** What a procedure gets, once it was told to stop, before its thread is ended. */
  readonly graceMs: number
}
export const SANDBOX_LIMITS: SandboxLimits = { memoryBytesMax: 64 << 20, beginMsMax: 30_000, graceMs: 100 }

/** JavaScript heap of the thread itself, which holds one request and one answer at a time. */
const HEAP_BYTES_MAX = 256 << 20
/** Between two looks at whether the answer is still wanted. */
const LOOK_MS = 10

/** What the thread is told when it starts (adapter/quickjs/sandbox-worker.ts). */
export type SandboxStart = { readonly mailbox: SentMailbox; readonly memoryBytesMax: number }
export type SandboxRequest = { readonly procedure: Procedure; readonly rows: string }

export class SandboxThread implements ProcedureRuntime {
  readonly #env: Env
  readonly #module: URL
  readonly #limits: SandboxLimits
  #running: { readonly thread: WorkerThread; readonly mailbox: Mailbox } | undefined
  #isBusy = false

  /** `module` is that of the thread. It starts when something is to be run. */
  constructor(env: Env, module: URL, limits: Partial<SandboxLimits> = {}) {
    this.#env = env
    this.#module = module
    this.#limits = { ...SANDBOX_LIMITS, ...limits }
  }

  warm(): void {
    this.#running ??= this.#start()
  }

  run(procedure: Procedure, rows: string, bounds: RunBounds): string {
    assert(!this.#isBusy, 'a procedure calls no other')
    const { thread, mailbox } = (this.#running ??= this.#start())
    this.#isBusy = true
    try {
      mailbox.begin()
      const request: SandboxRequest = { procedure, rows }
      thread.post(request)
      return new Waiting(procedure, mailbox, bounds, {
        clock: this.#env.clock,
        limits: this.#limits,
      }).answer()
    } catch (error) {
      if (!(error instanceof Ended)) throw error
      this.#end()
      throw error.why
    } finally {
      this.#isBusy = false
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#running
    this.#running = undefined
    await running?.thread.stop()
  }

  #start(): { readonly thread: WorkerThread; readonly mailbox: Mailbox } {
    const mailbox = new Mailbox()
    const data: SandboxStart = { mailbox: mailbox.sent, memoryBytesMax: this.#limits.memoryBytesMax }
    const thread = this.#env.processes.startWorker(this.#module, {
      name: 'varve-procedures',
      data,
      heapBytesMax: HEAP_BYTES_MAX,
      isBackground: true,
    })
    return { thread, mailbox }
  }

  /** The next call gets another thread; this one ends by itself. */
  #end(): void {
    void this.#running?.thread.stop()
    this.#running = undefined
  }
}

/** The thread is of no more use, and this is what the caller is told. */
class Ended extends Error {
  readonly why: unknown

  constructor(why: unknown) {
    super('the thread of procedures is of no more use')
    this.why = why
  }
}

type Means = { readonly clock: Clock; readonly limits: SandboxLimits }

/** One call, from the side that waits. */
class Waiting {
  readonly #procedure: Procedure
  readonly #mailbox: Mailbox
  readonly #bounds: RunBounds
  readonly #clock: Clock
  readonly #limits: SandboxLimits
  readonly #sinceMs: number
  #runningSinceMs: number | undefined
  /** What reading the database threw: the procedure is told that it failed, the caller why. */
  #readFailure: { readonly error: unknown } | undefined

  constructor(procedure: Procedure, mailbox: Mailbox, bounds: RunBounds, { clock, limits }: Means) {
    this.#procedure = procedure
    this.#mailbox = mailbox
    this.#bounds = bounds
    this.#clock = clock
    this.#limits = limits
    this.#sinceMs = clock.monotonicMs()
  }

  answer(): string {
    for (let turn: MailState = 'working'; ;) {
      const state = this.#mailbox.wait(turn, LOOK_MS)
      switch (state) {
        case 'answered':
          if (this.#readFailure === undefined) return this.#mailbox.text
          throw this.#readFailure.error
        case 'failed':
          throw this.#failure()
        case 'broken':
          throw new Ended(this.#failure())
        case 'reading':
          turn = this.#read()
          break
        default:
          this.#look(turn)
      }
    }
  }

  #failure(): unknown {
    return this.#readFailure?.error ?? errorFromData(JSON.parse(this.#mailbox.text) as ErrorData)
  }

  #read(): MailState {
    // Somebody who reads all the time is never waited for, and must end as well.
    this.#look('reading')
    const { read } = this.#bounds
    let state: MailState = 'unreadable'
    let text = 'This kind of procedure reads no database'
    try {
      if (read !== undefined) {
        text = read(this.#mailbox.text, this.#leftMs)
        state = 'read'
      }
    } catch (error) {
      this.#readFailure = { error }
      text = error instanceof Error ? error.message : String(error)
    }
    if (this.#mailbox.tell(state, text)) return state
    this.#mailbox.tell('unreadable', 'The answer is too large to be handed to a procedure')
    return 'unreadable'
  }

  /** Ends the call where nobody wants it any more, or where it takes too long. */
  #look(turn: MailState): void {
    const nowMs = this.#clock.monotonicMs()
    const { beginMsMax, graceMs } = this.#limits
    if (this.#mailbox.isRunning) this.#runningSinceMs ??= nowMs
    else if (nowMs - this.#sinceMs > beginMsMax)
      throw new Ended(procedureRuntimeFailed(`its thread was not there after ${beginMsMax} ms`))
    try {
      this.#bounds.check()
      if (this.#leftMs < 0) throw procedureTimeout(this.#procedure, this.#bounds.timeoutMs)
    } catch (error) {
      this.#mailbox.cancel()
      // A thread that stops as it was told to may be used again.
      throw this.#mailbox.wait(turn, graceMs) === 'failed' ? error : new Ended(error)
    }
  }

  get #leftMs(): number {
    const nowMs = this.#clock.monotonicMs()
    return this.#bounds.timeoutMs - (nowMs - (this.#runningSinceMs ?? nowMs))
  }
}
