// For whom a question is asked: what it may have of the workers, what bounds it by its class, and who hears what it did.

import type { QuestionClass } from '../plan/question-class.ts'
import type { Share } from './fair-queue.ts'

export type QuestionBounds = {
  readonly timeoutMs: number
  readonly rowCountMax: number
  readonly memoryBytesMax: number
  readonly answerBytesMax: number
}

export type Asker = {
  readonly share: Share
  /** What bounds questions of a class, beside the bounds of each; undefined for nothing. */
  readonly boundsOf?: (kind: QuestionClass) => QuestionBounds | undefined
  /**
   * Told the class of the question before it is run, and again where a point turns out to be a scan. Throws where no more
   * of the class may be asked now.
   */
  readonly onClass?: (kind: QuestionClass) => void
  /** The question took its worker with it. */
  readonly onWorkerEnd?: () => void
}

type Bounded = QuestionBounds & { readonly asker?: Asker }

/** The question, of which it is now known what it is, within the bounds of its class. */
export function classed<Job extends Bounded>(job: Job, kind: QuestionClass): Job {
  job.asker?.onClass?.(kind)
  return boundedAs(job, kind)
}

/** The question as it would be bounded. */
export function boundedAs<Job extends Bounded>(job: Job, kind: QuestionClass): Job {
  const bounds = job.asker?.boundsOf?.(kind)
  return bounds === undefined ? job : withinBounds(job, bounds)
}

/** The question within these bounds as well. */
export function withinBounds<Job extends QuestionBounds>(job: Job, bounds: QuestionBounds): Job {
  return {
    ...job,
    timeoutMs: Math.min(job.timeoutMs, bounds.timeoutMs),
    rowCountMax: Math.min(job.rowCountMax, bounds.rowCountMax),
    memoryBytesMax: Math.min(job.memoryBytesMax, bounds.memoryBytesMax),
    answerBytesMax: Math.min(job.answerBytesMax, bounds.answerBytesMax),
  }
}
