// A value as an attribute holds it: what a constant, an input or a value bound elsewhere means in the value
// place of a pattern. Constants that can never be right are errors; values that merely differ match nothing.

import { VarveError } from '../base/errors.ts'
import type { Attribute, ValueType } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import {
  Double,
  EdnSymbol,
  Float,
  Keyword,
  numberType,
  textKey,
  toDouble,
  Uri,
  Uuid,
  type Edn,
  type Value,
} from '../fact/value.ts'
import { findEntity, isLookupRef, resolveEntity } from './entity.ts'
import { printShort } from './print.ts'

/** A constant in the value place of this attribute; undefined where it matches nothing. */
export function constantFor(facts: FactSource, attribute: Attribute, value: Edn): Value | undefined {
  if (attribute.valueType === 'ref') return resolveEntity(facts, value)
  if (!hasType(attribute.valueType, value)) throw constantTypeWrong(attribute, value)
  if (attribute.valueType === 'float') return new Float(toDouble(value))
  if (attribute.valueType !== 'tuple' || !Array.isArray(value)) return value as Value
  const members: Edn[] = []
  for (const [index, member] of (value as readonly Edn[]).entries()) {
    const resolved: Edn | undefined =
      memberType(attribute, index) === 'ref' && member !== null ? resolveEntity(facts, member) : member
    if (resolved === undefined) return undefined
    members.push(resolved)
  }
  return members as Value
}

/** True where a value of this attribute can be equal to `value`. */
export function hasType(type: ValueType, value: Edn): boolean {
  switch (type) {
    case 'long':
    case 'bigint':
    case 'float':
    case 'double':
    case 'bigdec':
      return numberType(value) !== undefined
    case 'string':
    case 'boolean':
      return typeof value === type
    case 'keyword':
      return value instanceof Keyword
    case 'symbol':
      return value instanceof EdnSymbol
    case 'instant':
      return value instanceof Date
    case 'uuid':
      return value instanceof Uuid
    case 'uri':
      return value instanceof Uri
    case 'bytes':
      return value instanceof Uint8Array
    case 'tuple':
      return Array.isArray(value)
    case 'ref':
      return typeof value === 'number' && Number.isSafeInteger(value)
  }
}

function memberType(attribute: Attribute, index: number): ValueType | undefined {
  const { tuple } = attribute
  return tuple?.kind === 'homogeneous' ? tuple.type : tuple?.types[index]
}

/** A value of another type than its attribute's where only a constant of that type makes sense. */
function constantTypeWrong(attribute: Attribute, value: Edn): VarveError {
  return new VarveError({
    code: 'db.error/wrong-type-for-attribute',
    kind: 'incorrect',
    message: `${printShort(value)} can never be a value of ${attribute.ident}, which is of type ${attribute.valueType}`,
    fix: `Write a constant of type ${attribute.valueType}`,
    data: { attribute: attribute.ident.toString(), valueType: attribute.valueType },
  })
}

const CACHED_COUNT_MAX = 100_000

/** Understands values that rows hold as entities of one source: ids, idents, lookup refs; else nobody. */
export class EntityReader {
  readonly #facts: FactSource
  readonly #lookups = new Map<string, number | undefined>()

  constructor(facts: FactSource) {
    this.#facts = facts
  }

  read(value: Edn): number | undefined {
    if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
    if (value instanceof Keyword) return this.#facts.schema.entityNamed(value)
    if (value instanceof Double) return Number.isSafeInteger(value.value) ? value.value : undefined
    return isLookupRef(value) ? this.#lookup(value) : undefined
  }

  #lookup(value: Edn): number | undefined {
    const key = textKey(value)
    if (this.#lookups.has(key)) return this.#lookups.get(key)
    if (this.#lookups.size >= CACHED_COUNT_MAX) this.#lookups.clear()
    const found = this.#find(value)
    this.#lookups.set(key, found)
    return found
  }

  #find(value: Edn): number | undefined {
    try {
      return findEntity(this.#facts, value)
    } catch (error) {
      // A vector that looks like a lookup ref and names no unique attribute came from data: nobody.
      if (error instanceof VarveError && error.code.startsWith('db.error/')) return undefined
      throw error
    }
  }
}
