// Callers that transact one after another, side by side, and the times they waited.

import { percentile } from '../harness.ts'
import { type Accounts, type Acknowledged, dataOf, formOf, type Transfer, Transfers } from './accounts.ts'

/** How a transfer is handed over: as data through the public API, or as a form to the writer itself. */
export type Door = 'data' | 'forms'

export type Waits = {
  readonly perSecond: number
  /** Milliseconds, ascending. */
  readonly sortedMs: Float64Array
  readonly p50Ms: number
  readonly p99Ms: number
  readonly longestMs: number
}

/** Runs so many callers for `ms`; adds what was acknowledged. */
export async function runCallers(
  accounts: Accounts,
  { door, callerCount, ms, seed }: { door: Door; callerCount: number; ms: number; seed: number },
  acknowledged: Acknowledged[],
): Promise<Waits> {
  const waits: number[] = []
  const transact = transactThrough(accounts, door)
  const transfers = new Transfers(accounts.accountCount, seed)
  const fromMs = performance.now()
  const call = async (): Promise<void> => {
    for (;;) {
      const transfer = transfers.next()
      const calledMs = performance.now()
      if (calledMs - fromMs >= ms) return
      const t = await transact(transfer)
      waits.push(performance.now() - calledMs)
      acknowledged.push({ ...transfer, t })
    }
  }
  await Promise.all(Array.from({ length: callerCount }, call))
  return waitsOf(waits, performance.now() - fromMs)
}

export function waitsOf(waits: readonly number[], elapsedMs: number): Waits {
  const sortedMs = Float64Array.from(waits).sort()
  return {
    perSecond: (waits.length * 1_000) / elapsedMs,
    sortedMs,
    p50Ms: percentile(sortedMs, 0.5),
    p99Ms: percentile(sortedMs, 0.99),
    longestMs: sortedMs.at(-1)!,
  }
}

function transactThrough(
  { database, writer }: Accounts,
  door: Door,
): (transfer: Transfer) => Promise<number> {
  if (door === 'data') return async (transfer) => (await database.transact(dataOf(transfer))).t
  return async (transfer) => (await writer.transact({ tx: formOf(transfer), isPlainData: true })).t
}
