// Which entity somebody means: an id, an ident or a lookup ref, as it stands in a pull, a query, an argument
// or a transaction.
//
//   17            the entity of this id, whether or not anything is known of it
//   :order/open   the entity of this name: by the names of the newest schema, in every view
//   [:order/id 7] the entity that has this unique value in this very view, or nobody

import type { Attribute, EntityId, ValueType } from '../fact/attribute.ts'
import { typedPlainValue } from '../fact/coerce.ts'
import type { FactSource } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import { type Edn, Double, Float, Keyword, toDouble, type Value } from '../fact/value.ts'
import {
  attributeUnknown,
  constantTypeWrong,
  identUnknown,
  lookupRefInvalid,
  lookupRefNotUnique,
  notAnEntity,
} from './entity-errors.ts'
import { hasType } from './value-type.ts'

/**
 * The entity meant, or undefined for a lookup ref of nobody. A name that does not exist, a lookup ref by an
 * attribute that is not unique and whatever names no entity at all are errors.
 */
export function resolveEntity(facts: FactSource, form: Edn): EntityId | undefined {
  const entity = findEntity(facts, form)
  if (entity === undefined && form instanceof Keyword) throw identUnknown(form, facts.schema)
  return entity
}

/** Like `resolveEntity`, but a name that does not exist is nobody as well: what pull and `entity` want. */
export function findEntity(facts: FactSource, form: Edn): EntityId | undefined {
  if (typeof form === 'number' && Number.isSafeInteger(form)) return form
  if (form instanceof Double && Number.isSafeInteger(form.value)) return form.value
  // An id is a long; those beyond 2^53 are never given out.
  if (typeof form === 'bigint') return undefined
  if (form instanceof Keyword) return facts.schema.entityNamed(form)
  if (Array.isArray(form)) return findByLookupRef(facts, form)
  throw notAnEntity(form)
}

/** True for a vector of a keyword and a value: what can only be a lookup ref where an entity must stand. */
export function isLookupRef(form: Edn): form is readonly [Keyword, Edn] {
  return Array.isArray(form) && form.length === 2 && form[0] instanceof Keyword
}

/** An entity as plain data names it: the value of a lookup ref takes the type of its attribute. */
export function typedReference(form: Edn, schema: Schema): Edn {
  if (!isLookupRef(form)) return form
  const [ident, value] = form
  const attribute = schema.attributeNamed(ident)
  return attribute === undefined ? form : [ident, typedPlainValue(attribute, value)]
}

/** The attribute of this name; an error with the nearest name where there is none. */
export function resolveAttribute(facts: FactSource, ident: Keyword): Attribute {
  const attribute = facts.schema.attributeNamed(ident)
  if (attribute === undefined) throw attributeUnknown(ident, facts.schema)
  return attribute
}

function findByLookupRef(facts: FactSource, form: readonly Edn[]): EntityId | undefined {
  if (!isLookupRef(form)) throw lookupRefInvalid(form)
  const [ident, given] = form
  const attribute = resolveAttribute(facts, ident)
  if (attribute.unique === undefined) throw lookupRefNotUnique(attribute, form)
  // nil is no value, so nobody has it.
  const value = given === null ? undefined : constantFor(facts, attribute, given)
  if (value === undefined) return undefined
  let holder: EntityId | undefined
  let heldSince = -1
  for (const { e, t, added } of facts.match(undefined, attribute.id, value)) {
    // A view of the present has one holder; in a history the last one counts.
    if (!added || t < heldSince) continue
    holder = e
    heldSince = t
  }
  return holder
}

/**
 * A constant as facts of this attribute hold it; undefined where it matches nothing. One that no fact could ever
 * hold, a string for a long, is an error.
 */
export function constantFor(facts: FactSource, attribute: Attribute, value: Edn): Value | undefined {
  if (attribute.valueType === 'ref') return resolveEntity(facts, value)
  if (!hasType(attribute.valueType, value)) throw constantTypeWrong(attribute, value)
  if (attribute.valueType === 'float') return new Float(toDouble(value))
  if (attribute.valueType !== 'tuple' || !Array.isArray(value)) return value as Value
  const members: Edn[] = []
  for (const [index, member] of (value as readonly Edn[]).entries()) {
    const isReference = memberType(attribute, index) === 'ref' && member !== null
    const resolved: Edn | undefined = isReference ? resolveEntity(facts, member) : member
    if (resolved === undefined) return undefined
    members.push(resolved)
  }
  return members as Value
}

function memberType({ tuple }: Attribute, index: number): ValueType | undefined {
  return tuple?.kind === 'homogeneous' ? tuple.type : tuple?.types[index]
}
