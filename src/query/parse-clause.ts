// Clauses of `:where` and of rules. Lists and vectors count alike where the head makes the meaning plain, since
// JSON has only arrays: `["not", …]` is a `not`, `[["+", "?a", 1], "?b"]` a function.

import { type Edn, EdnList, EdnSymbol } from '../fact/value.ts'
import { functionNamed } from '../plan/functions.ts'
import { show } from '../plan/show.ts'
import { isPlainName, isSource, isVariable, type Spot } from '../plan/spot.ts'
import type { Clause, Term, Variable } from '../plan/syntax.ts'
import { parseBinding } from './parse-binding.ts'
import { type Names, NESTING_MAX, parseCall } from './parse-call.ts'
import { nilConstant, queryMalformed } from './errors.ts'

export const RESERVED_NAMES: ReadonlySet<string> = new Set(['and', 'or', 'or-join', 'not', 'not-join'])

const PATTERN_PLACES_MAX = 5

/** The clauses of a conjunction, in their order. */
export function parseClauses(spots: readonly Spot[], names: Names, depth: number = 0): readonly Clause[] {
  return spots.flatMap((spot) => parseClause(spot, names, depth))
}

function parseClause(spot: Spot, names: Names, depth: number): readonly Clause[] {
  const items = spot.items()
  const head = items?.[0]
  if (items === undefined || head === undefined) {
    throw queryMalformed(
      spot,
      `${show(spot.form)} is not a clause`,
      'A clause is a vector such as [?e :a ?v] or [(< ?x 5)], or a list such as (not …); :where of a map holds a vector of them',
    )
  }
  if (depth > NESTING_MAX) {
    throw queryMalformed(
      spot,
      `Clauses are nested deeper than ${NESTING_MAX}`,
      'Put inner clauses into rules',
    )
  }
  const source = isSource(head.symbol) ? head.symbol : undefined
  const rest = source === undefined ? items : items.slice(1)
  const name = rest[0]?.symbol
  if (isPlainName(name)) return parseNamed(spot, name, source, rest.slice(1), names, depth)
  if (spot.form instanceof EdnList) {
    throw queryMalformed(
      spot,
      `${show(spot.form)} names nothing to call`,
      'Patterns stand in brackets: [?e :a ?v]',
    )
  }
  const call = source === undefined ? callIn(rest[0]) : undefined
  if (call !== undefined) return [parseCallClause(spot, call, rest, names)]
  return [parsePattern(spot, source ?? '$', rest)]
}

/** `(not …)`, `(or …)`, `(and …)`, or the call of a rule. */
function parseNamed(
  spot: Spot,
  name: string,
  source: string | undefined,
  rest: readonly Spot[],
  names: Names,
  depth: number,
): readonly Clause[] {
  const place = spot.place()
  const within = (spots: readonly Spot[]): readonly Clause[] => {
    if (spots.length === 0)
      throw queryMalformed(spot, `${show(spot.form)} holds no clause`, 'Put a clause into it')
    return parseClauses(spots, names, depth + 1)
  }
  switch (name) {
    case 'not':
      return [{ kind: 'not', source, join: undefined, clauses: within(rest), place }]
    case 'not-join': {
      const join = parseJoin(spot, rest[0])
      if (join.required.length > 0) {
        throw queryMalformed(
          spot,
          'not-join has no bracketed variables',
          'All its variables must be bound: [?x ?y]',
        )
      }
      return [{ kind: 'not', source, join: join.free, clauses: within(rest.slice(1)), place }]
    }
    case 'or':
      return [{ kind: 'or', source, join: undefined, branches: parseBranches(spot, rest, within), place }]
    case 'or-join': {
      const join = parseJoin(spot, rest[0])
      return [{ kind: 'or', source, join, branches: parseBranches(spot, rest.slice(1), within), place }]
    }
    case 'and':
      if (source === undefined) return within(rest)
      throw queryMalformed(
        spot,
        'and takes no source',
        `Name the source in each clause: [${source} ?e :a ?v]`,
      )
    default:
      return [{ kind: 'rule', source, name, args: rest.map(parseRuleArgument), place }]
  }
}

function parseBranches(
  spot: Spot,
  spots: readonly Spot[],
  within: (spots: readonly Spot[]) => readonly Clause[],
): readonly (readonly Clause[])[] {
  if (spots.length === 0)
    throw queryMalformed(spot, `${show(spot.form)} has no branch`, 'Put clauses into it')
  return spots.map((branch) => within([branch]))
}

/** `[?x ?y]`, or `[[?x] ?y]` where ?x must be bound; the same form as the parameters of a rule. */
export function parseJoin(
  clause: Spot,
  spot: Spot | undefined,
): { readonly required: readonly Variable[]; readonly free: readonly Variable[] } {
  const items = spot?.items()
  if (items === undefined) {
    throw queryMalformed(
      clause,
      `${show(clause.form)} does not say its variables`,
      'Begin with them: (or-join [?x] …)',
    )
  }
  return splitRequired(items)
}

/** Variables, those in a leading vector apart. */
export function splitRequired(items: readonly Spot[]): {
  readonly required: readonly Variable[]
  readonly free: readonly Variable[]
} {
  const bracketed = items[0]?.items()
  const free = bracketed === undefined ? items : items.slice(1)
  const seen = new Set<string>()
  const variable = (spot: Spot): Variable => {
    const name = spot.symbol
    if (!isVariable(name)) {
      throw queryMalformed(
        spot,
        `${show(spot.form)} stands where a variable must`,
        'Write a variable such as ?x',
      )
    }
    if (seen.has(name)) throw queryMalformed(spot, `${name} stands here twice`, 'Name each variable once')
    seen.add(name)
    return name
  }
  return { required: (bracketed ?? []).map(variable), free: free.map(variable) }
}

/** The members of `(f …)`, where a clause begins with one. A vector with a keyword first is a lookup ref. */
function callIn(spot: Spot | undefined): readonly Spot[] | undefined {
  const items = spot?.items()
  if (items === undefined) return undefined
  if (spot?.form instanceof EdnList || isPlainName(items[0]?.symbol)) return items
  return undefined
}

function parseCallClause(spot: Spot, call: readonly Spot[], items: readonly Spot[], names: Names): Clause {
  const [head, binding, surplus] = items
  const place = spot.place()
  if (surplus !== undefined) {
    throw queryMalformed(
      surplus,
      `${show(surplus.form)} is one form too many`,
      'A function clause is [(f ?x) ?y]',
    )
  }
  const { name, args } = parseCall(head!, call, names)
  if (binding === undefined) return { kind: 'predicate', name, args, place }
  return { kind: 'function', name, args, binding: parseBinding(binding), place }
}

function parsePattern(spot: Spot, source: string, items: readonly Spot[]): Clause {
  if (items.length === 0) {
    throw queryMalformed(
      spot,
      `${show(spot.form)} is an empty pattern`,
      'Name at least an entity: [?e :a ?v]',
    )
  }
  const surplus = items[PATTERN_PLACES_MAX]
  if (surplus !== undefined) {
    throw queryMalformed(
      surplus,
      `${show(spot.form)} has a place too many`,
      'A pattern has five places: entity, attribute, value, transaction, added',
    )
  }
  return {
    kind: 'pattern',
    source,
    terms: items.map((item) => parseTerm(item, 'in a pattern')),
    place: spot.place(),
  }
}

function parseRuleArgument(spot: Spot): Term {
  if (spot.form instanceof EdnList) {
    const isFunction = functionNamed(spot.items()?.[0]?.symbol ?? '') !== undefined
    throw queryMalformed(
      spot,
      `${show(spot.form)} is no argument of a rule`,
      isFunction ? `Bind it first: [${show(spot.form)} ?x]` : 'Give a variable, _ or a constant',
    )
  }
  return parseTerm(spot, 'in the call of a rule')
}

function parseTerm(spot: Spot, where: string): Term {
  const name = spot.symbol
  if (isVariable(name)) return { kind: 'variable', name }
  if (name === '_') return { kind: 'blank' }
  if (isSource(name) || name === '%' || name === '...' || name === '.') {
    throw queryMalformed(spot, `${name} cannot stand ${where}`, 'A source stands first: [$name ?e :a ?v]')
  }
  if (spot.form === null) throw nilConstant(spot, where)
  const variable = spot.form instanceof EdnList || Array.isArray(spot.form) ? variableIn(spot) : undefined
  if (variable !== undefined) {
    throw queryMalformed(
      spot,
      `${variable} stands inside the constant ${show(spot.form)}, where nothing binds it`,
      'Join by a clause of its own: [?x :order/id ?id] [?e :line/order ?x]',
    )
  }
  return { kind: 'constant', value: spot.form }
}

function variableIn(spot: Spot): string | undefined {
  const pending: Edn[] = [spot.form]
  while (pending.length > 0) {
    const form = pending.pop()!
    if (form instanceof EdnSymbol && isVariable(form.text)) return form.text
    const items = Array.isArray(form) ? (form as readonly Edn[]) : form instanceof EdnList ? form.items : []
    // One by one: a constant may have more members than a call takes arguments.
    for (const item of items) pending.push(item)
  }
  return undefined
}
