// What is said of saved queries, as forms: read in one way, whether it came over HTTP or from a program beside the data.

import { writeEdn } from '../fact/edn-writer.ts'
import { type Edn, EdnMap, Keyword } from '../fact/value.ts'
import { type Parameter, PARAMETER_TYPES, type ParameterType } from '../query/saved-query.ts'
import { fieldInvalid } from './errors.ts'
import { type Forms, textListOf, textOf } from './route.ts'
import { queryNameInvalid } from './system/errors.ts'
import type { QueryToSave } from './system/saved-queries.ts'

const QUERY_NAME = /^[a-z][a-z0-9_./-]{0,99}$/
const ARGUMENTS = 'an object of values by the names of parameters'
const PARAMETERS = 'a list of {name, type, doc, default}'

/** Throws `varve.error/query-name-invalid`. */
export function checkQueryName(name: string): void {
  if (!QUERY_NAME.test(name)) throw queryNameInvalid(name)
}

/** A query with all that is said of it. Throws `varve.error/field-invalid`. */
export function queryToSave(forms: Forms): QueryToSave {
  const text = ednTextOf(forms, 'query', 'query')
  if (text === undefined) throw fieldInvalid('query', 'a query as EDN text or form')
  const optional = {
    rules: ednTextOf(forms, 'rules', 'arguments'),
    database: textOf(forms, 'database'),
    doc: textOf(forms, 'doc'),
    owner: textOf(forms, 'owner'),
    tags: textListOf(forms, 'tags'),
    note: textOf(forms, 'note'),
  }
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined))
  return { text, parameters: parametersOfForm(forms.form('parameters', 'value') ?? []), ...given }
}

/** Arguments by the names of parameters, which are texts in what it gives. Throws `varve.error/field-invalid`. */
export function namedArguments(form: Edn | undefined): EdnMap {
  if (form === undefined) return new EdnMap([])
  if (!(form instanceof EdnMap)) throw fieldInvalid('arguments', ARGUMENTS)
  return new EdnMap(form.entries.map(([key, value]) => [nameOfKey(key, 'arguments', ARGUMENTS), value]))
}

function ednTextOf(forms: Forms, name: string, mode: 'query' | 'arguments'): string | undefined {
  const form = forms.form(name, mode)
  return form === undefined || typeof form === 'string' ? form : writeEdn(form, { pretty: true })
}

/** Throws `varve.error/field-invalid`. */
export function parametersOfForm(form: Edn): readonly Parameter[] {
  if (!Array.isArray(form)) throw fieldInvalid('parameters', PARAMETERS)
  return (form as readonly Edn[]).map(parameterIn)
}

function parameterIn(form: Edn): Parameter {
  if (!(form instanceof EdnMap)) throw fieldInvalid('parameters', PARAMETERS)
  const parts = new Map(form.entries.map(([key, value]) => [nameOfKey(key, 'parameters', PARAMETERS), value]))
  const [name, type = 'any', doc, value] = ['name', 'type', 'doc', 'default'].map((key) => parts.get(key))
  if (typeof name !== 'string') throw fieldInvalid('parameters', PARAMETERS)
  const typeName = type instanceof Keyword ? type.text : type
  if (!PARAMETER_TYPES.some((known) => known === typeName))
    throw fieldInvalid('parameters', `a list whose types are of ${PARAMETER_TYPES.join(', ')}`)
  return {
    name,
    type: typeName as ParameterType,
    ...(typeof doc === 'string' && { doc }),
    ...(value !== undefined && value !== null && { default: value }),
  }
}

function nameOfKey(key: Edn, field: string, wanted: string): string {
  if (key instanceof Keyword) return key.text
  if (typeof key === 'string') return key
  throw fieldInvalid(field, wanted)
}
