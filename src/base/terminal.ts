// The terminal of this process: words in, text out, and whether a person is looking.

export interface Terminal {
  readonly words: readonly string[]
  readonly isOutTerminal: boolean
  readonly isErrTerminal: boolean
  out(text: string): void
  err(text: string): void
  /** Resolves when the user asks to stop: Ctrl-C, or the signal that ends processes politely. */
  stopped(): Promise<void>
  /** What the process will end with if nothing fails; a command may raise it. */
  exitCode: number
  end(exitCode: number): void
}
