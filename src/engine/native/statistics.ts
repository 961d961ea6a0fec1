// How many rows a pattern will bring, as far as it can be known without reading: exact where the table of the
// attribute is there, bounds from the index elsewhere. Nothing is kept between questions.

import type { Attribute } from '../../fact/attribute.ts'
import type { FactSource } from '../../fact/datom.ts'
import type { Edn, Value } from '../../fact/value.ts'
import { IndexedFacts } from '../../index/indexed-facts.ts'
import type { Comparison } from '../../plan/comparison.ts'
import type { Counts, Statistics } from '../../plan/counts.ts'
import { hasTable, tableOf } from './attribute-table.ts'
import { testOfComparison } from './comparison.ts'

/** Where nothing is known, so many facts are taken to share one entity or one value. */
const ROWS_PER_ENTITY = 2
const ROWS_PER_VALUE = 8
/** To seek the facts of one row costs about as much as scanning so many facts, measured over a million of them. */
export const SEEK_COST = 24
/** Facts with one value that are counted one by one. */
const COUNTED_MAX = 512

export function statisticsOf(facts: FactSource, attribute: Attribute): Statistics {
  const isKnown = hasTable(facts, attribute) || !(facts instanceof IndexedFacts)
  if (isKnown) {
    const table = tableOf(facts, attribute)
    return {
      rowCount: table.rowCount,
      // Lookups are made when somebody counts by them.
      get entityCount() {
        return table.byEntity.keyCount
      },
      get valueCount() {
        return table.byValue.keyCount
      },
      get skewedPerEntity() {
        return table.byEntity.skewedRowCount
      },
      get skewedPerValue() {
        return table.byValue.skewedRowCount
      },
    }
  }
  const rowCount = facts.countMax(attribute.id)
  const perEntity = attribute.cardinality === 'one' ? 1 : ROWS_PER_ENTITY
  const perValue = attribute.unique === undefined ? ROWS_PER_VALUE : 1
  return {
    rowCount,
    entityCount: rowCount / perEntity,
    valueCount: Math.max(1, rowCount / perValue),
    skewedPerEntity: perEntity,
    skewedPerValue: perValue,
  }
}

/** How many facts of the attribute have this value. */
function countOfValue(facts: FactSource, attribute: Attribute, value: Value): number {
  if (attribute.unique !== undefined && !facts.isHistory) return 1
  if (canSeekValue(facts, attribute)) {
    let count = 0
    for (const _ of facts.match(undefined, attribute.id, value)) if (++count >= COUNTED_MAX) break
    if (count < COUNTED_MAX) return count
  }
  const { byValue, domain } = tableOf(facts, attribute)
  const slot = byValue.slotOf(domain.encode(value))
  return slot < 0 ? 0 : byValue.first[slot + 1]! - byValue.first[slot]!
}

/** True where facts can be sought by value without looking at all of them. */
export function canSeekValue(facts: FactSource, attribute: Attribute): boolean {
  const isOrdered = attribute.isIndexed || attribute.unique !== undefined || attribute.valueType === 'ref'
  return isOrdered && facts instanceof IndexedFacts && !hasTable(facts, attribute)
}

/** Facts that are looked at to estimate a share. */
const SAMPLE_COUNT = 256

/** By a sample of the table, where it is there. */
function shareOf(
  facts: FactSource,
  attribute: Attribute,
  comparison: Comparison,
  constant: Edn,
): number | undefined {
  if (!hasTable(facts, attribute)) return undefined
  const { values, domain, rowCount } = tableOf(facts, attribute)
  const column = { kind: 'column', index: 0, domain } as const
  const test = testOfComparison(comparison, [column, { kind: 'constant', value: constant }])
  const count = Math.min(SAMPLE_COUNT, rowCount)
  if (test === undefined || count === 0) return undefined
  const sample = Float64Array.from({ length: count }, (_, i) => values[Math.floor((i * rowCount) / count)]!)
  const heldCount = test({ rowCount: count, columns: [sample] }, new Int32Array(count))
  // What a sample does not hold may still be there.
  return Math.max(heldCount, 0.5) / count
}

export const tableCounts: Counts = { statisticsOf, countOfValue, shareOf }
