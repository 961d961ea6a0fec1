// What no two rows of one transaction may share: values of unique attributes, and the identity as a whole. Those of the
// rows taken so far.

import { keyOf, type Scalar, textKey } from '../fact/value.ts'
import type { RowValue } from '../database/transact-rows.ts'
import type { ImportRows } from './convert-rows.ts'
import type { ImportPlan } from './import-plan.ts'

type UniqueColumn = { readonly place: number; readonly isMany: boolean; readonly keys: Set<unknown> }

export class UniqueKeys {
  readonly #columns: readonly UniqueColumn[]
  readonly #parts: readonly number[] | undefined
  readonly #composites = new Set<unknown>()

  constructor({ columns, composite }: ImportPlan) {
    this.#columns = columns.flatMap(({ unique, isMany }, place) =>
      unique === undefined ? [] : [{ place, isMany, keys: new Set() }],
    )
    this.#parts = composite?.parts
  }

  clear(): void {
    for (const { keys } of this.#columns) keys.clear()
    this.#composites.clear()
  }

  /** Takes a row; false, and nothing is taken, where it shares something with another. */
  take({ columns }: ImportRows, row: number): boolean {
    // The way of nearly all imports: one look into one set.
    const [only] = this.#columns
    if (this.#columns.length === 1 && this.#parts === undefined && !only!.isMany) {
      const value = columns[only!.place]![row]
      return value === undefined || isNew(only!.keys, keyOfValue(value))
    }
    const isFree = this.#each(columns, row, (keys, key) => !keys.has(key))
    return isFree && this.#each(columns, row, (keys, key) => keys.add(key) !== undefined)
  }

  /** False as soon as `visit` says so. */
  #each(
    columns: ImportRows['columns'],
    row: number,
    visit: (keys: Set<unknown>, key: unknown) => boolean,
  ): boolean {
    for (const { place, isMany, keys } of this.#columns) {
      const value = columns[place]![row]
      if (value === undefined) continue
      const several = isMany ? (value as readonly Scalar[]) : [value]
      if (!several.every((one) => visit(keys, keyOfValue(one)))) return false
    }
    if (this.#parts === undefined) return true
    return visit(this.#composites, textKey(compositeValue(this.#parts, columns, row)))
  }
}

/** A column has one type, among whose values a text is its own key. */
function keyOfValue(value: Exclude<RowValue, undefined>): unknown {
  return typeof value === 'string' ? value : keyOf(value)
}

function isNew(keys: Set<unknown>, key: unknown): boolean {
  const countBefore = keys.size
  keys.add(key)
  return keys.size > countBefore
}

/** The tuple of several columns that together are the identity. */
export function compositeValue(
  parts: readonly number[],
  columns: ImportRows['columns'],
  row: number,
): readonly (Scalar | null)[] {
  // Parts of an identity have one value each, and no column holds tuples.
  return parts.map((place) => (columns[place]![row] ?? null) as Scalar | null)
}
