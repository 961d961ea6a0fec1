// What a question speculates: transactions that it brings along, and that its names of databases put on top of them, as
// "shop@42 with 0". Nothing is written. Whoever speculates learns from errors what is there, as whoever writes does: only
// callers that see all of a database may.

import type { DatabaseValue } from '../database/database-value.ts'
import { speculateTransaction } from '../database/writer.ts'
import { type Speculate, type Speculation, writeSpeculation } from '../query/speculation.ts'
import type { Fields } from './body.ts'
import { fieldInvalid, speculationUnknown, tooManySpeculations } from './errors.ts'
import type { RouteContext } from './route.ts'
import { pointed, type SentTransaction, TRANSACTION_FIELDS, transactionOf } from './transact-fields.ts'

/** Transactions of one request, and how often they are put on top of a database for it. */
const SPECULATION_COUNT_MAX = 16
const SPECULATING_COUNT_MAX = 64

const KNOWN = [...Object.keys(TRANSACTION_FIELDS), 'txInstant']

export const SPECULATION_FIELDS = {
  speculations: {
    type: 'array',
    about: `transactions that databases are asked with on top, by their places: "shop@42 with 0"; each tx, meta, strict and txInstant, when it is taken to be made; at most ${SPECULATION_COUNT_MAX}`,
  },
} as const

export type Said = Speculation & Partial<SentTransaction>

export function speculationsOf(fields: Fields, { service }: RouteContext): readonly Said[] {
  const said = fields.each('speculations', KNOWN)
  if (said === undefined) return []
  if (said.length > SPECULATION_COUNT_MAX) throw tooManySpeculations(SPECULATION_COUNT_MAX)
  const nowMs = service.catalog.env.clock.nowMs()
  return said.map((each) => {
    const at = each.form('txInstant', 'instant')
    if (at !== undefined && !(at instanceof Date)) throw fieldInvalid('txInstant', 'an instant')
    return { ...transactionOf(each), atMs: at?.getTime() ?? nowMs }
  })
}

/** What is speculated on top of a value, for the audit. */
export function speculationTexts({ ref }: DatabaseValue): readonly string[] {
  return ref.steps.flatMap((step) => (step.kind === 'with' && step.from !== undefined ? [step.from] : []))
}

/** Throws `varve.error/transact-restricted` before anything is looked at. */
export function speculateFor({ databases, service }: RouteContext, speculations: readonly Said[]): Speculate {
  let count = 0
  return async (value, place) => {
    const said = speculations[place]
    if (said === undefined) throw speculationUnknown(place, speculations.length)
    if (++count > SPECULATING_COUNT_MAX) throw tooManySpeculations(SPECULATING_COUNT_MAX)
    await databases.checkWhole(value.database)
    await service.procedures.current()
    const { request, atMs, form, placeOf = () => undefined } = said
    const speculating = value.read((of) => {
      const { datoms } = speculateTransaction(of, request, atMs, service.catalog.functions)
      return of.with(datoms, writeSpeculation(said))
    })
    return form === undefined ? speculating : pointed({ request, form, placeOf }, speculating)
  }
}
