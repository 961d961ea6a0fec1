// Values of facts as columns, and back. One physical type per value type, for ever: integers, references and
// instants as 64 bits, doubles and floats as they are, everything else as exact text that SQL shows sensibly.

import { assert } from '../base/assert.ts'
import type { ValueType } from '../fact/attribute.ts'
import {
  BigInteger,
  Decimal,
  double,
  Double,
  EdnSymbol,
  Float,
  Keyword,
  long,
  type Tuple,
  Uri,
  Uuid,
  type Value,
} from '../fact/value.ts'
import { type ColumnData, type ColumnType, integerColumn } from './column.ts'
import { bytesAt, bytesColumn, textAt, textColumn } from './text.ts'
import { textToTuple, tupleToText } from './tuple-text.ts'

export function columnTypeOf(type: ValueType): ColumnType {
  switch (type) {
    case 'long':
    case 'ref':
      return 'int64'
    case 'instant':
    case 'double':
    case 'float':
    case 'boolean':
    case 'bytes':
      return type
    default:
      return 'text'
  }
}

/** Types whose order is that of their bytes as UTF-8 (or as they are). */
export function isByteOrdered(type: ValueType): boolean {
  return type === 'string' || type === 'uri' || type === 'uuid' || type === 'symbol' || type === 'bytes'
}

/** Values of one type as a column. */
export function columnOf(type: ValueType, values: readonly Value[]): ColumnData {
  switch (columnTypeOf(type)) {
    case 'int32':
    case 'int64':
      return longColumn(values)
    case 'instant':
      return integerColumn(values.map((value) => (value as Date).getTime()))
    case 'double':
      return {
        kind: 'double',
        data: Float64Array.from(values, (value) =>
          value instanceof Double ? value.value : (value as number),
        ),
      }
    case 'float':
      return { kind: 'float', data: Float32Array.from(values, (value) => (value as Float).value) }
    case 'boolean':
      return { kind: 'boolean', data: Uint8Array.from(values, Number) }
    case 'bytes':
      return bytesColumn(values as readonly Uint8Array[])
    case 'text':
      return textColumn(values.map((value) => textOf(value)))
  }
}

/** The value at a row, as it stands in memory everywhere (fact/value.ts). */
export function valueAt(type: ValueType, column: ColumnData, row: number): Value {
  switch (column.kind) {
    case 'integer': {
      const number = column.base + column.data[row]!
      return type === 'instant' ? new Date(number) : number
    }
    case 'long':
      return long(column.data[row]!)
    case 'double':
      return double(column.data[row]!)
    case 'float':
      return new Float(column.data[row]!)
    case 'boolean':
      return column.data[row] === 1
    default:
      return type === 'bytes' ? bytesAt(column, row).slice() : valueOfText(type, textAt(column, row))
  }
}

/** The text under which a value of a type stored as text lies. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value
  if (
    value instanceof Keyword ||
    value instanceof EdnSymbol ||
    value instanceof Uuid ||
    value instanceof Uri
  ) {
    return value.text
  }
  if (value instanceof BigInteger) return String(value.value)
  if (value instanceof Decimal) return value.toFixed()
  assert(Array.isArray(value), 'a value that lies as text has a type that does')
  return tupleToText(value as Tuple)
}

/** The value that a text of a column stands for. */
export function valueOfText(type: ValueType, text: string): Value {
  switch (type) {
    case 'string':
      return text
    case 'keyword':
      return Keyword.of(text)
    case 'symbol':
      return EdnSymbol.of(text)
    case 'uri':
      return new Uri(text)
    case 'uuid':
      return new Uuid(text)
    case 'bigint':
      return new BigInteger(BigInt(text))
    case 'bigdec':
      return new Decimal(text)
    default:
      assert(type === 'tuple', 'every type has a column that suits it')
      return textToTuple(text)
  }
}

function longColumn(values: readonly Value[]): ColumnData {
  if (values.every((value) => typeof value === 'number')) return integerColumn(values)
  return { kind: 'long', data: BigInt64Array.from(values, (value) => BigInt(value as number | bigint)) }
}
