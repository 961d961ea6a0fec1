// Why an engine leaves a question to another one: DuckDB what SQL cannot say, a thread that helps what it was not sent.

/** Thrown where going on could give another answer; nobody outside the engines sees it. */
export class Refusal extends Error {
  /** Half a sentence: what the question needs. */
  readonly reason: string

  constructor(reason: string) {
    super(reason)
    this.reason = reason
  }
}
