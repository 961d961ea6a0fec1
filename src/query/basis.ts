// The cursor at which a database value is asked again.

import type { T } from '../fact/attribute.ts'
import type { DatabaseValue } from '../database/database-value.ts'

/** The as-of t where there is one, else the last t that the value includes; of a speculation that of what it was made on. */
export function basisOf({ ref }: DatabaseValue): T {
  return ref.steps.reduce((t, step) => (step.kind === 'as-of' ? Math.min(t, step.t) : t), ref.basisT)
}
