// The terminal of this process: words in, text out, and whether a person is looking.

export interface Terminal {
  readonly words: readonly string[]
  readonly isOutTerminal: boolean
  readonly isErrTerminal: boolean
  /** A person can be asked: what they type comes from here, and they see what is written to stderr. */
  readonly canAsk: boolean
  /** One line of answer to a question that goes to stderr; empty where the input ends. */
  ask(question: string): Promise<string>
  out(text: string): void
  /** Resolves when what went out was taken, so that a long output waits for its reader. */
  flushed(): Promise<void>
  err(text: string): void
  /** Resolves when the user asks to stop: Ctrl-C, or the signal that ends processes politely. */
  stopped(): Promise<void>
  /** What the process will end with if nothing fails; a command may raise it. */
  exitCode: number
  end(exitCode: number): void
}
