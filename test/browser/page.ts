// What a page does with a service: bundled as users bundle it, run by a browser, which posts to the test what it found. Values
// are told with their types, which JSON has too few of.

import { BigNumber } from 'bignumber.js'
import { connect, defineSchema, type LogDatom, VarveError } from 'varve/client'

declare const origin: string

const schema = defineSchema('shop', {
  ':item/id': { type: 'string', unique: 'identity' },
  ':item/cents': { type: 'long' },
  ':item/big': { type: 'bigint' },
  ':item/price': { type: 'bigdec' },
  ':item/since': { type: 'instant' },
  ':item/uuid': { type: 'uuid' },
  ':item/picture': { type: 'bytes' },
  ':item/state': { type: 'keyword' },
  ':item/next': { type: 'ref' },
})
const TEA = {
  ':db/id': 'tea',
  ':item/id': 'tea',
  ':item/cents': 9007199254740993n,
  ':item/big': 12345678901234567890123n,
  ':item/price': new BigNumber('4.50'),
  ':item/since': new Date('2014-11-15T13:37:42Z'),
  ':item/uuid': '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  ':item/picture': new Uint8Array([0, 127, 255]),
  ':item/state': ':state/new',
  ':item/next': 'pot',
} as const

/** The compiler would find it, were it not called just any text. */
const MISSPELLED: string = '[:find ?x\n :where [?x :item/idd]]'

type Setting = { readonly url: string; readonly token: string }

async function found({ url, token }: Setting): Promise<object> {
  const varve = await connect(url, { token, purpose: 'billing' })
  const shop = await varve.open(schema)
  const { t, tempids } = await shop.transact([TEA, { ':db/id': 'pot', ':item/id': 'pot', ':item/cents': 5 }])
  const db = shop.db()
  const id = tempids['tea']!
  const finds = [
    await db.q('[:find ?id ?c :where [?i :item/id ?id] [?i :item/cents ?c]]'),
    await db.q('[:find [?id ...] :where [_ :item/id ?id]]'),
    await db.q('[:find [?id ?c] :in $ ?id :where [?i :item/id ?id] [?i :item/cents ?c]]', 'pot'),
    await db.q('[:find ?price . :where [_ :item/price ?price]]'),
    await db.q('[:find ?id :keys id :where [?i :item/id ?id] [?i :item/state :state/new]]'),
    await db.q('[:find (pull ?i [:item/since {:item/next [:item/id]}]) . :where [?i :item/price _]]'),
    await db.q({
      find: ['?id'],
      where: [
        ['?i', ':item/id', '?id'],
        ['?i', ':item/picture', '_'],
      ],
    }),
  ]
  const tea = (await db.entity([':item/id', 'tea']))!
  const next = tea.get(':item/next')
  const walked = typeof next === 'object' ? next.get(':item/id') : next

  const live = shop.log({ from: t + 1, live: true })[Symbol.asyncIterator]()
  const coming = live.next()
  const second = await shop.transact([[':db/add', [':item/id', 'pot'], ':item/cents', 6]], {
    idempotencyKey: 'message-991',
  })
  const { value: item } = await coming
  await live.return?.()
  const facts: unknown[] = []
  for await (const { v, added } of shop.db().history().datoms('eavt', [':item/id', 'pot'], ':item/cents'))
    facts.push([v, added])
  const cents = '[:find ?c . :where [?i :item/id "pot"] [?i :item/cents ?c]]'
  const maybe = await shop.db().with([{ ':item/id': 'pot', ':item/cents': 7 }])
  return {
    finds: finds.map(shown),
    pulled: shown(await db.pull('[*]', id)),
    walked,
    live: [item.t - t, factsOf(item.datoms)],
    facts,
    cents: [
      await shop.db().asOf(t).q(cents),
      await (await shop.sync(second.t)).q(cents),
      await maybe.dbAfter.q(cents),
    ],
    with: factsOf(maybe.datoms),
    errors: [
      await errorOf(() => db.q(MISSPELLED)),
      await errorOf(() => shop.transact([{ ':item/id': 'tea', ':item/cents': 'many' as never }])),
      await errorOf(async () => (await connect(url)).databases()),
      await errorOf(async () => (await connect(url, { token: `${token}x` })).databases()),
      await errorOf(async () => (await connect('http://nobody.example:9')).databases()),
    ],
  }
}

/** Without what differs from run to run. */
function factsOf(datoms: readonly LogDatom[]): unknown {
  const known = datoms.filter(([, attribute]) => !/^:(db\/txInstant|varve.tx\/content-hash)$/.test(attribute))
  return known.map(([, ...fact]) => fact)
}

async function errorOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof VarveError)) return String(error)
    const { code, kind, data } = error
    return { code, kind, place: data['place'] }
  }
}

function shown(value: unknown): unknown {
  if (typeof value === 'bigint') return `bigint ${value}`
  if (value instanceof Date) return `Date ${value.toISOString()}`
  if (value instanceof Uint8Array) return `bytes ${value.join(' ')}`
  if (BigNumber.isBigNumber(value)) return `bigdec ${value.toFixed()}`
  if (typeof value !== 'object' || value === null) return value
  if (Symbol.iterator in value) return [...(value as Iterable<unknown>)].map(shown)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shown(each)]))
}

const setting = (await (await fetch('/setting')).json()) as Setting
const told = await found(setting).catch(async (error: unknown) => ({
  failed: error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error),
}))
await fetch('/told', { method: 'POST', body: JSON.stringify({ origin, ...told }) })
