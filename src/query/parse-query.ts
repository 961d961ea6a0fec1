// A question from its data form (vector, map or a string of EDN) to the checked syntax tree. Everything that can
// be known without rules and without a database is checked here; `checkRules` does the rest of the former.
//
// Without `:in` a query has the one input `$`, unless all that it reads is databases named by their alias.

import type { Place, Warning } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { type Edn, Keyword } from '../fact/value.ts'
import { functionNamed } from '../plan/functions.ts'
import { show } from '../plan/show.ts'
import { showClause } from '../plan/show-clause.ts'
import { isVariable, type PlaceOf, Spot } from '../plan/spot.ts'
import type { Find, Input, Query, ReturnKeys, SourceName, Variable } from '../plan/syntax.ts'
import { BindingCheck, checkBranches } from './bound.ts'
import {
  countNotAnInput,
  defaultSourceMissing,
  findVariableUnbound,
  queryKeyTwice,
  queryKeyUnknown,
  queryMalformed,
  rulesNotDeclared,
} from './errors.ts'
import { bindingVariables } from '../plan/variables.ts'
import { parseInput } from './parse-binding.ts'
import { type Names, NAMES_UNTOLD } from './parse-call.ts'
import { parseClauses } from './parse-clause.ts'
import { parseFind, parseReturnKeys } from './parse-find.ts'
import { callsOf, sourcesOf, type SourceUse } from './variables.ts'

export type ParseOptions = {
  /**
   * True for names of stored procedures, which queries may call beside the built-in functions. Left out, a name
   * with a namespace passes, and the engine decides.
   */
  readonly isFunction?: (name: string) => boolean
  /** Told of what a reader mended in a text. */
  readonly warn?: (warning: Warning) => void
}

const NAME_LENGTH_FOR_SUGGESTION = 4

const KEYS = ['find', 'keys', 'strs', 'syms', 'with', 'in', 'where', 'limit', 'offset'] as const
type Key = (typeof KEYS)[number]

type Section = { readonly key: Spot; readonly spots: readonly Spot[] }
type Sections = ReadonlyMap<Key, Section>

/** The query that a form, or a string of EDN, says. */
export function parseQuery(form: Edn, placeOf?: PlaceOf, options: ParseOptions = {}): Query {
  return parseQuerySpot(Spot.root(form, placeOf), options)
}

/** The query that stands at a place of a larger form. */
export function parseQuerySpot(spot: Spot, options: ParseOptions = {}): Query {
  if (typeof spot.form === 'string') return parseQuerySpot(readSpot(spot.form, 'query', options), options)
  const sections = sectionsOf(spot)
  const names = namesOf(options)
  const finding = sections.get('find')
  if (finding === undefined)
    throw queryMalformed(spot, 'The query has no :find', 'Begin with [:find ?x :where …]')
  const find = parseFind(finding.key, finding.spots, names)
  const where = parseClauses(spotsOf(sections, 'where'), names)
  const withNames = spotsOf(sections, 'with').map(parseWith)
  const uses = [...sourcesOf(where), ...pullSources(find)]
  const inputs = parseInputs(sections, uses)
  const query: Query = {
    find,
    returnKeys: returnKeysOf(sections, find),
    with: withNames,
    inputs,
    where,
    catalogSources: catalogSources(inputs, uses),
    limit: parseCount(sections, 'limit', 1),
    offset: parseCount(sections, 'offset', 0),
  }
  checkBranches(where)
  checkCalls(query)
  checkBound(query, new BindingCheck(undefined))
  return query
}

export function namesOf({ isFunction }: ParseOptions): Names {
  return isFunction === undefined ? NAMES_UNTOLD : { isFunction }
}

/** A text as a form that can point into it. Told of what was mended. */
export function readSpot(text: string, source: string, options: ParseOptions): Spot {
  const { value, places, warnings } = readEdn(text, { recover: true, source })
  for (const warning of warnings) options.warn?.(warning)
  return Spot.root(value, places.placeOf)
}

/** That inputs and clauses bind what `:find` and `:with` name, and every clause what it needs. */
export function checkBound(query: Query, check: BindingCheck): void {
  const given = inputNames(query)
  const bound = check.boundBy(query.where, given)
  const mustBeIn = (names: ReadonlySet<Variable>, name: Variable, place?: Place): void => {
    if (names.has(name)) return
    // Short names are all near to each other.
    const near = name.length < NAME_LENGTH_FOR_SUGGESTION ? undefined : nearest(name, names)
    throw findVariableUnbound(name, near, place)
  }
  for (const name of query.with) mustBeIn(bound, name)
  for (const element of query.find.elements) {
    mustBeIn(bound, element.kind === 'variable' ? element.name : element.variable, element.place)
    if (element.kind === 'pull' && element.pattern.kind === 'input') {
      mustBeIn(given, element.pattern.name, element.place)
    }
    for (const arg of element.kind === 'aggregate' ? element.args : []) {
      if (arg.kind === 'variable' && !given.has(arg.name)) throw countNotAnInput(arg.name, element.place)
    }
  }
}

function sectionsOf(spot: Spot): Sections {
  const sections = new Map<Key, Section>()
  for (const [key, spots] of spot.entries() === undefined ? vectorSections(spot) : mapSections(spot)) {
    const name = keyOf(key)
    if (sections.has(name)) throw queryKeyTwice(key, `:${name}`)
    sections.set(name, { key, spots })
  }
  return sections
}

function vectorSections(spot: Spot): (readonly [Spot, Spot[]])[] {
  const sections: (readonly [Spot, Spot[]])[] = []
  const items = spot.items()
  if (items === undefined) {
    throw queryMalformed(
      spot,
      `${show(spot.form)} is not a query`,
      'A query is a vector [:find …] or a map {:find […]}',
    )
  }
  for (const item of items) {
    const last = sections.at(-1)
    if (item.form instanceof Keyword) sections.push([item, []])
    else if (last === undefined)
      throw queryMalformed(item, 'The query does not begin with :find', 'Write [:find …]')
    else last[1].push(item)
  }
  return sections
}

function mapSections(spot: Spot): (readonly [Spot, readonly Spot[]])[] {
  return (spot.entries() ?? []).map(({ key, value }) => {
    const isOneNumber =
      key.form instanceof Keyword && (key.form.text === 'limit' || key.form.text === 'offset')
    const spots = isOneNumber ? [value] : value.items()
    if (spots === undefined) {
      throw queryMalformed(
        value,
        `${show(key.form)} of a query map is ${show(value.form)}`,
        'Put it into a vector',
      )
    }
    return [key, spots]
  })
}

function keyOf(spot: Spot): Key {
  const key =
    spot.form instanceof Keyword ? spot.form.text : typeof spot.form === 'string' ? spot.form : undefined
  const known = KEYS.find((one) => one === key)
  if (known !== undefined) return known
  const near = key === undefined ? undefined : nearest(key, KEYS)
  const all = KEYS.map((one) => `:${one}`).join(' ')
  throw queryKeyUnknown(spot, show(spot.form), near === undefined ? undefined : `:${near}`, all)
}

function spotsOf(sections: Sections, key: Key): readonly Spot[] {
  return sections.get(key)?.spots ?? []
}

function returnKeysOf(sections: Sections, find: Find): ReturnKeys | undefined {
  let keys: ReturnKeys | undefined
  for (const kind of ['keys', 'strs', 'syms'] as const) {
    const section = sections.get(kind)
    if (section === undefined) continue
    if (keys !== undefined) throw queryKeyTwice(section.key, `:${keys.kind} or :${kind}`)
    keys = parseReturnKeys(kind, section.key, section.spots, find)
  }
  return keys
}

function parseWith(spot: Spot): Variable {
  if (isVariable(spot.symbol)) return spot.symbol
  throw queryMalformed(spot, `${show(spot.form)} stands in :with`, ':with takes variables: :with ?e ?f')
}

function parseCount(sections: Sections, key: 'limit' | 'offset', least: number): number | undefined {
  const section = sections.get(key)
  if (section === undefined) return undefined
  const form = section.spots[0]?.form
  if (section.spots.length === 1 && typeof form === 'number' && Number.isSafeInteger(form) && form >= least)
    return form
  throw queryMalformed(
    section.spots[0] ?? section.key,
    `:${key} is no count`,
    `Give one whole number from ${least}`,
  )
}

function parseInputs(sections: Sections, uses: readonly SourceUse[]): readonly Input[] {
  const section = sections.get('in')
  if (section === undefined) {
    const isByAlias = uses.length > 0 && uses.every(({ source }) => source !== '$')
    return isByAlias ? [] : [{ kind: 'source', name: '$' }]
  }
  const seen = new Set<string>()
  return section.spots.map((spot) => {
    const input = parseInput(spot)
    const name = input.kind === 'source' ? input.name : input.kind
    if (name !== 'binding' && seen.has(name))
      throw queryMalformed(spot, `:in has ${show(spot.form)} twice`, 'Name it once')
    seen.add(name)
    return input
  })
}

function* pullSources(find: Find): Iterable<SourceUse> {
  for (const element of find.elements) {
    if (element.kind === 'pull')
      yield { source: element.source, what: () => `(pull ${element.variable} …)`, place: element.place }
  }
}

function catalogSources(inputs: readonly Input[], uses: readonly SourceUse[]): readonly SourceName[] {
  const declared = new Set(inputs.map((input) => (input.kind === 'source' ? input.name : '')))
  const found = new Set<SourceName>()
  for (const { source, what, place } of uses) {
    if (declared.has(source)) continue
    if (source === '$') throw defaultSourceMissing(what(), place)
    found.add(source)
  }
  return [...found]
}

function checkCalls({ inputs, where }: Query): void {
  if (inputs.some(({ kind }) => kind === 'rules')) return
  for (const { call } of callsOf(where)) {
    const isFunction = functionNamed(call.name) !== undefined
    const fix = isFunction
      ? `Functions stand in brackets: [${showClause(call)}]`
      : 'Add % to :in and give the rules'
    throw rulesNotDeclared(call.name, fix, call.place)
  }
}

function inputNames({ inputs }: Query): ReadonlySet<Variable> {
  return new Set(
    inputs.flatMap((input) => (input.kind === 'binding' ? [...bindingVariables(input.binding)] : [])),
  )
}
