// Values in SQL text: what stands in a column or is a constant, and how two of them are compared by value. Where kinds
// differ, the comparison is exact or there is none (semantics.md: numbers compare by value, across types).

import { type Edn } from '../../fact/value.ts'
import { equalOf, isNumber, type SqlKind, sqlTypeOf, toWire } from './kinds.ts'

export type Expression = { readonly sql: string; readonly kind: SqlKind }

export const FALSE = 'false'

/** A value of a kind as SQL text. Not for `any`. */
export function literal(kind: SqlKind, value: Edn): Expression {
  const wire = toWire(kind, value)
  if (typeof wire === 'string') return { kind, sql: textLiteral(wire) }
  if (wire instanceof Uint8Array) return { kind, sql: `unhex('${Buffer.from(wire).toString('hex')}')` }
  if (typeof wire === 'boolean') return { kind, sql: String(wire) }
  return { kind, sql: `CAST('${numberText(wire)}' AS ${sqlTypeOf(kind)})` }
}

function numberText(wire: number | bigint | null): string {
  return wire === Infinity ? 'inf' : wire === -Infinity ? '-inf' : String(wire)
}

/** Text in quotes. A zero character would end the statement. */
export function textLiteral(text: string): string {
  return text
    .split('\0')
    .map((part) => `'${part.replaceAll("'", "''")}'`)
    .join(' || chr(0) || ')
}

/** The cell as text, as `fromText` reads it. */
export function asText({ kind, sql }: Expression): string {
  if (kind === 'bytes') return `hex(${sql})`
  return sqlTypeOf(kind) === 'VARCHAR' ? sql : `CAST(${sql} AS VARCHAR)`
}

/** What such a text says, as a cell. */
export function fromTextOf(kind: SqlKind, sql: string): Expression {
  const type = sqlTypeOf(kind)
  if (type === 'VARCHAR') return { kind, sql }
  return { kind, sql: type === 'BLOB' ? `unhex(${sql})` : `CAST(${sql} AS ${type})` }
}

/** The same value as the number of a value. */
export function asAny(expression: Expression): Expression {
  if (expression.kind === 'any') return expression
  return { kind: 'any', sql: `varve_number('${expression.kind}', ${asText(expression)})` }
}

/** The value as one of the kind that equals it; null where none does. */
export function asKind(kind: SqlKind, expression: Expression): Expression {
  if (expression.kind === kind) return expression
  if (kind === 'any') return asAny(expression)
  return fromTextOf(kind, `varve_as('${kind}', ${asText(asAny(expression))})`)
}

/** A test for equality by value; never null where no cell is. */
export function equality(x: Expression, y: Expression): string {
  if (x.kind === y.kind && x.kind !== 'tuple') return `${x.sql} = ${y.sql}`
  if (x.kind === 'any') return `coalesce(${asKind(y.kind, x).sql} = ${y.sql}, false)`
  if (y.kind === 'any') return equality(y, x)
  if (x.kind === 'tuple' && y.kind === 'tuple') return `${asAny(x).sql} = ${asAny(y).sql}`
  if (!isNumber(x.kind) || !isNumber(y.kind)) return FALSE
  if (isDouble(x) && isDouble(y)) return `${x.sql} = ${y.sql}`
  if (x.kind === 'long' && isDouble(y)) return longEqualsDouble(x.sql, y.sql)
  if (y.kind === 'long' && isDouble(x)) return longEqualsDouble(y.sql, x.sql)
  return `${asAny(x).sql} = ${asAny(y).sql}`
}

export function isDouble({ kind }: Expression): boolean {
  return kind === 'double' || kind === 'float'
}

/** Rounding makes neighbours of a long one double, which is a long again for one of them alone. */
function longEqualsDouble(long: string, double: string): string {
  return `coalesce(CAST(${long} AS DOUBLE) = ${double} AND TRY_CAST(${double} AS BIGINT) = ${long}, false)`
}

/** A test whether a cell equals a constant; `numbered` gives the number of a value that is a constant of the question. */
export function equalsConstant(cell: Expression, value: Edn, numbered: (value: Edn) => Expression): string {
  if (cell.kind === 'any' || cell.kind === 'tuple') return `${asAny(cell).sql} = ${numbered(value).sql}`
  const equal = equalOf(cell.kind, value)
  return equal === undefined || isNaNValue(equal) ? FALSE : `${cell.sql} = ${literal(cell.kind, equal).sql}`
}

function isNaNValue(value: Edn): boolean {
  return typeof value === 'number' && Number.isNaN(value)
}

/** Kinds whose order in SQL is the total order of their values. */
export function isOrdered(kind: SqlKind): boolean {
  switch (kind) {
    case 'long':
    case 'double':
    case 'float':
    case 'boolean':
    case 'instant':
    case 'string':
    case 'uuid':
    case 'uri':
    case 'symbol':
    case 'bytes':
      return true
    default:
      return false
  }
}
