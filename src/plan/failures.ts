// Functions that fail on a row. That is an error only where no other clause rejects the row, whatever the order in which
// clauses are asked. So a question whose functions failed on some rows is answered without these rows, and then it is
// asked in which ways a row could have failed: each way is a question of its own, in which the calls that are said to fail
// do so, and every clause holds that can do without what they would have given. Whatever answers it is an error.
//
// A clause with others inside fails as these do: an `or` and a rule as one of their branches, a `not` where what it asks
// fails and nothing else is found. A recursive rule fails by a rule of its own, for the arguments that are known
// without it. Several clauses may fail on one row: each choice among those that failed at all is a way.

import { isRecursive } from './bodies.ts'
import { ClauseOrder } from './clause-order.ts'
import { type Rename, renamed, renamedTerm } from './inlined-rules.ts'
import { type Goal, innerScope, type PlanContext, realName, ruleScope, type Scope } from './scope.ts'
import type { Argument, Clause, Rule, SourceName, Term, Variable } from './syntax.ts'
import { variablesOf } from './variables.ts'
import { standingFor, writtenAs } from './written-as.ts'

type Of<Kind extends Clause['kind']> = Extract<Clause, { kind: Kind }>

/** A function that gives the number of the failure of the call that is its argument, and nothing where that succeeds. */
export const FAILURE = 'the failure of'

/** A question in which some calls fail. */
export type Way = {
  readonly goals: readonly Goal[]
  /** The variable that stands for the number of the failure. */
  readonly failure: Variable
}

/** Clauses with some that fail, before it is known which of them can run. */
type Draft = {
  readonly goals: readonly Goal[]
  /** Variables of the failures: a way has all of them. */
  readonly failures: readonly Variable[]
}

/** A call of the rule that says how a recursive rule fails, before it is known which arguments are bound. */
type FailingCall = Of<'rule'> & { readonly failure: Variable }

export class Failures {
  readonly #context: PlanContext
  readonly #failed: ReadonlySet<Clause>
  readonly #order: ClauseOrder
  readonly #rules: Map<string, readonly Rule[]>
  readonly #calls = new Set<Goal>()
  #nameCount = 0

  /** `failed` are the calls that failed on some row, as they were written. */
  constructor(context: PlanContext, failed: ReadonlySet<Clause>) {
    this.#failed = failed
    this.#rules = new Map(context.rules)
    this.#context = { ...context, rules: this.#rules }
    this.#order = new ClauseOrder(this.#context)
  }

  /** In which the rules are that ways call. */
  get context(): PlanContext {
    return this.#context
  }

  *ways(goals: readonly Goal[], scope: Scope): Iterable<Way> {
    for (const draft of this.#drafts(goals, scope)) {
      const way = this.#way(draft, [], scope)
      if (way !== undefined) yield way
    }
  }

  /** The clauses that can run; undefined where one that is to fail cannot. */
  #way({ goals, failures }: Draft, start: readonly Variable[], scope: Scope): Way | undefined {
    const others = goals.filter((goal) => !this.#calls.has(goal))
    const { bound } = this.#order.order(others, start, scope)
    const called = goals.map((goal) =>
      this.#calls.has(goal) ? this.#callOf(goal as FailingCall, bound, scope) : goal,
    )
    const ordered = this.#order.order(called, start, scope)
    const [failure] = failures
    return failure !== undefined && failures.every((name) => ordered.bound.has(name))
      ? { goals: ordered.goals, failure }
      : undefined
  }

  /** Every choice of clauses that fail together, and of how each of them does. */
  *#drafts(goals: readonly Goal[], scope: Scope): Iterable<Draft> {
    const [first, ...others] = goals.filter((goal) => goal.kind !== 'input' && this.#mayFail(goal))
    if (first === undefined) return
    yield* this.#choices([first, ...others] as readonly Clause[], goals, scope)
  }

  *#choices(open: readonly Clause[], goals: readonly Goal[], scope: Scope): Iterable<Draft> {
    const [first, ...others] = open
    if (first === undefined) return
    // Without the first: it succeeds.
    yield* this.#choices(others, goals, scope)
    for (const own of this.#draftsOf(first, scope)) {
      const rest = goals.flatMap((goal) => (goal === first ? own.goals : [goal]))
      yield { goals: rest, failures: own.failures }
      for (const more of this.#choices(others, rest, scope))
        yield { goals: more.goals, failures: [...own.failures, ...more.failures] }
    }
  }

  /** How one clause fails. */
  *#draftsOf(clause: Clause, scope: Scope): Iterable<Draft> {
    switch (clause.kind) {
      case 'pattern':
        return
      case 'predicate':
      case 'function': {
        const failure = this.#name('?failure')
        yield { goals: [failureClause(clause, failure)], failures: [failure] }
        return
      }
      case 'not': {
        const inner = innerScope(scope, clause.source, clause.join)
        for (const draft of this.#apart(clause.clauses, [...variablesOf(clause)], inner))
          yield { ...draft, goals: [clause, ...draft.goals] }
        return
      }
      case 'or': {
        const join = clause.join && [...clause.join.required, ...clause.join.free]
        const inner = innerScope(scope, clause.source, join)
        for (const branch of clause.branches) yield* this.#apart(branch, [...variablesOf(clause)], inner)
        return
      }
      case 'rule':
        yield* this.#rule(clause, scope)
    }
  }

  /** How clauses inside another one fail, as clauses beside it: their own variables get other names. */
  *#apart(clauses: readonly Clause[], shared: readonly Variable[], inner: Scope): Iterable<Draft> {
    for (const draft of this.#drafts(clauses, inner)) {
      const names = new Map(shared.map((name) => [name, name]))
      yield this.#renamed(draft, names, inner.defaultSource)
    }
  }

  *#rule(clause: Of<'rule'>, scope: Scope): Iterable<Draft> {
    const source = clause.source === undefined ? scope.defaultSource : realName(clause.source, scope)
    if (isRecursive(clause.name, this.#rules)) {
      const failure = this.#name('?failure')
      const call: FailingCall = { ...clause, source, failure }
      this.#calls.add(call)
      yield { goals: [call], failures: [failure] }
      return
    }
    for (const { parameters, body } of this.#rules.get(clause.name) ?? []) {
      for (const draft of this.#drafts(body, ruleScope(source))) {
        const names = new Map<Variable, Variable>()
        const given = clause.args.flatMap((arg, place) => {
          // What somebody gives is understood where it is given, and inside as a rule's argument is.
          const isOwn = arg.kind === 'variable' && !scope.inputs.has(arg.name)
          const name = isOwn ? arg.name : this.#name(parameters[place]!)
          names.set(parameters[place]!, name)
          return isOwn || arg.kind === 'blank' ? [] : [copyOf(arg, name)]
        })
        const inside = this.#renamed(draft, names, source)
        yield { ...inside, goals: [...given, ...inside.goals] }
      }
    }
  }

  /** A rule that says how a recursive rule fails, called with the arguments that are bound. */
  #callOf(
    { name, args, source, failure, ...call }: FailingCall,
    bound: ReadonlySet<Variable>,
    scope: Scope,
  ): Clause {
    const places = args.flatMap((arg, place) => {
      const isBound = arg.kind === 'constant' || (arg.kind === 'variable' && bound.has(arg.name))
      return isBound ? [place] : []
    })
    const asked = source ?? scope.defaultSource
    const made = `${name} failing ${places.join(' ')} in ${asked}`
    if (!this.#rules.has(made)) this.#addRule(made, { name, places, source: asked })
    const given = places.map((place) => args[place]!)
    return { ...call, source: asked, name: made, args: [...given, { kind: 'variable', name: failure }] }
  }

  #addRule(
    made: string,
    {
      name,
      places,
      source,
    }: { readonly name: string; readonly places: readonly number[]; readonly source: SourceName },
  ): void {
    // Known before its bodies are made, which may call it.
    this.#rules.set(made, [])
    const scope = ruleScope(source)
    const rules = this.#rules.get(name)!.flatMap(({ parameters, body }) => {
      const given = places.map((place) => parameters[place]!)
      return [...this.#drafts(body, scope)].flatMap((draft): readonly Rule[] => {
        const way = this.#way(draft, given, scope)
        if (way === undefined) return []
        const clauses = way.goals as readonly Clause[]
        return [{ name: made, parameters: [...given, way.failure], required: given, body: clauses }]
      })
    })
    this.#rules.set(made, rules)
  }

  /** True for a clause in which something that failed is called. */
  #mayFail(clause: Goal): boolean {
    const seen = new Set<string>()
    const visit = (one: Goal): boolean => {
      switch (one.kind) {
        case 'input':
        case 'pattern':
          return false
        case 'predicate':
        case 'function':
          return this.#failed.has(writtenAs(one))
        case 'not':
          return one.clauses.some(visit)
        case 'or':
          return one.branches.some((branch) => branch.some(visit))
        case 'rule': {
          if (seen.has(one.name)) return false
          seen.add(one.name)
          return (this.#rules.get(one.name) ?? []).some(({ body }) => body.some(visit))
        }
      }
    }
    return visit(clause)
  }

  /** With other names for all variables but these, and with the source that `$` means inside. */
  #renamed({ goals, failures }: Draft, names: Map<Variable, Variable>, source: SourceName): Draft {
    const nameOf: Rename = (name) => {
      let known = names.get(name)
      if (known === undefined) names.set(name, (known = this.#name(name)))
      return known
    }
    const made = goals.map((goal): Goal => {
      const clause = withSource(renamed(goal as Clause, nameOf), source)
      if (!this.#calls.has(goal)) return clause
      const { failure } = goal as FailingCall
      const args = (goal as FailingCall).args.map((arg) => renamedTerm(arg, nameOf))
      const call: FailingCall = { ...(goal as FailingCall), args, failure: nameOf(failure) }
      this.#calls.add(call)
      return call
    })
    return { goals: made, failures: failures.map(nameOf) }
  }

  /** A space cannot stand in a name that somebody wrote. */
  #name(like: Variable): Variable {
    return `${like.split(' ')[0]!} ${++this.#nameCount}`
  }
}

function failureClause(clause: Of<'predicate' | 'function'>, failure: Variable): Clause {
  const call: Argument = { kind: 'call', name: clause.name, args: clause.args }
  return {
    kind: 'function',
    name: FAILURE,
    args: [call],
    binding: { kind: 'variable', name: failure },
    ...(clause.kind === 'function' && { fits: clause.binding }),
    ...(clause.place && { place: clause.place }),
  }
}

function copyOf(arg: Exclude<Term, { kind: 'blank' }>, name: Variable): Clause {
  const copied = arg.kind === 'constant' ? 'ground' : 'identity'
  return { kind: 'function', name: copied, args: [arg], binding: { kind: 'variable', name } }
}

/** The clause where `$` is the name of a source. */
function withSource(clause: Clause, source: SourceName): Clause {
  if (source === '$') return clause
  switch (clause.kind) {
    case 'pattern':
      return clause.source === '$' ? { ...clause, source } : clause
    case 'predicate':
    case 'function':
      return standingFor({ ...clause, args: clause.args.map((arg) => argumentOf(arg, source)) }, clause)
    default:
      return clause.source === undefined || clause.source === '$' ? { ...clause, source } : clause
  }
}

function argumentOf(arg: Argument, source: SourceName): Argument {
  if (arg.kind === 'source') return arg.name === '$' ? { ...arg, name: source } : arg
  if (arg.kind === 'call') return { ...arg, args: arg.args.map((inner) => argumentOf(inner, source)) }
  return arg
}
