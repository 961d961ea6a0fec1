// Progress on stderr for whatever takes longer than a second: one line that rewrites itself on a terminal, a line
// now and then elsewhere.

import type { Clock } from '../base/env.ts'
import type { Terminal } from '../base/terminal.ts'

/** Silence before the first line, and between lines where nobody looks. */
const FIRST_AFTER_MS = 700
const TERMINAL_INTERVAL_MS = 100
const PLAIN_INTERVAL_MS = 3_000

export class Progress {
  readonly #title: string
  readonly #terminal: Terminal
  readonly #clock: Clock
  readonly #startMs: number
  #lastMs: number
  #isShown = false

  constructor(title: string, terminal: Terminal, clock: Clock) {
    this.#title = title
    this.#terminal = terminal
    this.#clock = clock
    this.#startMs = clock.monotonicMs()
    this.#lastMs = this.#startMs + FIRST_AFTER_MS - this.#intervalMs()
  }

  report(done: number, total: number): void {
    const now = this.#clock.monotonicMs()
    if (now - this.#lastMs < this.#intervalMs()) return
    this.#lastMs = now
    const share = total === 0 ? 1 : done / total
    this.#show(
      `${bar(share)} ${Math.floor(share * 100)}% ${done.toLocaleString('en')} of ${total.toLocaleString('en')}`,
    )
  }

  note(text: string): void {
    if (this.#isShown) this.#show(`${bar(1)} ${text} …`)
  }

  finish(): void {
    if (!this.#isShown) return
    const seconds = ((this.#clock.monotonicMs() - this.#startMs) / 1_000).toFixed(1)
    this.#show(`done in ${seconds} s`)
    if (this.#terminal.isErrTerminal) this.#terminal.err('\n')
  }

  #intervalMs(): number {
    return this.#terminal.isErrTerminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS
  }

  #show(text: string): void {
    this.#isShown = true
    const line = `${this.#title}: ${text}`
    this.#terminal.err(this.#terminal.isErrTerminal ? `\r\u001b[2K${line}` : `${line}\n`)
  }
}

function bar(share: number): string {
  const width = 24
  const full = Math.round(width * Math.min(1, share))
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`
}
