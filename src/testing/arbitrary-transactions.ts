// Random schemas and transactions for property tests: few attributes of every sort, few values, few entities, so
// that operations meet each other. An operation is generated in the model's terms and written as forms beside it.

import fc from 'fast-check'
import { entityId, type Attribute, type AttributeId, type EntityId } from '../fact/attribute.ts'
import type { Schema } from '../fact/schema.ts'
import { EdnMap, keyword, type Edn, type Value } from '../fact/value.ts'
import type { ModelName, ModelOperation, ModelValue } from './naive-transact.ts'

export type SchemaChoice = {
  readonly manyJ: boolean
  readonly manyC: boolean
  readonly isComponentF: boolean
  readonly isComponentFs: boolean
  readonly uniqueComposite: 'none' | 'value' | 'identity'
}

export const schemaChoice: fc.Arbitrary<SchemaChoice> = fc.record({
  manyJ: fc.boolean(),
  manyC: fc.boolean(),
  isComponentF: fc.boolean(),
  isComponentFs: fc.boolean(),
  uniqueComposite: fc.constantFrom('none' as const, 'value' as const, 'identity' as const),
})

const IDENTITIES = ['p/k', 'p/j', 'q/o'] as const

/** Names of the attributes that `schemaOf` makes, composite last. */
export const ATTRIBUTES = ['p/k', 'p/j', 'p/c', 'p/n', 'p/m', 'p/f', 'p/fs', 'q/n', 'q/o', 'p/both'] as const

export function schemaOf(choice: SchemaChoice): Edn {
  return [
    attribute('p/k', 'string', false, 'identity'),
    attribute('p/j', 'long', choice.manyJ, 'identity'),
    attribute('p/c', 'string', choice.manyC, 'value'),
    attribute('p/n', 'long', false),
    attribute('p/m', 'long', true),
    attribute('p/f', 'ref', false, 'none', choice.isComponentF),
    attribute('p/fs', 'ref', true, 'none', choice.isComponentFs),
    attribute('q/n', 'long', false),
    attribute('q/o', 'ref', false, 'identity'),
    new EdnMap([
      ...attribute('p/both', 'tuple', false, choice.uniqueComposite).entries,
      [keyword('db/tupleAttrs'), [keyword('p/n'), keyword('q/n')]],
    ]),
  ]
}

function attribute(
  name: string,
  type: string,
  isMany: boolean,
  unique: 'none' | 'value' | 'identity' = 'none',
  isComponent = false,
): EdnMap {
  const entries: [Edn, Edn][] = [
    [keyword('db/ident'), keyword(name)],
    [keyword('db/valueType'), keyword(`db.type/${type}`)],
    [keyword('db/cardinality'), keyword(`db.cardinality/${isMany ? 'many' : 'one'}`)],
  ]
  if (unique !== 'none') entries.push([keyword('db/unique'), keyword(`db.unique/${unique}`)])
  if (isComponent) entries.push([keyword('db/isComponent'), true])
  return new EdnMap(entries)
}

/** Choices that become operations once schema and entities are known: numbers to be taken modulo. */
export type OperationChoice = {
  readonly form:
    | 'add'
    | 'map'
    | 'retract'
    | 'retract-identity'
    | 'retract-all'
    | 'cas'
    | 'cas-right'
    | 'retract-entity'
  readonly who: readonly [number, number]
  readonly facts: readonly (readonly [number, number, number])[]
}

const small = fc.nat(11)

const operationChoice: fc.Arbitrary<OperationChoice> = fc.record({
  form: fc.oneof(
    { weight: 8, arbitrary: fc.constant('add' as const) },
    { weight: 8, arbitrary: fc.constant('map' as const) },
    { weight: 4, arbitrary: fc.constant('retract' as const) },
    { weight: 2, arbitrary: fc.constant('retract-identity' as const) },
    { weight: 1, arbitrary: fc.constant('retract-all' as const) },
    { weight: 1, arbitrary: fc.constant('cas' as const) },
    { weight: 2, arbitrary: fc.constant('cas-right' as const) },
    { weight: 1, arbitrary: fc.constant('retract-entity' as const) },
  ),
  who: fc.tuple(small, small),
  facts: fc.array(fc.tuple(fc.nat(59), small, small), { minLength: 1, maxLength: 4 }),
})

export const transactionChoices: fc.Arbitrary<readonly (readonly OperationChoice[])[]> = fc.array(
  fc.array(operationChoice, { minLength: 1, maxLength: 5 }),
  { minLength: 2, maxLength: 6 },
)

export type Written = { readonly form: Edn; readonly operations: readonly ModelOperation[] }

/** Turns choices into operations over the entities that there are. */
export class Writer {
  readonly #schema: Schema
  readonly #entities: readonly EntityId[]
  readonly #held: (e: EntityId, a: AttributeId) => Value | undefined
  #anonymousCount = 0

  constructor(
    schema: Schema,
    entities: readonly EntityId[],
    held: (e: EntityId, a: AttributeId) => Value | undefined,
  ) {
    this.#schema = schema
    this.#entities = entities
    this.#held = held
  }

  write({ form, who, facts }: OperationChoice): Written {
    const e = this.#name(who)
    const [[first, x, y]] = facts as readonly [readonly [number, number, number]]
    const attribute = this.#pick(first, form === 'add')
    const a = attribute.id
    const v = this.#value(attribute, x, y)
    const at = keyword(attribute.ident.text)
    switch (form) {
      case 'add':
        return { form: [ADD, this.#nameForm(e), at, this.#form(v)], operations: [{ kind: 'add', e, a, v }] }
      case 'map':
        return this.#writeMap(e, who, facts)
      case 'retract': {
        const right = this.#right(e, a)
        const gone = right === undefined || y % 4 === 0 ? v : asValue(attribute, right)
        return {
          form: [RETRACT, this.#nameForm(e), at, this.#form(gone)],
          operations: [{ kind: 'retract', e, a, v: gone }],
        }
      }
      case 'retract-identity':
        return this.#writeRetractedIdentity(who, first, x)
      case 'retract-all':
        return {
          form: [RETRACT, this.#nameForm(e), at],
          operations: [{ kind: 'retract', e, a, v: undefined }],
        }
      case 'cas':
      case 'cas-right': {
        const right = this.#right(e, a)
        const held = right === undefined ? null : asValue(attribute, right)
        const old = form === 'cas' ? this.#value(attribute, y, x) : held
        return {
          form: [CAS, this.#nameForm(e), at, old === null ? null : this.#form(old), this.#form(v)],
          operations: [{ kind: 'cas', e, a, old, v }],
        }
      }
      default:
        return { form: [RETRACT_ENTITY, this.#nameForm(e)], operations: [{ kind: 'retract-entity', e }] }
    }
  }

  #writeMap(named: ModelName, who: readonly [number, number], facts: OperationChoice['facts']): Written {
    const isAnonymous = who[1] % 3 === 0
    const e: ModelName = isAnonymous ? { kind: 'tempid', name: `anonymous ${this.#anonymousCount++}` } : named
    const entries = new Map<string, [Edn, Edn]>()
    const operations: ModelOperation[] = []
    for (const [which, x, y] of facts) {
      const attribute = this.#pick(which, true)
      if (entries.has(attribute.ident.text)) continue
      const v = this.#value(attribute, x, y)
      entries.set(attribute.ident.text, [
        attribute.ident,
        attribute.cardinality === 'many' ? [this.#form(v)] : this.#form(v),
      ])
      operations.push({ kind: 'add', e, a: attribute.id, v })
    }
    const id: [Edn, Edn][] = isAnonymous ? [] : [[keyword('db/id'), this.#nameForm(e)]]
    return { form: new EdnMap([...id, ...entries.values()]), operations }
  }

  /** A tempid that an identity tells: mostly one that some entity has. */
  #writeRetractedIdentity([name]: readonly [number, number], which: number, x: number): Written {
    const e: ModelName = { kind: 'tempid', name: 'abcde'[name % 5]! }
    const attribute = this.#schema.attributeNamed(keyword(IDENTITIES[which % IDENTITIES.length]!))!
    const holder = this.#entities[x % Math.max(1, this.#entities.length)]
    const held = holder === undefined ? undefined : this.#held(holder, attribute.id)
    const v = held === undefined ? this.#value(attribute, x, which) : asValue(attribute, held)
    return {
      form: [RETRACT, e.name, attribute.ident, this.#form(v)],
      operations: [{ kind: 'retract', e, a: attribute.id, v }],
    }
  }

  /** The composite seldom, and only where it may stand. */
  #pick(which: number, mayBeComposite: boolean): Attribute {
    const name = which === 59 && mayBeComposite ? 'p/both' : ATTRIBUTES[which % (ATTRIBUTES.length - 1)]!
    return this.#schema.attributeNamed(keyword(name))!
  }

  #name([x, y]: readonly [number, number]): ModelName {
    if (x < 5) return { kind: 'tempid', name: 'abcde'[x]! }
    if (x === 11 && y > 7) return { kind: 'lookup', a: this.#id('p/k'), v: 'xyz'[y % 3]! }
    if (x === 10 && y === 0) return { kind: 'entity', id: entityId(40, 4_000_000) }
    const id = this.#entities[(x * 12 + y) % Math.max(1, this.#entities.length)]
    return id === undefined ? { kind: 'tempid', name: 'a' } : { kind: 'entity', id }
  }

  #value(attribute: Attribute, x: number, y: number): ModelValue {
    switch (attribute.valueType) {
      case 'string':
        return 'xyz'[x % 3]!
      case 'ref':
        return this.#name([x, y])
      case 'tuple':
        return [x % 4 === 3 ? null : x % 4, y % 4 === 3 ? null : y % 4]
      default:
        return x % 4
    }
  }

  #right(e: ModelName, a: AttributeId): Value | undefined {
    return e.kind === 'entity' ? this.#held(e.id, a) : undefined
  }

  #form(value: ModelValue): Edn {
    return typeof value === 'object' && 'kind' in value ? this.#nameForm(value) : value
  }

  #nameForm(name: ModelName): Edn {
    switch (name.kind) {
      case 'entity':
        return name.id
      case 'tempid':
        return name.name
      default:
        return [keyword('p/k'), name.v]
    }
  }

  #id(name: string): AttributeId {
    return this.#schema.attributeNamed(keyword(name))!.id
  }
}

function asValue(attribute: Attribute, v: Value): ModelValue {
  return attribute.valueType === 'ref' ? { kind: 'entity', id: v as EntityId } : v
}

const ADD = keyword('db/add')
const RETRACT = keyword('db/retract')
const CAS = keyword('db/cas')
const RETRACT_ENTITY = keyword('db/retractEntity')
