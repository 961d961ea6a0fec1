// A session over a data folder in this process. Questions follow as a reader, so that they work beside the
// process that writes; transactions take the writer's place for their time.

import type { Env } from '../base/env.ts'
import { uuidSource } from '../base/random-uuid.ts'
import { connectLocal } from '../api/connect.ts'
import type { LocalVarve } from '../api/varve.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { WRITTEN_BY_VARVE } from '../fact/limits.ts'
import type { Edn } from '../fact/value.ts'
import { EdnMap } from '../fact/value.ts'
import { plainEdn } from '../fact/plain-edn.ts'
import { schemaForms } from '../fact/schema-forms.ts'
import { shapeAnswer } from '../engine/shape.ts'
import type { EntityRows } from '../database/transact-rows.ts'
import type { ExplainMode } from '../plan/explain.ts'
import { ask, askPrepared, type AskRequest, explain, prepareQuestion } from '../query/ask.ts'
import { atMoment, momentSources } from '../query/moment.ts'
import { pinnedQuestion } from '../query/pinned.ts'
import { pullEntity, pullRequest } from '../query/pull.ts'
import { receiptOf } from '../query/receipt.ts'
import type {
  AskOptions,
  LogOptions,
  PullOptions,
  SentRows,
  Session,
  SessionAnswer,
  SessionDatabase,
  SessionExplanation,
  SessionLogItem,
  SessionTransaction,
} from './session.ts'
import { packageVersion } from './version.ts'

export class LocalSession implements Session {
  readonly #varve: LocalVarve

  static async open(
    env: Env,
    folder: string,
    { isReadOnly, hasThreads = false }: { readonly isReadOnly: boolean; readonly hasThreads?: boolean },
  ): Promise<LocalSession> {
    // With an env of its own it works in this thread: another would take longer to start than most questions. What goes
    // on for long has threads beside it, so that bulk work is indexed there and a question can be cancelled.
    const place = hasThreads ? {} : { env }
    return new LocalSession(await connectLocal(`file:${folder}`, { ...place, readOnly: isReadOnly }))
  }

  constructor(varve: LocalVarve) {
    this.#varve = varve
  }

  warm(): void {
    this.#varve.runner.warm()
  }

  async databases(): Promise<readonly SessionDatabase[]> {
    return this.#varve.databases()
  }

  async query(query: Edn, args: readonly Edn[], options: AskOptions): Promise<SessionAnswer> {
    const request = await this.#request(query, args, options)
    if (options.hasReceipt === true) return this.#withReceipt(request, options)
    const asked = await ask(request, this.#varve.runner)
    return {
      result: shapeAnswer(asked.query, asked.answer),
      columns: asked.answer.columns,
      warnings: asked.warnings,
      isTruncated: asked.answer.isTruncated,
    }
  }

  /** As a server answers: written, and read back. */
  async #withReceipt(request: AskRequest, { asOf }: AskOptions): Promise<SessionAnswer> {
    const { catalog, runner } = this.#varve
    const { env } = catalog
    const prepared = await prepareQuestion(request)
    const { answer, warnings } = await askPrepared(prepared, runner, 'edn')
    const { columns, isTruncated } = answer
    const result = readEdn(Buffer.concat(answer.pieces).toString(), WRITTEN_BY_VARVE).value
    const setting = {
      id: uuidSource(env.random)(),
      version: packageVersion(env),
      atMs: env.clock.nowMs(),
      asOf,
    }
    const receipt = receiptOf(pinnedQuestion(prepared), answer, setting)
    return { result, columns, warnings, isTruncated, receipt }
  }

  async explain(
    query: Edn,
    args: readonly Edn[],
    { mode, ...options }: AskOptions & { readonly mode: ExplainMode },
  ): Promise<SessionExplanation> {
    const request = await this.#request(query, args, options)
    const { answer, warnings } = await explain(request, this.#varve.runner, mode)
    const { warnings: _, ...told } = answer
    return { text: answer.text, value: plainEdn(told), warnings }
  }

  async #request(query: Edn, args: readonly Edn[], options: AskOptions): Promise<AskRequest> {
    const moment = { ...(options.asOf !== undefined && { asOf: options.asOf }) }
    const sourceNamed = momentSources(this.#varve.catalog, moment)
    return {
      query,
      args: args.map((value) => ({ kind: 'value', value })),
      sourceNamed,
      ...(options.database !== undefined && { database: await sourceNamed(options.database) }),
      ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
      ...(options.memoryBytes !== undefined && { memoryBytes: options.memoryBytes }),
      ...(options.limit !== undefined && { limit: options.limit }),
      ...(options.engine !== undefined && { engine: options.engine }),
      ...(options.signal && { signal: options.signal }),
    }
  }

  async pull(pattern: Edn, eid: Edn, options: PullOptions): Promise<SessionAnswer> {
    const value = await atMoment(this.#varve.catalog, options.database ?? '', {
      ...(options.asOf !== undefined && { asOf: options.asOf }),
    })
    if (options.isQuick === true) {
      const { result, warnings } = await pullEntity(value, pattern, eid)
      return { result, columns: [], warnings, isTruncated: false }
    }
    const asked = await ask(pullRequest(value, pattern, eid, options), this.#varve.runner)
    return {
      result: shapeAnswer(asked.query, asked.answer),
      columns: [],
      warnings: asked.warnings,
      isTruncated: false,
    }
  }

  async create(name: string): Promise<void> {
    await this.#varve.catalog.create(name)
  }

  async transact(database: string, tx: Edn): Promise<SessionTransaction> {
    const writer = await this.#varve.catalog.writer(database)
    const outcome = await writer.transact({ tx })
    return {
      t: outcome.t,
      txInstant: new Date(outcome.txInstantMs),
      tempids: new EdnMap([...outcome.tempids]),
      datomCount: outcome.datoms.length,
      warnings: outcome.warnings,
    }
  }

  async sendRows(database: string, rows: EntityRows, tx: readonly Edn[]): Promise<SentRows> {
    const writer = await this.#varve.catalog.writer(database)
    return writer.enqueue({ rows, tx })
  }

  async index(database: string): Promise<void> {
    await (await this.#varve.catalog.writer(database)).index()
  }

  async *log(database: string, options: LogOptions): AsyncGenerator<SessionLogItem> {
    const connection = await this.#varve.catalog.connection(database)
    const { facts, schema } = connection.value()
    const point = (moment: Date | number | undefined, otherwise: number): number =>
      moment === undefined
        ? otherwise
        : typeof moment === 'number'
          ? moment
          : facts.tAt(moment.getTime() - 1) + 1
    const range = {
      from: point(options.from, 0),
      to: point(options.to, Infinity),
      isLive: options.isLive,
      ...(options.signal && { signal: options.signal }),
    }
    for await (const { t, txInstantMs, datoms } of connection.transactions(range)) {
      const known = datoms.some(({ a }) => schema.attribute(a) === undefined)
        ? connection.value().schema
        : schema
      yield {
        t,
        txInstant: new Date(txInstantMs),
        datoms: datoms.map(({ e, a, v, added }) => [e, known.attribute(a)?.ident ?? a, v, added]),
      }
    }
  }

  async schema(database: string): Promise<readonly EdnMap[]> {
    return schemaForms((await this.#varve.catalog.connection(database)).value().facts)
  }

  async delete(name: string): Promise<void> {
    await this.#varve.catalog.delete(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#varve.close()
  }
}
