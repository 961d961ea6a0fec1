// Who is meant. Entity names of operations become entities: tempids by the identities they are given (judged by
// the facts before), idents and lookup refs by the facts before, new entities by the next id of their kind.

import { VarveError } from '../base/errors.ts'
import { DB_KIND, entityId, indexOf, kindOf, type Attribute, type EntityId } from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT, DB_ENSURE, DB_IDENT } from '../fact/bootstrap.ts'
import { coerceValue, type CoerceContext } from '../fact/coerce.ts'
import { firstOf, type FactSource } from '../fact/datom.ts'
import { isSchemaAttribute, type Schema } from '../fact/schema.ts'
import { Keyword, keyOf, type Edn, type Value } from '../fact/value.ts'
import * as errors from './errors.ts'
import {
  LookupRef,
  Tempid,
  TupleWithTempids,
  type EntityName,
  type FactOperation,
  type Operation,
  type OperationValue,
  type Path,
} from './operation.ts'

/** Where the transactor is in its forms; an error that leaves gets it as its place. */
export type Cursor = { path: Path | undefined }

export class Names implements CoerceContext {
  readonly facts: FactSource
  readonly schema: Schema
  readonly txEntity: EntityId
  readonly cursor: Cursor
  readonly isPlainData: boolean
  /** Where ids of each kind go on, once this transaction made some. */
  #nextIndexes: Map<number, number> | undefined

  constructor(facts: FactSource, txEntity: EntityId, cursor: Cursor, isPlainData: boolean) {
    this.facts = facts
    this.schema = facts.schema
    this.txEntity = txEntity
    this.cursor = cursor
    this.isPlainData = isPlainData
  }

  /**
   * Gives every tempid that something is said about its entity. An identity tells who is meant whether it is asserted
   * or retracted; one that nobody has joins tempids only where it is asserted: to retract it does nothing.
   */
  bind(operations: readonly Operation[]): void {
    let assertedCount = 0
    for (const operation of operations) {
      if (!isIdentity(operation)) continue
      if (operation.kind === 'add') assertedCount++
      this.#upsert(operation, operation.e)
    }
    if (assertedCount > 1) joinShared(operations.filter(isIdentity).filter(({ kind }) => kind === 'add'))
    this.#makeEntities(operations)
  }

  /** The entity, which was made or is being made; undefined for a tempid of which nothing is said. */
  entity(name: EntityName): EntityId | undefined {
    if (typeof name === 'number') {
      if (!this.isMade(name)) throw errors.invalidEntityId(name)
      return name
    }
    if (name instanceof Tempid) return name.root().entity
    if (name instanceof Keyword) {
      const e = this.schema.entityNamed(name)
      if (e === undefined) throw errors.identNotAnEntity(name, this.schema)
      return e
    }
    const e = this.#find(name)
    if (e === undefined) throw errors.lookupNotAnEntity(name.attribute, errors.shown(name.value))
    return e
  }

  /** As `entity`, and undefined where the name means nobody. */
  entityIfAny(name: EntityName): EntityId | undefined {
    if (typeof name === 'number') return this.isMade(name) ? name : undefined
    if (name instanceof Keyword) return this.schema.entityNamed(name)
    if (name instanceof LookupRef) return this.#find(name)
    return this.entity(name)
  }

  isMade(e: EntityId): boolean {
    return e === this.txEntity || (e >= 0 && indexOf(e) < this.facts.entityCount(kindOf(e)))
  }

  /** A value by its attribute's type. */
  value(attribute: Attribute, value: OperationValue): Value {
    if (attribute.valueType === 'ref') {
      // The parser turned every value of a reference into the name of an entity.
      const e = this.entity(value as EntityName)
      if (e === undefined) throw errors.tempidNotAnEntity(String(value))
      return e
    }
    return coerceValue(attribute, this.#withoutTempids(value), this)
  }

  /** The entity that holds a unique value before the transaction. */
  holder(attribute: Attribute, value: Value): EntityId | undefined {
    return firstOf(this.facts.match(undefined, attribute.id, value))?.e
  }

  #upsert(operation: FactOperation, tempid: Tempid): void {
    const { attribute, value } = operation
    // A tempid inside an identity is compared by its name alone: whose it is is not known yet.
    if (value instanceof Tempid || value instanceof TupleWithTempids) return
    this.cursor.path = operation.path
    operation.coerced = this.value(attribute, value!)
    const holder = this.holder(attribute, operation.coerced)
    operation.holder = holder ?? null
    if (holder === undefined) return
    if (tempid.entity !== undefined && tempid.entity !== holder) {
      const shown = errors.shown(operation.coerced)
      throw errors.upsertConflict(String(tempid), attribute, shown, tempid.entity, holder)
    }
    tempid.entity = holder
  }

  #makeEntities(operations: readonly Operation[]): void {
    for (const operation of operations) {
      if (operation.kind !== 'add' || !(operation.e instanceof Tempid)) continue
      const { attribute } = operation
      if (attribute.id === DB_ENSURE) continue
      const root = operation.e.root()
      if (root.entity !== undefined) continue
      if (attribute.id >= BUILTIN_ATTRIBUTE_COUNT) root.kind ??= this.schema.kindOfAttribute(attribute)
      // Attributes are entities of the database's own kind, whatever else is said about them.
      else if (attribute.id !== DB_IDENT && isSchemaAttribute(attribute.id)) root.kind = DB_KIND
    }
    for (const operation of operations) {
      if (operation.kind !== 'add' || !(operation.e instanceof Tempid)) continue
      const root = operation.e.root()
      if (operation.attribute.id === DB_ENSURE || root.entity !== undefined) continue
      this.#nextIndexes ??= new Map()
      const kind = root.kind ?? DB_KIND
      const index = this.#nextIndexes.get(kind) ?? this.facts.entityCount(kind)
      this.#nextIndexes.set(kind, index + 1)
      root.entity = entityId(kind, index)
      root.isNew = true
    }
  }

  #find({ attribute, value }: LookupRef): EntityId | undefined {
    if (value === null) return undefined
    let coerced: Value
    try {
      coerced = coerceValue(attribute, value, this)
    } catch (error) {
      // Nobody has a value that the attribute cannot hold.
      if (error instanceof VarveError) return undefined
      throw error
    }
    return this.holder(attribute, coerced)
  }

  /** A reference inside a tuple, or the value of a lookup ref by a reference. */
  resolveRef(form: Edn): EntityId {
    if (typeof form === 'number' && this.#isBeingMade(form)) return form
    if (typeof form === 'number' || form instanceof Keyword) return this.entity(form)!
    if (Array.isArray(form) && form.length === 2 && form[0] instanceof Keyword) {
      const attribute = this.schema.attributeNamed(form[0])
      if (attribute === undefined) throw errors.attributeNotAnEntity(form[0], this.schema)
      if (attribute.unique === undefined) throw errors.lookupNotUnique(attribute)
      return this.entity(new LookupRef(attribute, form[1]))!
    }
    throw errors.notAnEntity(errors.shown(form), 'Name an entity by its id, an ident or a lookup ref')
  }

  /** True for an entity that a tempid of this transaction was given. */
  #isBeingMade(e: EntityId): boolean {
    return indexOf(e) < (this.#nextIndexes?.get(kindOf(e)) ?? 0)
  }

  #withoutTempids(value: OperationValue): Edn {
    if (!(value instanceof TupleWithTempids)) return value as Edn
    return value.items.map((item) => {
      if (!(item instanceof Tempid)) return item
      const e = item.root().entity
      if (e === undefined) throw errors.tempidNotAnEntity(String(item))
      return e
    })
  }
}

type IdentityOperation = FactOperation & { readonly e: Tempid }

/** True for a fact about a tempid that tells whom it means. */
function isIdentity(operation: Operation): operation is IdentityOperation {
  if ((operation.kind !== 'add' && operation.kind !== 'retract') || !(operation.e instanceof Tempid))
    return false
  return operation.attribute.unique === 'identity' && operation.value !== undefined
}

/** Tempids that are given the same value of an identity are one, unless the facts say they are two. */
function joinShared(identities: readonly IdentityOperation[]): void {
  const seen = new Map<number, Map<unknown, Tempid>>()
  for (const { e, attribute, value, coerced } of identities) {
    let holders = seen.get(attribute.id)
    if (holders === undefined) {
      holders = new Map()
      seen.set(attribute.id, holders)
    }
    const key = coerced === undefined ? value : keyOf(coerced)
    const other = holders.get(key)
    if (other === undefined) holders.set(key, e)
    else join(other.root(), e.root())
  }
}

function join(first: Tempid, second: Tempid): void {
  if (first === second) return
  // Two entities with one new identity: the end state is judged later, and they stay two until then.
  if (first.entity !== undefined && second.entity !== undefined && first.entity !== second.entity) return
  first.entity ??= second.entity
  second.parent = first
}
