// The databases of a question at their moments, as the caller sees them: every value that an answer is made of comes through
// here, whoever asks and however.

import type { AskRequest } from '../query/ask.ts'
import type { MomentRequest } from '../query/moment.ts'
import type { PinnedQuestion } from '../query/pinned.ts'
import type { RouteContext } from './route.ts'

export type SourceNamed = AskRequest['sourceNamed']

/** At the moment of a request. Waits for cursors no longer than `timeoutMs`. */
export function sourcesAt(
  { databases, request }: RouteContext,
  moment: Pick<MomentRequest, 'asOf' | 'cursors'>,
  timeoutMs: number | undefined,
): SourceNamed {
  return databases.sources({ ...moment, ...waiting(request.signal, timeoutMs) })
}

/** As they were when the question was asked. */
export function sourcesOfPinned(
  { databases, request }: RouteContext,
  question: PinnedQuestion,
  timeoutMs: number | undefined,
): SourceNamed {
  return databases.pinned(question, waiting(request.signal, timeoutMs))
}

function waiting(
  signal: AbortSignal,
  timeoutMs: number | undefined,
): Pick<MomentRequest, 'signal' | 'waitMs'> {
  return { signal, ...(timeoutMs !== undefined && { waitMs: timeoutMs }) }
}
