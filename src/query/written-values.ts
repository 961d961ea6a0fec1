// Results as values in JSON and EDN: whole, or one value a line. Rows are written in batches and column by column: a
// value that many rows hold is written once.

import type { Check } from '../base/batches.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { writeJson } from '../fact/json-writer.ts'
import type { Edn } from '../fact/value.ts'
import { shapeAnswer } from '../engine/shape.ts'
import { RowReader } from '../plan/answer-rows.ts'
import type { Answer } from '../plan/engine.ts'
import type { Query } from '../plan/syntax.ts'
import type { Pieces } from './pieces.ts'

/** Items that are written as one text. */
const BATCH_COUNT = 1_024

type Style = {
  readonly write: (value: Edn) => string
  /** Between the members of one value. */
  readonly between: string
}
const JSON_STYLE: Style = { write: (value) => writeJson(value), between: ',' }
const EDN_STYLE: Style = { write: (value) => writeEdn(value), between: ' ' }

/** The result as one value. */
export function writeNotation(
  query: Query,
  answer: Answer,
  notation: 'json' | 'edn',
  pieces: Pieces,
  check: Check,
): void {
  const style = notation === 'json' ? JSON_STYLE : EDN_STYLE
  if (isList(query)) return writeList(itemBatches(query, answer, style, check), style, pieces)
  const one = shapeAnswer(query, answer)
  if (!Array.isArray(one)) return pieces.addText(style.write(one))
  writeList(textBatches(one as readonly Edn[], style, check), style, pieces)
}

function writeList(batches: Iterable<readonly string[]>, { between }: Style, pieces: Pieces): void {
  let before = '['
  for (const items of batches) {
    pieces.addText(`${before}${items.join(between)}`)
    before = between
  }
  pieces.addText(before === '[' ? '[]' : ']')
}

function* textBatches(items: readonly Edn[], { write }: Style, check: Check): Generator<readonly string[]> {
  for (let first = 0; first < items.length; first += BATCH_COUNT) {
    check()
    yield items.slice(first, first + BATCH_COUNT).map(write)
  }
}

/** In JSON, each row or item on a line of its own; a tuple or scalar on one, of which nothing was found on none. */
export function writeLines(query: Query, answer: Answer, pieces: Pieces, check: Check): void {
  if (!isList(query)) {
    if (answer.rows.length > 0) pieces.addText(`${writeJson(shapeAnswer(query, answer))}\n`)
    return
  }
  for (const items of itemBatches(query, answer, JSON_STYLE, check)) pieces.addText(`${items.join('\n')}\n`)
}

function isList({ find: { kind } }: Query): boolean {
  return kind === 'relation' || kind === 'collection'
}

/** The members of a list, as texts. */
function* itemBatches(
  query: Query,
  { rows }: Answer,
  { write, between }: Style,
  check: Check,
): Generator<readonly string[]> {
  const isFlat = query.find.kind === 'collection'
  const reader = new RowReader(rows, write)
  for (let first = 0; first < rows.length; first += BATCH_COUNT) {
    check()
    const limit = Math.min(rows.length, first + BATCH_COUNT)
    if (query.returnKeys !== undefined) yield mapTexts(query, rows.slice(first, limit), write)
    else yield reader.read(first, limit).map((cells) => (isFlat ? cells[0]! : `[${cells.join(between)}]`))
  }
}

/** Return maps. */
function mapTexts(query: Query, rows: Answer['rows'], write: Style['write']): readonly string[] {
  // Of a relation, which alone has maps in a list, the shape is a list.
  return (shapeAnswer(query, { rows }) as readonly Edn[]).map(write)
}
