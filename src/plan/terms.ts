// What the terms of clauses are to a step: constants with their meaning, variables that rows have, or new ones. What
// would have to be understood anew for every row (names and lookup refs that came as inputs) is refused.

import { type Attribute, TX_BASE } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import { type Edn, Keyword } from '../fact/value.ts'
import { constantFor, resolveEntity } from './entity.ts'
import { functionNamed } from './functions.ts'
import type { Places } from './places.ts'
import type { FilterStep, PlanTerm } from './plan.ts'
import { Refusal } from './refusal.ts'
import { realName, type Scope } from './scope.ts'
import type { Argument, Clause, Term, Variable } from './syntax.ts'

type RuleCall = Extract<Clause, { kind: 'rule' }>

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

/** With the attribute an input, what a value beside it means is known by row alone: left to another engine. */
export function checkOpenPattern(
  [_e, a, v]: readonly Term[],
  isBound: (name: Variable) => boolean,
  scope: Scope,
): void {
  if (a?.kind !== 'variable' || !scope.inputs.has(a.name)) return
  if (v?.kind === 'constant' || (v?.kind === 'variable' && (isBound(v.name) || scope.inputs.has(v.name))))
    throw new Refusal('a value beside an attribute that is an input')
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
    return { name, source: realName(first.name, scope), args: rest }
  checkCompared(args, scope)
  return { name, source: undefined, args }
}

/** Calls within calls see their arguments as they were given (named-inputs.ts): left to another engine. */
export function checkCompared(args: readonly Argument[], scope: Scope): void {
  const holdsLookupRef = (name: Variable): boolean =>
    (scope.inputs.get(name) ?? []).some((value) => Array.isArray(value))
  for (const arg of args) {
    if (arg.kind !== 'call') continue
    const isCompared = COMPARISONS.has(arg.name)
    if (isCompared && arg.args.some((inner) => inner.kind === 'variable' && holdsLookupRef(inner.name)))
      throw new Refusal('a lookup ref that is compared')
    checkCompared(arg.args, scope)
  }
}

/** Whether a value may be the name of an entity rather than its id. */
export function isName(value: Edn): boolean {
  return Array.isArray(value) || value instanceof Keyword
}

/** Names whose rule takes them for entities in some places (named-inputs.ts replaces those that it knows). */
export function checkRuleArguments(
  { args }: RuleCall,
  scope: Scope,
  parameters: readonly (Places | undefined)[],
): void {
  args.forEach((arg, at) => {
    if (parameters[at]?.isResolved !== true) return
    if (arg.kind === 'constant' && isName(arg.value)) throw new Refusal('a name as argument of a rule')
    if (arg.kind === 'variable' && scope.inputs.get(arg.name)?.some(isName))
      throw new Refusal('an input that may name an entity, as argument of a rule')
  })
}
