// What a command ends with when it fails: 2 for wrong usage, 124 for time that ran out, 1 for all else.

import { VarveError } from '../base/errors.ts'

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof VarveError)) return 1
  if (error.code === 'varve.error/usage') return 2
  return error.code === 'varve.error/query-timeout' ? 124 : 1
}
