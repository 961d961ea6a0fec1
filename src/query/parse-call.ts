// Calls of functions and predicates with their arguments: `(+ ?a (* ?b 2))`, `(missing? $ ?e :a)`.

import { nearest } from '../base/nearest.ts'
import { functionUnknown } from '../engine/errors.ts'
import { type Edn, EdnList } from '../fact/value.ts'
import { aggregateNamed, type BuiltinFunction, FUNCTIONS, functionNamed } from '../plan/functions.ts'
import { show } from '../plan/show.ts'
import { isPlainName, isSource, isVariable, type Spot } from '../plan/spot.ts'
import type { Argument } from '../plan/syntax.ts'
import { aggregateInWhere, callArityWrong, nilConstant, queryMalformed } from './errors.ts'

/** How deep clauses and calls nest in each other. */
export const NESTING_MAX = 100

/** What a parser must know of the surroundings. */
export type Names = {
  /** True for the name of a stored procedure. */
  readonly isFunction: (name: string) => boolean
}

/** Where nobody says which procedures are stored: a name with a namespace may be one, and the engine decides. */
export const NAMES_UNTOLD: Names = { isFunction: (name) => name.indexOf('/') > 0 }

export type Call = { readonly name: string; readonly args: readonly Argument[] }

/** The call that `(name argument …)` says; `items` are the members of the form at `spot`. */
export function parseCall(spot: Spot, items: readonly Spot[], names: Names, depth: number = 0): Call {
  const [head, ...rest] = items
  if (depth > NESTING_MAX) {
    throw queryMalformed(
      spot,
      `The call is nested deeper than ${NESTING_MAX}`,
      'Bind inner results to variables',
    )
  }
  const name = head?.symbol
  if (head === undefined || !isPlainName(name)) {
    throw queryMalformed(
      spot,
      `${show(spot.form)} calls no function`,
      'Begin with the name of a function: (+ ?x 1)',
    )
  }
  const builtin = functionNamed(name)
  // Engines say themselves that they do not ask queries within queries.
  const isKnown = builtin !== undefined || name === 'q' || names.isFunction(name)
  if (!isKnown) throw unknown(head, name)
  const args = rest.map((arg) => parseArgument(arg, names, depth))
  if (builtin !== undefined) checkArguments(spot, builtin, rest, args)
  return { name: builtin?.name ?? name, args }
}

function parseArgument(spot: Spot, names: Names, depth: number): Argument {
  const name = spot.symbol
  if (isVariable(name)) return { kind: 'variable', name }
  if (isSource(name)) return { kind: 'source', name }
  if (name === '_') {
    throw queryMalformed(spot, '_ is no argument of a function', 'Name a variable that a clause binds')
  }
  const items = spot.form instanceof EdnList ? spot.items() : undefined
  const head = items?.[0]?.symbol
  if (items !== undefined && head === 'quote' && items.length === 2) return constant(items[1]!.form)
  if (items !== undefined && items.length > 0)
    return { kind: 'call', ...parseCall(spot, items, names, depth + 1) }
  return constant(spot.form)
}

function checkArguments(
  spot: Spot,
  builtin: BuiltinFunction,
  spots: readonly Spot[],
  args: readonly Argument[],
): void {
  const { name, argumentCountMin: min, argumentCountMax: max, takesSource } = builtin
  if (args.length < min || args.length > max) {
    throw callArityWrong(spot, name, arityText(min, max), args.length)
  }
  for (const [index, arg] of args.entries()) {
    const mustBeSource = takesSource && index === 0
    if ((arg.kind === 'source') === mustBeSource) continue
    throw mustBeSource
      ? queryMalformed(spots[index]!, `${name} does not say which source it asks`, `Write (${name} $ …)`)
      : queryMalformed(spots[index]!, `A source is no argument of ${name}`, 'Name a variable or a constant')
  }
  const last = args.at(-1)
  if (name === 'get-else' && last?.kind === 'constant' && last.value === null) {
    throw nilConstant(spots.at(-1)!, 'as the default of get-else')
  }
}

function arityText(min: number, max: number): string {
  const noun = (count: number): string => `${count} argument${count === 1 ? '' : 's'}`
  if (min === max) return noun(min)
  return max === Infinity ? `at least ${noun(min)}` : `${min} to ${noun(max)}`
}

function unknown(spot: Spot, name: string): Error {
  if (aggregateNamed(name) !== undefined) return aggregateInWhere(spot, name)
  const known = [...FUNCTIONS.keys()]
  const short = known.map((one) => one.slice(one.indexOf('/') + 1)).filter((one) => one !== '')
  return functionUnknown(name, nearest(name, [...known, ...short]), spot.place())
}

function constant(value: Edn): Argument {
  return { kind: 'constant', value }
}
