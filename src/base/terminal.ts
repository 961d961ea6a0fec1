// The terminal of this process: words in, text out, and whether a person is looking.

/** One key as it was pressed: what it types, or the name of what it does. */
export type Key = {
  /**
   * `a`, `return`, `up`, …; `paste-start` and `paste-end` stand around what is pasted; `resize` and `closed`
   * are the window's. */
  readonly name: string
  /** What it types; empty for keys that do something. */
  readonly text: string
  readonly isControl: boolean
  readonly isMeta: boolean
}

export interface Terminal {
  readonly words: readonly string[]
  readonly isOutTerminal: boolean
  readonly isErrTerminal: boolean
  /** A person can be asked: what they type comes from here, and they see what is written to stderr. */
  readonly canAsk: boolean
  /** One line of answer to a question that goes to stderr; empty where the input ends. */
  ask(question: string): Promise<string>
  /** The lines of what is piped or typed in, to its end. */
  lines(): AsyncIterable<string>
  /** Every key as it is pressed, Ctrl-C too; nothing is echoed. Until disposed. */
  readKeys(handler: (key: Key) => void): Disposable
  /** Width and height of the window that shows the output, in cells. */
  size(): { readonly columnCount: number; readonly rowCount: number }
  /** Where the small files of this user lie; empty where there is no such place. */
  readonly homeFolder: string
  out(text: string | Uint8Array): void
  /** Resolves when what went out was taken, so that a long output waits for its reader. */
  flushed(): Promise<void>
  err(text: string): void
  /** Resolves when the user asks to stop: Ctrl-C, or the signal that ends processes politely. */
  stopped(): Promise<void>
  /** What the process will end with if nothing fails; a command may raise it. */
  exitCode: number
  end(exitCode: number): void
}
