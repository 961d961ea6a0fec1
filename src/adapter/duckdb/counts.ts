// What the planner is told about facts that DuckDB will read: bounds from the index, nothing that takes reading. They
// decide which clauses bind for others; in which order tables are joined DuckDB finds for itself.

import type { Attribute } from '../../fact/attribute.ts'
import type { FactSource } from '../../fact/datom.ts'
import { indexedAttribute } from '../../database/restricted-facts.ts'
import type { Counts, Statistics } from '../../plan/counts.ts'

/** Where nothing is known, so many facts are taken to be there, … */
const ROW_COUNT = 10_000
/** … and so many to share one value. */
const ROWS_PER_VALUE = 8

export const boundCounts: Counts = {
  statisticsOf,
  countOfValue: (facts, attribute) => {
    const { rowCount, valueCount } = statisticsOf(facts, attribute)
    return Math.ceil(rowCount / Math.max(1, valueCount))
  },
  onlyEntityOf: () => undefined,
  shareOf: () => undefined,
  meetingPerFact: () => undefined,
}

function statisticsOf(facts: FactSource, attribute: Attribute): Statistics {
  const rowCount = indexedAttribute(facts, attribute.id)?.countMax ?? ROW_COUNT
  const perValue = attribute.unique === undefined ? ROWS_PER_VALUE : 1
  return {
    rowCount,
    entityCount: rowCount,
    valueCount: rowCount / perValue,
    skewedPerEntity: 1,
    skewedPerValue: perValue,
  }
}
