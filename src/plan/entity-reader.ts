// What rows hold where an entity is meant: ids, idents and lookup refs, understood by one source.

import { VarveError } from '../base/errors.ts'
import type { FactSource } from '../fact/datom.ts'
import { Keyword, keyOf, numberType, textKey, type Edn } from '../fact/value.ts'
import { findEntity, isLookupRef } from './entity.ts'

const CACHED_COUNT_MAX = 100_000

/** The id that equals a number of any type: numbers meet by value in this place as in every other. */
export function idOf(value: Edn): number | undefined {
  const key = keyOf(value)
  return typeof key === 'number' && Number.isSafeInteger(key) ? key : undefined
}

/** Understands values that rows hold as entities of one source: ids, idents, lookup refs; else nobody. */
export class EntityReader {
  readonly #facts: FactSource
  readonly #lookups = new Map<string, number | undefined>()

  constructor(facts: FactSource) {
    this.#facts = facts
  }

  read(value: Edn): number | undefined {
    if (value instanceof Keyword) return this.#facts.schema.entityNamed(value)
    if (numberType(value) !== undefined) return idOf(value)
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
