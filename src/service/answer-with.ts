// POST /v1/databases/:name/with: what a transaction would do to a database, now or at a moment; nothing is written.

import type { HttpResponse } from '../base/env.ts'
import { speculateTransaction, type TransactOutcome } from '../database/writer.ts'
import { basisOf } from '../query/basis.ts'
import { object } from './answer-schema.ts'
import { answerAudited } from './audit/audited.ts'
import { fieldsOf, ok, type Route, type RouteContext } from './route.ts'
import { sourcesAt } from './sources.ts'
import { SPECULATION_FIELDS, speculationsOf, speculationTexts } from './speculations.ts'
import {
  DATOMS,
  datomsField,
  OUTCOME,
  outcomeFields,
  pointed,
  TRANSACTION_FIELDS,
  transactionOf,
} from './transact-fields.ts'

const WITH_FIELDS = { ...TRANSACTION_FIELDS, ...SPECULATION_FIELDS } as const

export const WITH_ROUTE: Route = {
  method: 'POST',
  path: '/v1/databases/:name/with',
  about: 'What a transaction would do; nothing is written',
  scope: 'query',
  answers: object({ ...OUTCOME, ...DATOMS }),
  fields: WITH_FIELDS,
  requiredFields: ['tx'],
  answer: answerWith,
}

async function answerWith(context: RouteContext): Promise<HttpResponse> {
  const { databases, parameters, service } = context
  const fields = await fieldsOf(context, WITH_FIELDS, { recover: false })
  const value = await sourcesAt(context, {}, undefined, speculationsOf(fields, context))(parameters['name']!)
  const { database } = value
  // Whoever speculates learns from errors what is there, as whoever writes does.
  await databases.checkWhole(database)
  await service.procedures.current()
  const sent = transactionOf(fields)
  const { clock } = service.catalog.env
  const speculate = (): Promise<TransactOutcome> =>
    value.read((of) => speculateTransaction(of, sent.request, clock.nowMs(), service.catalog.functions))
  const read = {
    question: { action: 'with', text: database, attributes: [`${database}/*`] },
    args: [sent.form, ...speculationTexts(value)],
    basis: { [database]: basisOf(value) },
  }
  return answerAudited(context, read, async () => {
    const outcome = await pointed(sent, speculate())
    return ok(context, { ...outcomeFields(outcome), ...datomsField(outcome) })
  })
}
