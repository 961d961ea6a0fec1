// Saved queries over HTTP: saved, found, run by name, compared, and held to what they must answer.

import type { HttpResponse } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import { kebabCase, type Plain } from '../fact/plain-edn.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { type Edn, EdnMap, Keyword, keyword } from '../fact/value.ts'
import type { AskRequest, PreparedQuestion } from '../query/ask.ts'
import type { MomentRequest } from '../query/moment.ts'
import { parsedQuery } from '../query/parsed.ts'
import {
  argumentsOf,
  lineDifference,
  type Parameter,
  PARAMETER_TYPES,
  type ParameterType,
  parametersOf,
} from '../query/saved-query.ts'
import { type Field, Valued } from './answer.ts'
import { askMeant, prepared } from './answer-meant.ts'
import { answerPrepared, RESULT_FORMATS } from './answer-result.ts'
import type { Fields } from './body.ts'
import { fieldInvalid, parameterInvalid } from './errors.ts'
import { BOUND_FIELDS, boundsOf, MOMENT_FIELDS, momentOf, pinnedBy } from './question-fields.ts'
import { countOf, fieldsOf, ok, type Route, type RouteContext, textListOf, textOf } from './route.ts'
import { sourcesAt } from './sources.ts'
import { expectationUnknown, notTheOwner } from './system/errors.ts'
import type { Expectation, QueryVersion, SavedQuery } from './system/saved-queries.ts'
import { COUNT, FLAG, HASH, list, mapOf, object, RESULT, shape, TEXT } from './answer-schema.ts'

const SAVE_FIELDS = {
  query: { type: ['string', 'array', 'object'], about: 'the query: EDN text, or its form' },
  rules: { type: ['string', 'array'], about: 'its rules, for % among its inputs' },
  database: { type: 'string', about: 'the database that $ means' },
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
  database: { type: 'string', about: 'what $ means this time' },
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
      const all = await context.service.queries.list()
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
    answer: async (context) => shown(context, await context.service.queries.get(nameOf(context))),
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
  if (!/^[a-z][a-z0-9_./-]{0,99}$/.test(name))
    throw parameterInvalid('name', 'lower-case letters, digits, and - _ . /, at most 100 of them')
  const existing = await service.queries.find(name)
  if (existing !== undefined) checkOwner(context, existing)
  const fields = await fieldsOf(context, SAVE_FIELDS, { recover: false })
  const text = ednTextOf(fields, 'query', 'query')
  if (text === undefined) throw fieldInvalid('query', 'a query as EDN text or form')
  const rules = ednTextOf(fields, 'rules', 'arguments')
  const optional = {
    database: textOf(fields, 'database'),
    doc: textOf(fields, 'doc'),
    owner: textOf(fields, 'owner'),
    tags: textListOf(fields, 'tags'),
    note: textOf(fields, 'note'),
    rules,
  }
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined))
  const saved = await service.queries.save(
    name,
    { text, parameters: parametersField(fields), ...given },
    caller.name,
  )
  return shown(context, saved, existing === undefined ? 201 : 200)
}

async function answerRun(context: RouteContext): Promise<HttpResponse> {
  const fields = await fieldsOf(context, RUN_FIELDS, { recover: true })
  const found = await context.service.queries.version(nameOf(context), countOf(fields, 'version'))
  const database = textOf(fields, 'database')
  const version = { ...found.version, ...(database !== undefined && { database }) }
  const moment = momentOf(fields)
  const bounds = boundsOf(fields)
  const asked = await preparedVersion(context, version, argumentsField(fields), { moment, bounds })
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
  const { version } = await service.queries.version(nameOf(context))
  await ownedQuery(context)
  const fields = await fieldsOf(context, EXPECTATION_FIELDS, { recover: false })
  const given = argumentsField(fields)
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
  const { query, version } = await context.service.queries.version(
    nameOf(context),
    countOf(fields, 'version'),
  )
  const checks: Plain[] = []
  for (const expectation of query.expectations) checks.push(await checkField(context, version, expectation))
  const isHolding = checks.every((check) => (check as { readonly holds?: boolean }).holds === true)
  return ok(context, { version: version.number, holds: isHolding, checks })
}

async function checkField(
  context: RouteContext,
  version: QueryVersion,
  expectation: Expectation,
): Promise<Plain> {
  const { name, cursors, resultHash, rowCount } = expectation
  const expected = { name, cursors, expected: { resultHash, rowCount } }
  try {
    const settings = { moment: { cursors }, bounds: {} }
    const asked = await preparedVersion(context, version, expectation.arguments, settings)
    const { answer } = await askMeant(
      context,
      { kind: 'query', saved: `${nameOf(context)}@${version.number}` },
      asked,
    )
    const found = { resultHash: answer.resultHash, rowCount: answer.rowCount }
    return { ...expected, holds: answer.resultHash === resultHash, found }
  } catch (error) {
    if (!(error instanceof VarveError)) throw error
    const { code, message } = error
    return { ...expected, holds: false, error: { code, message } }
  }
}

async function answerDifference(context: RouteContext): Promise<HttpResponse> {
  const { queries } = context.service
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
  const { query } = parsedQuery(version.text)
  const named = new Map(given.entries.map(([name, value]) => [nameOfKey(name), value]))
  const rules = version.rules === undefined ? undefined : readEdn(version.rules).value
  const args = argumentsOf(query, parametersOf(query, version.parameters), named, rules)
  const sourceNamed = sourcesAt(context, moment, bounds.timeoutMs)
  return prepared(context, {
    query: version.text,
    // What has no type of its own takes the one of the attribute that it is compared with.
    args: args.map((value) => ({ kind: 'value', value, isPlainData: true })),
    sourceNamed,
    ...(version.database !== undefined && { database: await sourceNamed(version.database) }),
    ...bounds,
    signal: context.request.signal,
  })
}

function nameOf({ parameters }: RouteContext): string {
  return parameters['name']!
}

/** Throws `varve.error/not-the-owner`. */
async function ownedQuery(context: RouteContext): Promise<SavedQuery> {
  const query = await context.service.queries.get(nameOf(context))
  checkOwner(context, query)
  return query
}

function checkOwner({ caller }: RouteContext, { name, owner }: SavedQuery): void {
  if (owner !== caller.name && !caller.scopes.includes('manage')) throw notTheOwner(name, owner)
}

function argumentsField(fields: Fields): EdnMap {
  const given = fields.form('arguments', 'value') ?? new EdnMap([])
  if (!(given instanceof EdnMap))
    throw fieldInvalid('arguments', 'an object of values by the names of parameters')
  return new EdnMap(given.entries.map(([name, value]) => [nameOfKey(name), value]))
}

function nameOfKey(key: Edn): string {
  if (key instanceof Keyword) return key.text
  if (typeof key === 'string') return key
  throw fieldInvalid('arguments', 'an object of values by the names of parameters')
}

function ednTextOf(fields: Fields, name: string, mode: 'query' | 'arguments'): string | undefined {
  const form = fields.form(name, mode)
  return form === undefined || typeof form === 'string' ? form : writeEdn(form, { pretty: true })
}

function parametersField(fields: Fields): readonly Parameter[] {
  const given = fields.form('parameters', 'value') ?? []
  if (!Array.isArray(given)) throw fieldInvalid('parameters', 'a list of {name, type, doc, default}')
  return (given as readonly Edn[]).map((each): Parameter => {
    if (!(each instanceof EdnMap)) throw fieldInvalid('parameters', 'a list of {name, type, doc, default}')
    const parts = new Map(each.entries.map(([key, value]) => [nameOfKey(key), value]))
    const [name, type = 'any', doc, value] = ['name', 'type', 'doc', 'default'].map((key) => parts.get(key))
    if (typeof name !== 'string') throw fieldInvalid('parameters', 'a list of {name, type, doc, default}')
    const typeName = type instanceof Keyword ? type.text : type
    if (!PARAMETER_TYPES.some((known) => known === typeName))
      throw fieldInvalid('parameters', `a list whose types are of ${PARAMETER_TYPES.join(', ')}`)
    return {
      name,
      type: typeName as ParameterType,
      ...(typeof doc === 'string' && { doc }),
      ...(value !== undefined && value !== null && { default: value }),
    }
  })
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
