// What a saved query must answer, asked again: by whoever checks it, however that one asks.

import { VarveError } from '../base/errors.ts'
import type { Expectation, SavedQuery } from './system/saved-queries.ts'

export type Found = { readonly resultHash: string; readonly rowCount: number }

export type ExpectationCheck = Pick<Expectation, 'name' | 'cursors'> & {
  readonly expected: Found
  readonly holds: boolean
  readonly found?: Found
  /** Why it could not be asked. */
  readonly error?: { readonly code: string; readonly message: string }
}

export type CheckedExpectations = { readonly holds: boolean; readonly checks: readonly ExpectationCheck[] }

/** Asks one after the other; what cannot be asked does not hold. */
export async function checkExpectations(
  { expectations }: SavedQuery,
  ask: (expectation: Expectation) => Promise<Found>,
): Promise<CheckedExpectations> {
  const checks: ExpectationCheck[] = []
  for (const expectation of expectations) checks.push(await checkOne(expectation, ask))
  return { holds: checks.every(({ holds }) => holds), checks }
}

async function checkOne(
  expectation: Expectation,
  ask: (expectation: Expectation) => Promise<Found>,
): Promise<ExpectationCheck> {
  const { name, cursors, ...expected } = expectation
  const told = {
    name,
    cursors,
    expected: { resultHash: expected.resultHash, rowCount: expected.rowCount },
  }
  try {
    const { resultHash, rowCount } = await ask(expectation)
    return { ...told, holds: resultHash === expected.resultHash, found: { resultHash, rowCount } }
  } catch (error) {
    if (!(error instanceof VarveError)) throw error
    const { code, message } = error
    return { ...told, holds: false, error: { code, message } }
  }
}
