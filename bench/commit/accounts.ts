// The data and the load of the commit benchmarks: accounts with an identity, and transfers that overwrite two
// values of one account. A transfer finds its account by upsert and its partner by a lookup ref, and makes five
// datoms: the instant, two old values taken back, two new ones.

import { connectLocal } from '../../src/api/connect.ts'
import type { LocalDatabase, LocalVarve } from '../../src/api/varve.ts'
import { SeededRandom } from '../../src/base/seeded-random.ts'
import type { Writer } from '../../src/database/writer.ts'
import { EdnMap, keyword, type Edn } from '../../src/fact/value.ts'

/** Accounts at scale 1; five facts each make a million datoms. */
const ACCOUNT_COUNT = 200_000
const LOAD_COUNT = 1_000
const REGIONS = ['north', 'east', 'south', 'west'] as const
const NUMBER = keyword('account/number')
const BALANCE = keyword('account/balance')
const PARTNER = keyword('account/partner')
const SCHEMA = [
  attribute('number', 'string', { ':db/unique': ':db.unique/identity' }),
  attribute('owner', 'string', {}),
  attribute('region', 'keyword', {}),
  attribute('balance', 'long', {}),
  attribute('partner', 'ref', {}),
]

export type Accounts = {
  readonly varve: LocalVarve
  readonly database: LocalDatabase
  readonly writer: Writer
  readonly accountCount: number
}

/** Account and partner by their number from 0. */
export type Transfer = { readonly account: number; readonly balance: number; readonly partner: number }

/** Opens a place in which a million datoms are, loading them where it is empty. */
export async function openAccounts(url: string, scale: number): Promise<Accounts> {
  const varve = await connectLocal(url)
  const database = await varve.open('bank', { schema: SCHEMA as never })
  const accountCount = Math.max(1_000, Math.round(ACCOUNT_COUNT * scale))
  if (database.db().basisT === 0) await load(database, accountCount)
  return { varve, database, writer: await varve.catalog.writer('bank'), accountCount }
}

export function numberOf(account: number): string {
  return `acc-${String(account).padStart(7, '0')}`
}

/** One transfer after another, from a seed; balances never repeat, so that each makes its five datoms. */
export class Transfers {
  readonly #random: SeededRandom
  readonly #accountCount: number
  #balance: number

  constructor(accountCount: number, seed: number) {
    this.#random = new SeededRandom(seed)
    this.#accountCount = accountCount
    this.#balance = seed * 1_000_000_000
  }

  next(): Transfer {
    return {
      account: this.#random.below(this.#accountCount),
      balance: ++this.#balance,
      partner: this.#random.below(this.#accountCount),
    }
  }
}

/** As a caller writes it. */
export function dataOf({ account, balance, partner }: Transfer): unknown {
  return [
    {
      ':account/number': numberOf(account),
      ':account/balance': balance,
      ':account/partner': [':account/number', numberOf(partner)],
    },
  ]
}

/** As the transactor takes it. */
export function formOf({ account, balance, partner }: Transfer): Edn {
  const transfer = new EdnMap([
    [NUMBER, numberOf(account)],
    [BALANCE, balance],
    [PARTNER, [NUMBER, numberOf(partner)]],
  ])
  return [transfer]
}

/** What callers were told: that their transfer stands at a t. Numbers alone, since there may be millions. */
export class Acknowledgements {
  readonly #ts: number[] = []
  readonly #balances: number[] = []
  readonly #parties: number[] = []

  get count(): number {
    return this.#ts.length
  }

  add(t: number, { account, balance, partner }: Transfer): void {
    this.#ts.push(t)
    this.#balances.push(balance)
    this.#parties.push(account, partner)
  }

  /** Each with its t; the later of one account comes later. */
  *inOrder(): Generator<Transfer & { readonly t: number }> {
    const order = Uint32Array.from(this.#ts.keys()).sort((x, y) => this.#ts[x]! - this.#ts[y]!)
    for (const i of order) {
      const [account, partner] = [this.#parties[2 * i]!, this.#parties[2 * i + 1]!]
      yield { t: this.#ts[i]!, account, balance: this.#balances[i]!, partner }
    }
  }
}

/**
 * Reopens the place and looks for every transfer that was acknowledged: in the log at its t, and the last one of
 * each account among the present facts.
 */
export async function checkAcknowledged(url: string, acknowledgements: Acknowledgements): Promise<void> {
  await using varve = await connectLocal(url)
  const database = await varve.open('bank')
  const lasts = new Map<number, Transfer>()
  const log = database.log()
  for (const transfer of acknowledgements.inOrder()) {
    const { t, account, balance } = transfer
    let found = await log.next()
    while (found.done !== true && found.value.t < t) found = await log.next()
    if (found.done === true || found.value.t !== t) throw new Error(`the transaction at t ${t} was lost`)
    const isThere = found.value.datoms.some(
      ([, a, v, added]) => a === ':account/balance' && v === balance && added,
    )
    if (!isThere) throw new Error(`the log has another transaction at t ${t}`)
    lasts.set(account, transfer)
  }
  const db = database.db()
  for (const { account, balance, partner } of lasts.values()) {
    const entity = await db.entity([':account/number', numberOf(account)])
    const other = entity?.get(':account/partner' as never) as { get(key: string): unknown } | undefined
    if (
      entity?.get(':account/balance' as never) !== balance ||
      other?.get(':account/number') !== numberOf(partner)
    ) {
      throw new Error(`${numberOf(account)} shows another transfer than its last`)
    }
  }
}

async function load(database: LocalDatabase, accountCount: number): Promise<void> {
  const random = new SeededRandom(1)
  let pending: Promise<unknown> = Promise.resolve()
  for (let first = 0; first < accountCount; first += LOAD_COUNT) {
    const accounts = []
    for (let account = first; account < Math.min(accountCount, first + LOAD_COUNT); account++) {
      accounts.push({
        ':db/id': `a${account}`,
        ':account/number': numberOf(account),
        ':account/owner': `Owner ${random.below(1_000_000)}`,
        ':account/region': `:region/${REGIONS[random.below(REGIONS.length)]!}`,
        ':account/balance': random.below(100_000),
        ':account/partner': first === 0 ? `a${first}` : [':account/number', numberOf(random.below(first))],
      })
    }
    await pending
    pending = database.transact(accounts)
  }
  await pending
}

function attribute(name: string, type: string, more: Record<string, string>): Record<string, string> {
  return {
    ':db/ident': `:account/${name}`,
    ':db/valueType': `:db.type/${type}`,
    ':db/cardinality': ':db.cardinality/one',
    ...more,
  }
}
