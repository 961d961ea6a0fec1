// One pattern joined with the rows that come in. Facts are found by the entity or by the value that a row brings, or
// all are scanned where it brings neither; every other place that is bound is compared. While few rows came in, the
// facts of each are sought one by one; when they become many, the attribute's table is read instead.

import { assert } from '../../base/assert.ts'
import { TX_BASE } from '../../fact/attribute.ts'
import type { Datom, FactSource } from '../../fact/datom.ts'
import type { Value } from '../../fact/value.ts'
import type { Budget } from '../budget.ts'
import { hasType } from '../../plan/value-type.ts'
import { type AttributeTable, tableOf } from './attribute-table.ts'
import { type Chunk, type Layout, Operator, RowOutput, step } from './operator.ts'
import type { EntityRange } from './morsels.ts'
import { decodedId, decodedPlace, type PatternShape } from './pattern-shape.ts'
import { SEEK_COST } from './statistics.ts'
import { allRows, type RowList, rowsOfValue, TableJoin } from './table-join.ts'
import type { Collected } from './table-numbers.ts'

/** Rows that are sought between two looks at the clock. */
const SEEKS_PER_CHECK = 4

export class PatternOperator extends Operator {
  readonly layout: Layout
  #shape: PatternShape
  readonly #budget: Budget
  readonly #sought: RowOutput
  #join: TableJoin | undefined
  /** Rows that were sought so far, and facts that were found: both cost as much. */
  #soughtCount = 0
  #seekCountMax: number

  /** `table` where it is to be read from the beginning; else facts are sought until that costs as much. */
  constructor(
    shape: PatternShape,
    layout: Layout,
    table: AttributeTable | undefined,
    countMax: number,
    budget: Budget,
  ) {
    super()
    this.#shape = shape
    this.layout = layout
    this.#join = table && new TableJoin(shape, table, budget)
    this.#sought = new RowOutput(shape.kept, shape.fresh.length, budget)
    this.#seekCountMax = seekCountMaxOf(countMax)
    this.#budget = budget
  }

  /** Undefined while facts are sought. */
  get table(): AttributeTable | undefined {
    return this.#join?.table
  }

  /** Finds nothing but facts of these entities from now on: of a pattern that reads the table, and finds its entities. */
  limitTo(entities: EntityRange | undefined): void {
    assert(this.#join !== undefined, 'rows of a table can be limited, facts that are sought cannot')
    this.#join.limitTo(entities)
  }

  /** Rows of the table among which it finds its own, whatever rows come in; undefined while facts are sought. */
  leadingRows(): { readonly rows: RowList; readonly entities: Float64Array } | undefined {
    const table = this.#join?.table
    if (table === undefined) return undefined
    const [, value] = this.#shape.places
    const rows =
      value.kind === 'constant'
        ? rowsOfValue(table.byValue(this.#budget), table.domain.encode(value.value))
        : allRows(table)
    return { rows, entities: table.entities }
  }

  /** Goes on over other facts, of which the attribute has at most so many; false where it reads a table of those before. */
  seekIn(facts: FactSource, countMax: number): boolean {
    if (this.#join !== undefined) return false
    this.#shape = { ...this.#shape, facts }
    this.#seekCountMax = seekCountMaxOf(countMax)
    return true
  }

  push(chunk: Chunk): void {
    step(this.#budget, chunk.rowCount)
    const first = this.#join === undefined ? this.#seek(chunk) : 0
    if (first === chunk.rowCount) return
    const { facts, attribute } = this.#shape
    this.#join ??= new TableJoin(this.#shape, tableOf(facts, attribute, this.#budget), this.#budget)
    this.#join.push(rowsFrom(chunk, first), this.next)
  }

  /** Row by row through the index; gives the first row for which that has become too dear, or their number. */
  #seek(chunk: Chunk): number {
    const { facts, attribute, places, fresh, collected, isLoop } = this.#shape
    const [e, v, tx, added] = places
    const output = this.#sought
    output.begin(chunk.columns, this.next)
    let i = 0
    for (; i < chunk.rowCount && this.#soughtCount < this.#seekCountMax; i++) {
      // A fact may have to be fetched from the disk.
      if (i % SEEKS_PER_CHECK === 0) this.#budget.check()
      this.#soughtCount++
      const entity = decodedId(e, chunk, i)
      const value = decodedPlace(v, chunk, i)
      if (e.kind !== 'free' && entity === undefined) continue
      if (value !== undefined && !hasType(attribute.valueType, value)) continue
      const txWanted = decodedId(tx, chunk, i)
      const addedWanted = decodedPlace(added, chunk, i)
      for (const datom of facts.match(entity, attribute.id, value as Value | undefined)) {
        this.#soughtCount++
        if (tx.kind !== 'free' && TX_BASE + datom.t !== txWanted) continue
        if (addedWanted !== undefined && datom.added !== addedWanted) continue
        if (isLoop && datom.e !== datom.v) continue
        for (let at = 0; at < fresh.length; at++) {
          output.fresh[at]![output.count] = numberOf(datom, fresh[at]!, collected)
        }
        output.add(i)
        if (fresh.length === 0) break
      }
    }
    output.flush()
    return i
  }
}

function seekCountMaxOf(countMax: number): number {
  return Math.max(16, countMax / SEEK_COST)
}

function rowsFrom({ rowCount, columns }: Chunk, first: number): Chunk {
  if (first === 0) return { rowCount, columns }
  return { rowCount: rowCount - first, columns: columns.map((column) => column.subarray(first, rowCount)) }
}

function numberOf(datom: Datom, place: number, collected: Collected): number {
  switch (place) {
    case 0:
      return datom.e
    case 1:
      return collected.numberOf(datom.v)
    case 2:
      return TX_BASE + datom.t
    default:
      return Number(datom.added)
  }
}
