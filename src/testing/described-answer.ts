// Whether an answer of the service is one that its OpenAPI description tells of: its status, its type, and in JSON all of
// its fields. The service that tests ask holds every answer to it, so that neither can drift from the other.

import { openApi } from '../service/openapi.ts'
import { findRoute, ROUTES } from '../service/routes.ts'
import type { Schema } from '../service/answer-schema.ts'
import { schemaProblems, type Shapes } from './json-schema.ts'

export type Content = Readonly<Record<string, { readonly schema?: Schema }>>
export type Response = { readonly $ref?: string; readonly description?: string; readonly content?: Content }
export type Operation = {
  readonly operationId: string
  readonly summary: string
  readonly parameters: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
  }[]
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, Response>>
}
export type Described = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly schemas: Shapes
    readonly responses: Readonly<Record<string, Response>>
    readonly securitySchemes: object
  }
}

// The document is plain data that says nothing of its own shape to the compiler.
export const described = openApi(ROUTES) as Described

export function operationOf(method: string, path: string): Operation {
  return described.paths[path.replace(/:(\w+)/g, '{$1}')]![method.toLowerCase()]!
}

export function responseOf({ responses }: Operation, status: number): Response | undefined {
  const response = responses[status]
  const name = response?.$ref?.replace('#/components/responses/', '')
  return name === undefined ? response : described.components.responses[name]
}

export type Answered = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** What the description does not tell of it; empty where it tells all, and of what is at no route. */
export function undescribed(method: string, target: string, answered: Answered): readonly string[] {
  const operation = askedOperation(method, target)
  if (operation === undefined) return []
  const { status, headers, text } = answered
  const response = responseOf(operation, status)
  if (response === undefined) return [`the status ${status} is not described: ${text.slice(0, 200)}`]
  if (text === '') return []
  const type = headers['content-type']!.split(';')[0]!
  const content = response.content?.[type]
  if (content === undefined) return [`${status} as ${type} is not described`]
  if (type !== 'application/json' || headers['content-encoding'] !== undefined) return []
  return schemaProblems(JSON.parse(text), content.schema ?? {}, described.components.schemas)
}

function askedOperation(method: string, target: string): Operation | undefined {
  try {
    const { route } = findRoute(method, target.split('?')[0]!)
    return route.method === method ? operationOf(method, route.path) : undefined
  } catch {
    return undefined
  }
}
