// The load: work that begins when it is due, whether or not what began before is done, and how long it waited.

import { setTimeout as sleep } from 'node:timers/promises'
import { VarveError } from '../../src/base/errors.ts'
import { SeededRandom } from '../../src/base/seeded-random.ts'
import { type Accounts, Acknowledgements, dataOf, numberOf, Transfers } from '../commit/accounts.ts'

const TRANSACTIONS_PER_SECOND = 200
const POINTS_PER_SECOND = 2_000
const SCAN_PAUSE_MS = 1_000
const TICK_MS = 1
const SAMPLE_MS = 1_000
const POINT = `[:find [?owner ?region ?balance ?partner] :in $ ?number :where
  [?a :account/number ?number] [?a :account/owner ?owner] [?a :account/region ?region]
  [?a :account/balance ?balance] [?a :account/partner ?partner]]`
const SCAN =
  '[:find ?region (sum ?balance) (count ?a) :where [?a :account/region ?region] [?a :account/balance ?balance]]'

/** Waits in milliseconds, from when something was due to when it was done. */
export type Waits = {
  readonly points: number[]
  readonly commits: number[]
  readonly scans: number[]
  refusedCount: number
}

export class Load {
  readonly acknowledgements = new Acknowledgements()
  readonly #accounts: Accounts
  readonly #transfers: Transfers
  readonly #random = new SeededRandom(5)

  constructor(accounts: Accounts) {
    this.#accounts = accounts
    this.#transfers = new Transfers(accounts.accountCount, 2)
  }

  async run(seconds: number): Promise<{ readonly waits: Waits; readonly memoryMiB: readonly number[] }> {
    const waits: Waits = { points: [], commits: [], scans: [], refusedCount: 0 }
    const memoryMiB: number[] = []
    const fromMs = performance.now()
    const untilMs = fromMs + seconds * 1_000
    const sampler = setInterval(() => memoryMiB.push(process.memoryUsage.rss() / 2 ** 20), SAMPLE_MS)
    await Promise.all([
      arrivals({ fromMs, untilMs, perSecond: TRANSACTIONS_PER_SECOND }, (dueMs) =>
        this.#transact(dueMs, waits),
      ),
      arrivals({ fromMs, untilMs, perSecond: POINTS_PER_SECOND }, (dueMs) => this.#ask(dueMs, waits)),
      this.#scan(untilMs, waits),
    ])
    clearInterval(sampler)
    return { waits, memoryMiB }
  }

  async #transact(dueMs: number, { commits }: Waits): Promise<void> {
    const transfer = this.#transfers.next()
    const { t } = await this.#accounts.database.transact(dataOf(transfer))
    this.acknowledgements.add(t, transfer)
    commits.push(performance.now() - dueMs)
  }

  async #ask(dueMs: number, waits: Waits): Promise<void> {
    const number = numberOf(this.#random.below(this.#accounts.accountCount))
    const row = await unlessRefused(() => this.#accounts.database.db().q(POINT, number), waits)
    if (row === undefined) return
    if (!Array.isArray(row) || typeof row[2] !== 'number')
      throw new Error(`${number} is ${JSON.stringify(row)}`)
    waits.points.push(performance.now() - dueMs)
  }

  async #scan(untilMs: number, waits: Waits): Promise<void> {
    while (performance.now() < untilMs) {
      const fromMs = performance.now()
      const rows = await unlessRefused(() => this.#accounts.database.db().q(SCAN), waits)
      if (rows !== undefined) {
        const counts = Array.from(rows as Iterable<readonly number[]>, (row) => row[2]!)
        const count = counts.reduce((sum, each) => sum + each, 0)
        if (count !== this.#accounts.accountCount) throw new Error(`the scan counted ${count} accounts`)
        waits.scans.push(performance.now() - fromMs)
      }
      await sleep(SCAN_PAUSE_MS)
    }
  }
}

/** The answer; undefined where too many questions wait already, which is counted. */
async function unlessRefused<X>(ask: () => Promise<X>, waits: Waits): Promise<X | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof VarveError) || error.code !== 'varve.error/query-queue-full') throw error
    waits.refusedCount++
    return undefined
  }
}

export type Schedule = { readonly fromMs: number; readonly untilMs: number; readonly perSecond: number }

/** Begins work whenever it is due, and waits for all of it. */
export async function arrivals(
  { fromMs, untilMs, perSecond }: Schedule,
  begin: (dueMs: number) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>()
  let failure: unknown
  let nextMs = fromMs
  while (nextMs < untilMs && failure === undefined) {
    for (const nowMs = performance.now(); nextMs <= nowMs && nextMs < untilMs; nextMs += 1_000 / perSecond) {
      const work = begin(nextMs)
        .catch((error: unknown) => void (failure ??= error))
        .finally(() => running.delete(work))
      running.add(work)
    }
    await sleep(TICK_MS)
  }
  await Promise.all(running)
  if (failure !== undefined) throw new Error('The load failed', { cause: failure })
}
