// Pull asked on its own, beside `(pull …)` in a query: parsed once per pattern, renewed when index files went.

import type { Warning } from '../base/errors.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import { pull, type PullOptions } from '../engine/pull.ts'
import type { Edn } from '../fact/value.ts'
import { parsedPattern } from './parsed.ts'

export type Pulled = { readonly result: Edn; readonly warnings: readonly Warning[] }

/** What the pattern (a form, or EDN text) describes of one entity; a null result where nothing is found. */
export async function pullEntity(
  value: DatabaseValue,
  pattern: Edn,
  eid: Edn,
  options: Pick<PullOptions, 'xform'> = {},
): Promise<Pulled> {
  const parsed = parsedPattern(pattern)
  const warnings: Warning[] = []
  const answer = (of: DatabaseValue): Edn =>
    pull(of.facts, parsed, eid, { ...options, warn: (warning) => warnings.push(warning) })
  return { result: await value.read(answer), warnings }
}
