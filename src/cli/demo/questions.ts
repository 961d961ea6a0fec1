// What the people of the company ask day by day, saved under names: one place for what "late" or "by region" means. Those
// about money call procedures, of the starter library and one of the company itself.

import { CUSTOMER_ID, THEN } from './moments.ts'

export type Saved = {
  readonly doc: string
  readonly tags: readonly string[]
  readonly database?: string
  readonly parameters?: readonly {
    readonly name: string
    readonly type: string
    readonly doc?: string
    readonly default?: unknown
  }[]
  readonly query: string
  /** What it must answer for ever, as of `THEN`. */
  readonly expectation?: { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> }
}

const ON = {
  name: 'on',
  type: 'instant',
  doc: 'the day on which it is looked at',
  default: { '#inst': '2015-12-01T00:00:00Z' },
}

/** Patterns of a bill that nobody has paid, and that is due. */
const LATE_BILL = `[?b :bill/due ?due] [(< ?due ?on)]
        (not [?b :bill/paid-at _])
        [?b :bill/amount ?cents]
        [(finance/days-late ?due ?on) ?days]`

export const PURCHASES_OF_A_CUSTOMER = `[:find ?name ?purchase ?cents ?status
 :in ?customer-id
 :where [$cus ?c :customer/id ?customer-id]
        [$cus ?c :customer/name ?name]
        [$pur ?p :purchase/customer-id ?customer-id]
        [$pur ?p :purchase/id ?purchase]
        [$pur ?p :purchase/amount ?cents]
        [$pur ?p :purchase/bill-id ?bill-id]
        [$bil ?b :bill/id ?bill-id]
        [$bil ?b :bill/status ?s]
        [$bil ?s :db/ident ?status]]`

export const COMPANY_QUESTIONS: Readonly<Record<string, Saved>> = {
  'bills/aging': {
    doc: 'Unpaid bills by how late they are, with their cents',
    tags: ['finance'],
    database: 'bills',
    parameters: [ON],
    query: `[:find ?bucket (count ?b) (sum ?cents)
 :in $ ?on
 :where ${LATE_BILL}
        [(finance/aging-bucket ?days) ?bucket]]`,
    expectation: { name: 'autumn-2014', arguments: { on: { '#inst': '2014-11-15T00:00:00Z' } } },
  },
  'bills/interest': {
    doc: 'What customers owe beyond their late bills: interest and fee for reminders',
    tags: ['finance'],
    parameters: [
      ON,
      { name: 'rate', type: 'bigdec', doc: 'of a year', default: { '#bigdec': '0.08' } },
      { name: 'days-min', type: 'long', doc: 'only of those as late as that', default: 700 },
    ],
    query: `[:find ?name ?bill ?days ?interest ?fee
 :in ?on ?rate ?days-min
 :where [$bil ?b :bill/due ?due] [(< ?due ?on)]
        (not [$bil ?b :bill/paid-at _])
        [(finance/days-late ?due ?on) ?days] [(>= ?days ?days-min)]
        [$bil ?b :bill/id ?bill]
        [$bil ?b :bill/amount ?cents]
        [(/ ?cents 100M) ?euros]
        [(finance/simple-interest ?euros ?rate ?days) ?interest]
        [(shop/reminder-fee ?days) ?fee]
        [$pur ?p :purchase/bill-id ?bill]
        [$pur ?p :purchase/customer-id ?customer]
        [$cus ?c :customer/id ?customer]
        [$cus ?c :customer/name ?name]]`,
  },
  'bills/late': {
    doc: 'Bills that nobody has paid in time, with the days since',
    tags: ['finance', 'service'],
    database: 'bills',
    parameters: [ON],
    query: `[:find ?id ?days ?cents
 :in $ ?on
 :where ${LATE_BILL}
        [?b :bill/id ?id]]`,
  },
  'customer/by-name': {
    doc: 'Customers whose name has this in it',
    tags: ['service'],
    database: 'customers',
    parameters: [{ name: 'part', type: 'string', doc: 'of the name' }],
    query: `[:find ?id ?name ?city
 :in $ ?part
 :where [?c :customer/name ?name]
        [(clojure.string/includes? ?name ?part)]
        [?c :customer/id ?id]
        [?c :customer/city ?city]]`,
  },
  'customer/of-city': {
    doc: 'Who lives there, and how to reach them',
    tags: ['service', 'regions'],
    database: 'customers',
    parameters: [{ name: 'city', type: 'string' }],
    query: `[:find ?name ?email
 :in $ ?city
 :where [?c :customer/city ?city]
        [?c :customer/name ?name]
        [?c :customer/email ?email]]`,
  },
  'customer/purchases': {
    doc: 'What a customer bought, and whether it is paid',
    tags: ['service'],
    parameters: [{ name: 'customer-id', type: 'string', doc: 'as cus-527' }],
    query: PURCHASES_OF_A_CUSTOMER,
    expectation: { name: 'three-in-autumn', arguments: { 'customer-id': CUSTOMER_ID } },
  },
  'customer/renamed': {
    doc: 'Every name that a customer ever had, who wrote it and why',
    tags: ['service'],
    database: 'customers',
    parameters: [{ name: 'customer-id', type: 'string' }],
    query: `[:find ?when ?name ?who ?why
 :in $ ?customer-id
 :where [?c :customer/id ?customer-id]
        [?c :customer/name ?name ?tx]
        [?tx :db/txInstant ?when]
        [?tx :audit/user ?who]
        [(get-else $ ?tx :audit/reason "") ?why]]`,
  },
  'customers/by-tier': {
    doc: 'How many customers each tier has in a region',
    tags: ['planning', 'regions'],
    database: 'customers',
    parameters: [{ name: 'region', type: 'string', doc: 'north, west, middle or south' }],
    query: `[:find ?tier (count ?c)
 :in $ ?region
 :where [?r :region/name ?region]
        [?r :region/cities ?city]
        [?c :customer/city ?city]
        [?c :customer/tier ?t]
        [?t :db/ident ?tier]]`,
  },
  'sales/articles': {
    doc: 'What was bought of each article: pieces and cents',
    tags: ['planning'],
    database: 'purchases',
    query: `[:find ?article (sum ?pieces) (sum ?cents)
 :with ?p
 :where [?p :purchase/article ?a]
        [?a :article/name ?article]
        [?p :purchase/quantity ?pieces]
        [?p :purchase/amount ?cents]]`,
  },
  'sales/by-city': {
    doc: 'Cents and customers of each city',
    tags: ['planning', 'regions'],
    query: `[:find ?city (sum ?cents) (count-distinct ?customer)
 :with ?p
 :where [$pur ?p :purchase/amount ?cents]
        [$pur ?p :purchase/customer-id ?customer]
        [$cus ?c :customer/id ?customer]
        [$cus ?c :customer/city ?city]]`,
  },
  'sales/refunds': {
    doc: 'Articles that came back: how often, for how many cents',
    tags: ['planning', 'service'],
    database: 'purchases',
    query: `[:find ?article (count ?back) (sum ?cents)
 :where [?back :purchase/refund-of ?p]
        [?back :purchase/amount ?cents]
        [?p :purchase/article ?a]
        [?a :article/name ?article]]`,
  },
  'staff/corrections': {
    doc: 'Who put right what was bought, and how often',
    tags: ['planning'],
    query: `[:find ?name ?team ?why (count ?tx)
 :where [$pur ?tx :audit/reason ?why]
        [$pur ?tx :audit/user ?login]
        [$sta ?s :staff/login ?login]
        [$sta ?s :staff/name ?name]
        [$sta ?s :staff/team ?team]]`,
  },
  'staff/salaries': {
    doc: 'What the teams earn: people, average and highest salary',
    tags: ['planning'],
    database: 'staff',
    query: `[:find ?team (count ?s) (avg ?salary) (max ?salary)
 :where [?s :staff/team ?team]
        [?s :staff/salary ?salary]]`,
  },
}

/** A function that nobody but this company has. */
export const COMPANY_PROCEDURES = {
  'shop/reminder-fee': {
    doc: 'The fee for reminders, in euros: none for a week, then five for each month begun, forty at most',
    parameters: [['days', 'long']],
    returns: 'bigdec',
    source: `(days: number) => decimal(days <= 7 ? 0 : Math.min(40, 5 * Math.ceil(days / 30)))`,
  },
} as const

/** The moment that expectations are pinned at. */
export const EXPECTED_AT = THEN.toISOString()
