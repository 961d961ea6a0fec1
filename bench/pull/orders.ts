// Orders with lines with products from a seed: as facts, and as the columns that somebody who writes loops by hand
// would nest objects from.

import { SeededRandom } from '../../src/base/seeded-random.ts'
import { keyword } from '../../src/fact/value.ts'
import type { IndexedFacts } from '../../src/index/indexed-facts.ts'
import { FactsMaker } from '../ask/facts.ts'

export const LINES_PER_ORDER = 8
const PRODUCT_COUNT = 2_000

/** Line `o * LINES_PER_ORDER + i` is the i-th of order o. */
export type Orders = {
  readonly orderCount: number
  readonly days: Int32Array
  readonly statuses: readonly string[]
  readonly lineProducts: Int32Array
  readonly lineCounts: Int32Array
  readonly productNames: readonly string[]
  readonly productCents: Int32Array
}

export function makeOrders(orderCount: number): Orders {
  const random = new SeededRandom(3)
  const below = (count: number, limit: number): Int32Array =>
    Int32Array.from({ length: count }, () => random.below(limit))
  return {
    orderCount,
    days: below(orderCount, 700),
    statuses: Array.from({ length: orderCount }, () => random.pick(['done', 'open', 'sent'])),
    lineProducts: below(orderCount * LINES_PER_ORDER, PRODUCT_COUNT),
    lineCounts: below(orderCount * LINES_PER_ORDER, 20),
    productNames: Array.from(
      { length: PRODUCT_COUNT },
      (_, i) => `Product ${i} in ${random.below(1_000)} sizes`,
    ),
    productCents: below(PRODUCT_COUNT, 100_000),
  }
}

export type OrderFacts = { readonly facts: IndexedFacts; readonly datomCount: number }

export async function indexOrders(orders: Orders): Promise<OrderFacts> {
  const maker = new FactsMaker([
    'order/number long identity',
    'order/day long',
    'order/status keyword',
    'order/lines ref many component',
    'line/count long',
    'line/product ref',
    'product/name string',
    'product/cents long',
  ])
  const id = (name: string) => maker.id(name)
  for (let p = 0; p < PRODUCT_COUNT; p++) {
    const e = maker.entity('product/name', p)
    maker.add(e, id('product/name'), orders.productNames[p]!)
    maker.add(e, id('product/cents'), orders.productCents[p]!)
  }
  for (let o = 0; o < orders.orderCount; o++) {
    const e = maker.entity('order/number', o)
    maker.add(e, id('order/number'), o)
    maker.add(e, id('order/day'), orders.days[o]!)
    maker.add(e, id('order/status'), keyword(`status/${orders.statuses[o]!}`))
    for (let l = o * LINES_PER_ORDER; l < (o + 1) * LINES_PER_ORDER; l++) {
      const line = maker.entity('line/count', l)
      maker.add(e, id('order/lines'), line)
      maker.add(line, id('line/count'), orders.lineCounts[l]!)
      maker.add(line, id('line/product'), maker.entity('product/name', orders.lineProducts[l]!))
    }
  }
  await maker.index()
  return { facts: maker.facts(), datomCount: maker.datomCount }
}
