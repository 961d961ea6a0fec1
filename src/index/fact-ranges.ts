// The four indexes over facts that are kept attribute by attribute: whole ones are read as far as somebody asks, few
// facts are found by the places given and put in order. Whatever keeps its facts so reads its ranges here.

import { unreachable } from '../base/assert.ts'
import type { AttributeId, EntityId } from '../fact/attribute.ts'
import { compareDatoms, type Datom, type IndexName, type IndexRange } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import { compareValues, type Value } from '../fact/value.ts'
import { mergeDatoms } from './merge.ts'

/** The facts of each attribute, in the orders in which they can be read. */
export interface AttributeLists {
  readonly schema: Schema
  /** Attributes that may have facts, ascending. */
  attributeIds(): readonly AttributeId[]
  inEntityOrder(a: AttributeId, from?: EntityId, to?: EntityId): Iterable<Datom>
  inValueOrder(a: AttributeId, from?: Value, to?: Value): Iterable<Datom>
  match(e: EntityId | undefined, a: AttributeId | undefined, v: Value | undefined): Iterable<Datom>
}

/** The facts of one index in its order; `from` is included, `to` excluded. */
export function rangeOf(lists: AttributeLists, index: IndexName, range: IndexRange): Iterable<Datom> {
  const { prefix, from, to } = range
  const [first] = prefix
  const isBoundByNumbers = isNumberOrNone(from) && isNumberOrNone(to)
  if (prefix.length === 0 && (isBoundByNumbers || index === 'vaet')) return wholeIndex(lists, index, from, to)
  if (prefix.length === 1 && typeof first === 'number') {
    if (index === 'avet') return lists.inValueOrder(first, from, to)
    if (index === 'aevt' && isNumberOrNone(from) && isNumberOrNone(to))
      return lists.inEntityOrder(first, from, to)
  }
  return foundAndSorted(lists, index, range)
}

/** A whole index, read as far as somebody asks. */
function wholeIndex(
  lists: AttributeLists,
  index: IndexName,
  from: Value | undefined,
  to: Value | undefined,
): Iterable<Datom> {
  switch (index) {
    case 'eavt': {
      const all = lists
        .attributeIds()
        .map((a) => lists.inEntityOrder(a, from as number | undefined, to as number | undefined))
      return mergeDatoms(all, (x, y) => compareDatoms('eavt', x, y))
    }
    case 'vaet': {
      const all = lists
        .attributeIds()
        .filter((a) => isReference(lists.schema, a))
        .map((a) => lists.inValueOrder(a, from, to))
      return mergeDatoms(all, (x, y) => compareDatoms('vaet', x, y))
    }
    case 'aevt':
    case 'avet':
      return everyAttribute(lists, index, from, to)
    default:
      return unreachable(index)
  }
}

function* everyAttribute(
  lists: AttributeLists,
  index: 'aevt' | 'avet',
  from: Value | undefined,
  to: Value | undefined,
): Iterable<Datom> {
  for (const a of lists.attributeIds()) {
    if (isWithin(a, from, to)) yield* index === 'aevt' ? lists.inEntityOrder(a) : lists.inValueOrder(a)
  }
}

/** Few facts, found by the places given and put in order. */
function foundAndSorted(
  lists: AttributeLists,
  index: IndexName,
  { prefix, from, to }: IndexRange,
): Iterable<Datom> {
  const places = [...index] as readonly Place[]
  const bounded = places[prefix.length] ?? 't'
  const at = (place: Place): Value | undefined => prefix[places.indexOf(place)]
  const e = at('e')
  const a = at('a')
  // An id that is no number is nobody's.
  if (!isNumberOrNone(e) || !isNumberOrNone(a)) return []
  const found: Datom[] = []
  for (const datom of lists.match(e, a, at('v'))) {
    if (!isWithin(datom[bounded], from, to)) continue
    if (index === 'vaet' && !isReference(lists.schema, datom.a)) continue
    found.push(datom)
  }
  return found.sort((x, y) => compareDatoms(index, x, y))
}

type Place = 'e' | 'a' | 'v' | 't'

function isReference(schema: Schema, a: AttributeId): boolean {
  return schema.attribute(a)?.valueType === 'ref'
}

function isWithin(value: Value, from: Value | undefined, to: Value | undefined): boolean {
  return (
    (from === undefined || compareValues(value, from) >= 0) &&
    (to === undefined || compareValues(value, to) < 0)
  )
}

function isNumberOrNone(value: Value | undefined): value is number | undefined {
  return value === undefined || typeof value === 'number'
}
