// Why the native engine leaves a question to the engine that defines its meaning.

/** Thrown where going on could give another answer; nobody outside the engines sees it. */
export class Refusal extends Error {
  /** Half a sentence: what the question needs. */
  readonly reason: string

  constructor(reason: string) {
    super(reason)
    this.reason = reason
  }
}
