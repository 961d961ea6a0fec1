// What asking for an entity or an attribute answers when there is no such thing.

import { VarveError, type Place } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import type { Attribute } from '../fact/attribute.ts'
import type { Schema } from '../fact/schema.ts'
import { type Edn, keyword, type Keyword } from '../fact/value.ts'
import { show } from './show.ts'

export function notAnEntity(form: Edn): VarveError {
  return new VarveError({
    code: 'db.error/not-an-entity',
    kind: 'incorrect',
    message: `${show(form)} does not name an entity`,
    fix: 'Give an entity id, an ident such as :order/open, or a lookup ref such as [:order/id 7]',
    data: { entity: show(form) },
  })
}

/** A name that nobody bears, where an entity must stand. */
export function identUnknown(ident: Keyword, schema: Schema): VarveError {
  const near = nearest(ident.text, names(schema))
  return new VarveError({
    code: 'db.error/not-an-entity',
    kind: 'incorrect',
    message: `There is no ident ${ident}`,
    fix: near === undefined ? 'Transact an entity with this :db/ident first' : `Did you mean :${near}?`,
    data: { ident: ident.toString(), nearest: near },
  })
}

export function attributeUnknown(ident: Keyword, schema: Schema, place?: Place): VarveError {
  const near = nearest(ident.text, attributeNames(schema))
  const forward = keyword(ident.text.replace(/(^|\/)_/, '$1'))
  const isReverse = forward !== ident && schema.attributeNamed(forward) !== undefined
  return new VarveError({
    code: 'db.error/not-an-entity',
    kind: 'incorrect',
    message: `There is no attribute ${ident} in the schema`,
    fix: isReverse
      ? `Patterns have no reverse: write [?value ${forward} ?entity], the two exchanged`
      : near === undefined
        ? 'Transact its schema first'
        : `Did you mean :${near}?`,
    data: { attribute: ident.toString(), nearest: near, ...(place && { place }) },
  })
}

export function lookupRefInvalid(form: Edn): VarveError {
  return new VarveError({
    code: 'db.error/invalid-lookup-ref',
    kind: 'incorrect',
    message: `${show(form)} is not a lookup ref`,
    fix: 'A lookup ref is a vector of a unique attribute and a value: [:order/id 7]',
    data: { lookupRef: show(form) },
  })
}

export function lookupRefNotUnique(attribute: Attribute, form: Edn): VarveError {
  return new VarveError({
    code: 'db.error/lookup-ref-attr-not-unique',
    kind: 'incorrect',
    message: `${show(form)} looks up by ${attribute.ident}, which is not unique`,
    fix: 'Look up by an attribute with :db.unique/identity or :db.unique/value, or ask with a query',
    data: { attribute: attribute.ident.toString(), lookupRef: show(form) },
  })
}

/** A value of another type than its attribute's where only a constant of that type makes sense. */
export function constantTypeWrong(attribute: Attribute, value: Edn): VarveError {
  const { ident, valueType } = attribute
  return new VarveError({
    code: 'db.error/wrong-type-for-attribute',
    kind: 'incorrect',
    message: `${show(value)} can never be a value of ${ident}, which is of type ${valueType}`,
    fix: `Write a constant of type ${valueType}`,
    data: { attribute: ident.toString(), valueType },
  })
}

function* names(schema: Schema): Iterable<string> {
  for (const [ident] of schema.idents()) yield ident.text
}

function* attributeNames(schema: Schema): Iterable<string> {
  for (const attribute of schema.attributes()) yield attribute.ident.text
}
