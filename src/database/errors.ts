// What can be wrong with a transaction. `place` is added where it is caught: the path of the form that was
// being read (transact.ts), so that no constructor has to carry it.

import { VarveError, type ErrorKind, type Warning } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import type { Attribute, EntityId } from '../fact/attribute.ts'
import type { Schema } from '../fact/schema.ts'
import { EdnList, EdnMap, EdnSet, Keyword, Tagged, type Edn, type Value } from '../fact/value.ts'

type Data = Readonly<Record<string, unknown>>

function incorrect(code: string, message: string, fix: string, data: Data = {}): VarveError {
  return new VarveError({ code, kind: 'incorrect', message, fix, data })
}

function conflict(code: string, message: string, fix: string, data: Data = {}): VarveError {
  return new VarveError({ code, kind: 'conflict', message, fix, data })
}

/** `error` with the path of the form that it came from, unless it already says where. */
export function withPath(error: VarveError, path: readonly (string | number)[]): VarveError {
  if (error.data['place'] !== undefined) return error
  const { code, message, fix } = error
  const kind: ErrorKind = error.kind
  return new VarveError({ code, kind, message, fix, data: { ...error.data, place: { path } }, cause: error })
}

export function notTransactionData(what: string, fix: string): VarveError {
  return incorrect('db.error/not-transaction-data', what, fix)
}

export function nestedTooDeep(depthMax: number): VarveError {
  const message = `Maps are nested deeper than ${depthMax}`
  return incorrect(
    'varve.error/transaction-too-deep',
    message,
    'Name the inner entities by tempids instead',
    {
      depthMax,
    },
  )
}

export function transactionTooLarge(what: string, countMax: number): VarveError {
  const message = `The transaction has more than ${countMax} ${what}`
  return incorrect('varve.error/transaction-too-large', message, 'Split it into several transactions', {
    countMax,
  })
}

export function notAKeyword(given: string): VarveError {
  const message = `${given} stands where an attribute's name is expected`
  return incorrect('db.error/not-a-keyword', message, 'Write a keyword like :person/name', { given })
}

export function attributeNotAnEntity(ident: Keyword, schema: Schema): VarveError {
  const names = [...schema.attributes()].map((attribute) => attribute.ident.text)
  const near = nearest(ident.text, names)
  return incorrect(
    'db.error/not-an-entity',
    `Attribute ${String(ident)} is not in the schema`,
    near === undefined
      ? 'Transact its schema first; an attribute cannot be used in the transaction that makes it'
      : `Did you mean :${near}?`,
    { attribute: String(ident), nearest: near === undefined ? undefined : `:${near}` },
  )
}

export function notAnAttribute(given: string): VarveError {
  const message = `${given} names an entity that is no attribute`
  return incorrect(
    'db.error/not-an-attribute',
    message,
    'Use an attribute, or give this entity a :db/valueType',
    {
      given,
    },
  )
}

export function identNotAnEntity(ident: Keyword, schema: Schema): VarveError {
  const names = [...schema.idents()].map(([name]) => name.text)
  const near = nearest(ident.text, names)
  return incorrect(
    'db.error/not-an-entity',
    `No entity has the ident ${String(ident)}`,
    near === undefined ? 'Transact an entity with this :db/ident first' : `Did you mean :${near}?`,
    { ident: String(ident) },
  )
}

export function lookupNotAnEntity(attribute: Attribute, value: string): VarveError {
  return incorrect(
    'db.error/not-an-entity',
    `No entity has ${String(attribute.ident)} ${value}`,
    'A lookup ref sees the database before the transaction: for an entity made in it use a tempid',
    { attribute: String(attribute.ident), value },
  )
}

export function notAnEntity(given: string, fix: string): VarveError {
  return incorrect('db.error/not-an-entity', `${given} does not name an entity`, fix, { given })
}

export function invalidEntityId(e: EntityId): VarveError {
  const message = `The entity id ${e} was never made in this database`
  return incorrect('db.error/invalid-entity-id', message, 'Use a tempid for a new entity', { entity: e })
}

export function invalidLookupRef(given: string): VarveError {
  const message = `${given} is not a lookup ref`
  return incorrect(
    'db.error/invalid-lookup-ref',
    message,
    'Write [attribute value] with a unique attribute',
    {
      given,
    },
  )
}

export function lookupNotUnique(attribute: Attribute): VarveError {
  const name = String(attribute.ident)
  const message = `A lookup ref needs a unique attribute, and ${name} is not unique`
  return incorrect(
    'db.error/lookup-ref-attr-not-unique',
    message,
    `Make ${name} unique, or use the entity's id`,
    {
      attribute: name,
    },
  )
}

export function nilValue(attribute: Attribute): VarveError {
  const name = String(attribute.ident)
  const message = `nil stands as value of ${name}`
  return incorrect('db.error/nil-value', message, 'Leave the attribute out, or retract its value', {
    attribute: name,
  })
}

export function nestedEntityInvalid(attribute: Attribute): VarveError {
  const name = String(attribute.ident)
  return incorrect(
    'db.error/invalid-nested-entity',
    `A map under ${name} says neither which entity it is nor belongs to its parent`,
    `Give the map a :db/id, a :db/ident or an identity, or make ${name} a component`,
    { attribute: name },
  )
}

export function reverseNotRef(attribute: Attribute): VarveError {
  const name = String(attribute.ident)
  const message = `${name} is no reference, so it has no reverse`
  return incorrect('varve.error/reverse-not-reference', message, 'Write the attribute without underscore', {
    attribute: name,
  })
}

export function notADataFunction(name: string, known: readonly string[]): VarveError {
  const near = nearest(name, known)
  return incorrect(
    'db.error/not-a-data-function',
    `There is no operation and no transaction function ${name}`,
    near === undefined ? 'Register the function before the database is opened' : `Did you mean ${near}?`,
    { name },
  )
}

export function functionFailed(name: string, cause: unknown): VarveError {
  const message = `Transaction function ${name} failed: ${cause instanceof Error ? cause.message : String(cause)}`
  const fix = 'Look at the cause; nothing was written'
  return new VarveError({
    code: 'varve.error/transaction-function-failed',
    kind: 'incorrect',
    message,
    fix,
    data: { name },
    cause,
  })
}

export function tempidNotAllowed(name: string, where: string): VarveError {
  const message = `Tempid ${name} stands ${where}, which looks at the database before the transaction`
  return incorrect('varve.error/tempid-not-allowed', message, 'Use an entity id or a lookup ref', {
    tempid: name,
  })
}

export function tempidNotAnEntity(name: string): VarveError {
  return incorrect(
    'db.error/tempid-not-an-entity',
    `Tempid ${name} is used as a value, but nothing is said about it`,
    'Add a fact about it; a lookup ref among many values stands in a vector of its own',
    { tempid: name },
  )
}

export function invalidCas(what: string, fix: string): VarveError {
  return incorrect('db.error/invalid-cas', what, fix)
}

export function casMany(attribute: Attribute): VarveError {
  const message = `${String(attribute.ident)} has cardinality many: there is no one value to compare`
  return incorrect('db.error/invalid-cas-many', message, 'Use :db/add and :db/retract', {
    attribute: String(attribute.ident),
  })
}

export function casFailed(e: EntityId, attribute: Attribute, expected: string, held: string): VarveError {
  return conflict(
    'db.error/cas-failed',
    `Compare-and-set of ${String(attribute.ident)} on ${e} failed: it expected ${expected} and found ${held}`,
    'Read the value again and retry',
    { entity: e, attribute: String(attribute.ident), expected, held },
  )
}

export function datomsConflict(e: EntityId, attribute: Attribute, first: string, second: string): VarveError {
  return conflict(
    'db.error/datoms-conflict',
    `Two operations contradict each other about ${String(attribute.ident)} of ${e}: ${first} and ${second}`,
    'A transaction is a set without order: say one of the two',
    { entity: e, attribute: String(attribute.ident), operations: [first, second] },
  )
}

export function newHoldersConflict(
  attribute: Attribute,
  value: string,
  e1: EntityId,
  e2: EntityId,
): VarveError {
  return conflict(
    'db.error/datoms-conflict',
    `Entities ${e1} and ${e2} both get ${String(attribute.ident)} ${value}, which is unique`,
    'Give one of them another value, or use one tempid for both',
    { attribute: String(attribute.ident), value, entities: [e1, e2] },
  )
}

export function uniqueConflict(
  attribute: Attribute,
  value: string,
  holder: EntityId,
  e: EntityId,
): VarveError {
  return conflict(
    'db.error/unique-conflict',
    `${String(attribute.ident)} ${value} belongs to ${holder} and cannot be given to ${e}`,
    'Use another value, or retract it from its holder in the same transaction',
    { attribute: String(attribute.ident), value, holder, entity: e },
  )
}

export function upsertConflict(
  tempid: string,
  attribute: Attribute,
  value: string,
  e1: EntityId,
  e2: EntityId,
): VarveError {
  return conflict(
    'db.error/unique-conflict',
    `Tempid ${tempid} would be two entities: ${e1} by another identity and ${e2} by ${String(attribute.ident)} ${value}`,
    'Identities of one entity must belong to the same entity',
    { tempid, attribute: String(attribute.ident), value, entities: [e1, e2] },
  )
}

export function compositeWritten(attribute: Attribute, given: string, actual: string): VarveError {
  return incorrect(
    'varve.error/composite-disagrees',
    `${String(attribute.ident)} ${given} disagrees with the parts of the entity, which make it ${actual}`,
    'Assert the parts; the composite tuple follows by itself',
    { attribute: String(attribute.ident), given, actual },
  )
}

export function compositeRetracted(attribute: Attribute): VarveError {
  const message = `${String(attribute.ident)} is a composite tuple and cannot be retracted`
  return incorrect(
    'varve.error/composite-retracted',
    message,
    'Retract the parts; the tuple follows by itself',
    {
      attribute: String(attribute.ident),
    },
  )
}

export function attributePredicateFailed(
  attribute: Attribute,
  predicate: string,
  value: string,
  why: string,
): VarveError {
  return incorrect(
    'db.error/attr-pred',
    `${String(attribute.ident)} does not allow ${value}: ${predicate} gave ${why}`,
    'Give a value that the predicate allows',
    { attribute: String(attribute.ident), predicate, value },
  )
}

export function predicateUnknown(name: string): VarveError {
  const message = `Predicate ${name} is not registered in this process`
  return incorrect('varve.error/predicate-unknown', message, 'Register it when the database is opened', {
    name,
  })
}

export function entityAttributesMissing(e: EntityId, spec: string, missing: readonly string[]): VarveError {
  const message = `Entity ${e} lacks ${missing.join(', ')}, which ${spec} requires`
  return incorrect('db.error/entity-attr', message, 'Add the missing attributes', {
    entity: e,
    spec,
    missing,
  })
}

export function entityPredicateFailed(e: EntityId, spec: string, predicate: string, why: string): VarveError {
  const message = `Entity ${e} is not what ${spec} requires: ${predicate} gave ${why}`
  return incorrect('db.error/entity-pred', message, 'The predicate must give exactly true', {
    entity: e,
    spec,
    predicate,
  })
}

export function pastTxInstant(given: Date, last: Date): VarveError {
  return incorrect(
    'db.error/past-tx-instant',
    `:db/txInstant ${given.toISOString()} is before the last transaction's, ${last.toISOString()}`,
    'Import history in the order of its moments, before newer transactions',
    { given, last },
  )
}

export function futureTxInstant(given: Date, now: Date): VarveError {
  return incorrect(
    'db.error/future-tx-instant',
    `:db/txInstant ${given.toISOString()} is after the clock's ${now.toISOString()}`,
    'Use a moment that has come, and keep moments to come in attributes of your own',
    { given, now },
  )
}

export function resetTxInstant(e: EntityId): VarveError {
  const message = `:db/txInstant of ${e} cannot change`
  return incorrect(
    'db.error/reset-tx-instant',
    message,
    'Only the transaction itself may be given its instant',
    {
      entity: e,
    },
  )
}

export function readsMeetWrites({ message, fix, place }: Warning): VarveError {
  return conflict('varve.error/reads-meet-writes', message, fix, { place })
}

export function readsMeetWritesMessage(name: string, fact: string): string {
  return `${name} read ${fact}, which another operation of the same transaction writes; it saw the database before`
}

export const READS_MEET_WRITES_FIX = 'Put the two into separate transactions, or into one function'

export function speculationOverHistory(): VarveError {
  const message = 'A history shows the past and takes no transaction'
  return incorrect(
    'varve.error/with-on-history',
    message,
    'Use the database from which the history was taken',
  )
}

export function installInvalid(ident: string, what: string, fix: string): VarveError {
  return incorrect('db.error/invalid-install-attribute', `Attribute ${ident}: ${what}`, fix, {
    attribute: ident,
  })
}

export function alterInvalid(ident: string, what: string, fix: string, data: Data = {}): VarveError {
  const message = `Attribute ${ident} cannot be changed: ${what}`
  return incorrect('db.error/invalid-alter-attribute', message, fix, { attribute: ident, ...data })
}

export function identMissing(e: EntityId): VarveError {
  const message = `Entity ${e} has a :db/valueType and no :db/ident`
  return incorrect('db.error/attribute-ident-missing', message, 'Give the attribute a name', { entity: e })
}

export function schemaValueInvalid(code: string, ident: string, what: string): VarveError {
  return incorrect(code, `Attribute ${ident}: ${what}`, 'Use one of the idents that the schema guide lists', {
    attribute: ident,
  })
}

export function notInSystemPartition(ident: string, e: EntityId): VarveError {
  const message = `${ident} cannot become an attribute: entity ${e} was made as something else`
  return incorrect('db.error/not-in-system-partition', message, 'Make the attribute as a new entity', {
    attribute: ident,
    entity: e,
  })
}

export function builtinCannotBeAltered(name: string): VarveError {
  const message = `${name} belongs to every database and cannot be changed`
  return incorrect('db.error/datom-cannot-be-altered', message, 'Make an attribute or ident of your own', {
    name,
  })
}

/** A value as it stands in a message; long text is cut. */
export function shown(value: Edn | Value | undefined): string {
  const text = value === undefined ? 'nothing' : showEdn(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

function showEdn(value: Edn): string {
  if (value === null) return 'nil'
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value instanceof Keyword) return String(value)
  if (value instanceof Date) return `#inst "${value.toISOString()}"`
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`
  if (Array.isArray(value)) return `[${value.map(showEdn).join(' ')}]`
  if (value instanceof EdnList) return `(${value.items.map(showEdn).join(' ')})`
  if (value instanceof EdnSet) return `#{${value.items.map(showEdn).join(' ')}}`
  if (value instanceof EdnMap) {
    return `{${value.entries.map(([k, v]) => `${showEdn(k)} ${showEdn(v)}`).join(', ')}}`
  }
  if (value instanceof Tagged) return `#${value.tag} ${showEdn(value.value)}`
  return String(value)
}
