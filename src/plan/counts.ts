// What a planner asks about facts before it chooses: how many there are, by true counts where an engine has them.

import type { Attribute } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import type { Value } from '../fact/value.ts'

export type Statistics = {
  readonly rowCount: number
  /** Entities and values that have facts. */
  readonly entityCount: number
  readonly valueCount: number
}

export interface Counts {
  statisticsOf(facts: FactSource, attribute: Attribute): Statistics
  /** How many facts of the attribute have this value. */
  countOfValue(facts: FactSource, attribute: Attribute, value: Value): number
}
