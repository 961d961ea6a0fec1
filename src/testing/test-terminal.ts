// A terminal without a window: what goes out is kept, and tests type at it.

import type { Key, Terminal } from '../base/terminal.ts'

export class TestTerminal implements Terminal {
  readonly words: readonly string[]
  readonly isOutTerminal: boolean = false
  readonly isErrTerminal: boolean
  readonly canAsk: boolean
  readonly homeFolder: string = ''
  readonly #answer: string | undefined
  #handler: ((key: Key) => void) | undefined
  columnCount = 80
  rowCount = 24
  written = ''
  reported = ''
  exitCode = 0

  /** `answer` is what a person says to every question; without it nobody can be asked. */
  constructor(words: readonly string[] = [], answer?: string) {
    this.words = words
    this.isErrTerminal = answer !== undefined
    this.canAsk = answer !== undefined
    this.#answer = answer
  }

  ask(question: string): Promise<string> {
    this.reported += question
    return Promise.resolve(this.#answer ?? '')
  }

  async *lines(): AsyncGenerator<string> {
    // Nothing is piped in.
  }

  readKeys(handler: (key: Key) => void): Disposable {
    this.#handler = handler
    return { [Symbol.dispose]: () => (this.#handler = undefined) }
  }

  /** Presses keys by name: `up`, `ctrl-a`, `meta-b`. */
  press(...names: readonly string[]): void {
    for (const name of names) this.#handler?.(keyNamed(name))
  }

  type(text: string): void {
    for (const character of text) this.#handler?.(keyOf(character, character))
  }

  size(): { readonly columnCount: number; readonly rowCount: number } {
    return { columnCount: this.columnCount, rowCount: this.rowCount }
  }

  out(text: string | Uint8Array): void {
    this.written += typeof text === 'string' ? text : Buffer.from(text).toString()
  }

  err(text: string): void {
    this.reported += text
  }

  flushed(): Promise<void> {
    return Promise.resolve()
  }

  stopped(): Promise<void> {
    return Promise.resolve()
  }

  end(exitCode: number): void {
    this.exitCode = exitCode
  }
}

function keyNamed(name: string): Key {
  const plain = name.replace(/^(ctrl|meta)-/, '')
  return { ...keyOf(plain, ''), isControl: name.startsWith('ctrl-'), isMeta: name.startsWith('meta-') }
}

function keyOf(name: string, text: string): Key {
  return { name, text, isControl: false, isMeta: false }
}
