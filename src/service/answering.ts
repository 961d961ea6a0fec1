// What all answers to questions share: who is told of them before they leave, the ids of their receipts, and results
// that can be asked for by name.

import type { Env } from '../base/env.ts'
import { randomUuid } from '../base/random-uuid.ts'
import type { PinnedQuestion } from '../query/pinned.ts'
import type { Query } from '../plan/syntax.ts'
import { Results } from './results.ts'

/** What is about to be answered, known before anything is read for it. */
export type Meaning = {
  /** How it is asked: a question, a pull, what a question does, a result by its name, a receipt again. */
  readonly kind: 'query' | 'pull' | 'explain' | 'result' | 'replay'
  readonly receiptId: string
  readonly question: PinnedQuestion
  /** The question as a syntax tree. */
  readonly query: Query
}

export type Answering = {
  /** Of Varve, for receipts. */
  readonly version: string
  readonly newReceiptId: () => string
  /** Called with every question before it is answered, from memory or not. What it throws is answered instead. */
  readonly onAnswer: (meaning: Meaning) => Promise<void>
  readonly results: Results
}

export function createAnswering(
  env: Env,
  version: string,
  own: Partial<Pick<Answering, 'newReceiptId' | 'onAnswer' | 'results'>> = {},
): Answering {
  return {
    version,
    newReceiptId: () => randomUuid(env.random),
    onAnswer: () => Promise.resolve(),
    results: new Results(),
    ...own,
  }
}
