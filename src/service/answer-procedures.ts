// Stored procedures over HTTP: saved by who manages the service, called by everybody's questions.

import type { HttpResponse } from '../base/env.ts'
import type { Plain } from '../fact/plain-edn.ts'
import { type Edn, EdnMap, Keyword } from '../fact/value.ts'
import type { ProcedureDefinition } from '../procedures/define-procedure.ts'
import type { ProcedureType } from '../procedures/procedure.ts'
import type { Fields } from './body.ts'
import { fieldInvalid } from './errors.ts'
import { fieldsOf, ok, type Route, type RouteContext, textOf } from './route.ts'
import type { StoredProcedure } from './system/stored-procedures.ts'
import { list, object, shape } from './answer-schema.ts'

const FIELDS = {
  source: { type: 'string', about: 'one expression that gives a function, TypeScript or JavaScript' },
  kind: { type: 'string', about: 'function (if left out), predicate, aggregate or transaction' },
  parameters: {
    type: ['object', 'array'],
    about: 'types by name; or [name, type] pairs, where the order matters',
  },
  returns: { type: 'string', about: 'the type of its result' },
  language: { type: 'string', about: 'typescript (if left out) or javascript' },
  doc: { type: 'string', about: 'what it does' },
} as const

export const PROCEDURE_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/procedures',
    about: 'All stored procedures, those of the starter library among them',
    scope: 'query',
    answers: object({ procedures: list(shape('ProcedureSummary')) }),
    answer: async (context) =>
      ok(context, { procedures: (await context.service.procedures.list()).map(summaryField) }),
  },
  {
    method: 'GET',
    path: '/v1/procedures/:name',
    about: 'A procedure in all its versions',
    scope: 'query',
    answers: object({ versions: list(shape('Procedure')) }),
    answer: async (context) => {
      const versions = await context.service.procedures.get(context.parameters['name']!)
      return ok(context, { versions: versions.map(procedureField) })
    },
  },
  {
    method: 'PUT',
    path: '/v1/procedures/:name',
    about: 'Stores a procedure, as the next version of its name',
    scope: 'manage',
    statuses: [201],
    answers: shape('Procedure'),
    fields: FIELDS,
    requiredFields: ['source'],
    answer: answerSave,
  },
]

async function answerSave(context: RouteContext): Promise<HttpResponse> {
  const { service, caller, parameters } = context
  const fields = await fieldsOf(context, FIELDS, { recover: false })
  const source = textOf(fields, 'source')
  if (source === undefined) throw fieldInvalid('source', 'the text of a function')
  const said = {
    kind: textOf(fields, 'kind'),
    parameters: parametersOf(fields),
    returns: textOf(fields, 'returns'),
    language: textOf(fields, 'language'),
    doc: textOf(fields, 'doc'),
  }
  const given = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
  // What is no kind, type or language is told by the definition itself.
  const definition = { name: parameters['name']!, source, ...given } as ProcedureDefinition
  const saved = await service.procedures.save(definition, caller.name)
  return ok(context, procedureField(saved), 201)
}

function parametersOf(fields: Fields): Readonly<Record<string, ProcedureType>> | undefined {
  const given = fields.form('parameters', 'value')
  if (given === undefined) return undefined
  const pairs = given instanceof EdnMap ? given.entries : given
  if (!Array.isArray(pairs)) throw fieldInvalid('parameters', 'types by name')
  return Object.fromEntries(
    (pairs as readonly Edn[]).map((pair): [string, ProcedureType] => {
      const [name, type] = Array.isArray(pair) ? (pair as readonly Edn[]) : []
      return [textOfName(name), textOfName(type) as ProcedureType]
    }),
  )
}

function textOfName(value: Edn | undefined): string {
  if (value instanceof Keyword) return value.text
  if (typeof value === 'string') return value
  throw fieldInvalid('parameters', 'types by name')
}

function summaryField({ procedure, savedAt, savedBy }: StoredProcedure): { readonly [key: string]: Plain } {
  const { name, version, kind, doc, parameters, returns, hash } = procedure
  return {
    name,
    version,
    kind,
    doc,
    parameters: parameters.map(({ name: parameter, type, isOptional }) => ({
      name: parameter,
      type,
      isOptional,
    })),
    returns,
    hash,
    savedAt: savedAt?.toISOString(),
    savedBy,
  }
}

function procedureField(stored: StoredProcedure): { readonly [key: string]: Plain } {
  const { language, source } = stored.procedure
  return { ...summaryField(stored), language, source }
}
