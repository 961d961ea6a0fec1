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

export function processTerminal(): Terminal {
  const { stdout, stderr } = process
  // A reader that closes the pipe early, as `head` does, has had enough: that is no error.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  return {
    words: process.argv.slice(2),
    isOutTerminal: stdout.isTTY === true,
    isErrTerminal: stderr.isTTY === true,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    stopped: () =>
      new Promise((resolve) => {
        process.once('SIGINT', () => resolve())
        process.once('SIGTERM', () => resolve())
      }),
    exitCode: 0,
    end: (exitCode) => {
      process.exitCode = exitCode
    },
  }
}
