// One hash for an answer, equal for equal answers: over engines, layouts, threads and notations. It covers the form of
// the find, the count of rows, whether a limit cut them, and every value by its value (fact/canonical.ts), column by
// column, so that a value that many rows hold is encoded once. Documented in docs/reference/receipts.md.

import { createHash, type Hash } from 'node:crypto'
import { type Check, inBatches, NEVER_ENDS } from '../base/batches.ts'
import { unreachable } from '../base/assert.ts'
import { sha256, sha256Hex } from '../base/checksum.ts'
import { CanonicalWriter } from '../fact/canonical.ts'
import { returnKeysOf } from '../engine/shape.ts'
import type { AnswerColumn } from '../plan/answer-rows.ts'
import type { Answer } from '../plan/engine.ts'
import type { Query } from '../plan/syntax.ts'

/** The first member of what is hashed; a change of the encoding changes it. */
const VERSION = 'varve.result/1'

/** `sha256:` and 64 hexadecimal digits. `check` throws where nobody waits for the answer any more. */
export function resultHash(
  query: Query,
  { rows, isTruncated }: Pick<Answer, 'rows' | 'isTruncated'>,
  check: Check = NEVER_ENDS,
): string {
  const { find, returnKeys } = query
  const writer = new CanonicalWriter()
  writer.add([
    VERSION,
    find.kind,
    returnKeys === undefined ? null : returnKeysOf(returnKeys),
    find.elements.length,
    rows.length,
    isTruncated,
  ])
  const parts: Uint8Array[] = [writer.take().slice()]
  for (let place = 0; place < find.elements.length; place++)
    parts.push(columnDigest(rows.columns[place], rows.length, writer, check))
  for (const part of parts) writer.addWritten(part)
  return `sha256:${sha256Hex(writer.take())}`
}

/** SHA-256 over the values of one column, one behind the other. */
function columnDigest(
  column: AnswerColumn | undefined,
  rowCount: number,
  writer: CanonicalWriter,
  check: Check,
): Uint8Array {
  if (column === undefined || rowCount === 0) return sha256(writer.take())
  const addRows = rowAdder(column, writer)
  let sum: Hash | undefined
  for (const [first, limit] of inBatches(rowCount, check)) {
    addRows(first, limit)
    if (limit === rowCount && sum === undefined) break
    sum ??= createHash('sha256')
    sum.update(writer.take())
  }
  return sum === undefined ? sha256(writer.take()) : sum.update(writer.take()).digest()
}

/** Adds rows `[first, limit)` of the column. */
function rowAdder(column: AnswerColumn, writer: CanonicalWriter): (first: number, limit: number) => void {
  switch (column.kind) {
    case 'values': {
      const { values } = column
      return (first, limit) => {
        for (let row = first; row < limit; row++) writer.add(values[row]!)
      }
    }
    case 'numbers': {
      const { numbers } = column
      return (first, limit) => {
        for (let row = first; row < limit; row++) writer.addNumber(numbers[row]!)
      }
    }
    case 'decoded': {
      const { numbers, decode } = column
      return (first, limit) => {
        for (let row = first; row < limit; row++) writer.add(decode(numbers[row]!))
      }
    }
    case 'coded':
      return codedAdder(column, writer)
    default:
      return unreachable(column)
  }
}

function codedAdder(
  { numbers, decode }: Extract<AnswerColumn, { kind: 'coded' }>,
  writer: CanonicalWriter,
): (first: number, limit: number) => void {
  const written: (Uint8Array | undefined)[] = []
  const own = new CanonicalWriter()
  return (first, limit) => {
    for (let row = first; row < limit; row++) {
      const code = numbers[row]!
      let bytes = written[code]
      if (bytes === undefined) {
        own.add(decode(code))
        written[code] = bytes = own.take().slice()
      }
      writer.addWritten(bytes)
    }
  }
}
