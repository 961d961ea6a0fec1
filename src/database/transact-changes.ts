// What the operations of a transaction ask for, fact by fact: additions and retractions of typed values on
// entities, each judged alone. What they mean together is the work of transact-datoms.ts.

import { VarveError } from '../base/errors.ts'
import { kindOf, indexOf, DB_KIND, type Attribute, type EntityId } from '../fact/attribute.ts'
import { BUILTIN_COUNT, DB_ENSURE, DB_TX_INSTANT } from '../fact/bootstrap.ts'
import { equalValues, type Value } from '../fact/value.ts'
import * as errors from './errors.ts'
import type { FunctionRegistry } from './functions.ts'
import {
  Tempid,
  type CasOperation,
  type FactOperation,
  type Holder,
  type Operation,
  type Path,
  type RetractEntityOperation,
} from './operation.ts'
import { checkAttributePredicates } from './predicates.ts'
import type { Names } from './transact-names.ts'

export type Change = {
  readonly e: EntityId
  readonly attribute: Attribute
  readonly v: Value
  readonly added: boolean
  /** The entity is made by this transaction: nothing is held about it. */
  readonly isNew: boolean
  /** Who held this unique value before, if somebody has looked. */
  readonly holder: Holder
  readonly path: Path | undefined
  readonly origin: number
  /** It is not merely what was so before. */
  hasEffect: boolean
}

export type Ensure = { readonly e: EntityId; readonly spec: EntityId; readonly path: Path | undefined }

export class Changes {
  readonly list: Change[] = []
  readonly ensures: Ensure[] = []
  /** The instant that the transaction gives itself. */
  txInstant: { readonly v: Date; readonly path: Path | undefined } | undefined
  readonly #names: Names
  readonly #functions: FunctionRegistry
  #retracted: Set<EntityId> | undefined

  constructor(names: Names, functions: FunctionRegistry) {
    this.#names = names
    this.#functions = functions
  }

  take(operations: readonly Operation[]): void {
    for (const operation of operations) {
      this.#names.cursor.path = operation.path
      switch (operation.kind) {
        case 'add':
          this.#takeAdd(operation)
          break
        case 'retract':
          this.#takeRetract(operation)
          break
        case 'cas':
          this.#takeCas(operation)
          break
        default:
          this.#takeRetractEntity(operation)
      }
    }
  }

  #takeAdd(operation: FactOperation): void {
    const { attribute, path } = operation
    const e = this.#names.entity(operation.e)
    if (e === undefined) throw errors.tempidNotAnEntity(String(operation.e))
    const v = operation.coerced ?? this.#names.value(attribute, operation.value!)
    if (attribute.id === DB_ENSURE) this.ensures.push({ e, spec: v as EntityId, path })
    else if (attribute.id === DB_TX_INSTANT) this.#takeTxInstant(e, attribute, v as Date, path)
    else this.#add(operation, e, v, operation.holder)
  }

  #add(operation: FactOperation | CasOperation, e: EntityId, v: Value, holder: Holder): void {
    const { attribute, path, origin } = operation
    if (attribute.predicates.length > 0) checkAttributePredicates(attribute, v, this.#functions)
    const isNew = (operation.e instanceof Tempid && operation.e.root().isNew) || e === this.#names.txEntity
    this.list.push({ e, attribute, v, added: true, isNew, holder, path, origin, hasEffect: false })
  }

  #takeTxInstant(e: EntityId, attribute: Attribute, v: Date, path: Path | undefined): void {
    if (e !== this.#names.txEntity) throw errors.resetTxInstant(e)
    const other = this.txInstant?.v
    if (other !== undefined && other.getTime() !== v.getTime()) {
      throw errors.datomsConflict(e, attribute, errors.shown(other), errors.shown(v))
    }
    this.txInstant = { v, path }
  }

  #takeRetract(operation: FactOperation): void {
    const { attribute, value, path, origin } = operation
    const e = this.#names.entity(operation.e)
    if (attribute.id === DB_TX_INSTANT) throw errors.resetTxInstant(e ?? this.#names.txEntity)
    if (attribute.tuple?.kind === 'composite') throw errors.compositeRetracted(attribute)
    if (value !== undefined) {
      const v = operation.coerced ?? this.#names.value(attribute, value)
      if (e !== undefined) this.#retract(e, attribute, v, path, origin)
    } else if (e !== undefined) {
      for (const { v } of this.#names.facts.match(e, attribute.id, undefined)) {
        this.#retract(e, attribute, v, path, origin)
      }
    }
  }

  #retract(e: EntityId, attribute: Attribute, v: Value, path: Path | undefined, origin: number): void {
    this.list.push({
      e,
      attribute,
      v,
      added: false,
      isNew: false,
      holder: undefined,
      path,
      origin,
      hasEffect: false,
    })
  }

  #takeCas(operation: CasOperation): void {
    const { attribute } = operation
    if (operation.e instanceof Tempid) {
      throw errors.tempidNotAllowed(String(operation.e), 'as entity of a compare-and-set')
    }
    const e = this.#names.entity(operation.e)!
    if (attribute.id === DB_TX_INSTANT) throw errors.resetTxInstant(e)
    let held: Value | undefined
    for (const datom of this.#names.facts.match(e, attribute.id, undefined)) held = datom.v
    const expected = this.#expected(operation)
    const isHeld = held === undefined ? expected === null : expected !== null && equalValues(expected, held)
    if (!isHeld) {
      const { old } = operation
      throw errors.casFailed(e, attribute, errors.shown(expected ?? asShown(old)), errors.shown(held))
    }
    this.#add(operation, e, this.#names.value(attribute, operation.value), undefined)
  }

  /** The old value of a cas; one that the attribute cannot hold fails as any other that is not there. */
  #expected({ attribute, old }: CasOperation): Value | null {
    if (old === null) return null
    try {
      return this.#names.value(attribute, old)
    } catch (error) {
      if (error instanceof VarveError) return []
      throw error
    }
  }

  #takeRetractEntity(operation: RetractEntityOperation): void {
    if (operation.e instanceof Tempid) {
      throw errors.tempidNotAllowed(String(operation.e), 'as entity of a :db/retractEntity')
    }
    const first = this.#names.entityIfAny(operation.e)
    if (first === undefined) return
    if (first === this.#names.txEntity) throw errors.resetTxInstant(first)
    // A stack of our own: chains of components may be longer than the machine's stack is deep.
    const waiting = [first]
    this.#retracted ??= new Set()
    for (let e = waiting.pop(); e !== undefined; e = waiting.pop()) {
      if (this.#retracted.has(e)) continue
      this.#retracted.add(e)
      this.#retractOne(e, operation, waiting)
    }
  }

  #retractOne(e: EntityId, { path, origin }: RetractEntityOperation, components: EntityId[]): void {
    const { facts, schema } = this.#names
    if (kindOf(e) === DB_KIND && indexOf(e) < BUILTIN_COUNT) {
      throw errors.builtinCannotBeAltered(String(schema.identOf(e) ?? e))
    }
    for (const { a, v } of facts.match(e, undefined, undefined)) {
      const attribute = schema.attribute(a)!
      if (a === DB_TX_INSTANT) throw errors.resetTxInstant(e)
      // Composite tuples follow their parts by themselves.
      if (attribute.tuple?.kind === 'composite') continue
      this.#retract(e, attribute, v, path, origin)
      if (attribute.isComponent) components.push(v as EntityId)
    }
    for (const { e: referrer, a } of facts.range('vaet', { prefix: [e] })) {
      const attribute = schema.attribute(a)!
      if (attribute.valueType === 'ref') this.#retract(referrer, attribute, e, path, origin)
    }
  }
}

function asShown(old: CasOperation['old']): Value {
  return typeof old === 'object' && old !== null ? String(old) : (old as Value)
}
