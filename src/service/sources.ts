// The databases of a question at their moments, as the caller sees them: every value that an answer is made of comes through
// here, whoever asks and however.

import { type Span, traced } from '../base/span.ts'
import type { AskRequest } from '../query/ask.ts'
import type { MomentRequest } from '../query/moment.ts'
import type { PinnedQuestion } from '../query/pinned.ts'
import { readSpeculation } from '../query/speculation.ts'
import type { RouteContext } from './route.ts'
import { type Said, speculateFor } from './speculations.ts'

export type SourceNamed = AskRequest['sourceNamed']

/** At the moment of a request. Waits for cursors no longer than `timeoutMs`. */
export function sourcesAt(
  context: RouteContext,
  moment: Pick<MomentRequest, 'asOf' | 'cursors'>,
  timeoutMs: number | undefined,
  speculations: readonly Said[] = [],
): SourceNamed {
  const { databases, request, span } = context
  const speculate = speculateFor(context, speculations)
  const asked = { ...moment, ...waiting(request.signal, timeoutMs), speculate }
  return tracedEach(span, databases.sources(asked))
}

/** As they were when the question was asked. */
export function sourcesOfPinned(
  context: RouteContext,
  question: PinnedQuestion,
  timeoutMs: number | undefined,
): SourceNamed {
  const { databases, request, span } = context
  const speculate = speculateFor(context, (question.speculations ?? []).map(readSpeculation))
  return tracedEach(span, databases.pinned(question, { ...waiting(request.signal, timeoutMs), speculate }))
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
