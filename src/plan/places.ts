// Where variables stand, found before anything runs. A variable may stand in places that understand idents and
// lookup refs ("resolved": entity, attribute, transaction, value of a reference) and in places that give such
// forms as they are ("raw": values of keyword attributes, rows, inputs, results of functions). If one stands in
// both, the raw place must bind it, whatever the order in which clauses were written: so patterns that would
// bind it as an entity wait (clause-order.ts).

import { Keyword, numberType, type Edn } from '../fact/value.ts'
import type { Attribute } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import type { SourceName, Term, Variable } from './syntax.ts'
import { bindingVariables } from './variables.ts'
import {
  innerScope,
  realName,
  ruleScope,
  type Goal,
  type PatternClause,
  type PlanContext,
  type Scope,
} from './scope.ts'

export type Places = {
  /** The source in which the variable is an entity, by the first such place found. */
  entityIn: SourceName | undefined
  isResolved: boolean
  isRaw: boolean
  /** Where any value may stand, or one that is no entity. */
  isValue: boolean
}

export type PlaceMap = ReadonlyMap<Variable, Places>

/** Finds the places of variables; keeps what it found about rules. */
export class PlaceFinder {
  readonly #context: PlanContext
  readonly #rules = new Map<string, readonly Places[]>()

  constructor(context: PlanContext) {
    this.#context = context
  }

  /** The places of all variables that these goals name. */
  placesOf(goals: readonly Goal[], scope: Scope): PlaceMap {
    const places = new Map<Variable, Places>()
    for (const goal of goals) this.#visit(goal, scope, places)
    return places
  }

  #visit(goal: Goal, scope: Scope, places: Map<Variable, Places>): void {
    switch (goal.kind) {
      case 'pattern':
        return this.#visitPattern(goal, scope, places)
      case 'input':
        return visitRows(goal.terms, goal.rows, places)
      case 'function':
        for (const name of bindingVariables(goal.binding)) placesIn(places, name).isRaw = true
        return
      case 'predicate':
        return
      case 'not':
        return this.#visitInner(goal.clauses, innerScope(scope, goal.source, goal.join), goal.join, places)
      case 'or': {
        const join = goal.join && [...goal.join.required, ...goal.join.free]
        for (const branch of goal.branches) {
          this.#visitInner(branch, innerScope(scope, goal.source, join), join, places)
        }
        return
      }
      case 'rule': {
        const source = goal.source === undefined ? scope.defaultSource : realName(goal.source, scope)
        for (const [index, found] of this.ofParameters(goal.name, source).entries()) {
          const arg = goal.args[index]
          if (arg?.kind === 'variable') mergeInto(placesIn(places, arg.name), found)
        }
      }
    }
  }

  #visitInner(
    goals: readonly Goal[],
    scope: Scope,
    join: readonly Variable[] | undefined,
    places: Map<Variable, Places>,
  ): void {
    for (const [name, found] of this.placesOf(goals, scope)) {
      if (join === undefined || join.includes(name)) mergeInto(placesIn(places, name), found)
    }
  }

  #visitPattern(goal: PatternClause, scope: Scope, places: Map<Variable, Places>): void {
    const name = realName(goal.source, scope)
    const source = this.#context.sources.get(name)
    if (source === undefined) return
    if (source.kind === 'rows') return visitRows(goal.terms, source.rows, places)
    const [e, a, v, tx, added] = goal.terms
    for (const term of [e, a, tx]) {
      if (term?.kind === 'variable') markEntity(placesIn(places, term.name), name)
    }
    if (added?.kind === 'variable') placesIn(places, added.name).isValue = true
    if (v?.kind !== 'variable') return
    const attribute = attributeOf(source.facts, a)
    const found = placesIn(places, v.name)
    if (attribute?.valueType === 'ref') return markEntity(found, name)
    found.isValue = true
    if (attribute?.valueType === 'keyword') found.isRaw = true
    else if (attribute?.valueType === 'float') found.isResolved = true
  }

  /** Where the parameters of a rule stand. */
  ofParameters(name: string, source: SourceName): readonly Places[] {
    const key = `${name} ${source}`
    const known = this.#rules.get(key)
    if (known !== undefined) return known
    const rules = this.#context.rules.get(name) ?? []
    const found = (rules[0]?.parameters ?? []).map(noPlaces)
    // Known before its bodies are visited, so that recursion ends; calls to itself add nothing new.
    this.#rules.set(key, found)
    for (const rule of rules) {
      const inside = this.placesOf(rule.body, ruleScope(source))
      rule.parameters.forEach((parameter, index) => {
        const places = inside.get(parameter)
        if (places !== undefined && found[index] !== undefined) mergeInto(found[index], places)
      })
    }
    return found
  }
}

/** The attribute that a constant names; undefined for variables and for names that do not exist. */
export function attributeOf(facts: FactSource, term: Term | undefined): Attribute | undefined {
  if (term?.kind !== 'constant') return undefined
  if (term.value instanceof Keyword) return facts.schema.attributeNamed(term.value)
  return typeof term.value === 'number' ? facts.schema.attribute(term.value) : undefined
}

/** True for a variable whose raw form must come first: see the head of this file. */
export function isMixed(places: Places | undefined): boolean {
  return places !== undefined && places.isRaw && places.isResolved
}

function noPlaces(): Places {
  return { entityIn: undefined, isResolved: false, isRaw: false, isValue: false }
}

function placesIn(places: Map<Variable, Places>, name: Variable): Places {
  let found = places.get(name)
  if (found === undefined) {
    found = noPlaces()
    places.set(name, found)
  }
  return found
}

function markEntity(places: Places, source: SourceName): void {
  places.isResolved = true
  places.entityIn ??= source
}

function mergeInto(places: Places, more: Places): void {
  places.isResolved ||= more.isResolved
  places.isRaw ||= more.isRaw
  places.isValue ||= more.isValue
  places.entityIn ??= more.entityIn
}

/** Columns of plain entity ids need no care; idents, lookup refs and doubles (for floats) do. null is nobody. */
function visitRows(
  terms: readonly Term[],
  rows: readonly (readonly Edn[])[],
  places: Map<Variable, Places>,
): void {
  terms.forEach((term, index) => {
    if (term.kind !== 'variable') return
    const found = placesIn(places, term.name)
    found.isRaw ||= rows.some((row) => {
      const value = row[index] ?? null
      return value !== null && numberType(value) !== 'long'
    })
  })
}
