// What the terms of clauses are to a step: constants with their meaning, variables that rows have, or new ones. What
// would have to be understood anew for every row (names and lookup refs that came as inputs) is refused.

import { type Attribute, TX_BASE } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import { type Edn, Keyword } from '../fact/value.ts'
import { constantFor, resolveEntity } from './entity.ts'
import type { PlanTerm } from './plan.ts'
import { Refusal } from './refusal.ts'
import type { Scope } from './scope.ts'
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

/** Inputs may hold names and lookup refs, to be understood where they stand: those are left to another engine. */
export function checkInput(
  name: Variable,
  place: number,
  attribute: Attribute | undefined,
  scope: Scope,
): void {
  const values = scope.inputs.get(name)
  if (values === undefined) return
  if (attribute === undefined) throw new Refusal('an input in a pattern without an attribute')
  const isEntity = place === ENTITY || place === TX || (place === VALUE && attribute.valueType === 'ref')
  if (isEntity && !values.every((value) => Number.isSafeInteger(value)))
    throw new Refusal('an input that names an entity')
  if (place === TX && !values.every((value) => (value as number) >= TX_BASE))
    throw new Refusal('a t as an input')
  if (place === VALUE && attribute.valueType === 'float') throw new Refusal('an input that is rounded')
}

/** An input that holds a lookup ref is compared as the entity it names: left to another engine. */
export function checkCompared(args: readonly Argument[], scope: Scope): void {
  const holdsLookupRef = (name: Variable): boolean =>
    (scope.inputs.get(name) ?? []).some((value) => Array.isArray(value))
  if (args.some((arg) => arg.kind === 'variable' && holdsLookupRef(arg.name)))
    throw new Refusal('a lookup ref that is compared')
}

/** Within a rule nobody knows that a parameter is an input, whose idents and lookup refs are looked up. */
export function checkRuleArguments({ args }: RuleCall, scope: Scope): void {
  const isName = (value: Edn): boolean => Array.isArray(value) || value instanceof Keyword
  for (const arg of args) {
    if (arg.kind === 'constant' && arg.value instanceof Keyword)
      throw new Refusal('a name as argument of a rule')
    if (arg.kind === 'variable' && scope.inputs.get(arg.name)?.some(isName))
      throw new Refusal('an input that may name an entity, as argument of a rule')
  }
}
