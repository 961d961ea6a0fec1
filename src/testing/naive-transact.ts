// The model of a transaction: what must hold after it, told with sets. It knows nothing of forms, sorting or
// lookups in an index, and shares no code with the transactor that it judges.
//
//   H  the facts before       A  asserted by some operation       R  retracted by some operation
//   S = H − R − (old values of cardinality one that A replaces) + A, then composite tuples from their parts
//
// The transaction writes S − H and H − S. It fails if A and R meet, if A gives two values where one may be, or
// if S breaks uniqueness. Where several errors are due, any of them will do; `codes` holds them all.

import {
  entityId,
  kindOf,
  indexOf,
  type Attribute,
  type AttributeId,
  type EntityId,
} from '../fact/attribute.ts'
import type { Schema } from '../fact/schema.ts'
import { compareValues, textKey, type Scalar, type Value } from '../fact/value.ts'

export type Fact = { readonly e: EntityId; readonly a: AttributeId; readonly v: Value }
export type Facts = ReadonlyMap<string, Fact>

/** How an operation of the model names an entity. */
export type ModelName =
  | { readonly kind: 'entity'; readonly id: EntityId }
  | { readonly kind: 'tempid'; readonly name: string }
  | { readonly kind: 'lookup'; readonly a: AttributeId; readonly v: Value }
/** A value; for a reference the name of an entity. */
export type ModelValue = Value | ModelName

/** A value before anybody is named: a tempid stands for its own name. */
type RawValue = Value | Extract<ModelName, { kind: 'tempid' }>

export type ModelOperation =
  | { readonly kind: 'add'; readonly e: ModelName; readonly a: AttributeId; readonly v: ModelValue }
  | {
      readonly kind: 'retract'
      readonly e: ModelName
      readonly a: AttributeId
      readonly v: ModelValue | undefined
    }
  | {
      readonly kind: 'cas'
      readonly e: ModelName
      readonly a: AttributeId
      readonly old: ModelValue | null
      readonly v: ModelValue
    }
  | { readonly kind: 'retract-entity'; readonly e: ModelName }

export type ModelOutcome =
  | { readonly kind: 'failed'; readonly codes: ReadonlySet<string> }
  | {
      readonly kind: 'done'
      readonly after: Facts
      readonly tempids: ReadonlyMap<string, EntityId>
      readonly added: readonly Fact[]
      readonly retracted: readonly Fact[]
    }

export function factOf(fact: Fact): string {
  return `${fact.e} ${fact.a} ${textKey(fact.v)}`
}

/** What a transaction of these operations does to `before`; `made` tells how many ids each kind has given out. */
export function naiveTransact(
  before: Facts,
  operations: readonly ModelOperation[],
  schema: Schema,
  made: (kind: number) => number,
): ModelOutcome {
  const model = new Model(before, operations, schema, made)
  model.nameEverybody()
  model.ask()
  if (model.codes.size > 0) return { kind: 'failed', codes: model.codes }
  const after = model.stateAfter()
  model.judge(after)
  if (model.codes.size > 0) return { kind: 'failed', codes: model.codes }
  return {
    kind: 'done',
    after,
    tempids: model.tempids,
    added: [...after.values()].filter((fact) => !before.has(factOf(fact))),
    retracted: [...before.values()].filter((fact) => !after.has(factOf(fact))),
  }
}

class Model {
  readonly codes = new Set<string>()
  readonly tempids = new Map<string, EntityId>()
  readonly #before: Facts
  readonly #operations: readonly ModelOperation[]
  readonly #schema: Schema
  readonly #made: (kind: number) => number
  readonly #asserted = new Map<string, Fact>()
  readonly #retracted = new Map<string, Fact>()

  constructor(
    before: Facts,
    operations: readonly ModelOperation[],
    schema: Schema,
    made: (kind: number) => number,
  ) {
    this.#before = before
    this.#operations = operations
    this.#schema = schema
    this.#made = made
  }

  /** Every tempid of which something is said becomes an entity. */
  nameEverybody(): void {
    const adds = this.#operations.filter((operation) => operation.kind === 'add')
    const described = adds.flatMap((add) => (add.e.kind === 'tempid' ? [{ ...add, name: add.e.name }] : []))
    const asserted = described.filter(({ a }) => this.#attribute(a).unique === 'identity')
    const identities = [...asserted, ...this.#retractedIdentities()]
    const groups = groupsOf(
      [...described, ...identities].map(({ name }) => name),
      asserted.map(({ name, a, v }) => ({ name, identity: `${a} ${identityKey(this.#raw(v))}` })),
    )
    for (const group of groups) {
      const holdersOf = (name: string): Set<EntityId> =>
        new Set(
          identities
            .filter((said) => said.name === name)
            .flatMap(({ a, v }) => this.#holders(a, this.#raw(v))),
        )
      for (const name of group) if (holdersOf(name).size > 1) this.codes.add('db.error/unique-conflict')
      const holders = new Set([...group].flatMap((name) => [...holdersOf(name)]))
      // Two entities joined by one new identity: that both would hold it is the contradiction. Whose parts a composite
      // has to agree with is then open.
      if (holders.size > 1) {
        this.codes.add('db.error/datoms-conflict')
        const saysComposite = described.some(({ name, a }) => group.has(name) && this.#isComposite(a))
        if (saysComposite) this.codes.add('varve.error/composite-disagrees')
      }
      const [holder] = holders
      if (holder !== undefined) for (const name of group) this.tempids.set(name, holder)
    }
    const given = new Map<number, number>()
    for (const { name } of described) {
      if (this.tempids.has(name)) continue
      const group = [...groups].find((names) => names.has(name))!
      const [first] = described.filter((add) => group.has(add.name))
      const kind = this.#schema.kindOfAttribute(this.#attribute(first!.a))
      const index = given.get(kind) ?? this.#made(kind)
      given.set(kind, index + 1)
      for (const other of group) this.tempids.set(other, entityId(kind, index))
    }
  }

  /** What retracts say of who a tempid is. */
  #retractedIdentities(): { readonly name: string; readonly a: AttributeId; readonly v: ModelValue }[] {
    return this.#operations.flatMap((operation) => {
      if (operation.kind !== 'retract') return []
      const { e, a, v } = operation
      const isIdentity = e.kind === 'tempid' && this.#attribute(a).unique === 'identity'
      return isIdentity && v !== undefined ? [{ name: e.name, a, v }] : []
    })
  }

  /** Fills A and R. */
  ask(): void {
    for (const operation of this.#operations) {
      switch (operation.kind) {
        case 'add': {
          const e = this.#entity(operation.e, true)
          const v = this.#value(operation.v)
          if (e !== undefined && v !== undefined) this.#assert({ e, a: operation.a, v })
          break
        }
        case 'retract':
          this.#askRetract(operation)
          break
        case 'cas':
          this.#askCas(operation)
          break
        default:
          this.#askRetractEntity(operation.e)
      }
    }
  }

  stateAfter(): Facts {
    const after = new Map(this.#before)
    for (const key of this.#retracted.keys()) after.delete(key)
    for (const { e, a, v } of this.#asserted.values()) {
      const replaces = this.#attribute(a).cardinality === 'one'
      for (const [key, fact] of after) {
        if (replaces && fact.e === e && fact.a === a && textKey(fact.v) !== textKey(v)) after.delete(key)
      }
    }
    for (const [key, fact] of this.#asserted) if (!this.#isComposite(fact.a)) after.set(key, fact)
    this.#followParts(after)
    return after
  }

  /** What makes the whole impossible. */
  judge(after: Facts): void {
    for (const key of this.#asserted.keys()) {
      if (this.#retracted.has(key)) this.codes.add('db.error/datoms-conflict')
    }
    const asserted = [...this.#asserted.values()]
    for (const x of asserted) {
      for (const y of asserted) {
        const isOnePlace = x.e === y.e && x.a === y.a && factOf(x) !== factOf(y)
        if (!isOnePlace || this.#isComposite(x.a)) continue
        if (this.#attribute(x.a).cardinality === 'one') this.codes.add('db.error/datoms-conflict')
      }
      if (this.#isComposite(x.a) && !after.has(factOf(x))) this.codes.add('varve.error/composite-disagrees')
    }
    const unique = [...after.values()].filter(({ a }) => this.#attribute(a).unique !== undefined)
    for (const x of unique) {
      for (const y of unique) {
        if (x.e >= y.e || x.a !== y.a || textKey(x.v) !== textKey(y.v)) continue
        const isOld = this.#before.has(factOf(x)) || this.#before.has(factOf(y))
        this.codes.add(isOld ? 'db.error/unique-conflict' : 'db.error/datoms-conflict')
      }
    }
  }

  #askRetract({ e: name, a, v: given }: Extract<ModelOperation, { kind: 'retract' }>): void {
    const e = this.#entity(name, false)
    const v = given === undefined ? undefined : this.#value(given)
    if (e === undefined) return
    if (given === undefined) {
      for (const fact of this.#before.values()) if (fact.e === e && fact.a === a) this.#retract(fact)
    } else if (v !== undefined) this.#retract({ e, a, v })
  }

  #askCas({ e: name, a, old, v: given }: Extract<ModelOperation, { kind: 'cas' }>): void {
    if (this.#attribute(a).cardinality === 'many') this.codes.add('db.error/invalid-cas-many')
    if (name.kind === 'tempid') {
      this.codes.add('varve.error/tempid-not-allowed')
      return
    }
    const e = this.#entity(name, true)
    const v = this.#value(given)
    if (e === undefined) return
    const held = [...this.#before.values()].filter((fact) => fact.e === e && fact.a === a)
    const expected = old === null ? [] : [this.#resolve(old)]
    const isHeld =
      held.length === expected.length &&
      held.every((fact) => expected[0] !== undefined && textKey(fact.v) === textKey(expected[0]))
    if (!isHeld) this.codes.add('db.error/cas-failed')
    if (v !== undefined) this.#assert({ e, a, v })
  }

  #askRetractEntity(name: ModelName): void {
    if (name.kind === 'tempid') {
      this.codes.add('varve.error/tempid-not-allowed')
      return
    }
    const first = this.#resolve(name) as EntityId | undefined
    if (first === undefined) return
    const gone = new Set([first])
    // A set grows while it is walked over, so this ends when no component is left that is not in it.
    for (const e of gone) {
      for (const fact of this.#before.values()) {
        if (fact.e === e && this.#attribute(fact.a).isComponent) gone.add(fact.v as EntityId)
      }
    }
    for (const fact of this.#before.values()) {
      const pointsThere = this.#attribute(fact.a).valueType === 'ref' && gone.has(fact.v as EntityId)
      if ((gone.has(fact.e) || pointsThere) && !this.#isComposite(fact.a)) this.#retract(fact)
    }
  }

  /** Composite tuples of entities whose parts were asserted or changed become what the parts say. */
  #followParts(after: Map<string, Fact>): void {
    for (const composite of this.#schema.attributes()) {
      if (composite.tuple?.kind !== 'composite') continue
      const parts = composite.tuple.attributes
      const spokenOf = [...this.#asserted.values(), ...this.#retracted.values()].filter(
        ({ a }) => a === composite.id || parts.includes(a),
      )
      for (const e of new Set(spokenOf.map((fact) => fact.e))) {
        const members = parts.map((part) => valueOf(after, e, part) as Scalar | null)
        for (const [key, fact] of after) if (fact.e === e && fact.a === composite.id) after.delete(key)
        const fact: Fact = { e, a: composite.id, v: members }
        if (members.some((member) => member !== null)) after.set(factOf(fact), fact)
      }
    }
  }

  #assert(fact: Fact): void {
    this.#asserted.set(factOf(fact), fact)
  }

  #retract(fact: Fact): void {
    this.#retracted.set(factOf(fact), fact)
  }

  #entity(name: ModelName, mustBe: boolean): EntityId | undefined {
    const e = this.#resolve(name) as EntityId | undefined
    if (e !== undefined) return e
    if (name.kind === 'entity') this.codes.add('db.error/invalid-entity-id')
    else if (name.kind === 'lookup') this.codes.add('db.error/not-an-entity')
    else if (mustBe) this.codes.add('db.error/tempid-not-an-entity')
    return undefined
  }

  #value(value: ModelValue): Value | undefined {
    return isName(value) ? this.#entity(value, true) : value
  }

  /** The value, or the entity that is meant, or undefined for nobody. */
  #resolve(value: ModelValue): Value | undefined {
    if (!isName(value)) return value
    switch (value.kind) {
      case 'entity':
        return indexOf(value.id) < this.#made(kindOf(value.id)) ? value.id : undefined
      case 'tempid':
        return this.tempids.get(value.name)
      default:
        return this.#holders(value.a, value.v)[0]
    }
  }

  #raw(value: ModelValue): RawValue | undefined {
    return isName(value) && value.kind === 'tempid' ? value : this.#resolve(value)
  }

  #holders(a: AttributeId, v: RawValue | undefined): EntityId[] {
    if (v === undefined || isName(v)) return []
    return [...this.#before.values()]
      .filter((fact) => fact.a === a && compareValues(fact.v, v) === 0)
      .map((fact) => fact.e)
  }

  #attribute(a: AttributeId): Attribute {
    return this.#schema.attribute(a)!
  }

  #isComposite(a: AttributeId): boolean {
    return this.#attribute(a).tuple?.kind === 'composite'
  }
}

/** Names that are one: those that share an identity, and those that share one with them. */
function groupsOf(
  names: readonly string[],
  identities: readonly { readonly name: string; readonly identity: string }[],
): ReadonlySet<ReadonlySet<string>> {
  const groups = new Map(names.map((name) => [name, new Set([name])]))
  for (const x of identities) {
    for (const y of identities) {
      if (x.identity !== y.identity) continue
      const merged = new Set([...groups.get(x.name)!, ...groups.get(y.name)!])
      for (const name of merged) groups.set(name, merged)
    }
  }
  return new Set(groups.values())
}

function identityKey(value: Value | ModelName | undefined): string {
  if (value === undefined) return 'nobody'
  return isName(value) ? JSON.stringify(value) : textKey(value)
}

function isName(value: ModelValue): value is ModelName {
  return typeof value === 'object' && 'kind' in value && ['entity', 'tempid', 'lookup'].includes(value.kind)
}

function valueOf(facts: Facts, e: EntityId, a: AttributeId): Value | null {
  for (const fact of facts.values()) if (fact.e === e && fact.a === a) return fact.v
  return null
}
