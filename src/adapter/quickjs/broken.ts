import type { VarveError } from '../../base/errors.ts'

/** What came of something that the sandbox did not survive: its thread is to be thrown away. */
export class Broken extends Error {
  readonly error: VarveError

  constructor(error: VarveError) {
    super(error.message)
    this.error = error
  }
}
