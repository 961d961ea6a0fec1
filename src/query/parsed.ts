// Queries, requests, patterns and rules parsed once: the same text is asked again and again. Caches of texts are bounded;
// forms are remembered for as long as somebody else holds them. The same text gives the same syntax tree, which is
// what plans are remembered by.

import type { Warning } from '../base/errors.ts'
import { Recent } from '../base/recent.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { WRITTEN_BY_VARVE } from '../fact/limits.ts'
import type { EdnMap } from '../fact/value.ts'
import { type Edn, keyword, Keyword } from '../fact/value.ts'
import type { PlaceOf } from '../plan/spot.ts'
import type { PullPattern, Query, RuleSet } from '../plan/syntax.ts'
import { parsePullPattern } from './parse-pull.ts'
import { parseQuery } from './parse-query.ts'
import { isRequest, parseRequest } from './parse-request.ts'
import { parseRules } from './parse-rules.ts'

const TEXT_COUNT_MAX = 512
/** Longer texts are parsed each time: they are data in disguise. */
const TEXT_LENGTH_MAX = 20_000

export type ParsedQuery = {
  /** The form that was parsed: what a worker is sent. */
  readonly form: Edn
  readonly query: Query
  readonly placeOf: PlaceOf | undefined
  readonly warnings: readonly Warning[]
}

export type ParsedRules = { readonly form: Edn; readonly rules: RuleSet }

class ParseCache<X> {
  readonly #texts = new Recent<string, X>(TEXT_COUNT_MAX)
  readonly #forms = new WeakMap<object, X>()

  get(form: Edn, parse: () => X): X {
    if (typeof form === 'string') {
      const known = this.#texts.get(form)
      if (known !== undefined) return known
      const made = parse()
      if (form.length <= TEXT_LENGTH_MAX) this.#texts.set(form, made)
      return made
    }
    if (typeof form !== 'object' || form === null) return parse()
    const known = this.#forms.get(form)
    if (known !== undefined) return known
    const made = parse()
    this.#forms.set(form, made)
    return made
  }
}

const queries = new ParseCache<ParsedQuery>()
const patterns = new ParseCache<PullPattern>()
const rules = new ParseCache<RuleSet>()
const requests = new ParseCache<RequestParts>()
const writtenQueries = new ParseCache<ParsedQuery>()
const writtenRules = new ParseCache<ParsedRules>()

/** The query that a form or a text says. */
export function parsedQuery(form: Edn, placeOf?: PlaceOf): ParsedQuery {
  return queries.get(form, () => {
    if (typeof form !== 'string') return { form, query: parseQuery(form, placeOf), placeOf, warnings: [] }
    const { value, places, warnings } = readEdn(form, { recover: true, source: 'query' })
    return { form: value, query: parseQuery(value, places.placeOf), placeOf: places.placeOf, warnings }
  })
}

/** The pull pattern that a form or a text says. */
export function parsedPattern(form: Edn): PullPattern {
  return patterns.get(form, () => parsePullPattern(form))
}

/** The rules that a form or a text says. */
export function parsedRules(form: Edn, placeOf?: PlaceOf): RuleSet {
  return rules.get(form, () => parseRules(form, placeOf))
}

/** The query of a text that Varve wrote itself: whoever sent it knows where its parts stand. */
export function queryOfWritten(text: string): ParsedQuery {
  return writtenQueries.get(text, () => {
    const form = readEdn(text, WRITTEN_BY_VARVE).value
    return { form, query: parseQuery(form), placeOf: undefined, warnings: [] }
  })
}

/** The rules of such a text. */
export function rulesOfWritten(text: string): ParsedRules {
  return writtenRules.get(text, () => {
    const form = readEdn(text, WRITTEN_BY_VARVE).value
    return { form, rules: parseRules(form) }
  })
}

const textOf = new WeakMap<object, string>()

/** The form of a query or of rules as EDN text, which is written once for as long as somebody asks it. */
export function textOfForm(form: Edn): string {
  if (typeof form !== 'object' || form === null) return writeEdn(form)
  let text = textOf.get(form)
  if (text === undefined) textOf.set(form, (text = writeEdn(form)))
  return text
}

export type RequestParts = {
  readonly query: Edn
  readonly args: readonly Edn[] | undefined
  readonly asOf: Date | number | undefined
  readonly limit: number | undefined
  readonly timeoutMs: number | undefined
  readonly memoryBytes: number | undefined
  readonly database: string | undefined
  readonly engine: string | undefined
  readonly warnings: readonly Warning[]
}

/** A request map taken apart, or a query standing alone; either may be text. */
export function requestParts(form: Edn, places: { readonly placeOf: PlaceOf } | undefined): RequestParts {
  if (typeof form === 'string') {
    return requests.get(form, () => {
      const { value, places: placesOfText, warnings } = readEdn(form, { recover: true, source: 'query' })
      const parts = requestParts(value, placesOfText)
      return { ...parts, warnings: [...warnings, ...parts.warnings] }
    })
  }
  if (!isRequest(form)) {
    // Parsed here, where its places are known, so that what is wrong in it can be pointed at.
    parsedQuery(form, places?.placeOf)
    const none = undefined
    const bounds = { limit: none, timeoutMs: none, memoryBytes: none }
    const parts = { args: none, asOf: none, ...bounds, database: none, engine: none }
    return { query: form, ...parts, warnings: [] }
  }
  const { args, asOf } = parseRequest(form, places?.placeOf)
  const query = form.get(keyword('query'))!
  const warnings = parsedQuery(query, places?.placeOf).warnings
  const database = form.get(keyword('database'))
  const engine = form.get(keyword('engine'))
  return {
    query,
    args,
    asOf,
    limit: countOf(form, 'limit'),
    timeoutMs: countOf(form, 'timeout-ms'),
    memoryBytes: countOf(form, 'memory-bytes'),
    database: typeof database === 'string' ? database : undefined,
    engine: engine instanceof Keyword ? engine.text : typeof engine === 'string' ? engine : undefined,
    warnings,
  }
}

function countOf(form: EdnMap, name: string): number | undefined {
  const value = form.get(keyword(name))
  return typeof value === 'number' ? value : undefined
}
