// An entity of one database value, read as it is walked.

import { pull } from '../engine/pull.ts'
import { resolveAttribute, findEntity } from '../plan/entity.ts'
import type { FactSource } from '../fact/datom.ts'
import { DB_IDENT } from '../fact/bootstrap.ts'
import { exactValue, exactWhole, NOTHING_EXACT, type ExactNames } from '../interface/exact.ts'
import { toPlain } from '../fact/plain.ts'
import { type Edn, keyword, Keyword } from '../fact/value.ts'
import { parsedPattern } from '../query/parsed.ts'
import { historyHasNoEntities } from '../engine/pull-errors.ts'

export class LocalEntity {
  readonly id: number
  readonly #facts: FactSource
  readonly #exact: ExactNames

  /** Null where the reference names nobody. */
  static of(facts: FactSource, eid: Edn, exact: ExactNames = NOTHING_EXACT): LocalEntity | null {
    if (facts.isHistory) throw historyHasNoEntities()
    const id = findEntity(facts, eid)
    return id === undefined ? null : new LocalEntity(facts, id, exact)
  }

  private constructor(facts: FactSource, id: number, exact: ExactNames) {
    this.#facts = facts
    this.#exact = exact
    this.id = id
  }

  /** A value, an array for many; of a reference its ident where it has one, else the entity. `:a/_b` goes backwards. */
  get(name: string): unknown {
    if (name === ':db/id') return this.id
    const facts = this.#facts
    const text = name.replace(/^:/, '')
    const isReverse = /(^|\/)_[^/]+$/.test(text)
    const ident = keyword(isReverse ? text.replace(/(^|\/)_/, '$1') : text)
    const attribute = resolveAttribute(facts, ident)
    if (isReverse) {
      const holders = [...facts.match(undefined, attribute.id, this.id)].map(({ e }) => this.#reference(e))
      if (holders.length === 0) return undefined
      return attribute.isComponent ? holders[0] : holders
    }
    const values = [...facts.match(this.id, attribute.id, undefined)].map(({ v }) =>
      attribute.valueType === 'ref'
        ? this.#reference(v as number)
        : toPlain(this.#exact.has(ident.text) ? exactValue(v) : v),
    )
    if (values.length === 0) return undefined
    return attribute.cardinality === 'one' ? values[0] : values
  }

  /** The attributes that it has values for. */
  attributes(): readonly string[] {
    const facts = this.#facts
    const ids = new Set<number>()
    for (const { a } of facts.match(this.id, undefined, undefined)) ids.add(a)
    return [...ids].map((a) => String(facts.schema.attribute(a)?.ident ?? a))
  }

  /** All its attributes, components whole. */
  touch(): unknown {
    return toPlain(exactWhole(pull(this.#facts, parsedPattern('[*]'), this.id), this.#exact))
  }

  #reference(id: number): unknown {
    for (const { v } of this.#facts.match(id, DB_IDENT, undefined)) if (v instanceof Keyword) return String(v)
    return new LocalEntity(this.#facts, id, this.#exact)
  }
}
