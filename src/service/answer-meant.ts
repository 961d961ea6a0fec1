// What every answer to a question goes through, however it was asked: whoever must know is told what is meant before
// anything leaves, and how it ended once the answer has left.

import type { HttpResponse } from '../base/env.ts'
import { traced } from '../base/span.ts'
import { queryCancelled, queryTimeout } from '../engine/errors.ts'
import { askPrepared, type AskRequest, type PreparedQuestion, prepareQuestion } from '../query/ask.ts'
import { textOfForm } from '../query/parsed.ts'
import { pinnedQuestion, type PinnedQuestion, queryHashOf } from '../query/pinned.ts'
import type { WrittenAnswer } from '../query/written.ts'
import type { Receipt } from '../query/receipt.ts'
import type { AnswerEnd, Meaning } from './answering.ts'
import { askerOf, limitsFor } from './caller-limits.ts'
import type { RouteContext } from './route.ts'

/**
 * The question with its databases and what it may call: the stored procedures of now, unless it says which. Throws
 * `varve.error/query-timeout` where its time went by before it was its turn.
 */
export async function prepared(
  { service, caller, inFlight, waitedMs, span }: RouteContext,
  request: AskRequest,
): Promise<PreparedQuestion> {
  const procedures = request.procedures ?? (await service.procedures.current())
  const asker = askerOf(caller, inFlight, () =>
    service.quarantine.killed(queryHashOf(textOfForm(asked.parsed.form))),
  )
  const whole = { ...request, procedures, asker, ...(span && { span }) }
  const asked = await traced(span, 'prepare', () => prepareQuestion(whole, limitsFor(service.limits, caller)))
  if (waitedMs === 0) return asked
  const timeoutMs = asked.job.timeoutMs - waitedMs
  if (timeoutMs <= 0) throw queryTimeout()
  return { ...asked, job: { ...asked.job, timeoutMs } }
}

export type Meant = { readonly receiptId: string; readonly question: PinnedQuestion }
export type Made = {
  /** Begins to send it: an answer that nobody may have is never begun. */
  readonly respond: () => Promise<HttpResponse>
  readonly receipt?: Receipt
}

export async function answerMeant(
  context: RouteContext,
  asking: Pick<Meaning, 'kind' | 'saved'>,
  asked: PreparedQuestion,
  make: (meant: Meant) => Promise<Made>,
): Promise<HttpResponse> {
  return toldOf(context, asking, asked, async (meant, ended) => {
    const { respond, receipt } = await make(meant)
    return {
      // In its own time, once it is known that the intent is durable.
      finish: async () => ({
        ...(await respond()),
        onEnd: (isWhole) => ended({ kind: 'answered', isWhole, ...(receipt && { receipt }) }),
      }),
    }
  })
}

/** The same of an answer that does not leave as it is, but in what is told of it. */
export async function askMeant(
  context: RouteContext,
  asking: Pick<Meaning, 'kind' | 'saved'>,
  asked: PreparedQuestion,
): Promise<{ readonly answer: WrittenAnswer; readonly question: PinnedQuestion }> {
  return toldOf(context, asking, asked, async ({ question }, ended) => {
    const { answer } = await askPrepared(asked, context.service.runner, 'json')
    return {
      finish: async () => {
        ended({ kind: 'answered', isWhole: true })
        return { answer, question }
      },
    }
  })
}

/**
 * What is asked is written down while it is answered: to wait for the disk first would double the time of most. Nothing is
 * finished before it is known to be written.
 */
async function toldOf<Result>(
  { service, caller, span, request: { signal } }: RouteContext,
  asking: Pick<Meaning, 'kind' | 'saved'>,
  asked: PreparedQuestion,
  make: (
    meant: Meant,
    ended: (end: AnswerEnd) => void,
  ) => Promise<{ readonly finish: () => Promise<Result> }>,
): Promise<Result> {
  const { newReceiptId, onAnswer } = service.answering
  const meant = { receiptId: newReceiptId(), question: pinnedQuestion(asked) }
  const queryHash = queryHashOf(meant.question.query)
  span?.set('varve.query.hash', queryHash)
  service.quarantine.check(queryHash)
  let ended: (end: AnswerEnd) => void = () => undefined
  const meaning = { ...meant, ...asking, caller, prepared: asked }
  const telling = traced(span, 'write intent', () => onAnswer(meaning))
  const making = make(meant, (end) => ended(end))
  making.catch(() => undefined)
  ended = await telling
  try {
    return await (await making).finish()
  } catch (error) {
    // Whatever it met then: nobody waits for it.
    ended({ kind: 'failed', error: signal.aborted ? queryCancelled(signal.reason) : error })
    throw error
  }
}
