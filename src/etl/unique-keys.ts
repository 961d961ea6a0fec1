// What no two rows of one transaction may share: values of unique attributes, and the identity as a whole. Those of the
// rows taken so far.

import type { Scalar, Tuple, Value } from '../fact/value.ts'
import { ValueSet } from '../fact/value-set.ts'
import type { ImportRows } from './convert-rows.ts'
import type { ImportPlan } from './import-plan.ts'

type UniqueColumn = { readonly place: number; readonly isMany: boolean; readonly taken: ValueSet }

export class UniqueKeys {
  readonly #columns: readonly UniqueColumn[]
  readonly #parts: readonly number[] | undefined
  readonly #composites = new ValueSet()

  constructor({ columns, composite }: ImportPlan) {
    this.#columns = columns.flatMap(({ unique, isMany }, place) =>
      unique === undefined ? [] : [{ place, isMany, taken: new ValueSet() }],
    )
    this.#parts = composite?.parts
  }

  clear(): void {
    for (const { taken } of this.#columns) taken.clear()
    this.#composites.clear()
  }

  /** Takes a row; false, and nothing is taken, where it shares something with another. */
  take({ columns }: ImportRows, row: number): boolean {
    // The way of nearly all imports: one look into one set.
    const [only] = this.#columns
    if (this.#columns.length === 1 && this.#parts === undefined && !only!.isMany) {
      const value = columns[only!.place]![row]
      return value === undefined || only!.taken.add(value)
    }
    const isFree = this.#each(columns, row, (taken, value) => !taken.has(value))
    return isFree && this.#each(columns, row, (taken, value) => taken.add(value) || true)
  }

  /** False as soon as `visit` says so. */
  #each(
    columns: ImportRows['columns'],
    row: number,
    visit: (taken: ValueSet, value: Value) => boolean,
  ): boolean {
    for (const { place, isMany, taken } of this.#columns) {
      const value = columns[place]![row]
      if (value === undefined) continue
      const several = (isMany ? value : [value]) as readonly Value[]
      if (!several.every((one) => visit(taken, one))) return false
    }
    return this.#parts === undefined || visit(this.#composites, compositeValue(this.#parts, columns, row))
  }
}

/** The tuple of several columns that together are the identity. */
export function compositeValue(parts: readonly number[], columns: ImportRows['columns'], row: number): Tuple {
  // Parts of an identity have one value each, and no column holds tuples.
  return parts.map((place) => (columns[place]![row] ?? null) as Scalar | null)
}
