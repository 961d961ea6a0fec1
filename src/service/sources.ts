// The databases of a question at their moments, as the caller sees them: every value that an answer is made of comes through
// here, whoever asks and however.

import { type Span, traced } from '../base/span.ts'
import type { AskRequest } from '../query/ask.ts'
import type { MomentRequest } from '../query/moment.ts'
import type { PinnedQuestion } from '../query/pinned.ts'
import type { RouteContext } from './route.ts'

export type SourceNamed = AskRequest['sourceNamed']

/** At the moment of a request. Waits for cursors no longer than `timeoutMs`. */
export function sourcesAt(
  { databases, request, span }: RouteContext,
  moment: Pick<MomentRequest, 'asOf' | 'cursors'>,
  timeoutMs: number | undefined,
): SourceNamed {
  return tracedEach(span, databases.sources({ ...moment, ...waiting(request.signal, timeoutMs) }))
}

/** As they were when the question was asked. */
export function sourcesOfPinned(
  { databases, request, span }: RouteContext,
  question: PinnedQuestion,
  timeoutMs: number | undefined,
): SourceNamed {
  return tracedEach(span, databases.pinned(question, waiting(request.signal, timeoutMs)))
}

function waiting(
  signal: AbortSignal,
  timeoutMs: number | undefined,
): Pick<MomentRequest, 'signal' | 'waitMs'> {
  return { signal, ...(timeoutMs !== undefined && { waitMs: timeoutMs }) }
}

/** To find one may take waiting for its newest facts, and judging which of them show. */
function tracedEach(span: Span | undefined, sourceNamed: SourceNamed): SourceNamed {
  if (span === undefined) return sourceNamed
  return (name) =>
    traced(span, 'find database', async (finding) => {
      const value = await sourceNamed(name)
      finding?.set('db.namespace', value.database)
      return value
    })
}
