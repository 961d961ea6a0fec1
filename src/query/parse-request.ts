// What one request asks: a query with its arguments and its moment, `{:as-of … :args … :query …}`, or just a query.

import { nearest } from '../base/nearest.ts'
import { type Edn, EdnMap, EdnSymbol, Keyword } from '../fact/value.ts'
import { show } from '../plan/show.ts'
import { type PlaceOf, Spot } from '../plan/spot.ts'
import type { Request } from '../plan/syntax.ts'
import { requestMalformed } from './errors.ts'
import { parseQuerySpot, readSpot, type ParseOptions } from './parse-query.ts'

/** What may stand beside the query; everything but the first two is left to whoever answers the request. */
const KEYS = [
  'as-of',
  'args',
  'query',
  'database',
  'cursors',
  'timeout-ms',
  'memory-bytes',
  'timeout',
  'limit',
  'offset',
  'engine',
]

const ISO_INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$/

/** The request that a form, or a string of EDN, says. */
export function parseRequest(form: Edn, placeOf?: PlaceOf, options: ParseOptions = {}): Request {
  const spot = typeof form === 'string' ? readSpot(form, 'request', options) : Spot.root(form, placeOf)
  const entries = spot.entries()
  if (entries === undefined || !entries.some(({ key }) => keyName(key) === 'query')) {
    return { query: parseQuerySpot(spot, options), args: [], asOf: undefined, options: undefined }
  }
  const parts = new Map<string, Spot>()
  const rest: (readonly [Edn, Edn])[] = []
  for (const { key, value } of entries) {
    const name = keyName(key)
    if (name === undefined || !KEYS.includes(name)) throw keyUnknown(key, name)
    if (parts.has(name)) throw requestMalformed(key, `:${name} stands twice in one request`, 'Give it once')
    parts.set(name, value)
    if (!['as-of', 'args', 'query'].includes(name)) rest.push([key.form, value.form])
  }
  return {
    query: parseQuerySpot(parts.get('query')!, options),
    args: parseArgs(parts.get('args')),
    asOf: parseAsOf(parts.get('as-of')),
    options: rest.length === 0 ? undefined : new EdnMap(rest),
  }
}

/** True for a form that is a request rather than a query: a map with `:query`. */
export function isRequest(form: Edn): form is EdnMap {
  return form instanceof EdnMap && form.get(Keyword.of('query')) !== undefined
}

function keyName({ form }: Spot): string | undefined {
  if (form instanceof Keyword || form instanceof EdnSymbol) return form.text
  return typeof form === 'string' ? form : undefined
}

function parseArgs(spot: Spot | undefined): readonly Edn[] {
  if (spot === undefined || spot.form === null) return []
  const items = spot.items()
  if (items !== undefined) return items.map(({ form }) => form)
  throw requestMalformed(
    spot,
    `:args is ${show(spot.form)}`,
    'Give the arguments as a vector, in the order of :in',
  )
}

function parseAsOf(spot: Spot | undefined): Date | number | undefined {
  const form = spot?.form
  if (spot === undefined || form === null) return undefined
  if (form instanceof Date) return form
  if (typeof form === 'number' && Number.isSafeInteger(form) && form >= 0) return form
  if (typeof form === 'string' && ISO_INSTANT.test(form)) {
    const instant = new Date(form)
    if (!Number.isNaN(instant.getTime())) return instant
  }
  throw requestMalformed(
    spot,
    `:as-of is ${show(spot.form)}`,
    'Give an instant such as #inst "2014-11-15", or a t',
  )
}

function keyUnknown(spot: Spot, name: string | undefined): Error {
  const near = name === undefined ? undefined : nearest(name, KEYS)
  const fix =
    near === undefined ? `A request has ${KEYS.map((key) => `:${key}`).join(' ')}` : `Did you mean :${near}?`
  return requestMalformed(spot, `A request has no part ${show(spot.form)}`, fix)
}
