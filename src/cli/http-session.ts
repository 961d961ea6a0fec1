// A session with a server: EDN over HTTP, so that every value arrives as it left.

import type { Env } from '../base/env.ts'
import { type ErrorKind, VarveError, type Warning } from '../base/errors.ts'
import { serverUnreachable } from '../client/errors.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { WRITTEN_BY_VARVE } from '../fact/limits.ts'
import { type Edn, EdnMap, Keyword, keyword } from '../fact/value.ts'
import { toPlain } from '../fact/plain.ts'
import { camelCase } from '../fact/plain-edn.ts'
import { type EntityRows, formsOfRows } from '../database/transact-rows.ts'
import type { Column } from '../plan/engine.ts'
import type { ExplainMode } from '../plan/explain.ts'
import { readReceipt } from '../query/receipt.ts'
import type {
  AskOptions,
  LogOptions,
  SentRows,
  Session,
  SessionAnswer,
  SessionDatabase,
  SessionExplanation,
  SessionLogItem,
  SessionTransaction,
} from './session.ts'

const ANSWER_LIMITS = { ...WRITTEN_BY_VARVE, textBytesMax: 1 << 30, depthMax: 1_000 }
/** How often a live log asks again, in milliseconds. */
const LIVE_INTERVAL_MS = 200

export class HttpSession implements Session {
  readonly #env: Env
  readonly #url: string
  readonly #shown: Readonly<Record<string, string>>

  constructor(env: Env, url: string, shown: ShownWords = {}) {
    this.#env = env
    this.#url = url.replace(/\/+$/, '')
    this.#shown = shownHeaders(shown)
  }

  warm(): void {
    // The server is ready.
  }

  async databases(): Promise<readonly SessionDatabase[]> {
    const answer = await this.#send('GET', '/v1/databases')
    return (answer.get(keyword('databases')) as readonly EdnMap[]).map((info) => ({
      name: textOf(info, 'name'),
      alias: textOf(info, 'alias'),
      basisT: info.get(keyword('basis-t')) as number,
    }))
  }

  async query(query: Edn, args: readonly Edn[], options: AskOptions): Promise<SessionAnswer> {
    const fields = { query, args, ...askFields(options) }
    const answer = await this.#send('POST', '/v1/query', fields, options.signal)
    if (options.hasReceipt !== true) return answerOf(answer)
    return { ...answerOf(answer), receipt: readReceipt(answer.get(keyword('receipt')) ?? null) }
  }

  async explain(
    query: Edn,
    args: readonly Edn[],
    { mode, ...options }: AskOptions & { readonly mode: ExplainMode },
  ): Promise<SessionExplanation> {
    const fields = { query, args, explain: mode, ...askFields(options) }
    const answer = await this.#send('POST', '/v1/query', fields, options.signal)
    const value = answer.get(keyword('explain')) as EdnMap
    return { text: textOf(value, 'text'), value, warnings: warningsOf(answer) }
  }

  async pull(pattern: Edn, eid: Edn, options: AskOptions): Promise<SessionAnswer> {
    return answerOf(
      await this.#send('POST', '/v1/pull', { pattern, eid, ...askFields(options) }, options.signal),
    )
  }

  async create(name: string): Promise<void> {
    await this.#send('PUT', `/v1/databases/${encodeURIComponent(name)}`, {})
  }

  async transact(database: string, tx: Edn): Promise<SessionTransaction> {
    const answer = await this.#send('POST', `/v1/databases/${encodeURIComponent(database)}/transact`, { tx })
    return {
      t: answer.get(keyword('t')) as number,
      txInstant: answer.get(keyword('tx-instant')) as Date,
      tempids: answer.get(keyword('tempids')) as EdnMap,
      datomCount: answer.get(keyword('datom-count')) as number,
      warnings: warningsOf(answer),
    }
  }

  async sendRows(database: string, rows: EntityRows, tx: readonly Edn[]): Promise<SentRows> {
    const { t, datomCount } = await this.transact(database, [...formsOfRows(rows), ...tx])
    return { t, datomCount, durable: Promise.resolve() }
  }

  index(): Promise<void> {
    return Promise.resolve()
  }

  async *log(database: string, options: LogOptions): AsyncGenerator<SessionLogItem> {
    let from: Date | number = options.from ?? 0
    for (;;) {
      const search = new URLSearchParams({ from: momentText(from) })
      if (options.to !== undefined) search.set('to', momentText(options.to))
      const answer = await this.#send('GET', `/v1/databases/${encodeURIComponent(database)}/log?${search}`)
      for (const item of answer.get(keyword('transactions')) as readonly EdnMap[]) {
        const t = item.get(keyword('t')) as number
        yield {
          t,
          txInstant: item.get(keyword('tx-instant')) as Date,
          datoms: item.get(keyword('datoms')) as readonly (readonly Edn[])[],
        }
        from = t + 1
      }
      if (answer.get(keyword('next-t')) !== undefined) continue
      if (!options.isLive) return
      await this.#env.timers.sleep(LIVE_INTERVAL_MS, options.signal)
    }
  }

  async schema(database: string): Promise<readonly EdnMap[]> {
    const answer = await this.#send('GET', `/v1/databases/${encodeURIComponent(database)}/schema`)
    return answer.get(keyword('schema')) as readonly EdnMap[]
  }

  async delete(name: string): Promise<void> {
    const encoded = encodeURIComponent(name)
    await this.#send('DELETE', `/v1/databases/${encoded}?confirm=${encoded}`)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }

  async #send(
    method: string,
    path: string,
    fields?: Readonly<Record<string, Edn>>,
    signal?: AbortSignal,
  ): Promise<EdnMap> {
    const body =
      fields && writeEdn(new EdnMap(Object.entries(fields).map(([name, value]) => [keyword(name), value])))
    let response: Response
    try {
      response = await this.#env.network.fetch(`${this.#url}${path}`, {
        method,
        headers: {
          accept: 'application/edn',
          ...this.#shown,
          ...(body !== undefined && { 'content-type': 'application/edn' }),
        },
        ...(body !== undefined && { body }),
        ...(signal && { signal }),
      })
    } catch (cause) {
      signal?.throwIfAborted()
      throw serverUnreachable(this.#url, cause)
    }
    const value = await readAnswer(response, this.#url).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw error
    })
    return unlessError(value)
  }
}

/** What a request shows of who asks, and what for. */
export type ShownWords = { readonly token?: string; readonly purpose?: string }

export function shownHeaders({ token, purpose }: ShownWords): Readonly<Record<string, string>> {
  return {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(purpose !== undefined && { 'varve-purpose': purpose }),
  }
}

/** An answer in EDN. Throws the error that it says. */
export function ednAnswer(text: string): EdnMap {
  return unlessError(readEdn(text, ANSWER_LIMITS).value as EdnMap)
}

function unlessError(value: EdnMap): EdnMap {
  const error = value.get(keyword('error'))
  if (error instanceof EdnMap) throw errorOf(error)
  return value
}

async function readAnswer(response: Response, url: string): Promise<EdnMap> {
  try {
    const { value } = readEdn(await response.text(), ANSWER_LIMITS)
    if (value instanceof EdnMap) return value
  } catch (cause) {
    throw serverUnreachable(url, cause)
  }
  throw serverUnreachable(url, undefined)
}

function askFields(options: AskOptions): Record<string, Edn> {
  return {
    ...(options.database !== undefined && { database: options.database }),
    ...(options.asOf !== undefined && { 'as-of': options.asOf }),
    ...(options.timeoutMs !== undefined && { 'timeout-ms': options.timeoutMs }),
    ...(options.memoryBytes !== undefined && { 'memory-bytes': options.memoryBytes }),
    ...(options.limit !== undefined && { limit: options.limit }),
    ...(options.engine !== undefined && { engine: options.engine }),
  }
}

function answerOf(answer: EdnMap): SessionAnswer {
  return {
    result: answer.get(keyword('result')) ?? null,
    columns: ((answer.get(keyword('columns')) ?? []) as readonly EdnMap[]).map(
      (column) => ({ name: textOf(column, 'name'), type: textOf(column, 'type') }) as Column,
    ),
    warnings: warningsOf(answer),
    isTruncated: answer.get(keyword('truncated')) === true,
  }
}

function warningsOf(answer: EdnMap): readonly Warning[] {
  return ((answer.get(keyword('warnings')) ?? []) as readonly EdnMap[]).map((warning) => ({
    code: textOf(warning, 'code').replace(/^:/, ''),
    message: textOf(warning, 'message'),
    fix: textOf(warning, 'fix'),
  }))
}

function errorOf(error: EdnMap): VarveError {
  return new VarveError({
    code: textOf(error, 'code').replace(/^:/, ''),
    kind: textOf(error, 'kind').replace(/^:/, '') as ErrorKind,
    message: textOf(error, 'message'),
    fix: textOf(error, 'fix'),
    data: dataOf(error.get(keyword('data')) ?? null),
  })
}

/** Lines and columns are those of the body that went over: of the place only the path means something here. */
function dataOf(data: Edn): Readonly<Record<string, unknown>> {
  const plain: Record<string, unknown> = {}
  if (!(data instanceof EdnMap)) return plain
  for (const [key, value] of data.entries) plain[nameOf(key)] = toPlain(value)
  const place = data.get(keyword('place'))
  const path = place instanceof EdnMap ? place.get(keyword('path')) : undefined
  if (place !== undefined) plain['place'] = path === undefined ? undefined : { path: toPlain(path) }
  return plain
}

function nameOf(key: Edn): string {
  return camelCase(key instanceof Keyword ? key.text : String(key))
}

function textOf(map: EdnMap, name: string): string {
  return String(map.get(keyword(name)) ?? '')
}

function momentText(moment: Date | number): string {
  return typeof moment === 'number' ? String(moment) : moment.toISOString()
}
