// Entities given as rows of one shape, which is how imports come: the same meaning as a map form for each row, found
// without making forms, operations and changes of them. Where a shape asks for more than this file knows (references,
// tuples, predicates, several unique attributes), or rows speak of each other, forms are what is transacted.
// `transact-rows.test.ts` holds both to the same datoms.

import { assert } from '../base/assert.ts'
import {
  type Attribute,
  type AttributeId,
  type EntityId,
  entityId,
  type T,
  TX_BASE,
} from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT } from '../fact/bootstrap.ts'
import { coerceValue, type CoerceContext } from '../fact/coerce.ts'
import { type Datom, type FactSource, firstOf } from '../fact/datom.ts'
import type { BlockColumn, EntityBlock } from '../fact/entity-block.ts'
import type { Schema } from '../fact/schema.ts'
import {
  type Edn,
  EdnMap,
  equalValues,
  type Keyword,
  keyword,
  type Scalar,
  type Value,
} from '../fact/value.ts'
import { ValueSet } from '../fact/value-set.ts'

/** One value; several of an attribute that has several; undefined for none. */
export type RowValue = Value | readonly Scalar[] | undefined

export type EntityRows = {
  /** What stands in each column. Each attribute once. */
  readonly attributes: readonly Keyword[]
  readonly rowCount: number
  /** A column for each attribute, in it a place for each row. */
  readonly columns: readonly (readonly RowValue[])[]
}

/** A shape of rows that this file knows how to take. */
type RowShape = {
  /** By the place of a column. */
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
export function formsOfRows({ attributes, rowCount, columns }: EntityRows): readonly EdnMap[] {
  return Array.from({ length: rowCount }, (_, row) => {
    const entries: [Edn, Edn][] = []
    attributes.forEach((attribute, place) => {
      const value = columns[place]![row]
      if (value !== undefined) entries.push([attribute, value])
    })
    return new EdnMap(entries)
  })
}

/** What rows say: facts of new entities as a block where that is all they say, else datoms by entity. */
export type RowFacts =
  | { readonly kind: 'block'; readonly block: EntityBlock }
  | { readonly kind: 'datoms'; readonly datoms: readonly Datom[] }

/** Room for the facts of rows in a transaction that has, beside them, what does not touch their attributes. */
export type RowsBeside = {
  readonly ofRows: RowFacts
  /** True if what stands beside the rows, as datoms, is apart from them. */
  isApart(own: readonly Datom[]): boolean
}

/**
 * What rows say at the t after `before`; undefined where forms are needed. Throws what `coerceValue` throws.
 */
export function rowsBeside(tx: Edn, rows: EntityRows, before: FactSource): RowsBeside | undefined {
  const shape = shapeOf(before.schema, rows.attributes)
  if (shape === undefined || !(tx as readonly Edn[]).every((form) => standsAside(form, before)))
    return undefined
  const ofRows = factsOfRows(shape, rows, before)
  if (ofRows === undefined) return undefined
  return { ofRows, isApart: (own) => own.every(({ a }) => shape.attributes.every(({ id }) => id !== a)) }
}

const DB_ID = keyword('db/id')
const CAS = keyword('db/cas')

/** Facts of the transaction itself and compare-and-sets make no entity and read nothing that rows write. */
function standsAside(form: Edn, before: FactSource): boolean {
  if (form instanceof EdnMap) {
    const id = form.get(DB_ID)
    return id === 'datomic.tx' || id === TX_BASE + before.basisT + 1
  }
  return Array.isArray(form) && form[0] === CAS
}

/** What stands beside the rows, in the order of a transaction (its own instant, then by entity), with them. */
export function withRows([txInstant, ...rest]: readonly Datom[], ofRows: RowFacts) {
  const beside = rest.sort(byEntity)
  if (ofRows.kind === 'block') return { datoms: [txInstant!, ...beside], block: ofRows.block }
  const merged = [txInstant!]
  let next = 0
  // Rows are many and in order already, and beside them stands little.
  for (const datom of ofRows.datoms) {
    while (next < beside.length && byEntity(beside[next]!, datom) <= 0) merged.push(beside[next++]!)
    merged.push(datom)
  }
  while (next < beside.length) merged.push(beside[next++]!)
  return { datoms: merged, block: undefined }
}

function byEntity(x: Datom, y: Datom): number {
  return x.e - y.e || x.a - y.a
}

function factsOfRows(
  shape: RowShape,
  { rowCount, columns: given }: EntityRows,
  before: FactSource,
): RowFacts | undefined {
  const columns = shape.attributes.map((attribute, place) => coerceColumn(attribute, given[place]!))
  const kinds = kindsOfRows(shape, columns, rowCount)
  if (kinds === undefined) return undefined
  const holders = holdersOfRows(shape, columns, before)
  if (holders === undefined) return undefined
  const [kind] = kinds
  const isBlock =
    kind !== undefined &&
    holders.size === 0 &&
    kinds.every((other) => other === kind) &&
    shape.attributes.every(({ cardinality }) => cardinality === 'one')
  if (!isBlock) return { kind: 'datoms', datoms: datomsOfRows(shape, { columns, kinds, holders }, before) }
  const firstEntity = entityId(kind, before.entityCount(kind))
  return { kind: 'block', block: blockOf(shape, columns, firstEntity, rowCount) }
}

type RowColumns = readonly (readonly RowValue[])[]

/** Of which kind a new entity is that a row makes, by row; undefined where a row says nothing. */
function kindsOfRows(
  { kinds }: RowShape,
  columns: RowColumns,
  rowCount: number,
): readonly number[] | undefined {
  const ofRows: number[] = []
  for (let row = 0; row < rowCount; row++) {
    let place = 0
    while (place < columns.length && columns[place]![row] === undefined) place++
    if (place === columns.length) return undefined
    ofRows.push(kinds[place]!)
  }
  return ofRows
}

// One transaction at a time, and nothing waits between its first use and its last.
const seen = new ValueSet()

/** The entities that rows are about, by row, where they are known; undefined where two rows are about one. */
function holdersOfRows(
  { attributes, identity }: RowShape,
  columns: RowColumns,
  before: FactSource,
): ReadonlyMap<number, EntityId> | undefined {
  const holders = new Map<number, EntityId>()
  if (identity < 0) return holders
  const { id } = attributes[identity]!
  const keys = columns[identity]!
  seen.clear()
  for (let row = 0; row < keys.length; row++) {
    // Of an identity there is one value, which is no list.
    const key = keys[row]
    if (key === undefined) continue
    if (!seen.add(key)) return undefined
    const held = firstOf(before.match(undefined, id, key))
    if (held !== undefined) holders.set(row, held.e)
  }
  return holders
}

function blockOf(
  { attributes, places }: RowShape,
  columns: RowColumns,
  firstEntity: EntityId,
  entityCount: number,
): EntityBlock {
  let datomCount = 0
  const ofBlock = places.map((place): BlockColumn => {
    // Attributes of a block have one value, which is no list.
    const values = columns[place]! as BlockColumn['values']
    for (let row = 0; row < values.length; row++) if (values[row] !== undefined) datomCount++
    return { a: attributes[place]!.id, values }
  })
  return { firstEntity, entityCount, columns: ofBlock, datomCount }
}

function datomsOfRows(
  { attributes, places }: RowShape,
  rows: {
    readonly columns: RowColumns
    readonly kinds: readonly number[]
    readonly holders: ReadonlyMap<number, EntityId>
  },
  before: FactSource,
): readonly Datom[] {
  const made = new RowsMade(before)
  for (let row = 0; row < rows.kinds.length; row++) {
    made.begin(rows.holders.get(row), rows.kinds[row]!)
    for (const place of places) {
      const value = rows.columns[place]![row]
      if (value === undefined) continue
      const { id, cardinality } = attributes[place]!
      if (cardinality === 'one') made.add(id, value)
      else made.addSeveral(id, value as readonly Scalar[])
    }
  }
  return made.sorted()
}

/** Values as their attribute holds them. */
function coerceColumn(attribute: Attribute, values: readonly RowValue[]): readonly RowValue[] {
  const isMany = attribute.cardinality === 'many'
  return values.map((value) =>
    value === undefined
      ? undefined
      : isMany
        ? severalOf(attribute, value)
        : coerceValue(attribute, value, NO_REFERENCES),
  )
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
