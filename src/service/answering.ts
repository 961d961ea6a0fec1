// What all answers to questions share: who is told of them before they leave and once they have, the ids of their
// receipts, and results that can be asked for by name.

import type { Caller } from '../access/caller.ts'
import type { Env } from '../base/env.ts'
import { uuidSource } from '../base/random-uuid.ts'
import type { PreparedQuestion } from '../query/ask.ts'
import type { PinnedQuestion } from '../query/pinned.ts'
import type { Receipt } from '../query/receipt.ts'
import { Results } from './results.ts'

/** What is about to be answered, known before anything is read for it. */
export type Meaning = {
  /** How it is asked: a question, a pull, what a question does, a result by its name, a receipt again. */
  readonly kind: 'query' | 'pull' | 'explain' | 'result' | 'replay'
  /** The saved query that is run, as `name@version`. */
  readonly saved?: string
  readonly caller: Caller
  readonly receiptId: string
  readonly question: PinnedQuestion
  readonly prepared: PreparedQuestion
}

/** How it ended: with the answer, whole or not, or with an error in its place. */
export type AnswerEnd =
  | { readonly kind: 'answered'; readonly isWhole: boolean; readonly receipt?: Receipt }
  | { readonly kind: 'failed'; readonly error: unknown }

export type Answering = {
  /** Of Varve, for receipts. */
  readonly version: string
  readonly newReceiptId: () => string
  /**
   * Called with every question, from memory or not; no byte of the answer leaves before it is done, and what it throws is
   * answered instead. What it gives is called once, when the last byte has left or nothing more will.
   */
  readonly onAnswer: (meaning: Meaning) => Promise<(end: AnswerEnd) => void>
  readonly results: Results
}

export function createAnswering(
  env: Env,
  version: string,
  own: Partial<Pick<Answering, 'newReceiptId' | 'onAnswer' | 'results'>> = {},
): Answering {
  return {
    version,
    newReceiptId: uuidSource(env.random),
    onAnswer: () => Promise.resolve(() => undefined),
    results: new Results(),
    ...own,
  }
}
