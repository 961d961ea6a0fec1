// All facts of one attribute in one view, as columns of numbers with lookups by entity and by value. Made once per
// view (views that show the same of an attribute share one) and read by every scan and join. Moments of one generation
// share what they do not differ in: numbers are made of its columns once, and a moment picks its rows among them.

import { assert } from '../../base/assert.ts'
import { type Check, inBatches } from '../../base/batches.ts'
import type { Attribute, AttributeId } from '../../fact/attribute.ts'
import type { Datom, FactSource } from '../../fact/datom.ts'
import type { Edn } from '../../fact/value.ts'
import { indexedAttribute, restrictedColumns } from '../../database/restricted-facts.ts'
import { type AttributeColumns, columnsOfDatoms, FACT_BYTES } from '../../index/attribute-columns.ts'
import type { GenerationColumns, Moment } from '../../index/generation-columns.ts'
import type { LateColumns } from '../../index/late-columns.ts'
import type { Shown } from '../../index/indexed-facts.ts'
import type { Budget } from '../budget.ts'
import { CollectedDomain, type Domain, LateDomain, NumberDomain } from './domain.ts'
import { Adjacency } from './adjacency.ts'
import { Lookup } from './lookup.ts'
import { sharedColumn } from './shared-column.ts'
import { sharedFloats } from './shared-memory.ts'
import { collectedNumbers, numbersBy, numbersOf, valueNumbers, withTxBase } from './table-numbers.ts'
import type { Uniqueness } from '../../plan/dependencies.ts'

type TableColumns = {
  readonly entities: Float64Array
  readonly values: Float64Array
  readonly domain: Domain
  /** Undefined where the transactions are given, or nobody asks for them. */
  readonly ts?: (check: Check) => Float64Array
  /** Of a history. */
  readonly added?: Float64Array
  /** Where it was made for another table with the same entities. */
  readonly byEntity?: (budget: Budget) => Lookup
  /** One that holds nearly the same: how its values are spread tells about this one. */
  readonly like?: AttributeTable
}

/** So many times a column may be scanned for values before a lookup, which costs about as much, is made of it. */
const SCAN_COUNT_MAX = 16

/** What a table makes of its columns once somebody asks. */
export type MadeOfTable = {
  readonly byEntity: Lookup | undefined
  readonly byValue: Lookup | undefined
  readonly txs: Float64Array | undefined
}
const NOTHING_MADE: MadeOfTable = { byEntity: undefined, byValue: undefined, txs: undefined }

export class AttributeTable {
  readonly attribute: Attribute
  readonly rowCount: number
  readonly entities: Float64Array
  readonly values: Float64Array
  /** Of the values. */
  readonly domain: Domain
  readonly added: Float64Array | undefined
  readonly #ts: ((check: Check) => Float64Array) | undefined
  readonly #makeByEntity: (budget: Budget) => Lookup
  readonly #like: AttributeTable | undefined
  #txs: Float64Array | undefined
  #addedColumn: Float64Array | undefined
  #byEntity: Lookup | undefined
  #byValue: Lookup | undefined
  #scanCount = 0
  #ofEntities: Adjacency | undefined
  #ofValues: Adjacency | undefined

  /** `made` is what another thread made of the same columns. */
  constructor(
    attribute: Attribute,
    { entities, values, domain, ts, added, byEntity, like }: TableColumns,
    made: MadeOfTable = NOTHING_MADE,
  ) {
    this.attribute = attribute
    this.rowCount = entities.length
    this.entities = sharedColumn(entities)
    this.values = values
    this.domain = domain
    this.added = added
    this.#ts = ts
    this.#makeByEntity = byEntity ?? ((budget) => lookupOf(entities, budget))
    this.#like = like
    this.#txs = made.txs
    this.#byEntity = made.byEntity
    this.#byValue = made.byValue
  }

  /** What was made of the columns so far. */
  get made(): MadeOfTable {
    return { byEntity: this.#byEntity, byValue: this.#byValue, txs: this.#txs }
  }

  /** Of its columns, its domain and what was made of them so far. */
  get byteCount(): number {
    const made = [this.#byEntity, this.#byValue].reduce((sum, lookup) => sum + (lookup?.byteCount ?? 0), 0)
    const columns = [this.entities, this.values, this.added, this.#txs]
    return columns.reduce((sum, column) => sum + (column?.byteLength ?? 0), made + this.domain.byteCount)
  }

  /** The transaction entity of each fact. */
  txs(budget: Budget): Float64Array {
    if (this.#txs === undefined) {
      budget.check()
      assert(this.#ts !== undefined, 'a table has its transactions where somebody asks for them')
      this.#txs = withTxBase(this.#ts(budget.checks), budget.checks)
    }
    return this.#txs
  }

  /** 1 for each fact that was added: all of them in a view of what holds. */
  addedColumn(budget: Budget): Float64Array {
    budget.check()
    return (this.#addedColumn ??= this.added ?? new Float64Array(this.rowCount).fill(1))
  }

  byEntity(budget: Budget): Lookup {
    return (this.#byEntity ??= this.#makeByEntity(budget))
  }

  byValue(budget: Budget): Lookup {
    return (this.#byValue ??= lookupOf(this.values, budget))
  }

  /** What rows have but once; undefined in a history, where facts repeat. */
  uniqueness(budget: Budget): Uniqueness | undefined {
    if (this.added !== undefined) return undefined
    const { cardinality, unique } = this.attribute
    return {
      isOnePerEntity: cardinality === 'one' && this.byEntity(budget).keyCount === this.rowCount,
      isOnePerValue: unique !== undefined && this.byValue(budget).keyCount === this.rowCount,
    }
  }

  /** By which is counted how values are spread: its own lookup, or that of a table that holds nearly the same. */
  valueSpread(budget: Budget): Lookup {
    return this.#byValue ?? this.#like?.valueSpread(budget) ?? this.byValue(budget)
  }

  /** The lookup by value where it is there, or worth making for this many keys; undefined where a scan for each costs less. */
  byValueFor(keyCount: number, budget: Budget): Lookup | undefined {
    this.#scanCount += keyCount
    return this.#scanCount <= SCAN_COUNT_MAX ? this.#byValue : this.byValue(budget)
  }

  /** The row of a value that no other row has; undefined where there is none, or another. */
  onlyRowOf(number: number, budget: Budget): number | undefined {
    const lookup = this.byValueFor(1, budget)
    if (lookup !== undefined) {
      const [from, limit] = lookup.between(number, number)
      return limit - from === 1 ? (lookup.order?.[from] ?? from) : undefined
    }
    const row = this.values.indexOf(number)
    return row < 0 || this.values.includes(number, row + 1) ? undefined : row
  }

  /** How many rows have a value whose number lies between these two. */
  countBetween(low: number, high: number, budget: Budget): number {
    const lookup = this.byValueFor(1, budget)
    if (lookup !== undefined) {
      const [from, limit] = lookup.between(low, high)
      return limit - from
    }
    let count = 0
    for (const [first, limit] of inBatches(this.rowCount, budget.checks)) {
      for (let row = first; row < limit; row++)
        count += +(this.values[row]! >= low) & +(this.values[row]! <= high)
    }
    return count
  }

  /** The values of each entity. */
  ofEntities(budget: Budget): Adjacency {
    return (this.#ofEntities ??= adjacencyOf(this.byEntity(budget), this.values, budget))
  }

  /** The entities of each value. */
  ofValues(budget: Budget): Adjacency {
    return (this.#ofValues ??= adjacencyOf(this.byValue(budget), this.entities, budget))
  }

  /** Counts what every reader of the table holds. */
  count(budget: Budget): void {
    counted(this.entities, budget)
    counted(this.values, budget)
    counted(this.domain, budget)
  }
}

/** The part of a table, counted once among what a question holds. */
export function counted<Part extends { readonly byteLength: number } | { readonly byteCount: number }>(
  part: Part,
  budget: Budget,
): Part {
  budget.holdShared(part, 'byteCount' in part ? part.byteCount : part.byteLength)
  return part
}

/** Of one row: a place in an order, the beginning of a key, the key, and two slots of a hash; twice that while it is made. */
const LOOKUP_BYTES_PER_ROW = 48

function lookupOf(column: Float64Array, budget: Budget): Lookup {
  return budget.holdDuring(column.length * LOOKUP_BYTES_PER_ROW, () => Lookup.of(column, budget.checks))
}

function adjacencyOf(lookup: Lookup, column: Float64Array, budget: Budget): Adjacency {
  // A copy in the order of the lists, and their beginnings anew where something repeats.
  const bytes = 2 * column.byteLength
  return budget.holdDuring(bytes, () => Adjacency.of(lookup, column, budget.checks))
}

const ofColumns = new WeakMap<AttributeColumns, AttributeTable>()
const ofFacts = new WeakMap<FactSource, Map<AttributeId, AttributeTable>>()

/** Tables that other threads made. */
export interface TableShare {
  find(shown: Shown): AttributeTable | undefined
  /** This thread made one. */
  made(shown: Shown, table: AttributeTable): void
}

let share: TableShare | undefined

/** Every table is looked for in the share before it is made here; without one this thread makes all of its own. */
export function shareTables(given: TableShare | undefined): void {
  share = given
}

/** The table of an attribute as these facts show it. Made while `budget` has time and room. */
export function tableOf(facts: FactSource, attribute: Attribute, budget: Budget): AttributeTable {
  const kept = ofIndex(facts, attribute, budget) ?? ofRestricted(facts, attribute, budget)
  if (kept !== undefined) return kept
  let tables = ofFacts.get(facts)
  if (tables === undefined) ofFacts.set(facts, (tables = new Map()))
  let table = tables.get(attribute.id)
  if (table === undefined) tables.set(attribute.id, (table = fromDatoms(attribute, facts, budget)))
  return table
}

/** Facts of which nothing is known but the table: what another thread sent. */
export function giveTable(facts: FactSource, table: AttributeTable): void {
  let tables = ofFacts.get(facts)
  if (tables === undefined) ofFacts.set(facts, (tables = new Map()))
  tables.set(table.attribute.id, table)
}

/** True where the table is there already: reading it costs nothing more. */
export function hasTable(facts: FactSource, attribute: Attribute): boolean {
  if (ofFacts.get(facts)?.has(attribute.id) === true) return true
  const indexed = indexedAttribute(facts, attribute.id)
  if (indexed !== undefined) return knownTable(indexed.knownColumns(), indexed) !== undefined
  const restricted = restrictedColumns(facts, attribute.id)
  return restricted !== undefined && knownTable(restricted.known(), restricted) !== undefined
}

/** Undefined for a history, which has no columns, and for facts of which not all lies in an index. */
function ofIndex(facts: FactSource, attribute: Attribute, budget: Budget): AttributeTable | undefined {
  const indexed = indexedAttribute(facts, attribute.id)
  if (indexed === undefined) return undefined
  const known = knownTable(indexed.knownColumns(), indexed)
  if (known !== undefined) return known
  const made = budget.holdDuring(indexed.countMax * FACT_BYTES, () => {
    const columns = indexed.columns(budget.checks)
    return columns && tableOfColumns(attribute, columns, budget.checks)
  })
  tellOthers(made, indexed)
  return made
}

/**
 * Of an attribute of which not everything shows: made of what shows alone, its list of values and what it counts as held
 * included, and kept under a name of its own.
 */
function ofRestricted(facts: FactSource, attribute: Attribute, budget: Budget): AttributeTable | undefined {
  const restricted = restrictedColumns(facts, attribute.id)
  if (restricted === undefined) return undefined
  const known = knownTable(restricted.known(), restricted)
  if (known !== undefined) return known
  const countMax = restricted.countMax(budget.checks) ?? 0
  const columns = budget.holdDuring(countMax * FACT_BYTES, () =>
    restricted.columns(budget.checks, () =>
      columnsOfDatoms(attribute.valueType, gatheredDatoms(facts, attribute, budget)),
    ),
  )
  const made = budget.holdDuring(columns.rowCount * FACT_BYTES, () =>
    tableOfColumns(attribute, columns, budget.checks),
  )
  tellOthers(made, restricted)
  return made
}

/** At most how many facts of an attribute there are, where they can be sought one by one; undefined where only a table is read. */
export function soughtCountMax(facts: FactSource, attribute: Attribute, budget: Budget): number | undefined {
  const indexed = indexedAttribute(facts, attribute.id)
  if (indexed !== undefined) return indexed.countMax
  return restrictedColumns(facts, attribute.id)?.countMax(budget.checks)
}

type Shows = { shownAt(): Shown | undefined }

/** The table of columns that are there, or of what another thread told of. */
function knownTable(columns: AttributeColumns | undefined, shows: Shows): AttributeTable | undefined {
  const table = columns && ofColumns.get(columns)
  if (table !== undefined) return table
  const shown = share && shows.shownAt()
  return shown && share!.find(shown)
}

function tellOthers(made: AttributeTable | undefined, shows: Shows): void {
  const shown = share && made && shows.shownAt()
  if (shown !== undefined) share!.made(shown, made!)
}

function tableOfColumns(attribute: Attribute, columns: AttributeColumns, check: Check): AttributeTable {
  let table = ofColumns.get(columns)
  if (table === undefined) ofColumns.set(columns, (table = fromColumns(attribute, columns, check)))
  return table
}

function fromColumns(attribute: Attribute, columns: AttributeColumns, check: Check): AttributeTable {
  check()
  if (columns.kind === 'moment') return fromMoment(attribute, columns, check)
  if (columns.kind === 'late') return fromLate(attribute, columns.late, check)
  const { type, entities, values, ts } = columns
  return new AttributeTable(attribute, {
    entities: numbersOf(entities, check),
    ...valueNumbers(type, values, check),
    ts: (checkThen) => numbersOf(ts, checkThen),
  })
}

/** The numbers of all facts of a generation, and the lookup of the entities that hold at its end. */
type GenerationNumbers = {
  readonly entities: Float64Array
  readonly values: Float64Array
  readonly domain: Domain
  readonly held: AttributeTable
}

const ofGenerations = new WeakMap<GenerationColumns, GenerationNumbers>()

function fromMoment(
  attribute: Attribute,
  { generation, moment }: AttributeColumns & { readonly kind: 'moment' },
  check: Check,
): AttributeTable {
  let numbers = ofGenerations.get(generation)
  if (numbers === undefined)
    ofGenerations.set(generation, (numbers = generationNumbers(attribute, generation, check)))
  const { entities, values, domain, held } = numbers
  const { heldCount } = generation
  const split = (all: Float64Array): SplitNumbers => ({
    held: all.subarray(0, heldCount),
    others: all.subarray(heldCount),
  })
  return momentTable(
    held,
    moment,
    {
      entities: split(entities),
      values: split(values),
      domain,
      ts: (checkThen) => split(numbersOf(generation.ts, checkThen)),
    },
    check,
  )
}

function generationNumbers(
  attribute: Attribute,
  generation: GenerationColumns,
  check: Check,
): GenerationNumbers {
  const { type, entities, values, ts, heldCount } = generation
  const numbers = { entities: numbersOf(entities, check), ...valueNumbers(type, values, check) }
  const held = new AttributeTable(attribute, {
    entities: numbers.entities.subarray(0, heldCount),
    values: numbers.values.subarray(0, heldCount),
    domain: numbers.domain,
    ts: (checkThen) => numbersOf(ts, checkThen).subarray(0, heldCount),
  })
  return { ...numbers, held }
}

/** What came later changes the table of what the index holds. */
function fromLate(
  attribute: Attribute,
  { indexed, moment, entities, values, ts }: LateColumns,
  check: Check,
): AttributeTable {
  const held = tableOfColumns(attribute, indexed, check)
  check()
  const { domain, heldValues } = lateNumbers(held, values, check)
  const lateValues = numbersBy(values, (v) => domain.encode(v), check)
  return momentTable(
    held,
    moment,
    {
      entities: { held: held.entities, others: Float64Array.from(entities) },
      values: { held: heldValues, others: lateValues },
      domain,
      ts: (checkThen) => ({ held: numbersOf(indexed.ts, checkThen), others: Float64Array.from(ts) }),
    },
    check,
  )
}

/** A domain for what a table holds and what came later. No number is a long beyond 2^53: then all values are listed. */
function lateNumbers(
  held: AttributeTable,
  values: readonly Edn[],
  check: Check,
): { readonly domain: Domain; readonly heldValues: Float64Array } {
  const { domain } = held
  const isBeyond = domain instanceof NumberDomain && values.some((value) => typeof value === 'bigint')
  if (!isBeyond) return { domain: LateDomain.of(domain, values, check), heldValues: held.values }
  const listed = new CollectedDomain()
  const heldValues = numbersBy(held.values, (number) => listed.collect(domain.decode(number)), check)
  for (const value of values) listed.collect(value)
  return { domain: listed, heldValues }
}

/** Numbers of the rows of a table, and of the rows that follow them. */
type SplitNumbers = { readonly held: Float64Array; readonly others: Float64Array }

type MomentNumbers = {
  readonly entities: SplitNumbers
  readonly values: SplitNumbers
  readonly domain: Domain
  readonly ts: (check: Check) => SplitNumbers
}

/** The table of a moment: that of what held then and still holds at another one, with other rows for some. */
function momentTable(
  held: AttributeTable,
  moment: Moment,
  { entities, values, domain, ts }: MomentNumbers,
  check: Check,
): AttributeTable {
  const isExchanged = moment.kind === 'exchanged'
  return new AttributeTable(held.attribute, {
    entities: isExchanged ? held.entities : shownNumbers(entities, moment, check),
    values: shownNumbers(values, moment, check),
    domain,
    ts: (checkThen) => shownNumbers(ts(checkThen), moment, checkThen),
    like: held,
    ...(isExchanged && { byEntity: (budget: Budget) => held.byEntity(budget) }),
  })
}

function shownNumbers({ held, others }: SplitNumbers, moment: Moment, check: Check): Float64Array {
  const heldCount = held.length
  if (moment.kind === 'listed') {
    const { rows } = moment
    const listed = sharedFloats(rows.length)
    for (const [first, limit] of inBatches(rows.length, check)) {
      for (let i = first; i < limit; i++) {
        const row = rows[i]!
        listed[i] = row < heldCount ? held[row]! : others[row - heldCount]!
      }
    }
    return listed
  }
  const { hidden, shown } = moment
  const exchanged = sharedFloats(heldCount)
  exchanged.set(held)
  for (let i = 0; i < hidden.length; i++) exchanged[hidden[i]!] = others[shown[i]! - heldCount]!
  return exchanged
}

/** A datom, and its numbers in a table. */
const DATOM_BYTES = 160
const DATOM_BATCH_COUNT = 4_096

/** What facts show of an attribute, counted while it is gathered. */
function gatheredDatoms(facts: FactSource, attribute: Attribute, budget: Budget): readonly Datom[] {
  const datoms: Datom[] = []
  let heldBytes = 0
  for (const datom of facts.match(undefined, attribute.id, undefined, budget.checks)) {
    if (datoms.length % DATOM_BATCH_COUNT === 0) {
      budget.check()
      budget.hold(DATOM_BATCH_COUNT * DATOM_BYTES)
      heldBytes += DATOM_BATCH_COUNT * DATOM_BYTES
    }
    datoms.push(datom)
  }
  budget.release(heldBytes)
  return datoms
}

function fromDatoms(attribute: Attribute, facts: FactSource, budget: Budget): AttributeTable {
  const datoms = gatheredDatoms(facts, attribute, budget)
  const hasLargeLongs = datoms.some(({ v }) => typeof v === 'bigint')
  const collected = collectedNumbers(attribute.valueType, { hasLargeLongs })
  const numbers = (numberOf: (datom: Datom) => number): Float64Array =>
    numbersBy(datoms, numberOf, budget.checks)
  // All at once, so that nobody keeps the datoms.
  const ts = numbers(({ t }) => t)
  return new AttributeTable(attribute, {
    entities: numbers(({ e }) => e),
    values: numbers(({ v }) => collected.numberOf(v)),
    domain: collected.domain,
    ts: () => ts,
    ...(facts.isHistory && { added: numbers(({ added }) => Number(added)) }),
  })
}
