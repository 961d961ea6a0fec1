// The steps that patterns and inputs become: constants understood, the attribute found, the place chosen by which
// facts are found.

import type { Attribute, ValueType } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import { numberType, type Edn } from '../fact/value.ts'
import { attributeOf } from './places.ts'
import type { PatternStep, PlanTerm, RowsStep, Step, VariableKind } from './plan.ts'
import type { Goal, InputGoal, PatternClause, Scope } from './scope.ts'
import type { Clause, Term, Variable } from './syntax.ts'
import { ATTRIBUTE, constantAt, ENTITY, isGiven, planTerms, TX, VALUE } from './terms.ts'

/** A step before it is known what becomes of rows: which of its variables anybody wants, and how many rows come. */
export type Draft<S extends Step = Step> = {
  readonly step: Drafted<S>
  /** What the variables stand for that it binds. */
  readonly binds: ReadonlyMap<Variable, VariableKind>
  /** Predicates that it does as well. */
  readonly tests?: readonly Predicate[]
}

export type Predicate = Extract<Clause, { kind: 'predicate' }>

type Drafted<S> = S extends Step ? Omit<S, 'kept' | 'fresh' | 'rowCount'> : never

type IsBound = (name: Variable) => boolean

export function patternDraft(
  clause: PatternClause,
  { source, facts }: { readonly source: string; readonly facts: FactSource },
  isBound: IsBound,
  scope: Scope,
): Draft<PatternStep> {
  const attribute = attributeOf(facts, clause.terms[ATTRIBUTE])
  const written = [0, 1, 2, 3, 4].map((place) => clause.terms[place] ?? ({ kind: 'blank' } as const))
  if (attribute !== undefined) written[ATTRIBUTE] = { kind: 'blank' }
  const terms = planTerms(written, isBound, (value, place) => constantAt(value, place, facts, attribute))
  const [e, a, v, tx, added] = terms as [PlanTerm, PlanTerm, PlanTerm, PlanTerm, PlanTerm]
  const access = isGiven(e) ? 'entity' : isGiven(v) ? 'value' : 'scan'
  return {
    step: {
      kind: 'pattern',
      clause,
      source,
      attribute,
      terms: [e, a, v, tx, added],
      access,
      range: undefined,
      isValueRead: isValueRead(written, terms, scope),
    },
    binds: bindingsOf(terms, (place) => kindOfPlace(place, attribute)),
  }
}

/** True where the attribute is given row by row, and a value beside it: what it means is known with the attribute. */
function isValueRead(written: readonly Term[], terms: readonly PlanTerm[], { inputs }: Scope): boolean {
  const attribute = written[ATTRIBUTE]!
  return attribute.kind === 'variable' && inputs.has(attribute.name) && isGiven(terms[VALUE]!)
}

/** True for a clause of which the attributes are inputs that rows do not have yet. */
export function waitsForAttribute(goal: Goal, scope: Scope, isBound: IsBound): boolean {
  if (goal.kind === 'or')
    return goal.branches.some((branch) => branch.some((clause) => waitsForAttribute(clause, scope, isBound)))
  if (goal.kind !== 'pattern') return false
  const [, attribute, value] = goal.terms
  const isAwaited = (term: Term | undefined): boolean =>
    term?.kind === 'variable' && scope.inputs.has(term.name) && !isBound(term.name)
  const isInput = attribute?.kind === 'variable' && scope.inputs.has(attribute.name)
  return isInput && (isAwaited(attribute) || isAwaited(value))
}

export function rowsDraft(
  clause: PatternClause | undefined,
  from: RowsStep['from'],
  { terms: written, rows }: Pick<InputGoal, 'terms' | 'rows'>,
  isBound: IsBound,
): Draft {
  const terms = planTerms(written, isBound, (value) => value)
  return {
    step: { kind: 'rows', clause, from, terms },
    binds: bindingsOf(terms, (place) => kindOfValues(rows.map((row) => row[place]!))),
  }
}

function bindingsOf(
  terms: readonly PlanTerm[],
  kindAt: (place: number) => VariableKind,
): ReadonlyMap<Variable, VariableKind> {
  const places = new Map(terms.map((term, place) => [term, place]))
  const fresh = terms.filter((term) => term.kind === 'fresh')
  return new Map(fresh.map((term) => [term.name, kindAt(places.get(term)!)]))
}

function kindOfPlace(place: number, attribute: Attribute | undefined): VariableKind {
  switch (place) {
    case ENTITY:
    case ATTRIBUTE:
    case TX:
      return 'ref'
    case VALUE:
      return attribute?.valueType ?? 'any'
    default:
      return 'boolean'
  }
}

/** One type for all, or `any`. */
export function kindOfValues(values: readonly Edn[]): VariableKind {
  const kinds = new Set(values.map(kindOfValue))
  const [kind] = kinds
  return kinds.size === 1 ? kind! : 'any'
}

export function kindOfValue(value: Edn): VariableKind {
  if (typeof value === 'string' || typeof value === 'boolean') return typeof value as ValueType
  if (value instanceof Date) return 'instant'
  return typeof value === 'number' ? (numberType(value) ?? 'any') : 'any'
}
