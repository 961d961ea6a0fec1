// Inputs may name entities: an ident, a lookup ref, a t where a transaction stands. What such a value means depends on
// the place where it stands and on the source asked there, and what was given is what the answer shows. So before a
// question is planned, every such place gets a variable of its own: the input brings, beside the value as it was given,
// what it means there. A float attribute rounds the numbers that it is compared with in the same way.
//
// Nothing else changes: a name of nobody means null, which no fact has.

import { type Attribute, TX_BASE } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import type { Edn } from '../fact/value.ts'
import { functionNamed } from './functions.ts'
import { isLookupRef } from './entity.ts'
import { attributeOf, isMixed, PlaceFinder, type PlaceMap } from './places.ts'
import type { InputMeaning, Reading } from './plan.ts'
import {
  innerScope,
  type InputGoal,
  type PatternClause,
  type PlanContext,
  realName,
  type Scope,
} from './scope.ts'
import type { Argument, Clause, SourceName, Term, Variable } from './syntax.ts'
import { meaningName, readerOf } from './readings.ts'
import { ATTRIBUTE, COMPARISONS, ENTITY, TX, VALUE } from './terms.ts'
import { hasType } from './value-type.ts'
import { standingFor } from './written-as.ts'

/** What an input means in some places: the variable that stands there for it. */
type Meaning = {
  readonly name: Variable
  readonly of: Variable
  readonly reading: Reading
  readonly source: SourceName
  readonly read: (value: Edn) => Edn
}

export type NamedInputs = {
  readonly goals: readonly InputGoal[]
  readonly where: readonly Clause[]
  /** In which the variables that stand for meanings are inputs as well. */
  readonly scope: Scope
  readonly meanings: readonly InputMeaning[]
}

/** The inputs with what they mean where they stand, and the clauses that ask for it. */
export function withMeanings(
  goals: readonly InputGoal[],
  where: readonly Clause[],
  scope: Scope,
  context: PlanContext,
): NamedInputs {
  if (scope.inputs.size === 0) return { goals, where, scope, meanings: [] }
  const reader = new InputReader(context)
  const read = reader.clauses(where, scope, goals)
  const found = [...reader.meanings.values()]
  const inputs = new Map(scope.inputs)
  for (const { name, of, read: readOne } of found) inputs.set(name, scope.inputs.get(of)!.map(readOne))
  const meanings: InputMeaning[] = []
  const withColumns = (goal: InputGoal): InputGoal => {
    const added = found.filter(({ of }) => placeOf(goal, of) >= 0)
    if (added.length === 0) return goal
    const columns = added.map(({ of, reading, source }): InputMeaning => {
      return { index: goal.index, place: placeOf(goal, of), reading, source }
    })
    meanings.push(...columns)
    return {
      ...goal,
      terms: [...goal.terms, ...added.map(({ name }): Term => ({ kind: 'variable', name }))],
      rows: rowsWithMeanings(goal, columns, context),
    }
  }
  return { goals: goals.map(withColumns), where: read, scope: { ...scope, inputs }, meanings }
}

/** The rows of an input, each with what of it means in its places. */
export function rowsWithMeanings(
  { index, rows }: InputGoal,
  meanings: readonly InputMeaning[],
  { sources }: PlanContext,
): readonly (readonly Edn[])[] {
  const columns = meanings.flatMap((meaning) => {
    const source = sources.get(meaning.source)
    if (meaning.index !== index || source?.kind !== 'facts') return []
    return [{ place: meaning.place, read: readerOf(meaning.reading, source.facts) }]
  })
  if (columns.length === 0) return rows
  return rows.map((row) => [...row, ...columns.map(({ place, read }) => read(row[place]!))])
}

function placeOf({ terms }: InputGoal, name: Variable): number {
  return terms.findIndex((term) => term.kind === 'variable' && term.name === name)
}

class InputReader {
  readonly meanings = new Map<Variable, Meaning>()
  readonly #context: PlanContext
  readonly #finder: PlaceFinder
  /** Where the variables of the conjunction stand that is being read. */
  #places: PlaceMap = new Map()

  constructor(context: PlanContext) {
    this.#context = context
    this.#finder = new PlaceFinder(context)
  }

  clauses(clauses: readonly Clause[], scope: Scope, goals: readonly InputGoal[] = []): readonly Clause[] {
    const outer = this.#places
    this.#places = this.#finder.placesOf([...goals, ...clauses], scope)
    const read = clauses.map((clause) => this.#clause(clause, scope))
    this.#places = outer
    return read
  }

  #clause(clause: Clause, scope: Scope): Clause {
    switch (clause.kind) {
      case 'pattern':
        return this.#pattern(clause, scope)
      case 'predicate':
      case 'function':
        return standingFor({ ...clause, args: this.#called(clause, scope) }, clause)
      case 'not': {
        const clauses = this.clauses(clause.clauses, innerScope(scope, clause.source, clause.join))
        return { ...clause, clauses, join: clause.join && [...clause.join, ...this.#meaningsOf(clause.join)] }
      }
      case 'or': {
        const { join } = clause
        const names = join && [...join.required, ...join.free]
        const inner = innerScope(scope, clause.source, names)
        return {
          ...clause,
          branches: clause.branches.map((branch) => this.clauses(branch, inner)),
          join: join && names && { ...join, required: [...join.required, ...this.#meaningsOf(names)] },
        }
      }
      case 'rule':
        // What its body sees of an argument is found out in there.
        return clause
    }
  }

  /** The variables that stand for what these mean. */
  #meaningsOf(names: readonly Variable[]): readonly Variable[] {
    return [...this.meanings.values()].filter(({ of }) => names.includes(of)).map(({ name }) => name)
  }

  #pattern(clause: PatternClause, scope: Scope): Clause {
    const name = realName(clause.source, scope)
    const source = this.#context.sources.get(name)
    if (source?.kind !== 'facts') return clause
    const { facts } = source
    const written = this.#withAttribute(clause, facts, scope)
    const attribute = attributeOf(facts, written[ATTRIBUTE])
    const terms = written.map((term, place) => {
      const values = term.kind === 'variable' ? scope.inputs.get(term.name) : undefined
      if (term.kind !== 'variable' || values === undefined) return term
      const reading = this.#meetsNames(term.name, place, attribute, values)
        ? 'name'
        : readingAt(place, attribute, values)
      return reading === undefined ? term : this.#meaning(term.name, reading, { name, facts })
    })
    return { ...clause, terms }
  }

  /** An attribute given as the one value of an input is as good as one written out. */
  #withAttribute({ terms }: PatternClause, facts: FactSource, scope: Scope): readonly Term[] {
    const term = terms[ATTRIBUTE]
    const values = term?.kind === 'variable' ? scope.inputs.get(term.name) : undefined
    if (values?.length !== 1) return terms
    const given: Term = { kind: 'constant', value: values[0]! }
    const attribute = attributeOf(facts, given)
    const value = terms[VALUE]
    // A constant of another type is an error beside an attribute that is written out, and matches nothing here.
    const isFitting = value?.kind !== 'constant' || (attribute && hasType(attribute.valueType, value.value))
    if (attribute === undefined || isFitting !== true) return terms
    return terms.map((each, place) => (place === ATTRIBUTE ? given : each))
  }

  /** True where an id that stands for an entity meets keywords, and so means its name. */
  #meetsNames(
    name: Variable,
    place: number,
    attribute: Attribute | undefined,
    values: readonly Edn[],
  ): boolean {
    const isAmongNames = place === VALUE && attribute?.valueType === 'keyword'
    return (
      isAmongNames && isMixed(this.#places.get(name)) && values.some((value) => typeof value === 'number')
    )
  }

  /** The arguments of a call, and of calls within it. */
  #called(
    { name, args }: { readonly name: string; readonly args: readonly Argument[] },
    scope: Scope,
  ): readonly Argument[] {
    const inside = args.map((arg) => (arg.kind === 'call' ? { ...arg, args: this.#called(arg, scope) } : arg))
    return COMPARISONS.has(functionNamed(name)?.name ?? '') ? this.#compared(inside, scope) : inside
  }

  /** A lookup ref that is compared with an entity stands for the entity that it names. */
  #compared(args: readonly Argument[], scope: Scope): readonly Argument[] {
    return args.map((arg) => {
      if (arg.kind !== 'variable' || scope.inputs.get(arg.name)?.some(isLookupRef) !== true) return arg
      const name = args
        .flatMap((other) => (other.kind === 'variable' && !scope.inputs.has(other.name) ? [other.name] : []))
        .map((other) => this.#places.get(other)?.entityIn)
        .find((found) => found !== undefined)
      const source = name === undefined ? undefined : this.#context.sources.get(name)
      return name === undefined || source?.kind !== 'facts'
        ? arg
        : this.#meaning(arg.name, 'compared', { name, facts: source.facts })
    })
  }

  #meaning(
    of: Variable,
    reading: Reading,
    { name: sourceName, facts }: { readonly name: SourceName; readonly facts: FactSource },
  ): { readonly kind: 'variable'; readonly name: Variable } {
    const name = meaningName(of, reading, sourceName)
    if (!this.meanings.has(name))
      this.meanings.set(name, { name, of, reading, source: sourceName, read: readerOf(reading, facts) })
    return { kind: 'variable', name }
  }
}

/** How values must be understood in a place of a pattern; undefined where they are what they are. */
function readingAt(
  place: number,
  attribute: Attribute | undefined,
  values: readonly Edn[],
): Reading | undefined {
  if (place === TX)
    return values.every((value) => isId(value) && (value as number) >= TX_BASE) ? undefined : 'transaction'
  const isEntity =
    place === ENTITY || place === ATTRIBUTE || (place === VALUE && attribute?.valueType === 'ref')
  if (isEntity) return values.every(isId) ? undefined : 'entity'
  return place === VALUE && attribute?.valueType === 'float' ? 'float' : undefined
}

function isId(value: Edn): boolean {
  return Number.isSafeInteger(value)
}
