// A shop from a seed, as skewed as real ones: nine orders in ten are done, one country has most customers, a few
// products are in most lines.

import { SeededRandom } from '../../src/base/seeded-random.ts'
import { keyword } from '../../src/fact/value.ts'
import type { IndexedFacts } from '../../src/index/indexed-facts.ts'
import { FactsMaker } from '../ask/facts.ts'

const ATTRIBUTES = [
  'customer/number long identity',
  'customer/country keyword index',
  'customer/rank long',
  'customer/friend ref many',
  'supplier/country keyword index',
  'product/category keyword index',
  'product/cents long',
  'product/supplier ref',
  'order/customer ref',
  'order/status keyword index',
  'order/day long index',
  'line/order ref',
  'line/product ref',
  'line/count long',
]

const COUNTRIES = ['de', 'fr', 'it', 'es', 'pl', 'nl', 'be', 'at', 'dk', 'lu'].map((name) => keyword(name))
const CATEGORIES = ['book', 'food', 'tool', 'toy', 'wear', 'music', 'garden', 'rare'].map((name) =>
  keyword(name),
)
const STATUSES = ['done', 'open', 'sent', 'lost'].map((name) => keyword(name))

export async function makeShop(
  scale: number,
): Promise<{ readonly facts: IndexedFacts; readonly datomCount: number }> {
  const customerCount = Math.max(1_000, Math.round(5_000 * scale))
  const [supplierCount, productCount] = [50, Math.max(200, Math.round(1_000 * scale))]
  const [orderCount, lineCount] = [customerCount * 4, customerCount * 12]
  const random = new SeededRandom(30)
  /** Few of the first, many of the last: a place below `limit` whose chance falls by powers. */
  const skewed = (limit: number): number => Math.floor(limit * random.next() ** 4)
  const maker = new FactsMaker(ATTRIBUTES)
  const entity = maker.entity.bind(maker)
  const id = (name: string) => maker.id(name)
  for (let i = 0; i < customerCount; i++) {
    const e = entity('customer/number', i)
    maker.add(e, id('customer/number'), i)
    maker.add(e, id('customer/country'), COUNTRIES[skewed(COUNTRIES.length)]!)
    maker.add(e, id('customer/rank'), skewed(100))
    for (const friend of new Set([skewed(customerCount), skewed(customerCount)])) {
      maker.add(e, id('customer/friend'), entity('customer/number', friend))
    }
  }
  for (let i = 0; i < supplierCount; i++) {
    maker.add(entity('supplier/country', i), id('supplier/country'), COUNTRIES[skewed(COUNTRIES.length)]!)
  }
  for (let i = 0; i < productCount; i++) {
    const e = entity('product/category', i)
    maker.add(e, id('product/category'), CATEGORIES[skewed(CATEGORIES.length)]!)
    maker.add(e, id('product/cents'), 50 + skewed(100_000))
    maker.add(e, id('product/supplier'), entity('supplier/country', skewed(supplierCount)))
  }
  for (let i = 0; i < orderCount; i++) {
    const e = entity('order/customer', i)
    maker.add(e, id('order/customer'), entity('customer/number', skewed(customerCount)))
    maker.add(e, id('order/status'), STATUSES[random.below(10) > 0 ? 0 : 1 + random.below(3)]!)
    maker.add(e, id('order/day'), random.below(70))
  }
  for (let i = 0; i < lineCount; i++) {
    const e = entity('line/order', i)
    maker.add(e, id('line/order'), entity('order/customer', random.below(orderCount)))
    maker.add(e, id('line/product'), entity('product/category', skewed(productCount)))
    maker.add(e, id('line/count'), 1 + skewed(20))
  }
  await maker.index()
  return { facts: maker.facts(), datomCount: maker.datomCount }
}
