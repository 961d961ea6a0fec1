// The terminal that this process was started from.

import { homedir } from 'node:os'
import { createInterface, emitKeypressEvents, type Key as NodeKey } from 'node:readline'
import type { Key, Terminal } from './terminal.ts'

/** What is taken for a window of unknown size. */
const SIZE_UNKNOWN = { columnCount: 80, rowCount: 24 }
/** Terminals that know it mark what is pasted, so that a pasted line end is told from the key. */
const PASTE_MARKED = '\u001b[?2004h'
const PASTE_UNMARKED = '\u001b[?2004l'

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
    lines: () => createInterface({ input: stdin, crlfDelay: Infinity }),
    readKeys,
    size: () =>
      stdout.isTTY && stdout.columns > 0
        ? { columnCount: stdout.columns, rowCount: stdout.rows }
        : SIZE_UNKNOWN,
    homeFolder: homedir(),
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

function readKeys(handler: (key: Key) => void): Disposable {
  const { stdin, stdout } = process
  const onKey = (text: string | undefined, key: NodeKey): void => handler(keyOf(text, key))
  const onResize = (): void => handler({ name: 'resize', text: '', isControl: false, isMeta: false })
  const onEnd = (): void => handler({ name: 'closed', text: '', isControl: false, isMeta: false })
  emitKeypressEvents(stdin)
  stdin.setRawMode(true)
  stdin.on('keypress', onKey).on('end', onEnd)
  stdout.on('resize', onResize).write(PASTE_MARKED)
  stdin.resume()
  return {
    [Symbol.dispose]() {
      stdin.off('keypress', onKey).off('end', onEnd)
      stdout.off('resize', onResize).write(PASTE_UNMARKED)
      stdin.setRawMode(false)
      stdin.pause()
    },
  }
}

function keyOf(text: string | undefined, key: NodeKey): Key {
  const { name, ctrl: isControl = false, meta: isMeta = false } = key
  const types = !isControl && !isMeta && text !== undefined && !/\p{Cc}/u.test(text)
  return { name: name ?? text ?? '', text: types ? text : '', isControl, isMeta }
}
