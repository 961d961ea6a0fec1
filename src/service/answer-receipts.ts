// Results by their name, and receipts asked again.

import type { HttpResponse } from '../base/env.ts'
import { askPrepared, type PreparedQuestion } from '../query/ask.ts'
import { type PinnedQuestion, requestOfPinned } from '../query/pinned.ts'
import { type Receipt, readReceipt, receiptOf } from '../query/receipt.ts'
import type { Plain } from '../fact/plain-edn.ts'
import { answerMeant, prepared } from './answer-meant.ts'
import { answerPrepared, receiptField, RESULT_FORMATS } from './answer-result.ts'
import { auditedReceipt, type AuditedReceipt } from './audit/receipts.ts'
import { fieldInvalid, receiptUnknown, resultForgotten } from './errors.ts'
import { sourcesOfPinned } from './sources.ts'
import { countOf, fieldsOf, ok, type Route, type RouteContext, type Service, textOf } from './route.ts'
import { ANY, FLAG, list, object, PULLED, RESULT, shape, TEXT } from './answer-schema.ts'

export const RESULT_ROUTE: Route = {
  method: 'GET',
  path: '/v1/results/:hash',
  about: 'The result of a question that was asked as of a moment, as its Content-Location names it',
  scope: 'query',
  answers: { anyOf: [RESULT, PULLED] },
  formats: RESULT_FORMATS,
  answer: async (context) => {
    const hash = context.parameters['hash']!
    const question = context.service.answering.results.question(hash)
    if (question === undefined) throw resultForgotten(hash)
    const asked = await preparedAgain(context, question, {})
    return answerPrepared(context, asked, { kind: 'result', isPinned: true })
  },
}

export const RECEIPT_ROUTE: Route = {
  method: 'GET',
  path: '/v1/receipts/:id',
  about: 'The receipt of an answer that the caller got',
  scope: 'query',
  answers: object({ receipt: shape('Receipt') }),
  answer: answerReceipt,
}

/** An outcome is written once the last byte has left, which its client may be faster than. */
const OUTCOME_WAIT_COUNT_MAX = 40
const OUTCOME_WAIT_MS = 25

async function answerReceipt(context: RouteContext): Promise<HttpResponse> {
  const id = context.parameters['id']!
  const { caller, service } = context
  const { timers } = service.catalog.env
  for (let count = 1; ; count++) {
    const found = await receiptOfId(service, id)
    const isTheirs = found?.caller === caller.name && found.callerKind === caller.kind
    // Whose it is not is told the same as where there is none.
    if (found === undefined || !(isTheirs || caller.scopes.includes('manage'))) throw receiptUnknown(id)
    if (found.receipt !== undefined)
      return ok(context, { receipt: receiptField(found.receipt, context.notation) })
    if (found.hasEnded || count >= OUTCOME_WAIT_COUNT_MAX) throw receiptUnknown(id)
    await timers.sleep(OUTCOME_WAIT_MS, context.request.signal)
  }
}

/** In the audit of this process, else in those beside it. */
async function receiptOfId({ audit, system }: Service, id: string): Promise<AuditedReceipt | undefined> {
  const own = auditedReceipt(audit.value(), id)
  if (own !== undefined) return own
  for (const connection of await system.audits()) {
    const found = auditedReceipt(connection.value(), id)
    if (found !== undefined) return found
  }
  return undefined
}

const REPLAY_FIELDS = {
  receipt: { type: 'object', about: 'a receipt, whole, as it came with its answer' },
  engine: { type: 'string', about: 'who answers now: auto, native or duckdb; else who did then' },
  timeoutMs: { type: 'integer', about: 'milliseconds after which it is given up' },
} as const

export const REPLAY_ROUTE: Route = {
  method: 'POST',
  path: '/v1/receipts/replay',
  about: 'Asks the question of a receipt again at its basis, and tells what differs',
  scope: 'query',
  answers: object({
    equal: FLAG,
    differences: list(object({ field: TEXT }, { receipt: ANY, replay: ANY })),
    receipt: shape('Receipt'),
  }),
  fields: REPLAY_FIELDS,
  requiredFields: ['receipt'],
  answer: answerReplay,
}

async function answerReplay(context: RouteContext): Promise<HttpResponse> {
  const { service } = context
  const fields = await fieldsOf(context, REPLAY_FIELDS, { recover: false })
  const form = fields.form('receipt', 'value')
  if (form === undefined) throw fieldInvalid('receipt', 'a receipt')
  const receipt = readReceipt(form)
  const timeoutMs = countOf(fields, 'timeoutMs')
  const asked = await preparedAgain(context, receipt, {
    engine: textOf(fields, 'engine') ?? receipt.engine,
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
  return answerMeant(context, { kind: 'replay' }, asked, async ({ receiptId, question }) => {
    const { answer } = await askPrepared(asked, service.runner, 'json')
    const replay = receiptOf(question, answer, {
      id: receiptId,
      version: service.answering.version,
      atMs: service.catalog.env.clock.nowMs(),
      asOf: receipt.asOf,
    })
    const fields = {
      equal: receipt.resultHash === replay.resultHash,
      differences: differencesOf(receipt, replay),
      receipt: receiptField(replay, context.notation),
    }
    return { respond: () => ok(context, fields), receipt: replay }
  })
}

/** What a hash can tell of rows is in `equal`; the rest says where to look for the reason. */
const COMPARED = [
  'resultHash',
  'rowCount',
  'truncated',
  'schemaT',
  'procedures',
  'engine',
  'version',
] as const

function differencesOf(receipt: Receipt, replay: Receipt): Plain {
  return COMPARED.filter((field) => JSON.stringify(receipt[field]) !== JSON.stringify(replay[field])).map(
    (field) => ({ field, receipt: receipt[field], replay: replay[field] }),
  )
}

async function preparedAgain(
  context: RouteContext,
  question: PinnedQuestion,
  { engine, timeoutMs }: { readonly engine?: string; readonly timeoutMs?: number },
): Promise<PreparedQuestion> {
  const { signal } = context.request
  const sourceNamed = sourcesOfPinned(context, question, timeoutMs)
  const { procedures } = question
  return prepared(context, {
    ...(await requestOfPinned(question, sourceNamed)),
    // A bare name means the version that it meant then.
    ...(procedures && { procedures: (await context.service.procedures.current()).only(procedures) }),
    signal,
    ...(engine !== undefined && { engine }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
}
