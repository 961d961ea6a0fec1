// What every answer to a question goes through, however it was asked: whoever must know is told what is meant before
// anything is read, and how it ended once the answer has left.

import type { HttpResponse } from '../base/env.ts'
import { type AskRequest, type PreparedQuestion, prepareQuestion } from '../query/ask.ts'
import { pinnedQuestion, type PinnedQuestion } from '../query/pinned.ts'
import type { Receipt } from '../query/receipt.ts'
import type { Meaning } from './answering.ts'
import type { RouteContext } from './route.ts'

export function prepared({ service }: RouteContext, request: AskRequest): Promise<PreparedQuestion> {
  return prepareQuestion(request, service.limits)
}

export type Meant = { readonly receiptId: string; readonly question: PinnedQuestion }
export type Made = { readonly response: HttpResponse; readonly receipt?: Receipt }

export async function answerMeant(
  { service, caller }: RouteContext,
  kind: Meaning['kind'],
  asked: PreparedQuestion,
  make: (meant: Meant) => Promise<Made>,
): Promise<HttpResponse> {
  const { newReceiptId, onAnswer } = service.answering
  const meant = { receiptId: newReceiptId(), question: pinnedQuestion(asked) }
  const ended = await onAnswer({ ...meant, kind, caller, prepared: asked })
  try {
    const { response, receipt } = await make(meant)
    return {
      ...response,
      onEnd: (isWhole) => ended({ kind: 'answered', isWhole, ...(receipt && { receipt }) }),
    }
  } catch (error) {
    ended({ kind: 'failed', error })
    throw error
  }
}
