// POST /v1/query and POST /v1/pull: questions about one database or many, at a moment.

import type { HttpResponse } from '../base/env.ts'
import { withLine } from '../fact/path-place.ts'
import type { Edn } from '../fact/value.ts'
import type { Warning } from '../base/errors.ts'
import type { ExplainedPart, ExplainMode } from '../plan/explain.ts'
import { type AskRequest, explainPrepared, type PreparedQuestion } from '../query/ask.ts'
import { requestParts } from '../query/parsed.ts'
import { askArgument } from '../query/pinned.ts'
import { pullRequest } from '../query/pull.ts'
import { typedReference } from '../plan/entity.ts'
import type { Plain } from '../fact/plain-edn.ts'
import { warningFields } from './answer.ts'
import { answerMeant, prepared } from './answer-meant.ts'
import { answerPrepared, RESULT_FORMATS } from './answer-result.ts'
import { fieldInvalid, notAcceptable } from './errors.ts'
import { mediaTypeOf } from './formats.ts'
import { BOUND_FIELDS, boundsOf, MOMENT_FIELDS, momentOf, pinnedBy } from './question-fields.ts'
import { sourcesAt } from './sources.ts'
import { SPECULATION_FIELDS, speculationsOf } from './speculations.ts'
import { countOf, fieldsOf, ok, type Route, type RouteContext, textOf } from './route.ts'
import { EXPLANATION, PULLED, RESULT } from './answer-schema.ts'

const QUERY_FIELDS = {
  query: { type: ['string', 'array', 'object'], about: 'the query: EDN text, or its form' },
  args: {
    type: 'array',
    about: 'arguments for the inputs of :in; #varve/db "shop@42 history" is a database, for a source',
  },
  database: {
    type: 'string',
    about: 'the database that $ means; behind its name @T, as-of MOMENT, since MOMENT, history, with PLACE',
  },
  ...MOMENT_FIELDS,
  ...BOUND_FIELDS,
  ...SPECULATION_FIELDS,
  explain: {
    type: ['boolean', 'string'],
    about: 'true answers what was done instead of the result, "plan" what would be done, without asking',
  },
} as const

export const QUERY_ROUTE: Route = {
  method: 'POST',
  path: '/v1/query',
  about: 'Asks a query over one database or many',
  scope: 'query',
  answers: { anyOf: [RESULT, EXPLANATION] },
  fields: QUERY_FIELDS,
  requiredFields: ['query'],
  formats: RESULT_FORMATS,
  answer: answerQuery,
}

const PULL_FIELDS = {
  database: {
    type: 'string',
    about: 'name or alias; behind it @T, as-of MOMENT, since MOMENT, history, with PLACE',
  },
  pattern: { type: ['string', 'array'], about: 'a pull pattern: EDN text, or its form' },
  eid: { type: ['integer', 'array', 'string'], about: 'an entity id, a lookup ref or an ident' },
  ...MOMENT_FIELDS,
  ...SPECULATION_FIELDS,
  timeoutMs: { type: 'integer', about: 'milliseconds after which the pull is given up' },
} as const

export const PULL_ROUTE: Route = {
  method: 'POST',
  path: '/v1/pull',
  about: 'What a pattern describes of one entity',
  scope: 'query',
  answers: PULLED,
  fields: PULL_FIELDS,
  requiredFields: ['database', 'pattern', 'eid'],
  answer: answerPull,
}

async function answerQuery(context: RouteContext): Promise<HttpResponse> {
  const { request } = context
  const fields = await fieldsOf(context, QUERY_FIELDS, { recover: true })
  const form = fields.form('query', 'query')
  if (form === undefined) throw fieldInvalid('query', 'a query as EDN text or form')
  // The query may itself be text of a whole request, as people paste it.
  const parts = requestParts(form, fields)
  const given = fields.form('args', 'arguments')
  const args = given ?? parts.args ?? []
  const isPlainData = given !== undefined && fields.notation === 'json'
  if (!Array.isArray(args)) throw fieldInvalid('args', 'a list')
  const moment = momentOf(fields, parts.asOf)
  const database = textOf(fields, 'database') ?? parts.database
  const bounds = boundsOf(fields, parts)
  const sourceNamed = sourcesAt(context, moment, bounds.timeoutMs, speculationsOf(fields, context))
  const question: AskRequest = {
    query: parts.query,
    args: await Promise.all(
      (args as readonly Edn[]).map((value) => askArgument(value, sourceNamed, isPlainData)),
    ),
    sourceNamed,
    ...(database !== undefined && { database: await sourceNamed(database) }),
    ...bounds,
    signal: request.signal,
  }
  const warnings = [...fields.warnings, ...parts.warnings]
  const mode = explainModeOf(fields.form('explain', 'value'))
  const asked = await prepared(context, question)
  if (mode !== undefined) return explained(context, asked, mode, warnings)
  return answerPrepared(context, asked, { kind: 'query', ...pinnedBy(moment), warnings })
}

/** What asking does, in place of the result. */
function explained(
  context: RouteContext,
  asked: PreparedQuestion,
  mode: ExplainMode,
  before: readonly Warning[],
): Promise<HttpResponse> {
  const { service, request, format, notation } = context
  if (format !== notation)
    throw notAcceptable(request.headers.get('accept') ?? '', [mediaTypeOf('json'), mediaTypeOf('edn')])
  return answerMeant(context, { kind: 'explain' }, asked, async () => {
    const { answer, basis, warnings } = await explainPrepared(asked, service.runner, mode)
    const { parts, sql: _sql, warnings: _warnings, ...told } = answer
    const fields = {
      explain: { ...told, parts: parts.map(partField) },
      basis,
      warnings: warningFields([...before, ...warnings]),
    }
    return { respond: () => ok(context, fields) }
  })
}

function partField({ parts, ...part }: ExplainedPart): Plain {
  return { ...part, parts: parts?.map(partField) }
}

function explainModeOf(given: Edn | undefined): ExplainMode | undefined {
  if (given === undefined || given === null || given === false) return undefined
  if (given === true) return 'run'
  if (given === 'plan' || given === 'run') return given
  throw fieldInvalid('explain', 'true or "plan"')
}

async function answerPull(context: RouteContext): Promise<HttpResponse> {
  const fields = await fieldsOf(context, PULL_FIELDS, { recover: true })
  const database = textOf(fields, 'database')
  if (database === undefined) throw fieldInvalid('database', 'the name of a database')
  const pattern = fields.form('pattern', 'pattern')
  if (pattern === undefined) throw fieldInvalid('pattern', 'a pull pattern')
  const eid = fields.form('eid', 'transaction')
  if (eid === undefined) throw fieldInvalid('eid', 'an entity id, a lookup ref or an ident')
  const moment = momentOf(fields)
  const timeoutMs = countOf(fields, 'timeoutMs')
  const value = await sourcesAt(context, moment, timeoutMs, speculationsOf(fields, context))(database)
  const entity = fields.notation === 'json' ? typedReference(eid, value.schema) : eid
  const question = pullRequest(value, pattern, entity, {
    signal: context.request.signal,
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
  try {
    const asked = await prepared(context, question)
    const asking = { kind: 'pull', ...pinnedBy(moment), warnings: fields.warnings } as const
    return await answerPrepared(context, asked, asking)
  } catch (error) {
    throw withLine(error, pattern, fields.placeOf)
  }
}
