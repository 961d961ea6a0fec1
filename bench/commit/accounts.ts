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

export type Transfer = { readonly number: string; readonly balance: number; readonly partner: string }

/** What a caller was told: its transfer stands at this t. */
export type Acknowledged = Transfer & { readonly t: number }

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
      number: numberOf(this.#random.below(this.#accountCount)),
      balance: ++this.#balance,
      partner: numberOf(this.#random.below(this.#accountCount)),
    }
  }
}

/** As a caller writes it. */
export function dataOf({ number, balance, partner }: Transfer): unknown {
  return [
    {
      ':account/number': number,
      ':account/balance': balance,
      ':account/partner': [':account/number', partner],
    },
  ]
}

/** As the transactor takes it. */
export function formOf({ number, balance, partner }: Transfer): Edn {
  const transfer = new EdnMap([
    [NUMBER, number],
    [BALANCE, balance],
    [PARTNER, [NUMBER, partner]],
  ])
  return [transfer]
}

/**
 * Reopens the place and looks for every transfer that was acknowledged: in the log at its t, and the last one of
 * each account among the present facts.
 */
export async function checkAcknowledged(url: string, acknowledged: readonly Acknowledged[]): Promise<void> {
  await using varve = await connectLocal(url)
  const database = await varve.open('bank')
  const expected = new Map(acknowledged.map((transfer) => [transfer.t, transfer]))
  if (expected.size !== acknowledged.length) throw new Error('one t was acknowledged twice')
  const firstT = acknowledged.reduce((least, { t }) => Math.min(least, t), Infinity)
  const lasts = new Map<string, Acknowledged>()
  let foundCount = 0
  for await (const { t, datoms } of database.log({ from: firstT })) {
    const transfer = expected.get(t)
    if (transfer === undefined) continue
    const isThere = datoms.some(
      ([, a, v, added]) => a === ':account/balance' && v === transfer.balance && added,
    )
    if (!isThere) throw new Error(`the log has another transaction at t ${t}`)
    foundCount++
    lasts.set(transfer.number, transfer)
  }
  if (foundCount !== expected.size) throw new Error(`${expected.size - foundCount} transactions were lost`)
  const db = database.db()
  for (const { number, balance, partner } of lasts.values()) {
    const entity = await db.entity([':account/number', number])
    const held = entity?.get(':account/balance' as never)
    const other = entity?.get(':account/partner' as never) as { get(key: string): unknown } | undefined
    if (held !== balance || other?.get(':account/number') !== partner) {
      throw new Error(`${number} shows another transfer than its last`)
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
