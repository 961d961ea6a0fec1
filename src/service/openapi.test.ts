// The description of the routes is held to two things: the rules of OpenAPI 3.1, and what the routes really answer.

import { beforeEach, describe, expect, it } from 'vitest'
import {
  EDN,
  freshServiceForEachTest,
  json,
  PRICES,
  quarantine,
  send,
  type Sent,
  shop,
} from '../testing/test-service.ts'
import {
  described,
  type Operation,
  operationOf,
  responseOf,
  undescribed,
} from '../testing/described-answer.ts'
import { isJudged, schemaProblems, type Shapes } from '../testing/json-schema.ts'
import { ANY, type Schema, SHAPES } from './answer-schema.ts'
import { ROUTES } from './routes.ts'

freshServiceForEachTest()
beforeEach(shop)

const SAVED = {
  query: '[:find ?price . :in $ ?id :where [?i :item/id ?id] [?i :item/price ?price]]',
  database: 'shop',
  parameters: [{ name: 'id', type: 'string', doc: 'of the item', default: 'tea' }],
  doc: 'The price of an item',
  tags: ['prices'],
  note: 'first',
}
const PROCEDURE = {
  source: '(cents: number) => cents * 2',
  parameters: { cents: 'long' },
  returns: 'long',
  doc: 'x',
}

const DEADLY = `sha256:${'1'.repeat(64)}`

type Asked = Readonly<Record<string, unknown>>
type Request = readonly [target: string, body?: unknown]
/** Of each route requests that it answers; later ones need what earlier ones made. */
const REQUESTS: Readonly<Record<string, (made: Asked) => readonly Request[]>> = {
  'GET /v1/databases': () => [['/v1/databases'], ['/v1/databases?system=true']],
  'PUT /v1/databases/:name': () => [
    ['/v1/databases/other', {}],
    ['/v1/databases/other', {}],
  ],
  'GET /v1/databases/:name': () => [['/v1/databases/sh']],
  'GET /v1/databases/:name/schema': () => [['/v1/databases/sh/schema']],
  'POST /v1/databases/:name/transact': () => [
    ['/v1/databases/shop/transact', { tx: [{ 'item/id': 'jug' }], datoms: true }],
    ['/v1/databases/shop/transact', { tx: [{ 'db/id': 'x', 'item/id': 'cup', 'item/price': 3 }] }],
  ],
  'GET /v1/databases/:name/log': () => [['/v1/databases/shop/log'], ['/v1/databases/shop/log?limit=1']],
  'POST /v1/databases/:name/with': () => [
    ['/v1/databases/shop/with', { tx: [{ ':db/id': 'cup', 'item/id': 'cup' }], strict: true }],
    ['/v1/databases/shop@1/with', { tx: '[]', meta: { 'db/doc': 'what if' } }],
  ],
  'POST /v1/databases/:name/datoms': () => [
    ['/v1/databases/shop/datoms', { index: 'eavt' }],
    ['/v1/databases/shop/datoms', { index: 'aevt', limit: 1, asOf: 1 }],
  ],
  'POST /v1/query': () => [
    ['/v1/query', { query: PRICES }],
    ['/v1/query', { query: PRICES, limit: 1, asOf: 1 }],
    ['/v1/query', { query: PRICES, asOf: '2999-01-01T00:00:00Z' }],
    [
      '/v1/query',
      { query: '[:find (pull $sh ?i [*]) :in [?id ...] :where [$sh ?i :item/id ?id]]', args: [['tea']] },
    ],
    ['/v1/query', { query: '[:find ?id :where [_ :item/id ?id]]', database: 'shop@1 history' }],
    ['/v1/query', { query: PRICES, explain: true }],
    ['/v1/query', { query: PRICES, explain: 'plan' }],
  ],
  'POST /v1/pull': () => [['/v1/pull', { database: 'sh', pattern: '[*]', eid: [':item/id', 'tea'] }]],
  'PUT /v1/queries/:name': () => [
    ['/v1/queries/price', SAVED],
    ['/v1/queries/price', { ...SAVED, query: `${SAVED.query} ` }],
  ],
  'PUT /v1/queries/:name/expectations/:expectation': () => [
    ['/v1/queries/price/expectations/tea', { arguments: { id: 'tea' } }],
    ['/v1/queries/price/expectations/wrong', { resultHash: `sha256:${'0'.repeat(64)}` }],
  ],
  'POST /v1/queries/:name/check': () => [['/v1/queries/price/check', {}]],
  'GET /v1/queries': () => [['/v1/queries']],
  'GET /v1/queries/:name': () => [['/v1/queries/price']],
  'GET /v1/queries/:name/difference': () => [['/v1/queries/price/difference?from=1&to=1']],
  'POST /v1/queries/:name/run': () => [['/v1/queries/price/run', {}]],
  'DELETE /v1/queries/:name/expectations/:expectation': () => [['/v1/queries/price/expectations/tea']],
  'DELETE /v1/queries/:name': () => [['/v1/queries/price']],
  'PUT /v1/procedures/:name': () => [['/v1/procedures/shop%2Ftwice', PROCEDURE]],
  'GET /v1/procedures': () => [['/v1/procedures']],
  'GET /v1/procedures/:name': () => [['/v1/procedures/shop%2Ftwice']],
  'GET /v1/whoami': () => [['/v1/whoami']],
  'POST /v1/tokens': () => [['/v1/tokens', { caller: 'ada', expiresAt: '2999-01-01T00:00:00Z' }]],
  'GET /v1/tokens': () => [['/v1/tokens']],
  'DELETE /v1/tokens/:id': ({ token }) => [[`/v1/tokens/${String(token)}`]],
  'POST /v1/grants': () => [
    [
      '/v1/grants',
      { principal: 'ada', database: 'shop', attributes: ['*'], mask: 'hash', purposes: ['billing'] },
    ],
  ],
  'GET /v1/grants': () => [['/v1/grants']],
  'DELETE /v1/grants/:id': ({ grant }) => [[`/v1/grants/${String(grant)}`]],
  'GET /v1/results/:hash': ({ result }) => [[String(result)]],
  'POST /v1/receipts/replay': ({ receipt }) => [['/v1/receipts/replay', { receipt, engine: 'native' }]],
  'GET /v1/receipts/:id': ({ receipt }) => [[`/v1/receipts/${(receipt as { readonly id: string }).id}`]],
  'POST /mcp': () => [
    ['/mcp', { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } }],
  ],
  'GET /v1/audit/verify': () => [['/v1/audit/verify']],
  'GET /v1/quarantine': () => [['/v1/quarantine']],
  'DELETE /v1/quarantine/:hash': ({ deadly }) => [[`/v1/quarantine/${String(deadly)}`]],
  'GET /healthz': () => [['/healthz']],
  'GET /readyz': () => [['/readyz']],
  'GET /metrics': () => [['/metrics']],
  'GET /openapi.json': () => [['/openapi.json']],
  'DELETE /v1/databases/:name': () => [['/v1/databases/other?confirm=other']],
}

/** What is needed in names: of a token, a grant, a pinned result and a receipt. */
async function make(): Promise<Asked> {
  const { id: token } = (await json('POST', '/v1/tokens', { caller: 'ada' })) as Asked
  const grant = { principal: 'ada', database: 'shop', attributes: ['*'] }
  const { id } = (await json('POST', '/v1/grants', grant)) as Asked
  const { headers, text } = await send('POST', '/v1/query', { body: { query: PRICES, asOf: 1 } })
  const { receipt } = JSON.parse(text) as Asked
  for (let i = 0; i < 2; i++) quarantine().killed(DEADLY)
  return { token, grant: id, result: headers['content-location'], receipt, deadly: DEADLY }
}

describe('what routes answer', () => {
  // `send` itself holds every answer to the description, in all tests of the service.
  it('is what the description says, of each of them', async () => {
    const made = await make()
    for (const [route, requestsOf] of Object.entries(REQUESTS)) {
      const [method, path] = route.split(' ') as [string, string]
      for (const [target, body] of requestsOf(made)) {
        const { status } = await send(method, target, body === undefined ? {} : { body })
        const { statuses = [200] } = ROUTES.find((each) => each.method === method && each.path === path)!
        expect([route, target, statuses]).toEqual([route, target, expect.arrayContaining([status])])
      }
    }
    const all = ROUTES.map(({ method, path }) => `${method} ${path}`)
    expect(Object.keys(REQUESTS).sort()).toEqual(all.sort())
  })

  it('is described where it is an error, too', async () => {
    const requests: readonly Sent[] = [
      { headers: { host: 'evil.example' } },
      { body: '{', headers: {} },
      { body: '[]', headers: EDN },
      { body: 'x', headers: { 'content-type': 'text/csv' } },
      { headers: { accept: 'image/png' } },
    ]
    for (const { method, path } of ROUTES) {
      const wrong = path.replace(/:\w+/g, 'No~Where')
      const statuses = new Set<number>()
      for (const sent of requests)
        for (const target of [`${wrong}?no-such=1`, wrong])
          statuses.add((await send(method, target, sent)).status)
      expect([path, [...statuses]]).toEqual([path, expect.arrayContaining([400, 403])])
    }
  })

  it('comes in the formats that are told', async () => {
    const { content } = responseOf(operationOf('POST', '/v1/query'), 200)!
    for (const accept of Object.keys(content!)) {
      const { headers } = await send('POST', '/v1/query', { body: { query: PRICES }, headers: { accept } })
      expect(headers['content-type']!.split(';')[0]).toBe(accept)
    }
  })
})

describe('the description', () => {
  it('keeps the rules of OpenAPI 3.1: all that it refers to is there, all that must be said is said', () => {
    const text = JSON.stringify(described)
    for (const [, reference] of text.matchAll(/"\$ref":"#\/components\/([^"]+)"/g)) {
      const [kind, name] = reference!.split('/') as ['schemas' | 'responses', string]
      expect(Object.keys(described.components[kind])).toContain(name)
    }
    const operations = Object.values(described.paths).flatMap((methods) => Object.values(methods))
    for (const { summary, parameters, security, responses, requestBody } of operations) {
      expect(summary).toMatch(/^\S.*\S$/)
      const names = parameters.map(({ name, in: place }) => `${place} ${name.toLowerCase()}`)
      expect(new Set(names).size).toBe(names.length)
      for (const { in: place, required } of parameters) {
        expect(['path', 'query', 'header']).toContain(place)
        expect(required).toBe(place === 'path')
      }
      for (const requirement of security)
        for (const name of Object.keys(requirement))
          expect(Object.keys(described.components.securitySchemes)).toContain(name)
      for (const status of Object.keys(responses)) {
        expect(status).toMatch(/^[2-5]\d\d$/)
        expect(responseOf({ responses } as Operation, Number(status))?.description).toEqual(
          expect.any(String),
        )
      }
      const contents = [requestBody, ...Object.values(responses)].flatMap((each) =>
        Object.values(each?.content ?? {}),
      )
      // An empty list of types would let nothing through.
      expect(JSON.stringify(contents)).not.toContain('"type":[]')
      for (const { schema = ANY } of contents) expect(schemaIsSound(schema)).toBe(true)
    }
    for (const schema of Object.values(described.components.schemas)) expect(schemaIsSound(schema)).toBe(true)
  })

  it('would be found out if it said something else', () => {
    const told = { status: 200, headers: { 'content-type': 'application/json' }, text: '{"status":"ok"}' }
    expect(undescribed('GET', '/healthz', told)).toEqual([])
    expect(undescribed('GET', '/healthz', { ...told, text: '{}' })).toEqual(['$: no status'])
    expect(undescribed('GET', '/healthz', { ...told, status: 402 })[0]).toContain('402 is not described')
    const csv = { ...told, headers: { 'content-type': 'text/csv' } }
    expect(undescribed('GET', '/healthz', csv)).toEqual(['200 as text/csv is not described'])
    const problems = (value: unknown): readonly string[] => schemaProblems(value, SHAPES.Database, SHAPES)
    const database = { name: 'a', alias: 'a', id: 'x', basisT: 1, isWritable: true }
    expect(problems(database)).toEqual([])
    expect(problems({ ...database, basisT: '1' })).toEqual(['$.basisT: not integer'])
    expect(problems({ ...database, extra: 1 })).toEqual(['$: extra is not described'])
    expect(problems({ name: 'a' })).toHaveLength(4)
    expect(schemaProblems(1, { maxLength: 1 }, SHAPES)).toEqual(['$: the keyword maxLength is not judged'])
  })
})

/** Keywords are those that answers are held to, in all parts. */
function schemaIsSound(schema: Schema): boolean {
  const { properties = {}, items, additionalProperties, prefixItems = [], anyOf = [] } = schema as Parts
  const parts = [...Object.values(properties), items, additionalProperties, ...prefixItems, ...anyOf]
  return (
    Object.keys(schema).every((keyword) => isJudged(keyword)) &&
    parts.every((part) => part === undefined || part === false || schemaIsSound(part))
  )
}

type Parts = {
  readonly properties?: Shapes
  readonly items?: Schema | false
  readonly additionalProperties?: Schema | false
  readonly prefixItems?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
}
