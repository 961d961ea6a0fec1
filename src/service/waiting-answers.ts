// Answers that are written and not yet taken by their clients: their bytes are counted, so that slow readers together
// hold a bounded amount of memory (I9). A piece is let go as soon as the connection has taken it.

import { assert } from '../base/assert.ts'
import { answersWaiting } from './errors.ts'

const NOTHING = new Uint8Array(0)

export class WaitingAnswers {
  readonly #bytesMax: number
  /** What lets go of the answers to a request. */
  readonly #held = new WeakMap<AbortSignal, (() => void)[]>()
  readonly #abandoned = new WeakSet<AbortSignal>()
  #byteCount = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Bytes that wait now. */
  get byteCount(): number {
    return this.#byteCount
  }

  /**
   * The pieces one by one, each when the one before was taken. Counted from now on until they are sent or the client is
   * gone. Throws `varve.error/answers-waiting`.
   */
  send(pieces: Uint8Array[], byteCount: number, signal: AbortSignal): AsyncIterable<Uint8Array> {
    signal.throwIfAborted()
    assert(!this.#abandoned.has(signal), 'a request that an error answers has no other answer')
    if (this.#byteCount + byteCount > this.#bytesMax) throw answersWaiting(this.#byteCount, this.#bytesMax)
    this.#byteCount += byteCount
    let heldCount = byteCount
    const letGo = (count: number): void => {
      this.#byteCount -= Math.min(count, heldCount)
      heldCount -= Math.min(count, heldCount)
    }
    // Nobody reads on for a client that is gone, and perhaps nobody has begun.
    signal.addEventListener('abort', () => letGo(heldCount), { once: true })
    this.#held.set(signal, [...(this.#held.get(signal) ?? []), () => letGo(heldCount)])
    return takenOneByOne(pieces, letGo)
  }

  /** An error is answered instead of what was, or is still being, made for the request of this signal. */
  abandon(signal: AbortSignal): void {
    this.#abandoned.add(signal)
    for (const letGo of this.#held.get(signal) ?? []) letGo()
  }
}

async function* takenOneByOne(
  pieces: Uint8Array[],
  letGo: (byteCount: number) => void,
): AsyncGenerator<Uint8Array> {
  for (const [index, piece] of pieces.entries()) {
    pieces[index] = NOTHING
    yield piece
    letGo(piece.byteLength)
  }
}
