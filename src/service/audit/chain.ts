// What a link of the audit chain says, and its hash. Every intent and every outcome is one link; a link's hash covers the
// hash before it, so nothing in between can be changed, left out or put in without every later hash being another.
//
//   hash(link) = sha256(hash before · "\n" · the link as a JSON array)     the first has nothing before it
//   intent     = ["intent", seq, id, at, caller, caller kind, purpose or null, question hash, args, basis]
//   outcome    = ["outcome", seq, id, end, at, microseconds, rows or null, error or null, receipt or null]
//   question   = sha256(["question", action, text, attributes in their order by code unit])
//
// `at` is an ISO instant. Strings are as they stand in the facts, so a link can be written again from these alone.

import { sha256Hex } from '../../base/checksum.ts'

export type Question = {
  readonly action: string
  readonly text: string
  /** `database/:attribute`; `database/*` where it can be any. */
  readonly attributes: readonly string[]
}

export type IntentLink = {
  readonly seq: number
  readonly id: string
  readonly at: Date
  readonly caller: string
  readonly callerKind: string
  readonly purpose: string | undefined
  readonly questionHash: string
  /** EDN. */
  readonly args: string
  /** EDN. */
  readonly basis: string
}

export const OUTCOME_ENDS = ['answered', 'failed', 'refused', 'left'] as const
export type OutcomeEnd = (typeof OUTCOME_ENDS)[number]

export type OutcomeLink = {
  readonly seq: number
  /** Of the intent. */
  readonly id: string
  readonly end: OutcomeEnd
  readonly at: Date
  readonly durationUs: number
  readonly rows: number | undefined
  readonly error: string | undefined
  /** JSON. */
  readonly receipt: string | undefined
}

/** The hash before the first link. */
export const CHAIN_START = ''

export function questionHash({ action, text, attributes }: Question): string {
  return `sha256:${hashOf(JSON.stringify(['question', action, text, [...attributes].sort()]))}`
}

export function intentHash(before: string, link: IntentLink): string {
  const { seq, id, at, caller, callerKind, purpose = null, questionHash: question, args, basis } = link
  return linkHash(before, [
    'intent',
    seq,
    id,
    at.toISOString(),
    caller,
    callerKind,
    purpose,
    question,
    args,
    basis,
  ])
}

export function outcomeHash(before: string, link: OutcomeLink): string {
  const { seq, id, end, at, durationUs, rows = null, error = null, receipt = null } = link
  return linkHash(before, ['outcome', seq, id, end, at.toISOString(), durationUs, rows, error, receipt])
}

function linkHash(before: string, link: readonly (string | number | null)[]): string {
  return hashOf(`${before}\n${JSON.stringify(link)}`)
}

function hashOf(text: string): string {
  return sha256Hex(Buffer.from(text))
}
