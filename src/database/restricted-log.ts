// A transaction of the log as a restriction lets it show: what is hidden is left out, what is masked is masked, the
// transaction itself stays, with its t and its instant.

import type { AttributeId, EntityId } from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT, DB_VALUE_TYPE } from '../fact/bootstrap.ts'
import { compareDatoms, type Datom } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import { equalValues } from '../fact/value.ts'
import type { Restriction } from './restriction.ts'
import { Sight } from './sight.ts'

/**
 * The datoms of one transaction that show. `schema` is that of the whole database, of the transaction's t or a later one:
 * an attribute that it does not know is hidden.
 */
export function restrictTransaction(
  datoms: readonly Datom[],
  restriction: Restriction,
  schema: Schema,
): readonly Datom[] {
  const sight = Sight.of(restriction, schema)
  const unknown = unknownAttributes(datoms, schema)
  const shown: Datom[] = []
  for (const placed of datomsByPlace(datoms)) shown.push(...shownOfPlace(placed, sight, unknown))
  return shown
}

function shownOfPlace(
  datoms: readonly Datom[],
  sight: Sight,
  unknown: ReadonlySet<EntityId>,
): readonly Datom[] {
  const { e, a } = datoms[0]!
  const seen = sight.attribute(a)
  if (seen === 'hidden' || (a < BUILTIN_ATTRIBUTE_COUNT && unknown.has(e))) return []
  if (seen === 'whole') return datoms
  const layer = seen.layerOf(e)
  if (layer === undefined) return []
  const { mask } = layer
  if (mask === undefined) return datoms
  // They stand as they were said, perhaps in the order of their values.
  const masked = datoms.map((datom) => ({ ...datom, v: mask(datom.v) }))
  masked.sort((x, y) => compareDatoms('eavt', x, y))
  return masked.filter((datom, at) => {
    const before = masked[at - 1]
    return before === undefined || before.added !== datom.added || !equalValues(before.v, datom.v)
  })
}

/** What is said of one entity and attribute stands together in a transaction. */
function* datomsByPlace(datoms: readonly Datom[]): Iterable<readonly Datom[]> {
  let placed: Datom[] = []
  let place: { readonly e: EntityId; readonly a: AttributeId } | undefined
  for (const datom of datoms) {
    if (place !== undefined && (place.e !== datom.e || place.a !== datom.a)) {
      yield placed
      placed = []
    }
    place = datom
    placed.push(datom)
  }
  if (placed.length > 0) yield placed
}

function unknownAttributes(datoms: readonly Datom[], schema: Schema): ReadonlySet<EntityId> {
  const made = datoms.filter(({ e, a }) => a === DB_VALUE_TYPE && schema.attribute(e) === undefined)
  return new Set(made.map(({ e }) => e))
}
