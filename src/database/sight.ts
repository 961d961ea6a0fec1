// What a restriction lets through of a database with some schema, decided attribute by attribute and then entity by
// entity. Everything that shows restricted facts (restricted-facts.ts) or a restricted log asks here.
//
//   hidden   no fact shows: there is no window
//   whole    every fact shows as it is
//   an AttributeSight   facts of some entities show, perhaps with masked values
//
// Facts that make the schema follow the attribute that they describe: of a hidden one none show, whatever else is let
// through, so that its name, type and doc are nowhere. The moments of transactions always show.

import { KeptByBytes } from '../base/kept-by-bytes.ts'
import { numberOf } from '../base/object-number.ts'
import type { Attribute, AttributeId, EntityId } from '../fact/attribute.ts'
import {
  BUILTIN_ATTRIBUTE_COUNT,
  BUILTIN_COUNT,
  DB_DOC,
  DB_TX_INSTANT,
  DB_UNIQUE,
} from '../fact/bootstrap.ts'
import type { Datom, FactSource } from '../fact/datom.ts'
import { isSchemaAttribute, Schema } from '../fact/schema.ts'
import { isMaskFit, type Mask, maskOf } from './mask.ts'
import { maskUnfit } from './restricted-errors.ts'
import {
  hasEntity,
  intersectionOf,
  bytesOfSets,
  orderedWindows,
  type Restriction,
  unionOf,
  type Window,
  windowsKey,
} from './restriction.ts'

/** Facts of these entities show, through this mask. */
export type Layer = { readonly entities: Float64Array | undefined; readonly mask: Mask | undefined }

const AS_IT_IS: Layer = { entities: undefined, mask: undefined }

export type AttributeSight = {
  /** Equal for what lets the same through of this attribute. */
  readonly key: string
  readonly isMasked: boolean
  /** Whose facts may show at all: undefined means anybody's, or that only `layerOf` knows. */
  readonly entities: Float64Array | undefined
  /** It describes attributes, and shows of those that are there. */
  readonly isOfSchema: boolean
  /** How facts of an entity show; undefined where they do not. */
  readonly layerOf: (e: EntityId) => Layer | undefined
}

/** Of restrictions that stay compiled: their sets of entities above all. */
const SIGHT_BYTES_MAX = 1 << 27
/** Of an attribute in a sight. */
const ATTRIBUTE_BYTES = 512
const sights = new KeptByBytes<Sight>(SIGHT_BYTES_MAX, ({ byteCount }) => byteCount)

export class Sight {
  readonly restriction: Restriction
  readonly #schema: Schema
  readonly #attributes = new Map<AttributeId, 'whole' | 'hidden' | AttributeSight>()
  /** Attributes that are there, ascending. */
  readonly attributeIds: readonly AttributeId[]
  /** What it holds, about. */
  readonly byteCount: number
  readonly #visible: ReadonlySet<AttributeId>
  readonly #masked: ReadonlySet<AttributeId>
  #shown: Schema | undefined

  /** `schema` is that of the whole database. Throws `varve.error/mask-unfit`. */
  static of(restriction: Restriction, schema: Schema): Sight {
    const name = `${numberOf(schema)} ${restriction.key}`
    let sight = sights.get(name)
    if (sight === undefined) sights.add(name, (sight = new Sight(restriction, schema)))
    return sight
  }

  private constructor(restriction: Restriction, schema: Schema) {
    this.restriction = restriction
    this.#schema = schema
    const windows = new Map<AttributeId, readonly Window[]>()
    for (const attribute of schema.attributes()) {
      const own = effectiveWindows(attribute, restriction)
      if (own !== undefined) windows.set(attribute.id, own)
    }
    const isThere = (a: AttributeId): boolean => a < BUILTIN_ATTRIBUTE_COUNT || windows.has(a)
    this.attributeIds = Array.from(schema.attributes(), ({ id }) => id)
      .filter(isThere)
      .sort((x, y) => x - y)
    this.#visible = new Set(this.attributeIds)
    this.#masked = new Set([...windows].filter(([, list]) => list.some(isReplacing)).map(([a]) => a))
    for (const a of this.attributeIds) {
      this.#attributes.set(a, this.#sightOf(schema.attribute(a)!, windows.get(a) ?? []))
    }
    this.byteCount = bytesOfSets(windows.values()) + this.attributeIds.length * ATTRIBUTE_BYTES
  }

  attribute(a: AttributeId): 'whole' | 'hidden' | AttributeSight {
    return this.#attributes.get(a) ?? 'hidden'
  }

  /** The schema as far as it shows, made of the facts that show; `history` is all of them. */
  schema(history: () => FactSource): Schema {
    this.#shown ??= foldedSchema(this.#schemaDatoms(history()))
    return this.#shown
  }

  *#schemaDatoms(history: FactSource): Iterable<Datom> {
    for (let a = 0; a < BUILTIN_ATTRIBUTE_COUNT; a++) {
      const sight = this.attribute(a)
      if (!isSchemaAttribute(a) || sight === 'hidden') continue
      for (const datom of history.match(undefined, a, undefined))
        if (sight === 'whole' || sight.layerOf(datom.e) !== undefined) yield datom
    }
  }

  #sightOf(attribute: Attribute, windows: readonly Window[]): 'whole' | 'hidden' | AttributeSight {
    if (attribute.id === DB_TX_INSTANT) return 'whole'
    const layers = layersOf(attribute, windows, this.restriction.hashKey)
    const key = windowsKey(windows)
    const isMasked = layers.some(({ mask }) => mask !== undefined)
    if (isSchemaAttribute(attribute.id) || attribute.id === DB_DOC) {
      const layerOf = (e: EntityId): Layer | undefined => this.#schemaLayerOf(attribute.id, e, layers)
      const schemaKey = `schema ${this.restriction.key}`
      return { key: schemaKey, isMasked, entities: undefined, isOfSchema: true, layerOf }
    }
    const [first] = layers
    if (first === undefined) return 'hidden'
    if (first.entities === undefined && first.mask === undefined) return 'whole'
    return {
      key: isMasked ? `${key} ${this.restriction.hashKey}` : key,
      isMasked,
      entities: unionOf(layers.map(({ entities }) => entities)),
      isOfSchema: false,
      layerOf: (e) => layerFor(e, layers),
    }
  }

  /** A fact that describes an attribute shows where the attribute does. */
  #schemaLayerOf(a: AttributeId, e: EntityId, layers: readonly Layer[]): Layer | undefined {
    // Masked values are not what was unique: two of them may be the same.
    if (a === DB_UNIQUE && this.#masked.has(e)) return undefined
    if (e < BUILTIN_COUNT || this.#visible.has(e)) return AS_IT_IS
    return this.#schema.attribute(e) === undefined ? layerFor(e, layers) : undefined
  }
}

/**
 * The windows of an attribute; undefined where it is hidden. A composite tuple repeats its parts, so of an entity it
 * shows only where each of them shows as it is.
 */
function effectiveWindows({ id, tuple }: Attribute, { windows }: Restriction): readonly Window[] | undefined {
  const own = windows.get(id)
  if (own === undefined || tuple?.kind !== 'composite') return own
  let shared: Float64Array | undefined
  for (const part of tuple.attributes) {
    const ofPart = windows.get(part)
    if (ofPart === undefined) return undefined
    const plain = ofPart.filter(({ mask }) => mask === undefined).map(({ entities }) => entities)
    shared = intersectionOf(shared, unionOf(plain))
  }
  if (shared === undefined) return own
  const limited = own.map((window) => ({ ...window, entities: intersectionOf(window.entities, shared)! }))
  return orderedWindows(limited)
}

function isReplacing({ mask }: Window): boolean {
  return mask !== undefined && mask !== 'null'
}

function layersOf(attribute: Attribute, windows: readonly Window[], hashKey: string): readonly Layer[] {
  return windows.flatMap(({ entities, mask: name }): readonly Layer[] => {
    if (name === 'null') return []
    if (name !== undefined && !isMaskFit(name, attribute)) throw maskUnfit(name, attribute)
    return [{ entities, mask: name && maskOf(name, attribute.valueType, hashKey) }]
  })
}

function layerFor(e: EntityId, layers: readonly Layer[]): Layer | undefined {
  return layers.find(({ entities }) => entities === undefined || hasEntity(entities, e))
}

function foldedSchema(datoms: Iterable<Datom>): Schema {
  const transactions = Map.groupBy(datoms, ({ t }) => t)
  let schema = Schema.bootstrap
  for (const t of [...transactions.keys()].sort((x, y) => x - y)) schema = schema.apply(transactions.get(t)!)
  return schema
}
