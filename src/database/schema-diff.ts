// What a wanted schema asks beyond an existing one. `open` adds what is missing, leaves alone what it does not
// know, and refuses a change: a service that was not updated must never undo what a newer one declared.

import type { Attribute } from '../fact/attribute.ts'
import type { Schema } from '../fact/schema.ts'
import { EdnMap, EdnSet, Keyword, keyword, type Edn } from '../fact/value.ts'
import * as errors from './errors.ts'
import { itemsOf } from './parse-transaction.ts'

export type SchemaDiff = {
  /** Operations that add what is missing. */
  readonly additions: readonly Edn[]
  /** Differences that only a transaction of its own may make, in words. */
  readonly changes: readonly string[]
}

const IDENT = keyword('db/ident')
const PREDICATES = keyword('db.attr/preds')

/** `wanted` is a vector of maps, each with a :db/ident. Docs are not compared: they mean nothing to the data. */
export function diffSchema(existing: Schema, wanted: Edn): SchemaDiff {
  const additions: Edn[] = []
  const changes: string[] = []
  for (const form of itemsOf(wanted) ?? []) {
    const ident = form instanceof EdnMap ? form.get(IDENT) : undefined
    if (!(form instanceof EdnMap) || !(ident instanceof Keyword)) {
      throw errors.notTransactionData(
        `${errors.shown(form)} is no description of an attribute`,
        'A schema is a vector of maps with :db/ident',
      )
    }
    if (existing.entityNamed(ident) === undefined) additions.push(form)
    else changes.push(...differences(existing, ident, form))
  }
  return { additions, changes }
}

function differences(existing: Schema, ident: Keyword, wanted: EdnMap): readonly string[] {
  const attribute = existing.attributeNamed(ident)
  const found: string[] = []
  for (const [key, value] of wanted.entries) {
    if (!(key instanceof Keyword)) continue
    const held = attribute === undefined ? UNDESCRIBED[key.text] : describe(key.text, attribute, existing)
    const given = key === PREDICATES ? setOf(namesOf(value)) : shownValue(value)
    if (held === undefined || held === given) continue
    found.push(`${String(ident)} has ${String(key)} ${held}, and ${given} was given`)
  }
  return found
}

/** What an entity that is no attribute has, where an attribute must have something. */
const UNDESCRIBED: Readonly<Record<string, string>> = {
  'db/valueType': 'nothing',
  'db/cardinality': 'nothing',
}

/** What an attribute has under one key of a schema map, or undefined for a key that is not compared. */
function describe(key: string, attribute: Attribute, schema: Schema): string | undefined {
  const { tuple } = attribute
  switch (key) {
    case 'db/valueType':
      return `:db.type/${attribute.valueType}`
    case 'db/cardinality':
      return `:db.cardinality/${attribute.cardinality}`
    case 'db/unique':
      return attribute.unique === undefined ? 'nothing' : `:db.unique/${attribute.unique}`
    case 'db/isComponent':
      return String(attribute.isComponent)
    case 'db/noHistory':
      return String(attribute.noHistory)
    case 'db.attr/preds':
      return setOf(attribute.predicates.map(({ text }) => text))
    case 'db/tupleAttrs':
      return tuple?.kind === 'composite'
        ? listOf(tuple.attributes.map((part) => String(schema.identOf(part) ?? part)))
        : 'nothing'
    case 'db/tupleTypes':
      return tuple?.kind === 'heterogeneous'
        ? listOf(tuple.types.map((type) => `:db.type/${type}`))
        : 'nothing'
    case 'db/tupleType':
      return tuple?.kind === 'homogeneous' ? `:db.type/${tuple.type}` : 'nothing'
    default:
      return undefined
  }
}

function shownValue(value: Edn): string {
  return Array.isArray(value) ? listOf(namesOf(value)) : String(value)
}

function namesOf(value: Edn): readonly string[] {
  const items = value instanceof EdnSet ? value.items : (itemsOf(value) ?? [value])
  return items.map((item) => String(item))
}

function listOf(items: readonly string[]): string {
  return `[${items.join(' ')}]`
}

function setOf(items: readonly string[]): string {
  return `#{${[...items].sort().join(' ')}}`
}
