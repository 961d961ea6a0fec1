// GET /v1/databases/:name/log: transactions in their order, in pages of bounded size.

import type { HttpResponse } from '../base/env.ts'
import { type T, TX_BASE } from '../fact/attribute.ts'
import { parseInstant } from '../fact/literals.ts'
import { type Edn, EdnMap, keyword } from '../fact/value.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import type { LoggedTransaction } from '../database/fact-store.ts'
import type { Notation } from '../query/written.ts'
import type { Connection, LogRange } from '../database/connection.ts'
import { Valued } from './answer.ts'
import { afterArrival, WAIT_ABOUT, waitOf } from './arrivals.ts'
import { answerAudited, type AuditedRead } from './audit/audited.ts'
import { datomRows } from './datom-rows.ts'
import { parameterInvalid } from './errors.ts'
import { connectionOf, countIn, ok, type Route, type RouteContext } from './route.ts'
import { ANY, COUNT, FLAG, INSTANT, list, object, tuple } from './answer-schema.ts'

/** What one page holds at most; the caller goes on from `nextT`. */
const PAGE_TRANSACTION_COUNT_MAX = 10_000
const PAGE_DATOM_COUNT_MAX = 100_000

export const LOG_ROUTE: Route = {
  method: 'GET',
  path: '/v1/databases/:name/log',
  about: 'Transactions in their order; where there are more, nextT says from where to go on',
  scope: 'query',
  answers: object(
    {
      transactions: list(
        object({ t: COUNT, tx: COUNT, txInstant: INSTANT, datoms: list(tuple(COUNT, ANY, ANY, FLAG)) }),
      ),
    },
    { nextT: COUNT },
  ),
  search: {
    from: 'the first, a t or an instant; included',
    to: 'where to stop, a t or an instant; excluded',
    limit: `transactions in the answer, at most ${PAGE_TRANSACTION_COUNT_MAX}`,
    waitMs: `${WAIT_ABOUT}; then nextT always comes, until to is reached`,
  },
  answer: answerLog,
}

async function answerLog(asked: RouteContext): Promise<HttpResponse> {
  const waitMs = waitOf(asked.search)
  const range = rangeOf(asked, (await connectionOf(asked)).value())
  const context = waitMs === undefined ? asked : await whenItBegan(asked, range, waitMs)
  const connection = await connectionOf(context)
  const value = connection.value()
  return answerAudited(context, logQuestion(value, context.search), () =>
    pageOf(context, { connection, value, range, isFollowed: waitMs !== undefined }),
  )
}

function rangeOf({ search, request }: RouteContext, value: DatabaseValue): LogRange {
  return {
    from: pointOf(search, 'from', value) ?? 0,
    to: pointOf(search, 'to', value) ?? Infinity,
    isLive: false,
    signal: request.signal,
  }
}

/** Once there is something in the range, or it was waited for long enough. */
async function whenItBegan(
  context: RouteContext,
  { from, to }: LogRange,
  waitMs: number,
): Promise<RouteContext> {
  const connection = await connectionOf(context)
  if (from >= to || connection.value().basisT >= from) return context
  return afterArrival(context, { connection, t: from, waitMs })
}

/** As the audit keeps it. */
function logQuestion({ database, basisT }: DatabaseValue, search: URLSearchParams): AuditedRead {
  const from = search.get('from')
  const to = search.get('to')
  return {
    question: { action: 'log', text: database, attributes: [`${database}/*`] },
    args: [from, to],
    basis: { [database]: basisT },
  }
}

type Page = {
  readonly connection: Connection
  readonly value: DatabaseValue
  readonly range: LogRange
  /** The client goes on from `nextT` even if there are no more by now. */
  readonly isFollowed: boolean
}

async function pageOf(
  context: RouteContext,
  { connection, value, range, isFollowed }: Page,
): Promise<HttpResponse> {
  const countMax = limitOf(context.search)
  const items: Edn[] = []
  let datomCount = 0
  let nextT = range.from
  let isCut = false
  for await (const transaction of context.databases.transactions(connection, range)) {
    isCut = items.length >= countMax || (items.length > 0 && datomCount >= PAGE_DATOM_COUNT_MAX)
    if (isCut) break
    datomCount += transaction.datoms.length
    items.push(logItem(transaction, value, context.notation))
    nextT = transaction.t + 1
  }
  const isMore = isCut || (isFollowed && nextT < range.to)
  return ok(context, { transactions: new Valued(items), nextT: isMore ? nextT : undefined })
}

function logItem(
  { t, txInstantMs, datoms }: LoggedTransaction,
  { schema }: DatabaseValue,
  notation: Notation,
): EdnMap {
  const name = (camelCase: string, kebabCase: string): Edn =>
    notation === 'json' ? camelCase : keyword(kebabCase)
  return new EdnMap([
    [name('t', 't'), t],
    [name('tx', 'tx'), TX_BASE + t],
    [name('txInstant', 'tx-instant'), new Date(txInstantMs)],
    [name('datoms', 'datoms'), datomRows(datoms, schema)],
  ])
}

function pointOf(search: URLSearchParams, name: string, value: DatabaseValue): T | undefined {
  const text = search.get(name)
  if (text === null) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  const instant = parseInstant(text)
  if (instant === undefined) throw parameterInvalid(name, 'a t or an instant such as 2014-11-15T13:37:42Z')
  // From an instant means its transactions too: the first t after the last one before it.
  return value.facts.tAt(instant.getTime() - 1) + 1
}

function limitOf(search: URLSearchParams): number {
  return Math.min(countIn(search, 'limit', 1) ?? Infinity, PAGE_TRANSACTION_COUNT_MAX)
}
