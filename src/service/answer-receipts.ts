// Results by their name, and receipts by theirs.

import type { HttpResponse } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import { answerPrepared, receiptField, RESULT_FORMATS } from './answer-result.ts'
import { auditedReceipt, type AuditedReceipt } from './audit/receipts.ts'
import { preparedAgain } from './asked-again.ts'
import { receiptUnknown, resultForgotten } from './errors.ts'
import { ok, type Route, type RouteContext, type Service } from './route.ts'
import { object, PULLED, RESULT, shape } from './answer-schema.ts'

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
    try {
      const asked = await preparedAgain(context, question, {})
      return await answerPrepared(context, asked, { kind: 'result', isPinned: true })
    } catch (error) {
      throw isHidden(error) ? resultForgotten(hash) : error
    }
  },
}

/** What could be asked once and is wrong for this caller asks what it must not hear of: not even the names in the question. */
function isHidden(error: unknown): boolean {
  return error instanceof VarveError && ['not-found', 'incorrect', 'forbidden'].includes(error.kind)
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
