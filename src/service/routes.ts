// What HTTP offers: one entry per route, with what OpenAPI says of it and the function that answers.

import type { HttpRequest, HttpResponse } from '../base/env.ts'
import type { T } from '../fact/attribute.ts'
import { TX_BASE } from '../fact/attribute.ts'
import { type Edn, EdnMap, keyword, Keyword } from '../fact/value.ts'
import { schemaForms } from '../fact/schema-forms.ts'
import type { Connection } from '../database/connection.ts'
import { Writer } from '../database/writer.ts'
import { ask, ASK_LIMITS } from '../query/ask.ts'
import { atMoment, type MomentRequest } from '../query/moment.ts'
import { requestParts } from '../query/parsed.ts'
import { pullEntity } from '../query/pull.ts'
import { shapeAnswer } from '../engine/shape.ts'
import { answerBody, type Field, type Fields, type Notation, type Plain, readFields, Valued } from './body.ts'
import { confirmationMissing, fieldInvalid } from './errors.ts'
import type { Service } from './handler.ts'
import { openApi } from './openapi.ts'

export type RouteContext = {
  readonly service: Service
  readonly request: HttpRequest
  readonly notation: Notation
  /** Values of `:name` places of the path. */
  readonly parameters: Readonly<Record<string, string>>
  readonly search: URLSearchParams
}

export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly about: string
  /** Fields of the body, with what each is. */
  readonly fields: Readonly<Record<string, string>>
  readonly answer: (context: RouteContext) => Promise<HttpResponse>
}

const ASK_FIELDS = {
  query: 'the query: EDN text, or its form',
  args: 'arguments for the inputs of :in that are no sources',
  database: 'the database that $ means',
  asOf: 'an instant for all databases, or a t where one is asked',
  cursors: 'a t for each database, as an answer gives them under basis',
  timeoutMs: 'milliseconds after which the query is given up',
  limit: 'rows to keep, the first in the total order',
}

export const ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/databases',
    about: 'All databases',
    fields: {},
    answer: async (context) => {
      const { catalog } = context.service
      const infos = await Promise.all(
        catalog.list().map(async ({ name }) => describe(await catalog.connection(name))),
      )
      return ok(context, { databases: infos })
    },
  },
  {
    method: 'PUT',
    path: '/v1/databases/:name',
    about: 'Creates a database, or adds what its schema lacks',
    fields: { schema: 'schema as EDN text or as forms', alias: 'short name, for $alias in queries' },
    answer: async (context) => {
      const { name } = context.parameters
      const fields = await fieldsOf(context, ['schema', 'alias'])
      const alias = fields.form('alias', 'value')
      if (alias !== undefined && typeof alias !== 'string') throw fieldInvalid('alias', 'a text')
      const schema = fields.form('schema', 'schema')
      const existed = context.service.catalog.list().some((info) => info.name === name)
      const connection = await context.service.catalog.create(name!, {
        ...(alias !== undefined && { alias }),
        ...(schema !== undefined && { schema }),
      })
      return answerBody(existed ? 200 : 201, describe(connection), context.notation)
    },
  },
  {
    method: 'GET',
    path: '/v1/databases/:name',
    about: 'One database',
    fields: {},
    answer: async (context) => ok(context, describe(await connectionOf(context))),
  },
  {
    method: 'DELETE',
    path: '/v1/databases/:name',
    about: 'Deletes a database for ever; needs ?confirm=NAME',
    fields: {},
    answer: async (context) => {
      const { name } = (await connectionOf(context)).info
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
    fields: {},
    answer: async (context) => {
      const { schema } = (await connectionOf(context)).value()
      return ok(context, { schema: new Valued(schemaForms(schema)) })
    },
  },
  {
    method: 'GET',
    path: '/v1/databases/:name/log',
    about: 'Transactions from ?from, included, to ?to, excluded: each a t or an instant; at most ?limit',
    fields: {},
    answer: logRoute,
  },
  {
    method: 'POST',
    path: '/v1/databases/:name/transact',
    about: 'Applies a transaction, whole or not at all; answers once it is on disk',
    fields: {
      tx: 'operations as EDN text or forms',
      meta: 'facts about the transaction itself',
      idempotencyKey: 'sent again with the same content, nothing is applied again',
    },
    answer: transactRoute,
  },
  {
    method: 'POST',
    path: '/v1/query',
    about: 'Asks a query over one database or many',
    fields: ASK_FIELDS,
    answer: queryRoute,
  },
  {
    method: 'POST',
    path: '/v1/pull',
    about: 'What a pattern describes of one entity',
    fields: {
      database: 'name or alias',
      pattern: 'a pull pattern as EDN text or form',
      eid: 'an entity id, a lookup ref or an ident',
      asOf: 'an instant or a t',
      cursors: 'a t for the database',
    },
    answer: pullRoute,
  },
  {
    method: 'GET',
    path: '/healthz',
    about: 'The process lives',
    fields: {},
    answer: async (context) => ok(context, { status: 'ok' }),
  },
  {
    method: 'GET',
    path: '/readyz',
    about: 'Every database can be asked',
    fields: {},
    answer: async (context) => {
      const { catalog } = context.service
      await Promise.all(catalog.list().map(({ name }) => catalog.connection(name)))
      return ok(context, { status: 'ready', databaseCount: catalog.list().length })
    },
  },
  {
    method: 'GET',
    path: '/metrics',
    about: 'Figures in the text format of Prometheus',
    fields: {},
    answer: async ({ service }) => {
      const { catalog, metrics } = service
      const gauges: Record<string, number> = {
        varve_process_resident_bytes: catalog.env.processes.memory().residentBytes,
      }
      for (const { name } of catalog.list()) {
        const { basisT } = (await catalog.connection(name)).value()
        gauges[`varve_database_basis_t{database="${name}"}`] = basisT
      }
      return {
        status: 200,
        headers: { 'content-type': 'text/plain; version=0.0.4' },
        body: metrics.write(gauges),
      }
    },
  },
  {
    method: 'GET',
    path: '/openapi.json',
    about: 'This description',
    fields: {},
    answer: async () => ({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(openApi(ROUTES)),
    }),
  },
]

export function matchRoute(
  method: string,
  path: string,
): { readonly route: Route; readonly parameters: Readonly<Record<string, string>> } | undefined {
  const parts = path.split('/')
  for (const route of ROUTES) {
    if (route.method !== method) continue
    const wanted = route.path.split('/')
    if (wanted.length !== parts.length) continue
    const parameters: Record<string, string> = {}
    const isMatch = wanted.every((part, i) => {
      if (!part.startsWith(':')) return part === parts[i]
      parameters[part.slice(1)] = decodePart(parts[i]!)
      return parts[i] !== ''
    })
    if (isMatch) return { route, parameters }
  }
  return undefined
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function ok(context: RouteContext, fields: Readonly<Record<string, Field>>): HttpResponse {
  return answerBody(200, fields, context.notation)
}

function fieldsOf(context: RouteContext, known: readonly string[]): Promise<Fields> {
  return readFields(context.request, context.service.limits.bodyBytesMax, known)
}

function connectionOf({ service, parameters }: RouteContext): Promise<Connection> {
  return service.catalog.connection(parameters['name']!)
}

function describe(connection: Connection): { readonly [key: string]: Plain } {
  const { name, alias, id } = connection.info
  return { name, alias, id, basisT: connection.value().basisT, isWritable: connection instanceof Writer }
}

async function transactRoute(context: RouteContext): Promise<HttpResponse> {
  const fields = await fieldsOf(context, ['tx', 'meta', 'idempotencyKey'])
  const tx = fields.form('tx', 'transaction')
  if (tx === undefined) throw fieldInvalid('tx', 'a vector of operations, or its EDN text')
  const meta = fields.form('meta', 'transaction')
  if (meta !== undefined && !(meta instanceof EdnMap))
    throw fieldInvalid('meta', 'a map of attributes and values')
  const idempotencyKey = fields.form('idempotencyKey', 'value')
  if (idempotencyKey !== undefined && typeof idempotencyKey !== 'string')
    throw fieldInvalid('idempotencyKey', 'a text')
  const writer = await context.service.catalog.writer(context.parameters['name']!)
  const outcome = await writer.transact({
    tx,
    isPlainData: fields.notation === 'json',
    ...(meta !== undefined && { meta }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  })
  return ok(context, {
    t: outcome.t,
    txInstant: new Valued(new Date(outcome.txInstantMs)),
    tempids: new Valued(new EdnMap([...outcome.tempids])),
    datomCount: outcome.datoms.length,
    warnings: [...fields.warnings, ...outcome.warnings] as Plain,
  })
}

async function queryRoute(context: RouteContext): Promise<HttpResponse> {
  const fields = await fieldsOf(context, Object.keys(ASK_FIELDS))
  const form = fields.form('query', 'query')
  if (form === undefined) throw fieldInvalid('query', 'a query as EDN text or form')
  // The query may itself be text of a whole request, as people paste it.
  const parts = requestParts(form, fields.places)
  const args = fields.form('args', 'arguments') ?? parts.args ?? []
  if (!Array.isArray(args)) throw fieldInvalid('args', 'a list')
  const { service, request } = context
  const asOf = fields.form('asOf', 'instant') ?? parts.asOf
  const moment = { ...momentOf(asOf, fields.form('cursors', 'value')), signal: request.signal }
  const database = fields.form('database', 'value')
  const sourceNamed = (name: string) => atMoment(service.catalog, name, moment)
  const limit = countOf(fields, 'limit')
  const timeoutMs = countOf(fields, 'timeoutMs')
  const asked = await ask(
    {
      query: parts.query,
      args: (args as readonly Edn[]).map((value) => ({ kind: 'value', value })),
      sourceNamed,
      ...(typeof database === 'string' && { database: await sourceNamed(database) }),
      ...(limit !== undefined && { limit }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      signal: request.signal,
    },
    service.runner,
    { ...ASK_LIMITS, rowCountMax: service.limits.rowCountMax, timeoutMsMax: service.limits.timeoutMsMax },
  )
  return ok(context, {
    result: new Valued(shapeAnswer(asked.query, asked.answer)),
    columns: asked.answer.columns,
    basis: asked.basis,
    warnings: [...fields.warnings, ...parts.warnings, ...asked.warnings] as Plain,
    truncated: asked.answer.isTruncated ? true : undefined,
  })
}

async function pullRoute(context: RouteContext): Promise<HttpResponse> {
  const fields = await fieldsOf(context, ['database', 'pattern', 'eid', 'asOf', 'cursors'])
  const database = fields.form('database', 'value')
  if (typeof database !== 'string') throw fieldInvalid('database', 'the name of a database')
  const pattern = fields.form('pattern', 'pattern')
  if (pattern === undefined) throw fieldInvalid('pattern', 'a pull pattern')
  const eid = fields.form('eid', 'transaction')
  if (eid === undefined) throw fieldInvalid('eid', 'an entity id, a lookup ref or an ident')
  const moment = momentOf(fields.form('asOf', 'instant'), fields.form('cursors', 'value'))
  const value = await atMoment(context.service.catalog, database, moment)
  const { result, warnings } = await pullEntity(value, pattern, eid)
  const basis = {
    [value.database]: value.ref.steps.reduce((t, step) => (step.kind === 'as-of' ? step.t : t), value.basisT),
  }
  return ok(context, {
    result: new Valued(result),
    basis,
    warnings: [...fields.warnings, ...warnings] as Plain,
  })
}

/** Transactions that one answer holds at most; the caller goes on from `nextT`. */
const LOG_TRANSACTION_COUNT_MAX = 10_000

async function logRoute(context: RouteContext): Promise<HttpResponse> {
  const connection = await connectionOf(context)
  const value = connection.value()
  const point = (name: string, otherwise: T): T => {
    const text = context.search.get(name)
    if (text === null) return otherwise
    if (/^\d+$/.test(text)) return Number(text)
    const ms = Date.parse(text)
    if (Number.isNaN(ms)) throw fieldInvalid(name, 'a t or an instant')
    return value.facts.tAt(ms - 1) + 1
  }
  const countMax = Math.min(
    Number(context.search.get('limit') ?? LOG_TRANSACTION_COUNT_MAX),
    LOG_TRANSACTION_COUNT_MAX,
  )
  if (!(countMax > 0)) throw fieldInvalid('limit', 'a positive number')
  const range = {
    from: point('from', 0),
    to: point('to', Infinity),
    isLive: false,
    signal: context.request.signal,
  }
  const items: Edn[] = []
  let nextT: T | undefined
  for await (const { t, txInstantMs, datoms } of connection.transactions(range)) {
    if (items.length >= countMax) {
      nextT = t
      break
    }
    const rows = datoms.map(({ e, a, v, added }) => [e, value.schema.attribute(a)?.ident ?? a, v, added])
    items.push(
      new EdnMap([
        [keyword('t'), t],
        [keyword('tx'), TX_BASE + t],
        [keyword('txInstant'), new Date(txInstantMs)],
        [keyword('datoms'), rows],
      ]),
    )
  }
  return ok(context, { transactions: new Valued(logItems(items, context.notation)), nextT })
}

/** In JSON the items have plain names, not keywords. */
function logItems(items: readonly Edn[], notation: Notation): Edn {
  if (notation === 'edn') {
    return items.map((item) =>
      renamed(item as EdnMap, (name) => keyword(name === 'txInstant' ? 'tx-instant' : name)),
    )
  }
  return items.map((item) => renamed(item as EdnMap, (name) => name))
}

function renamed(map: EdnMap, rename: (name: string) => Edn): EdnMap {
  return new EdnMap(map.entries.map(([key, value]) => [rename((key as Keyword).text), value]))
}

function momentOf(asOf: Edn | undefined, cursors: Edn | undefined): MomentRequest {
  const moment: { asOf?: Date | T; cursors?: Record<string, T> } = {}
  if (asOf !== undefined) {
    if (!(asOf instanceof Date) && !(typeof asOf === 'number' && asOf >= 0))
      throw fieldInvalid('asOf', 'an instant or a t')
    moment.asOf = asOf
  }
  if (cursors !== undefined) {
    if (!(cursors instanceof EdnMap)) throw fieldInvalid('cursors', 'a map from database to t')
    moment.cursors = {}
    for (const [name, t] of cursors.entries) {
      const text = name instanceof Keyword ? name.text : name
      if (typeof text !== 'string' || typeof t !== 'number' || !(t >= 0))
        throw fieldInvalid('cursors', 'a map from database to t')
      moment.cursors[text] = t
    }
  }
  return moment
}

function countOf(fields: Fields, name: string): number | undefined {
  const value = fields.form(name, 'value')
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value <= 0)
    throw fieldInvalid(name, 'a positive whole number')
  return value
}
