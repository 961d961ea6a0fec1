// What holds for every route: notation, methods, bodies, who may ask, faults, figures and the description.

import { describe, expect, it } from 'vitest'
import type { QueryRunner } from '../query/ask.ts'
import {
  EDN,
  faults,
  freshServiceForEachTest,
  json,
  PRICES,
  problem,
  send,
  serveWith,
  shop,
} from '../testing/test-service.ts'
import { ROUTES } from './routes.ts'

freshServiceForEachTest()

describe('the protocol', () => {
  it('answers in the notation that Accept asks for, else in that of the request', async () => {
    const typeOf = async (headers: Readonly<Record<string, string>>): Promise<string> =>
      (await send('GET', '/v1/databases', { headers })).headers['content-type']!
    expect(await typeOf({})).toBe('application/json; charset=utf-8')
    expect(await typeOf(EDN)).toBe('application/edn; charset=utf-8')
    expect(await typeOf({ ...EDN, accept: '*/*' })).toBe('application/edn; charset=utf-8')
    expect(await typeOf({ ...EDN, accept: 'application/json' })).toBe('application/json; charset=utf-8')
    expect(await typeOf({ accept: 'application/json;q=0.1, application/edn' })).toContain('edn')
    const [status, error] = await problem('GET', '/v1/databases', { headers: { accept: 'text/html' } })
    expect([status, error.code]).toEqual([406, 'varve.error/not-acceptable'])
  })

  it('knows its routes and their methods', async () => {
    expect(await problem('GET', '/v2/query')).toMatchObject([404, { code: 'varve.error/route-unknown' }])
    const wrong = await send('GET', '/v1/query')
    expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'POST, OPTIONS'])
    expect(JSON.parse(wrong.text)).toMatchObject({ error: { code: 'varve.error/method-not-allowed' } })
    const options = await send('OPTIONS', '/v1/databases/x')
    expect([options.status, options.headers['allow']]).toEqual([204, 'PUT, GET, DELETE, HEAD, OPTIONS'])
    expect((await send('HEAD', '/healthz')).status).toBe(200)
  })

  it('refuses bodies that are not JSON or EDN, not UTF-8, no map, or of unknown fields', async () => {
    const codeOf = async (body: string, headers: Readonly<Record<string, string>>): Promise<unknown> => {
      const [status, { code }] = await problem('POST', '/v1/query', { body, headers })
      return [status, code]
    }
    const JSON_BODY = { 'content-type': 'application/json' }
    expect(await codeOf('a=b', { 'content-type': 'application/x-www-form-urlencoded' })).toEqual([
      415,
      'varve.error/content-type-unsupported',
    ])
    expect(await codeOf('[1]', JSON_BODY)).toEqual([400, 'varve.error/body-invalid'])
    expect(await codeOf('[:find ?x]', { ...EDN, accept: 'application/json' })).toEqual([
      400,
      'varve.error/body-invalid',
    ])
    expect(await codeOf('{"a" 1}', { ...EDN, accept: 'application/json' })).toEqual([
      400,
      'varve.error/body-invalid',
    ])
    expect(await codeOf('{"query": ', JSON_BODY)).toEqual([400, 'varve.error/json-syntax'])
    expect(await codeOf('{"qeury": 1}', JSON_BODY)).toEqual([400, 'varve.error/field-unknown'])
    expect(await codeOf('{"limit": 0, "query": "[:find ?x :where [_ _ ?x]]"}', JSON_BODY)).toEqual([
      400,
      'varve.error/field-invalid',
    ])
    expect(await codeOf(`{"query": ${'['.repeat(200)}${']'.repeat(200)}}`, JSON_BODY)).toEqual([
      400,
      'varve.error/notation-limit',
    ])
    expect(
      await codeOf(`{:query ${'['.repeat(200)}${']'.repeat(200)}}`, {
        ...EDN,
        accept: '*/*;q=0, application/json',
      }),
    ).toEqual([400, 'varve.error/notation-limit'])
  })

  it('answers on loopback only a loopback Host and no foreign Origin', async () => {
    const refused = async (headers: Readonly<Record<string, string>>): Promise<unknown> => {
      const [status, { code }] = await problem('GET', '/healthz', { headers })
      return [status, code]
    }
    expect(await refused({ host: 'evil.example' })).toEqual([403, 'varve.error/host-refused'])
    expect(await refused({ host: '127.0.0.1.evil.example:8470' })).toEqual([403, 'varve.error/host-refused'])
    expect(await refused({ origin: 'https://evil.example' })).toEqual([403, 'varve.error/origin-refused'])
    expect(await refused({ origin: 'null' })).toEqual([403, 'varve.error/origin-refused'])
    for (const host of ['localhost', 'LOCALHOST:1', '[::1]:8470', '127.0.0.1'])
      expect((await send('GET', '/healthz', { headers: { host } })).status).toBe(200)
    const own = await send('GET', '/healthz', { headers: { origin: 'http://127.0.0.1:8470' } })
    expect(own.status).toBe(200)
  })

  it('shows nothing of a fault of its own, and tells the log', async () => {
    await shop()
    const broken: QueryRunner = {
      warm: () => undefined,
      run: () => Promise.reject(new TypeError('secret detail')),
      write: () => Promise.reject(new TypeError('secret detail')),
      explain: () => Promise.reject(new TypeError('secret detail')),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
    serveWith({}, broken)
    const [status, error] = await problem('POST', '/v1/query', { body: { query: PRICES } })
    expect([status, error.code]).toEqual([500, 'varve.error/fault'])
    expect(JSON.stringify(error)).not.toContain('secret')
    expect(faults.splice(0)).toEqual([new TypeError('secret detail')])
  })

  it('says nothing to the log when the client went away', async () => {
    await shop()
    const gone = AbortSignal.abort(new Error('The client went away'))
    await send('POST', '/v1/query', { body: { query: PRICES }, signal: gone })
    const { text } = await send('GET', '/metrics')
    expect(text).toContain('route="/v1/query",status="499"')
  })
})

describe('health and description', () => {
  it('lives, is ready, and gives its figures', async () => {
    await shop()
    expect(await json('GET', '/healthz')).toEqual({ status: 'ok' })
    expect(await json('GET', '/readyz')).toEqual({ status: 'ready' })
    await send('GET', '/nowhere/at/all')
    const { headers, text } = await send('GET', '/metrics', { headers: { accept: 'text/plain' } })
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text).toContain('varve_database_basis_t{database="shop"} 1\n')
    expect(text).toContain('varve_http_request_duration_seconds_count{route="/healthz",status="200"} 1\n')
    expect(text).toContain('route="none",status="404"')
    for (const line of text.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{[^}]+\})? -?[\d.e+-]+)$/)
  })

  it('describes every route, its fields and parameters', async () => {
    const description = (await json('GET', '/openapi.json')) as {
      readonly openapi: string
      readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
    }
    expect(description.openapi).toBe('3.1.0')
    const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )
    expect(operations).toHaveLength(ROUTES.length)
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(ROUTES.length)
    for (const { path, operation } of operations) {
      const inPath = operation.parameters.filter((parameter) => parameter.in === 'path')
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
    }
    const query = description.paths['/v1/query']!['post']!.requestBody!.content['application/json']!.schema
    expect(Object.keys(query.properties)).toEqual([
      'query',
      'args',
      'database',
      'asOf',
      'cursors',
      'timeoutMs',
      'memoryBytes',
      'limit',
      'engine',
      'speculations',
      'explain',
    ])
    expect(query.required).toEqual(['query'])
    const { content } = description.paths['/v1/query']!['post']!.responses['200']
    expect(Object.keys(content)).toEqual([
      'application/json',
      'application/edn',
      'application/x-ndjson',
      'text/csv',
      'application/vnd.apache.arrow.stream',
    ])
  })
})

type Operation = {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
  readonly responses: { readonly '200': { readonly content: object } }
  readonly requestBody?: {
    readonly content: Readonly<
      Record<
        string,
        { readonly schema: { readonly properties: object; readonly required?: readonly string[] } }
      >
    >
  }
}
