// An answer as the text that leaves: written where the query ran, so that the thread that takes transactions only
// passes bytes on. Rows are written in batches and counted, so that no answer outgrows its bound (I9).

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
  /** The result in its shape, as text in UTF-8. */
  readonly result: Uint8Array<ArrayBuffer>
  readonly isTruncated: boolean
  readonly warnings: readonly Warning[]
}

/** Items that are written as one text before they are counted. */
const BATCH_COUNT = 1_024

/** Throws `varve.error/answer-too-large` beyond `bytesMax`. */
export function writeAnswer(
  query: Query,
  answer: Answer,
  notation: Notation,
  bytesMax: number,
): WrittenAnswer {
  const { columns, rows, isTruncated, warnings } = answer
  const write = notation === 'json' ? (value: Edn) => writeJson(value) : (value: Edn) => writeEdn(value)
  const between = notation === 'json' ? ',' : ' '
  const text = new BoundedText(bytesMax)
  const { kind } = query.find
  const isList = (kind === 'relation' || kind === 'collection') && query.returnKeys === undefined
  if (isList) writeList(rows, text, { write, between, isFlat: kind === 'collection' })
  else writeShaped(shapeAnswer(query, answer), text, write, between)
  return { columns, result: text.joined(), isTruncated, warnings }
}

type ListStyle = {
  readonly write: (value: Edn) => string
  readonly between: string
  /** One value a row, without brackets of its own. */
  readonly isFlat: boolean
}

/** Rows as a list of lists, column by column: a value that many rows hold is written once. */
function writeList(rows: AnswerRows, text: BoundedText, { write, between, isFlat }: ListStyle): void {
  const reader = new RowReader(rows, write)
  text.add('[')
  for (let first = 0; first < rows.length; first += BATCH_COUNT) {
    const batch = reader.read(first, Math.min(rows.length, first + BATCH_COUNT))
    const items = batch.map((cells) => (isFlat ? cells[0]! : `[${cells.join(between)}]`))
    text.add(`${first === 0 ? '' : between}${items.join(between)}`)
  }
  text.add(']')
}

/** Maps, one row, one value: batches of items where it is a list. */
function writeShaped(shaped: Edn, text: BoundedText, write: (value: Edn) => string, between: string): void {
  if (!Array.isArray(shaped) || shaped.length <= BATCH_COUNT) return text.add(write(shaped))
  for (let first = 0; first < shaped.length; first += BATCH_COUNT) {
    const written = write(shaped.slice(first, first + BATCH_COUNT) as Edn)
    text.add(`${first === 0 ? '[' : between}${written.slice(1, -1)}`)
  }
  text.add(']')
}
/** Text in UTF-8 that refuses to outgrow its bound. */
class BoundedText {
  readonly #bytesMax: number
  readonly #encoder = new TextEncoder()
  readonly #chunks: Uint8Array[] = []
  #byteCount = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  add(text: string): void {
    const chunk = this.#encoder.encode(text)
    this.#byteCount += chunk.byteLength
    if (this.#byteCount > this.#bytesMax) throw answerTooLarge(this.#bytesMax)
    this.#chunks.push(chunk)
  }

  joined(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#byteCount)
    let position = 0
    for (const chunk of this.#chunks) {
      bytes.set(chunk, position)
      position += chunk.byteLength
    }
    return bytes
  }
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
