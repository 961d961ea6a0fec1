// A question that was asked before, prepared to be asked again as it was: at its moments, by the schema and the procedures of then.

import type { PreparedQuestion } from '../query/ask.ts'
import { type PinnedQuestion, requestOfPinned } from '../query/pinned.ts'
import { prepared } from './answer-meant.ts'
import type { RouteContext } from './route.ts'
import { sourcesOfPinned } from './sources.ts'

export async function preparedAgain(
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
