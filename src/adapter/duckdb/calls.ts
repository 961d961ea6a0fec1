// Calls of functions and predicates as SQL. Comparisons and arithmetic whose meaning SQL has exactly are written in SQL;
// everything else calls Varve's own function from there (sql-functions.ts). Where a number would leave its type, or a
// function makes no sense of a row, DuckDB stops with an error, and the question is refused.

import { type Edn, EdnList, equalValues, numberType } from '../../fact/value.ts'
import type { Argument, Binding, Clause, Variable } from '../../plan/syntax.ts'
import { VALUE_FUNCTIONS } from '../../engine/functions.ts'
import { Refusal } from '../../plan/refusal.ts'
import {
  asAny,
  asText,
  equality,
  equalsConstant,
  type Expression,
  fromTextOf,
  isDouble,
  isOrdered,
  literal,
} from './expressions.ts'
import { equalOf, kindOfValue, type SqlKind } from './kinds.ts'
import type { SentArgument } from './protocol.ts'
import { ROW_FAILURE } from './sql-server.ts'
import type { SqlWriter } from './sql-writer.ts'

export type Columns = ReadonlyMap<Variable, Expression>

type Call = {
  readonly name: string
  readonly args: readonly Argument[]
  /** The clause that it stands for. */
  readonly clause?: Clause | undefined
}

/** Stops the question, from within SQL. */
export function failure(what: string): string {
  return `error('${ROW_FAILURE}${what}')`
}

/** A test that holds where the predicate gives anything but nil or false. */
export function testOf(call: Call, columns: Columns, writer: SqlWriter): string {
  const native = writer.isExact ? undefined : nativeTest(call, columns, writer)
  return native ?? `varve_test(${callArguments(call, columns, writer).join(', ')})`
}

/** The value of a call; its cell is null where the function gives nil. */
export function valueOf(call: Call, columns: Columns, writer: SqlWriter): Expression {
  const native = writer.isExact ? undefined : nativeValue(call, columns)
  if (native !== undefined) return native
  const args = callArguments(call, columns, writer)
  const kind = RESULT_KINDS.get(call.name)
  return kind === undefined
    ? { kind: 'any', sql: `varve_value(${args.join(', ')})` }
    : fromTextOf(kind, `varve_text('${kind}', ${args.join(', ')})`)
}

/** The rows that a binding makes of a call's result, as text; null where there are none. */
export function rowsTextOf(call: Call, binding: Binding, columns: Columns, writer: SqlWriter): string {
  return `varve_rows(${callArguments(call, columns, writer, binding).join(', ')})`
}

/** What a function gives, of those whose results are of one type. */
const RESULT_KINDS: ReadonlyMap<string, SqlKind> = new Map<string, SqlKind>([
  ...['count', 'compare', 'inst-ms', 'long', 'int', 'clojure.string/index-of'].map(
    (name) => [name, 'long'] as const,
  ),
  ...['str', 'subs', 'name', 'namespace'].map((name) => [name, 'string'] as const),
  ...['lower-case', 'upper-case', 'capitalize', 'trim', 'join', 'replace'].map(
    (name) => [`clojure.string/${name}`, 'string'] as const,
  ),
  ['double', 'double'],
  ['keyword', 'keyword'],
])

/** The number of the call and the cells that it needs, as text. */
function callArguments(
  call: Call,
  columns: Columns,
  writer: SqlWriter,
  binding?: Binding,
): readonly string[] {
  const cells: string[] = []
  const sent = (arg: Argument): SentArgument => {
    switch (arg.kind) {
      case 'constant':
        return { kind: 'constant', index: writer.constantIndex(arg.value) }
      case 'call':
        return { kind: 'call', call: sentCall(arg) }
      case 'source':
        throw new Refusal(`a function of ${arg.name}`)
      case 'variable': {
        const cell = columns.get(arg.name)!
        return { kind: 'column', place: cells.push(asText(cell)) - 1, of: cell.kind }
      }
    }
  }
  const sentCall = ({ name, args }: Call) => {
    if (!VALUE_FUNCTIONS.has(name)) throw new Refusal(`a function of this program (${name})`)
    return { name, args: args.map(sent) }
  }
  const number = writer.call(sentCall(call), binding, call.clause?.place)
  return [`'${number}'`, ...cells]
}

function nativeTest({ name, args }: Call, columns: Columns, writer: SqlWriter): string | undefined {
  switch (name) {
    case '=':
    case '==':
      return chainTest(args, (x, y) => sameTest(x, y, columns, writer))
    case '!=':
    case 'not=': {
      const test = chainTest(args, (x, y) => sameTest(x, y, columns, writer))
      return test === undefined ? undefined : `NOT (${test})`
    }
    case '<':
    case '<=':
    case '>':
    case '>=':
      return chainTest(args, (x, y) => orderTest(name, x, y, columns))
    default:
      return signTest(name, args, columns)
  }
}

/** A test of each argument with the next; undefined where one of them has none. */
function chainTest(
  args: readonly Argument[],
  test: (x: Argument, y: Argument) => string | undefined,
): string | undefined {
  if (args.length < 2) return undefined
  const tests = args.slice(1).map((arg, index) => test(args[index]!, arg))
  return tests.includes(undefined) ? undefined : tests.map((each) => `(${each})`).join(' AND ')
}

function sameTest(x: Argument, y: Argument, columns: Columns, writer: SqlWriter): string | undefined {
  if (x.kind === 'constant' && y.kind === 'constant') {
    return isPlain(x.value) && isPlain(y.value) ? String(equalValues(x.value, y.value)) : undefined
  }
  if (x.kind === 'constant') return sameTest(y, x, columns, writer)
  const cell = x.kind === 'variable' ? columns.get(x.name)! : undefined
  // A list equals a vector, which their numbers do not tell.
  if (cell === undefined || cell.kind === 'any' || cell.kind === 'tuple') return undefined
  if (y.kind === 'constant') {
    return isPlain(y.value) ? equalsConstant(cell, y.value, (value) => writer.constant(value)) : undefined
  }
  const other = y.kind === 'variable' ? columns.get(y.name)! : undefined
  if (other === undefined || other.kind === 'any' || other.kind === 'tuple') return undefined
  return equality(cell, other)
}

function isPlain(value: Edn): boolean {
  return value !== null && !(value instanceof EdnList) && !Array.isArray(value)
}

function orderTest(operator: string, x: Argument, y: Argument, columns: Columns): string | undefined {
  const left = orderable(x, columns)
  const right = orderable(y, columns)
  if (left === undefined || right === undefined) return undefined
  const [a, b] = [alike(left, right), alike(right, left)]
  if (a === undefined || b === undefined) return undefined
  return `${a.sql} ${operator} ${b.sql}`
}

type Orderable =
  | { readonly kind: 'cell'; readonly cell: Expression }
  | { readonly kind: 'constant'; readonly value: Edn }

function orderable(arg: Argument, columns: Columns): Orderable | undefined {
  if (arg.kind === 'constant') return arg
  const cell = arg.kind === 'variable' ? columns.get(arg.name)! : undefined
  return cell !== undefined && isOrdered(cell.kind) ? { kind: 'cell', cell } : undefined
}

/** The one, in the kind of the other; undefined where SQL would compare them otherwise than Varve. */
function alike(one: Orderable, other: Orderable): Expression | undefined {
  const kind = other.kind === 'cell' ? other.cell.kind : kindOfValue(other.value)
  if (one.kind === 'cell') {
    const isAlike = one.cell.kind === kind || (isDouble(one.cell) && (kind === 'double' || kind === 'float'))
    return isAlike || other.kind === 'constant' ? one.cell : undefined
  }
  const value = isOrdered(kind) ? equalOf(kind, one.value) : undefined
  return value === undefined || other.kind === 'constant' ? undefined : literal(kind, value)
}

function signTest(name: string, args: readonly Argument[], columns: Columns): string | undefined {
  const [arg] = args
  const cell = arg?.kind === 'variable' ? columns.get(arg.name)! : undefined
  if (cell === undefined || (cell.kind !== 'long' && !isDouble(cell))) return undefined
  switch (name) {
    case 'zero?':
      return `${cell.sql} = 0`
    case 'pos?':
      return `${cell.sql} > 0`
    case 'neg?':
      return `${cell.sql} < 0`
    case 'even?':
      return cell.kind === 'long' ? `${cell.sql} % 2 = 0` : undefined
    case 'odd?':
      return cell.kind === 'long' ? `${cell.sql} % 2 <> 0` : undefined
    default:
      return undefined
  }
}

function nativeValue({ name, args }: Call, columns: Columns): Expression | undefined {
  if (name === 'identity' || name === 'ground') return plainValue(args[0]!, columns)
  const numbers = args.map((arg) => numberOf(arg, columns))
  if (numbers.length === 0 || numbers.includes(undefined)) return undefined
  return arithmetic(name, numbers as readonly Expression[])
}

function plainValue(arg: Argument, columns: Columns): Expression | undefined {
  if (arg.kind === 'variable') return columns.get(arg.name)!
  if (arg.kind !== 'constant') return undefined
  const kind = kindOfValue(arg.value)
  return kind === 'any' || arg.value === null ? undefined : literal(kind, arg.value)
}

function numberOf(arg: Argument, columns: Columns): Expression | undefined {
  if (arg.kind === 'variable') {
    const cell = columns.get(arg.name)!
    return cell.kind === 'long' || isDouble(cell) ? cell : undefined
  }
  if (arg.kind !== 'constant') return undefined
  const type = numberType(arg.value)
  return type === 'long' || type === 'double' ? literal(type, arg.value) : undefined
}

function arithmetic(name: string, args: readonly Expression[]): Expression | undefined {
  const [x, y] = args
  switch (name) {
    case '+':
    case '*':
    case '-':
      if (args.length === 1) return name === '-' ? combined('-', literal('long', 0), x!) : x
      return args.slice(1).reduce((left, right) => combined(name, left, right), x!)
    case 'inc':
      return combined('+', x!, literal('long', 1))
    case 'dec':
      return combined('-', x!, literal('long', 1))
    case 'quot':
    case 'rem':
    case 'mod':
      return x!.kind === 'long' && y?.kind === 'long' ? divided(name, x!.sql, y.sql) : undefined
    default:
      return undefined
  }
}

/** Two longs give a long or stop; as soon as one is a double both are, and NaN stops, which SQL takes for equal to itself. */
function combined(operator: string, x: Expression, y: Expression): Expression {
  if (x.kind === 'long' && y.kind === 'long') return { kind: 'long', sql: `(${x.sql} ${operator} ${y.sql})` }
  const made = `(${doubled(x)} ${operator} ${doubled(y)})`
  // Adding zero makes 0.0 of −0.0.
  return { kind: 'double', sql: `CASE WHEN isnan(${made}) THEN ${failure('NaN')} ELSE ${made} + 0.0 END` }
}

function doubled(x: Expression): string {
  return isDouble(x) ? x.sql : `CAST(${x.sql} AS DOUBLE)`
}

/** SQL cuts quotients towards zero, as `quot` and `rem` do; `mod` floors. */
function divided(name: 'quot' | 'rem' | 'mod', x: string, y: string): Expression {
  const left = `(${x} % ${y})`
  const results = {
    quot: `${x} // ${y}`,
    rem: left,
    mod: `CASE WHEN ${left} <> 0 AND (${left} < 0) <> (${y} < 0) THEN ${left} + ${y} ELSE ${left} END`,
  }
  return {
    kind: 'long',
    sql: `CASE WHEN ${y} = 0 THEN ${failure('division by zero')} ELSE ${results[name]} END`,
  }
}

/** A cell as what a rule's table or a union wants. */
export function converted(kind: SqlKind, cell: Expression): Expression {
  if (cell.kind === kind) return cell
  if (kind === 'any') return asAny(cell)
  throw new Refusal('a parameter that is an entity in one rule only')
}
