// Varve's own functions, callable from SQL: what SQL has no equal for runs here, as it does in every other engine. SQL
// hands arguments over as text and takes texts back, since a function of DuckDB has one type.
//
//   varve_value(call, …)   the result, as the number of a value; null for nil
//   varve_text(kind, call, …)  the result as text of a kind, for results whose kind is known
//   varve_test(call, …)    true unless the result is nil or false
//   varve_rows(call, …)    the result taken apart by a binding: rows of numbers of values, `1,2;3,4`
//   varve_number(kind, text)   the number of the value that a cell holds
//   varve_constant(index)  the number of a constant of the question
//   varve_as(kind, number) the equal value of a kind, as text; null where there is none
//
// Nothing throws through DuckDB: the first failure is kept, and the question fails with it whatever the rows are.

import type * as duckdb from '@duckdb/node-api'
import { resultRows } from '../../engine/binding.ts'
import { isNotANumber } from '../../engine/arithmetic.ts'
import { isTruthy, VALUE_FUNCTIONS } from '../../engine/functions.ts'
import { VarveError } from '../../base/errors.ts'
import type { Edn } from '../../fact/value.ts'
import { Refusal } from '../../plan/refusal.ts'
import { equalText, fromText, type SqlKind } from './kinds.ts'
import type { Binding } from '../../plan/syntax.ts'
import type { SentArgument, SentCall } from './protocol.ts'
import { ValueList } from './value-list.ts'

type DuckDb = typeof duckdb
type Answered = string | bigint | boolean | null
type Text = string | null

/** What the functions of the question that runs now work with. */
export class QuestionValues {
  readonly values = new ValueList()
  readonly #constants: readonly Edn[]
  readonly #calls: readonly SentCall[]
  readonly #bindings: readonly (Binding | undefined)[]
  readonly #isExact: boolean
  /** What went wrong in functions: the first of each code. */
  readonly #failures = new Map<string, { readonly error: unknown; readonly call: number }>()

  constructor(
    constants: readonly Edn[],
    calls: readonly SentCall[],
    bindings: readonly (Binding | undefined)[],
    isExact: boolean,
  ) {
    this.#isExact = isExact
    this.#constants = constants
    this.#calls = calls
    this.#bindings = bindings
  }

  get hasFailed(): boolean {
    return this.#failures.size > 0
  }

  /** True where nothing that comes can change what the question ends with. */
  get isOver(): boolean {
    return this.hasFailed && !this.#isExact
  }

  get failures(): readonly { readonly error: unknown; readonly call: number }[] {
    return [...this.#failures.values()]
  }

  fail(error: unknown, call: Text): void {
    const code = error instanceof VarveError && error.kind === 'incorrect' ? error.code : ''
    if (!this.#failures.has(code)) this.#failures.set(code, { error, call: Number(call) })
  }

  constant(index: number): Edn {
    return this.#constants[index]!
  }

  /** The value behind a cell that SQL hands over as text. */
  read(kind: SqlKind, text: Text): Edn {
    if (text === null) return null
    return kind === 'any' ? this.values.valueAt(Number(text)) : fromText(kind, text)
  }

  result(call: Text, args: readonly Text[]): Edn {
    const result = this.#run(this.#calls[Number(call)]!, args)
    // DuckDB's NaN equals itself.
    if (result !== null && isNotANumber(result)) throw new Refusal('NaN')
    return result
  }

  rows(call: Text, args: readonly Text[]): Text {
    const rows = resultRows(this.#bindings[Number(call)]!, this.result(call, args))
    if (rows.length === 0) return null
    return rows.map((row) => row.map((value) => this.values.numberOf(value)).join(',')).join(';')
  }

  #run({ name, args }: SentCall, texts: readonly Text[]): Edn {
    return VALUE_FUNCTIONS.get(name)!(args.map((arg) => this.#argument(arg, texts)))
  }

  #argument(arg: SentArgument, texts: readonly Text[]): Edn {
    switch (arg.kind) {
      case 'column':
        return this.read(arg.of, texts[arg.place]!)
      case 'constant':
        return this.constant(arg.index)
      case 'call':
        return this.#run(arg.call, texts)
    }
  }
}

/** Makes the functions known to a connection; `current` gives the question that runs. */
export function registerFunctions(
  connection: duckdb.DuckDBConnection,
  { DuckDBScalarFunction, VARCHAR, BIGINT, BOOLEAN }: DuckDb,
  current: () => QuestionValues,
): void {
  const register = (
    name: string,
    returnType: typeof VARCHAR | typeof BIGINT | typeof BOOLEAN,
    run: (question: QuestionValues, first: Text, ...rest: readonly Text[]) => Answered,
  ): void => {
    connection.registerScalarFunction(
      DuckDBScalarFunction.create({
        name,
        returnType,
        varArgsType: VARCHAR,
        // Without it DuckDB answers null where an argument is null.
        specialHandling: true,
        mainFunction: (_info, chunk, output) => {
          const question = current()
          const vectors = Array.from({ length: chunk.columnCount }, (_, at) => chunk.getColumnVector(at))
          for (let row = 0; row < chunk.rowCount; row++) {
            const [first = null, ...rest] = vectors.map((vector) => vector.getItem(row) as Text)
            output.setItem(
              row,
              resultOf(question, name === 'varve_text' ? rest[0]! : first, () =>
                run(question, first, ...rest),
              ),
            )
          }
          output.flush()
        },
      }),
    )
  }
  register('varve_value', BIGINT, (question, call, ...args) =>
    numberOf(question, question.result(call, args)),
  )
  register('varve_text', VARCHAR, (question, kind, call, ...args) => {
    const result = question.result(call ?? null, args)
    if (result === null) return null
    const text = equalText(kind as SqlKind, result)
    if (text === undefined) throw new Refusal('a result of another type')
    return text
  })
  register('varve_test', BOOLEAN, (question, call, ...args) => isTruthy(question.result(call, args)))
  register('varve_rows', VARCHAR, (question, call, ...args) => question.rows(call, args))
  register('varve_number', BIGINT, (question, kind, text = null) =>
    numberOf(question, question.read(kind as SqlKind, text)),
  )
  register('varve_constant', BIGINT, (question, index) =>
    numberOf(question, question.constant(Number(index))),
  )
  register('varve_as', VARCHAR, (question, kind, number = null) =>
    number === null ? null : (equalText(kind as SqlKind, question.values.valueAt(Number(number))) ?? null),
  )
}

/** A function that failed gives null; the question fails later, when nobody waits within DuckDB. */
function resultOf(question: QuestionValues, call: Text, run: () => Answered): Answered {
  if (question.isOver) return null
  try {
    return run()
  } catch (error) {
    question.fail(error, call)
    return null
  }
}

function numberOf(question: QuestionValues, value: Edn): bigint | null {
  return value === null ? null : BigInt(question.values.numberOf(value))
}
