// Variables that may hold the name of an entity (an ident, a lookup ref) where other places mean the entity itself:
// `[?k :keyword/word ?x] [?x :p/name]`, `[(ground :order/open) ?x] [?e :order/state ?x]`.
//
// The place that gives the name binds the variable, and rows show it as it was given; the places that mean an entity
// wait for it, and read what it means (a `read` step). Where nobody gives a name first, the entity binds the variable. So
// the order in which clauses were written does not matter. An open attribute, `[?e ?a ?x]`, gives no names: its values are
// compared as they are.

import { isPlanted } from '../base/planted.ts'
import { attributeOf, isMixed, type PlaceMap } from './places.ts'
import type { Reading, VariableKind } from './plan.ts'
import type { Goal, PatternClause, Source } from './scope.ts'
import type { Clause, Variable } from './syntax.ts'
import { ATTRIBUTE, ENTITY, TX, VALUE } from './terms.ts'
import { variablesOf } from './variables.ts'

/** A place of a pattern whose variable must be understood before facts are sought. */
export type PlaceReading = { readonly place: number; readonly of: Variable; readonly reading: Reading }

type Standing = {
  readonly isBound: (name: Variable) => boolean
  readonly kindOf: (name: Variable) => VariableKind
}

/** Kinds of which some value may name an entity. */
const NAME_KINDS: ReadonlySet<VariableKind> = new Set<VariableKind>(['any', 'keyword', 'tuple'])

/** How the variables of one conjunction are understood. */
export class Naming {
  readonly #places: PlaceMap
  readonly #given: ReadonlySet<Variable>

  /** `given` are the variables that rows begin with and that may hold names. */
  constructor(places: PlaceMap, given: ReadonlySet<Variable>) {
    this.#places = places
    this.#given = given
  }

  /** True for a variable that is bound to something of this kind, and may hold a name. */
  mayHoldName(name: Variable, kind: VariableKind): boolean {
    return this.#given.has(name) || (this.#places.get(name)?.isRaw === true && NAME_KINDS.has(kind))
  }

  /** True where it matters which clause binds the variable, and as what. */
  isDelicate(name: Variable): boolean {
    return this.#given.has(name) || isMixed(this.#places.get(name))
  }

  /** What of a pattern has to be read before its facts are sought. */
  readingsOf(pattern: PatternClause, source: Source, { isBound, kindOf }: Standing): readonly PlaceReading[] {
    if (source.kind === 'rows') return []
    const type = attributeOf(source.facts, pattern.terms[ATTRIBUTE])?.valueType
    return pattern.terms.flatMap((term, place): readonly PlaceReading[] => {
      if (term.kind !== 'variable' || !isBound(term.name)) return []
      const of = term.name
      if (isEntityPlace(place, type))
        return this.mayHoldName(of, kindOf(of)) ? [{ place, of, reading: 'entity' }] : []
      const meetsNames = place === VALUE && type === 'keyword' && isMixed(this.#places.get(of))
      return meetsNames && kindOf(of) !== 'keyword' ? [{ place, of, reading: 'name' }] : []
    })
  }

  /**
   * True for a clause that would bind a variable as an entity although another clause may give its name. `placesIn` tells
   * where variables stand in an `or` or a rule, `source` what a pattern asks.
   */
  mustWait(
    goal: Goal,
    isBound: (name: Variable) => boolean,
    {
      placesIn,
      source,
    }: { readonly placesIn: (goal: Clause) => PlaceMap; readonly source: (goal: PatternClause) => Source },
  ): boolean {
    const isOpen = (name: Variable): boolean => !isBound(name) && isMixed(this.#places.get(name))
    if (goal.kind !== 'pattern' && goal.kind !== 'or' && goal.kind !== 'rule') return false
    if (isPlanted('name-found-before-it-is-given')) return false
    const open = [...variablesOf(goal)].filter(isOpen)
    if (open.length === 0) return false
    if (goal.kind === 'pattern') {
      const asked = source(goal)
      if (asked.kind === 'rows') return false
      const type = attributeOf(asked.facts, goal.terms[ATTRIBUTE])?.valueType
      return goal.terms.some(
        (term, place) => term.kind === 'variable' && open.includes(term.name) && isEntityPlace(place, type),
      )
    }
    const inside = placesIn(goal)
    return open.some((name) => inside.get(name)?.isResolved === true && inside.get(name)?.isRaw !== true)
  }
}

function isEntityPlace(place: number, type: VariableKind | undefined): boolean {
  return place === ENTITY || place === ATTRIBUTE || place === TX || (place === VALUE && type === 'ref')
}
