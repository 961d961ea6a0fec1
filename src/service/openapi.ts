// The OpenAPI 3.1 description, made from the routes themselves, so that it cannot miss one.

import type { Route } from './routes.ts'

type Json = { readonly [key: string]: unknown }

const ERROR: Json = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      required: ['code', 'kind', 'message', 'fix'],
      properties: {
        code: { type: 'string' },
        kind: { type: 'string' },
        message: { type: 'string' },
        fix: { type: 'string' },
        data: { type: 'object' },
      },
    },
  },
}

export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = operation(route)
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Varve', version: '1', description: 'Facts written once, asked as of any moment.' },
    paths,
    components: { schemas: { Error: ERROR } },
  }
}

function operation(route: Route): Json {
  const fields = Object.entries(route.fields)
  const properties = Object.fromEntries(fields.map(([name, description]) => [name, { description }]))
  const schema = { type: 'object', additionalProperties: false, properties }
  return {
    summary: route.about,
    parameters: [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...(fields.length > 0 && {
      requestBody: {
        content: { 'application/json': { schema }, 'application/edn': { schema: { type: 'string' } } },
      },
    }),
    responses: {
      200: { description: 'The answer, in the notation that Accept asks for' },
      default: {
        description: 'What was wrong and what to do',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}
