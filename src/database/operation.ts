// What a transaction's forms say, as typed operations: what parse-transaction.ts makes and transact.ts carries
// out. Entities and values stand as they were named; nothing here has seen a fact.

import type { Attribute, EntityId } from '../fact/attribute.ts'
import type { Edn, Keyword, Value } from '../fact/value.ts'

/** Where a form stands: a step below another place. The root of a transaction is undefined. */
export type Path = { readonly parent: Path | undefined; readonly key: string | number }

/** A new entity, or one that an identity value tells. Tempids that mean one entity form a tree (union-find). */
export class Tempid {
  /** As it was written; undefined for a map without `:db/id`. */
  readonly name: string | undefined
  parent: Tempid | undefined = undefined
  /** Of a root: the entity, once it is known. */
  entity: EntityId | undefined = undefined
  /** Of a root: the kind that the entity's first own attribute gives it. */
  kind: number | undefined = undefined
  /** Of a root: the entity is made by this transaction. */
  isNew = false

  constructor(name: string | undefined) {
    this.name = name
  }

  root(): Tempid {
    let root: Tempid = this
    while (root.parent !== undefined) root = root.parent
    if (root !== this) this.parent = root
    return root
  }

  toString(): string {
    return this.name ?? 'of a map without :db/id'
  }
}

/** `[attribute value]`: the entity that has this unique value before the transaction. */
export class LookupRef {
  readonly attribute: Attribute
  readonly value: Edn
  constructor(attribute: Attribute, value: Edn) {
    this.attribute = attribute
    this.value = value
  }
  toString(): string {
    return `[${this.attribute.ident} ${String(this.value)}]`
  }
}

/** A tuple in which tempids stand at places of references. */
export class TupleWithTempids {
  readonly items: readonly (Edn | Tempid)[]
  constructor(items: readonly (Edn | Tempid)[]) {
    this.items = items
  }
  toString(): string {
    return `[${this.items.map(String).join(' ')}]`
  }
}

/** How a form names an entity. */
export type EntityName = EntityId | Keyword | Tempid | LookupRef
/** The value of an operation; of a reference an `EntityName`. */
export type OperationValue = Edn | Tempid | LookupRef | TupleWithTempids

/** The entity that has a unique value before the transaction, null for nobody; undefined before somebody looked. */
export type Holder = EntityId | null | undefined

export type FactOperation = {
  readonly kind: 'add' | 'retract'
  readonly e: EntityName
  readonly attribute: Attribute
  /** undefined in a retract means every value. */
  readonly value: OperationValue | undefined
  readonly path: Path | undefined
  /** Which function call it came from: 0 for none, else its place among the calls, counted from 1. */
  readonly origin: number
  /** The value by the attribute's type, once an upsert needed it. */
  coerced: Value | undefined
  /** Who holds this unique value before: an upsert has looked. */
  holder: Holder
}

export type CasOperation = {
  readonly kind: 'cas'
  readonly e: EntityName
  readonly attribute: Attribute
  readonly old: OperationValue
  readonly value: OperationValue
  readonly path: Path | undefined
  readonly origin: number
}

export type RetractEntityOperation = {
  readonly kind: 'retract-entity'
  readonly e: EntityName
  readonly path: Path | undefined
  readonly origin: number
}

export type Operation = FactOperation | CasOperation | RetractEntityOperation

export type FunctionCall = {
  /** Without colon. */
  readonly name: string
  readonly args: readonly Edn[]
  readonly path: Path | undefined
  /** The call whose result this one stands in: 0 for none, else counted from 1. */
  readonly parent: number
}

/** Keys and indices from the root of the transaction. */
export function pathOf(path: Path | undefined): (string | number)[] {
  const keys: (string | number)[] = []
  for (let step = path; step !== undefined; step = step.parent) keys.push(step.key)
  return keys.reverse()
}
