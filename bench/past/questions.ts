// What is asked of the past: about one item, and about all of them. What a view shows of one item is told by its changes.

import type { T } from '../../src/fact/attribute.ts'
import type { IndexedFacts } from '../../src/index/indexed-facts.ts'
import { groupOf, GROUPS, type Items, replay } from './items.ts'

/** A question about one item in a view. */
export type Bound = {
  readonly name: string
  readonly query: string
  readonly view: (facts: IndexedFacts, t: T) => IndexedFacts
  /** Asked beside the view, under `$now`. */
  readonly hasNow?: boolean
}

const ITEM = '[?i :item/number ?n]'
export const BOUND: readonly Bound[] = [
  {
    name: 'one item as of a moment',
    query: `[:find ?g ?p ?s :in $ ?n :where ${ITEM} [?i :item/group ?g] [?i :item/price ?p] [?i :item/stock ?s]]`,
    view: (facts, t) => facts.asOf(t),
  },
  {
    name: 'one item since a moment',
    query:
      '[:find ?p ?s :in $ $now ?n :where [$now ?i :item/number ?n] [?i :item/price ?p] [?i :item/stock ?s]]',
    view: (facts, t) => facts.since(t),
    hasNow: true,
  },
  {
    name: 'the history of one item up to a moment',
    query: `[:find ?p ?tx ?is-added :in $ ?n :where ${ITEM} [?i :item/price ?p ?tx ?is-added]]`,
    view: (facts, t) => facts.asOf(t).history(),
  },
]
export const PRESENT = BOUND[0]!

export type Scan = {
  readonly name: string
  readonly query: string
  /** The same by hand. */
  readonly expected: (items: Items, t: T) => unknown
}

export const SCANS: readonly Scan[] = [
  {
    name: 'sum by group',
    query: '[:find ?g (sum ?p) :with ?i :where [?i :item/group ?g] [?i :item/price ?p]]',
    expected: (items, t) => {
      const sums = GROUPS.map(() => 0)
      replay(items, t).priceOf.forEach((price, item) => (sums[groupOf(item)]! += price))
      const rows = GROUPS.map((group, at) => `:group/${group} ${sums[at]}`)
      return rows.sort()
    },
  },
  {
    name: 'prices above',
    query: '[:find (count ?i) :where [?i :item/price ?p] [(> ?p 90000)]]',
    expected: (items, t) => [String(replay(items, t).priceOf.filter((price) => price > 90_000).length)],
  },
  {
    name: 'low stock of what is dear',
    query: '[:find (count ?i) :where [?i :item/stock ?s] [(< ?s 100)] [?i :item/price ?p] [(> ?p 50000)]]',
    expected: (items, t) => {
      const { priceOf, stockOf } = replay(items, t)
      return [String(stockOf.filter((stock, item) => stock < 100 && priceOf[item]! > 50_000).length)]
    },
  },
]
