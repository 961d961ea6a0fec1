// What a client takes: which of the formats of a route by `Accept`, which compression by `Accept-Encoding`.

import type { HttpRequest } from '../base/env.ts'
import type { Format, Notation } from '../query/written.ts'
import { notationOf } from './body.ts'

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  json: 'application/json; charset=utf-8',
  edn: 'application/edn; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
  arrow: 'application/vnd.apache.arrow.stream',
}

/** The type without its parameters, as `Accept` names it. */
export function mediaTypeOf(format: Format): string {
  return CONTENT_TYPES[format].split(';', 1)[0]!
}

/** What an answer is written in that has fields, and an error: the request's own notation, JSON where it has none. */
export function ownNotation({ headers }: HttpRequest): Notation {
  return notationOf(headers.get('content-type') ?? '') ?? 'json'
}

/**
 * The first of the formats that `Accept` prefers; the request's own notation where it leaves the choice, undefined
 * where it takes none of them.
 */
export function acceptedFormat(request: HttpRequest, formats: readonly Format[]): Format | undefined {
  const own = ownNotation(request)
  const accept = request.headers.get('accept')?.trim()
  if (accept === undefined || accept === '') return own
  for (const range of acceptedRanges(accept)) {
    if (range === '*/*' || range === 'application/*') return own
    const format = formats.find((each) => isWithin(mediaTypeOf(each), range))
    if (format !== undefined) return format
  }
  return undefined
}

function isWithin(type: string, range: string): boolean {
  return range.endsWith('/*') ? type.startsWith(range.slice(0, -1)) : type === range
}

export type ContentEncoding = 'zstd' | 'gzip'

/** What the answer may be compressed with; undefined where the client asks for neither, or for none as much. */
export function acceptedEncoding({ headers }: HttpRequest): ContentEncoding | undefined {
  const accepted = acceptedRanges(headers.get('accept-encoding') ?? '')
  const [first] = accepted
  if (first === undefined || first === 'identity') return undefined
  const isAny = accepted.includes('*')
  return (['zstd', 'gzip'] as const).find((encoding) => isAny || accepted.includes(encoding))
}

/** In the order of preference, those left out that are refused. */
function acceptedRanges(header: string): readonly string[] {
  return header
    .split(',')
    .map(acceptedRange)
    .filter(({ name, weight }) => name !== '' && weight > 0)
    .sort((x, y) => y.weight - x.weight)
    .map(({ name }) => name)
}

function acceptedRange(part: string): { readonly name: string; readonly weight: number } {
  const [name, ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  return { name: name!, weight: weight === undefined ? 1 : Number(weight.slice(2)) || 0 }
}
