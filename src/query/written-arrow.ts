// Results as a stream of Arrow. The Varve type of a column alone decides what it becomes, whatever rows there are, so
// that answers of one query fit together (the table stands in docs/reference/formats.md). A column that holds a value
// of another type after all goes as EDN text, and says so.

import type { Check } from '../base/batches.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import type { Edn } from '../fact/value.ts'
import type { AnswerRows } from '../plan/answer-rows.ts'
import type { Column } from '../plan/engine.ts'
import {
  type ArrowField,
  type ArrowVector,
  batchMessage,
  dictionaryMessage,
  endOfStream,
  schemaMessage,
} from './arrow-stream.ts'
import {
  binaryVector,
  boolVector,
  Dictionary,
  float32Vector,
  float64Vector,
  instantVector,
  int64Vector,
  textVector,
} from './arrow-vectors.ts'
import { hasType } from '../plan/value-type.ts'
import { answerTooLarge, type Pieces } from './pieces.ts'
import { valueText } from './value-text.ts'

/** Rows of one record batch. */
const BATCH_ROW_COUNT = 1 << 16

type ArrowColumn = {
  readonly field: ArrowField
  readonly dictionary: Dictionary | undefined
  /** By batch. */
  readonly vectors: readonly ArrowVector[]
}

export function writeArrow(columns: readonly Column[], rows: AnswerRows, pieces: Pieces, check: Check): void {
  const arrowColumns: ArrowColumn[] = []
  // The schema goes first, and what a column becomes is known for sure when all of it was looked at.
  for (const [place, column] of columns.entries())
    arrowColumns.push(arrowColumn(column, place, rows, pieces.bytesMax, check))
  pieces.addBytes(schemaMessage(arrowColumns.map(({ field }) => field)))
  for (const { dictionary } of arrowColumns)
    if (dictionary !== undefined) pieces.addBytes(dictionaryMessage(dictionary.id, dictionary.values()))
  for (let batch = 0; batch * BATCH_ROW_COUNT < rows.length; batch++) {
    check()
    const rowCount = Math.min(BATCH_ROW_COUNT, rows.length - batch * BATCH_ROW_COUNT)
    pieces.addBytes(
      batchMessage(
        rowCount,
        arrowColumns.map(({ vectors }) => vectors[batch]!),
      ),
    )
  }
  pieces.addBytes(endOfStream())
}

function arrowColumn(
  column: Column,
  place: number,
  rows: AnswerRows,
  bytesMax: number,
  check: Check,
): ArrowColumn {
  const encoding = encodingOf(column.type, place)
  const vectors = encoded(encoding, place, rows, bytesMax, check)
  if (vectors !== undefined) return made(column.name, column.type, encoding, vectors)
  // It says EDN text of every value, so it fits.
  return made(column.name, 'any', EDN_TEXT, encoded(EDN_TEXT, place, rows, bytesMax, check)!)
}

function made(
  name: string,
  type: Column['type'],
  { type: kind, dictionary }: Encoding,
  vectors: readonly ArrowVector[],
): ArrowColumn {
  const arrowType = dictionary === undefined ? { kind } : { kind: 'dictionary' as const, id: dictionary.id }
  return { field: { name, type: arrowType, metadata: { 'varve:type': type } }, dictionary, vectors }
}

/** All batches of a column; undefined where a value does not fit. */
function encoded(
  { encode }: Encoding,
  place: number,
  rows: AnswerRows,
  bytesMax: number,
  check: Check,
): readonly ArrowVector[] | undefined {
  const vectors: ArrowVector[] = []
  let byteCount = 0
  for (let first = 0; first < rows.length; first += BATCH_ROW_COUNT) {
    check()
    const vector = encode(rows.valuesIn(place, first, Math.min(rows.length, first + BATCH_ROW_COUNT)))
    if (vector === undefined) return undefined
    for (const { byteLength } of vector.buffers) byteCount += byteLength
    if (byteCount > bytesMax) throw answerTooLarge(bytesMax)
    vectors.push(vector)
  }
  return vectors
}

type Encoding = {
  readonly type: 'int64' | 'float32' | 'float64' | 'bool' | 'utf8' | 'binary' | 'instant'
  readonly dictionary?: Dictionary
  /** Undefined where one of the values does not fit. */
  readonly encode: (values: ArrayLike<Edn>) => ArrowVector | undefined
}

const EDN_TEXT: Encoding = {
  type: 'utf8',
  encode: (values) => textVector(values, (value) => writeEdn(value)),
}

function encodingOf(type: Column['type'], place: number): Encoding {
  switch (type) {
    case 'long':
    case 'ref':
      return { type: 'int64', encode: int64Vector }
    case 'double':
      return { type: 'float64', encode: float64Vector }
    case 'float':
      return { type: 'float32', encode: float32Vector }
    case 'boolean':
      return { type: 'bool', encode: boolVector }
    case 'instant':
      return { type: 'instant', encode: instantVector }
    case 'bytes':
      return { type: 'binary', encode: binaryVector }
    case 'keyword':
    case 'symbol': {
      const dictionary = new Dictionary(place)
      return { type: 'utf8', dictionary, encode: (values) => dictionary.vector(values, textOfType(type)) }
    }
    case 'string':
    case 'uuid':
    case 'uri':
    case 'bigint':
    case 'bigdec':
      return { type: 'utf8', encode: (values) => textVector(values, textOfType(type)) }
    case 'tuple':
    case 'map':
    case 'any':
      return EDN_TEXT
  }
}

function textOfType(type: Exclude<Column['type'], 'any' | 'map'>): (value: Edn) => string | undefined {
  return (value) => (hasType(type, value) ? valueText(value) : undefined)
}
