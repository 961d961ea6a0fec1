// Questions that are too large stop soon after their signal or their deadline: they look at both once a batch, wherever
// they work.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, defineSchema, type Varve } from './index.ts'

const PERSON_COUNT = 2_000
const LOOK_COUNT = 200
/** A batch has 8,192 rows, and is looked at before and after. */
const ROWS_PER_LOOK_MAX = 3 * 8_192

const schema = defineSchema('people', {
  ':person/name': { type: 'string', unique: 'identity' },
  ':person/age': { type: 'long' },
  ':person/next': { type: 'ref', many: true },
})

const RULES = '[[(reach ?a ?b) [?a :person/next ?b]] [(reach ?a ?b) [?a :person/next ?m] (reach ?m ?b)]]'

/** Each goes through millions of rows. */
const QUERIES: Readonly<Record<string, string>> = {
  'a product': '[:find ?n ?m :in $ % :where [?p :person/name ?n] [?q :person/name ?m]]',
  'a join with few values': '[:find ?p ?q :in $ % :where [?p :person/age ?a] [?q :person/age ?a]]',
  'a filter that keeps nothing':
    '[:find ?p ?q :in $ % :where [?p :person/age ?a] [?q :person/age ?b] [(+ ?a ?b) ?s] [(odd? ?a)] [(= ?s 9)]]',
  'a function of every row':
    '[:find ?s :in $ % :where [?p :person/name ?n] [?q :person/name ?m] [(str ?n ?m) ?s]]',
  not: '[:find ?n ?m :in $ % :where [?p :person/name ?n] [?q :person/name ?m] (not [?p :person/next ?q])]',
  recursion: '[:find ?a ?b :in $ % :where (reach ?a ?b)]',
}

let varve: Varve

beforeAll(async () => {
  varve = await connect('memory:')
  const people = await varve.open(schema)
  await people.transact(
    Array.from({ length: PERSON_COUNT }, (_, i) => ({
      ':db/id': `p${i}`,
      ':person/name': `person-${i}`,
      ':person/age': i % 2,
      ':person/next': [`p${(i + 1) % PERSON_COUNT}`],
    })),
  )
})
afterAll(() => varve.close())

/** A signal that is aborted once it was looked at so often, and how often it was. */
function patientSignal(lookCountMax: number): { readonly signal: AbortSignal; readonly looks: () => number } {
  let count = 0
  const { signal } = new AbortController()
  Object.defineProperty(signal, 'aborted', { get: () => ++count > lookCountMax })
  return { signal, looks: () => count }
}

describe('a question that is too large', () => {
  it.each(Object.entries(QUERIES))('stops at the first look after it was cancelled: %s', async (_, query) => {
    const { signal, looks } = patientSignal(LOOK_COUNT)
    const asked = varve.query({ database: 'people', query, args: [RULES], signal })
    await expect(asked).rejects.toMatchObject({ code: 'varve.error/query-cancelled' })
    expect(looks()).toBe(LOOK_COUNT + 1)
  })

  it('looks again before many rows have passed', async () => {
    const { signal, looks } = patientSignal(Infinity)
    const query = '[:find (count ?q) . :in $ :with ?p :where [?p :person/age ?a] [?q :person/age ?a]]'
    const rowCount = (PERSON_COUNT * PERSON_COUNT) / 2
    expect(await varve.query({ database: 'people', query, signal })).toBe(rowCount)
    expect(looks()).toBeGreaterThan(rowCount / ROWS_PER_LOOK_MAX)
  })
})
