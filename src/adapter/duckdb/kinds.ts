// How values of Varve stand in columns of DuckDB, exactly, both ways. A column has one kind. Where its values are of
// several types (or of one that SQL has nothing for) its kind is `any`: the column then holds numbers, and the process
// that runs DuckDB keeps the list of values which they stand for; two values have one number exactly when they
// are equal by value. Instants are milliseconds; text of every type is the text that the files of the index hold.

import type { ValueType } from '../../fact/attribute.ts'
import { instantFromMs } from '../../fact/literals.ts'
import {
  BigInteger,
  Decimal,
  double,
  type Edn,
  equalValues,
  exactDecimal,
  Float,
  long,
  LONG_MAX,
  LONG_MIN,
  toDouble,
  type Value,
} from '../../fact/value.ts'
import { textOf, valueOfText } from '../../segment/value-column.ts'
import { typeOfValue } from '../../engine/columns.ts'
import { Refusal } from '../../plan/refusal.ts'

export type SqlKind = ValueKind | 'any'
/** The kinds of columns that hold values themselves. */
export type ValueKind = Exclude<ValueType, 'ref'>

/** What travels to the process and back: a structured clone keeps it, and DuckDB takes it. */
export type Wire = boolean | number | bigint | string | Uint8Array | null

export type SqlType = 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'BLOB' | 'VARCHAR'

export function sqlTypeOf(kind: SqlKind): SqlType {
  switch (kind) {
    case 'long':
    case 'instant':
    case 'any':
      return 'BIGINT'
    case 'double':
    case 'float':
      return 'DOUBLE'
    case 'boolean':
      return 'BOOLEAN'
    case 'bytes':
      return 'BLOB'
    default:
      return 'VARCHAR'
  }
}

/** The kind of a column that holds an attribute's values. */
export function kindOfType(type: ValueType | 'any'): SqlKind {
  return type === 'ref' ? 'long' : type
}

/** The kind that suits one value. */
export function kindOfValue(value: Edn): SqlKind {
  const type = typeOfValue(value)
  return type === 'tuple' || type === 'map' ? 'any' : kindOfType(type)
}

/** The kind that suits them all. */
export function kindOfValues(values: readonly Edn[]): SqlKind {
  const kinds = new Set(values.map(kindOfValue))
  const [kind] = kinds
  return kinds.size === 1 ? kind! : 'any'
}

export function isNumber(kind: SqlKind): boolean {
  return kind === 'long' || kind === 'double' || kind === 'float' || kind === 'bigint' || kind === 'bigdec'
}

/** A value that has the kind, as it travels. Not for `any`. */
export function toWire(kind: SqlKind, value: Edn): Wire {
  switch (kind) {
    case 'long':
    case 'boolean':
      return value as number | bigint | boolean
    case 'double':
    case 'float': {
      const number = toDouble(value)
      if (Number.isNaN(number)) throw new Refusal('NaN')
      return number
    }
    case 'instant':
      return (value as Date).getTime()
    case 'bytes':
      return value as Uint8Array
    default: {
      const text = textOf(value as Value)
      if (!text.isWellFormed()) throw new Refusal('text that UTF-8 cannot say')
      return text
    }
  }
}

/** The value that a cell of a column holds. */
export function fromWire(kind: ValueKind, wire: Exclude<Wire, null>): Edn {
  switch (kind) {
    case 'long':
      return typeof wire === 'bigint' ? long(wire) : wire
    case 'boolean':
      return wire
    case 'double':
      return double(wire as number)
    case 'float':
      return new Float(wire as number)
    case 'instant':
      return instantFromMs(Number(wire)) ?? null
    case 'bytes':
      return wire
    default:
      return valueOfText(kind, wire as string)
  }
}

/** The value that a text stands for under which DuckDB hands a cell to a function. */
export function fromText(kind: ValueKind, text: string): Edn {
  switch (kind) {
    case 'long':
      return long(BigInt(text))
    case 'boolean':
      return text === 'true'
    case 'double':
      return double(numberOfText(text))
    case 'float':
      return new Float(numberOfText(text))
    case 'instant':
      return new Date(Number(text))
    case 'bytes':
      return new Uint8Array(Buffer.from(text, 'hex'))
    default:
      return valueOfText(kind, text)
  }
}

/** The text, as `fromText` reads it, of the value of the kind that equals `value`; undefined where none does. */
export function equalText(kind: SqlKind, value: Edn): string | undefined {
  const equal = equalOf(kind, value)
  if (equal === undefined) return undefined
  const wire = toWire(kind, equal)
  if (typeof wire === 'number' && !Number.isFinite(wire)) return wire > 0 ? 'inf' : '-inf'
  return wire instanceof Uint8Array ? Buffer.from(wire).toString('hex') : String(wire)
}

/** The value of the kind that equals `value`, numbers across their types; undefined where there is none. */
export function equalOf(kind: SqlKind, value: Edn): Edn | undefined {
  if (kind === 'tuple') return Array.isArray(value) ? value : undefined
  const own = kindOfValue(value)
  if (own === kind) return value
  if (!isNumber(kind) || !isNumber(own)) return undefined
  const made = numberOfKind(kind, value)
  return made !== undefined && equalValues(made, value) ? made : undefined
}

function numberOfKind(kind: SqlKind, value: Edn): Edn | undefined {
  if (kind === 'double') return double(toDouble(value))
  if (kind === 'float') return new Float(toDouble(value))
  const exact = decimalOf(value)
  if (exact === undefined) return undefined
  if (kind === 'bigdec') return exact
  if (!exact.isInteger()) return undefined
  const whole = BigInt(exact.toFixed())
  if (kind === 'bigint') return new BigInteger(whole)
  return whole >= LONG_MIN && whole <= LONG_MAX ? long(whole) : undefined
}

/** The exact value of a number; undefined where it is not finite. */
function decimalOf(value: Edn): Decimal | undefined {
  if (value instanceof Decimal) return value
  if (value instanceof BigInteger) return new Decimal(value.value.toString())
  if (typeof value === 'bigint') return new Decimal(value.toString())
  const number = toDouble(value)
  return Number.isFinite(number) ? exactDecimal(number) : undefined
}

function numberOfText(text: string): number {
  if (text === 'inf') return Infinity
  if (text === '-inf') return -Infinity
  return text === 'nan' ? NaN : Number(text)
}
