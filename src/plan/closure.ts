// Recursive rules that only follow references: `y` is reached from `x` by one of some edges or more. Such a rule needs no
// rounds until nothing new comes: whoever is asked for is walked from, and each thing met is marked once (the
// transitive closure as a graph traversal: Yannakakis, "Graph-theoretic methods in database theory", PODS 1990).

import type { FactSource } from '../fact/datom.ts'
import { attributeOf } from './places.ts'
import type { ClosureEdge } from './plan.ts'
import type { Clause, Rule, Variable } from './syntax.ts'

type Pattern = Extract<Clause, { kind: 'pattern' }>
type Call = Extract<Clause, { kind: 'rule' }>

/** What a body of such a rule says. */
type Body =
  | { readonly kind: 'edge'; readonly edge: ClosureEdge }
  /** An edge, then the rule again, or the other way around. */
  | { readonly kind: 'first' | 'last'; readonly edge: ClosureEdge }
  /** The rule twice. */
  | { readonly kind: 'twice' }

/** The edges of which the rules of one name are the closure, over these facts; undefined where they say anything else. */
export function closureOf(rules: readonly Rule[], facts: FactSource): readonly ClosureEdge[] | undefined {
  const bodies = rules.map((rule) => bodyOf(rule, facts))
  if (!bodies.every((body) => body !== undefined)) return undefined
  const edgesOf = (kind: Exclude<Body['kind'], 'twice'>): readonly ClosureEdge[] =>
    bodies.flatMap((body) => (body.kind === kind ? [body.edge] : []))
  const [edges, first, last] = [edgesOf('edge'), edgesOf('first'), edgesOf('last')]
  const isKnown = (edge: ClosureEdge): boolean => edges.some((other) => areSame(edge, other))
  if (![...first, ...last].every(isKnown)) return undefined
  // Where some edges stand at the end of a way alone, ways are fewer.
  const isEach = (some: readonly ClosureEdge[]): boolean =>
    edges.every((edge) => some.some((other) => areSame(edge, other)))
  const isWhole = isEach(first) || isEach(last) || bodies.some(({ kind }) => kind === 'twice')
  return edges.length > 0 && isWhole ? distinctEdges(edges) : undefined
}

function bodyOf({ name, parameters, body }: Rule, facts: FactSource): Body | undefined {
  const [x, y] = parameters
  if (parameters.length !== 2 || x === undefined || y === undefined || x === y) return undefined
  const [one, two, ...more] = body
  if (one === undefined || more.length > 0) return undefined
  if (two === undefined) {
    const edge = one.kind === 'pattern' ? edgeOf(one, [x, y], facts) : undefined
    return edge && { kind: 'edge', edge }
  }
  return joined([one, two], { name, x, y, facts }) ?? joined([two, one], { name, x, y, facts })
}

/** Two clauses that lead from x to z and from z to y, in this order. */
function joined(
  [one, two]: readonly [Clause, Clause],
  {
    name,
    x,
    y,
    facts,
  }: { readonly name: string; readonly x: Variable; readonly y: Variable; readonly facts: FactSource },
): Body | undefined {
  const from = (clause: Clause): clause is Call =>
    clause.kind === 'rule' && clause.name === name && clause.source === undefined
  const places = (call: Call): readonly (Variable | undefined)[] =>
    call.args.map((arg) => (arg.kind === 'variable' ? arg.name : undefined))
  if (from(two)) {
    const [z, end] = places(two)
    if (z === undefined || z === x || z === y || end !== y) return undefined
    if (from(one)) return places(one)[0] === x && places(one)[1] === z ? { kind: 'twice' } : undefined
    const edge = one.kind === 'pattern' ? edgeOf(one, [x, z], facts) : undefined
    return edge && { kind: 'first', edge }
  }
  if (!from(one) || two.kind !== 'pattern') return undefined
  const [begin, z] = places(one)
  if (z === undefined || z === x || z === y || begin !== x) return undefined
  const edge = edgeOf(two, [z, y], facts)
  return edge && { kind: 'last', edge }
}

/** The reference that a pattern follows from one variable to another. */
function edgeOf(
  { source, terms }: Pattern,
  [from, to]: readonly [Variable, Variable],
  facts: FactSource,
): ClosureEdge | undefined {
  const [e, a, v, ...rest] = terms
  const attribute = attributeOf(facts, a)
  if (source !== '$' || attribute?.valueType !== 'ref' || rest.some(({ kind }) => kind !== 'blank'))
    return undefined
  if (e?.kind !== 'variable' || v?.kind !== 'variable') return undefined
  if (e.name === from && v.name === to) return { attribute, isReversed: false }
  return e.name === to && v.name === from ? { attribute, isReversed: true } : undefined
}

function areSame(x: ClosureEdge, y: ClosureEdge): boolean {
  return x.attribute.id === y.attribute.id && x.isReversed === y.isReversed
}

function distinctEdges(edges: readonly ClosureEdge[]): readonly ClosureEdge[] {
  return edges.filter((edge, at) => edges.findIndex((other) => areSame(edge, other)) === at)
}
