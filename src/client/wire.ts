// Requests to a service and what comes back. Fields go as JSON, which says what JavaScript values mean; answers come as EDN, so
// that every value arrives as the type that it left as. What is safe to send again is sent again, a bounded number of times.

import type { WebEnv } from '../base/env-web.ts'
import { type ErrorKind, type Place, VarveError, type Warning } from '../base/errors.ts'
import { writeDataJson } from '../fact/data-json.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { WRITTEN_BY_VARVE } from '../fact/limits.ts'
import { plainOfEdn } from '../fact/plain-edn.ts'
import { type Edn, EdnMap, keyword } from '../fact/value.ts'
import { answerUnreadable, serverUnreachable } from './errors.ts'

/** The service bounds its answers itself; a longer one is none of its. */
const ANSWER_LIMITS = { ...WRITTEN_BY_VARVE, textBytesMax: 1 << 30, depthMax: 1_000 }
/** How often a request is sent anew after its first failure, and what is waited before: twice as long each time. */
const RETRY_COUNT_MAX = 2
const RETRY_DELAY_MS = 100
const RETRY_DELAY_MS_MAX = 5_000

/** The headers of W3C Trace Context that say which trace a request is part of. */
export type TraceHeaders = { readonly traceparent?: string; readonly tracestate?: string }

export type WireOptions = {
  /** Shown as `Authorization: Bearer …`. */
  readonly token?: string
  /** What all questions are asked for: kept in the audit, and some grants demand it. */
  readonly purpose?: string
  /** Called for each request: the trace that it is part of, so that the service goes on with it. */
  readonly trace?: () => TraceHeaders | undefined
}

export type Sending = {
  readonly signal?: AbortSignal | undefined
  /** Sent twice it does no more than sent once. */
  readonly isRepeatable?: boolean
  readonly retryCountMax?: number
  /** Where no whole answer came within this time, none will: the way there is broken, and nobody said so. */
  readonly silenceMsMax?: number
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
export type Fields = Readonly<Record<string, unknown>>

export class Wire {
  readonly env: WebEnv
  readonly url: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #trace: WireOptions['trace']
  readonly #closing = new AbortController()

  constructor(env: WebEnv, url: string, { token, purpose, trace }: WireOptions = {}) {
    this.env = env
    this.url = url.replace(/\/+$/, '')
    this.#trace = trace
    this.#headers = shownHeaders({ token, purpose })
  }

  /** Requests under way are given up, and later ones refused, with the reason. */
  close(reason: VarveError): void {
    this.#closing.abort(reason)
  }

  get closed(): AbortSignal {
    return this.#closing.signal
  }

  /** The fields of the answer. Throws what the service answered as an error. */
  async send(
    method: Method,
    path: string,
    fields?: Fields | EdnMap,
    { signal, isRepeatable = method === 'GET', retryCountMax = RETRY_COUNT_MAX, silenceMsMax }: Sending = {},
  ): Promise<EdnMap> {
    const body = fields && bodyOf(fields)
    const given = signal === undefined ? this.closed : AbortSignal.any([signal, this.closed])
    for (let attempt = 0; ; attempt++) {
      given.throwIfAborted()
      try {
        return await this.#sendOnce(method, path, body, this.#during(silenceMsMax, given))
      } catch (error) {
        given.throwIfAborted()
        if (!isRepeatable || attempt >= retryCountMax || !isPassing(error)) throw error
      }
      await this.env.sleep(Math.min(RETRY_DELAY_MS * 2 ** attempt, RETRY_DELAY_MS_MAX), given)
    }
  }

  #during(ms: number | undefined, signal: AbortSignal): AbortSignal {
    return ms === undefined ? signal : AbortSignal.any([signal, this.env.timeout(ms)])
  }

  async #sendOnce(
    method: Method,
    path: string,
    body: Body | undefined,
    signal: AbortSignal,
  ): Promise<EdnMap> {
    const trace = traceHeaders(this.#trace?.())
    let response: Response
    let text: string
    try {
      response = await this.env.fetch(`${this.url}${path}`, {
        method,
        headers: {
          accept: 'application/edn',
          ...this.#headers,
          ...trace,
          ...(body !== undefined && { 'content-type': body.type }),
        },
        ...(body !== undefined && { body: body.text }),
        signal,
      })
      text = await response.text()
    } catch (cause) {
      throw serverUnreachable(this.url, cause)
    }
    return ednAnswer(text, response.status, this.url)
  }
}

/** Of what may hold more, as a carrier of OpenTelemetry does. What no header can hold is no reason to ask for less. */
function traceHeaders(given: TraceHeaders | undefined): TraceHeaders {
  const { traceparent = '', tracestate = '' } = given ?? {}
  if (!isHeader(traceparent)) return {}
  return { traceparent, ...(isHeader(tracestate) && { tracestate }) }
}

function isHeader(text: string): boolean {
  return /^[!-~][ -~]*$/.test(text)
}

/** What a request shows of who asks, and what for. */
export type ShownWords = {
  readonly token?: string | undefined
  readonly purpose?: string | undefined
}

export function shownHeaders({ token, purpose }: ShownWords): Readonly<Record<string, string>> {
  return {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(purpose !== undefined && { 'varve-purpose': purpose }),
  }
}

type Body = { readonly type: string; readonly text: string }

/** A map of EDN goes as it is, since its values have their types already. */
function bodyOf(fields: Fields | EdnMap): Body {
  return fields instanceof EdnMap
    ? { type: 'application/edn', text: writeEdn(fields) }
    : { type: 'application/json', text: jsonOf(fields).text }
}

/** What is written already. */
export class JsonText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Fields that are undefined are left out. */
export function jsonOf(fields: Fields): JsonText {
  const members = Object.entries(fields).flatMap(([name, value]) => {
    if (value === undefined) return []
    return [`${JSON.stringify(name)}:${value instanceof JsonText ? value.text : writeDataJson(value)}`]
  })
  return new JsonText(`{${members.join(',')}}`)
}

/** True for what may be otherwise a moment later. A database that is behind was waited for by the service already. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof VarveError) || error.code === 'varve.error/database-behind') return false
  return error.kind === 'unavailable' || error.kind === 'busy'
}

/** An answer in EDN. Throws the error that it says. */
export function ednAnswer(text: string, status: number, url: string): EdnMap {
  const answer = answerOf(text, status, url)
  const error = answer.get(keyword('error'))
  if (error instanceof EdnMap) throw errorOf(error)
  return answer
}

function answerOf(text: string, status: number, url: string): EdnMap {
  let value: Edn
  try {
    value = readEdn(text, ANSWER_LIMITS).value
  } catch (cause) {
    throw answerUnreadable(url, status, cause)
  }
  if (value instanceof EdnMap) return value
  throw answerUnreadable(url, status)
}

function errorOf(error: EdnMap): VarveError {
  return new VarveError({
    code: nameIn(error, 'code'),
    kind: nameIn(error, 'kind') as ErrorKind,
    message: textIn(error, 'message'),
    fix: textIn(error, 'fix'),
    data: dataOf(error.get(keyword('data')) ?? null),
  })
}

/** Lines and columns of the body that went over mean nothing to whoever wrote the data in it: of these only the path stays. */
function dataOf(data: Edn): Readonly<Record<string, unknown>> {
  if (!(data instanceof EdnMap)) return {}
  const { place, ...rest } = plainOfEdn(data) as Readonly<Record<string, unknown>> & {
    readonly place?: Place
  }
  if (place === undefined) return rest
  if (place.source !== undefined && place.source !== 'body') return { ...rest, place }
  return place.path === undefined ? rest : { ...rest, place: { path: place.path } }
}

export function fieldIn(map: EdnMap, name: string): Edn | undefined {
  return map.get(keyword(name))
}

export function listIn(map: EdnMap, name: string): readonly Edn[] {
  const value = map.get(keyword(name))
  return Array.isArray(value) ? (value as readonly Edn[]) : []
}

export function mapsIn(map: EdnMap, name: string): readonly EdnMap[] {
  return listIn(map, name).filter((item) => item instanceof EdnMap)
}

export function textIn(map: EdnMap, name: string): string {
  return String(map.get(keyword(name)) ?? '')
}

/** Codes are keywords in EDN, and texts without colon in TypeScript. */
function nameIn(map: EdnMap, name: string): string {
  return textIn(map, name).replace(/^:/, '')
}

export function numberIn(map: EdnMap, name: string): number {
  return Number(map.get(keyword(name)))
}

export function warningsIn(map: EdnMap): readonly Warning[] {
  // The service writes them as the type says.
  return plainOfEdn(fieldIn(map, 'warnings') ?? []) as readonly Warning[]
}
