// What rows hold where an entity is meant: ids, idents and lookup refs, understood by one source.

import { VarveError } from '../base/errors.ts'
import type { FactSource } from '../fact/datom.ts'
import { Double, Keyword, textKey, type Edn } from '../fact/value.ts'
import { findEntity, isLookupRef } from '../plan/entity.ts'

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
