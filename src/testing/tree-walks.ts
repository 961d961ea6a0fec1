// Rules that call themselves last and hand on what they look for:
//
//   (reach ?x ?y) if [?x :to ?y]
//   (reach ?x ?y) if [?x :to ?z] and (reach ?z ?y)
//
// As they stand, one start asks for the answers of every entity on the way, and each answer is handed back through
// all of them. The same said as a walk keeps one row for each entity that is reached:
//
//   (walk ?from ?at)   if ?at is ?from
//   (walk ?from ?next) if (walk ?from ?at) and [?at :to ?next]
//   (reach ?x ?y)      if (walk ?x ?at) and [?at :to ?y]
//
// Both mean the same. The walk is better from few starts, the rule as it stands from many, which then share what
// they find; the solver chooses by the number of starts.

import type { Clause, Rule, RuleSet, Term, Variable } from '../plan/syntax.ts'
import { variablesOf } from '../plan/variables.ts'

/** A rule that may be asked as a walk when exactly the arguments at `startPlaces` are bound. */
export type Walk = {
  readonly startPlaces: readonly number[]
  /** The bodies of the rule that end a walk, with the walk before them. */
  readonly rules: readonly Rule[]
}

export type RulesWithWalks = {
  /** The rules as given, and those that walk. */
  readonly rules: RuleSet
  /** By the name of the rule that is asked. */
  readonly walks: ReadonlyMap<string, Walk>
}

type RuleCall = Extract<Clause, { kind: 'rule' }>
type LastCall = { readonly call: RuleCall; readonly handedOn: ReadonlySet<number> }

const known = new WeakMap<RuleSet, RulesWithWalks>()

export function withWalks(rules: RuleSet): RulesWithWalks {
  let made = known.get(rules)
  if (made === undefined) known.set(rules, (made = makeWalks(rules)))
  return made
}

function makeWalks(rules: RuleSet): RulesWithWalks {
  const all = new Map(rules)
  const walks = new Map<string, Walk>()
  for (const [name, ofOneName] of rules) {
    const made = walkOf(name, ofOneName)
    if (made === undefined) continue
    all.set(made.name, made.steps)
    walks.set(name, made.walk)
  }
  return { rules: all, walks }
}

function walkOf(
  name: string,
  rules: readonly Rule[],
): { readonly name: string; readonly steps: readonly Rule[]; readonly walk: Walk } | undefined {
  const calls = rules.map(lastCall)
  const handedOn = calls.find((found) => found !== undefined)?.handedOn
  if (handedOn === undefined) return undefined
  const going = rules.flatMap((rule, i) => {
    const found = calls[i]
    return found !== undefined && isSameSet(found.handedOn, handedOn) ? [{ rule, call: found.call }] : []
  })
  const ending = rules.filter((rule) => !going.some((other) => other.rule === rule))
  const startPlaces = rules[0]!.parameters.map((_, place) => place).filter((place) => !handedOn.has(place))
  if (ending.length === 0 || startPlaces.length === 0) return undefined
  // A space cannot stand in a name that somebody wrote.
  const walk = `${name} walk`
  const from = startPlaces.map((place) => `?from ${place}`)
  const start: Rule = {
    name: walk,
    parameters: [...from, ...startPlaces.map((place) => `?at ${place}`)],
    required: [],
    body: startPlaces.map((place) => isSame(variable(`?from ${place}`), `?at ${place}`)),
  }
  const along = (rule: Rule): Clause => ({
    kind: 'rule',
    source: undefined,
    name: walk,
    args: [...from, ...startPlaces.map((place) => rule.parameters[place]!)].map(variable),
  })
  return {
    name: walk,
    steps: [
      start,
      ...going.map(({ rule, call }) => step(rule, call, { walk, from, startPlaces, along: along(rule) })),
    ],
    walk: {
      startPlaces,
      rules: ending.map((rule) => ({
        ...rule,
        parameters: rule.parameters.map((name, place) => (handedOn.has(place) ? name : `?from ${place}`)),
        required: [],
        body: [along(rule), ...rule.body],
      })),
    },
  }
}

/** One step of the walk: along to where the rule begins, through its body, to where its last call begins. */
function step(
  rule: Rule,
  call: RuleCall,
  {
    walk,
    from,
    startPlaces,
    along,
  }: {
    readonly walk: string
    readonly from: readonly Variable[]
    readonly startPlaces: readonly number[]
    readonly along: Clause
  },
): Rule {
  const next = startPlaces.map((place) => `?next ${place}`)
  const arrivals = startPlaces.map((place, i) => isSame(call.args[place]!, next[i]!))
  const body = [along, ...rule.body.filter((clause) => clause !== call), ...arrivals]
  return { name: walk, parameters: [...from, ...next], required: [], body }
}

/** The one call of a rule to itself that hands on parameters which nothing else in its body names. */
function lastCall(rule: Rule): LastCall | undefined {
  const calls = rule.body.filter(
    (clause): clause is RuleCall =>
      clause.kind === 'rule' && clause.name === rule.name && (clause.source ?? '$') === '$',
  )
  const [call] = calls
  if (call === undefined || calls.length > 1) return undefined
  const named = new Set(rule.body.flatMap((clause) => (clause === call ? [] : [...variablesOf(clause)])))
  const handedOn = new Set<number>()
  for (const [place, arg] of call.args.entries()) {
    if (arg.kind === 'blank') return undefined
    const name = rule.parameters[place]
    const isOnce = call.args.filter((other) => other.kind === 'variable' && other.name === name).length === 1
    if (arg.kind === 'variable' && arg.name === name && isOnce && !named.has(name)) handedOn.add(place)
  }
  return handedOn.size === 0 ? undefined : { call, handedOn }
}

function isSame(term: Term, name: Variable): Clause {
  if (term.kind === 'blank') throw new TypeError('a last call has no blank')
  return { kind: 'function', name: 'identity', args: [term], binding: { kind: 'variable', name } }
}

function variable(name: Variable): Term & { readonly kind: 'variable' } {
  return { kind: 'variable', name }
}

function isSameSet(x: ReadonlySet<number>, y: ReadonlySet<number>): boolean {
  return x.size === y.size && [...x].every((place) => y.has(place))
}
