// One pattern joined with the rows that come in, by the table of its attribute. Rows of the table are found by the
// entity or by the value that a row brings, or all are read where it brings neither; every other place that is bound
// is compared, column by column. Where a chunk and the table lie alike, and where all of the table is read, columns
// are handed on as they lie.

import { assert } from '../../base/assert.ts'
import { isPlanted } from '../../base/planted.ts'
import type { Edn } from '../../fact/value.ts'
import { type AttributeTable, counted } from './attribute-table.ts'
import { pickWithin } from './comparison.ts'
import {
  ADDED_DOMAIN,
  type Domain,
  ENTITY_DOMAIN,
  MEMO_BYTES,
  type Translation,
  translation,
} from './domain.ts'
import type { Lookup } from './lookup.ts'
import type { EntityRange } from './morsels.ts'
import {
  type Chunk,
  CHUNK_ROW_COUNT,
  Constant,
  type Consumer,
  Output,
  PairOutput,
  RowNumbers,
  step,
} from './operator.ts'
import type { PatternShape, PlaceBinding, RangeBinding } from './pattern-shape.ts'
import type { Budget } from '../budget.ts'
import { SplitMap } from './split-map.ts'
import { type NumberRange, numberRange, valueTest } from './value-range.ts'

/** Rows of the table for one incoming row from which on they are handed on as a block of their own. */
const RUN_ROW_COUNT_MIN = 256

/**
 * A row found by the order of values costs about as much as so many that are scanned: what it is joined with lies elsewhere,
 * too, and the answer is out of order (people, salary > 95000 and > 97000 among a million, 2026-11-26).
 */
const SCATTERED_COST = 24

/** What a row of the table must hold beside the key by which it was found. */
type Test = {
  readonly column: Float64Array
  /** One for each incoming row; undefined where another column of the table holds what is wanted. */
  readonly keys: Float64Array | undefined
  readonly other: Float64Array
}

export class TableJoin {
  readonly #shape: PatternShape
  readonly table: AttributeTable
  /** Only facts of these entities are found, while it is set. */
  #entities: EntityRange | undefined
  readonly #readers: readonly (Reader | undefined)[]
  readonly #output: PairOutput
  readonly #slots = new RowNumbers()
  readonly #isExistence: boolean
  readonly #budget: Budget

  constructor(shape: PatternShape, table: AttributeTable, budget: Budget) {
    this.#shape = shape
    this.table = table
    this.#budget = budget
    table.count(budget)
    this.#readers = shape.places.map((place, index) => readerOf(place, domainOfPlace(index, table), budget))
    this.#output = new PairOutput(
      shape.kept,
      shape.fresh.map((place) => columnOfPlace(place, table, budget)),
      budget,
      shape.fresh.map((place) => (place === 1 ? translationOf(shape, table, budget) : undefined)),
    )
    this.#isExistence = shape.fresh.length === 0
  }

  /** Finds nothing but facts of these entities from now on. Not for a pattern to which rows bring the entity. */
  limitTo(entities: EntityRange | undefined): void {
    assert(this.#shape.places[0].kind === 'free', 'a limited pattern finds its entities')
    this.#entities = entities
  }

  push(chunk: Chunk, next: Consumer): void {
    const { places } = this.#shape
    const { table } = this
    this.#output.begin(chunk.columns, next)
    if (this.#entities !== undefined) this.#pushLimited(chunk, this.#entities)
    else if (places[0].kind !== 'free') {
      const keys = this.#readers[0]!.read(chunk)
      const tests = this.#testsFor(chunk, 0)
      const lookup = counted(table.byEntity(this.#budget), this.#budget)
      const first = lookup.isUnique ? rowsFrom(keys, chunk.rowCount, table.entities) : undefined
      if (first === undefined) this.#byLookup(chunk, lookup, keys, tests)
      else this.#alike(chunk, first, tests)
    } else if (places[1].kind !== 'free') {
      const keys = this.#readers[1]!.read(chunk)
      const lookup = table.byValueFor(chunk.rowCount, this.#budget)
      if (lookup === undefined) this.#scanForEach(chunk, keys)
      else this.#byLookup(chunk, counted(lookup, this.#budget), keys, this.#testsFor(chunk, 1))
    } else if (this.#shape.range !== undefined) {
      for (let i = 0; i < chunk.rowCount; i++) this.#inRange(chunk, i, this.#shape.range)
    } else {
      const tests = this.#testsFor(chunk, -1)
      for (let i = 0; i < chunk.rowCount; i++) this.#run(i, undefined, 0, table.rowCount, tests)
    }
    this.#output.flush()
  }

  #pushLimited(chunk: Chunk, entities: EntityRange): void {
    const { range, places } = this.#shape
    const isByValue = places[1].kind !== 'free'
    const keys = isByValue ? this.#readers[1]!.read(chunk) : undefined
    const tests = this.#testsFor(chunk, isByValue ? 1 : -1)
    const lookup = isByValue ? counted(this.table.byValue(this.#budget), this.#budget) : undefined
    for (let i = 0; i < chunk.rowCount; i++) {
      const rows = lookup === undefined ? allRows(this.table) : rowsOfValue(lookup, keys![i]!)
      const [first, limit] = rowsWithin(rows, entities, this.table.entities)
      if (range !== undefined) this.#scan(i, tests, this.#picker(range, chunk, i), { first, limit })
      else if (first < limit) this.#run(i, rows.order, first, limit, tests)
    }
  }

  /** The rows whose values lie between what row i brings: by the order of values, or a scan where they are many. */
  #inRange(chunk: Chunk, i: number, range: RangeBinding): void {
    const { table } = this
    const tests = this.#testsFor(chunk, -1)
    const numbers = numberRange(range, table.domain, chunk, i)
    const lookup = numbers && table.byValueFor(1, this.#budget)
    const [from, limit] = (numbers && lookup?.between(numbers.low, numbers.high)) ?? [0, table.rowCount]
    // Rows of a range come in the order of values, each from another place: a scan of all reads what lies together.
    if (lookup === undefined || (limit - from) * SCATTERED_COST > table.rowCount)
      this.#scan(i, tests, this.#picker(range, chunk, i), allRows(table))
    else this.#run(i, counted(lookup, this.#budget).order, from, limit, tests)
  }

  /** Picks the rows whose values lie between what row i brings. */
  #picker(range: RangeBinding, chunk: Chunk, i: number): PickRows {
    const numbers = numberRange(range, this.table.domain, chunk, i)
    return numbers === undefined
      ? passingRows(this.table, valueTest(range, chunk, i))
      : rowsBetween(this.table, numbers)
  }

  #scanForEach(chunk: Chunk, keys: Float64Array): void {
    const tests = this.#testsFor(chunk, 1)
    for (let i = 0; i < chunk.rowCount; i++) {
      const wanted = rowsBetween(this.table, { low: keys[i]!, high: keys[i]! })
      this.#scan(i, tests, wanted, allRows(this.table))
    }
  }

  /** Row i with those of the rows from `first` to `limit` that are picked. */
  #scan(
    i: number,
    tests: readonly Test[],
    pick: PickRows,
    { first, limit }: Pick<RowList, 'first' | 'limit'>,
  ): void {
    this.#output.flush()
    for (let from = first; from < limit; from += CHUNK_ROW_COUNT) {
      const to = Math.min(from + CHUNK_ROW_COUNT, limit)
      step(this.#budget, to - from)
      this.#output.reserve(to - from)
      const { incoming, found } = this.#output
      const picked = pick(from, to, found)
      incoming.fill(i, 0, picked)
      const count = passing(tests, incoming, found, picked)
      this.#output.count = this.#isExistence ? Math.min(count, 1) : count
      this.#output.flush()
      if (this.#isExistence && count > 0) return
    }
  }

  /** Row i of the chunk is about the entity of row `first + i` of the table. */
  #alike({ rowCount }: Chunk, first: number, tests: readonly Test[]): void {
    if (tests.length === 0) {
      this.#output.pass(rowCount, this.#output.foundFrom(first, rowCount))
      return
    }
    this.#output.reserve(rowCount)
    const { incoming, found } = this.#output
    for (let i = 0; i < rowCount; i++) {
      incoming[i] = i
      found[i] = first + i
    }
    this.#output.count = passing(tests, incoming, found, rowCount)
  }

  #byLookup(chunk: Chunk, lookup: Lookup, keys: Float64Array, tests: readonly Test[]): void {
    const { rowCount } = chunk
    const slots = this.#slots.atLeast(rowCount)
    lookup.slotsOf(keys, rowCount, slots)
    if (lookup.isUnique) this.#oneEach(lookup, slots, rowCount, tests)
    else this.#manyEach(lookup, slots, rowCount, tests)
  }

  /** No key has two rows, so that the chunk that goes out is no longer than that which came. */
  #oneEach({ order, first }: Lookup, slots: Int32Array, rowCount: number, tests: readonly Test[]): void {
    this.#output.reserve(rowCount)
    const { incoming, found } = this.#output
    let count = 0
    for (let i = 0; i < rowCount; i++) {
      const slot = slots[i]!
      if (slot < 0) continue
      const at = first[slot]!
      if (at === first[slot + 1]) continue
      incoming[count] = i
      found[count++] = order === undefined ? at : order[at]!
    }
    count = passing(tests, incoming, found, count)
    if (count < rowCount) this.#output.count = count
    else this.#output.pass(count, this.#output.gatherFound(found, count))
  }

  #manyEach({ order, first }: Lookup, slots: Int32Array, rowCount: number, tests: readonly Test[]): void {
    for (let i = 0; i < rowCount; i++) {
      const slot = slots[i]!
      if (slot < 0) continue
      const from = first[slot]!
      const limit = first[slot + 1]!
      if (limit - from >= RUN_ROW_COUNT_MIN) {
        this.#run(i, order, from, limit, tests)
        continue
      }
      for (let at = from; at < limit; at++) {
        const row = order === undefined ? at : order[at]!
        if (tests.length > 0 && !holds(tests, i, row)) continue
        this.#output.pair(i, row)
        // Nothing new: the row stays because the fact exists.
        if (this.#isExistence) break
      }
    }
  }

  /** All rows of the table at `[from, limit)` of an order, for one incoming row. */
  #run(i: number, order: Int32Array | undefined, from: number, limit: number, tests: readonly Test[]): void {
    if (this.#isExistence) {
      this.#exists(i, order, from, limit, tests)
      return
    }
    this.#output.flush()
    for (let first = from; first < limit; first += CHUNK_ROW_COUNT) {
      const count = Math.min(CHUNK_ROW_COUNT, limit - first)
      if (tests.length > 0) this.#tested(i, order, first, count, tests)
      else if (order === undefined) this.#output.repeat(i, count, this.#output.foundFrom(first, count))
      else {
        this.#output.reserve(count)
        this.#output.repeat(i, count, this.#output.gatherFound(order.subarray(first, first + count), count))
      }
    }
  }

  #tested(
    i: number,
    order: Int32Array | undefined,
    first: number,
    count: number,
    tests: readonly Test[],
  ): void {
    step(this.#budget, count)
    this.#output.reserve(count)
    const { incoming, found } = this.#output
    incoming.fill(i, 0, count)
    for (let at = 0; at < count; at++) found[at] = order === undefined ? first + at : order[first + at]!
    this.#output.count = passing(tests, incoming, found, count)
    this.#output.flush()
  }

  #exists(
    i: number,
    order: Int32Array | undefined,
    from: number,
    limit: number,
    tests: readonly Test[],
  ): void {
    step(this.#budget, limit - from)
    for (let at = from; at < limit; at++) {
      const row = order === undefined ? at : order[at]!
      if (tests.length > 0 && !holds(tests, i, row)) continue
      this.#output.pair(i, row)
      return
    }
  }

  /** What must be equal beside the place that was looked up. */
  #testsFor(chunk: Chunk, lookedUp: number): readonly Test[] {
    const tests: Test[] = []
    const table = this.table
    this.#shape.places.forEach((place, index) => {
      if (index === lookedUp || place.kind === 'free') return
      if (index === 2 && isPlanted('pattern-of-any-transaction')) return
      const column = columnOfPlace(index, table, this.#budget)
      tests.push({ column, keys: this.#readers[index]!.read(chunk), other: column })
    })
    // The loop of one variable over entity and value: both are columns of the table.
    if (this.#shape.isLoop && !isPlanted('pattern-loop-unchecked'))
      tests.push({ column: table.values, keys: undefined, other: table.entities })
    return tests
  }
}

/** Rows of a table that follow each other in an order, their entities ascending. */
export type RowList = {
  readonly order: Int32Array | undefined
  readonly first: number
  readonly limit: number
}

export function allRows({ rowCount }: AttributeTable): RowList {
  return { order: undefined, first: 0, limit: rowCount }
}

/** Rows of one value lie in the order of the table. */
export function rowsOfValue(byValue: Lookup, value: number): RowList {
  const { order, first } = byValue
  const slot = byValue.slotOf(value)
  return slot < 0 ? { order, first: 0, limit: 0 } : { order, first: first[slot]!, limit: first[slot + 1]! }
}

/** Where those of some entities begin and end among rows. */
function rowsWithin(
  rows: RowList,
  { from, to }: EntityRange,
  entities: Float64Array,
): readonly [number, number] {
  const first = firstFrom(rows, from, entities)
  return [first, firstFrom({ ...rows, first }, to, entities)]
}

/** The first of the rows whose entity is not before `entity`. */
function firstFrom({ order, first, limit }: RowList, entity: number, entities: Float64Array): number {
  let low = first
  let high = limit
  while (low < high) {
    const middle = (low + high) >>> 1
    if (entities[order === undefined ? middle : order[middle]!]! < entity) low = middle + 1
    else high = middle
  }
  return low
}

/** The row of the table's entities at which these keys lie, where they are a part of that very column. */
function rowsFrom(keys: Float64Array, rowCount: number, entities: Float64Array): number | undefined {
  if (keys.buffer !== entities.buffer) return undefined
  const first = (keys.byteOffset - entities.byteOffset) / Float64Array.BYTES_PER_ELEMENT
  return first >= 0 && first + rowCount <= entities.length ? first : undefined
}

/** Writes those of the rows of a table at `[first, limit)` that are wanted into `found`, and tells how many they are. */
type PickRows = (first: number, limit: number, found: Int32Array) => number

function rowsBetween({ values }: AttributeTable, { low, high }: NumberRange): PickRows {
  return (first, limit, found) => {
    const count = pickWithin(values.subarray(first, limit), low, high, limit - first, found)
    for (let i = 0; i < count; i++) found[i]! += first
    return count
  }
}

/** Each number is tested once. */
function passingRows({ values, domain }: AttributeTable, test: (value: Edn) => boolean): PickRows {
  const known = new SplitMap<number, boolean>()
  return (first, limit, found) => {
    let count = 0
    for (let row = first; row < limit; row++) {
      const number = values[row]!
      let isPassing = known.get(number)
      if (isPassing === undefined) known.set(number, (isPassing = test(domain.decode(number))))
      if (isPassing) found[count++] = row
    }
    return count
  }
}

/** Moves the pairs that pass all tests to the front; how many they are. */
function passing(tests: readonly Test[], incoming: Int32Array, found: Int32Array, count: number): number {
  let left = count
  for (const { column, keys, other } of tests) {
    left =
      keys === undefined
        ? passingOther(column, other, incoming, found, left)
        : passingKeys(column, keys, incoming, found, left)
  }
  return left
}

// Counting without a branch: a test that half of the rows pass is guessed wrong every other time, which cost ten
// times as much (people, salary > 50000). Two rows at a time, so that the loop is not copied into whoever calls it
// (comparison.ts says why).
function passingKeys(
  column: Float64Array,
  keys: Float64Array,
  incoming: Int32Array,
  found: Int32Array,
  count: number,
): number {
  let left = 0
  let i = 0
  for (; i + 1 < count; i += 2) {
    const fromA = incoming[i]!
    const rowA = found[i]!
    const fromB = incoming[i + 1]!
    const rowB = found[i + 1]!
    incoming[left] = fromA
    found[left] = rowA
    left += +(column[rowA] === keys[fromA])
    incoming[left] = fromB
    found[left] = rowB
    left += +(column[rowB] === keys[fromB])
  }
  if (i === count) return left
  incoming[left] = incoming[i]!
  found[left] = found[i]!
  return left + Number(column[found[left]!] === keys[incoming[left]!])
}

function passingOther(
  column: Float64Array,
  other: Float64Array,
  incoming: Int32Array,
  found: Int32Array,
  count: number,
): number {
  let left = 0
  for (let i = 0; i < count; i++) {
    const row = found[i]!
    incoming[left] = incoming[i]!
    found[left] = row
    left += +(column[row] === other[row])
  }
  return left
}

function holds(tests: readonly Test[], i: number, row: number): boolean {
  for (const { column, keys, other } of tests) {
    if (column[row] !== (keys === undefined ? other[row] : keys[i])) return false
  }
  return true
}

/** Values of the table in the domain that was promised: another one where facts were sought at first. */
function translationOf(
  { collected: { domain, numberOf } }: PatternShape,
  table: AttributeTable,
  budget: Budget,
): Translation {
  if (translation(table.domain, domain, budget) === undefined) return undefined
  const known = new SplitMap<number, number>()
  return (code) => {
    let number = known.get(code)
    if (number === undefined) {
      budget.hold(MEMO_BYTES)
      known.set(code, (number = numberOf(table.domain.decode(code))))
    }
    return number
  }
}

function columnOfPlace(place: number, table: AttributeTable, budget: Budget): Float64Array {
  switch (place) {
    case 0:
      return table.entities
    case 1:
      return table.values
    case 2:
      return counted(table.txs(budget), budget)
    default:
      return counted(table.addedColumn(budget), budget)
  }
}

export function domainOfPlace(place: number, table: AttributeTable): Domain {
  return place === 1 ? table.domain : place === 3 ? ADDED_DOMAIN : ENTITY_DOMAIN
}

export type Reader = { read(chunk: Chunk): Float64Array }

/** The keys that the rows of a chunk bring for a place, in the domain of the place. */
export function readerOf(place: PlaceBinding, domain: Domain, budget: Budget): Reader | undefined {
  if (place.kind === 'free') return undefined
  if (place.kind === 'constant') {
    const constant = new Constant(domain.encode(place.value))
    return { read: ({ rowCount }) => constant.column(rowCount) }
  }
  const translate: Translation = translation(place.domain, domain, budget)
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
