// The facts of one attribute, one entity after another: sought in the index at first, read off the attribute's table
// once it is there, or once so many were sought that it would have been cheaper.

import type { Attribute, EntityId } from '../../fact/attribute.ts'
import type { FactSource } from '../../fact/datom.ts'
import type { Value } from '../../fact/value.ts'
import type { Budget } from '../budget.ts'
import { indexedAttribute, restrictedColumns } from '../../database/restricted-facts.ts'
import { type AttributeTable, hasTable, soughtCountMax, tableOf } from './attribute-table.ts'
import { SEEK_COST } from './statistics.ts'

/** After so many facts sought, again and again, somebody asks whether there is a table. */
const SEEK_COUNT_ASKED = 32
/** And after so many they count towards making one. Questions about few things never do. */
const SEEK_COUNT_TOLD = 128

export class AttributeReader {
  readonly #facts: FactSource
  readonly #attribute: Attribute
  readonly #budget: Budget
  #table: AttributeTable | undefined
  #soughtCount = 0

  constructor(facts: FactSource, attribute: Attribute, budget: Budget) {
    this.#budget = budget
    this.#facts = facts
    this.#attribute = attribute
  }

  /** The values of an entity in the order of the index, `countMax` of them at most. */
  valuesOf(entity: EntityId, countMax: number): readonly Value[] {
    const table = this.#tableIfWorth()
    const values: Value[] = []
    if (table === undefined) {
      for (const { v } of this.#facts.match(entity, this.#attribute.id, undefined)) {
        if (values.length >= countMax) break
        values.push(v)
      }
      return values
    }
    const lookup = table.byEntity(this.#budget)
    const { order, first } = lookup
    const slot = lookup.slotOf(entity)
    if (slot < 0) return values
    const limit = Math.min(first[slot + 1]!, first[slot]! + countMax)
    for (let at = first[slot]!; at < limit; at++)
      values.push(valueAt(table, order === undefined ? at : order[at]!))
    return values
  }

  /** The value of an entity that is first in the order of the index. */
  firstValueOf(entity: EntityId): Value | undefined {
    const table = this.#tableIfWorth()
    if (table === undefined) {
      for (const { v } of this.#facts.match(entity, this.#attribute.id, undefined)) return v
      return undefined
    }
    const lookup = table.byEntity(this.#budget)
    const { order, first } = lookup
    const slot = lookup.slotOf(entity)
    if (slot < 0 || first[slot] === first[slot + 1]) return undefined
    return valueAt(table, order === undefined ? first[slot]! : order[first[slot]!]!)
  }

  /** The entities that refer to an entity, ascending, `countMax` of them at most. */
  holdersOf(entity: EntityId, countMax: number): readonly EntityId[] {
    const table = this.#tableIfWorth()
    const holders: EntityId[] = []
    if (table === undefined) {
      for (const { e } of this.#facts.match(undefined, this.#attribute.id, entity)) {
        if (holders.length >= countMax) break
        holders.push(e)
      }
      return holders
    }
    const lookup = table.byValue(this.#budget)
    const { order, first } = lookup
    const slot = lookup.slotOf(entity)
    if (slot < 0) return holders
    const limit = Math.min(first[slot + 1]!, first[slot]! + countMax)
    for (let at = first[slot]!; at < limit; at++)
      holders.push(table.entities[order === undefined ? at : order[at]!]!)
    return holders
  }

  #tableIfWorth(): AttributeTable | undefined {
    if (this.#table !== undefined) return this.#table
    const facts = this.#facts
    if (++this.#soughtCount % SEEK_COUNT_ASKED > 0) return undefined
    if (!hasTable(facts, this.#attribute) && !this.#isWorth()) return undefined
    this.#table = tableOf(facts, this.#attribute, this.#budget)
    this.#table.count(this.#budget)
    return this.#table
  }

  /** True once questions, this one and others, sought so many facts that a table would have been cheaper. */
  #isWorth(): boolean {
    if (this.#soughtCount % SEEK_COUNT_TOLD > 0) return false
    const { id } = this.#attribute
    const kept = indexedAttribute(this.#facts, id) ?? restrictedColumns(this.#facts, id)
    if (kept === undefined) return false
    const countMax = soughtCountMax(this.#facts, this.#attribute, this.#budget)
    return countMax !== undefined && kept.noteSought(SEEK_COUNT_TOLD) * SEEK_COST >= countMax
  }
}

function valueAt({ domain, values }: AttributeTable, row: number): Value {
  // A table holds what facts have.
  return domain.decode(values[row]!) as Value
}
