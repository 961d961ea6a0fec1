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
import { answerAudited, type AuditedRead } from './audit/audited.ts'
import { datomRows } from './datom-rows.ts'
import { parameterInvalid } from './errors.ts'
import { connectionOf, ok, type Route, type RouteContext } from './route.ts'
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
  },
  answer: answerLog,
}

async function answerLog(context: RouteContext): Promise<HttpResponse> {
  const connection = await connectionOf(context)
  const value = connection.value()
  const range = {
    from: pointOf(context.search, 'from', value) ?? 0,
    to: pointOf(context.search, 'to', value) ?? Infinity,
    isLive: false,
    signal: context.request.signal,
  }
  return answerAudited(context, logQuestion(value, context.search), () =>
    pageOf(context, connection, value, range),
  )
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

async function pageOf(
  context: RouteContext,
  connection: Connection,
  value: DatabaseValue,
  range: LogRange,
): Promise<HttpResponse> {
  const countMax = limitOf(context.search)
  const items: Edn[] = []
  let datomCount = 0
  let nextT: T | undefined
  for await (const transaction of context.databases.transactions(connection, range)) {
    if (items.length >= countMax || (items.length > 0 && datomCount >= PAGE_DATOM_COUNT_MAX)) {
      nextT = transaction.t
      break
    }
    datomCount += transaction.datoms.length
    items.push(logItem(transaction, value, context.notation))
  }
  return ok(context, { transactions: new Valued(items), nextT })
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
  const text = search.get('limit')
  if (text === null) return PAGE_TRANSACTION_COUNT_MAX
  if (!/^[1-9]\d{0,14}$/.test(text)) throw parameterInvalid('limit', 'a positive whole number')
  return Math.min(Number(text), PAGE_TRANSACTION_COUNT_MAX)
}
