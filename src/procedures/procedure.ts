// A procedure: a function that is kept as text, by name and version, and runs where nothing but its arguments can reach
// it. This is plain data, which can be stored, sent and compared; its hash says in 71 characters what it is. The source
// is one expression that gives a function: docs/reference/procedures.md.

import type { ValueType } from '../fact/attribute.ts'

/**
 * `function` and `predicate` see the arguments of a call in `:where`, `aggregate` the values of a group and the constants
 * before its variable, `transaction` the database before a transaction and the arguments of the operation.
 */
export const PROCEDURE_KINDS = ['function', 'predicate', 'aggregate', 'transaction'] as const
export type ProcedureKind = (typeof PROCEDURE_KINDS)[number]

export type ProcedureType = ValueType | 'any'

export type ProcedureParameter = {
  readonly name: string
  readonly type: ProcedureType
  /** May be left out by callers, as all that follow it then. */
  readonly isOptional: boolean
}

export type Procedure = {
  /** With a namespace: `finance/days-late`. */
  readonly name: string
  /** From 1. */
  readonly version: number
  readonly kind: ProcedureKind
  readonly doc: string
  readonly language: 'typescript' | 'javascript'
  readonly parameters: readonly ProcedureParameter[]
  readonly returns: ProcedureType
  /** As it was written. */
  readonly source: string
  /** `sha256:` and 64 hexadecimal digits, over all of the above. */
  readonly hash: string
}

/** `finance/days-late#2`: the one version of this name. */
export function pinnedName({ name, version }: Pick<Procedure, 'name' | 'version'>): string {
  return `${name}#${version}`
}
