// The budget of a question without bounds, for tests of what takes one.

import { Budget } from '../engine/budget.ts'
import type { EngineLimits } from '../plan/engine.ts'

export const NO_BOUNDS: EngineLimits = {
  deadlineMs: Infinity,
  rowCountMax: Infinity,
  memoryBytesMax: Infinity,
}

export function noBounds(): Budget {
  return Budget.of(NO_BOUNDS, () => 0)
}
