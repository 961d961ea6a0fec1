// One entity by its identity with five attributes, again and again with other identities: through the API in this
// thread and through a worker, as a pull, and over HTTP with the service on one core; beside a JavaScript map with
// typed arrays and a prepared statement of DuckDB. Every answer is compared with what was loaded.

import { join } from 'node:path'
import { readEdn } from '../src/fact/edn-reader.ts'
import { SeededRandom } from '../src/base/seeded-random.ts'
import { asked, questionOf } from './ask/ask.ts'
import { DuckDB } from './ask/duckdb.ts'
import { type Accounts, numberOf, openAccounts } from './commit/accounts.ts'
import { type BenchContext, type Figure, median, percentile, runBench } from './harness.ts'
import { ServedFolder } from './point/http.ts'

const RUN_COUNT = 5
const QUESTIONS_PER_RUN = 2_000
/** Until the code that answers was compiled. */
const WARM_UP_COUNT = 4_000
const P50_US_MAX = 20
const HTTP_RUN_MS = 3_000
const HTTP_CALLER_COUNT = 8
const HTTP_PER_SECOND_MIN = 5_000
const HTTP_P99_MS_MAX = 5

const QUERY = `[:find [?number ?owner ?region ?balance ?partner] :in $ ?number :where
  [?a :account/number ?number] [?a :account/owner ?owner] [?a :account/region ?region]
  [?a :account/balance ?balance] [?a :account/partner ?partner]]`
const PATTERN = '[:account/number :account/owner :account/region :account/balance :account/partner]'
const SQL = 'SELECT number, owner, region, balance, partner FROM accounts WHERE number = $1'

/** Number, owner, region, balance and partner of an account, as the answer shows them. */
type Row = readonly unknown[]
type Way = { readonly name: string; readonly ask: (number: string) => unknown }

await runBench(
  { name: 'point', about: 'one entity by identity with five attributes', run },
  Number(process.argv[2] ?? 1),
)

async function run({ folder, scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const data = join(folder, 'data')
  const stored = await openAccounts(`file:${data}`, scale)
  const inMemory = await openAccounts('memory:', scale)
  say('loaded')
  note('accounts', stored.accountCount)
  note('datoms', stored.accountCount * 5)
  const rows = await loadedRows(inMemory)
  const ways = await waysOf(stored, inMemory, rows)
  const figures: Figure[] = []
  for (const way of ways) {
    say(way.name)
    const { p50s, p99s } = await measured(way, rows)
    const isTarget = way.name === ways[0]!.name
    figures.push(
      {
        name: `${way.name}, p50`,
        unit: 'µs',
        runs: p50s,
        ...(isTarget && { target: { text: `≤ ${P50_US_MAX}`, isMet: median(p50s) <= P50_US_MAX } }),
      },
      { name: `${way.name}, p99`, unit: 'µs', runs: p99s },
    )
  }
  await inMemory.varve.close()
  await stored.varve.close()
  return [...figures, ...(await overHttp(data, rows, note))]
}

/** What was loaded, asked in one question: each account's row by its number. */
async function loadedRows({ database }: Accounts): Promise<ReadonlyMap<string, Row>> {
  const all = QUERY.replace(
    '[?number ?owner ?region ?balance ?partner]',
    '?number ?owner ?region ?balance ?partner',
  )
  const rows = (await database.db().q(all.replace(':in $ ?number', ''))) as Iterable<Row>
  const byNumber = new Map<string, Row>()
  for (const row of rows) byNumber.set(row[0] as string, [...row])
  return byNumber
}

async function waysOf(
  stored: Accounts,
  inMemory: Accounts,
  rows: ReadonlyMap<string, Row>,
): Promise<readonly Way[]> {
  const memoryDb = inMemory.database.db()
  const storedDb = stored.database.db()
  const owners = [...rows.values()]
  const byNumber = new Map(owners.map((row, at) => [row[0], at]))
  const duckdb = await DuckDB.open()
  const column = (at: number) => owners.map((row) => row[at] as string)
  await duckdb.addTable('accounts', [
    { name: 'number', type: 'VARCHAR', values: column(0) },
    { name: 'owner', type: 'VARCHAR', values: column(1) },
    { name: 'region', type: 'VARCHAR', values: column(2) },
    { name: 'balance', type: 'BIGINT', values: owners.map((row) => row[3] as number) },
    { name: 'partner', type: 'BIGINT', values: owners.map((row) => row[4] as number) },
  ])
  await duckdb.connection.run('CREATE UNIQUE INDEX by_number ON accounts (number)')
  const statement = await duckdb.connection.prepare(SQL)
  const question = questionOf(QUERY, memoryDb.value.facts, { args: [''] })
  const pattern = readEdn(PATTERN).value
  return [
    { name: 'q in this thread', ask: (number) => memoryDb.q(QUERY, number) },
    {
      name: 'the engine alone',
      ask: (number) => {
        const inputs = [question.inputs[0]!, { kind: 'value', value: number } as const]
        return asked({ ...question, inputs })[0]
      },
    },
    {
      name: 'pull in this thread',
      ask: async (number) => pulledRow(await memoryDb.pull(pattern, [':account/number', number])),
    },
    { name: 'q over a folder, in a worker', ask: (number) => storedDb.q(QUERY, number) },
    {
      name: 'pull over a folder',
      ask: async (number) => pulledRow(await storedDb.pull(pattern, [':account/number', number])),
    },
    { name: 'a map and arrays by hand', ask: (number) => owners[byNumber.get(number)!] },
    {
      name: 'DuckDB, prepared',
      ask: async (number) => {
        statement.bindVarchar(1, number)
        return (await statement.runAndReadAll()).getRows()[0]
      },
    },
  ]
}

function pulledRow(pulled: unknown): Row {
  const entity = pulled as Readonly<Record<string, unknown>>
  const of = (name: string): unknown => entity[`account/${name}`] ?? entity[`:account/${name}`]
  const partner = of('partner') as Readonly<Record<string, unknown>>
  return [of('number'), of('owner'), of('region'), of('balance'), partner['db/id'] ?? partner[':db/id']]
}

async function measured(
  { name, ask }: Way,
  rows: ReadonlyMap<string, Row>,
): Promise<{ readonly p50s: readonly number[]; readonly p99s: readonly number[] }> {
  const random = new SeededRandom(7)
  const askOne = async (): Promise<number> => {
    const number = numberOf(random.below(rows.size))
    const from = performance.now()
    const found = await ask(number)
    const us = (performance.now() - from) * 1_000
    if (textOf(found) !== textOf(rows.get(number)))
      throw new Error(`${name} found ${textOf(found)} of ${number}`)
    return us
  }
  for (let i = 0; i < WARM_UP_COUNT; i++) await askOne()
  const [p50s, p99s]: [number[], number[]] = [[], []]
  for (let run = 0; run < RUN_COUNT; run++) {
    const times = new Float64Array(QUESTIONS_PER_RUN)
    for (let i = 0; i < times.length; i++) times[i] = await askOne()
    times.sort()
    p50s.push(percentile(times, 0.5))
    p99s.push(percentile(times, 0.99))
  }
  return { p50s, p99s }
}

/** Equal for equal rows, whether an engine shows a number as a bigint, or a keyword with its colon or as itself. */
function textOf(row: unknown): string {
  return (row as Row).map((value) => String(value)).join(' ')
}

async function overHttp(
  data: string,
  rows: ReadonlyMap<string, Row>,
  note: BenchContext['note'],
): Promise<readonly Figure[]> {
  await using served = await ServedFolder.start(data, { isOnOneCore: true })
  note('the service', served.isOnOneCore ? 'held on one core, by taskset' : 'not held on one core')
  await callers(served, rows, HTTP_RUN_MS)
  const perSeconds: number[] = []
  const p99s: number[] = []
  for (let run = 0; run < RUN_COUNT; run++) {
    const times = Float64Array.from(await callers(served, rows, HTTP_RUN_MS)).sort()
    perSeconds.push((times.length * 1_000) / HTTP_RUN_MS)
    p99s.push(percentile(times, 0.99))
  }
  return [
    {
      name: `HTTP, ${HTTP_CALLER_COUNT} callers`,
      unit: '/s',
      runs: perSeconds,
      target: { text: `≥ ${HTTP_PER_SECOND_MIN}`, isMet: median(perSeconds) >= HTTP_PER_SECOND_MIN },
    },
    {
      name: `HTTP, ${HTTP_CALLER_COUNT} callers, p99`,
      unit: 'ms',
      runs: p99s,
      target: { text: `≤ ${HTTP_P99_MS_MAX}`, isMet: median(p99s) <= HTTP_P99_MS_MAX },
    },
  ]
}

/** The milliseconds that each question took, while all callers ask for `ms`. */
async function callers(
  served: ServedFolder,
  rows: ReadonlyMap<string, Row>,
  ms: number,
): Promise<readonly number[]> {
  const random = new SeededRandom(8)
  const times: number[] = []
  const untilMs = performance.now() + ms
  const call = async (): Promise<void> => {
    for (;;) {
      const number = numberOf(random.below(rows.size))
      const fromMs = performance.now()
      if (fromMs >= untilMs) return
      const text = await served.post(
        '/v1/query',
        JSON.stringify({ query: QUERY, args: [number], database: 'bank' }),
      )
      times.push(performance.now() - fromMs)
      const { result } = JSON.parse(text) as { readonly result: Row }
      if (result[0] !== number || result[1] !== rows.get(number)![1]) throw new Error(`HTTP answered ${text}`)
    }
  }
  await Promise.all(Array.from({ length: HTTP_CALLER_COUNT }, call))
  return times
}
