// What the terms of clauses are to a step: constants with their meaning, variables that rows have, or new ones.

import { type Attribute, TX_BASE } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import type { Edn } from '../fact/value.ts'
import { constantFor, resolveEntity } from './entity.ts'
import { functionNamed } from './functions.ts'
import type { FilterStep, PlanTerm } from './plan.ts'
import { realName, type Scope } from './scope.ts'
import type { Argument, Clause, Term, Variable } from './syntax.ts'

/** The places of a pattern. */
export const ENTITY = 0
export const ATTRIBUTE = 1
export const VALUE = 2
export const TX = 3

/** What a constant means in a place of a pattern; null where no fact can have it. */
export function constantAt(
  value: Edn,
  place: number,
  facts: FactSource,
  attribute: Attribute | undefined,
): Edn {
  switch (place) {
    case ENTITY:
    case ATTRIBUTE:
      return resolveEntity(facts, value) ?? null
    case VALUE:
      return attribute === undefined ? value : (constantFor(facts, attribute, value) ?? null)
    case TX: {
      const entity = resolveEntity(facts, value)
      return entity === undefined ? null : entity >= TX_BASE ? entity : TX_BASE + entity
    }
    default:
      return value
  }
}

/** The terms of a pattern or a call, told apart by what is bound; `constant` says what a constant means. */
export function planTerms(
  terms: readonly Term[],
  isBound: (name: Variable) => boolean,
  constant: (value: Edn, place: number) => Edn,
): readonly PlanTerm[] {
  const firstPlaces = new Map<Variable, number>()
  return terms.map((term, place): PlanTerm => {
    if (term.kind === 'blank') return { kind: 'any' }
    if (term.kind === 'constant') return { kind: 'constant', value: constant(term.value, place) }
    const { name } = term
    if (isBound(name)) return { kind: 'bound', name }
    const first = firstPlaces.get(name)
    if (first !== undefined) return { kind: 'same', place: first }
    firstPlaces.set(name, place)
    return { kind: 'fresh', name }
  })
}

/** True for a place that is known before facts are looked at. */
export function isGiven({ kind }: PlanTerm): boolean {
  return kind === 'constant' || kind === 'bound'
}

/** Functions that compare entities by what names them. */
export const COMPARISONS: ReadonlySet<string> = new Set(['=', '==', '!=', 'not='])

/** What a clause calls: the source that it asks stands apart from its arguments. */
export function callOf(
  { name: written, args }: Extract<Clause, { kind: 'function' | 'predicate' }>,
  scope: Scope,
): Pick<FilterStep, 'name' | 'source' | 'args'> {
  const known = functionNamed(written)
  const name = known?.name ?? written
  const [first, ...rest] = args
  if (known?.takesSource === true && first?.kind === 'source')
    return {
      name,
      source: realName(first.name, scope),
      args: rest.map((arg) => withRealSources(arg, scope)),
    }
  return { name, source: undefined, args: args.map((arg) => withRealSources(arg, scope)) }
}

/** Calls within calls name their sources as the question as a whole knows them. */
function withRealSources(arg: Argument, scope: Scope): Argument {
  if (arg.kind === 'source') return { kind: 'source', name: realName(arg.name, scope) }
  if (arg.kind !== 'call') return arg
  return { ...arg, args: arg.args.map((inner) => withRealSources(inner, scope)) }
}
