// What something is refused with: tests look at its code, place and fix.

import { VarveError } from '../base/errors.ts'

/** The VarveError that `run` throws; any other outcome fails the test. */
export function refusal(run: () => unknown): VarveError {
  try {
    run()
  } catch (error) {
    if (error instanceof VarveError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
