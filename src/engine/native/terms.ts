// What the terms of clauses are to a plan: columns of its rows, constants, or new variables. What would have to be
// understood anew for every row (names and lookup refs that came as inputs) is refused.

import { assert } from '../../base/assert.ts'
import { type Attribute, TX_BASE } from '../../fact/attribute.ts'
import type { FactSource } from '../../fact/datom.ts'
import { type Edn, Keyword } from '../../fact/value.ts'
import type { Argument, Clause, Term, Variable } from '../../plan/syntax.ts'
import { constantFor, resolveEntity } from '../../plan/entity.ts'
import type { Scope } from '../../plan/scope.ts'
import type { Passed } from './branch-operator.ts'
import type { CallArgument } from './call-operator.ts'
import { CollectedDomain, NumberDomain } from './domain.ts'
import { columnOf, type Layout } from './operator.ts'
import { Refusal } from '../../plan/refusal.ts'

/** What a constant means in a place; undefined where no fact can have it. */
export function constantAt(
  value: Edn,
  place: number,
  facts: FactSource,
  attribute: Attribute | undefined,
): Edn | undefined {
  switch (place) {
    case 0:
      return resolveEntity(facts, value)
    case 1:
      return attribute === undefined ? value : constantFor(facts, attribute, value)
    case 2: {
      const entity = resolveEntity(facts, value)
      return entity === undefined ? undefined : entity >= TX_BASE ? entity : TX_BASE + entity
    }
    default:
      return value
  }
}

/** Inputs may hold names and lookup refs, to be understood where they stand: those are left to another engine. */
export function checkInput(name: Variable, place: number, attribute: Attribute, scope: Scope): void {
  const values = scope.inputs.get(name)!
  const isEntity = place === 0 || place === 2 || (place === 1 && attribute.valueType === 'ref')
  if (isEntity && !values.every((value) => Number.isSafeInteger(value)))
    throw new Refusal('an input that names an entity')
  if (place === 2 && !values.every((value) => (value as number) >= TX_BASE))
    throw new Refusal('a t as an input')
  if (place === 1 && attribute.valueType === 'float') throw new Refusal('an input that is rounded')
}

export function holdsLookupRef(name: Variable, scope: Scope): boolean {
  return (scope.inputs.get(name) ?? []).some((value) => Array.isArray(value))
}

/** Within a rule nobody knows that a parameter is an input, whose idents and lookup refs are looked up. */
export function refuseNamesAsArguments(call: Extract<Clause, { kind: 'rule' }>, scope: Scope): void {
  const isName = (value: Edn): boolean => Array.isArray(value) || value instanceof Keyword
  for (const arg of call.args) {
    if (arg.kind === 'variable' && scope.inputs.get(arg.name)?.some(isName)) {
      throw new Refusal('an input that may name an entity, as argument of a rule')
    }
  }
}

export function callArgument(arg: Argument, layout: Layout): CallArgument {
  switch (arg.kind) {
    case 'constant':
      return arg
    case 'variable': {
      const index = columnOf(layout, arg.name)
      assert(index >= 0, 'a call waits for its arguments')
      return { kind: 'column', index, domain: layout.domains[index]! }
    }
    default:
      throw new Refusal('calls within calls')
  }
}

export function passedColumns(names: readonly Variable[], layout: Layout): readonly Passed[] {
  return names.flatMap((name): readonly Passed[] => {
    const index = columnOf(layout, name)
    return index < 0 ? [] : [{ name, kind: 'column', index, domain: layout.domains[index]! }]
  })
}

export function passedArgument(arg: Term, name: Variable, layout: Layout): readonly Passed[] {
  if (arg.kind === 'constant') {
    if (arg.value instanceof Keyword) throw new Refusal('a name as argument of a rule')
    const domain = new CollectedDomain()
    domain.collect(arg.value)
    const isWhole = typeof arg.value === 'number' && Number.isSafeInteger(arg.value)
    return [{ name, kind: 'constant', value: arg.value, domain: isWhole ? new NumberDomain('long') : domain }]
  }
  const index = arg.kind === 'variable' ? columnOf(layout, arg.name) : -1
  return index < 0 ? [] : [{ name, kind: 'column', index, domain: layout.domains[index]! }]
}

/** The arguments of a rule call that it binds. */
export function freshArguments(
  { args }: Extract<Clause, { kind: 'rule' }>,
  layout: Layout,
): { readonly fresh: readonly Variable[]; readonly freshPlaces: readonly number[] } {
  const fresh: Variable[] = []
  const freshPlaces: number[] = []
  args.forEach((arg, place) => {
    if (arg.kind !== 'variable' || columnOf(layout, arg.name) >= 0) return
    if (fresh.includes(arg.name)) throw new Refusal('an unbound variable that stands twice in a rule call')
    fresh.push(arg.name)
    freshPlaces.push(place)
  })
  return { fresh, freshPlaces }
}
