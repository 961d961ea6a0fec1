// A relation while a question is compiled: a part of a statement or a table, and in which of its columns the variables
// stand. Columns have names that no other relation uses, so a join of two never confuses them.

import type { Variable } from '../../plan/syntax.ts'
import type { Expression } from './expressions.ts'

export type Relation = {
  /** Undefined for one row without columns. */
  readonly from: string | undefined
  readonly columns: ReadonlyMap<Variable, Expression>
  /** Columns that stay whatever becomes of the variables: by them rows are found again outside. */
  readonly carried: readonly Expression[]
}

export const UNIT: Relation = { from: undefined, columns: new Map(), carried: [] }

/** What follows `SELECT`: columns as they are, and new ones by name. */
export function selectList(kept: readonly Expression[], added: readonly string[]): string {
  const list = [...new Set(kept.map(({ sql }) => sql)), ...added]
  return list.length === 0 ? '1 AS unit' : list.join(', ')
}

/** Everything that a relation has. */
export function allColumns({ columns, carried }: Relation): readonly Expression[] {
  return [...columns.values(), ...carried]
}
