// Moments as users give them: a t of the database, or a Date. What is neither is told before anything is asked.

import { VarveError } from '../base/errors.ts'
import type { Moment } from './types/interfaces.ts'

/** The moment itself; throws `varve.error/moment-invalid` for what is none. */
export function checkedMoment(moment: Moment): Moment {
  if (typeof moment === 'number' ? Number.isSafeInteger(moment) && moment >= 0 : isInstant(moment))
    return moment
  throw new VarveError({
    code: 'varve.error/moment-invalid',
    kind: 'incorrect',
    message: `${shown(moment)} is no moment`,
    fix: "Give a t of the database (a whole number from 0), or a Date: new Date('2014-11-15')",
  })
}

function isInstant(moment: unknown): boolean {
  return moment instanceof Date && !Number.isNaN(moment.getTime())
}

function shown(moment: unknown): string {
  if (moment instanceof Date) return 'An invalid Date'
  return typeof moment === 'string' || typeof moment === 'number'
    ? String(moment)
    : `A value of type ${typeof moment}`
}
