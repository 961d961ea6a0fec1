// What a planner asks about facts before it chooses: how many there are, by true counts where an engine has them.

import type { Comparison } from './comparison.ts'
import type { Attribute, EntityId } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import type { Edn, Value } from '../fact/value.ts'

export type Statistics = {
  readonly rowCount: number
  /** Entities and values that have facts. */
  readonly entityCount: number
  readonly valueCount: number
  /** Facts that share the entity, or the value, of a fact drawn at random: where few have most, far above the average. */
  readonly skewedPerEntity: number
  readonly skewedPerValue: number
}

/** `value comparison constant`. */
export type ValueTest = { readonly comparison: Comparison; readonly constant: Edn }

/** The entities, or the values, of an attribute's facts. */
export type Side = {
  readonly facts: FactSource
  readonly attribute: Attribute
  readonly place: 'entity' | 'value'
}

/** Where a variable was bound; `isRead` where all facts of it will be read, so that counting them costs nothing more. */
export type BoundSide = Side & { readonly isRead: boolean }

export interface Counts {
  statisticsOf(facts: FactSource, attribute: Attribute): Statistics
  /** How many facts of the attribute have this value. */
  countOfValue(facts: FactSource, attribute: Attribute, value: Value): number
  /** The entity of the only fact that has this value; undefined where there are others, none, or nobody knows. */
  onlyEntityOf(facts: FactSource, attribute: Attribute, value: Value): EntityId | undefined
  /** The share of the attribute's facts whose value passes all of these tests; undefined where nobody knows. */
  shareOf(facts: FactSource, attribute: Attribute, tests: readonly ValueTest[]): number | undefined
  /** How many facts of one side share theirs with a fact of the other on average; undefined where nobody knows. */
  meetingPerFact(of: BoundSide, by: Side): number | undefined
}
