// What every answer to a question goes through, however it was asked: whoever must know is told what is meant before
// anything leaves, and how it ended once the answer has left.

import type { HttpResponse } from '../base/env.ts'
import { askPrepared, type AskRequest, type PreparedQuestion, prepareQuestion } from '../query/ask.ts'
import { pinnedQuestion, type PinnedQuestion } from '../query/pinned.ts'
import type { WrittenAnswer } from '../query/written.ts'
import type { Receipt } from '../query/receipt.ts'
import type { Meaning } from './answering.ts'
import type { RouteContext } from './route.ts'

/** The question with its databases and what it may call: the stored procedures of now, unless it says which. */
export async function prepared({ service }: RouteContext, request: AskRequest): Promise<PreparedQuestion> {
  const procedures = request.procedures ?? (await service.procedures.current())
  return prepareQuestion({ ...request, procedures }, service.limits)
}

export type Meant = { readonly receiptId: string; readonly question: PinnedQuestion }
export type Made = {
  /** Begins to send it: an answer that nobody may have is never begun. */
  readonly respond: () => Promise<HttpResponse>
  readonly receipt?: Receipt
}

/** The same of an answer that does not leave as it is, but in what is told of it. */
export async function askMeant(
  { service, caller }: RouteContext,
  asking: Pick<Meaning, 'kind' | 'saved'>,
  asked: PreparedQuestion,
): Promise<{ readonly answer: WrittenAnswer; readonly question: PinnedQuestion }> {
  const { newReceiptId, onAnswer } = service.answering
  const question = pinnedQuestion(asked)
  const telling = onAnswer({ receiptId: newReceiptId(), question, ...asking, caller, prepared: asked })
  const making = askPrepared(asked, service.runner, 'json')
  making.catch(() => undefined)
  const ended = await telling
  try {
    const { answer } = await making
    ended({ kind: 'answered', isWhole: true })
    return { answer, question }
  } catch (error) {
    ended({ kind: 'failed', error })
    throw error
  }
}

export async function answerMeant(
  { service, caller }: RouteContext,
  asking: Pick<Meaning, 'kind' | 'saved'>,
  asked: PreparedQuestion,
  make: (meant: Meant) => Promise<Made>,
): Promise<HttpResponse> {
  const { newReceiptId, onAnswer } = service.answering
  const meant = { receiptId: newReceiptId(), question: pinnedQuestion(asked) }
  // What is asked is written down while it is answered: to wait for the disk first would double the time of most.
  const telling = onAnswer({ ...meant, ...asking, caller, prepared: asked })
  const making = make(meant)
  making.catch(() => undefined)
  const ended = await telling
  try {
    const { respond, receipt } = await making
    return {
      ...(await respond()),
      onEnd: (isWhole) => ended({ kind: 'answered', isWhole, ...(receipt && { receipt }) }),
    }
  } catch (error) {
    ended({ kind: 'failed', error })
    throw error
  }
}
