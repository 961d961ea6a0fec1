// Callers that transact one after another, side by side, and the times they waited.

import { percentile } from '../harness.ts'
import {
  type Accounts,
  type Acknowledgements,
  dataOf,
  formOf,
  type Transfer,
  type Transfers,
} from './accounts.ts'

/** How a transfer is handed over: as data through the public API, or as a form to the writer itself. */
export type Door = 'data' | 'forms'

/** Waits of one kind of work, which may be done in slices. */
export class Waits {
  readonly #ms: number[] = []
  #sorted: Float64Array | undefined
  #elapsedMs = 0
  #threadMicroseconds = 0

  add(ms: number): void {
    this.#ms.push(ms)
    this.#sorted = undefined
  }

  addElapsed(ms: number): void {
    this.#elapsedMs += ms
  }

  addThread({ user, system }: NodeJS.CpuUsage): void {
    this.#threadMicroseconds += user + system
  }

  /** What this thread computed for one of them: it does not grow while other programs use the machine. */
  get threadMicroseconds(): number {
    return this.#threadMicroseconds / this.#ms.length
  }

  get perSecond(): number {
    return (this.#ms.length * 1_000) / this.#elapsedMs
  }

  get p50Ms(): number {
    return percentile(this.sortedMs, 0.5)
  }

  get p99Ms(): number {
    return percentile(this.sortedMs, 0.99)
  }

  /** Ascending. */
  get sortedMs(): Float64Array {
    this.#sorted ??= Float64Array.from(this.#ms).sort()
    return this.#sorted
  }
}

export type Callers = {
  readonly accounts: Accounts
  readonly transfers: Transfers
  readonly door: Door
  readonly callerCount: number
  readonly acknowledgements: Acknowledgements
}

/** Lets the callers work for `ms`. */
export async function runCallers(callers: Callers, ms: number, waits: Waits): Promise<void> {
  const { accounts, transfers, door, callerCount, acknowledgements } = callers
  const transact = transactThrough(accounts, door)
  const fromMs = performance.now()
  const before = process.threadCpuUsage()
  const call = async (): Promise<void> => {
    for (;;) {
      const transfer = transfers.next()
      const calledMs = performance.now()
      if (calledMs - fromMs >= ms) return
      acknowledgements.add(await transact(transfer), transfer)
      waits.add(performance.now() - calledMs)
    }
  }
  await Promise.all(Array.from({ length: callerCount }, call))
  waits.addElapsed(performance.now() - fromMs)
  waits.addThread(process.threadCpuUsage(before))
}

function transactThrough(
  { database, writer }: Accounts,
  door: Door,
): (transfer: Transfer) => Promise<number> {
  if (door === 'data') return async (transfer) => (await database.transact(dataOf(transfer))).t
  return async (transfer) => (await writer.transact({ tx: formOf(transfer), isPlainData: true })).t
}
