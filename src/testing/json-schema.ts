// Whether a JSON value is what a schema says: the part of JSON Schema 2020-12 that descriptions of Varve use. A keyword
// that is not judged here is refused, so that no description says more than is held to.

import type { Schema } from '../service/answer-schema.ts'

/** Say nothing about values. */
const NOTES = new Set(['description', 'format'])

export type Shapes = Readonly<Record<string, Schema>>

/** What is wrong, each with its place; empty where nothing is. */
export function schemaProblems(
  value: unknown,
  schema: Schema,
  shapes: Shapes,
  place = '$',
): readonly string[] {
  return Object.entries(schema).flatMap(([keyword, wanted]) => {
    if (NOTES.has(keyword)) return []
    const judge = JUDGES[keyword]
    if (judge === undefined) return [`${place}: the keyword ${keyword} is not judged`]
    return judge(value, wanted as never, { schema, shapes, place })
  })
}

export function isJudged(keyword: string): boolean {
  return NOTES.has(keyword) || Object.hasOwn(JUDGES, keyword)
}

type At = { readonly schema: Schema; readonly shapes: Shapes; readonly place: string }
type Judge = (value: unknown, wanted: never, at: At) => readonly string[]

const told = (isRight: boolean, at: At, wanted: string): readonly string[] =>
  isRight ? [] : [`${at.place}: not ${wanted}`]

const JUDGES: Readonly<Record<string, Judge>> = {
  $ref: (value, wanted: string, { shapes, place }) => {
    const shape = shapes[wanted.replace('#/components/schemas/', '')]
    if (shape === undefined) return [`${place}: nothing is at ${wanted}`]
    return schemaProblems(value, shape, shapes, place)
  },
  type: (value, wanted: string | readonly string[], at) =>
    told(
      [wanted].flat().some((type) => isOfType(value, type)),
      at,
      String(wanted),
    ),
  const: (value, wanted: unknown, at) => told(value === wanted, at, String(wanted)),
  enum: (value, wanted: readonly unknown[], at) => told(wanted.includes(value), at, wanted.join(' or ')),
  pattern: (value, wanted: string, at) =>
    told(typeof value !== 'string' || new RegExp(wanted, 'u').test(value), at, wanted),
  minimum: (value, wanted: number, at) =>
    told(typeof value !== 'number' || value >= wanted, at, `>= ${wanted}`),
  maximum: (value, wanted: number, at) =>
    told(typeof value !== 'number' || value <= wanted, at, `<= ${wanted}`),
  minItems: (value, wanted: number, at) =>
    told(!Array.isArray(value) || value.length >= wanted, at, `of ${wanted} items`),
  required: (value, wanted: readonly string[], at) =>
    isObject(value)
      ? wanted.filter((name) => !Object.hasOwn(value, name)).map((name) => `${at.place}: no ${name}`)
      : [],
  properties: (value, wanted: Shapes, { shapes, place }) =>
    isObject(value)
      ? Object.entries(wanted).flatMap(([name, schema]) =>
          Object.hasOwn(value, name) ? schemaProblems(value[name], schema, shapes, `${place}.${name}`) : [],
        )
      : [],
  additionalProperties: (value, wanted: Schema | false, { schema, shapes, place }) => {
    if (!isObject(value)) return []
    const known = (schema['properties'] ?? {}) as Shapes
    const others = Object.entries(value).filter(([name]) => !Object.hasOwn(known, name))
    return others.flatMap(([name, each]) =>
      wanted === false
        ? [`${place}: ${name} is not described`]
        : schemaProblems(each, wanted, shapes, `${place}.${name}`),
    )
  },
  prefixItems: (value, wanted: readonly Schema[], { shapes, place }) =>
    Array.isArray(value)
      ? wanted.flatMap((schema, index) =>
          index < value.length ? schemaProblems(value[index], schema, shapes, `${place}[${index}]`) : [],
        )
      : [],
  items: (value, wanted: Schema | false, { schema, shapes, place }) => {
    if (!Array.isArray(value)) return []
    const first = ((schema['prefixItems'] ?? []) as readonly unknown[]).length
    return value
      .slice(first)
      .flatMap((item, index) =>
        wanted === false
          ? [`${place}: more items than are described`]
          : schemaProblems(item, wanted, shapes, `${place}[${first + index}]`),
      )
  },
  anyOf: (value, wanted: readonly Schema[], { shapes, place }) => {
    const problems = wanted.map((schema) => schemaProblems(value, schema, shapes, place))
    return problems.some((each) => each.length === 0) ? [] : [`${place}: none of these`, ...problems.flat()]
  },
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'object':
      return isObject(value)
    case 'array':
      return Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    case 'null':
      return value === null
    default:
      return typeof value === type
  }
}
