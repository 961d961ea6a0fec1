// A database as a value: what facts a connection held at one t, seen as of a moment, since one, or with all its
// history, perhaps with speculative transactions on top. It never changes (I2) and costs nothing to keep.
//
// `ref` says the same in plain data, so that another thread or process that follows the same log can build the
// equal value. If the index files behind `facts` were collected while nobody looked, `renewed` gives the same
// value over the newest root (I3).

import { VarveError } from '../base/errors.ts'
import type { T } from '../fact/attribute.ts'
import type { Datom, FactSource } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import { restrictedSpeculation } from './restricted-errors.ts'
import { RestrictedFacts } from './restricted-facts.ts'
import type { Restriction } from './restriction.ts'
import { SpeculativeFacts } from './speculative.ts'

/** A source that can be seen at other moments; schema and names stay those of the newest. */
export interface ViewableFacts extends FactSource {
  asOf(t: T): ViewableFacts
  since(t: T): ViewableFacts
  history(): ViewableFacts
}

/** One step from the newest value to a view of it. Applied in order. */
export type ViewStep =
  | { readonly kind: 'as-of'; readonly t: T }
  | { readonly kind: 'since'; readonly t: T }
  | { readonly kind: 'history' }
  /** `from` is the text of what they were made of, where that is told in receipts. */
  | { readonly kind: 'with'; readonly datoms: readonly Datom[]; readonly from?: string }
  /** Stands first: what is seen of the newest value is all that views are taken of. */
  | { readonly kind: 'restricted'; readonly restriction: Restriction }

export type DatabaseRef = {
  readonly database: string
  readonly basisT: T
  readonly steps: readonly ViewStep[]
}

/** Builds the facts of a moment again, over the newest root. */
export type FactsRenewer = (basisT: T) => Promise<ViewableFacts>

/** How often reading may be begun again because the index files under it were collected. */
export const RENEWAL_COUNT_MAX = 3

export function isBlobMissing(error: unknown): boolean {
  return error instanceof VarveError && error.code === 'varve.error/blob-missing'
}

export class DatabaseValue {
  readonly ref: DatabaseRef
  readonly facts: ViewableFacts
  /** Makes `newest` of the value that is restricted as this one. */
  readonly #renew: FactsRenewer
  readonly #newest: ViewableFacts

  /** The value that a reference names; `facts` are all that its database held at the basis. */
  static of(ref: DatabaseRef, facts: ViewableFacts, renew: FactsRenewer): DatabaseValue {
    const newest = applySteps(facts, ref.steps.filter(isRestriction))
    const renewNewest: FactsRenewer = async (basisT) =>
      applySteps(await renew(basisT), ref.steps.filter(isRestriction))
    return DatabaseValue.#seen(ref, newest, renewNewest)
  }

  static #seen(ref: DatabaseRef, newest: ViewableFacts, renew: FactsRenewer): DatabaseValue {
    return new DatabaseValue(ref, applySteps(newest, ref.steps.filter(isView)), renew, newest)
  }

  private constructor(ref: DatabaseRef, facts: ViewableFacts, renew: FactsRenewer, newest: ViewableFacts) {
    this.ref = ref
    this.facts = facts
    this.#renew = renew
    this.#newest = newest
  }

  /** The value from which this view was taken, no less restricted. */
  newest(): DatabaseValue {
    const ref = { ...this.ref, steps: this.ref.steps.filter(isRestriction) }
    return new DatabaseValue(ref, this.#newest, this.#renew, this.#newest)
  }

  /** All facts up to the moment of this view: without `since` and `history`. */
  atMoment(): DatabaseValue {
    const steps = this.ref.steps.filter((step) => isRestriction(step) || step.kind === 'as-of')
    if (steps.length === this.ref.steps.length) return this
    return DatabaseValue.#seen({ ...this.ref, steps }, this.#newest, this.#renew)
  }

  /**
   * The same view of what the restriction lets through; nothing leads back. Not of a speculation: whoever restricts says
   * what shows of facts, and what is speculated is no fact.
   */
  restricted(restriction: Restriction): DatabaseValue {
    const { steps } = this.ref
    if (steps.some(({ kind }) => kind === 'with')) throw restrictedSpeculation(this.database)
    const step: ViewStep = { kind: 'restricted', restriction }
    const ref = { ...this.ref, steps: [...steps.filter(isRestriction), step, ...steps.filter(isView)] }
    const renew = this.#renew
    return DatabaseValue.#seen(ref, applyStep(this.#newest, step), async (basisT) =>
      applyStep(await renew(basisT), step),
    )
  }

  get isRestricted(): boolean {
    return this.ref.steps.some(isRestriction)
  }

  get database(): string {
    return this.ref.database
  }

  get basisT(): T {
    return this.facts.basisT
  }

  get schema(): Schema {
    return this.facts.schema
  }

  /** At a t, or at the last t at or before an instant. */
  asOf(point: T | Date): DatabaseValue {
    return this.#step({ kind: 'as-of', t: this.#tAt(point) })
  }

  since(point: T | Date): DatabaseValue {
    return this.#step({ kind: 'since', t: this.#tAt(point) })
  }

  history(): DatabaseValue {
    return this.#step({ kind: 'history' })
  }

  /** This value and, on top, the datoms of one more transaction. Throws `varve.error/restricted-speculation`. */
  with(datoms: readonly Datom[], from?: string): DatabaseValue {
    if (this.isRestricted) throw restrictedSpeculation(this.database)
    return this.#step({ kind: 'with', datoms, ...(from !== undefined && { from }) })
  }

  /** The equal value over the newest root. */
  async renewed(): Promise<DatabaseValue> {
    return DatabaseValue.#seen(this.ref, await this.#renew(this.ref.basisT), this.#renew)
  }

  /** What the work reads in this value, again over the newest root where files under it are gone (I3). */
  async read<Result>(work: (value: DatabaseValue) => Result): Promise<Result> {
    let value: DatabaseValue = this
    for (let attempt = 0; ; attempt++) {
      try {
        return work(value)
      } catch (error) {
        if (!isBlobMissing(error) || attempt >= RENEWAL_COUNT_MAX) throw error
        value = await value.renewed()
      }
    }
  }

  /** The same of a list: it goes on where it was. */
  async *readEach(list: (facts: ViewableFacts) => Iterable<Datom>): AsyncGenerator<Datom> {
    let value: DatabaseValue = this
    let count = 0
    for (let attempt = 0; ; attempt++) {
      try {
        let place = 0
        for (const datom of list(value.facts)) {
          if (place++ < count) continue
          count++
          yield datom
        }
        return
      } catch (error) {
        if (!isBlobMissing(error) || attempt >= RENEWAL_COUNT_MAX) throw error
        value = await value.renewed()
      }
    }
  }

  #step(step: ViewStep): DatabaseValue {
    const ref = { ...this.ref, steps: [...this.ref.steps, step] }
    return new DatabaseValue(ref, applyStep(this.facts, step), this.#renew, this.#newest)
  }

  #tAt(point: T | Date): T {
    return typeof point === 'number' ? point : this.facts.tAt(point.getTime())
  }
}

function isRestriction({ kind }: ViewStep): boolean {
  return kind === 'restricted'
}

function isView(step: ViewStep): boolean {
  return !isRestriction(step)
}

function applySteps(facts: ViewableFacts, steps: readonly ViewStep[]): ViewableFacts {
  return steps.reduce(applyStep, facts)
}

function applyStep(facts: ViewableFacts, step: ViewStep): ViewableFacts {
  switch (step.kind) {
    case 'as-of':
      return facts.asOf(step.t)
    case 'since':
      return facts.since(step.t)
    case 'history':
      return facts.history()
    case 'with':
      return new SpeculativeFacts(facts, step.datoms)
    case 'restricted':
      return RestrictedFacts.of(facts, step.restriction)
  }
}
