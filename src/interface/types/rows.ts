// The rows of a relation, as users see them.

import type { ValueType } from '../../fact/attribute.ts'

export type ColumnInfo = { readonly name: string; readonly type: ValueType | 'any' | 'map' }

/** The rows of a relation. They may be built as they are asked for. */
export interface Rows<R> extends Iterable<R> {
  readonly length: number
  readonly columns: readonly ColumnInfo[]
  /** Counts from the end where negative. */
  at(index: number): R | undefined
  toArray(): R[]
}
