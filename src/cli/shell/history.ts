// What was typed, kept between runs: one JSON string a line in a file of the user's home folder, the newest last. It
// keeps the last entries only, and only for the eyes of this user. Several shells may add to it at once; a file that cannot be read or written costs the
// history, never the shell.

import type { Env } from '../../base/env.ts'
import { readTextFile } from '../../base/text-file.ts'

const ENTRY_COUNT_MAX = 1_000
/** Longer ones are data pasted in, not something to be found again. */
const ENTRY_LENGTH_MAX = 10_000
const FILE_NAME = '.varve_history'

export class History {
  readonly #env: Env
  readonly #path: string | undefined
  readonly #entries: string[]

  /** An empty `folder` keeps it in memory alone. */
  constructor(env: Env, folder: string) {
    this.#env = env
    this.#path = folder === '' ? undefined : `${folder}/${FILE_NAME}`
    const found = this.#read()
    this.#entries = found.slice(-ENTRY_COUNT_MAX)
    // Twice as many before it is written anew, so that this is not done at every start.
    if (found.length > 2 * ENTRY_COUNT_MAX) this.#writeAnew()
  }

  /** The newest last. */
  get entries(): readonly string[] {
    return this.#entries
  }

  add(text: string): void {
    if (text.trim() === '' || text.length > ENTRY_LENGTH_MAX || text === this.#entries.at(-1)) return
    this.#entries.push(text)
    if (this.#entries.length > ENTRY_COUNT_MAX) this.#entries.shift()
    this.#append(lineOf(text))
  }

  #read(): readonly string[] {
    const path = this.#path
    if (path === undefined) return []
    return this.#attempt([], () => {
      if (this.#env.files.stat(path) === undefined) return []
      return readTextFile(this.#env.files, path).split('\n').flatMap(entryOf)
    })
  }

  #append(line: string): void {
    const path = this.#path
    if (path === undefined) return
    this.#attempt(undefined, () => {
      const { files } = this.#env
      using file = files.open(path, files.stat(path) === undefined ? 'secret' : 'write')
      file.write(file.byteCount(), new TextEncoder().encode(line))
    })
  }

  #writeAnew(): void {
    const path = this.#path
    if (path === undefined) return
    this.#attempt(undefined, () => {
      const { files, processes } = this.#env
      const temporary = `${path}.${processes.pid}`
      files.remove(temporary)
      {
        using file = files.open(temporary, 'secret')
        file.write(0, new TextEncoder().encode(this.#entries.map(lineOf).join('')))
      }
      files.rename(temporary, path)
    })
  }

  #attempt<A>(otherwise: A, work: () => A): A {
    try {
      return work()
    } catch {
      return otherwise
    }
  }
}

function lineOf(text: string): string {
  return `${JSON.stringify(text)}\n`
}

/** The entry of a line; none where something else wrote it, or its writer was cut off. */
function entryOf(line: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'string' ? [value] : []
  } catch {
    return []
  }
}
