// An answer as the text that leaves: written where the query ran, so that the thread that takes transactions only
// passes bytes on. Rows are written in batches and counted, so that no answer outgrows its bound (I9).

import { VarveError, type Warning } from '../base/errors.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { writeJson } from '../fact/json-writer.ts'
import type { Edn } from '../fact/value.ts'
import { shapeAnswer } from '../engine/shape.ts'
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
  const { columns, isTruncated, warnings } = answer
  return {
    columns,
    result: writeShaped(shapeAnswer(query, answer), notation, bytesMax),
    isTruncated,
    warnings,
  }
}

function writeShaped(shaped: Edn, notation: Notation, bytesMax: number): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder()
  const write = notation === 'json' ? (value: Edn) => writeJson(value) : (value: Edn) => writeEdn(value)
  const chunks: Uint8Array[] = []
  let byteCount = 0
  const add = (text: string): void => {
    const chunk = encoder.encode(text)
    byteCount += chunk.byteLength
    if (byteCount > bytesMax) throw answerTooLarge(bytesMax)
    chunks.push(chunk)
  }
  if (!Array.isArray(shaped) || shaped.length <= BATCH_COUNT) add(write(shaped))
  else {
    const between = notation === 'json' ? ',' : ' '
    for (let first = 0; first < shaped.length; first += BATCH_COUNT) {
      const text = write(shaped.slice(first, first + BATCH_COUNT) as Edn)
      add(`${first === 0 ? '[' : between}${text.slice(1, -1)}`)
    }
    add(']')
  }
  return joined(chunks, byteCount)
}

function joined(chunks: readonly Uint8Array[], byteCount: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteCount)
  let position = 0
  for (const chunk of chunks) {
    bytes.set(chunk, position)
    position += chunk.byteLength
  }
  return bytes
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
