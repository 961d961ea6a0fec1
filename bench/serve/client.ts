// The clients' process: many connections, each with a token of one of the callers, that ask one question after another, or
// questions at a fixed rate, each when it is due. Every answer is checked: an account's number and owner are those that were
// loaded, a scan counts every account once, and no connection is answered from an earlier moment than before.

import { setTimeout as sleep } from 'node:timers/promises'
import { SeededRandom } from '../../src/base/seeded-random.ts'
import { numberOf } from '../commit/accounts.ts'
import { arrivals, type Schedule } from '../mixed/load.ts'
import { Connection } from './connection.ts'
import { serveHelper } from './helper.ts'

export type Mix = 'point' | 'scan' | 'both'

export type Asking = {
  readonly port: number
  readonly tokens: readonly string[]
  readonly mix: Mix
  readonly clientCount: number
  /** Undefined: each client asks again as soon as it is answered. */
  readonly perSecond?: number
  readonly ms: number
  /** An answer that comes later is of no use any more. */
  readonly deadlineMs: number
}
export type ClientWork =
  | { readonly kind: 'owners'; readonly owners: readonly string[] }
  | ({ readonly kind: 'ask' } & Asking)

/** Milliseconds of each answer, ascending: from the moment at which the question was due. */
export type Answers = {
  readonly points: Float64Array
  readonly scans: Float64Array
  readonly inTimeCount: number
  /** Answered with 429 or 503. */
  readonly refusedCount: number
  /** Due while no client was free to ask. */
  readonly unaskedCount: number
  readonly ms: number
}

const POINT = `[:find [?number ?owner ?region ?balance ?partner] :in $ ?number :where
  [?a :account/number ?number] [?a :account/owner ?owner] [?a :account/region ?region]
  [?a :account/balance ?balance] [?a :account/partner ?partner]]`
const SCAN =
  '[:find ?region (sum ?balance) (count ?a) :where [?a :account/region ?region] [?a :account/balance ?balance]]'
/** In the mix of both, one question of so many is a scan. */
const QUESTIONS_PER_SCAN = 50
const REFUSED_STATUSES: readonly number[] = [429, 503]
/** What a client waits that was refused. */
const REFUSED_PAUSE_MS = 100

let owners: readonly string[] = []

serveHelper(async (work: ClientWork): Promise<Answers | undefined> => {
  if (work.kind === 'owners') {
    owners = work.owners
    return undefined
  }
  return new Clients(work).run()
})

type Client = { readonly connection: Connection; readonly token: string; basisT: number }

class Clients {
  readonly #asking: Asking
  readonly #random = new SeededRandom(9)
  readonly #points: number[] = []
  readonly #scans: number[] = []
  #inTimeCount = 0
  #refusedCount = 0
  #unaskedCount = 0

  constructor(asking: Asking) {
    this.#asking = asking
  }

  async run(): Promise<Answers> {
    const { port, tokens, clientCount, perSecond } = this.#asking
    const clients: Client[] = []
    for (let i = 0; i < clientCount; i++) {
      const connection = await Connection.open(port)
      clients.push({ connection, token: tokens[i % tokens.length]!, basisT: 0 })
    }
    const fromMs = performance.now()
    const untilMs = fromMs + this.#asking.ms
    if (perSecond === undefined) await Promise.all(clients.map((client) => this.#askOnAndOn(client, untilMs)))
    else await this.#askWhenDue(clients, { fromMs, untilMs, perSecond })
    const ms = performance.now() - fromMs
    for (const { connection } of clients) connection.close()
    return {
      points: Float64Array.from(this.#points).sort(),
      scans: Float64Array.from(this.#scans).sort(),
      inTimeCount: this.#inTimeCount,
      refusedCount: this.#refusedCount,
      unaskedCount: this.#unaskedCount,
      ms,
    }
  }

  async #askOnAndOn(client: Client, untilMs: number): Promise<void> {
    for (let nowMs = performance.now(); nowMs < untilMs; nowMs = performance.now()) {
      const isAnswered = await this.#ask(client, nowMs)
      if (!isAnswered) await sleep(REFUSED_PAUSE_MS)
    }
  }

  async #askWhenDue(clients: readonly Client[], schedule: Schedule): Promise<void> {
    const free = [...clients]
    await arrivals(schedule, async (dueMs) => {
      const client = free.pop()
      if (client === undefined) {
        this.#unaskedCount++
        return
      }
      await this.#ask(client, dueMs)
      free.push(client)
    })
  }

  /** False where it was refused. */
  async #ask(client: Client, dueMs: number): Promise<boolean> {
    const { mix, deadlineMs } = this.#asking
    const isScan = mix === 'scan' || (mix === 'both' && this.#random.below(QUESTIONS_PER_SCAN) === 0)
    const number = numberOf(this.#random.below(owners.length))
    const question = isScan ? { query: SCAN } : { query: POINT, args: [number] }
    const body = JSON.stringify({ ...question, database: 'bank' })
    const answered = await client.connection.post('/v1/query', body, client.token)
    const ms = performance.now() - dueMs
    if (REFUSED_STATUSES.includes(answered.status)) {
      this.#refusedCount++
      return false
    }
    if (answered.status !== 200) throw new Error(`${answered.status} ${answered.body}`)
    const { result, basis } = JSON.parse(answered.body) as { readonly result: Result; readonly basis: Basis }
    if (isScan) checkScan(result as readonly Row[])
    else checkPoint(number, result as Row)
    if (basis.bank < client.basisT) throw new Error(`after t ${client.basisT} it answered at ${basis.bank}`)
    client.basisT = basis.bank
    ;(isScan ? this.#scans : this.#points).push(ms)
    if (ms <= deadlineMs) this.#inTimeCount++
    return true
  }
}

type Row = readonly unknown[]
type Result = Row | readonly Row[]
type Basis = { readonly bank: number }

function checkPoint(number: string, [found, owner, , balance]: Row): void {
  const isRight = found === number && owner === owners[Number(number.slice(4))] && typeof balance === 'number'
  if (!isRight) throw new Error(`of ${number} it answered ${JSON.stringify([found, owner, balance])}`)
}

function checkScan(rows: readonly Row[]): void {
  const count = rows.reduce((sum, row) => sum + (row[2] as number), 0)
  if (count !== owners.length) throw new Error(`a scan counted ${count} of ${owners.length} accounts`)
}
