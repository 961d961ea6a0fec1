// Shared memory in which two threads wait for each other, one of them always at work: the thread that calls procedures and
// the one that runs them. A waiting thread hears no messages, and needs none: a word says whose turn it is, bytes say
// what there is to say. Texts are bounded, and so is the memory.

const STATE = 0
const BYTE_COUNT = 1
const CANCELLED = 2
const BEGUN = 3
const WORD_COUNT = 4

/** Of the words that say whose turn it is. */
const STATES = ['working', 'answered', 'failed', 'broken', 'reading', 'read', 'unreadable'] as const
export type MailState = (typeof STATES)[number]

export const MAIL_BYTES_MAX = 32 << 20
const MAIL_BYTES_START = 64 << 10

export type SentMailbox = { readonly words: Int32Array; readonly bytes: SharedArrayBuffer }

export class Mailbox {
  readonly #words: Int32Array
  readonly #bytes: SharedArrayBuffer

  /** A new one, or the other side of one that was sent. */
  constructor(sent?: SentMailbox) {
    this.#words = sent?.words ?? new Int32Array(new SharedArrayBuffer(WORD_COUNT * 4))
    this.#bytes = sent?.bytes ?? new SharedArrayBuffer(MAIL_BYTES_START, { maxByteLength: MAIL_BYTES_MAX })
  }

  get sent(): SentMailbox {
    return { words: this.#words, bytes: this.#bytes }
  }

  /** The other side works from now on. */
  begin(): void {
    Atomics.store(this.#words, CANCELLED, 0)
    Atomics.store(this.#words, BEGUN, 0)
    Atomics.store(this.#words, STATE, STATES.indexOf('working'))
  }

  /** Says something, and that it is the other's turn. False where it is too long to be said. */
  tell(state: MailState, text: string): boolean {
    const bytes = new TextEncoder().encode(text)
    if (bytes.length > MAIL_BYTES_MAX) return false
    if (bytes.length > this.#bytes.byteLength)
      this.#bytes.grow(Math.min(MAIL_BYTES_MAX, Math.max(bytes.length, this.#bytes.byteLength * 2)))
    new Uint8Array(this.#bytes).set(bytes)
    Atomics.store(this.#words, BYTE_COUNT, bytes.length)
    Atomics.store(this.#words, STATE, STATES.indexOf(state))
    Atomics.notify(this.#words, STATE)
    return true
  }

  /** Waits until the state is no longer this one; undefined where that takes longer than `timeoutMs`. */
  wait(state: MailState, timeoutMs: number): MailState | undefined {
    const code = STATES.indexOf(state)
    if (Atomics.wait(this.#words, STATE, code, timeoutMs) === 'timed-out') return undefined
    return STATES[Atomics.load(this.#words, STATE)]
  }

  /** What the other side said. */
  get text(): string {
    // A copy: decoders take no shared memory.
    return new TextDecoder().decode(
      new Uint8Array(this.#bytes).slice(0, Atomics.load(this.#words, BYTE_COUNT)),
    )
  }

  /** Asks the other side to stop as soon as it looks. */
  cancel(): void {
    Atomics.store(this.#words, CANCELLED, 1)
  }

  get isCancelled(): boolean {
    return Atomics.load(this.#words, CANCELLED) === 1
  }

  /** Everything is ready, and the procedure itself runs: its time counts from here. */
  run(): void {
    Atomics.store(this.#words, BEGUN, 1)
  }

  get isRunning(): boolean {
    return Atomics.load(this.#words, BEGUN) === 1
  }
}
