// How values go to a procedure and come back: as Varve's JSON (docs/reference/json.md), which keeps every type. What a
// value is inside stands in docs/reference/procedures.md; the other half is adapter/quickjs/realm-json.ts.

import { assert } from '../base/assert.ts'
import { VarveError } from '../base/errors.ts'
import type { ValueType } from '../fact/attribute.ts'
import { coerceScalar } from '../fact/coerce.ts'
import { ednFromJsonText } from '../fact/json-form.ts'
import { writeJson } from '../fact/json-writer.ts'
import { double, type Edn } from '../fact/value.ts'
import { procedureArgumentsWrong, procedureFailed } from './errors.ts'
import { MAIL_BYTES_MAX } from './mailbox.ts'
import type { Procedure, ProcedureType } from './procedure.ts'

/** What a procedure may give at once: values nested in each other, and how deep. */
const RESULT_LIMITS = { textBytesMax: MAIL_BYTES_MAX, depthMax: 200 }

/** The arguments of each row, of the types that the procedure declares. Throws `varve.error/procedure-arguments-wrong`. */
export function rowsText(procedure: Procedure, rows: readonly (readonly Edn[])[]): string {
  return `[${rows.map((row) => rowText(procedure, row)).join()}]`
}

export function rowText(procedure: Procedure, row: readonly Edn[]): string {
  return `[${typedRow(procedure, row).map(argumentText).join()}]`
}

/** A moment alone goes as a number: to write and to read its text would take longer than most procedures. */
function argumentText(value: Edn): string {
  if (value instanceof Date) return `{"#ms":${value.getTime()}}`
  return writeJson(value, { exact: true })
}

/** What came of so many rows, of the type that the procedure declares. Throws `varve.error/procedure-failed`. */
export function resultsOf(procedure: Procedure, text: string, rowCount: number): readonly Edn[] {
  const results = read(procedure, text)
  assert(Array.isArray(results) && results.length === rowCount, 'the sandbox gives a value for each row')
  const { returns } = procedure
  return returns === 'any' ? results : results.map((result) => typedResult(procedure, returns, result))
}

function read(procedure: Procedure, text: string): Edn {
  try {
    return ednFromJsonText(text, 'value', RESULT_LIMITS)
  } catch (error) {
    throw error instanceof VarveError
      ? procedureFailed(procedure, `it gives no value: ${error.message}`, undefined)
      : error
  }
}

function typedRow(procedure: Procedure, row: readonly Edn[]): readonly Edn[] {
  const { parameters } = procedure
  const [min, max] = arityOf(procedure)
  if (row.length < min || row.length > max)
    throw procedureArgumentsWrong(procedure, `${row.length} arguments are given`, signature(procedure))
  return row.map((value, index) => {
    const { name, type } = parameters[index] ?? { name: 'values', type: 'any' }
    const typed = asType(type, value)
    if (typed !== undefined) return typed
    throw procedureArgumentsWrong(procedure, `${name} is ${writeJson(value)}`, signature(procedure))
  })
}

function typedResult(procedure: Procedure, type: ValueType, value: Edn): Edn {
  const typed = asType(type, value)
  if (typed !== undefined) return typed
  throw procedureFailed(procedure, `it gives ${writeJson(value)} where it declares ${type}`, undefined)
}

/** Undefined where the value is none of the type, and cannot be read as one. nil is of every type. */
function asType(type: ProcedureType, value: Edn): Edn | undefined {
  if (type === 'any' || value === null) return value
  if (type === 'long' && Number.isSafeInteger(value)) return value
  if (type === 'double' && typeof value === 'number') return double(value)
  if (type === 'tuple') return Array.isArray(value) ? value : undefined
  try {
    return coerceScalar(type === 'ref' ? 'long' : type, value)
  } catch (error) {
    if (error instanceof VarveError) return undefined
    throw error
  }
}

/** How many arguments callers give, at least and at most. */
export function arityOf({ parameters, kind }: Procedure): readonly [min: number, max: number] {
  // An aggregate takes the values of a group, whether it says so or not.
  if (kind === 'aggregate' && parameters.length === 0) return [1, 1]
  return [parameters.filter(({ isOptional }) => !isOptional).length, parameters.length]
}

/** `(due instant, paid instant, rate double?)`. */
export function signature({ parameters }: Procedure): string {
  const told = parameters.map(({ name, type, isOptional }) => `${name} ${type}${isOptional ? '?' : ''}`)
  return told.length === 0 ? 'no arguments' : `(${told.join(', ')})`
}
