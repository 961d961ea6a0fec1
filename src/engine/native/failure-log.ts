// Calls that failed on some row while operators ran. Such a row is left out; whether it makes an error of the question is
// found out when all is asked (find-failure.ts).

import { assert } from '../../base/assert.ts'
import { type Place, VarveError } from '../../base/errors.ts'
import { writtenAs } from '../../plan/written-as.ts'
import type { Clause } from '../../plan/syntax.ts'
import { withPlace } from '../errors.ts'
import { failureOf } from '../functions.ts'

export class FailureLog {
  /** Of the clauses that ways of failing are made of: what their calls failed with, each once. */
  readonly errors: VarveError[] = []
  readonly #numbers = new Map<string, number>()
  readonly #clauses = new Set<Clause>()

  /** The clauses of which a call failed, as they were written. */
  get clauses(): ReadonlySet<Clause> {
    return this.#clauses
  }

  clear(): void {
    this.#clauses.clear()
  }

  /** A call failed. Throws what is not about the row: a lost blob, a deadline. */
  note(call: Failing, error: unknown): void {
    failureOfRow(call, error)
    assert(call.clause !== undefined, 'what is called stands in a clause')
    this.#clauses.add(writtenAs(call.clause))
  }

  /** The number of the failure of a call. */
  numberOf(call: Failing, error: unknown): number {
    const failure = failureOfRow(call, error)
    const key = `${failure.code} ${failure.message}`
    let number = this.#numbers.get(key)
    if (number === undefined) this.#numbers.set(key, (number = this.errors.push(failure) - 1))
    return number
  }
}

export type Failing = { readonly name: string; readonly clause?: Clause | undefined }

function failureOfRow({ name, clause }: Failing, error: unknown): VarveError {
  const place: Place | undefined = clause?.place
  const failure = withPlace(failureOf(name, error), place)
  if (!(failure instanceof VarveError) || failure.kind !== 'incorrect') throw failure
  return failure
}
