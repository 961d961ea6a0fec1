// What a question means, by brute force: every clause filters or extends a list of bindings, every pattern looks at
// every fact of its attribute, and rules are applied again until nothing new is found. It is slow and meant to be read; engines are
// compared with it over random facts and questions (compare-questions.ts).
//
// It shares with engines the syntax tree, equality, the functions of a query and what a constant means to an
// attribute. It leaves out inputs that hold idents or lookup refs, pull, and functions that fail: cases say those.

import { assert, unreachable } from '../base/assert.ts'
import { TX_BASE } from '../fact/attribute.ts'
import type { Datom, FactSource } from '../fact/datom.ts'
import { type Edn, equalValues, textKey } from '../fact/value.ts'
import { bindingVariables, variablesOf } from '../plan/variables.ts'
import { resultRows } from '../engine/binding.ts'
import { constantFor, resolveAttribute, resolveEntity } from '../plan/entity.ts'
import { isTruthy, VALUE_FUNCTIONS } from '../engine/functions.ts'
import { SOURCE_FUNCTIONS } from '../engine/functions-source.ts'
import { attributeOf } from '../plan/places.ts'
import { functionNamed } from '../plan/functions.ts'
import type { Argument, Clause, RuleSet, SourceName, Term, Variable } from '../plan/syntax.ts'

/** What each variable stands for. */
export type Bindings = ReadonlyMap<Variable, Edn>

type Of<Kind extends Clause['kind']> = Extract<Clause, { kind: Kind }>
type Sources = ReadonlyMap<SourceName, FactSource>

/** How much is looked at for one question, beyond which it is not answered: what products of products take grows without end. */
export type Patience = { looksLeft: number }

/**
 * Every way to bind the variables of the clauses, beginning with the bindings of the inputs; undefined where the
 * patience ends.
 */
export function naiveBindings(
  clauses: readonly Clause[],
  inputs: readonly Bindings[],
  setting: { readonly sources: Sources; readonly rules: RuleSet; readonly patience: Patience },
): readonly Bindings[] | undefined {
  try {
    return new NaiveQuery(setting).solve(clauses, inputs, '$')
  } catch (error) {
    if (error instanceof OutOfPatience) return undefined
    throw error
  }
}

class OutOfPatience extends Error {}

class NaiveQuery {
  readonly #sources: Sources
  readonly #rules: RuleSet
  /** Found so far for each call: a rule, its source and those of its arguments that are bound. */
  readonly #found = new Map<string, Map<string, readonly Edn[]>>()
  readonly #seenThisRound = new Set<string>()
  readonly #patience: Patience
  #hasNew = false

  constructor({
    sources,
    rules,
    patience,
  }: {
    readonly sources: Sources
    readonly rules: RuleSet
    readonly patience: Patience
  }) {
    this.#sources = sources
    this.#rules = rules
    this.#patience = patience
  }

  /** Solves again and again until no rule finds anything new. */
  solve(clauses: readonly Clause[], inputs: readonly Bindings[], source: SourceName): readonly Bindings[] {
    for (;;) {
      this.#hasNew = false
      this.#seenThisRound.clear()
      const solved = this.#all(clauses, inputs, source)
      if (!this.#hasNew) return solved
    }
  }

  /** The bindings that satisfy all the clauses. Whatever the order, a clause waits for the variables that it needs. */
  #all(clauses: readonly Clause[], inputs: readonly Bindings[], source: SourceName): readonly Bindings[] {
    let bindings = inputs
    const waiting = [...clauses]
    while (waiting.length > 0 && bindings.length > 0) {
      const bound = new Set(bindings[0]!.keys())
      // Which of those comes first changes the work alone: one that multiplies bindings comes last.
      const ready = waiting
        .filter((clause) => canRun(clause, bound, this.#rules))
        .reduce<Clause | undefined>(
          (best, one) => (best && unboundCount(best, bound) <= unboundCount(one, bound) ? best : one),
          undefined,
        )
      assert(ready !== undefined, 'a question whose clauses can never run is an error before it is asked')
      waiting.splice(waiting.indexOf(ready), 1)
      bindings = distinct(bindings.flatMap((binding) => this.#one(ready, binding, source)))
    }
    return bindings
  }

  /** The ways in which one clause extends one binding: none where it does not hold. */
  #one(clause: Clause, binding: Bindings, source: SourceName): readonly Bindings[] {
    this.#look()
    switch (clause.kind) {
      case 'pattern':
        return this.#pattern(clause, binding, source)
      case 'predicate':
        return isTruthy(this.#call(clause, binding, source)) ? [binding] : []
      case 'function': {
        const names = bindingVariables(clause.binding)
        const rows = resultRows(clause.binding, this.#call(clause, binding, source))
        return rows.flatMap((row) => extended(binding, names, row) ?? [])
      }
      case 'not': {
        const inner = onlyThose(binding, clause.join ?? [...variablesOf(clause)])
        // Rules inside must be complete before anybody may say that there is no match.
        const complete = new NaiveQuery({
          sources: this.#sources,
          rules: this.#rules,
          patience: this.#patience,
        })
        return complete.solve(clause.clauses, [inner], named(clause.source, source)).length === 0
          ? [binding]
          : []
      }
      case 'or': {
        const names =
          clause.join === undefined
            ? [...variablesOf(clause)]
            : [...clause.join.required, ...clause.join.free]
        return clause.branches.flatMap((branch) =>
          this.#all(branch, [onlyThose(binding, names)], named(clause.source, source)).flatMap(
            (inner) => extended(binding, names, valuesOf(inner, names)) ?? [],
          ),
        )
      }
      case 'rule':
        return this.#rule(clause, binding, source)
      default:
        return unreachable(clause)
    }
  }

  #pattern(
    { source, terms }: Of<'pattern'>,
    binding: Bindings,
    defaultSource: SourceName,
  ): readonly Bindings[] {
    const facts = this.#facts(named(source, defaultSource))
    const found: Bindings[] = []
    for (const datom of facts.match(undefined, attributeOf(facts, terms[1])?.id, undefined)) {
      this.#look()
      let made: Bindings | undefined = binding
      for (const [place, term] of terms.entries()) {
        made = made && matched(made, term, place, { facts, datom, terms })
      }
      if (made !== undefined) found.push(made)
    }
    return found
  }

  #rule(
    { name, args, source }: Of<'rule'>,
    binding: Bindings,
    defaultSource: SourceName,
  ): readonly Bindings[] {
    const wanted = args.map((arg) => (arg.kind === 'variable' ? binding.get(arg.name) : valueOf(arg)))
    const inside = named(source, defaultSource)
    const key = `${name} ${inside} ${wanted.map((value) => (value === undefined ? '_' : textKey(value))).join(' ')}`
    const found = this.#found.get(key) ?? new Map<string, readonly Edn[]>()
    this.#found.set(key, found)
    if (!this.#seenThisRound.has(key)) {
      this.#seenThisRound.add(key)
      for (const { parameters, body } of this.#rules.get(name)!) {
        const start = new Map(
          parameters.flatMap((parameter, i) => (wanted[i] === undefined ? [] : [[parameter, wanted[i]]])),
        )
        for (const solved of this.#all(body, [start], inside)) {
          const row = valuesOf(solved, parameters)
          const rowKey = row.map(textKey).join(' ')
          if (found.has(rowKey)) continue
          found.set(rowKey, row)
          this.#hasNew = true
        }
      }
    }
    return [...found.values()].flatMap((row) => {
      let made: Bindings | undefined = binding
      for (const [i, arg] of args.entries()) {
        if (arg.kind === 'variable') made = made && extended(made, [arg.name], [row[i]!])
      }
      return made ?? []
    })
  }

  #call(
    { name, args }: { readonly name: string; readonly args: readonly Argument[] },
    binding: Bindings,
    source: SourceName,
  ): Edn {
    const canonical = functionNamed(name)?.name ?? name
    const [first, ...rest] = args
    const ofSource = SOURCE_FUNCTIONS.get(canonical)
    const valueOfArgument = (arg: Argument): Edn => {
      assert(arg.kind !== 'source', 'only the first argument names a source')
      if (arg.kind === 'call') return this.#call(arg, binding, source)
      return arg.kind === 'constant' ? arg.value : binding.get(arg.name)!
    }
    if (ofSource !== undefined && first?.kind === 'source') {
      return ofSource(this.#facts(named(first.name, source)))(rest.map(valueOfArgument))
    }
    return VALUE_FUNCTIONS.get(canonical)!(args.map(valueOfArgument))
  }

  #look(): void {
    if (--this.#patience.looksLeft < 0) throw new OutOfPatience('this question takes too long by brute force')
  }

  #facts(name: SourceName): FactSource {
    const facts = this.#sources.get(name)
    assert(facts !== undefined, 'every source is given')
    return facts
  }
}

/** True where the clause binds or tests with what is bound already; patterns always can. */
function canRun(clause: Clause, bound: ReadonlySet<Variable>, rules: RuleSet): boolean {
  switch (clause.kind) {
    case 'pattern':
      return true
    case 'predicate':
    case 'function':
      return argumentsOf(clause.args).every((name) => bound.has(name))
    case 'not':
      return [...variablesOf(clause)].every((name) => bound.has(name))
    case 'or':
      return (
        (clause.join?.required ?? []).every((name) => bound.has(name)) &&
        clause.branches.every((branch) => canRunAll(branch, bound, rules))
      )
    case 'rule':
      return (rules.get(clause.name) ?? []).every(({ parameters, required }) =>
        required.every((name) => {
          const arg = clause.args[parameters.indexOf(name)]
          return arg?.kind === 'constant' || (arg?.kind === 'variable' && bound.has(arg.name))
        }),
      )
    default:
      return unreachable(clause)
  }
}

function unboundCount(clause: Clause, bound: ReadonlySet<Variable>): number {
  return [...variablesOf(clause)].filter((name) => !bound.has(name)).length
}

function canRunAll(clauses: readonly Clause[], start: ReadonlySet<Variable>, rules: RuleSet): boolean {
  const bound = new Set(start)
  const waiting = [...clauses]
  while (waiting.length > 0) {
    const ready = waiting.find((clause) => canRun(clause, bound, rules))
    if (ready === undefined) return false
    waiting.splice(waiting.indexOf(ready), 1)
    for (const name of variablesOf(ready)) bound.add(name)
  }
  return true
}

function argumentsOf(args: readonly Argument[]): readonly Variable[] {
  return args.flatMap((arg) =>
    arg.kind === 'variable' ? [arg.name] : arg.kind === 'call' ? argumentsOf(arg.args) : [],
  )
}

type Fact = { readonly facts: FactSource; readonly datom: Datom; readonly terms: readonly Term[] }

/** The binding, extended by one place of a fact; undefined where that place holds something else. */
function matched(
  binding: Bindings,
  term: Term,
  place: number,
  { facts, datom, terms }: Fact,
): Bindings | undefined {
  const held = [datom.e, datom.a, datom.v, TX_BASE + datom.t, datom.added][place]!
  if (term.kind === 'blank') return binding
  if (term.kind === 'variable') return extended(binding, [term.name], [held])
  const wanted = constantAt(term.value, place, facts, terms)
  return wanted !== undefined && equalValues(wanted, held) ? binding : undefined
}

/** What a constant means where it stands. */
function constantAt(value: Edn, place: number, facts: FactSource, terms: readonly Term[]): Edn | undefined {
  switch (place) {
    case 0:
    case 3:
      return resolveEntity(facts, value)
    case 1:
      return typeof value === 'number' ? value : resolveAttribute(facts, value as never).id
    case 2: {
      const attribute = attributeOf(facts, terms[1])
      return attribute === undefined ? value : constantFor(facts, attribute, value)
    }
    default:
      return value
  }
}

/** The binding with these names bound too; undefined where one of them is bound to something else. */
function extended(
  binding: Bindings,
  names: readonly Variable[],
  values: readonly Edn[],
): Bindings | undefined {
  const made = new Map(binding)
  for (const [i, name] of names.entries()) {
    const known = made.get(name)
    if (known !== undefined && !equalValues(known, values[i]!)) return undefined
    if (known === undefined) made.set(name, values[i]!)
  }
  return made
}

function onlyThose(binding: Bindings, names: readonly Variable[]): Bindings {
  return new Map([...binding].filter(([name]) => names.includes(name)))
}

export function valuesOf(binding: Bindings, names: readonly Variable[]): readonly Edn[] {
  return names.map((name) => binding.get(name)!)
}

function distinct(bindings: readonly Bindings[]): readonly Bindings[] {
  const byKey = new Map<string, Bindings>()
  for (const binding of bindings) {
    const key = [...binding]
      .map(([name, value]) => `${name} ${textKey(value)}`)
      .sort()
      .join(' ')
    if (!byKey.has(key)) byKey.set(key, binding)
  }
  return [...byKey.values()]
}

function valueOf(term: Term): Edn | undefined {
  return term.kind === 'constant' ? term.value : undefined
}

/** The name that stands behind `$`. */
function named(source: SourceName | undefined, defaultSource: SourceName): SourceName {
  return source === undefined || source === '$' ? defaultSource : source
}
