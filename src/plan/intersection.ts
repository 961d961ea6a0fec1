// Patterns that close circles among variables. Joined two at a time, a triangle makes every path of two edges before the
// third pattern tests them; so patterns that lead from what is bound to one and the same new variable become one step,
// which takes what all of them have at once: a variable at a time, never more rows than the answer may have at worst
// (generic join: Ngo, Ré, Rudra, "Skew strikes back", SIGMOD Record 2013; leapfrog triejoin: Veldhuizen, ICDT 2014).

import type { Attribute } from '../fact/attribute.ts'
import { type Cost, factsCost, type Standing } from './cost.ts'
import type { FactSource } from '../fact/datom.ts'
import type { Draft } from './pattern-step.ts'
import type { IntersectStep, PatternStep } from './plan.ts'
import type { Goal, PatternClause } from './scope.ts'
import { showGoal } from './show-clause.ts'
import type { Clause, Term, Variable } from './syntax.ts'
import { variablesOf } from './variables.ts'

/** A pattern that leads to a new variable, with the facts that it asks. */
export type Lead = {
  readonly pattern: PatternClause
  readonly facts: FactSource
  readonly attribute: Attribute
}

type Predicate = Extract<Clause, { kind: 'predicate' }>

/**
 * The new variable that a pattern leads to from one that is bound; undefined where other patterns had better wait for it
 * anyway: where it finds one thing at most.
 */
export function ledTo(
  { terms }: PatternClause,
  attribute: Attribute,
  isBound: (name: Variable) => boolean,
): Variable | undefined {
  const [e, , v, ...rest] = terms
  if (e?.kind !== 'variable' || v?.kind !== 'variable' || rest.some(isAsked)) return undefined
  if (isBound(e.name) === isBound(v.name)) return undefined
  if (isBound(e.name)) return attribute.cardinality === 'one' ? undefined : v.name
  return attribute.unique === undefined ? e.name : undefined
}

function isAsked(term: Term): boolean {
  return term.kind !== 'blank'
}

/** What it costs to take all of these patterns, which lead to one variable, at once. */
export function intersectionCost(
  leads: readonly Lead[],
  variable: Variable,
  standing: Standing,
  predicates: readonly Predicate[],
): Cost {
  const [first, ...others] = inOrder(leads, standing)
  const { rank, rowCount } = factsCost(first!.pattern, first!.facts, standing, predicates)
  const then: Standing = { ...standing, isBound: (name) => name === variable || standing.isBound(name) }
  const share = others.reduce((product, { pattern, facts }) => {
    const tested = factsCost(pattern, facts, then, [])
    return product * Math.min(1, tested.rowCount / Math.max(1, standing.rowCount))
  }, 1)
  return { rank: rank * share, rowCount: rowCount * share }
}

/** The patterns as they are taken: the one that leads to the least first. The order in which they were written tells nothing. */
export function inOrder(leads: readonly Lead[], standing: Standing): readonly Lead[] {
  return leads
    .map((lead) => ({
      lead,
      rowCount: factsCost(lead.pattern, lead.facts, standing, []).rowCount,
      text: showGoal(lead.pattern),
    }))
    .sort((x, y) => x.rowCount - y.rowCount || (x.text < y.text ? -1 : 1))
    .map(({ lead }) => lead)
}

/** The step of these drafts of its patterns, made one after another; `names` are the variables that rows have before. */
export function intersectDraft(
  drafts: readonly Draft<PatternStep>[],
  variable: Variable,
  {
    names,
    needed,
    rowCount,
  }: { names: readonly Variable[]; needed: ReadonlySet<Variable>; rowCount: number },
): Draft<IntersectStep> {
  let before = names
  const patterns = drafts.map(({ step }, at): PatternStep => {
    const later = new Set(drafts.slice(at + 1).flatMap((draft) => [...variablesOf(draft.step.clause!)]))
    const isWanted = (name: Variable): boolean => needed.has(name) || later.has(name)
    const kept = before.filter(isWanted)
    const fresh = at === 0 ? [variable] : []
    before = [...kept, ...fresh]
    return { ...step, kept, fresh, rowCount }
  })
  const kind = drafts[0]!.binds.get(variable)!
  return {
    step: { kind: 'intersect', clause: undefined, variable, patterns },
    binds: new Map([[variable, kind]]),
  }
}

/** The patterns that lie on a circle of variables: what they join stays joined without them. */
export function cyclicPatterns(goals: readonly Goal[], start: readonly Variable[]): ReadonlySet<Goal> {
  const bindings = goals.filter(({ kind }) => kind !== 'predicate' && kind !== 'not')
  const groups = [start, ...bindings.map((goal) => [...variablesOf(goal)])]
  const isCyclic = (goal: Goal, at: number): boolean => {
    const [x, y] = goal.kind === 'pattern' ? edgeOf(goal) : []
    if (x === undefined || y === undefined) return false
    const others = groups.filter((_, other) => other !== at + 1)
    // Most patterns lead to something that nobody else names.
    const isShared = (name: Variable): boolean => others.some((group) => group.includes(name))
    return isShared(x) && isShared(y) && reachedFrom(x, others).has(y)
  }
  return new Set(bindings.filter(isCyclic))
}

function edgeOf({ terms: [e, , v] }: PatternClause): readonly Variable[] {
  const isEdge = e?.kind === 'variable' && v?.kind === 'variable' && e.name !== v.name
  return isEdge ? [e.name, v.name] : []
}

/** The variables that hang together with this one by groups of which each hangs together. */
function reachedFrom(name: Variable, groups: readonly (readonly Variable[])[]): ReadonlySet<Variable> {
  const reached = new Set([name])
  for (let size = 0; size !== reached.size;) {
    size = reached.size
    for (const group of groups)
      if (group.some((member) => reached.has(member))) for (const member of group) reached.add(member)
  }
  return reached
}
