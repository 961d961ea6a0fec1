// Pinned questions that were asked, and what was answered: by the hash of the question, so that a result has an address.
// Both are bounded; a result that is forgotten is made again from its question, as long as that is known.

import { BoundedStore } from '../base/bounded-store.ts'
import { ENGINE_NAMES } from '../plan/engine.ts'
import type { QuestionClass } from '../plan/question-class.ts'
import { pinnedHash, type PinnedQuestion } from '../query/pinned.ts'
import type { Format, Notation, WrittenAnswer } from '../query/written.ts'

export type ResultLimits = {
  readonly questionBytesMax: number
  readonly answerBytesMax: number
}
export const RESULT_LIMITS: ResultLimits = { questionBytesMax: 16 << 20, answerBytesMax: 64 << 20 }

/** An answer, and the class of its question where that was told. */
export type KeptAnswer = { readonly answer: WrittenAnswer; readonly kind: QuestionClass | undefined }

/** What an entry takes beside its text. */
const ENTRY_BYTES = 512
const BYTES_PER_UNIT = 2

export class Results {
  readonly #questions: BoundedStore<PinnedQuestion>
  readonly #answers: BoundedStore<KeptAnswer>

  constructor({ questionBytesMax, answerBytesMax }: ResultLimits = RESULT_LIMITS) {
    this.#questions = new BoundedStore(questionBytesMax)
    this.#answers = new BoundedStore(answerBytesMax)
  }

  /** Bytes that answers take now. */
  get answerBytes(): number {
    return this.#answers.byteCount
  }

  /** The hash by which the question is found again. */
  remember(question: PinnedQuestion): string {
    const { hash, length } = pinnedHash(question)
    this.#questions.set(hash, question, ENTRY_BYTES + length * BYTES_PER_UNIT)
    return hash
  }

  question(hash: string): PinnedQuestion | undefined {
    return this.#questions.get(hash)
  }

  keep(key: string, kept: KeptAnswer): void {
    const byteCount = kept.answer.pieces.reduce((sum, { byteLength }) => sum + byteLength, ENTRY_BYTES)
    this.#answers.set(key, kept, byteCount)
  }

  answer(key: string): KeptAnswer | undefined {
    return this.#answers.get(key)
  }

  /** What is kept of the answer with this hash, by whichever engine, where it was written in one of the notations. */
  answerOf(
    hash: string,
    resultHash: string,
  ): { readonly notation: Notation; readonly answer: WrittenAnswer } | undefined {
    for (const notation of ['json', 'edn'] as const)
      for (const engine of ENGINE_NAMES) {
        const answer = this.answer(Results.key(hash, notation, engine))?.answer
        if (answer?.resultHash === resultHash) return { notation, answer }
      }
    return undefined
  }

  /** By what an answer is kept: another engine asked for by name is another answer, for whoever wants to compare. */
  static key(hash: string, format: Format, engine: string): string {
    return `${hash} ${format} ${engine}`
  }
}
