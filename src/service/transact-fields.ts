// What transacting and speculating share: the fields of a transaction, and what is told of its outcome.

import { withLine } from '../fact/path-place.ts'
import { type Edn, EdnMap } from '../fact/value.ts'
import type { TransactOutcome, TransactRequest } from '../database/writer.ts'
import type { PlaceOf } from '../plan/spot.ts'
import { type Field, Valued, warningFields } from './answer.ts'
import { ANY, COUNT, FLAG, INSTANT, list, mapOf, shape, tuple } from './answer-schema.ts'
import type { Fields } from './body.ts'
import { datomRows } from './datom-rows.ts'
import { fieldInvalid } from './errors.ts'
import { booleanOf, dataOf } from './route.ts'

export const TRANSACTION_FIELDS = {
  tx: { type: ['string', 'array'], about: 'operations: EDN text, or transaction data' },
  meta: { type: 'object', about: 'facts about the transaction itself' },
  strict: {
    type: 'boolean',
    about: 'makes an error of the warning that a function read what another operation writes',
  },
} as const

export const OUTCOME = {
  t: COUNT,
  txInstant: INSTANT,
  tempids: mapOf(COUNT),
  datomCount: COUNT,
  warnings: list(shape('Warning')),
}

export const DATOMS = { datoms: list(tuple(COUNT, ANY, ANY, FLAG)) }

export type SentTransaction = {
  readonly request: TransactRequest
  readonly form: Edn
  readonly placeOf: PlaceOf
}

export function transactionOf(fields: Fields): SentTransaction {
  const tx = dataOf(fields, 'tx', 'transaction')
  if (tx === undefined || !Array.isArray(tx.form))
    throw fieldInvalid('tx', 'a vector of operations, or its EDN text')
  const meta = fields.form('meta', 'transaction')
  if (meta !== undefined && !(meta instanceof EdnMap))
    throw fieldInvalid('meta', 'a map of attributes and values')
  const { form, placeOf, isPlainData } = tx
  const request = {
    tx: form,
    isPlainData,
    ...(booleanOf(fields, 'strict') && { isStrict: true }),
    ...(meta !== undefined && { meta }),
  }
  return { request, form, placeOf }
}

/** Errors about the transaction learn where in it they are. */
export async function pointed<R>({ form, placeOf }: SentTransaction, working: Promise<R>): Promise<R> {
  try {
    return await working
  } catch (error) {
    throw withLine(error, form, placeOf)
  }
}

export function outcomeFields(outcome: TransactOutcome): Record<string, Field> {
  const { t, txInstantMs, tempids, datoms, warnings } = outcome
  return {
    t,
    txInstant: new Valued(new Date(txInstantMs)),
    tempids: new Valued(new EdnMap([...tempids])),
    datomCount: datoms.length,
    warnings: warningFields(warnings),
  }
}

export function datomsField({ datoms, after }: TransactOutcome): Record<string, Field> {
  return { datoms: new Valued(datomRows(datoms, after.schema)) }
}
