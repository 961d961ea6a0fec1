// Saved queries over HTTP: saved, found, run by name, compared, and held to what they must answer.

import type { HttpResponse } from '../base/env.ts'
import { kebabCase } from '../fact/plain-edn.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { type Edn, EdnMap, keyword } from '../fact/value.ts'
import type { AskRequest, PreparedQuestion } from '../query/ask.ts'
import type { MomentRequest } from '../query/moment.ts'
import { lineDifference, requestOfSaved, savedSources } from '../query/saved-query.ts'
import { type Field, Valued } from './answer.ts'
import { askMeant, prepared } from './answer-meant.ts'
import { answerPrepared, RESULT_FORMATS } from './answer-result.ts'
import { parameterInvalid } from './errors.ts'
import { checkExpectations } from './expectations.ts'
import { BOUND_FIELDS, boundsOf, MOMENT_FIELDS, momentOf, pinnedBy } from './question-fields.ts'
import { countOf, fieldsOf, ok, type Route, type RouteContext, textOf } from './route.ts'
import { checkQueryName, namedArguments, queryToSave } from './saved-query-forms.ts'
import { queriesFor, seenBy } from './caller-queries.ts'
import { sourcesAt } from './sources.ts'
import { expectationUnknown, notTheOwner } from './system/errors.ts'
import type { Expectation, QueryVersion, SavedQuery } from './system/saved-queries.ts'
import { COUNT, FLAG, HASH, list, mapOf, object, RESULT, shape, TEXT } from './answer-schema.ts'

const SAVE_FIELDS = {
  query: { type: ['string', 'array', 'object'], about: 'the query: EDN text, or its form' },
  rules: { type: ['string', 'array'], about: 'its rules, for % among its inputs' },
  database: { type: 'string', about: 'the database that $ means; audit-* for all that begin so' },
  parameters: {
    type: 'array',
    about: 'of its inputs: {name, type, doc, default}; those left out take anything',
  },
  doc: { type: 'string', about: 'what it answers' },
  owner: { type: 'string', about: 'who answers for it; who saves it first if left out' },
  tags: { type: 'array', about: 'words by which it is found' },
  note: { type: 'string', about: 'what is new in this version' },
} as const

const ARGUMENTS_FIELD = {
  arguments: { type: 'object', about: 'by the names of the parameters' },
} as const

const RUN_FIELDS = {
  ...ARGUMENTS_FIELD,
  version: { type: 'integer', about: 'the newest if left out' },
  database: { type: 'string', about: 'what $ means this time; audit-* for all that begin so' },
  ...MOMENT_FIELDS,
  ...BOUND_FIELDS,
} as const

const EXPECTATION_FIELDS = {
  ...ARGUMENTS_FIELD,
  ...MOMENT_FIELDS,
  resultHash: { type: 'string', about: 'what the answer must be; what it is now if left out' },
} as const

const CHECKED = object({
  version: COUNT,
  holds: FLAG,
  checks: list(
    object(
      {
        name: TEXT,
        cursors: mapOf(COUNT),
        expected: object({ resultHash: TEXT, rowCount: COUNT }),
        holds: FLAG,
      },
      {
        found: object({ resultHash: HASH, rowCount: COUNT }),
        error: object({ code: TEXT, message: TEXT }),
      },
    ),
  ),
})

export const SAVED_QUERY_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/queries',
    about: 'All saved queries',
    scope: 'query',
    answers: object({ queries: list(shape('SavedQuerySummary')) }),
    search: { tag: 'only those with this tag' },
    answer: async (context) => {
      const tag = context.search.get('tag')
      const all = await queriesFor(context).list()
      const shown = all.filter(({ tags }) => tag === null || tags.includes(tag))
      return ok(context, { queries: new Valued(shown.map((query) => summaryField(query, context))) })
    },
  },
  {
    method: 'PUT',
    path: '/v1/queries/:name',
    about: 'Saves a query under a name; a change of what it asks is a new version',
    scope: 'query',
    statuses: [200, 201],
    answers: shape('SavedQuery'),
    fields: SAVE_FIELDS,
    requiredFields: ['query'],
    answer: answerSave,
  },
  {
    method: 'GET',
    path: '/v1/queries/:name',
    about: 'A saved query with all its versions and expectations',
    scope: 'query',
    answers: shape('SavedQuery'),
    answer: async (context) => shown(context, await queriesFor(context).get(nameOf(context))),
  },
  {
    method: 'DELETE',
    path: '/v1/queries/:name',
    about: 'Ends a saved query: it is not run any more; what it was stays',
    scope: 'query',
    answers: shape('SavedQuery'),
    answer: async (context) => {
      await ownedQuery(context)
      return shown(context, await context.service.queries.retire(nameOf(context)))
    },
  },
  {
    method: 'GET',
    path: '/v1/queries/:name/difference',
    about: 'The lines in which two versions differ',
    scope: 'query',
    answers: object({ from: COUNT, to: COUNT, lines: list(TEXT) }),
    search: {
      from: 'a version; the one before the newest if left out',
      to: 'a version; the newest if left out',
    },
    answer: answerDifference,
  },
  {
    method: 'POST',
    path: '/v1/queries/:name/run',
    about: 'Runs a saved query; answers as /v1/query does',
    scope: 'query',
    answers: RESULT,
    fields: RUN_FIELDS,
    formats: RESULT_FORMATS,
    answer: answerRun,
  },
  {
    method: 'PUT',
    path: '/v1/queries/:name/expectations/:expectation',
    about: 'Pins what the query must answer at a basis: what it answers now, or a hash that is given',
    scope: 'query',
    answers: shape('SavedQuery'),
    fields: EXPECTATION_FIELDS,
    answer: answerExpect,
  },
  {
    method: 'DELETE',
    path: '/v1/queries/:name/expectations/:expectation',
    about: 'Forgets an expectation',
    scope: 'query',
    answers: shape('SavedQuery'),
    answer: async (context) => {
      const { expectations } = await ownedQuery(context)
      const expectation = context.parameters['expectation']!
      if (!expectations.some(({ name }) => name === expectation))
        throw expectationUnknown(nameOf(context), expectation)
      return shown(context, await context.service.queries.forgetExpectation(nameOf(context), expectation))
    },
  },
  {
    method: 'POST',
    path: '/v1/queries/:name/check',
    about: 'Asks every expectation of a query at its basis, and tells which hold',
    scope: 'query',
    answers: CHECKED,
    fields: { version: RUN_FIELDS.version },
    answer: answerCheck,
  },
]

async function answerSave(context: RouteContext): Promise<HttpResponse> {
  const { service, caller } = context
  const name = nameOf(context)
  checkQueryName(name)
  const existing = await service.queries.find(name)
  if (existing !== undefined) checkOwner(context, existing)
  const fields = await fieldsOf(context, SAVE_FIELDS, { recover: false })
  const saved = await service.queries.save(name, queryToSave(fields), caller.name)
  return shown(context, saved, existing === undefined ? 201 : 200)
}

async function answerRun(context: RouteContext): Promise<HttpResponse> {
  const fields = await fieldsOf(context, RUN_FIELDS, { recover: true })
  const found = await queriesFor(context).version(nameOf(context), countOf(fields, 'version'))
  const database = textOf(fields, 'database')
  const version = { ...found.version, ...(database !== undefined && { database }) }
  const moment = momentOf(fields)
  const bounds = boundsOf(fields)
  const asked = await preparedVersion(context, version, namedArguments(fields.form('arguments', 'value')), {
    moment,
    bounds,
  })
  const saved = `${nameOf(context)}@${version.number}`
  return answerPrepared(context, asked, {
    kind: 'query',
    saved,
    ...pinnedBy(moment),
    warnings: fields.warnings,
  })
}

async function answerExpect(context: RouteContext): Promise<HttpResponse> {
  const { service } = context
  const { version } = await queriesFor(context).version(nameOf(context))
  await ownedQuery(context)
  const fields = await fieldsOf(context, EXPECTATION_FIELDS, { recover: false })
  const given = namedArguments(fields.form('arguments', 'value'))
  const asked = await preparedVersion(context, version, given, { moment: momentOf(fields), bounds: {} })
  const saved = `${nameOf(context)}@${version.number}`
  const { answer, question } = await askMeant(context, { kind: 'query', saved }, asked)
  const expectation: Expectation = {
    name: context.parameters['expectation']!,
    arguments: given,
    cursors: question.basis,
    resultHash: textOf(fields, 'resultHash') ?? answer.resultHash,
    rowCount: answer.rowCount,
  }
  return shown(context, await service.queries.expect(nameOf(context), expectation))
}

async function answerCheck(context: RouteContext): Promise<HttpResponse> {
  const fields = await fieldsOf(context, { version: RUN_FIELDS.version }, { recover: false })
  const { query, version } = await queriesFor(context).version(nameOf(context), countOf(fields, 'version'))
  const asking = { kind: 'query', saved: `${nameOf(context)}@${version.number}` } as const
  const checked = await checkExpectations(query, async ({ cursors, arguments: given }) => {
    const asked = await preparedVersion(context, version, given, { moment: { cursors }, bounds: {} })
    return (await askMeant(context, asking, asked)).answer
  })
  return ok(context, { version: version.number, ...checked })
}

async function answerDifference(context: RouteContext): Promise<HttpResponse> {
  const queries = queriesFor(context)
  const numberOf = (name: string): number | undefined => {
    const text = context.search.get(name)
    if (text !== null && !/^[1-9]\d{0,8}$/.test(text)) throw parameterInvalid(name, 'the number of a version')
    return text === null ? undefined : Number(text)
  }
  const { version: to } = await queries.version(nameOf(context), numberOf('to'))
  const { version: from } = await queries.version(
    nameOf(context),
    numberOf('from') ?? Math.max(1, to.number - 1),
  )
  return ok(context, {
    from: from.number,
    to: to.number,
    lines: lineDifference(linesOf(from), linesOf(to)),
  })
}

/** All of a version that is asked, a line for each part. */
function linesOf({ text, rules = '[]', database, parameters }: QueryVersion): string {
  const pretty = (edn: string): string => writeEdn(readEdn(edn).value, { pretty: true })
  const told = parameters.map(({ name, type, default: value }) =>
    value === undefined ? `${name} ${type}` : `${name} ${type} ${writeEdn(value)}`,
  )
  return [pretty(text), pretty(rules), `database ${database ?? 'none'}`, ...told].join('\n')
}

/** The question that a version asks with these arguments. */
async function preparedVersion(
  context: RouteContext,
  version: QueryVersion,
  given: EdnMap,
  { moment, bounds }: { readonly moment: MomentRequest; readonly bounds: Partial<AskRequest> },
): Promise<PreparedQuestion> {
  const sourceNamed = sourcesAt(context, moment, bounds.timeoutMs)
  const sources = savedSources(context.databases, moment, sourceNamed)
  return prepared(context, {
    ...(await requestOfSaved(version, given, sources)),
    ...bounds,
    signal: context.request.signal,
  })
}

function nameOf({ parameters }: RouteContext): string {
  return parameters['name']!
}

/** Throws `varve.error/not-the-owner`. */
async function ownedQuery(context: RouteContext): Promise<SavedQuery> {
  const query = await queriesFor(context).get(nameOf(context))
  checkOwner(context, query)
  return query
}

function checkOwner(context: RouteContext, query: SavedQuery): void {
  const { caller } = context
  const { name, owner } = query
  if (owner === caller.name || caller.scopes.includes('manage')) return
  throw notTheOwner(name, seenBy(context)(query) && owner)
}

function shown(context: RouteContext, query: SavedQuery, status = 200): Promise<HttpResponse> {
  const { versions, expectations } = query
  return ok(
    context,
    {
      ...fieldsOfQuery(query),
      versions: new Valued(versions.map((version) => named(versionParts(version), context))),
      expectations: new Valued(
        expectations.map(({ cursors, ...expectation }) =>
          named({ ...expectation, cursors: new EdnMap(Object.entries(cursors)) }, context),
        ),
      ),
    },
    status,
  )
}

function fieldsOfQuery({ name, doc, owner, tags, retiredAt }: SavedQuery): Readonly<Record<string, Field>> {
  return { name, doc, owner, tags, retiredAt: retiredAt?.toISOString() }
}

function summaryField(query: SavedQuery, context: RouteContext): Edn {
  const { name, doc, owner, tags, retiredAt, versions } = query
  const last = versions.at(-1)
  return named(
    { name, doc, owner, tags, retiredAt, version: last?.number, ...(last && versionParts(last)) },
    context,
  )
}

function versionParts({ parameters, number, savedAt, savedBy, ...version }: QueryVersion): Parts {
  return {
    version: number,
    ...version,
    parameters: parameters.map((each) => each as Parts),
    savedAt,
    savedBy,
  }
}

type Parts = { readonly [name: string]: Edn | undefined | Parts | readonly Parts[] }

/** As an object in JSON, as a map of keywords in EDN. */
function named(parts: Parts, context: RouteContext): EdnMap {
  const keyOf = (name: string): Edn => (context.notation === 'json' ? name : keyword(kebabCase(name)))
  const entries: (readonly [Edn, Edn])[] = []
  for (const [name, part] of Object.entries(parts)) {
    if (part === undefined) continue
    const value =
      name === 'parameters' ? (part as readonly Parts[]).map((each) => named(each, context)) : (part as Edn)
    entries.push([keyOf(name), value])
  }
  return new EdnMap(entries)
}
