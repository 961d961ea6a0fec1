// A database as it would be: some view of the facts, and on top the datoms of transactions that were never
// written. On a database as of then, that is the database as of then and the new facts. Views of it work as
// those of any other: as of a t before the speculation it is the view below.

import type { T } from '../fact/attribute.ts'
import type { Datom, FactSource, IndexName, IndexRange } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import { OverlaidFacts, WHOLE_OVERLAY, type OverlaidView } from './overlaid-facts.ts'

/** Facts that can be seen at other moments; `ViewableFacts` of database-value.ts has the same shape. */
interface Viewable extends FactSource {
  asOf(t: T): Viewable
  since(t: T): Viewable
  history(): Viewable
}

export class SpeculativeFacts implements Viewable {
  readonly #base: Viewable
  readonly #datoms: readonly Datom[]
  readonly #view: OverlaidView
  readonly #facts: OverlaidFacts

  /** `datoms` are those of whole transactions after `base`, in order of t. */
  constructor(base: Viewable, datoms: readonly Datom[], view: OverlaidView = WHOLE_OVERLAY) {
    this.#base = base
    this.#datoms = datoms
    this.#view = view
    this.#facts = new OverlaidFacts(base, datoms, view)
  }

  get schema(): Schema {
    return this.#facts.schema
  }

  get basisT(): T {
    return this.#facts.basisT
  }

  get isHistory(): boolean {
    return this.#facts.isHistory
  }

  match(...place: Parameters<FactSource['match']>): Iterable<Datom> {
    return this.#facts.match(...place)
  }

  range(index: IndexName, range: IndexRange): Iterable<Datom> {
    return this.#facts.range(index, range)
  }

  entityCount(kind: number): number {
    return this.#facts.entityCount(kind)
  }

  tAt(instantMs: number): T {
    return this.#facts.tAt(instantMs)
  }

  asOf(t: T): SpeculativeFacts {
    const view = { ...this.#view, asOf: Math.min(t, this.#view.asOf) }
    return new SpeculativeFacts(this.#base.asOf(t), this.#datoms, view)
  }

  since(t: T): SpeculativeFacts {
    const view = { ...this.#view, since: Math.max(t, this.#view.since) }
    return new SpeculativeFacts(this.#base.since(t), this.#datoms, view)
  }

  history(): SpeculativeFacts {
    return new SpeculativeFacts(this.#base.history(), this.#datoms, this.#view)
  }
}
