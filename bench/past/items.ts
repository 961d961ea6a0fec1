// Items whose price and stock change all the time, from a seed: as facts indexed in steps, like by a writer that stays
// open, and as the list of changes, from which a loop by hand tells what held at any moment.

import { SeededRandom } from '../../src/base/seeded-random.ts'
import { INDEXING_LIMITS } from '../../src/database/indexing.ts'
import type { T } from '../../src/fact/attribute.ts'
import { keyword } from '../../src/fact/value.ts'
import type { IndexedFacts } from '../../src/index/indexed-facts.ts'
import { FactsMaker } from '../ask/facts.ts'

export const GROUPS = ['book', 'food', 'tool', 'toy', 'wear', 'music', 'garden', 'paper'] as const
const CHANGES_PER_TRANSACTION = 50
const PRICE_LIMIT = 100_000
const STOCK_LIMIT = 1_000

/** Change i made `prices[i]` and `stocks[i]` true of `items[i]` at `ts[i]`; ascending by t. */
export type Changes = {
  readonly items: Int32Array
  readonly prices: Int32Array
  readonly stocks: Int32Array
  readonly ts: Int32Array
}

export type Items = {
  readonly facts: IndexedFacts
  readonly datomCount: number
  readonly segmentBytes: number
  readonly itemCount: number
  readonly changes: Changes
  /** At which all items were there for the first time. */
  readonly loadedT: T
}

export function groupOf(item: number): number {
  return (item * 7) % GROUPS.length
}

/** The first change of each item makes it; `changesPerItem` follow on average. */
export function makeChanges(itemCount: number, changesPerItem: number): Changes {
  const random = new SeededRandom(77)
  const count = itemCount * (changesPerItem + 1)
  const [items, prices, stocks, ts] = [0, 1, 2, 3].map(() => new Int32Array(count)) as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ]
  const last = new Int32Array(itemCount).fill(-1)
  let [t, inTransactionCount] = [1, 0]
  for (let i = 0; i < count; i++) {
    const item = i < itemCount ? i : random.below(itemCount)
    const before = last[item]!
    // A transaction gives an item one price.
    if (inTransactionCount === CHANGES_PER_TRANSACTION || (before >= 0 && ts[before] === t)) {
      t++
      inTransactionCount = 0
    }
    inTransactionCount++
    items[i] = item
    prices[i] = otherThan(before < 0 ? -1 : prices[before]!, random.below(PRICE_LIMIT))
    stocks[i] = otherThan(before < 0 ? -1 : stocks[before]!, random.below(STOCK_LIMIT))
    ts[i] = t
    last[item] = i
  }
  return { items, prices, stocks, ts }
}

/** A value that comes again would be no change. */
function otherThan(old: number, value: number): number {
  return value === old ? value + 1 : value
}

/** The facts of these changes; with `isPresentOnly` only those that hold at the end, as if nothing had been before. */
export async function indexItems(
  changes: Changes,
  itemCount: number,
  { isPresentOnly = false } = {},
): Promise<Items> {
  const maker = new FactsMaker([
    'item/number long identity',
    'item/group keyword',
    'item/price long',
    'item/stock long',
  ])
  const [number, group, price, stock] = ['number', 'group', 'price', 'stock'].map((name) =>
    maker.id(`item/${name}`),
  )
  // As many steps of indexing at every scale.
  const stepCount = INDEXING_LIMITS.noveltyCountBrake * Math.min(1, itemCount / 100_000)
  const { items, prices, stocks, ts } = changes
  const last = new Int32Array(itemCount).fill(-1)
  const isLast = lastOfEach(items, itemCount)
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!
    const e = maker.entity('item/number', item)
    if (i < itemCount) {
      maker.add(e, number!, item)
      maker.add(e, group!, keyword(`group/${GROUPS[groupOf(item)]!}`))
    }
    const before = last[item]!
    last[item] = i
    if (!isPresentOnly || isLast(i)) {
      if (before >= 0 && !isPresentOnly) {
        maker.retract(e, price!, prices[before]!)
        maker.retract(e, stock!, stocks[before]!)
      }
      maker.add(e, price!, prices[i]!)
      maker.add(e, stock!, stocks[i]!)
    }
    if (ts[i + 1] === ts[i]) continue
    maker.commit()
    if (maker.noveltyCount >= stepCount) await maker.index()
  }
  await maker.index()
  const { datomCount, segmentBytes } = maker
  return { facts: maker.facts(), datomCount, segmentBytes, itemCount, changes, loadedT: ts[itemCount - 1]! }
}

function lastOfEach(items: Int32Array, itemCount: number): (i: number) => boolean {
  const lasts = new Int32Array(itemCount)
  items.forEach((item, i) => (lasts[item] = i))
  return (i) => lasts[items[i]!] === i
}

/** Prices and stocks as of `t`, item by item: every change up to it, the later over the earlier. */
export function replay({ changes, itemCount }: Items, t: T) {
  const { items, prices, stocks, ts } = changes
  const [priceOf, stockOf] = [new Int32Array(itemCount), new Int32Array(itemCount)]
  for (let i = 0; i < items.length && ts[i]! <= t; i++) {
    priceOf[items[i]!] = prices[i]!
    stockOf[items[i]!] = stocks[i]!
  }
  return { priceOf, stockOf }
}
