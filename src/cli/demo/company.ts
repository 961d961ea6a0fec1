// A small company made from a seed: two years of customers, purchases, bills and staff in four databases, as the
// transactions that its services would have written, each at its own moment. Nothing here touches a database:
// `companyHistory` gives the events, `load.ts` transacts them.
//
// It has what real data has: typing errors corrected later, customers who move, prices that change, refunds,
// bills that come late, a customer id that was changed, a purchase entered by mistake and retracted.

import type { Random } from '../../base/env.ts'
import { EdnMap, keyword, type Edn } from '../../fact/value.ts'

export type CompanyDatabase = 'customers' | 'purchases' | 'bills' | 'staff'

/** One transaction of the past. */
export type CompanyEvent = {
  readonly database: CompanyDatabase
  readonly atMs: number
  readonly user: string
  readonly reason?: string
  readonly ops: readonly Edn[]
}

export const COMPANY_ALIASES: Readonly<Record<CompanyDatabase, string>> = {
  customers: 'cus',
  purchases: 'pur',
  bills: 'bil',
  staff: 'sta',
}

const FROM_MS = Date.UTC(2013, 10, 1, 8)
const TO_MS = Date.UTC(2015, 10, 30, 18)
const DAY_MS = 86_400_000

export type CompanySize = {
  readonly customerCount: number
  readonly articleCount: number
  readonly purchaseCount: number
}
/** About 300,000 facts. */
export const COMPANY_SIZE: CompanySize = { customerCount: 1_800, articleCount: 120, purchaseCount: 14_800 }

const AUDIT = `
  {:db/ident :audit/user, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one,
   :db/doc "Who wrote the transaction"}
  {:db/ident :audit/reason, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one,
   :db/doc "Why, where it was not the ordinary course of business"}`

/** The schema of each database as EDN text. */
export const COMPANY_SCHEMAS: Readonly<Record<CompanyDatabase, string>> = {
  customers: `[
  {:db/ident :customer/id, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one,
   :db/unique :db.unique/identity, :db/doc "cus-1, cus-2, …: what the other databases call a customer"}
  {:db/ident :customer/name, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one, :db/index true}
  {:db/ident :customer/email, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one,
   :db/unique :db.unique/value}
  {:db/ident :customer/city, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one, :db/index true}
  {:db/ident :customer/tier, :db/valueType :db.type/ref, :db/cardinality :db.cardinality/one}
  {:db/ident :customer/interests, :db/valueType :db.type/keyword, :db/cardinality :db.cardinality/many}
  {:db/ident :tier/basic} {:db/ident :tier/silver} {:db/ident :tier/gold}
  {:db/ident :region/name, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one,
   :db/unique :db.unique/identity}
  {:db/ident :region/cities, :db/valueType :db.type/string, :db/cardinality :db.cardinality/many}
  {:db/ident :region/manager, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one,
   :db/doc "A :staff/login of the database of staff"}${AUDIT}]`,
  purchases: `[
  {:db/ident :article/id, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one,
   :db/unique :db.unique/identity}
  {:db/ident :article/name, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one}
  {:db/ident :article/price, :db/valueType :db.type/long, :db/cardinality :db.cardinality/one,
   :db/doc "In cents"}
  {:db/ident :purchase/id, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one,
   :db/unique :db.unique/identity}
  {:db/ident :purchase/customer-id, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one,
   :db/index true, :db/doc "A :customer/id of the database of customers"}
  {:db/ident :purchase/article, :db/valueType :db.type/ref, :db/cardinality :db.cardinality/one}
  {:db/ident :purchase/quantity, :db/valueType :db.type/long, :db/cardinality :db.cardinality/one}
  {:db/ident :purchase/amount, :db/valueType :db.type/long, :db/cardinality :db.cardinality/one,
   :db/doc "In cents; negative for a refund"}
  {:db/ident :purchase/bill-id, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one,
   :db/index true, :db/doc "A :bill/id of the database of bills"}
  {:db/ident :purchase/refund-of, :db/valueType :db.type/ref, :db/cardinality :db.cardinality/one}${AUDIT}]`,
  bills: `[
  {:db/ident :bill/id, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one,
   :db/unique :db.unique/identity}
  {:db/ident :bill/amount, :db/valueType :db.type/long, :db/cardinality :db.cardinality/one,
   :db/doc "In cents"}
  {:db/ident :bill/due, :db/valueType :db.type/instant, :db/cardinality :db.cardinality/one}
  {:db/ident :bill/status, :db/valueType :db.type/ref, :db/cardinality :db.cardinality/one}
  {:db/ident :bill/paid-at, :db/valueType :db.type/instant, :db/cardinality :db.cardinality/one}
  {:db/ident :status/open} {:db/ident :status/paid} {:db/ident :status/reminded} {:db/ident :status/cancelled}${AUDIT}]`,
  staff: `[
  {:db/ident :staff/login, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one,
   :db/unique :db.unique/identity, :db/doc "What the other databases say in :audit/user"}
  {:db/ident :staff/name, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one}
  {:db/ident :staff/team, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one}
  {:db/ident :staff/salary, :db/valueType :db.type/long, :db/cardinality :db.cardinality/one,
   :db/doc "Euros a year"}${AUDIT}]`,
}

const FIRST_NAMES =
  'Ada Alan Anna Barbara Carl Chen Chinua Clara Diego Edsger Elena Emmy Erik Fatima Frances Grace Hans Hedy Ida Ines Ivan Jean Joan Jorge Karen Kofi Lena Leslie Linus Lotte Maria Mary Mei Nils Noor Olga Omar Paula Pedro Priya Radia Rosa Ruth Samir Sofia Tariq Tove Uma Vera Wei Yara Zoe'.split(
    ' ',
  )
const LAST_NAMES =
  'Abel Almeida Andersson Bauer Becker Berg Brandt Costa Dahl Diaz Dupont Eriksen Farkas Ferrari Fischer Gruber Haas Hansen Hoffmann Ivanova Jansen Kaya Keller Kim Kovacs Kumar Larsen Lehmann Lindqvist Lopez Meyer Mori Nagy Nguyen Novak Okafor Olsen Papadakis Patel Petrov Ricci Rossi Sanchez Santos Schmidt Silva Tanaka Vogel Weber Wolf Yilmaz Zhang'.split(
    ' ',
  )
const CITIES =
  'Amsterdam Athens Barcelona Berlin Bologna Copenhagen Dublin Gdansk Ghent Graz Hamburg Helsinki Leipzig Lisbon Lyon Malmo Milan Munich Oslo Porto Prague Riga Seville Stockholm Tallinn Trieste Turin Utrecht Vienna Vilnius Warsaw Zurich'.split(
    ' ',
  )
const INTERESTS = ['garden', 'kitchen', 'books', 'tools', 'toys', 'music', 'travel', 'office']
const THINGS =
  'Lamp Kettle Chair Shelf Teapot Notebook Lantern Basket Clock Mirror Vase Blanket Toolbox Radio Atlas'.split(
    ' ',
  )
const ADJECTIVES = 'Red Blue Oak Copper Small Large Folding Wall Garden Travel'.split(' ')
const CLERKS = ['ida@shop', 'nils@shop', 'vera@shop']

/** Whose customers are whose. */
const REGIONS: Readonly<Record<string, { readonly manager: string; readonly cities: string }>> = {
  north: { manager: 'tove@shop', cities: 'Copenhagen Helsinki Malmo Oslo Riga Stockholm Tallinn Vilnius' },
  west: { manager: 'emmy@shop', cities: 'Amsterdam Dublin Ghent Lyon Utrecht' },
  middle: {
    manager: 'hans@shop',
    cities: 'Berlin Gdansk Graz Hamburg Leipzig Munich Prague Vienna Warsaw Zurich',
  },
  south: {
    manager: 'rosa@shop',
    cities: 'Athens Barcelona Bologna Lisbon Milan Porto Seville Trieste Turin',
  },
}
const TEAMS: Readonly<Record<string, readonly string[]>> = {
  service: ['Ida Larsen', 'Nils Olsen', 'Vera Novak'],
  regions: ['Tove Lindqvist', 'Emmy Dupont', 'Hans Gruber', 'Rosa Ferrari'],
  warehouse: ['Omar Haas', 'Kofi Okafor', 'Lena Berg', 'Pedro Silva'],
  finance: ['Mei Kim', 'Jorge Costa'],
  planning: ['Noor Patel', 'Chen Mori'],
}

/** All transactions of all databases, in order of time. The same `random` gives the same company. */
export function companyHistory(random: Random, size: CompanySize = COMPANY_SIZE): CompanyEvent[] {
  const events: CompanyEvent[] = []
  const chance = dice(random)
  writeCustomers(events, chance, size)
  const prices = writeArticles(events, chance, size)
  writePurchases(events, chance, size, prices)
  writeStaff(events, chance)
  // Stable: what happens at one moment keeps the order in which it was written.
  return events.sort((x, y) => x.atMs - y.atMs)
}

type Dice = {
  readonly below: (n: number) => number
  readonly pick: <X>(items: readonly X[]) => X
  readonly happens: (probability: number) => boolean
  readonly momentIn: (fromMs: number, toMs: number) => number
}

function dice(random: Random): Dice {
  const below = (n: number): number => Math.floor(random.next() * n)
  return {
    below,
    pick: (items) => items[below(items.length)]!,
    happens: (probability) => random.next() < probability,
    momentIn: (fromMs, toMs) => fromMs + below(Math.max(1, toMs - fromMs)),
  }
}

/** When the customer with this number came: a third were there from the beginning. */
function customerSince(number: number, size: CompanySize): number {
  const early = Math.floor(size.customerCount / 3)
  if (number <= early) return FROM_MS + number * 1_000
  return FROM_MS + Math.floor(((TO_MS - FROM_MS) * 0.9 * (number - early)) / (size.customerCount - early))
}

function writeCustomers(events: CompanyEvent[], chance: Dice, size: CompanySize): void {
  const ops = Object.entries(REGIONS).map(([name, { manager, cities }]) =>
    entity({ 'region/name': name, 'region/manager': manager, 'region/cities': cities.split(' ') }),
  )
  events.push({ database: 'customers', atMs: FROM_MS, user: 'vera@shop', ops })
  for (let number = 1; number <= size.customerCount; number++) {
    const id = `cus-${number}`
    const first = chance.pick(FIRST_NAMES)
    const last = chance.pick(LAST_NAMES)
    const isMistyped = chance.happens(0.06)
    const since = customerSince(number, size)
    const event = (atMs: number, ops: readonly Edn[], user: string, reason?: string): void => {
      if (atMs < TO_MS) events.push({ database: 'customers', atMs, user, ...(reason && { reason }), ops })
    }
    event(
      since,
      [
        entity({
          'customer/id': id,
          'customer/name': `${first} ${isMistyped ? mistyped(last) : last}`,
          'customer/email': `${first}.${last}.${number}@example.com`.toLowerCase(),
          'customer/city': chance.pick(CITIES),
          'customer/tier': keyword('tier/basic'),
          'customer/interests': [keyword(chance.pick(INTERESTS)), keyword(chance.pick(INTERESTS))],
        }),
      ],
      'signup@web',
    )
    if (isMistyped) {
      const corrected = since + DAY_MS + chance.below(40 * DAY_MS)
      event(
        corrected,
        [entity({ 'customer/id': id, 'customer/name': `${first} ${last}` })],
        chance.pick(CLERKS),
        'name was mistyped',
      )
    }
    let at = since
    while (chance.happens(0.45)) {
      at += DAY_MS * (20 + chance.below(300))
      event(at, [entity({ 'customer/id': id, 'customer/city': chance.pick(CITIES) })], 'account@web', 'moved')
    }
    if (chance.happens(0.35)) {
      const tier = chance.pick(['tier/silver', 'tier/silver', 'tier/gold'])
      event(
        since + DAY_MS * (60 + chance.below(400)),
        [entity({ 'customer/id': id, 'customer/tier': keyword(tier) })],
        'loyalty@job',
      )
    }
  }
  // One customer had been entered under a wrong number: the identity itself changes.
  events.push({
    database: 'customers',
    atMs: Date.UTC(2014, 5, 2, 10, 12),
    user: 'ida@shop',
    reason: 'customer number was assigned twice on paper',
    ops: [
      new EdnMap([
        [keyword('db/id'), [keyword('customer/id'), 'cus-17']],
        [keyword('customer/id'), `cus-${size.customerCount + 17}`],
      ]),
    ],
  })
}

/** Price of an article at a moment, in cents. */
type Prices = (article: number, atMs: number) => number

function writeArticles(events: CompanyEvent[], chance: Dice, size: CompanySize): Prices {
  const changes: { readonly atMs: number; readonly price: number }[][] = []
  for (let article = 0; article < size.articleCount; article++) {
    const id = `art-${article + 1}`
    let price = 200 + chance.below(12_000)
    const name = `${chance.pick(ADJECTIVES)} ${chance.pick(THINGS)} ${article + 1}`
    const history = [{ atMs: FROM_MS, price }]
    events.push({
      database: 'purchases',
      atMs: FROM_MS,
      user: 'vera@shop',
      ops: [entity({ 'article/id': id, 'article/name': name, 'article/price': price })],
    })
    for (let at = FROM_MS; ;) {
      at += DAY_MS * (25 + chance.below(90))
      if (at >= TO_MS) break
      price = Math.max(100, Math.round(price * (0.85 + 0.35 * (chance.below(1_000) / 1_000))))
      history.push({ atMs: at, price })
      events.push({
        database: 'purchases',
        atMs: at,
        user: 'vera@shop',
        reason: 'new price list',
        ops: [entity({ 'article/id': id, 'article/price': price })],
      })
    }
    changes.push(history)
  }
  return (article, atMs) => changes[article]!.findLast((change) => change.atMs <= atMs)!.price
}

function writePurchases(events: CompanyEvent[], chance: Dice, size: CompanySize, priceAt: Prices): void {
  const span = TO_MS - DAY_MS - FROM_MS
  let refundCount = 0
  for (let number = 1; number <= size.purchaseCount; number++) {
    // A little more business every month.
    const atMs = FROM_MS + DAY_MS + Math.floor(span * 0.99 * (number / size.purchaseCount) ** 0.8)
    const article = chance.below(size.articleCount)
    const quantity = 1 + chance.below(chance.happens(0.1) ? 12 : 3)
    const amount = quantity * priceAt(article, atMs)
    const customer = customerAt(chance, atMs, size)
    const id = `pur-${number}`
    const billId = `bil-${number}`
    events.push({
      database: 'purchases',
      atMs,
      user: 'checkout@web',
      ops: [
        entity({
          'purchase/id': id,
          'purchase/customer-id': customer,
          'purchase/article': [keyword('article/id'), `art-${article + 1}`],
          'purchase/quantity': quantity,
          'purchase/amount': amount,
          'purchase/bill-id': billId,
        }),
      ],
    })
    const isCorrected = chance.happens(0.03)
    if (isCorrected) {
      events.push({
        database: 'purchases',
        atMs: atMs + chance.below(5 * DAY_MS),
        user: chance.pick(CLERKS),
        reason: 'quantity corrected after a call',
        ops: [
          entity({
            'purchase/id': id,
            'purchase/quantity': quantity + 1,
            'purchase/amount': amount + priceAt(article, atMs),
          }),
        ],
      })
    }
    if (chance.happens(0.04)) {
      refundCount++
      events.push({
        database: 'purchases',
        atMs: atMs + DAY_MS * (2 + chance.below(25)),
        user: chance.pick(CLERKS),
        reason: 'sent back',
        ops: [
          entity({
            'purchase/id': `ref-${refundCount}`,
            'purchase/customer-id': customer,
            'purchase/refund-of': [keyword('purchase/id'), id],
            'purchase/amount': -amount,
          }),
        ],
      })
    }
    writeBill(events, chance, billId, atMs, amount)
  }
  // A purchase that nobody made: it goes, and the past keeps it.
  events.push({
    database: 'purchases',
    atMs: Date.UTC(2014, 8, 19, 16, 40),
    user: 'nils@shop',
    reason: 'entered for the wrong shop',
    ops: [[keyword('db/retractEntity'), [keyword('purchase/id'), 'pur-4711']]],
  })
}

function writeBill(events: CompanyEvent[], chance: Dice, id: string, boughtMs: number, amount: number): void {
  const isLate = chance.happens(0.05)
  const atMs = boughtMs + (isLate ? DAY_MS * (20 + chance.below(60)) : chance.below(2 * DAY_MS))
  const dueMs = atMs + 30 * DAY_MS
  const bill = (at: number, user: string, facts: Readonly<Record<string, Edn>>, reason?: string): void => {
    if (at < TO_MS + 60 * DAY_MS) {
      events.push({
        database: 'bills',
        atMs: at,
        user,
        ...(reason && { reason }),
        ops: [entity({ 'bill/id': id, ...facts })],
      })
    }
  }
  bill(
    atMs,
    'billing@job',
    { 'bill/amount': amount, 'bill/due': new Date(dueMs), 'bill/status': keyword('status/open') },
    isLate ? 'billed late' : undefined,
  )
  if (chance.happens(0.62)) {
    const paidMs = chance.momentIn(atMs, dueMs + 10 * DAY_MS)
    bill(paidMs, 'bank@job', { 'bill/status': keyword('status/paid'), 'bill/paid-at': new Date(paidMs) })
  } else if (chance.happens(0.3)) {
    bill(dueMs + DAY_MS * 14, 'billing@job', { 'bill/status': keyword('status/reminded') }, 'overdue')
  }
}

/** They are there from the beginning, and their salaries rise every January. */
function writeStaff(events: CompanyEvent[], chance: Dice): void {
  for (const [team, names] of Object.entries(TEAMS)) {
    for (const name of names) {
      const login = `${name.split(' ')[0]!.toLowerCase()}@shop`
      let salary = 28_000 + 500 * chance.below(60)
      const facts = { 'staff/login': login, 'staff/name': name, 'staff/team': team, 'staff/salary': salary }
      events.push({ database: 'staff', atMs: FROM_MS, user: 'payroll@job', ops: [entity(facts)] })
      for (const year of [2014, 2015]) {
        salary += 100 * (2 + chance.below(20))
        const ops = [entity({ 'staff/login': login, 'staff/salary': salary })]
        const atMs = Date.UTC(year, 0, 2, 9)
        events.push({ database: 'staff', atMs, user: 'payroll@job', reason: 'yearly raise', ops })
      }
    }
  }
}

/** A customer who was there already; some buy much more than others. */
function customerAt(chance: Dice, atMs: number, size: CompanySize): string {
  const known = Math.max(1, Math.floor(size.customerCount / 3))
  for (;;) {
    const isRegular = chance.happens(0.3)
    const number = 1 + chance.below(isRegular ? Math.min(60, known) : size.customerCount)
    if (customerSince(number, size) <= atMs) return `cus-${number}`
  }
}

function mistyped(name: string): string {
  return name.length < 4 ? `${name}${name.at(-1)}` : `${name.slice(0, 2)}${name[3]}${name[2]}${name.slice(4)}`
}

function entity(facts: Readonly<Record<string, Edn>>): EdnMap {
  return new EdnMap(Object.entries(facts).map(([name, value]) => [keyword(name), value]))
}
