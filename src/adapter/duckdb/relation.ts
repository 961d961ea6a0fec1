// A relation while a question is compiled: a part of a statement or a table, and in which of its columns the variables
// stand. Columns have names that no other relation uses, so a join of two never confuses them.

import { Dependencies } from '../../plan/dependencies.ts'
import type { Variable } from '../../plan/syntax.ts'
import type { Expression } from './expressions.ts'

export type Start = {
  /** Undefined for one row without columns. */
  readonly from: string | undefined
  readonly columns: ReadonlyMap<Variable, Expression>
  /** Columns that stay whatever becomes of the variables: by them rows are found again outside. */
  readonly carried: readonly Expression[]
}

export type Relation = Start & {
  /** What tells its rows apart. */
  readonly dependencies: Dependencies
}

/** Stands for the columns that are carried along. */
const CARRIED = '!carried'

/** The rows with which a chain of steps begins. */
export function begun(start: Start): Relation {
  return { ...start, dependencies: new Dependencies([...start.columns.keys(), CARRIED]) }
}

/** True where no two rows are alike in these variables and in what is carried along. */
export function areDistinct({ dependencies }: Relation, names: readonly Variable[]): boolean {
  return dependencies.determine([...names, CARRIED])
}

/** The rows were made distinct over these variables. */
export function madeDistinct({ dependencies }: Relation, names: readonly Variable[]): void {
  dependencies.begin([...names, CARRIED])
}

export const UNIT: Start = { from: undefined, columns: new Map(), carried: [] }

/** What follows `SELECT`: columns as they are, and new ones by name. */
export function selectList(kept: readonly Expression[], added: readonly string[]): string {
  const list = [...new Set(kept.map(({ sql }) => sql)), ...added]
  return list.length === 0 ? '1 AS unit' : list.join(', ')
}

/** Everything that a relation has. */
export function allColumns({ columns, carried }: Start): readonly Expression[] {
  return [...columns.values(), ...carried]
}
