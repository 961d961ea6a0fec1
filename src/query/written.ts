// An answer as the text that leaves: written where the query ran, so that the thread that takes transactions only
// passes bytes on. Rows are written in batches and counted, so that no answer outgrows its bound (I9), into pieces
// of bounded size, which go on their way one by one and are never put together.

import type { Check } from '../base/batches.ts'
import { VarveError, type Warning } from '../base/errors.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { writeJson } from '../fact/json-writer.ts'
import type { Edn } from '../fact/value.ts'
import { shapeAnswer } from '../engine/shape.ts'
import { type AnswerRows, RowReader } from '../plan/answer-rows.ts'
import type { Answer, Column } from '../plan/engine.ts'
import type { Query } from '../plan/syntax.ts'

export type Notation = 'json' | 'edn'

export type WrittenAnswer = {
  readonly columns: readonly Column[]
  /** The result in its shape, as text in UTF-8: one piece behind the other, each with a buffer of its own. */
  readonly pieces: readonly Uint8Array<ArrayBuffer>[]
  readonly isTruncated: boolean
  readonly warnings: readonly Warning[]
}

/** Items that are written as one text before they are counted. */
const BATCH_COUNT = 1_024
/** Text of one piece, in UTF-16 units: up to three times as many bytes. */
const PIECE_LENGTH = 64 << 10

export type WriteOptions = {
  readonly notation: Notation
  readonly bytesMax: number
  /** Called between batches: throws where nobody waits for the answer any more. */
  readonly check: Check
}

/** Throws `varve.error/answer-too-large` beyond `bytesMax`. */
export function writeAnswer(
  query: Query,
  answer: Answer,
  { notation, bytesMax, check }: WriteOptions,
): WrittenAnswer {
  const { columns, rows, isTruncated, warnings } = answer
  const write = notation === 'json' ? (value: Edn) => writeJson(value) : (value: Edn) => writeEdn(value)
  const between = notation === 'json' ? ',' : ' '
  const text = new BoundedText(bytesMax)
  const { kind } = query.find
  const isList = (kind === 'relation' || kind === 'collection') && query.returnKeys === undefined
  if (isList) writeList(rows, text, { write, between, isFlat: kind === 'collection', check })
  else writeShaped(shapeAnswer(query, answer, check), text, { write, between, check })
  return { columns, pieces: text.pieces(), isTruncated, warnings }
}

type ListStyle = {
  readonly write: (value: Edn) => string
  readonly between: string
  /** One value a row, without brackets of its own. */
  readonly isFlat: boolean
  readonly check: Check
}

/** Rows as a list of lists, column by column: a value that many rows hold is written once. */
function writeList(rows: AnswerRows, text: BoundedText, { write, between, isFlat, check }: ListStyle): void {
  const reader = new RowReader(rows, write)
  text.add('[')
  for (let first = 0; first < rows.length; first += BATCH_COUNT) {
    check()
    const batch = reader.read(first, Math.min(rows.length, first + BATCH_COUNT))
    const items = batch.map((cells) => (isFlat ? cells[0]! : `[${cells.join(between)}]`))
    text.add(`${first === 0 ? '' : between}${items.join(between)}`)
  }
  text.add(']')
}

/** Maps, one row, one value: batches of items where it is a list. */
function writeShaped(
  shaped: Edn,
  text: BoundedText,
  { write, between, check }: Omit<ListStyle, 'isFlat'>,
): void {
  if (!Array.isArray(shaped) || shaped.length <= BATCH_COUNT) return text.add(write(shaped))
  for (let first = 0; first < shaped.length; first += BATCH_COUNT) {
    check()
    const written = write(shaped.slice(first, first + BATCH_COUNT) as Edn)
    text.add(`${first === 0 ? '[' : between}${written.slice(1, -1)}`)
  }
  text.add(']')
}
/** Text in UTF-8 that refuses to outgrow its bound, in pieces. */
class BoundedText {
  readonly #bytesMax: number
  readonly #encoder = new TextEncoder()
  readonly #pieces: Uint8Array<ArrayBuffer>[] = []
  #byteCount = 0
  /** Not yet in a piece. */
  #pending = ''

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  add(text: string): void {
    this.#pending += text
    if (this.#pending.length < PIECE_LENGTH) return
    let first = 0
    while (this.#pending.length - first >= PIECE_LENGTH) {
      const limit = pieceEnd(this.#pending, first + PIECE_LENGTH)
      this.#encode(this.#pending.slice(first, limit))
      first = limit
    }
    this.#pending = this.#pending.slice(first)
  }

  pieces(): readonly Uint8Array<ArrayBuffer>[] {
    this.#encode(this.#pending)
    this.#pending = ''
    return this.#pieces
  }

  #encode(text: string): void {
    const piece = this.#encoder.encode(text)
    this.#byteCount += piece.byteLength
    if (this.#byteCount > this.#bytesMax) throw answerTooLarge(this.#bytesMax)
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
