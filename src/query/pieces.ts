// What is written of an answer, in pieces of bounded size with a buffer of their own, which go on their way one by one
// and are never put together; together they may not outgrow a bound (I9).

import { VarveError } from '../base/errors.ts'

/** Text of one piece, in UTF-16 units: up to three times as many bytes. */
const PIECE_LENGTH = 64 << 10
const ENCODER = new TextEncoder()

export class Pieces {
  readonly bytesMax: number
  readonly #pieces: Uint8Array<ArrayBuffer>[] = []
  #byteCount = 0
  /** Text that is not yet in a piece. */
  #pending = ''

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /** Throws `varve.error/answer-too-large`. */
  addText(text: string): void {
    this.#pending += text
    if (this.#pending.length < PIECE_LENGTH) return
    let first = 0
    while (this.#pending.length - first >= PIECE_LENGTH) {
      const limit = pieceEnd(this.#pending, first + PIECE_LENGTH)
      this.#add(ENCODER.encode(this.#pending.slice(first, limit)))
      first = limit
    }
    this.#pending = this.#pending.slice(first)
  }

  /** A piece of its own, behind the text before it. Throws `varve.error/answer-too-large`. */
  addBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.#flush()
    this.#add(bytes)
  }

  all(): readonly Uint8Array<ArrayBuffer>[] {
    this.#flush()
    return this.#pieces
  }

  #flush(): void {
    if (this.#pending === '') return
    this.#add(ENCODER.encode(this.#pending))
    this.#pending = ''
  }

  #add(piece: Uint8Array<ArrayBuffer>): void {
    this.#byteCount += piece.byteLength
    if (this.#byteCount > this.bytesMax) throw answerTooLarge(this.bytesMax)
    this.#pieces.push(piece)
  }
}

/** The offset, or one before it where a character of two units would be cut. */
function pieceEnd(text: string, offset: number): number {
  const last = text.charCodeAt(offset - 1)
  return last >= 0xd800 && last < 0xdc00 ? offset - 1 : offset
}

export function answerTooLarge(bytesMax: number): VarveError {
  return new VarveError({
    code: 'varve.error/answer-too-large',
    kind: 'incorrect',
    message: `The answer is larger than ${bytesMax} bytes`,
    fix: 'Ask for fewer columns or rows: give a limit, aggregate, or ask shard by shard with (mod ?e n)',
    data: { bytesMax },
  })
}
