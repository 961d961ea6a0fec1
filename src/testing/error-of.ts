// The error that something failed with, for tests that look at more than its code.

import { assert } from '../base/assert.ts'
import { VarveError } from '../base/errors.ts'

export async function errorOf(work: Promise<unknown>): Promise<VarveError> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert(thrown instanceof VarveError, `a VarveError was to be thrown, not ${String(thrown)}`)
  return thrown
}
