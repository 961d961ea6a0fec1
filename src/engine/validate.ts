// What is wrong with a question whatever the facts are: names that the schema does not know, constants of the
// wrong type, rules and functions that do not exist, clauses that can never run. All of it is found before the
// first row, so that an error never depends on which facts are there or on the order of clauses.

import type { FactSource } from '../fact/datom.ts'
import { nearest } from '../base/nearest.ts'
import type { Argument, Clause, Term } from '../plan/syntax.ts'
import { functionNamed } from '../plan/functions.ts'
import { functionFor } from './call.ts'
import { orInside, type ClauseOrder } from '../plan/clause-order.ts'
import { constantFor, resolveAttribute, resolveEntity } from '../plan/entity.ts'
import { inputShapeWrong, recursionThroughNot, ruleArityWrong, ruleUnknown, withPlace } from './errors.ts'
import { checkSourceCall, SOURCE_FUNCTIONS } from './functions-source.ts'
import { attributeOf } from '../plan/places.ts'
import { Keyword } from '../fact/value.ts'
import {
  factsNamed,
  innerScope,
  realName,
  ruleScope,
  sourceNamed,
  type PatternClause,
  type Scope,
} from '../plan/scope.ts'
import { variablesOf } from '../plan/variables.ts'
import type { QueryContext } from './context.ts'
import { printShort } from './print.ts'

/** Throws what is wrong with these clauses and with every rule they reach. */
export function validate(
  clauses: readonly Clause[],
  scope: Scope,
  context: QueryContext,
  order: ClauseOrder,
): void {
  new Validation(context, order).clauses(clauses, scope)
}

class Validation {
  readonly #context: QueryContext
  readonly #order: ClauseOrder
  readonly #seen = new Set<string>()
  /** Rules whose bodies are being read, with how many `not`s stood around them. */
  readonly #above: { readonly key: string; readonly notCount: number }[] = []
  #notCount = 0

  constructor(context: QueryContext, order: ClauseOrder) {
    this.#context = context
    this.#order = order
  }

  clauses(clauses: readonly Clause[], scope: Scope): void {
    for (const clause of clauses) this.#clause(clause, scope)
  }

  #clause(clause: Clause, scope: Scope): void {
    try {
      this.#check(clause, scope)
    } catch (error) {
      throw withPlace(error, clause.place)
    }
  }

  #check(clause: Clause, scope: Scope): void {
    switch (clause.kind) {
      case 'pattern':
        return this.#pattern(clause, scope)
      case 'predicate':
      case 'function':
        return this.#call(clause, scope)
      case 'not': {
        const inner = innerScope(scope, clause.source, clause.join)
        this.#notCount++
        this.clauses(clause.clauses, inner)
        this.#notCount--
        const ordered = this.#order.order(clause.clauses, variablesOf(clause), inner)
        if (ordered.stuck.length > 0) throw this.#order.stuckError(ordered, inner)
        return
      }
      case 'or': {
        const { inner } = orInside(clause, scope)
        for (const branch of clause.branches) this.clauses(branch, inner)
        return
      }
      case 'rule':
        return this.#rule(clause, scope)
    }
  }

  #rule(clause: Extract<Clause, { kind: 'rule' }>, scope: Scope): void {
    const rules = this.#context.rules.get(clause.name)
    if (rules === undefined) {
      throw ruleUnknown(clause.name, nearest(clause.name, this.#context.rules.keys()), clause.place)
    }
    const arity = rules[0]?.parameters.length ?? 0
    if (arity !== clause.args.length)
      throw ruleArityWrong(clause.name, arity, clause.args.length, clause.place)
    const source = clause.source === undefined ? scope.defaultSource : realName(clause.source, scope)
    // Without rules inside, the name of the source does not matter; with them, they are told apart by it.
    const key = `${clause.name} ${source}`
    const above = this.#above.find((held) => held.key === key)
    if (above !== undefined && this.#notCount > above.notCount)
      throw recursionThroughNot(clause.name, clause.place)
    // A rule is read again inside a further `not`, since a cycle may pass through it.
    const seenKey = `${key} ${this.#notCount === 0 ? 0 : 1}`
    if (above !== undefined || this.#seen.has(seenKey)) return
    this.#seen.add(seenKey)
    this.#above.push({ key, notCount: this.#notCount })
    for (const rule of rules) this.clauses(rule.body, ruleScope(source))
    this.#above.pop()
  }

  #pattern(clause: PatternClause, scope: Scope): void {
    const source = sourceNamed(this.#context, scope, clause.source, clause.place)
    if (source.kind === 'rows') {
      const short = source.rows.find((row) => row.length < clause.terms.length)
      if (short !== undefined)
        throw inputShapeWrong(printShort(short), `rows of ${clause.terms.length} places`, clause.source)
      return
    }
    const { facts } = source
    const [e, a, v, tx] = clause.terms
    this.#entity(e, facts, scope)
    this.#entity(tx, facts, scope)
    if (a?.kind === 'constant') {
      if (a.value instanceof Keyword) resolveAttribute(facts, a.value)
      else resolveEntity(facts, a.value)
    } else this.#entity(a, facts, scope)
    const attribute = attributeOf(facts, a)
    if (attribute === undefined) return
    if (v?.kind === 'constant') constantFor(facts, attribute, v.value)
    else if (attribute.valueType === 'ref') this.#entity(v, facts, scope)
  }

  /** A constant or an input where an entity stands must be one. */
  #entity(term: Term | undefined, facts: FactSource, scope: Scope): void {
    if (term?.kind === 'constant') resolveEntity(facts, term.value)
    if (term?.kind !== 'variable') return
    for (const value of scope.inputs.get(term.name) ?? []) {
      if (typeof value !== 'number' && value !== null) resolveEntity(facts, value)
    }
  }

  #call(
    call: { readonly name: string; readonly args: readonly Argument[] } & Pick<PatternClause, 'place'>,
    scope: Scope,
  ): void {
    const name = functionNamed(call.name)?.name ?? call.name
    const [first, ...rest] = call.args
    if (SOURCE_FUNCTIONS.has(name) && first?.kind === 'source') {
      const facts = factsNamed(this.#context, scope, first.name, call.place)
      checkSourceCall(
        name,
        facts,
        rest.map((arg) => (arg.kind === 'constant' ? arg.value : undefined)),
      )
    } else functionFor(call.name, this.#context, call.place)
    for (const arg of call.args) if (arg.kind === 'call') this.#call(arg, scope)
  }
}
