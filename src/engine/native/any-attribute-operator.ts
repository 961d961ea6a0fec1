// A pattern whose attribute is a variable or left open: facts are sought row by row by what is bound, all of them
// where nothing is. Values of any type come out, so they are collected.

import { TX_BASE } from '../../fact/attribute.ts'
import { type Datom, type FactSource, placeOf } from '../../fact/datom.ts'
import { type Edn, equalValues, type Value } from '../../fact/value.ts'
import type { Variable } from '../../plan/syntax.ts'
import { valueReader } from '../../plan/readings.ts'
import type { Budget } from '../budget.ts'
import { ADDED_DOMAIN, CollectedDomain, type Domain, ENTITY_DOMAIN } from './domain.ts'
import { type Chunk, type Layout, Operator, pickLayout, RowOutput, step } from './operator.ts'
import { decodedId, decodedPlace, type PlaceBinding } from './pattern-shape.ts'

export type AnyAttributeShape = {
  readonly facts: FactSource
  /** Entity, attribute, value, transaction, added. */
  readonly places: readonly PlaceBinding[]
  readonly kept: readonly number[]
  /** Places that become new columns, and how they are called. */
  readonly fresh: readonly { readonly place: number; readonly name: Variable }[]
  /** Pairs of places that one new variable fills. */
  readonly equalities: readonly (readonly [number, number])[]
  /** A value is understood as the attribute of its row does. */
  readonly isValueRead: boolean
}

export class AnyAttributeOperator extends Operator {
  readonly layout: Layout
  readonly #shape: AnyAttributeShape
  readonly #values: CollectedDomain
  readonly #output: RowOutput
  readonly #budget: Budget
  readonly #read: ReturnType<typeof valueReader>

  constructor(shape: AnyAttributeShape, incoming: Layout, budget: Budget) {
    super()
    this.#shape = shape
    this.#read = valueReader(shape.facts)
    this.#budget = budget
    this.#values = new CollectedDomain(budget)
    const kept = pickLayout(incoming, shape.kept)
    const domains: readonly Domain[] = [
      ENTITY_DOMAIN,
      ENTITY_DOMAIN,
      this.#values,
      ENTITY_DOMAIN,
      ADDED_DOMAIN,
    ]
    this.layout = {
      names: [...kept.names, ...shape.fresh.map(({ name }) => name)],
      domains: [...kept.domains, ...shape.fresh.map(({ place }) => domains[place]!)],
    }
    this.#output = new RowOutput(shape.kept, shape.fresh.length, budget)
  }

  push(chunk: Chunk): void {
    step(this.#budget, chunk.rowCount)
    const { facts, places, fresh } = this.#shape
    const output = this.#output
    output.begin(chunk.columns, this.next)
    for (let row = 0; row < chunk.rowCount; row++) {
      this.#budget.step()
      const wanted = places.map((place, at) =>
        at === 2 || at === 4 ? decodedPlace(place, chunk, row) : decodedId(place, chunk, row),
      )
      if (this.#shape.isValueRead) wanted[2] = this.#valueFor(wanted[1], wanted[2]!)
      // What is no id is nobody's, and null is no value.
      if (places.some(({ kind }, at) => kind !== 'free' && (wanted[at] ?? null) === null)) continue
      const [e, a, v] = wanted as [number | undefined, number | undefined, Value | undefined]
      for (const datom of facts.match(e, a, v, this.#budget.checks)) {
        this.#budget.step()
        if (!this.#fits(datom, wanted)) continue
        for (let at = 0; at < fresh.length; at++) {
          output.fresh[at]![output.count] = this.#numberOf(datom, fresh[at]!.place)
        }
        output.add(row)
        if (fresh.length === 0) break
      }
    }
    output.flush()
  }

  /** What a value means beside an attribute; null beside what is none. */
  #valueFor(id: Edn | undefined, value: Edn): Edn {
    const attribute = typeof id === 'number' ? this.#shape.facts.schema.attribute(id) : undefined
    return attribute === undefined ? null : this.#read(attribute, value)
  }

  #fits(datom: Datom, wanted: readonly (Edn | undefined)[]): boolean {
    if (wanted[3] !== undefined && TX_BASE + datom.t !== wanted[3]) return false
    if (wanted[4] !== undefined && datom.added !== wanted[4]) return false
    return this.#shape.equalities.every(([x, y]) => equalValues(placeOf(datom, x), placeOf(datom, y)))
  }

  #numberOf(datom: Datom, place: number): number {
    const value = placeOf(datom, place)
    return place === 2 ? this.#values.collect(value) : Number(value)
  }
}
