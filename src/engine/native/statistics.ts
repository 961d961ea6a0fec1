// How many rows a pattern will bring, as far as it can be known without reading: exact where the table of the
// attribute is there, bounds from the index elsewhere. Nothing is kept between questions.

import { assert } from '../../base/assert.ts'
import type { Attribute, EntityId } from '../../fact/attribute.ts'
import { indexedAttribute, restrictedColumns } from '../../database/restricted-facts.ts'
import type { FactSource } from '../../fact/datom.ts'
import type { Value } from '../../fact/value.ts'
import type { BoundSide, Counts, Side, Statistics, ValueTest } from '../../plan/counts.ts'
import type { Budget } from '../budget.ts'
import type { QueryContext } from '../context.ts'
import { type AttributeTable, hasTable, soughtCountMax, tableOf } from './attribute-table.ts'
import { pickWithin } from './comparison.ts'
import { type Domain, ENTITY_DOMAIN, translation } from './domain.ts'
import type { Lookup } from './lookup.ts'
import { comparedRange, type NumberRange } from './value-range.ts'

/** Where nothing is known, so many facts are taken to share one entity or one value. */
const ROWS_PER_ENTITY = 2
const ROWS_PER_VALUE = 8
/** To seek the facts of one row costs about as much as scanning so many facts, measured over a million of them. */
export const SEEK_COST = 24
/** Facts below which a table is made rather than facts sought. */
export const SMALL_COUNT = 512
/** Facts with one value that are counted one by one. */
const COUNTED_MAX = 512

export function statisticsOf(facts: FactSource, attribute: Attribute, budget: Budget): Statistics {
  const table = knownTable(facts, attribute, budget)
  if (table !== undefined) {
    return {
      rowCount: table.rowCount,
      // Lookups are made when somebody counts by them.
      get entityCount() {
        return table.byEntity(budget).keyCount
      },
      get valueCount() {
        return table.valueSpread(budget).keyCount
      },
      get skewedPerEntity() {
        return table.byEntity(budget).skewedRowCount
      },
      get skewedPerValue() {
        return table.valueSpread(budget).skewedRowCount
      },
    }
  }
  const rowCount = soughtCountMax(facts, attribute, budget)
  assert(rowCount !== undefined, 'of all other facts a table can be made')
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

/** True where the table of an attribute is there, small, or will be wanted for so many rows: it also tells what determines what. */
export function readsTable(
  {
    facts,
    attribute,
    rowCount: expected,
  }: { readonly facts: FactSource; readonly attribute: Attribute; readonly rowCount: number },
  budget: Budget,
): boolean {
  const { rowCount } = statisticsOf(facts, attribute, budget)
  return expected * SEEK_COST > rowCount || rowCount < SMALL_COUNT || hasTable(facts, attribute)
}

/** The table, where it is there or costs no reading. */
function knownTable(facts: FactSource, attribute: Attribute, budget: Budget): AttributeTable | undefined {
  const isKnown = hasTable(facts, attribute) || soughtCountMax(facts, attribute, budget) === undefined
  return isKnown ? tableOf(facts, attribute, budget) : undefined
}

/** How many facts of the attribute have this value. */
function countOfValue(facts: FactSource, attribute: Attribute, value: Value, budget: Budget): number {
  if (attribute.unique !== undefined && !facts.isHistory) return 1
  if (canSeekValue(facts, attribute)) {
    let count = 0
    for (const _ of facts.match(undefined, attribute.id, value)) if (++count >= COUNTED_MAX) break
    if (count < COUNTED_MAX) return count
  }
  const table = tableOf(facts, attribute, budget)
  const number = table.domain.encode(value)
  return table.countBetween(number, number, budget)
}

/** The entity of the only fact that has this value. */
function onlyEntityOf(
  facts: FactSource,
  attribute: Attribute,
  value: Value,
  budget: Budget,
): EntityId | undefined {
  if (attribute.unique !== undefined || canSeekValue(facts, attribute)) {
    const [first, another] = facts.match(undefined, attribute.id, value)
    return another === undefined ? first?.e : undefined
  }
  const table = tableOf(facts, attribute, budget)
  const row = table.onlyRowOf(table.domain.encode(value), budget)
  return row === undefined ? undefined : table.entities[row]
}

/** True where facts can be sought by value without looking at all of them. */
export function canSeekValue(facts: FactSource, attribute: Attribute): boolean {
  const isOrdered = attribute.isIndexed || attribute.unique !== undefined || attribute.valueType === 'ref'
  if (!isOrdered || hasTable(facts, attribute)) return false
  const isIndexed = indexedAttribute(facts, attribute.id) !== undefined
  return isIndexed || restrictedColumns(facts, attribute.id)?.canSeekValues === true
}

/** Facts that are looked at to estimate a share. */
const SAMPLE_COUNT = 256

/** Exact by the order of values, or by a sample of the table, where these are there. */
function shareOf(
  facts: FactSource,
  attribute: Attribute,
  tests: readonly ValueTest[],
  budget: Budget,
): number | undefined {
  if (!hasTable(facts, attribute)) return undefined
  const [unequal] = tests.filter(({ comparison }) => comparison === '!=')
  if (unequal !== undefined) {
    const share = shareOf(facts, attribute, [{ ...unequal, comparison: '=' }], budget)
    const others = tests.filter((test) => test !== unequal)
    const rest = others.length === 0 ? 1 : shareOf(facts, attribute, others, budget)
    return share === undefined || rest === undefined ? undefined : (1 - share) * rest
  }
  const table = tableOf(facts, attribute, budget)
  const { values, domain, rowCount } = table
  const range = testedRange(tests, domain)
  if (rowCount === 0 || range === undefined) return undefined
  const { byValue } = table.made
  if (byValue !== undefined) {
    const [from, limit] = byValue.between(range.low, range.high)
    return (limit - from) / rowCount
  }
  const count = Math.min(SAMPLE_COUNT, rowCount)
  const sample = Float64Array.from({ length: count }, (_, i) => values[Math.floor((i * rowCount) / count)]!)
  const heldCount = pickWithin(sample, range.low, range.high, count, new Int32Array(count))
  // What a sample does not hold may still be there.
  return Math.max(heldCount, 0.5) / count
}

/** The numbers of the values that pass all tests; undefined where they are no range. */
function testedRange(tests: readonly ValueTest[], domain: Domain): NumberRange | undefined {
  let all: NumberRange = { low: -Infinity, high: Infinity }
  for (const { comparison, constant } of tests) {
    const range = comparedRange(comparison, constant, domain)
    if (range === undefined) return undefined
    all = { low: Math.max(all.low, range.low), high: Math.min(all.high, range.high) }
  }
  return all
}

const meetings = new WeakMap<Lookup, WeakMap<Lookup, number>>()

/** Counted key by key, once for two lookups. */
function meetingPerFact(of: BoundSide, by: Side, budget: Budget): number | undefined {
  const table = of.isRead
    ? tableOf(of.facts, of.attribute, budget)
    : knownTable(of.facts, of.attribute, budget)
  const x = table && lookupOf(table, of.place, budget)
  // What so many rows meet will be read as well.
  const isMany = of.isRead && x !== undefined && readsTable({ ...by, rowCount: x.rowCount }, budget)
  const other = isMany ? tableOf(by.facts, by.attribute, budget) : knownTable(by.facts, by.attribute, budget)
  const y = other && lookupOf(other, by.place, budget)
  if (x === undefined || y === undefined || translation(x.domain, y.domain, budget) !== undefined)
    return undefined
  let known = meetings.get(x.lookup)
  if (known === undefined) meetings.set(x.lookup, (known = new WeakMap()))
  let count = known.get(y.lookup)
  if (count === undefined) known.set(y.lookup, (count = x.lookup.meetingCount(y.lookup)))
  return count / Math.max(1, x.rowCount)
}

function lookupOf(
  table: AttributeTable,
  place: Side['place'],
  budget: Budget,
): { readonly lookup: Lookup; readonly domain: Domain; readonly rowCount: number } {
  const { rowCount } = table
  return place === 'entity'
    ? { lookup: table.byEntity(budget), domain: ENTITY_DOMAIN, rowCount }
    : { lookup: table.byValue(budget), domain: table.domain, rowCount }
}

/** Counts by tables; what they take is counted on behalf of the clauses that read them, once these are known. */
export function tableCounts(context: QueryContext): Counts {
  const budgetOf = (attribute: Attribute): Budget =>
    context.budget.ofStep(attribute, { name: () => `the facts of ${attribute.ident.toString()}` })
  return {
    statisticsOf: (facts, attribute) => statisticsOf(facts, attribute, budgetOf(attribute)),
    countOfValue: (facts, attribute, value) => countOfValue(facts, attribute, value, budgetOf(attribute)),
    onlyEntityOf: (facts, attribute, value) => onlyEntityOf(facts, attribute, value, budgetOf(attribute)),
    shareOf: (facts, attribute, tests) => shareOf(facts, attribute, tests, budgetOf(attribute)),
    meetingPerFact: (of, by) => meetingPerFact(of, by, budgetOf(of.attribute)),
  }
}
