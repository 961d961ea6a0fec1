// Which function a question means by a name.

import type { Place } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { FUNCTIONS, functionNamed } from '../plan/functions.ts'
import type { QueryContext } from './context.ts'
import { functionUnknown, functionUnsupported } from './errors.ts'
import { VALUE_FUNCTIONS, type ValueFunction } from './functions.ts'

/** The function of this name, built in, registered, or brought along by the question. */
export function functionFor(name: string, context: QueryContext, place: Place | undefined): ValueFunction {
  const found = VALUE_FUNCTIONS.get(functionNamed(name)?.name ?? name) ?? context.userFunctions.get(name)
  if (found !== undefined) return found
  const stored = context.stored.functions.get(name)
  if (stored !== undefined) return (args) => stored([args], context.budget.checks)[0]!
  if (name === 'q' || functionNamed(name) !== undefined) throw functionUnsupported(name, place)
  const known = [...FUNCTIONS.keys(), ...context.userFunctions.keys(), ...context.stored.functions.keys()]
  throw functionUnknown(name, nearest(name, known), place)
}
