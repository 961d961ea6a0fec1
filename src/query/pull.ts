// Pull asked on its own, beside `(pull …)` in a query. Where answers are long in coming (a service, a shell), it is asked
// as the question that it is, so that it runs where questions run, within their bounds; in this process one entity
// is pulled where the caller is, which takes less time than the way to a worker.

import type { Warning } from '../base/errors.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import { pull, type PullOptions } from '../engine/pull.ts'
import { readEdn } from '../fact/edn-reader.ts'
import type { Edn } from '../fact/value.ts'
import { sourceMissing } from './ask-errors.ts'
import type { AskRequest } from './ask.ts'
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

/** One form, so that it is parsed once. */
const PULL_QUESTION = readEdn('[:find (pull $ ?eid pattern) . :in $ ?eid pattern]').value

/** The pull as a question: its one value is what the pattern describes. Throws for a pattern that is none. */
export function pullRequest(
  database: DatabaseValue,
  pattern: Edn,
  eid: Edn,
  { timeoutMs, signal }: Pick<AskRequest, 'timeoutMs' | 'signal'>,
): AskRequest {
  // Read here, where the places of the form are known, as well as where it is asked.
  parsedPattern(pattern)
  return {
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(signal && { signal }),
    query: PULL_QUESTION,
    args: [eid, pattern].map((value) => ({ kind: 'value', value })),
    database,
    sourceNamed: (name) => Promise.reject(sourceMissing(`$${name}`)),
  }
}
