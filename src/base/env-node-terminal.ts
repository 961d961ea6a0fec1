// The terminal that this process was started from.

import { createInterface } from 'node:readline'
import type { Terminal } from './terminal.ts'

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process
  // A reader that closes the pipe early, as `head` does, has had enough: that is no error.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  return {
    words: process.argv.slice(2),
    isOutTerminal: stdout.isTTY,
    isErrTerminal: stderr.isTTY,
    canAsk: stdin.isTTY && stderr.isTTY,
    ask: (question) =>
      new Promise((resolve) => {
        const lines = createInterface({ input: stdin, output: stderr })
        lines.once('close', () => resolve(''))
        lines.question(question, (answer) => {
          resolve(answer)
          lines.close()
        })
      }),
    out: (text) => void stdout.write(text),
    flushed: () =>
      stdout.writableNeedDrain ? new Promise((resolve) => stdout.once('drain', resolve)) : Promise.resolve(),
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
