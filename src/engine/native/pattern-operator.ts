// One pattern joined with the rows that come in. Facts are found by the entity or by the value that a row brings, or
// all are scanned where it brings neither; every other place that is bound is compared. While few rows came in, the
// facts of each are sought one by one; when they become many, the attribute's table is read instead.

import { type Attribute, TX_BASE } from '../../fact/attribute.ts'
import type { Datom, FactSource } from '../../fact/datom.ts'
import type { Edn, Value } from '../../fact/value.ts'
import { idOf } from '../entity-reader.ts'
import type { Budget } from '../relation.ts'
import { hasType } from '../../plan/value-type.ts'
import { type AttributeTable, type Collected, tableOf } from './attribute-table.ts'
import { type Domain, NumberDomain, type Translation, translation } from './domain.ts'
import { type Chunk, Constant, gather, type Layout, Operator, Output, RowNumbers, step } from './operator.ts'

/** What stands in one place of the pattern. */
export type PlaceBinding =
  | { readonly kind: 'free' }
  /** The number of a constant, in the domain of the place. */
  | { readonly kind: 'constant'; readonly value: Edn }
  | { readonly kind: 'column'; readonly index: number; readonly domain: Domain }

export type PatternShape = {
  readonly facts: FactSource
  readonly attribute: Attribute
  /** Entity, value, transaction, added. */
  readonly places: readonly [PlaceBinding, PlaceBinding, PlaceBinding, PlaceBinding]
  /** Columns of the incoming rows that go on. */
  readonly kept: readonly number[]
  /** Places that become new columns: 0 entity, 1 value, 2 transaction, 3 added. */
  readonly fresh: readonly number[]
  /** Entity and value are one new variable. */
  readonly isLoop: boolean
  /** The domain of a new value column, and how values of sought facts become its numbers. */
  readonly collected: Collected
}

/** A lookup of one row costs about as much as scanning so many facts, measured over a million of them. */
const SEEK_COST = 24

export const ENTITY_DOMAIN = new NumberDomain('ref')
export const ADDED_DOMAIN = new NumberDomain('boolean')

export class PatternOperator extends Operator {
  readonly layout: Layout
  readonly #shape: PatternShape
  readonly #budget: Budget
  readonly #output: Output
  /** Of the rows that are about to go out: the incoming row, and the row of the table. */
  readonly #incoming = new RowNumbers()
  readonly #rows = new RowNumbers()
  #matchCount = 0
  readonly #slots = new RowNumbers()
  #table: AttributeTable | undefined
  #readers: readonly (Reader | undefined)[] | undefined
  #translated: Map<number, number> | undefined
  /** Rows that were sought so far. */
  #soughtCount = 0
  readonly #seekCountMax: number

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
    this.#table = table
    this.#seekCountMax = Math.max(16, countMax / SEEK_COST)
    this.#budget = budget
    this.#output = new Output(shape.kept.length + shape.fresh.length)
  }

  push(chunk: Chunk): void {
    step(this.#budget, chunk.rowCount)
    if (this.#table === undefined) {
      this.#soughtCount += chunk.rowCount
      if (this.#soughtCount <= this.#seekCountMax) return this.#seek(chunk)
      this.#table = tableOf(this.#shape.facts, this.#shape.attribute)
    }
    this.#join(chunk, this.#table)
  }

  #join(chunk: Chunk, table: AttributeTable): void {
    const [e, v] = this.#shape.places
    this.#readers ??= this.#shape.places.map((place, index) => readerOf(place, domainOfPlace(index, table)))
    // While facts were sought, the output may have grown alone.
    this.#incoming.atLeast(this.#output.capacity)
    this.#rows.atLeast(this.#output.capacity)
    if (e.kind !== 'free') this.#joinBy(chunk, table, 0)
    else if (v.kind !== 'free') this.#joinBy(chunk, table, 1)
    else this.#scan(chunk, table)
    this.#flush(chunk, table)
  }

  /** By the lookup of entities (place 0) or of values (place 1). */
  #joinBy(chunk: Chunk, table: AttributeTable, place: 0 | 1): void {
    const { rowCount } = chunk
    const lookup = place === 0 ? table.byEntity : table.byValue
    const { order, first } = lookup
    const slots = this.#slots.atLeast(rowCount)
    lookup.slotsOf(this.#readers![place]!.read(chunk), rowCount, slots)
    const tests = this.#testsFor(chunk, table, place)
    const isExistence = this.#shape.fresh.length === 0
    for (let i = 0; i < rowCount; i++) {
      const slot = slots[i]!
      if (slot < 0) continue
      const limit = first[slot + 1]!
      for (let at = first[slot]!; at < limit; at++) {
        const row = order === undefined ? at : order[at]!
        if (tests.length > 0 && !holds(tests, i, row)) continue
        this.#match(i, row, chunk, table)
        // Nothing new: the row stays because the fact exists.
        if (isExistence) break
      }
    }
  }

  #scan(chunk: Chunk, table: AttributeTable): void {
    const tests = this.#testsFor(chunk, table, -1)
    const isExistence = this.#shape.fresh.length === 0
    for (let i = 0; i < chunk.rowCount; i++) {
      for (let row = 0; row < table.rowCount; row++) {
        if (tests.length > 0 && !holds(tests, i, row)) continue
        this.#match(i, row, chunk, table)
        if (isExistence) break
      }
    }
  }

  /** What must be equal beside the place that was looked up. */
  #testsFor(chunk: Chunk, table: AttributeTable, lookedUp: number): readonly Test[] {
    const tests: Test[] = []
    this.#shape.places.forEach((place, index) => {
      if (index === lookedUp || place.kind === 'free') return
      const keys = this.#readers![index]!.read(chunk)
      tests.push({ keys, column: columnOfPlace(index, table) })
    })
    // The loop of one variable over entity and value: both are columns of the table.
    if (this.#shape.isLoop) tests.push({ keys: undefined, column: table.values, other: table.entities })
    return tests
  }

  #match(i: number, row: number, chunk: Chunk, table: AttributeTable): void {
    const count = this.#matchCount++
    this.#incoming.numbers[count] = i
    this.#rows.numbers[count] = row
    if (count + 1 < this.#output.capacity) return
    this.#flush(chunk, table)
    this.#output.grow()
    this.#incoming.atLeast(this.#output.capacity)
    this.#rows.atLeast(this.#output.capacity)
  }

  #flush(chunk: Chunk, table: AttributeTable): void {
    const count = this.#matchCount
    if (count === 0) return
    step(this.#budget, count)
    const { kept, fresh } = this.#shape
    const { columns } = this.#output
    kept.forEach((from, at) => gather(chunk.columns[from]!, this.#incoming.numbers, count, columns[at]!))
    fresh.forEach((place, at) => {
      const target = columns[kept.length + at]!
      gather(columnOfPlace(place, table), this.#rows.numbers, count, target)
      if (place === 1) this.#translate(table, target, count)
    })
    this.#matchCount = 0
    this.next.push({ rowCount: count, columns })
  }

  /** Values of the table in the domain that was promised: another one where facts were sought at first. */
  #translate(table: AttributeTable, column: Float64Array, count: number): void {
    const { domain, numberOf } = this.#shape.collected
    if (translation(table.domain, domain) === undefined) return
    const known = (this.#translated ??= new Map<number, number>())
    for (let i = 0; i < count; i++) {
      const code = column[i]!
      let number = known.get(code)
      if (number === undefined) known.set(code, (number = numberOf(table.domain.decode(code))))
      column[i] = number
    }
  }

  /** Row by row through the index. */
  #seek(chunk: Chunk): void {
    const { facts, attribute, places, kept, fresh, collected, isLoop } = this.#shape
    const [e, v, tx, added] = places
    let count = 0
    for (let i = 0; i < chunk.rowCount; i++) {
      const entity = decodedId(e, chunk, i)
      const value = decodedPlace(v, chunk, i)
      if (e.kind !== 'free' && entity === undefined) continue
      if (value !== undefined && !hasType(attribute.valueType, value)) continue
      const txWanted = decodedId(tx, chunk, i)
      const addedWanted = decodedPlace(added, chunk, i)
      for (const datom of facts.match(entity, attribute.id, value as Value | undefined)) {
        if (tx.kind !== 'free' && TX_BASE + datom.t !== txWanted) continue
        if (addedWanted !== undefined && datom.added !== addedWanted) continue
        if (isLoop && datom.e !== datom.v) continue
        const { columns } = this.#output
        for (let at = 0; at < kept.length; at++) columns[at]![count] = chunk.columns[kept[at]!]![i]!
        for (let at = 0; at < fresh.length; at++) {
          columns[kept.length + at]![count] = numberOf(datom, fresh[at]!, collected)
        }
        if (++count === this.#output.capacity) {
          this.next.push({ rowCount: count, columns })
          this.#output.grow()
          count = 0
        }
        if (fresh.length === 0) break
      }
    }
    if (count > 0) this.next.push({ rowCount: count, columns: this.#output.columns })
  }
}

type Test = {
  readonly keys: Float64Array | undefined
  readonly column: Float64Array
  readonly other?: Float64Array
}

function holds(tests: readonly Test[], i: number, row: number): boolean {
  for (const { keys, column, other } of tests) {
    if (column[row] !== (keys === undefined ? other![row] : keys[i])) return false
  }
  return true
}

/** What a row brings for a place; undefined where it is free. */
export function decodedPlace(place: PlaceBinding, chunk: Chunk, i: number): Edn | undefined {
  switch (place.kind) {
    case 'free':
      return undefined
    case 'constant':
      return place.value
    case 'column':
      return place.domain.decode(chunk.columns[place.index]![i]!)
  }
}

/** The id that a row brings for a place; undefined where it brings none, or what is nobody's. */
export function decodedId(place: PlaceBinding, chunk: Chunk, i: number): number | undefined {
  const value = decodedPlace(place, chunk, i)
  return value === undefined ? undefined : idOf(value)
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

function columnOfPlace(place: number, table: AttributeTable): Float64Array {
  switch (place) {
    case 0:
      return table.entities
    case 1:
      return table.values
    case 2:
      return table.txs
    default:
      return table.added ?? ones(table.rowCount)
  }
}

/** In a view of what holds, every fact was added. */
function ones(count: number): Float64Array {
  return new Float64Array(count).fill(1)
}

function domainOfPlace(place: number, table: AttributeTable): Domain {
  return place === 1 ? table.domain : place === 3 ? ADDED_DOMAIN : ENTITY_DOMAIN
}

type Reader = { read(chunk: Chunk): Float64Array }

/** The keys that the rows of a chunk bring for a place, in the domain of the place. */
function readerOf(place: PlaceBinding, domain: Domain): Reader | undefined {
  if (place.kind === 'free') return undefined
  if (place.kind === 'constant') {
    const constant = new Constant(domain.encode(place.value))
    return { read: ({ rowCount }) => constant.column(rowCount) }
  }
  const translate: Translation = translation(place.domain, domain)
  if (translate === undefined) return { read: ({ columns }) => columns[place.index]! }
  const output = new Output(1)
  return {
    read: ({ columns, rowCount }) => {
      output.reserve(rowCount)
      const [buffer] = output.columns as [Float64Array]
      const column = columns[place.index]!
      for (let i = 0; i < rowCount; i++) buffer[i] = translate(column[i]!)
      return buffer
    },
  }
}
