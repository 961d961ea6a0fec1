// Taking a value apart by a binding form: `?x`, `[?x ?y]`, `[?x ...]`, `[[?x ?y]]`, for inputs and for what
// functions return. A name that stands twice in a form is an equality, `_` takes anything, what is too long is
// cut and what is too short is an error.

import type { VarveError } from '../base/errors.ts'
import { EdnList, equalValues, type Edn } from '../fact/value.ts'
import { showBinding } from '../plan/show-clause.ts'
import type { Binding, Variable } from '../plan/syntax.ts'
import { bindingVariables } from '../plan/variables.ts'
import { inputNil, inputShapeWrong, resultShapeWrong } from './errors.ts'
import { itemsOf } from './functions-collection.ts'
import { printShort } from './print.ts'
import type { Row } from './relation.ts'

/** The rows, over `bindingVariables`, that an input gives. nil is an error. */
export function inputRows(binding: Binding, value: Edn): readonly Row[] {
  const written = showBinding(binding)
  if (value === null) throw inputNil(written)
  return rowsOf(binding, value, (given, shape) => inputShapeWrong(given, shape, written))
}

/** The rows, over `bindingVariables`, that a function's result gives. nil gives none. */
export function resultRows(binding: Binding, value: Edn): readonly Row[] {
  return value === null ? [] : rowsOf(binding, value, resultShapeWrong)
}

type ShapeError = (value: string, shape: string) => VarveError
type Assignment = ReadonlyMap<Variable, Edn>

function rowsOf(binding: Binding, value: Edn, wrong: ShapeError): readonly Row[] {
  if (binding.kind === 'variable') return [[value]]
  // Long collections are the common large input: no maps for them.
  if (binding.kind === 'collection' && binding.item.kind === 'variable') {
    return collection(value, wrong).map((item) => [item])
  }
  const names = bindingVariables(binding)
  return assignments(binding, value, wrong).map((assigned) => names.map((name) => assigned.get(name) ?? null))
}

function assignments(binding: Binding, value: Edn, wrong: ShapeError): readonly Assignment[] {
  switch (binding.kind) {
    case 'variable':
      return [new Map([[binding.name, value]])]
    case 'blank':
      return [new Map()]
    case 'tuple':
      return tupleAssignments(binding.items, value, wrong)
    case 'collection':
      return collection(value, wrong).flatMap((item) => assignments(binding.item, item, wrong))
    case 'relation':
      return collection(value, wrong).flatMap((item) => tupleAssignments(binding.items, item, wrong))
  }
}

function collection(value: Edn, wrong: ShapeError): readonly Edn[] {
  const items = itemsOf(value)
  if (items === undefined) throw wrong(printShort(value), 'a collection')
  return items
}

function tupleAssignments(items: readonly Binding[], value: Edn, wrong: ShapeError): readonly Assignment[] {
  const values =
    value instanceof EdnList ? value.items : Array.isArray(value) ? (value as readonly Edn[]) : undefined
  if (values === undefined || values.length < items.length) {
    throw wrong(printShort(value), `a vector of at least ${items.length}`)
  }
  let found: readonly Assignment[] = [new Map()]
  for (const [index, item] of items.entries()) {
    const parts = assignments(item, values[index]!, wrong)
    found = found.flatMap((left) => parts.flatMap((right) => merged(left, right) ?? []))
  }
  return found
}

function merged(left: Assignment, right: Assignment): Assignment | undefined {
  for (const [name, value] of right) {
    const held = left.get(name)
    if (held !== undefined && !equalValues(held, value)) return undefined
  }
  return new Map([...left, ...right])
}
