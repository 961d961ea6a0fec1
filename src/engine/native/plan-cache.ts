// Plans of questions that are asked again: the same query over a database of the same schema, with inputs of the same
// kinds, is neither checked nor planned anew. A plan is only kept while its question is answered quickly, since beside a
// long answer planning costs nothing and sees the counts of today.

import { TX_BASE } from '../../fact/attribute.ts'
import type { Schema } from '../../fact/schema.ts'
import { Double, type Edn, Keyword, Uuid } from '../../fact/value.ts'
import { isLookupRef } from '../../plan/entity.ts'
import { findVariables } from '../../plan/finish.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Clause, Query, RuleSet, SourceName, Term, Variable } from '../../plan/syntax.ts'
import { variablesOfAll } from '../../plan/variables.ts'
import type { BoundQuestion } from '../question.ts'
import type { Executable } from './executable.ts'

export type PlanCacheLimits = {
  /** Plans kept for one query: of so many schemas and kinds of inputs. */
  readonly plansPerQueryMax: number
  /** Where answering took longer, neither a plan is kept nor its operators: what those hold is large. */
  readonly answerMsMax: number
}
export const PLAN_CACHE_LIMITS: PlanCacheLimits = { plansPerQueryMax: 8, answerMsMax: 5 }

/** What a plan rests on beside the query. */
export type Ground = {
  readonly find: Query['find']
  readonly with: Query['with']
  readonly rules: RuleSet
  readonly sources: readonly {
    readonly name: SourceName
    readonly schema: Schema
    readonly isHistory: boolean
  }[]
  /** The kinds of the values of each input, and about how many there are. */
  readonly inputs: string
  /** The hash of what the question brought along to call. */
  readonly stored: string
}

/** A plan, and the inputs that it asks for. */
export type Kept = {
  readonly ground: Ground
  readonly plan: Plan
  readonly inputIndexes: ReadonlySet<number>
  /** Weakly, since it holds facts that may be of the past, and is made again soon. */
  executable: WeakRef<Executable> | undefined
}

export class PlanCache {
  /** By the clauses, which stay the same object while limits come and go. */
  readonly #kept = new WeakMap<readonly Clause[], Kept[]>()
  readonly #limits: PlanCacheLimits

  constructor(limits: PlanCacheLimits = PLAN_CACHE_LIMITS) {
    this.#limits = limits
  }

  /** The plan kept for such a question, and which of its inputs it asks for. */
  find(query: Query, ground: Ground): Kept | undefined {
    return this.#kept.get(query.where)?.find((kept) => isSame(kept.ground, ground))
  }

  /** Keeps a plan, or forgets it, by the time that its answer took. */
  keep(query: Query, kept: Kept, answerMs: number): void {
    const { plansPerQueryMax, answerMsMax } = this.#limits
    const isQuick = answerMs <= answerMsMax
    if (isQuick && this.#kept.get(query.where)?.includes(kept) === true) return
    const others = (this.#kept.get(query.where) ?? []).filter(({ ground }) => !isSame(ground, kept.ground))
    this.#kept.set(query.where, isQuick ? [kept, ...others.slice(0, plansPerQueryMax - 1)] : others)
  }
}

/** What a plan for the question may rest on; undefined where its plan depends on more, and is not kept. */
export function groundOf(
  query: Query,
  { goals, setting: { context, scope } }: BoundQuestion,
): Ground | undefined {
  const { isFixed, named, attributes } = shapeOf(query)
  if (!isFixed || !areFixed(context.rules)) return undefined
  const sources: Ground['sources'][number][] = []
  for (const [name, source] of context.sources) {
    if (source.kind === 'rows') return undefined
    sources.push({ name, schema: source.facts.schema, isHistory: source.facts.isHistory })
  }
  let inputs = ''
  for (const [name, values] of scope.inputs) {
    if (!named.has(name)) continue
    const kinds = attributes.has(name) ? attributeText(values) : kindsOf(values)
    if (kinds === undefined) return undefined
    inputs += `${name} ${kinds} `
  }
  for (const { rows } of goals)
    inputs += `${rows.length < 2 ? rows.length : Math.ceil(Math.log2(rows.length))} `
  const stored = context.stored.hash
  return { find: query.find, with: query.with, rules: context.rules, sources, inputs, stored }
}

function isSame(x: Ground, y: Ground): boolean {
  return (
    x.find === y.find &&
    x.with === y.with &&
    x.rules === y.rules &&
    x.inputs === y.inputs &&
    x.stored === y.stored &&
    x.sources.length === y.sources.length &&
    x.sources.every(({ name, schema, isHistory }, at) => {
      const other = y.sources[at]!
      return name === other.name && schema === other.schema && isHistory === other.isHistory
    })
  )
}

/** The attribute that an input names: a plan is for that one. */
function attributeText(values: readonly Edn[]): string | undefined {
  const [value] = values
  return values.length === 1 && value instanceof Keyword ? value.toString() : undefined
}

/** Kinds of values of which a plan reads each in the same way, whichever they are. */
function kindsOf(values: readonly Edn[]): string | undefined {
  let kinds = ''
  for (const value of values) {
    const kind = kindOf(value)
    if (kind === undefined) return undefined
    if (!kinds.includes(kind)) kinds += kind
  }
  return kinds
}

/** Names and lookup refs are told from other values: where they stand for entities, a plan has them read anew. */
function kindOf(value: Edn): string | undefined {
  if (typeof value === 'string') return 's'
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value < TX_BASE ? 'l' : 't'
  if (typeof value === 'number') return 'd'
  if (typeof value === 'boolean') return 'b'
  if (value instanceof Keyword) return 'k'
  if (value instanceof Date) return 'i'
  if (value instanceof Double) return 'd'
  if (value instanceof Uuid) return 'u'
  return isLookupRef(value) ? 'r' : undefined
}

/** What of a query says whether its plan may be kept, and for which inputs. */
type Shape = {
  readonly find: Query['find']
  /** Nothing in it is understood by the facts but what comes as an input. */
  readonly isFixed: boolean
  /** The variables that it names: a pattern that is given is none of them. */
  readonly named: ReadonlySet<Variable>
  /** Those that stand for an attribute. */
  readonly attributes: ReadonlySet<Variable>
}

const shapes = new WeakMap<readonly Clause[], Shape>()

function shapeOf(query: Query): Shape {
  const { find, where } = query
  let shape = shapes.get(where)
  if (shape?.find !== find) {
    const areElementsFixed = find.elements.every(
      (element) => element.kind !== 'aggregate' || element.args.every(({ kind }) => kind === 'constant'),
    )
    shape = {
      find,
      isFixed: areElementsFixed && where.every(isFixedClause),
      named: new Set([...findVariables(query), ...variablesOfAll(where)]),
      attributes: new Set(attributeVariables(where)),
    }
    shapes.set(where, shape)
  }
  return shape
}

function* attributeVariables(clauses: readonly Clause[]): Iterable<Variable> {
  for (const clause of clauses) {
    if (clause.kind === 'pattern') {
      const attribute = clause.terms[1]
      if (attribute?.kind === 'variable') yield attribute.name
    } else if (clause.kind === 'not') yield* attributeVariables(clause.clauses)
    else if (clause.kind === 'or') for (const branch of clause.branches) yield* attributeVariables(branch)
  }
}

const fixedRules = new WeakMap<RuleSet, boolean>()

function areFixed(rules: RuleSet): boolean {
  let known = fixedRules.get(rules)
  if (known === undefined) {
    // A rule's parameter may be an input, and name the attribute.
    known = [...rules.values()]
      .flat()
      .every(({ body }) => body.every(isFixedClause) && [...attributeVariables(body)].length === 0)
    fixedRules.set(rules, known)
  }
  return known
}

function isFixedClause(clause: Clause): boolean {
  switch (clause.kind) {
    case 'pattern':
      return clause.terms.every(isFixedTerm)
    case 'rule':
      return clause.args.every(isFixedTerm)
    case 'predicate':
    case 'function':
      return true
    case 'not':
      return clause.clauses.every(isFixedClause)
    case 'or':
      return clause.branches.every((branch) => branch.every(isFixedClause))
  }
}

/** A vector may be a lookup ref, and whom it names changes. */
function isFixedTerm(term: Term): boolean {
  return term.kind !== 'constant' || !Array.isArray(term.value)
}
