// A session with a server, over the wire that the client has, in EDN both ways: what a command reads has its types already.

import type { Env } from '../base/env.ts'
import { webEnv } from '../base/env-web.ts'
import { clientClosed } from '../client/errors.ts'
import { logPages } from '../client/log-pages.ts'
import { datomsIn } from '../client/outcome.ts'
import {
  fieldIn,
  mapsIn,
  type Method,
  numberIn,
  type ShownWords,
  textIn,
  warningsIn,
  Wire,
} from '../client/wire.ts'
import { type Edn, EdnMap, keyword } from '../fact/value.ts'
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

export class HttpSession implements Session {
  readonly #wire: Wire

  constructor(env: Env, url: string, { token, purpose }: ShownWords = {}) {
    const shown = { ...(token !== undefined && { token }), ...(purpose !== undefined && { purpose }) }
    this.#wire = new Wire(webEnv(env.network.fetch), url, shown)
  }

  warm(): void {
    // The server is ready.
  }

  async databases(): Promise<readonly SessionDatabase[]> {
    const answer = await this.#send('GET', '/v1/databases')
    return mapsIn(answer, 'databases').map((info) => ({
      name: textIn(info, 'name'),
      alias: textIn(info, 'alias'),
      basisT: numberIn(info, 'basis-t'),
    }))
  }

  async query(query: Edn, args: readonly Edn[], options: AskOptions): Promise<SessionAnswer> {
    const fields = { query, args, ...askFields(options) }
    const answer = await this.#send('POST', '/v1/query', fields, options.signal)
    if (options.hasReceipt !== true) return answerOf(answer)
    return { ...answerOf(answer), receipt: readReceipt(fieldIn(answer, 'receipt') ?? null) }
  }

  async explain(
    query: Edn,
    args: readonly Edn[],
    { mode, ...options }: AskOptions & { readonly mode: ExplainMode },
  ): Promise<SessionExplanation> {
    const fields = { query, args, explain: mode, ...askFields(options) }
    const answer = await this.#send('POST', '/v1/query', fields, options.signal)
    const value = fieldIn(answer, 'explain') as EdnMap
    return { text: textIn(value, 'text'), value, warnings: warningsIn(answer) }
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
      t: numberIn(answer, 't'),
      txInstant: fieldIn(answer, 'tx-instant') as Date,
      tempids: fieldIn(answer, 'tempids') as EdnMap,
      datomCount: numberIn(answer, 'datom-count'),
      warnings: warningsIn(answer),
    }
  }

  async sendRows(database: string, rows: EntityRows, tx: readonly Edn[]): Promise<SentRows> {
    const { t, datomCount } = await this.transact(database, [...formsOfRows(rows), ...tx])
    return { t, datomCount, durable: Promise.resolve() }
  }

  index(): Promise<void> {
    return Promise.resolve()
  }

  async *log(database: string, { from = 0, to, isLive, signal }: LogOptions): AsyncGenerator<SessionLogItem> {
    for await (const item of logPages(this.#wire, database, { from, to, isLive, signal }))
      yield {
        t: numberIn(item, 't'),
        txInstant: fieldIn(item, 'tx-instant') as Date,
        datoms: datomsIn(item),
      }
  }

  async schema(database: string): Promise<readonly EdnMap[]> {
    const answer = await this.#send('GET', `/v1/databases/${encodeURIComponent(database)}/schema`)
    return mapsIn(answer, 'schema')
  }

  async delete(name: string): Promise<void> {
    const encoded = encodeURIComponent(name)
    await this.#send('DELETE', `/v1/databases/${encoded}?confirm=${encoded}`)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#wire.close(clientClosed(this.#wire.url))
    return Promise.resolve()
  }

  #send(
    method: Method,
    path: string,
    fields?: Readonly<Record<string, Edn>>,
    signal?: AbortSignal,
  ): Promise<EdnMap> {
    const body = fields && new EdnMap(Object.entries(fields).map(([name, value]) => [keyword(name), value]))
    const isQuestion = path === '/v1/query' || path === '/v1/pull'
    return this.#wire.send(method, path, body, { signal, isRepeatable: method === 'GET' || isQuestion })
  }
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
    result: fieldIn(answer, 'result') ?? null,
    columns: mapsIn(answer, 'columns').map(
      (column) => ({ name: textIn(column, 'name'), type: textIn(column, 'type') }) as Column,
    ),
    warnings: warningsIn(answer),
    isTruncated: fieldIn(answer, 'truncated') === true,
  }
}
