// Entities given as rows of one shape, which is how imports come: the same meaning as a map form for each row, found
// without making forms, operations and changes of them. Where a shape asks for more than this file knows (references,
// tuples, predicates, several unique attributes), or rows speak of each other, forms are what is transacted.
// `transact-rows.test.ts` holds both to the same datoms.

import { assert } from '../base/assert.ts'
import { type Attribute, type AttributeId, type EntityId, entityId, type T } from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT } from '../fact/bootstrap.ts'
import { coerceValue, type CoerceContext } from '../fact/coerce.ts'
import type { Datom, FactSource } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import {
  type Edn,
  EdnMap,
  equalValues,
  type Keyword,
  keyOf,
  keyword,
  type Scalar,
  type Value,
} from '../fact/value.ts'

/** One value; several of an attribute that has several; undefined for none. */
export type RowValue = Value | readonly Scalar[] | undefined

export type EntityRows = {
  /** What stands at each place of a row. Each attribute once. */
  readonly attributes: readonly Keyword[]
  readonly rows: readonly (readonly RowValue[])[]
}

/** A shape of rows that this file knows how to take. */
type RowShape = {
  /** By the place in a row. */
  readonly attributes: readonly Attribute[]
  readonly kinds: readonly number[]
  /** Places in the order in which datoms of one entity stand. */
  readonly places: readonly number[]
  /** The place of the attribute by which entities are found, −1 where each row makes one. */
  readonly identity: number
}

const NO_REFERENCES: CoerceContext = {
  resolveRef: () => {
    assert(false, 'a plain row holds no references')
  },
  isPlainData: false,
}

/** Who sends many rows gives the same names every time. */
const shapes = new WeakMap<
  readonly Keyword[],
  { readonly schema: Schema; readonly shape: RowShape | undefined }
>()

/** The shape, if all that it asks for is known here. */
function shapeOf(schema: Schema, names: readonly Keyword[]): RowShape | undefined {
  const known = shapes.get(names)
  if (known?.schema === schema) return known.shape
  const shape = plainShape(schema, names)
  shapes.set(names, { schema, shape })
  return shape
}

function plainShape(schema: Schema, names: readonly Keyword[]): RowShape | undefined {
  const attributes: Attribute[] = []
  for (const name of names) {
    const attribute = schema.attributeNamed(name)
    if (attribute === undefined || !isPlain(attribute, schema)) return undefined
    attributes.push(attribute)
  }
  const uniques = attributes.filter(({ unique }) => unique !== undefined)
  const [unique] = uniques
  if (uniques.length > 1 || new Set(attributes).size !== attributes.length) return undefined
  if (unique !== undefined && (unique.unique !== 'identity' || unique.cardinality !== 'one')) return undefined
  return {
    attributes,
    kinds: attributes.map((attribute) => schema.kindOfAttribute(attribute)),
    places: attributes.map((_, place) => place).sort((x, y) => attributes[x]!.id - attributes[y]!.id),
    identity: unique === undefined ? -1 : attributes.indexOf(unique),
  }
}

function isPlain({ id, valueType, predicates, tuple }: Attribute, schema: Schema): boolean {
  return (
    id >= BUILTIN_ATTRIBUTE_COUNT &&
    valueType !== 'ref' &&
    tuple === undefined &&
    predicates.length === 0 &&
    schema.compositesOf(id).length === 0
  )
}

/** Rows as map forms. */
export function formsOfRows({ attributes, rows }: EntityRows): readonly EdnMap[] {
  return rows.map((row) => {
    const entries: [Edn, Edn][] = []
    attributes.forEach((attribute, place) => {
      const value = row[place]
      if (value !== undefined) entries.push([attribute, value])
    })
    return new EdnMap(entries)
  })
}

/** Room for the datoms of a transaction that has rows and, beside them, what does not touch their attributes. */
export type RowsBeside = {
  readonly ofRows: readonly Datom[]
  /** True if what stands beside the rows, as datoms, is apart from them. */
  isApart(own: readonly Datom[]): boolean
}

/**
 * The datoms of rows at the t after `before`, by entity, then attribute; undefined where forms are needed. Throws what
 * `coerceValue` throws.
 */
export function rowsBeside(
  tx: Edn,
  { attributes, rows }: EntityRows,
  before: FactSource,
): RowsBeside | undefined {
  const shape = shapeOf(before.schema, attributes)
  if (shape === undefined || !(tx as readonly Edn[]).every(standsAside)) return undefined
  const ofRows = rowDatoms(shape, rows, before)
  if (ofRows === undefined) return undefined
  return { ofRows, isApart: (own) => own.every(({ a }) => shape.attributes.every(({ id }) => id !== a)) }
}

const DB_ID = keyword('db/id')
const CAS = keyword('db/cas')

/** Facts of the transaction itself and compare-and-sets make no entity and read nothing that rows write. */
function standsAside(form: Edn): boolean {
  if (form instanceof EdnMap) return form.get(DB_ID) === 'datomic.tx'
  return Array.isArray(form) && form[0] === CAS
}

/** Datoms of rows and of what stands beside them, in the order of a transaction: its own instant, then by entity. */
export function mergedDatoms(
  [txInstant, ...rest]: readonly Datom[],
  ofRows: readonly Datom[],
): readonly Datom[] {
  const beside = rest.sort(byEntity)
  const merged = [txInstant!]
  let next = 0
  // Rows are many and in order already, and beside them stands little.
  for (const datom of ofRows) {
    while (next < beside.length && byEntity(beside[next]!, datom) <= 0) merged.push(beside[next++]!)
    merged.push(datom)
  }
  while (next < beside.length) merged.push(beside[next++]!)
  return merged
}

function byEntity(x: Datom, y: Datom): number {
  return x.e - y.e || x.a - y.a
}

function rowDatoms(
  { attributes, kinds, places, identity }: RowShape,
  rows: EntityRows['rows'],
  before: FactSource,
): readonly Datom[] | undefined {
  const made = new RowsMade(before)
  const seen = new Set<unknown>()
  const values: RowValue[] = []
  for (const row of rows) {
    coerceRow(attributes, row, values)
    let found: EntityId | undefined
    // Of an identity there is one value, which is no list.
    const key = identity < 0 ? undefined : values[identity]
    if (key !== undefined) {
      // Values of one attribute are of one type, among which a text is its own key.
      const seenKey = typeof key === 'string' ? key : keyOf(key)
      if (seen.has(seenKey)) return undefined
      seen.add(seenKey)
      found = made.holder(attributes[identity]!, key)
    }
    const first = values.findIndex((value) => value !== undefined)
    if (first < 0) return undefined
    made.begin(found, kinds[first]!)
    for (const place of places) {
      const value = values[place]
      if (value === undefined) continue
      const attribute = attributes[place]!
      if (attribute.cardinality === 'one') made.add(attribute.id, value)
      else made.addSeveral(attribute.id, value as readonly Scalar[])
    }
  }
  return made.sorted()
}

/** Values as their attributes hold them, into `values`. */
function coerceRow(attributes: readonly Attribute[], row: readonly RowValue[], values: RowValue[]): void {
  for (let place = 0; place < attributes.length; place++) {
    const value = row[place]
    const attribute = attributes[place]!
    values[place] =
      value === undefined
        ? undefined
        : attribute.cardinality === 'many'
          ? severalOf(attribute, value)
          : coerceValue(attribute, value, NO_REFERENCES)
  }
}

function severalOf(attribute: Attribute, value: Exclude<RowValue, undefined>): readonly Scalar[] | undefined {
  // No plain attribute holds tuples: what is an array is several values, and each of them is a scalar.
  const items = Array.isArray(value) ? value : [value]
  if (items.length === 0) return undefined
  return items.map((item) => coerceValue(attribute, item as Scalar, NO_REFERENCES) as Scalar)
}

/** The datoms of one transaction's rows, entity by entity. */
class RowsMade {
  readonly #before: FactSource
  readonly #t: T
  readonly #datoms: Datom[] = []
  readonly #counts = new Map<number, number>()
  #e: EntityId = -1
  #isKnown = false
  #isSorted = true

  constructor(before: FactSource) {
    this.#before = before
    this.#t = before.basisT + 1
  }

  holder({ id }: Attribute, value: Value): EntityId | undefined {
    for (const { e } of this.#before.match(undefined, id, value)) return e
    return undefined
  }

  /** What is added from now on is about `found`, or about a new entity of the kind. */
  begin(found: EntityId | undefined, kind: number): void {
    const e = found ?? this.#newEntity(kind)
    if (e < this.#e) this.#isSorted = false
    this.#e = e
    this.#isKnown = found !== undefined
  }

  add(a: AttributeId, v: Value): void {
    if (this.#isKnown) {
      for (const held of this.#before.match(this.#e, a, undefined)) {
        if (equalValues(held.v, v)) return
        this.#emit(a, held.v, false)
      }
    }
    this.#emit(a, v, true)
  }

  addSeveral(a: AttributeId, values: readonly Scalar[]): void {
    const taken: Scalar[] = []
    for (const v of values) {
      if (taken.some((other) => equalValues(other, v))) continue
      taken.push(v)
      if (!this.#isKnown || !this.#holds(a, v)) this.#emit(a, v, true)
    }
  }

  sorted(): readonly Datom[] {
    return this.#isSorted ? this.#datoms : this.#datoms.sort((x, y) => x.e - y.e)
  }

  #holds(a: AttributeId, v: Value): boolean {
    for (const _ of this.#before.match(this.#e, a, v)) return true
    return false
  }

  #newEntity(kind: number): EntityId {
    const index = this.#counts.get(kind) ?? this.#before.entityCount(kind)
    this.#counts.set(kind, index + 1)
    return entityId(kind, index)
  }

  #emit(a: AttributeId, v: Value, added: boolean): void {
    this.#datoms.push({ e: this.#e, a, v, t: this.#t, added })
  }
}
