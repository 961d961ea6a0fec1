// What can be wrong with a question once it meets facts: names that mean nothing, clauses that nobody can run,
// functions that fail on a row, and bounds that were reached. Datomic's codes where it has them.

import { VarveError, type Place, type Warning } from '../base/errors.ts'

function placed(place: Place | undefined): Readonly<Record<string, unknown>> {
  return place === undefined ? {} : { place }
}

/** A variable of :find or :with that no clause and no input binds. */
export function unboundFindVariable(name: string): VarveError {
  return new VarveError({
    code: 'db.error/unbound-query-variables',
    kind: 'incorrect',
    message: `${name} stands in :find or :with, but no clause binds it`,
    fix: 'Add a clause or an input that binds it, or leave it out',
    data: { variables: [name] },
  })
}

/** More or fewer arguments than :in asks for. */
export function inputCountWrong(expectedCount: number, givenCount: number): VarveError {
  return new VarveError({
    code: 'varve.error/input-count-wrong',
    kind: 'incorrect',
    message: `:in asks for ${expectedCount} inputs, ${givenCount} came`,
    fix: 'Give one argument for each input of :in, in its order',
    data: { expectedCount, givenCount },
  })
}

/** An argument that does not have the shape its binding asks for. */
export function inputShapeWrong(value: string, shape: string, binding: string): VarveError {
  return new VarveError({
    code: 'varve.error/input-shape-wrong',
    kind: 'incorrect',
    message: `${binding} of :in takes ${shape}, and ${value} came`,
    fix: 'Match the argument to its form in :in: ?x a value, [?x ...] many, [?x ?y] a row, [[?x ?y]] rows',
    data: { value, shape, binding },
  })
}

/** nil given as an input. */
export function inputNil(binding: string): VarveError {
  return new VarveError({
    code: 'db.error/nil-input',
    kind: 'incorrect',
    message: `The input for ${binding} is nil`,
    fix: 'Give a value, or an empty collection where none should match',
    data: { binding },
  })
}

/** A result that a function's binding form cannot take apart. */
export function resultShapeWrong(value: string, shape: string): VarveError {
  return new VarveError({
    code: 'varve.error/result-shape-wrong',
    kind: 'incorrect',
    message: `The result ${value} is not ${shape}`,
    fix: 'Match the binding form of the clause to what its function returns',
    data: { value, shape },
  })
}

/** A call to a rule that :in % did not bring. */
export function ruleUnknown(name: string, nearest: string | undefined, place: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/rule-unknown',
    kind: 'incorrect',
    message: `No rule is called ${name}`,
    fix: nearest === undefined ? 'Give the rules as an input and name % in :in' : `Did you mean ${nearest}?`,
    data: { name, nearest, ...placed(place) },
  })
}

/** A rule called with more or fewer arguments than its head has. */
export function ruleArityWrong(
  name: string,
  expectedCount: number,
  givenCount: number,
  place: Place | undefined,
): VarveError {
  return new VarveError({
    code: 'varve.error/rule-arity-wrong',
    kind: 'incorrect',
    message: `Rule ${name} takes ${expectedCount} arguments, the call has ${givenCount}`,
    fix: 'Give one argument for each parameter of the head; _ for those that do not matter',
    data: { name, expectedCount, givenCount, ...placed(place) },
  })
}

/** A rule that depends on its own absence. */
export function recursionThroughNot(name: string, place: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/recursion-through-not',
    kind: 'incorrect',
    message: `Rule ${name} depends on itself through a not`,
    fix: 'Take the recursion out of the not: first find what holds, then negate it',
    data: { name, ...placed(place) },
  })
}

/** A function, predicate or aggregate that is not on the documented list. */
export function functionUnknown(
  name: string,
  nearest: string | undefined,
  place: Place | undefined,
): VarveError {
  return new VarveError({
    code: 'varve.error/function-unknown',
    kind: 'incorrect',
    message: `No function is called ${name}`,
    fix: nearest === undefined ? 'See the list of functions in the reference' : `Did you mean ${nearest}?`,
    data: { name, nearest, ...placed(place) },
  })
}

/** A function that exists in the dialect and that this engine does not have. */
export function functionUnsupported(name: string, place: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/function-unsupported',
    kind: 'unsupported',
    message: `${name} is not supported inside a query`,
    fix: 'Ask in two steps: run the inner question first and give its answer as an input',
    data: { name, ...placed(place) },
  })
}

/** Arguments that a function has no meaning for. */
export function argumentsWrong(name: string, expected: string, given: readonly string[]): VarveError {
  return new VarveError({
    code: 'varve.error/function-arguments-wrong',
    kind: 'incorrect',
    message: `(${[name, ...given].join(' ')}): ${expected}`,
    fix: 'Test the value with a predicate first (number?, string?, …), or mend the arguments',
    data: { name, given },
  })
}

/** A long that does not fit 64 bits. */
export function longOverflow(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/long-overflow',
    kind: 'incorrect',
    message: `The result of ${name} does not fit a long of 64 bits`,
    fix: 'Make one operand a bigint (1N) or a double (1.0)',
    data: { name },
  })
}

export function divisionByZero(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/division-by-zero',
    kind: 'incorrect',
    message: `${name} divides by zero`,
    fix: 'Leave out rows with a zero divisor by a clause such as [(not= ?x 0)]',
    data: { name },
  })
}

/** A decimal quotient without an end. */
export function decimalInexact(): VarveError {
  return new VarveError({
    code: 'varve.error/decimal-inexact',
    kind: 'incorrect',
    message: 'The quotient of two decimals has no exact decimal expansion',
    fix: 'Divide as doubles: (double ?x)',
  })
}

/** A pattern outside the RE2 subset. */
export function regexWrong(pattern: string, reason: string): VarveError {
  return new VarveError({
    code: 'varve.error/regex-invalid',
    kind: 'incorrect',
    message: `The regular expression ${pattern} is not valid: ${reason}`,
    fix: 'Use RE2 syntax: no look-around, no back references',
    data: { pattern, reason },
  })
}

/** The error with the place of the clause in which it arose, unless it knows a nearer one. */
export function withPlace(error: unknown, place: Place | undefined): unknown {
  if (!(error instanceof VarveError) || place === undefined || error.data['place'] !== undefined) return error
  const { code, kind, message, fix, data, cause } = error
  return new VarveError({ code, kind, message, fix, data: { ...data, place }, cause })
}

const TOO_MUCH: readonly string[] = [
  'varve.error/too-many-rows',
  'varve.error/query-out-of-memory',
  'varve.error/query-timeout',
]

/** An error of a question that was too much, with what its plan was warned about: that is mostly why. */
export function withWarnings(error: unknown, warnings: readonly Warning[]): unknown {
  const isTooMuch = error instanceof VarveError && TOO_MUCH.includes(error.code)
  const [first] = warnings
  if (!isTooMuch || first === undefined) return error
  const { code, kind, message, data } = error
  const fix = `${first.message}. ${first.fix}`
  return new VarveError({ code, kind, message, fix, data: { ...data, warnings }, cause: error })
}

/** An answer, or a relation on the way to it, larger than the bound. */
export function tooManyRows(rowCountMax: number, where: string): VarveError {
  return new VarveError({
    code: 'varve.error/too-many-rows',
    kind: 'incorrect',
    message: `More than ${rowCountMax} rows in ${where}`,
    fix: 'Join clauses by a shared variable, bind more, aggregate, or raise the bound on rows',
    data: { rowCountMax, where },
  })
}

/** A question that needs more bytes than it may hold; `where` is the step that wanted more. */
export function queryOutOfMemory(need: {
  readonly memoryBytesMax: number
  readonly heldBytes: number
  readonly where: string
  readonly place: Place | undefined
}): VarveError {
  const { memoryBytesMax, heldBytes, where, place } = need
  return new VarveError({
    code: 'varve.error/query-out-of-memory',
    kind: 'incorrect',
    message: `The query needs more memory than it may have: ${heldBytes} bytes of ${memoryBytesMax} in ${where}`,
    fix: "Bind more in that clause, aggregate, ask shard by shard with (mod ?e n), ask with engine 'duckdb', which goes on to disk, or raise memoryBytes",
    data: { memoryBytesMax, heldBytes, where, ...placed(place) },
  })
}

export function queryTimeout(): VarveError {
  return new VarveError({
    code: 'varve.error/query-timeout',
    kind: 'interrupted',
    message: 'The query did not finish in its time',
    fix: 'Bind more, look at clauses that share no variable, or give it more time',
  })
}

export function queryCancelled(reason: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/query-cancelled',
    kind: 'interrupted',
    message: 'The query was cancelled',
    fix: 'Ask again if the answer is still wanted',
    cause: reason,
  })
}
