// The databases of the service: listing, creating, deleting, their schemas, and transactions.

import type { HttpResponse } from '../base/env.ts'
import { traced } from '../base/span.ts'
import { withLine } from '../fact/path-place.ts'
import { schemaForms } from '../fact/schema-forms.ts'
import type { Connection } from '../database/connection.ts'
import { type TransactOutcome, Writer } from '../database/writer.ts'
import type { Plain } from '../fact/plain-edn.ts'
import { Valued } from './answer.ts'
import { afterArrival, WAIT_ABOUT, waitOf } from './arrivals.ts'
import { answerAudited, type AuditedRead } from './audit/audited.ts'
import { confirmationMissing } from './errors.ts'
import {
  booleanOf,
  connectionOf,
  countIn,
  dataOf,
  fieldsOf,
  flagOf,
  ok,
  type Route,
  type RouteContext,
  textOf,
} from './route.ts'
import { ANY, COUNT, list, mapOf, object, shape, TEXT } from './answer-schema.ts'
import {
  DATOMS,
  datomsField,
  OUTCOME,
  outcomeFields,
  pointed,
  TRANSACTION_FIELDS,
  transactionOf,
} from './transact-fields.ts'

const CREATE_FIELDS = {
  schema: { type: ['string', 'array'], about: 'schema: EDN text, or transaction data' },
  alias: { type: 'string', about: 'short name, for $alias in queries; the name if left out' },
} as const

const TRANSACT_FIELDS = {
  ...TRANSACTION_FIELDS,
  datoms: { type: 'boolean', about: 'true answers the facts that it added and retracted, too' },
  idempotencyKey: {
    type: 'string',
    about: 'sent again with the same content, nothing is applied again and the first answer comes again',
  },
} as const

export const DATABASE_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/databases',
    about: 'All databases',
    scope: 'query',
    answers: object({ databases: list(shape('Database')) }),
    search: { system: 'true lists those of the service itself, too' },
    answer: async (context) => {
      const { databases, service } = context
      const isAll = flagOf(context.search, 'system')
      const own = new Set(isAll ? [] : service.system.databaseNames())
      const infos = databases.list().filter(({ name }) => !own.has(name))
      const connections = await Promise.all(infos.map(({ name }) => databases.connection(name)))
      return ok(context, { databases: connections.map(describe) })
    },
  },
  {
    method: 'PUT',
    path: '/v1/databases/:name',
    about: 'Creates a database, or adds what its schema lacks',
    scope: 'transact',
    statuses: [200, 201],
    answers: shape('Database'),
    fields: CREATE_FIELDS,
    answer: answerCreate,
  },
  {
    method: 'GET',
    path: '/v1/databases/:name',
    about: 'One database',
    scope: 'query',
    answers: shape('Database'),
    search: { t: 'a t to wait for', waitMs: WAIT_ABOUT },
    answer: answerDescription,
  },
  {
    method: 'DELETE',
    path: '/v1/databases/:name',
    about: 'Deletes a database for ever; needs ?confirm=NAME',
    scope: 'manage',
    answers: object({ deleted: TEXT }),
    search: { confirm: 'the name again, as it stands in the path' },
    answer: async (context) => {
      const { name } = (await context.service.catalog.connection(context.parameters['name']!)).info
      if (context.search.get('confirm') !== context.parameters['name']) {
        throw confirmationMissing(context.parameters['name']!)
      }
      await context.service.catalog.delete(name)
      return ok(context, { deleted: name })
    },
  },
  {
    method: 'GET',
    path: '/v1/databases/:name/schema',
    about: 'The schema as transaction data',
    scope: 'query',
    answers: object({ schema: list(mapOf(ANY)), basisT: COUNT }),
    answer: async (context) => {
      const { facts, basisT } = await context.databases.seen((await connectionOf(context)).value())
      return ok(context, { schema: new Valued(schemaForms(facts)), basisT })
    },
  },
  {
    method: 'POST',
    path: '/v1/databases/:name/transact',
    about: 'Applies a transaction, whole or not at all; answers once it is on disk',
    scope: 'transact',
    answers: object(OUTCOME, DATOMS),
    fields: TRANSACT_FIELDS,
    requiredFields: ['tx'],
    answer: answerTransact,
  },
]

function describe(connection: Connection): { readonly [key: string]: Plain } {
  const { name, alias, id } = connection.info
  return { name, alias, id, basisT: connection.value().basisT, isWritable: connection instanceof Writer }
}

async function answerDescription(context: RouteContext): Promise<HttpResponse> {
  const { search } = context
  const waitMs = waitOf(search)
  const t = countIn(search, 't')
  if (waitMs === undefined || t === undefined) return ok(context, describe(await connectionOf(context)))
  const later = await afterArrival(context, { connection: await connectionOf(context), t, waitMs })
  return ok(later, describe(await connectionOf(later)))
}

async function answerCreate(context: RouteContext): Promise<HttpResponse> {
  const { catalog } = context.service
  const name = context.parameters['name']!
  const fields = await fieldsOf(context, CREATE_FIELDS, { recover: false })
  const alias = textOf(fields, 'alias')
  const schema = dataOf(fields, 'schema', 'schema')
  const existed = catalog.list().some((info) => info.name === name)
  if (existed) await context.databases.checkWhole(name)
  try {
    const connection = await catalog.create(name, {
      ...(alias !== undefined && { alias }),
      ...(schema !== undefined && { schema: schema.form }),
    })
    return await ok(context, describe(connection), existed ? 200 : 201)
  } catch (error) {
    throw schema === undefined ? error : withLine(error, schema.form, schema.placeOf)
  }
}

async function answerTransact(context: RouteContext): Promise<HttpResponse> {
  const { databases, parameters, service, span } = context
  await databases.checkWhole(parameters['name']!)
  // Those that the transaction may call.
  await service.procedures.current()
  const writer = await service.catalog.writer(parameters['name']!)
  const fields = await fieldsOf(context, TRANSACT_FIELDS, { recover: false })
  const sent = transactionOf(fields)
  const idempotencyKey = textOf(fields, 'idempotencyKey')
  const isTold = booleanOf(fields, 'datoms')
  const request = { ...sent.request, ...(idempotencyKey !== undefined && { idempotencyKey }) }
  const outcome = await traced(span, 'commit', (committing) => {
    committing?.set('db.namespace', writer.info.name)
    return pointed(sent, writer.transact(request))
  })
  const told = outcomeFields(outcome)
  // What was retracted tells what was there.
  return isTold
    ? answerAudited(context, transactRead(outcome), () => ok(context, { ...told, ...datomsField(outcome) }))
    : ok(context, told)
}

/** As the audit keeps it. */
function transactRead({ t, after }: TransactOutcome): AuditedRead {
  const { database } = after
  return {
    question: { action: 'transact', text: database, attributes: [`${database}/*`] },
    args: [t],
    basis: { [database]: t },
  }
}
