// From the forms of a transaction to operations: list forms, map forms with what is nested in them, reverse
// attributes, calls of functions. Reading needs the schema, which tells a lookup ref from a list of values, and
// no facts. Errors carry the path of their form.

import { VarveError } from '../base/errors.ts'
import type { Attribute, EntityId } from '../fact/attribute.ts'
import type { Schema } from '../fact/schema.ts'
import { EdnList, EdnMap, EdnSet, EdnSymbol, Keyword, keyword, Tagged, type Edn } from '../fact/value.ts'
import * as errors from './errors.ts'
import {
  LookupRef,
  pathOf,
  Tempid,
  TupleWithTempids,
  type EntityName,
  type FactOperation,
  type FunctionCall,
  type Operation,
  type OperationValue,
  type Path,
} from './operation.ts'

const DB_ID = keyword('db/id')
const ADD = keyword('db/add')
const RETRACT = keyword('db/retract')
const CAS = keyword('db/cas')
const OLD_CAS = keyword('db.fn/cas')
const RETRACT_ENTITY = keyword('db/retractEntity')
const OLD_RETRACT_ENTITY = keyword('db.fn/retractEntity')
/** What an operation in list form may begin with, beside the names of functions. */
export const OPERATION_NAMES: readonly string[] = [ADD, RETRACT, CAS, RETRACT_ENTITY].map(({ text }) => text)
/** The tempid that means the transaction itself. */
const TX_TEMPID = 'datomic.tx'

export const NESTING_DEPTH_MAX = 500
/** Operations of one transaction, those that functions return included. */
export const OPERATION_COUNT_MAX = 20_000_000

const NO_TEMPIDS: ReadonlyMap<string, Tempid> = new Map()

export class TransactionParser {
  readonly operations: Operation[] = []
  /** Calls found and not yet run, in order; the caller runs them and parses what they return. */
  readonly calls: FunctionCall[] = []
  #tempids: Map<string, Tempid> | undefined
  /** True once a form spoke of the transaction by its tempid. */
  usesTxTempid = false
  readonly #schema: Schema
  readonly #txEntity: EntityId
  #origin = 0
  #depth = 0
  /** Where the form that is being read stands; errors get it as their place. */
  #path: Path | undefined

  constructor(schema: Schema, txEntity: EntityId) {
    this.#schema = schema
    this.#txEntity = txEntity
  }

  get tempids(): ReadonlyMap<string, Tempid> {
    return this.#tempids ?? NO_TEMPIDS
  }

  /** Reads the forms of a transaction or, with the call's place counted from 1, those a function returned. */
  parse(form: Edn, origin = 0, at?: Path): void {
    this.#origin = origin
    this.#path = at
    try {
      const forms = itemsOf(form)
      if (forms === undefined) {
        throw errors.notTransactionData(
          `A transaction is a vector of operations, and this is ${errors.shown(form)}`,
          'Write [[:db/add e a v] {:db/id e, a v} …]',
        )
      }
      for (let i = 0; i < forms.length; i++) this.#parseForm(forms[i]!, { parent: at, key: i })
    } catch (error) {
      throw error instanceof VarveError ? errors.withPath(error, pathOf(this.#path)) : error
    }
  }

  #parseForm(form: Edn, path: Path): void {
    this.#path = path
    if (this.operations.length > OPERATION_COUNT_MAX) {
      throw errors.transactionTooLarge('operations', OPERATION_COUNT_MAX)
    }
    if (form instanceof EdnMap) {
      this.#parseMap(form, path)
      return
    }
    const items = itemsOf(form)
    if (items === undefined || items.length === 0) {
      throw errors.notTransactionData(
        `${errors.shown(form)} is no operation`,
        'An operation is a map, or a vector that begins with :db/add and the like',
      )
    }
    this.#parseList(items, path)
  }

  #parseList(items: readonly Edn[], path: Path): void {
    const head = items[0]!
    switch (head) {
      case ADD:
        expectCount(items, 4, 4, '[:db/add e a v]')
        return this.#parseAdd(items, path)
      case RETRACT:
        expectCount(items, 3, 4, '[:db/retract e a v] or [:db/retract e a]')
        return this.#parseRetract(items, path)
      case CAS:
      case OLD_CAS:
        expectCount(items, 5, 5, '[:db/cas e a old new]')
        return this.#parseCas(items, path)
      case RETRACT_ENTITY:
      case OLD_RETRACT_ENTITY: {
        expectCount(items, 2, 2, '[:db/retractEntity e]')
        this.operations.push({
          kind: 'retract-entity',
          e: this.#entity(items[1]!),
          path,
          origin: this.#origin,
        })
        return
      }
      default: {
        if (!(head instanceof Keyword || head instanceof EdnSymbol)) {
          throw errors.notTransactionData(
            `${errors.shown(head)} stands where an operation's name is expected`,
            'Begin with :db/add, :db/retract, :db/cas, :db/retractEntity or the name of a function',
          )
        }
        this.calls.push({ name: head.text, args: items.slice(1), path, parent: this.#origin })
      }
    }
  }

  #parseAdd(items: readonly Edn[], path: Path): void {
    const e = this.#entity(items[1]!)
    const attribute = this.#attribute(items[2]!)
    this.#say('add', e, attribute, this.#value(attribute, items[3]!), path)
  }

  #parseRetract(items: readonly Edn[], path: Path): void {
    const e = this.#entity(items[1]!)
    const attribute = this.#attribute(items[2]!)
    const value = items.length === 3 ? undefined : this.#value(attribute, items[3]!)
    this.#say('retract', e, attribute, value, path)
  }

  #parseCas(items: readonly Edn[], path: Path): void {
    const e = this.#entity(items[1]!)
    const attribute = this.#attribute(items[2]!)
    if (items[4] === null) {
      throw errors.invalidCas(
        'The new value of a compare-and-set is nil',
        'Use :db/retract to take a value away',
      )
    }
    if (attribute.cardinality === 'many') throw errors.casMany(attribute)
    const old = items[3] === null ? null : this.#value(attribute, items[3]!)
    const value = this.#value(attribute, items[4]!)
    this.operations.push({ kind: 'cas', e, attribute, old, value, path, origin: this.#origin })
  }

  /** Adds what a map says; gives the entity it speaks of. */
  #parseMap(map: EdnMap, path: Path | undefined): EntityName {
    const e = this.#entityOf(map)
    this.#parseEntries(e, map, path)
    return e
  }

  #entityOf({ entries }: EdnMap): EntityName {
    for (let i = 0; i < entries.length; i++) {
      const [key, id] = entries[i]!
      if (key === DB_ID && id !== null) return this.#entity(id)
    }
    return new Tempid(undefined)
  }

  #parseEntries(e: EntityName, { entries }: EdnMap, path: Path | undefined): void {
    if (++this.#depth > NESTING_DEPTH_MAX) throw errors.nestedTooDeep(NESTING_DEPTH_MAX)
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!
      if (entry[0] === DB_ID) continue
      const at: Path = { parent: path, key: keyText(entry[0]) }
      this.#path = at
      this.#parseEntry(e, entry[0], entry[1], at)
    }
    this.#depth--
  }

  #parseEntry(e: EntityName, key: Edn, value: Edn, path: Path): void {
    const reversed = key instanceof Keyword ? this.#reversed(key) : undefined
    if (reversed !== undefined) return this.#parseReverse(e, reversed, value, path)
    const attribute = this.#attribute(key)
    const values = valuesOf(attribute, value)
    if (values === undefined) return this.#parseMapValue(e, attribute, value, path)
    for (let i = 0; i < values.length; i++) {
      const at: Path = { parent: path, key: i }
      this.#path = at
      this.#parseMapValue(e, attribute, values[i]!, at)
    }
  }

  #parseMapValue(e: EntityName, attribute: Attribute, value: Edn, path: Path): void {
    if (value instanceof EdnMap && attribute.valueType === 'ref') {
      if (value.entries.length === 0 || !(attribute.isComponent || this.#namesEntity(value))) {
        throw errors.nestedEntityInvalid(attribute)
      }
      const target = this.#entityOf(value)
      this.#say('add', e, attribute, target, path)
      this.#parseEntries(target, value, path)
    } else this.#say('add', e, attribute, this.#value(attribute, value), path)
  }

  /** `{:db/id e, :p/_f x}`: x has e as its :p/f. */
  #parseReverse(e: EntityName, attribute: Attribute, value: Edn, path: Path): void {
    if (attribute.valueType !== 'ref') throw errors.reverseNotRef(attribute)
    if (value === null) throw errors.nilValue(attribute)
    const items = itemsOf(value)
    const isMany = value instanceof EdnSet || (items !== undefined && !this.#looksLikeLookup(items))
    const holders = isMany ? (value instanceof EdnSet ? value.items : items!) : [value]
    for (let i = 0; i < holders.length; i++) {
      const holder = holders[i]!
      const at: Path = isMany ? { parent: path, key: i } : path
      this.#path = at
      if (holder === null) throw errors.nilValue(attribute)
      const named = holder instanceof EdnMap ? this.#parseMap(holder, at) : this.#entity(holder)
      this.#say('add', named, attribute, e, at)
    }
  }

  #say(
    kind: FactOperation['kind'],
    e: EntityName,
    attribute: Attribute,
    value: OperationValue | undefined,
    path: Path | undefined,
  ): void {
    const origin = this.#origin
    this.operations.push({ kind, e, attribute, value, path, origin, coerced: undefined, holder: undefined })
  }

  #entity(form: Edn): EntityName {
    switch (typeof form) {
      case 'number':
        if (form < 0 && Number.isInteger(form)) return this.#tempid(String(form))
        if (!Number.isSafeInteger(form)) break
        return form
      case 'string':
        if (form !== TX_TEMPID) return this.#tempid(form)
        this.usesTxTempid = true
        return this.#txEntity
      default:
        if (form instanceof Keyword) return form
        if (form instanceof Tagged && form.tag === 'db/id') return this.#taggedId(form)
        if (Array.isArray(form)) return this.#lookup(form)
    }
    throw errors.notAnEntity(
      errors.shown(form),
      'Name an entity by its id, a tempid, an ident or a lookup ref; nested maps belong into map forms',
    )
  }

  #tempid(name: string): Tempid {
    let tempid = this.#tempids?.get(name)
    if (tempid === undefined) {
      tempid = new Tempid(name)
      this.#tempids ??= new Map()
      this.#tempids.set(name, tempid)
    }
    return tempid
  }

  /** `#db/id [:db.part/user -1]`, as old transaction data has it. */
  #taggedId(form: Tagged): EntityName {
    const parts = itemsOf(form.value) ?? []
    const [part, number] = parts
    if (part === keyword('db.part/tx')) {
      this.usesTxTempid = true
      return this.#txEntity
    }
    if (!(part instanceof Keyword) || parts.length > 2) {
      throw errors.notAnEntity(errors.shown(form), 'Write a string as tempid')
    }
    return number === undefined ? new Tempid(undefined) : this.#entity(number)
  }

  #lookup(items: readonly Edn[]): LookupRef {
    const [key, value] = items
    if (items.length !== 2 || !(key instanceof Keyword || typeof key === 'number')) {
      throw errors.invalidLookupRef(errors.shown(items))
    }
    const attribute = this.#attribute(key)
    if (attribute.unique === undefined) throw errors.lookupNotUnique(attribute)
    return new LookupRef(attribute, value!)
  }

  #looksLikeLookup(items: readonly Edn[]): boolean {
    const [key] = items
    if (items.length !== 2 || !(key instanceof Keyword)) return false
    return this.#schema.attributeNamed(key)?.unique !== undefined
  }

  #attribute(form: Edn): Attribute {
    if (form instanceof Keyword) {
      const attribute = this.#schema.attributeNamed(form)
      if (attribute !== undefined) return attribute
      if (this.#schema.entityNamed(form) !== undefined) throw errors.notAnAttribute(String(form))
      throw errors.attributeNotAnEntity(form, this.#schema)
    }
    if (typeof form === 'number') {
      const attribute = this.#schema.attribute(form)
      if (attribute !== undefined) return attribute
      throw errors.notAnAttribute(String(form))
    }
    throw errors.notAKeyword(errors.shown(form))
  }

  /** The attribute that a name like :p/_f turns round. */
  #reversed(key: Keyword): Attribute | undefined {
    if (key.name.charCodeAt(0) !== 95 || this.#schema.attributeNamed(key) !== undefined) return undefined
    const name = key.name.slice(1)
    return this.#attribute(keyword(key.namespace === null ? name : `${key.namespace}/${name}`))
  }

  /** One value as an operation holds it: references as names of entities. */
  #value(attribute: Attribute, value: Edn): OperationValue {
    if (value === null) throw errors.nilValue(attribute)
    if (attribute.valueType === 'ref') return this.#entity(value)
    if (attribute.valueType === 'tuple' && Array.isArray(value)) return this.#tuple(attribute, value)
    return value
  }

  #tuple(attribute: Attribute, items: readonly Edn[]): OperationValue {
    const { tuple } = attribute
    if (tuple === undefined || tuple.kind === 'composite') return items
    const isTempid = (item: Edn, i: number): boolean =>
      (tuple.kind === 'homogeneous' ? tuple.type : tuple.types[i]) === 'ref' &&
      (typeof item === 'string' || (typeof item === 'number' && item < 0))
    if (!items.some(isTempid)) return items
    return new TupleWithTempids(
      items.map((item, i): Edn | Tempid => {
        if (!isTempid(item, i)) return item
        const named = this.#entity(item)
        return named instanceof Tempid ? named : this.#txEntity
      }),
    )
  }

  #namesEntity(map: EdnMap): boolean {
    return map.entries.some(
      ([key]) =>
        key === DB_ID || (key instanceof Keyword && this.#schema.attributeNamed(key)?.unique === 'identity'),
    )
  }
}

/** The items of a vector or list. */
export function itemsOf(form: Edn): readonly Edn[] | undefined {
  if (Array.isArray(form)) return form
  return form instanceof EdnList ? form.items : undefined
}

/** The values that a map entry gives, or undefined where it gives one. */
function valuesOf(attribute: Attribute, value: Edn): readonly Edn[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (value instanceof EdnSet) return value.items
  return attribute.cardinality === 'many' ? itemsOf(value) : undefined
}

function expectCount(items: readonly Edn[], countMin: number, countMax: number, form: string): void {
  if (items.length >= countMin && items.length <= countMax) return
  throw errors.notTransactionData(`${errors.shown(items)} has ${items.length} places`, `Write ${form}`)
}

function keyText(key: Edn): string {
  return key instanceof Keyword ? key.toString() : errors.shown(key)
}
