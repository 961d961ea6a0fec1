// A thousand orders with their lines and the products of these, pulled as nested maps in one question: the engine, the
// loop over columns that somebody would write by hand, and DuckDB nesting lists of structs.

import type { Edn } from '../src/fact/value.ts'
import { toPlain } from '../src/fact/plain.ts'
import { SeededRandom } from '../src/base/seeded-random.ts'
import { asked, inTurns, questionOf } from './ask/ask.ts'
import { DuckDB } from './ask/duckdb.ts'
import { type BenchContext, type Figure, median, runBench } from './harness.ts'
import { indexOrders, LINES_PER_ORDER, makeOrders, type Orders } from './pull/orders.ts'

const ORDER_COUNT = 50_000
const PULLED_COUNT = 1_000
/** Values under keys: three of an order and its list of lines; of each line two and two of its product. */
const ATTRIBUTES_PER_ORDER = 4 + 4 * LINES_PER_ORDER
const TURNS = { warmUpMs: 1_500, runCount: 9 }
const PER_SECOND_MIN = 1_000_000

const PATTERN = `[:order/number :order/day :order/status
  {:order/lines [:line/count {:line/product [:product/name :product/cents]}]}]`
const QUERY = `[:find [(pull ?o ${PATTERN}) ...] :in $ [?number ...] :where [?o :order/number ?number]]`
const SQL = `SELECT o.number, any_value(o.day), any_value(o.status),
    list({'count': l.count, 'product': {'name': p.name, 'cents': p.cents}})
  FROM orders o JOIN lines l ON l.order_number = o.number JOIN products p ON p.id = l.product
  WHERE o.number IN (SELECT number FROM wanted) GROUP BY o.number ORDER BY o.number`

await runBench(
  { name: 'pull', about: 'nested pull of 1,000 entities, three deep', run },
  Number(process.argv[2] ?? 1),
)

async function run({ scale, note }: BenchContext): Promise<readonly Figure[]> {
  const orders = makeOrders(Math.max(PULLED_COUNT, Math.round(ORDER_COUNT * scale)))
  const { facts, datomCount } = await indexOrders(orders)
  const numbers = wantedNumbers(orders.orderCount)
  const question = questionOf(QUERY, facts, { args: [numbers] })
  const duckdb = await tables(orders, numbers)
  note('datoms', datomCount)
  note('attributes of one answer', ATTRIBUTES_PER_ORDER * PULLED_COUNT)
  checkFirst(orders, numbers, asked(question))
  const count = (rows: readonly unknown[]): number => rows.length
  const runs = await inTurns(
    [
      { name: 'Varve', run: () => count(asked(question)) },
      { name: 'loop', run: () => count(numbers.map((number) => nestedOrder(orders, number))) },
      { name: 'DuckDB', run: async () => count((await duckdb.connection.runAndReadAll(SQL)).getRows()) },
    ],
    TURNS,
  )
  duckdb.close()
  const perSecond = runs.map((times) => times.map((ms) => (ATTRIBUTES_PER_ORDER * PULLED_COUNT * 1_000) / ms))
  return [
    {
      name: 'pull of 1,000 orders',
      unit: 'attributes/s',
      runs: perSecond[0]!,
      target: { text: '≥ 1,000,000', isMet: median(perSecond[0]!) >= PER_SECOND_MIN },
    },
    { name: 'pull of 1,000 orders', unit: 'ms', runs: runs[0]! },
    { name: 'loop by hand', unit: 'ms', runs: runs[1]! },
    { name: 'DuckDB', unit: 'ms', runs: runs[2]! },
  ]
}

function wantedNumbers(orderCount: number): readonly number[] {
  const random = new SeededRandom(5)
  const wanted = new Set<number>()
  while (wanted.size < PULLED_COUNT) wanted.add(random.below(orderCount))
  return [...wanted].sort((x, y) => x - y)
}

function nestedOrder(orders: Orders, number: number) {
  const lines = []
  for (let l = number * LINES_PER_ORDER; l < (number + 1) * LINES_PER_ORDER; l++) {
    const product = orders.lineProducts[l]!
    lines.push({
      'line/count': orders.lineCounts[l]!,
      'line/product': {
        'product/name': orders.productNames[product]!,
        'product/cents': orders.productCents[product]!,
      },
    })
  }
  return {
    'order/number': number,
    'order/day': orders.days[number]!,
    'order/status': `:status/${orders.statuses[number]!}`,
    'order/lines': lines,
  }
}

/** Every answer of the engine against the loop's, as plain data. */
function checkFirst(orders: Orders, numbers: readonly number[], rows: readonly (readonly Edn[])[]): void {
  const plain = (row: readonly Edn[]) => toPlain(row[0]!) as Readonly<Record<string, unknown>>
  const pulled = new Map(
    rows.map(plain).map((order) => [order['order/number'] ?? order[':order/number'], order]),
  )
  for (const number of numbers) {
    const found = JSON.stringify(pulled.get(number)).replaceAll('":', '"').replaceAll('"', '')
    const expected = JSON.stringify(nestedOrder(orders, number)).replaceAll('":', '"').replaceAll('"', '')
    if (found !== expected) throw new Error(`order ${number} was pulled as ${found} instead of ${expected}`)
  }
}

async function tables(orders: Orders, numbers: readonly number[]): Promise<DuckDB> {
  const duckdb = await DuckDB.open()
  const places = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)
  await duckdb.addTable('orders', [
    { name: 'number', type: 'INTEGER', values: places(orders.orderCount) },
    { name: 'day', type: 'INTEGER', values: orders.days },
    { name: 'status', type: 'VARCHAR', values: orders.statuses },
  ])
  await duckdb.addTable('lines', [
    {
      name: 'order_number',
      type: 'INTEGER',
      values: places(orders.orderCount * LINES_PER_ORDER).map((l) => Math.floor(l / LINES_PER_ORDER)),
    },
    { name: 'count', type: 'INTEGER', values: orders.lineCounts },
    { name: 'product', type: 'INTEGER', values: orders.lineProducts },
  ])
  await duckdb.addTable('products', [
    { name: 'id', type: 'INTEGER', values: places(orders.productNames.length) },
    { name: 'name', type: 'VARCHAR', values: orders.productNames },
    { name: 'cents', type: 'INTEGER', values: orders.productCents },
  ])
  await duckdb.addTable('wanted', [{ name: 'number', type: 'INTEGER', values: numbers }])
  return duckdb
}
