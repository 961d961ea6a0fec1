// A team of two for tests: this thread asks, another one helps it with whatever can be worked on in parts, however small.

import type { Env, WorkerThread } from '../base/env.ts'
import { engineOptions } from '../engine/create.ts'
import type { Member } from '../engine/native/morsels.ts'
import { type Asking, Team, type TeamLimits, type TeamOptions, type Together } from '../engine/native/team.ts'

/** What the helper does with work: the last three take some and deliver nothing. */
export type Conduct = 'helps' | 'leaves' | 'dies' | 'stays'

export type HelpingData = {
  readonly name: string
  readonly self: Member
  readonly generations: Int32Array
  readonly conduct: Conduct
}

/** Everything is offered, entity by entity, and the helper begins before this thread goes on. */
const LIMITS: TeamLimits = {
  sharedRowCountMin: 0,
  morselRowCount: 1,
  beginMsMax: 10_000,
  patienceMsMin: 10_000,
}
/** For one who never delivers. */
const IMPATIENT: TeamLimits = { ...LIMITS, patienceMsMin: 5 }
const HELPING_THREAD = new URL('./helping-thread.ts', import.meta.url)

export class TestTeam extends Team implements AsyncDisposable {
  /** Questions that were offered, and those of them with which the helper helped. */
  offeredCount = 0
  helpedCount = 0
  readonly #helper: WorkerThread
  readonly #generations: Int32Array

  private constructor(helper: WorkerThread, options: TeamOptions) {
    super(options)
    this.#generations = options.generations
    this.#helper = helper
  }

  static async start(env: Env, conduct: Conduct = 'helps'): Promise<TestTeam> {
    const name = `varve-test-${env.random.next()}`
    const generations = new Int32Array(new SharedArrayBuffer(8)).fill(1)
    const data: HelpingData = { name, self: { slot: 1, generation: 1 }, generations, conduct }
    const helper = env.processes.startWorker(HELPING_THREAD, { name: 'varve-helper', data })
    const { promise, resolve } = Promise.withResolvers<unknown>()
    helper.onMessage(resolve)
    await promise
    const self = { slot: 0, generation: 1 }
    return new TestTeam(helper, {
      clock: engineOptions(env).clock,
      processes: env.processes,
      name,
      self,
      generations,
      limits: conduct === 'stays' ? IMPATIENT : LIMITS,
    })
  }

  /** As where the helper has a question of its own. */
  setHelperBusy(isBusy: boolean): void {
    Atomics.store(this.#generations, 1, isBusy ? -1 : 1)
  }

  override find(asking: Asking): Together | undefined {
    const together = super.find(asking)
    if (together !== undefined) this.offeredCount++
    if (together !== undefined && together.workerCount > 1) this.helpedCount++
    return together
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mail[Symbol.dispose]()
    await this.#helper[Symbol.asyncDispose]()
  }
}
